"""A list of any length: its source, the truth about it, and a server that fails as often as it is told.

Every row follows from its number, so the truth needs no memory. Among the rows are some that break the contract and
pairs that contradict each other; and now and then a page begins with the last row of the page before, once more.

    python -m tests.support.bulk ROWS SHARE SEED [SIZE]    prints its port; GET /asked tells how often it was asked
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import struct
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from common.yaml_files import YamlFile, parse_model
from connectors import AgencyCode, RestSource
from tests.support.portal import ROOT
from tests.support.probe import SHORT, YEAR

AGENCIES = 40
_CHANNELS = ("online", "counter", "post")
_FIRST = date(YEAR, 1, 1)
_BAD = ({"steps": -1}, {"steps": "7"}, {"rating": 5.01}, {"channel": "?"}, {"received": "31/12/2024"})
_EVERY_BAD, _EVERY_PAIR, _EVERY_REPEAT = 2_003, 5_003, 7

DOCUMENT: dict[str, Any] = {
    "name": "dossiers",
    "title": {"vi": "Hồ sơ", "en": "Dossiers"},
    "kind": "rest",
    "limits": {**SHORT, "source_seconds": 3_600, "pages": 100_000, "attempts": 10, "retries": 500},
    "endpoint": {"path": "/rows", "params": {"page": "{page}"}, "data_selector": "rows"},
    "paginator": {"type": "page_number", "page_size": 1_000, "total_path": "total"},
    "requests": [{"name": "all", "periods": [{"period": "{year}", "groups": ["department"]}]}],
    "contract": {
        "version": 1,
        "table": "dossiers",
        "values": "native",
        "agency": {"field": "agency", "scheme": "bulk", "name": "agency_name"},
        "key": ["id"],
        "fields": {
            "agency": {"name": "agency_code", "type": "text"},
            "agency_name": {"name": "agency_name", "type": "text"},
            "id": {"name": "dossier", "type": "text"},
            "received": {"name": "received_on", "type": "date", "format": "%Y-%m-%d"},
            "finished": {"name": "finished_on", "type": "date", "format": "%Y-%m-%d", "required": False},
            "channel": {"name": "channel", "type": "text", "values": list(_CHANNELS)},
            "steps": {"name": "steps", "type": "integer", "minimum": 0},
            "rating": {"name": "rating", "type": "decimal", "places": 2, "minimum": 0, "maximum": 5},
        },
    },
    "gates": {},
}


def bulk(address: str) -> RestSource:
    """The source."""
    return parse_model(YamlFile(Path("dossiers.yaml"), {**DOCUMENT, "base_url": address}, {}), RestSource)


def register() -> list[AgencyCode]:
    return [AgencyCode(f"id-{n}", "bulk", f"B{n:02}", f"Sở số {n}", "department") for n in range(AGENCIES)]


def row(number: int) -> dict[str, Any]:
    """The row with this number, from 0, as it is sent: with an applicant whom no contract knows."""
    received = _FIRST + timedelta(number % 28)
    finished = received + timedelta(number % 13) if number % 3 else None
    pair = number % _EVERY_PAIR == 2  # the same key as the row before, another figure
    agency = (number - pair) % AGENCIES
    made = {
        "agency": f"B{agency:02}",
        "agency_name": f"Sở số {agency}",
        "id": f"H{number - pair:08}",
        "received": received.isoformat(),
        "finished": finished.isoformat() if finished else None,
        "channel": _CHANNELS[number % 3],
        "steps": number % 11,
        "rating": number % 501 / 100,
        "applicant": {"fullName": "Nguyễn Thị Kim Cúc", "phone": "0912345678"},
    }
    return made | _BAD[number % len(_BAD)] if bad(number) else made


def bad(number: int) -> bool:
    return number % _EVERY_BAD == 7 and not paired(number)


def paired(number: int) -> bool:
    return number % _EVERY_PAIR in {1, 2}


@dataclass(frozen=True)
class Truth:
    """What a list of so many rows comes to, and what is in the rows that are good."""

    received: int
    accepted: int
    quarantined: int
    exact_duplicates: int
    good: Counter[str]


def truth(rows: int, size: int) -> Truth:
    """The ledger: counts, and for each agency rows, steps and hundredths of ratings of the good rows."""
    good: Counter[str] = Counter()
    aside = [number for number in range(rows) if bad(number) or paired(number)]
    refused = set(aside)
    for number in range(rows):
        if number not in refused:
            agency = f"B{number % AGENCIES:02}"
            good[f"{agency} rows"] += 1
            good[f"{agency} steps"] += number % 11
            good[f"{agency} rating"] += number % 501
    again = [(page - 1) * size - 1 for page in range(2, -(-rows // size) + 1) if _repeats(page)]
    aside += [number for number in again if number in refused]
    received = rows + len(again)
    accepted = rows - len(refused)
    return Truth(received, accepted, len(aside), received - accepted - len(aside), good)


def _repeats(page: int) -> bool:
    return page % _EVERY_REPEAT == 2


def body(page: int, rows: int, size: int) -> bytes:
    """One page, from 1; empty behind the last."""
    first = (page - 1) * size
    numbers = [*range(first, min(first + size, rows))]
    if numbers and _repeats(page):
        numbers.insert(0, first - 1)
    return json.dumps({"total": rows, "rows": [row(number) for number in numbers]}, ensure_ascii=False).encode()


class BulkServer:
    """Answers one connection after the other, kept alive; of all requests a seeded share meets a fault."""

    def __init__(self, rows: int, share: float, seed: int, size: int) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self._list = (rows, size)
        self._share = share
        self._random = random.Random(seed)
        self._asked = 0
        self._made: dict[int, bytes] = {}

    def serve(self) -> None:
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (head := _head(connection)) and self._answer(connection, head.split(b" ")[1]):
                pass

    def _answer(self, connection: socket.socket, target: bytes) -> bool:
        """Answer; false where the connection ends with it."""
        if target == b"/asked":
            connection.sendall(_whole(b"%d" % self._asked))
            return True
        self._asked += 1
        page = int(target.partition(b"page=")[2])
        if page not in self._made:  # kept, so that a second reader does not wait for them
            self._made[page] = body(page, *self._list)
        content = self._made[page]
        if self._random.random() >= self._share:
            connection.sendall(_whole(content))
            return True
        fault = self._random.choice(FAULTS)
        return fault(connection, content, self._random.randrange(1, len(content)))


def _head(connection: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        piece = connection.recv(65_536)
        if not piece:
            return b""
        data += piece
    return data


def _whole(content: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + content


def _status(status: str, *headers: str) -> Any:
    def fault(connection: socket.socket, _content: bytes, _cut: int) -> bool:
        connection.sendall(_whole(b"{}", status, *headers))
        return True

    return fault


def _reset(connection: socket.socket, content: bytes, cut: int) -> bool:
    connection.sendall(_whole(content)[:cut])
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def _truncated(connection: socket.socket, content: bytes, cut: int) -> bool:
    connection.sendall(_whole(content)[: cut + 60])
    return False


def _chunk_missing(connection: socket.socket, content: bytes, _cut: int) -> bool:
    """The whole of the body, but not the chunk that ends it."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection.sendall(head + b"%x\r\n%s\r\n" % (len(content), content))
    return False


FAULTS = (
    _status("500 Internal Server Error"),
    _status("503 Service Unavailable"),
    _status("429 Too Many Requests", "Retry-After: 0"),
    _reset,
    _truncated,
    _chunk_missing,
)


@contextlib.contextmanager
def serving_bulk(rows: int, *, share: float = 0, seed: int = 1, size: int = 1_000) -> Iterator[str]:
    """The address of a server in a process of its own, while the block lasts."""
    words = [sys.executable, "-m", "tests.support.bulk", *map(str, (rows, share, seed, size))]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def asked(address: str) -> int:
    """How many pages the server was asked for."""
    with urllib.request.urlopen(f"{address}/asked") as answer:
        return int(answer.read())


if __name__ == "__main__":
    server = BulkServer(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    print(server.socket.getsockname()[1], flush=True)
    server.serve()
