"""The strict session against a raw server that misbehaves: what is waited out, what is refused, what is never sent."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.errors import SourceError
from connectors.calls import Answer, Call
from connectors.findings import Place
from connectors.session import StrictSession
from connectors.source_model import Limits
from connectors.strict_json import parse_json
from connectors.troubles import retry_after
from tests.support.portal import FaultServer, answer, faulty

GOOD = b'[{"a": "1"}]'
OK = answer(GOOD)
PLACE = Place("probe")
SHORT: dict[str, Any] = {"backoff_seconds": 0.001, "backoff_maximum_seconds": 0.002, "read_seconds": 0.3}


def ask(server: FaultServer | str, sleep: Callable[[float], None] = time.sleep, **limits: Any) -> Answer[Any]:
    address = server if isinstance(server, str) else server.address
    bounds = Limits(**{**SHORT, "request_seconds": 2, **limits})
    with StrictSession(address, bounds, ("application/json",), sleep) as session:
        return session.ask(
            Call("POST", "/x", {}, {"q": "1"}), PLACE, lambda body: parse_json(body, PLACE, depth=8, digits=18)
        )


def refused(server: FaultServer | str, **limits: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        ask(server, **limits)
    assert caught.value.hint.vi
    assert caught.value.where == "probe"
    return caught.value


def drip(connection: socket.socket) -> None:
    """A length is declared; its bytes come one by one, each well within the read timeout."""
    connection.sendall(answer(b"", declared=1000))
    for _ in range(100):
        connection.sendall(b" ")
        time.sleep(0.05)


def drip_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for n in range(100):
        connection.sendall(f"X-{n}: 1".encode())
        time.sleep(0.05)


def reset(connection: socket.socket) -> None:
    connection.sendall(answer(b"[", declared=1000))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def silent(connection: socket.socket) -> None:
    time.sleep(1)


def chunks(*pieces: bytes, ended: bool) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return answer(body + (b"0\r\n\r\n" if ended else b""), "Transfer-Encoding: chunked", declared=None)


def gzipped(body: bytes, *, cut: int = 0, declared: int | None = -1) -> bytes:
    packed = gzip.compress(body)
    return answer(packed[: len(packed) - cut], "Content-Encoding: gzip", declared=declared)


PASSES_BY_WAITING: dict[str, tuple[Any, str]] = {
    "H04 reset in the body": (reset, "Truncated"),
    "H05 cut among the headers": (OK[:40], "Truncated"),
    "H05 declared length not sent": (answer(GOOD[:6], declared=100), "Truncated"),
    "H06 body cut where no length was declared": (answer(GOOD[:6], declared=None), "Truncated"),
    "H07 chunks without an end": (chunks(GOOD[:6], ended=False), "Truncated"),
    "H08 gzip cut, length of the cut declared": (gzipped(GOOD, cut=6), "Truncated"),
    "H08 gzip cut, no length": (gzipped(GOOD, cut=6, declared=None), "Truncated"),
    "H09 garbage after the document": (answer(GOOD + b"]"), "NotJson"),
    "H09 two documents": (answer(GOOD + GOOD), "NotJson"),
    "H22 closed without an answer": (lambda connection: None, "SourceUnavailable"),
    "V10 NaN": (answer(b'[{"a": NaN}]'), "NotJson"),
    **{
        f"H18 {status}": (answer(b"", status=f"{status} X"), "SourceUnavailable")
        for status in (408, 429, 500, 502, 503, 504)
    },
}


@pytest.mark.parametrize("case", PASSES_BY_WAITING)
def test_trouble_that_passes_is_asked_again_and_absorbed(case: str) -> None:
    act, code = PASSES_BY_WAITING[case]
    with faulty(act, act, OK) as server:
        got = ask(server)
        assert (got.parsed, got.troubles) == ([{"a": "1"}], (code, code))
        assert len(server.requests) == 3


@pytest.mark.parametrize("case", PASSES_BY_WAITING)
def test_trouble_that_stays_ends_after_the_stated_attempts(case: str) -> None:
    act, code = PASSES_BY_WAITING[case]
    with faulty(act) as server:
        error = refused(server, attempts=3)
        assert error.code == code
        assert len(server.requests) == 3


def test_whole_bodies_of_every_framing_are_taken() -> None:
    framings = [
        OK,
        answer(GOOD, declared=None),
        chunks(GOOD[:6], GOOD[6:], ended=True),
        gzipped(GOOD),
        answer(b"\xef\xbb\xbf" + GOOD),
    ]
    for act in framings:
        with faulty(act) as server:
            assert ask(server).parsed == [{"a": "1"}]
            assert len(server.requests) == 1


REFUSED_AT_ONCE: dict[str, tuple[Any, str]] = {
    "H10 login page": (answer(b"<html><title>x</title></html>", "Content-Type: text/html"), "UnexpectedContent"),
    "H10 login page that claims to be JSON": (answer(b"\n <!DOCTYPE html>"), "UnexpectedContent"),
    "H12 empty body": (answer(b""), "Empty"),
    "H12 204": (answer(b"", status="204 No Content"), "Empty"),
    "H20 400": (answer(b"", status="400 Bad"), "RequestRefused"),
    "H20 401": (answer(b"", status="401 No"), "AuthFailed"),
    "H20 403": (answer(b"", status="403 No"), "Forbidden"),
    "H20 404": (answer(b"", status="404 No"), "NotFound"),
    "H20 410": (answer(b"", status="410 Gone"), "NotFound"),
    "H23 302": (answer(b"", "Location: http://169.254.169.254/", status="302 Found"), "RedirectRefused"),
    "H23 308": (answer(b"", "Location: file:///etc/passwd", status="308 Moved"), "RedirectRefused"),
    "H28 headers without end": (answer(GOOD, *(f"X-{n}: 1" for n in range(10_000))), "LimitExceeded"),
    "H28 one long header": (answer(GOOD, "X-Long: " + "x" * 1_000_000), "LimitExceeded"),
    "H33 another media type": (answer(GOOD, "Content-Type: text/plain"), "UnexpectedContent"),
    "H33 no media type": (answer(GOOD, "Content-Type:"), "UnexpectedContent"),
    "T07 not UTF-8": (answer(b'["\xff"]'), "BadEncoding"),
    "T07 UTF-16": (answer('["x"]'.encode("utf-16"), "Content-Type: application/json; charset=utf-16"), "BadEncoding"),
    "V15 a key twice": (answer(b'[{"a": "1", "a": "2"}]'), "DuplicateKey"),
    "an encoding that was not asked for": (answer(GOOD, "Content-Encoding: br"), "UnexpectedContent"),
    "nested beyond measure": (answer(b"[" * 9 + b"]" * 9), "LimitExceeded"),
    "nested beyond the stack": (answer(b"[" * 100_000 + b"]" * 100_000), "LimitExceeded"),
}


@pytest.mark.parametrize("case", REFUSED_AT_ONCE)
def test_what_no_waiting_mends_is_asked_once(case: str) -> None:
    act, code = REFUSED_AT_ONCE[case]
    with faulty(act) as server:
        assert refused(server).code == code
        assert len(server.requests) == 1


@pytest.mark.parametrize("act", [drip, drip_headers])
def test_a_slow_drip_meets_the_deadline_of_the_request(act: Any) -> None:
    with faulty(act) as server:
        error = refused(server, request_seconds=0.25, attempts=2)
        assert error.code == "DeadlineExceeded"
        assert len(server.requests) == 2


def test_silence_meets_the_read_timeout() -> None:
    with faulty(silent) as server:
        assert refused(server, read_seconds=0.1, attempts=2).code == "Timeout"


def test_the_deadline_of_the_source_counts_waiting() -> None:
    with faulty(answer(b"", "Retry-After: 30", status="503 Busy")) as server:
        waits: list[float] = []
        with pytest.raises(SourceError) as caught:
            ask(server, waits.append, source_seconds=20)
        assert caught.value.code == "DeadlineExceeded"
        assert waits == []
        assert len(server.requests) == 1


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    waits: list[float] = []
    with pytest.raises(SourceError) as caught:
        ask(f"http://127.0.0.1:{port}", waits.append, backoff_seconds=1, backoff_maximum_seconds=60)
    assert caught.value.code == "SourceUnavailable"
    assert "connection refused" in caught.value.message.en
    assert len(waits) == 4
    assert len(set(waits)) == 4  # jitter
    assert all(0 <= wait <= 2**n for n, wait in enumerate(waits))


@pytest.mark.parametrize("date", [False, True])
def test_retry_after_is_waited_in_both_forms(date: bool) -> None:
    now = datetime(2025, 10, 16, 3, 0, 0, tzinfo=UTC)  # a server whose clock is wrong: only the difference counts
    form = "%a, %d %b %Y %H:%M:%S GMT"
    value = (now + timedelta(seconds=2)).strftime(form) if date else "2"
    waits: list[float] = []
    busy = answer(b"", f"Retry-After: {value}", f"Date: {now.strftime(form)}", status="429 Slow down")
    with faulty(busy, OK) as server:
        assert ask(server, waits.append).troubles == ("SourceUnavailable",)
    assert waits == [2.0]


@pytest.mark.parametrize("value", ["-5", "soon", "1.5", ""])
def test_a_retry_after_without_sense_leaves_our_own_waiting(value: str) -> None:
    assert retry_after(value, None) is None
    with faulty(answer(b"", f"Retry-After: {value}", status="429 Slow down"), OK) as server:
        assert len(ask(server).troubles) == 1


def test_a_day_of_waiting_is_not_waited() -> None:
    with faulty(answer(b"", "Retry-After: 86400", status="429 Slow down")) as server:
        error = refused(server)
        assert error.code == "RateLimited"
        until = error.message.en.rsplit(" ", 1)[1]
        assert datetime.fromisoformat(until) > datetime.now(UTC) + timedelta(hours=23)
        assert len(server.requests) == 1


def test_the_budget_of_retries_is_for_the_whole_run() -> None:
    busy = answer(b"", status="503 Busy")
    with faulty(busy, busy, OK, busy, OK) as server:
        with StrictSession(server.address, Limits(**SHORT, retries=2), ("application/json",)) as session:
            call = Call("GET", "/x")
            assert session.ask(call, PLACE, bytes).body == GOOD
            with pytest.raises(SourceError) as caught:
                session.ask(call, PLACE, bytes)
        assert caught.value.code == "RetryBudgetSpent"


@pytest.mark.parametrize(
    ("limits", "act", "limit"),
    [
        ({"body_bytes": 2048}, answer(b"[" + b" " * 5000 + b"]"), "body_bytes"),
        ({"body_bytes": 2048}, chunks(*[b" " * 1000] * 50, ended=False), "body_bytes"),
        ({"decoded_bytes": 200_000, "ratio": 1000}, gzipped(b"[" + b" " * 300_000 + b"]"), "decoded_bytes"),
        ({}, gzipped(b"[" + b" " * 5_000_000 + b"]"), "ratio"),
    ],
)
def test_bodies_beyond_a_limit_are_refused(limits: dict[str, int], act: bytes, limit: str) -> None:
    with faulty(act) as server:
        error = refused(server, **limits)
        assert error.code == "LimitExceeded"
        assert limit in error.message.en
        assert len(server.requests) == 1


def test_proxies_and_netrc_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login canary password canary-secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with faulty(OK) as server, faulty(OK) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.address)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert ask(server).parsed == [{"a": "1"}]
        assert proxy.requests == []
        assert b"authorization" not in server.requests[0].lower()


def test_a_redirect_is_never_followed() -> None:
    with faulty(OK) as target, faulty(answer(b"", f"Location: {target.address}/x", status="307 Elsewhere")) as server:
        assert refused(server).code == "RedirectRefused"
        assert target.requests == []


def test_plain_bytes_are_asked_for() -> None:
    with faulty(OK) as server:
        ask(server)
        head = server.requests[0].lower()
        assert b"accept-encoding: identity" in head
        assert head.endswith(b"q=1")


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    certificate, key = _self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def shake_hands(connection: socket.socket) -> None:
        context.wrap_socket(connection, server_side=True)

    with faulty() as server:
        server.acts.append(shake_hands)
        server.raw = True
        error = refused(server.address.replace("http:", "https:"))
        assert error.code == "TlsError"
        assert "CERTIFICATE_VERIFY_FAILED" in error.message.en
        assert server.connections == 1


def _self_signed(folder: Path) -> tuple[Path, Path]:
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    files[1].write_bytes(pem)
    return files
