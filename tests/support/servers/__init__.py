"""Servers that nobody here wrote, run by the interpreter of `.venv-servers`, on loopback, for as long as a test needs.

One module per server. `make test` sets that environment up; without it the tests that need a server are skipped.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SERVERS = ROOT / ".venv-servers" / "bin"
_PATIENCE = 60.0


def servers_python() -> Path:
    """The interpreter that has the servers. Skips the test where they are not installed."""
    python = SERVERS / "python"
    if not (SERVERS.parent / "installed").exists():
        # `make test` and CI install them first, so only a bare `pytest` on a new machine skips, and says what to run.
        pytest.skip("the servers are not installed: make .venv-servers/installed")
    return python


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def listening(port: int) -> bool:
    """Whether a connection to the port of 127.0.0.1 is taken."""
    try:
        with socket.create_connection(("127.0.0.1", port), 0.5):
            return True
    except OSError:
        return False


@contextmanager
def running(
    words: Sequence[str | Path], ready: Callable[[], bool], *, env: Mapping[str, str] | None = None, cwd: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process while the block lasts; fails with what it printed if it does not become ready."""
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            [str(word) for word in words], env={**os.environ, **(env or {})}, cwd=cwd, stdout=printed, stderr=printed
        )
        try:
            until = time.monotonic() + _PATIENCE
            while not ready():
                if process.poll() is not None or time.monotonic() > until:
                    printed.seek(0)
                    raise AssertionError(f"{words[0]} did not start: {printed.read().decode()[-2000:]}")
                time.sleep(0.05)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
