"""A genuine REST server: datasette over a SQLite file, paging by `Link`, by a cursor, or by an address in the body."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers import SERVERS, free_port, listening, running, servers_python

KEY = "the key that this server signs its cookies with"


@dataclass(frozen=True)
class Datasette:
    """A running server and the file that it serves."""

    address: str
    database: Path


@contextmanager
def datasette(database: Path, *words: str) -> Iterator[Datasette]:
    """Serve a database file; further words as `datasette serve` takes them."""
    servers_python()
    port = free_port()
    command = [SERVERS / "datasette", "serve", database, "--host", "127.0.0.1", "--port", str(port), "--secret", KEY]
    with running([*command, *words], lambda: listening(port), cwd=database.parent):
        yield Datasette(f"http://127.0.0.1:{port}", database)


def cookie_of(actor: str) -> str:
    """A cookie by which the server knows an actor, signed by datasette itself."""
    script = (
        "import sys; from datasette.app import Datasette;"
        "print('ds_actor=' + Datasette([], secret=sys.argv[1]).sign({'a': {'id': sys.argv[2]}}, 'actor'))"
    )
    done = subprocess.run([servers_python(), "-c", script, KEY, actor], capture_output=True, text=True, check=True)
    return done.stdout.strip()
