"""A line to a PostgreSQL server on 127.0.0.1: TLS at our end as libpq asks for it, plain at the other.

It can break off after so many bytes of answers, or go dead: bytes are then swallowed and nobody is told.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.certificates import Made

_ASKS_FOR_TLS = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


@dataclass
class Line:
    """`dead_after` and `cut_after`: bytes of answers after which a connection goes dead, or breaks off (each once)."""

    server: int
    made: Made | None
    clients: Path | None = None
    dead_after: int | None = None
    cut_after: int | None = None
    connections: int = 0
    plain: bytes = b""
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _open: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def accept(self) -> None:
        with contextlib.suppress(OSError):  # closed: the test is over
            while True:
                ours, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(ours,), daemon=True).start()

    def close(self) -> None:
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _serve(self, ours: socket.socket) -> None:
        self._open.append(ours)
        with contextlib.suppress(OSError):
            first = ours.recv(8)
            if first == _ASKS_FOR_TLS:
                ours.sendall(b"S" if self.made else b"N")
                if self.made:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(*self.made)
                    if self.clients:
                        context.verify_mode = ssl.CERT_REQUIRED
                        context.load_verify_locations(self.clients)
                    ours = context.wrap_socket(ours, server_side=True)
                    self._open.append(ours)
                first = b""
            self.plain += first
            theirs = socket.create_connection(("127.0.0.1", self.server))
            self._open.append(theirs)
            theirs.sendall(first)
            threading.Thread(target=self._pump, args=(ours, theirs, False), daemon=True).start()
            self._pump(theirs, ours, True)

    def _pump(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := source.recv(2**16):
                passed += len(piece)
                if answers and self.dead_after is not None and passed > self.dead_after:
                    continue
                if answers and self.cut_after is not None and passed > self.cut_after:
                    self.cut_after = None
                    break
                target.sendall(piece)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def line_to(server: int, made: Made | None = None, clients: Path | None = None) -> Iterator[Line]:
    """A line while the block lasts; with `clients`, only for who shows a certificate of that authority."""
    line = Line(server, made, clients)
    threading.Thread(target=line.accept, daemon=True).start()
    try:
        yield line
    finally:
        line.close()
