"""The simulator's HTTP server: loopback only, an ephemeral port, a simulated clock."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from common.errors import ConfigurationError, Text
from connectors.simulator import portal
from connectors.simulator.faults import AnswerFaults, Fault, apply_to_rows, checked, from_environment

_LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Đăng nhập</title></head><body><form></form></body></html>"
_MOST_FORM = 64 * 1024
_SYSTEMS = ("portal_766",)


@contextlib.contextmanager
def serve(moment: datetime, faults: Sequence[Fault] | None = None, system: str = "portal_766") -> Iterator[str]:
    """Serve a simulated system as of `moment` (aware) while the block lasts; yields its address.

    `faults` is a fault script; by default that of the environment variable `DTI_SIMULATOR_FAULTS`.
    """
    if system not in _SYSTEMS:
        known = ", ".join(_SYSTEMS)
        raise ConfigurationError(
            "unknown-simulator",
            Text(f"không có bộ mô phỏng '{system}'", f"there is no simulator '{system}'"),
            hint=Text(f"có: {known}", f"known: {known}"),
        )
    script = from_environment() if faults is None else checked(faults)
    server = _PortalServer(moment, script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _PortalServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a client that keeps its connection open does not keep us from closing

    def __init__(self, moment: datetime, faults: list[Fault]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.moment = moment
        self.faults = faults
        self.answer_faults = AnswerFaults(faults)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _PortalServer

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        if self.path != portal.PATH or length > _MOST_FORM:
            self.close_connection = True
            self._send(404, "text/plain", b"")
            return
        try:
            asked = portal.asked(self.rfile.read(length).decode("utf-8"))
        except portal.BadRequestError:
            self._send(400, "text/plain", b"")
            return
        for fault in self.server.answer_faults.next(asked["province"], asked["month"]):
            if fault["fault"] == "delay":
                time.sleep(fault["seconds"])
            elif fault["fault"] == "status":
                self._send(fault["status"], "text/plain", b"", fault.get("retry_after"))
                return
            else:
                self._send(200, "text/html; charset=utf-8", _LOGIN_PAGE.encode())
                return
        rows = portal.published(asked["province"], asked["year"], asked["month"], self.server.moment)
        rows = apply_to_rows(self.server.faults, rows, asked["province"], asked["month"])
        start = (asked["page"] - 1) * asked["size"]
        page = rows[start : start + asked["size"]]
        self._send(200, "application/json; charset=utf-8", json.dumps(page, ensure_ascii=False).encode())

    def _send(self, status: int, content_type: str, body: bytes, retry_after: object = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing on stderr: progress is the puller's to tell."""
