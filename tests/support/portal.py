"""Shared by the tests of connectors: the portal with short waits, its register, and a server that misbehaves."""

from __future__ import annotations

import csv
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors import AgencyCode, RestSource, load_source
from connectors.simulator.systems.portal_766 import FIGURES

ROOT = Path(__file__).parents[2]
SOURCE_FILE = ROOT / "data" / "sources" / "portal_766.yaml"
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
GROUPS = {"1": "province", "2": "department", "3": "commune"}


def at(day: int, hour: int = 7) -> datetime:
    """A moment of October 2025."""
    return datetime(2025, 10, day, hour, tzinfo=VIETNAM)


def figures(name: str) -> list[dict[str, str]]:
    """A file of published figures as it is."""
    with (FIGURES / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def register() -> list[AgencyCode]:
    """The agencies of the publication: 34 provinces, 15 departments, 102 communes."""
    names = ("provinces_2025-10", "an_giang_departments_2025-10", "an_giang_communes_2025")
    return [
        AgencyCode(f"id-{row['MA_COQUAN']}", "dvcqg", row["MA_COQUAN"], row["TEN"], GROUPS[row["LOAI_COQUAN"]])
        for name in names
        for row in figures(name)
    ]


def portal(*, page_size: int = 1000, **limits: Any) -> RestSource:
    """The shipped source, with waits short enough for tests."""
    return quick(load_source(SOURCE_FILE), page_size=page_size, **limits)


def quick(source: RestSource, *, page_size: int = 1000, **limits: Any) -> RestSource:
    """A source with waits short enough for tests, other limits as given."""
    short = {
        "backoff_seconds": 0.001,
        "backoff_maximum_seconds": 0.002,
        "read_seconds": 2,
        "request_seconds": 5,
        **limits,
    }
    return source.model_copy(
        update={
            "limits": source.limits.model_copy(update=short),
            "paginator": source.paginator.model_copy(update={"page_size": page_size}),
        }
    )


def answer(body: bytes, *headers: str, status: str = "200 OK", declared: int | None = -1) -> bytes:
    """An HTTP answer as bytes. `declared` is the Content-Length: the true one by default, None for none."""
    lines = [f"HTTP/1.1 {status}"]
    if not any(header.lower().startswith("content-type") for header in headers):
        lines.append("Content-Type: application/json")
    if declared is not None:
        lines.append(f"Content-Length: {len(body) if declared < 0 else declared}")
    return "\r\n".join([*lines, *headers, "Connection: close", "", ""]).encode() + body


Act = bytes | Callable[[socket.socket], None]


class FaultServer:
    """A raw server on loopback: the n-th request meets the n-th act, the last act for ever. Bytes are sent as is."""

    def __init__(self, acts: Sequence[Act]) -> None:
        self.acts = list(acts)
        self.requests: list[bytes] = []
        self.connections = 0
        self.raw = False  # an act meets the bare connection, before any request is read
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._lock = threading.Lock()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def act_for(self, _request: bytes) -> Act:
        return self.acts[min(len(self.requests), len(self.acts) - 1)]

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            request = b"" if self.raw else _read_request(connection)
            if not request and not self.raw:
                return
            with self._lock:
                act = self.act_for(request)
                self.requests.append(request)
            if callable(act):
                act(connection)
            else:
                connection.sendall(act)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@contextmanager
def faulty(*acts: Act) -> Iterator[FaultServer]:
    """A `FaultServer` while the block lasts."""
    server = FaultServer(acts)
    try:
        yield server
    finally:
        server.close()


def _read_request(connection: socket.socket) -> bytes:
    connection.settimeout(5)
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
