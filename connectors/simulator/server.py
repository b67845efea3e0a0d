"""The simulator's HTTP server: loopback only, an ephemeral port, a simulated clock, one system."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from common.errors import ConfigurationError, Text
from connectors.simulator.answers import Answer
from connectors.simulator.exchange import Asked, BadRequestError, System
from connectors.simulator.faults import Fault, FaultScript, checked, from_environment
from connectors.simulator.systems import SYSTEMS

_MOST_BODY = 64 * 1024


@contextlib.contextmanager
def serve(moment: datetime, faults: Sequence[Fault] | None = None, system: str = "portal_766") -> Iterator[str]:
    """Serve a simulated system as of `moment` (aware) while the block lasts; yields its address.

    `faults` is a fault script; by default that of the environment variable `DTI_SIMULATOR_FAULTS`.
    """
    if system not in SYSTEMS:
        known = ", ".join(SYSTEMS)
        raise ConfigurationError(
            "unknown-simulator",
            Text(f"không có bộ mô phỏng '{system}'", f"there is no simulator '{system}'"),
            hint=Text(f"có: {known}", f"known: {known}"),
        )
    script = FaultScript(from_environment() if faults is None else checked(faults))
    server = _Server(SYSTEMS[system](), moment, script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a client that keeps its connection open does not keep us from closing

    def __init__(self, system: System, moment: datetime, faults: FaultScript) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.system = system
        self.moment = moment
        self.faults = faults
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, as ours does on a refusal, is no error; anything else is one of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        if length > _MOST_BODY:
            self.close_connection = True
            self._send(Answer(413, b"", "text/plain"))
            return
        where = urlsplit(self.path)
        asked = Asked(
            self.command,
            where.path,
            dict(parse_qsl(where.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
            self.server.moment,
            self.server.address,
            self.server.faults,
        )
        try:
            answer = self.server.system.answer(asked)
        except BadRequestError:
            answer = Answer(400, b"", "text/plain")
        if answer.seconds:
            time.sleep(answer.seconds)
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *args: object) -> None:
        """Nothing on stderr: progress is the puller's to tell."""
