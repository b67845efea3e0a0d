"""A genuine OAuth2 server (Django with django-oauth-toolkit) that guards a paged JSON resource of dossiers.

Its database is made once per session; every server runs on a copy of its own, so that what it gave and to whom can be
read from there.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.servers import free_port, listening, running, servers_python

SITE = Path(__file__).with_name("oauth2_site.py")


@dataclass(frozen=True)
class OAuth2Server:
    """A running server."""

    address: str
    database: Path
    log: Path

    @property
    def token_url(self) -> str:
        return f"{self.address}/o/token/"

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """What its database holds."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()

    def requests(self, path: str) -> list[tuple[str, int]]:
        """Page and status of every request to a path, in order."""
        lines = [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]
        return [(line["page"], line["status"]) for line in lines if line["path"] == path]


def make_database(path: Path, client: tuple[str, str], rows: Sequence[Sequence[Any]]) -> None:
    """The toolkit's tables, one confidential client (id, secret), and the rows: code, name, received, finished,
    applicant."""
    told = {"do": "prepare", "database": str(path), "rows": rows, "client_id": client[0], "client_secret": client[1]}
    done = subprocess.run([servers_python(), SITE, json.dumps(told)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@contextmanager
def oauth2_server(prepared: Path, folder: Path, **told: Any) -> Iterator[OAuth2Server]:
    """A server on a copy of a prepared database. `told`: token_seconds, ends_before (pages), by_waiting, challenge."""
    port = free_port()
    server = OAuth2Server(f"http://127.0.0.1:{port}", folder / "oauth2.sqlite3", folder / "oauth2.jsonl")
    shutil.copyfile(prepared, server.database)
    server.log.touch()
    words = {"do": "serve", "port": port, "database": str(server.database), "log": str(server.log), **told}
    with running([servers_python(), SITE, json.dumps(words)], lambda: listening(port), cwd=folder):
        yield server
