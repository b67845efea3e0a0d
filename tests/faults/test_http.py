"""Group H, HTTP transport: a raw server misbehaves in every way of the catalogue; whole pulls are judged."""

from __future__ import annotations

import contextlib
import gzip
import random
import socket
import ssl
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3

from common.errors import ConfigurationError, SourceError
from connectors import PullOutcome, RestSource
from connectors.calls import Answer, Call
from connectors.findings import Place
from connectors.session import StrictSession
from connectors.source_model import Limits
from connectors.strict_json import parse_json
from tests.support.certificates import Made, certificate
from tests.support.portal import Act, FaultServer, answer, faulty
from tests.support.probe import (
    APPLICANT,
    GOOD,
    SHORT,
    TOKEN,
    Request,
    Trial,
    assert_invariants,
    body,
    paged,
    probe,
    rows,
    serving,
)
from tests.support.tokens import jwt, login, oauth

PAGED: dict[str, Any] = {
    "paginator": {"type": "page_number", "page_size": 2},
    "endpoint": {"path": "/rows", "params": {"page": "{page}"}},
}
PLACE = Place("probe")
BODY = body(rows())


def met(trial: Trial, *acts: Act, most: int = 5, source: RestSource | None = None, **changes: Any) -> PullOutcome:
    """A pull from a server that acts so, with the invariants checked."""
    with faulty(*acts) as server:
        asked = source or probe(server.address, **changes)
        outcome = trial.pull(asked.model_copy(update={"base_url": server.address}))
        assert_invariants(trial, outcome, server, most)
        trial.last_requests = len(server.requests)
    return outcome


def codes(outcome: PullOutcome) -> set[str]:
    return {one.code for one in outcome.findings}


def failed_with(outcome: PullOutcome, code: str) -> bool:
    return (outcome.status, codes(outcome)) == ("failed", {code})


def asked(server: FaultServer, waits: list[float] | None = None, **limits: Any) -> Answer[Any]:
    """One question to a server; with `waits`, waiting is written down instead of done."""
    sleep = time.sleep if waits is None else waits.append
    with StrictSession(server.address, Limits(**{**SHORT, **limits}), ("application/json",), sleep) as session:
        return session.ask(Call("GET", "/rows"), PLACE, lambda got: parse_json(got, PLACE, depth=8, digits=18))


def chunked(*pieces: bytes, ended: bool) -> bytes:
    coded = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return answer(coded + (b"0\r\n\r\n" if ended else b""), "Transfer-Encoding: chunked", declared=None)


def gzipped(content: bytes, *, cut: int = 0, flipped: int = 0, declared: int | None = -1) -> bytes:
    """gzip without its last `cut` bytes, or with one bit of the byte `flipped` from its end turned over."""
    packed = bytearray(gzip.compress(content))
    if flipped:
        packed[-flipped] ^= 1
    return answer(bytes(packed[: len(packed) - cut]), "Content-Encoding: gzip", declared=declared)


def reset(connection: socket.socket) -> None:
    connection.sendall(answer(BODY[:40], declared=1000))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def over_tls(made: Made, act: bytes, said: list[str] | None = None, *, old: bool = False) -> Act:
    """Answer over TLS (of 2006 if `old`); `said` collects the name asked for (SNI) and the Host header."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    heard: list[str] = [] if said is None else said
    context.sni_callback = lambda _socket, name, _context: heard.append(str(name))
    if old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1

    def shake_hands(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            lines = secure.recv(65536).decode("latin-1").split("\r\n")
            heard.extend(line for line in lines if line.startswith("Host:"))
            secure.sendall(act)

    return shake_hands


def absorbed_or_failed(trial: Trial, act: Act, code: str) -> None:
    """Passes where the trouble passes, with the same figures; fails with its name where it stays."""
    outcome = met(trial, act, act, GOOD)
    assert (outcome.status, trial.last_requests) == ("unchanged", 3)
    assert failed_with(met(trial, act), code)
    assert trial.last_requests == 5


def test_H01_nobody_listens(trial: Trial) -> None:
    """Connection refused: five attempts, each wait drawn anew, then failed as `SourceUnavailable`."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    outcome = trial.pull(probe(f"http://127.0.0.1:{port}"))
    assert failed_with(outcome, "SourceUnavailable")
    assert_invariants(trial, outcome)
    waits: list[float] = []
    with faulty() as server:
        server.close()
        with pytest.raises(SourceError, match="SourceUnavailable"):
            asked(server, waits, backoff_seconds=1, backoff_maximum_seconds=60)
    assert len(waits) == len(set(waits)) == 4
    assert all(0 <= wait <= 2**n for n, wait in enumerate(waits))


def test_H01_nobody_answers(trial: Trial) -> None:
    """A black hole: packets go unanswered, the connect timeout ends each attempt."""
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):  # the queue of connections is full: further ones are not answered
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        limits = {**SHORT, "connect_seconds": 0.15, "attempts": 2}
        outcome = trial.pull(probe(f"http://127.0.0.1:{full.getsockname()[1]}", limits=limits))
        assert failed_with(outcome, "SourceUnavailable")
        assert "connect timeout" in outcome.findings[0].message.en
        assert_invariants(trial, outcome)


def test_H02_headers_never_sent(trial: Trial) -> None:
    """Silence after the request: the read timeout ends each attempt, `Timeout`."""
    outcome = met(trial, lambda _: time.sleep(0.6), limits={**SHORT, "read_seconds": 0.15, "attempts": 2})
    assert failed_with(outcome, "Timeout")


def test_H03_slow_drip(trial: Trial) -> None:
    """A byte now and then: the deadline of the whole request ends it, not the timeout of a read."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(answer(b"", declared=1000))
        for _ in range(30):
            connection.sendall(b" ")
            time.sleep(0.05)

    outcome = met(trial, drip, limits={**SHORT, "request_seconds": 0.3, "attempts": 2})
    assert failed_with(outcome, "DeadlineExceeded")


def test_H04_reset_in_the_body(trial: Trial) -> None:
    """RST in the middle of a body: the page is asked for again; nothing partial is kept."""
    absorbed_or_failed(trial, reset, "Truncated")


def test_H05_declared_length_not_sent(trial: Trial) -> None:
    """Content-Length 1000, 6 bytes sent."""
    absorbed_or_failed(trial, answer(BODY[:6], declared=1000), "Truncated")


def test_H06_close_delimited_body_cut(trial: Trial) -> None:
    """No length, connection closed early: the JSON does not end, so the body did not."""
    absorbed_or_failed(trial, answer(BODY[:-1], declared=None), "Truncated")


def test_H07_chunked_without_last_chunk(trial: Trial) -> None:
    """Chunks without the last one, although what came is whole JSON."""
    absorbed_or_failed(trial, chunked(BODY, ended=False), "Truncated")


@pytest.mark.parametrize("declared", [-1, None])
def test_H08_gzip_cut(trial: Trial, declared: int | None) -> None:
    """gzip without its trailer, in both framings: the inflated text may be whole, the stream is not."""
    absorbed_or_failed(trial, gzipped(BODY, cut=8, declared=declared), "Truncated")


@pytest.mark.parametrize("flipped", [1, 5])
def test_H08_gzip_damaged(trial: Trial, flipped: int) -> None:
    """gzip whose length or checksum does not fit what was inflated."""
    absorbed_or_failed(trial, gzipped(BODY, flipped=flipped), "Truncated")


@pytest.mark.parametrize("more", [b"]", b" []", BODY])
def test_H09_more_than_one_document(trial: Trial, more: bytes) -> None:
    """A valid JSON prefix with garbage or a second document behind it."""
    absorbed_or_failed(trial, answer(BODY + more), "NotJson")


@pytest.mark.parametrize("media_type", ["text/html", "application/json"])
def test_H10_login_page_with_status_200(trial: Trial, media_type: str) -> None:
    """An HTML page instead of data, whatever it claims to be; its text, with a name in it, is kept nowhere."""
    page = f"<!DOCTYPE html><title>Đăng nhập {APPLICANT['fullName']}</title>".encode()
    outcome = met(trial, answer(page, f"Content-Type: {media_type}"), most=1)
    assert failed_with(outcome, "UnexpectedContent")


def test_H10_login_page_in_the_middle_of_a_session(trial: Trial) -> None:
    """A session that ran out shows as a page for people too: one new token, then it is refused."""
    page = answer(f"<html>{APPLICANT['fullName']}</html>".encode(), "Content-Type: text/html")
    token = answer(body({"access_token": "t", "expires_in": 300}))
    with serving(lambda request: token if request.path == "/token" else page) as server:
        outcome = trial.pull(probe(server.address, auth=oauth(server.address)))
        assert failed_with(outcome, "UnexpectedContent")
        assert (server.count("/token"), server.count("/rows")) == (2, 2)
        assert_invariants(trial, outcome, server)


@pytest.mark.parametrize("declared", [True, False])
def test_H11_error_envelope_with_status_200(trial: Trial, declared: bool) -> None:
    """`{"error": …}` with HTTP 200, also beside rows: refused by the envelope's contract, or as no list of records."""
    envelope = [{"path": "error", "allowed": [0]}] if declared else []
    selector = "data" if declared else "@"
    partial = answer(body({"error": 2, "message": APPLICANT["fullName"], "data": rows("A1")}))
    endpoint = {"path": "/rows", "data_selector": selector, "envelope": envelope}
    outcome = met(trial, partial, most=1, endpoint=endpoint)
    assert failed_with(outcome, "SourceReportsError" if declared else "UnexpectedShape")
    whole = answer(body({"error": 0, "data": rows()}))
    if declared:
        assert met(trial, whole, endpoint=endpoint).status == "accepted"


@pytest.mark.parametrize("act", [answer(b"", status="204 No Content"), answer(b""), answer(b"[]")])
def test_H12_empty_answer(trial: Trial, act: bytes) -> None:
    """204, no body, or no rows: held as `Empty`, never zeros."""
    outcome = met(trial, act, most=1)
    assert outcome.status == "held"
    assert "Empty" in codes(outcome)


def test_H13_retry_after_seconds(trial: Trial) -> None:
    """429 with `Retry-After: 2` is waited for once, exactly that long."""
    waits: list[float] = []
    with faulty(answer(b"", "Retry-After: 2", status="429 Slow down"), GOOD) as server:
        assert asked(server, waits).troubles == ("SourceUnavailable",)
    assert waits == [2.0]
    assert met(trial, answer(b"", "Retry-After: 0", status="429 Slow down"), GOOD).status == "unchanged"


def test_H14_retry_after_date() -> None:
    """429 with an HTTP date, from a server whose clock is wrong: its own `Date` counts."""
    now, form = datetime(2025, 10, 16, 3, tzinfo=UTC), "%a, %d %b %Y %H:%M:%S GMT"
    until = (now + timedelta(seconds=3)).strftime(form)
    waits: list[float] = []
    busy = answer(b"", f"Retry-After: {until}", f"Date: {now.strftime(form)}", status="429 Slow down")
    with faulty(busy, GOOD) as server:
        asked(server, waits)
    assert waits == [3.0]


@pytest.mark.parametrize("value", ["-5", "soon", "1.5", ""])
def test_H15_retry_after_without_sense(trial: Trial, value: str) -> None:
    """A `Retry-After` that means nothing: our own back-off, and the run goes on."""
    busy = answer(b"", f"Retry-After: {value}", status="429 Slow down")
    assert met(trial, busy, GOOD).status == "unchanged"
    waits: list[float] = []
    with faulty(busy, GOOD) as server:
        asked(server, waits)
    assert len(waits) == 1
    assert 0 <= waits[0] <= SHORT["backoff_seconds"]


def test_H16_retry_after_a_day(trial: Trial) -> None:
    """A day of waiting is not waited: `RateLimited`, and until then the source is not even asked."""
    busy = answer(b"", "Retry-After: 86400", status="429 Slow down")
    assert failed_with(met(trial, busy, most=1), "RateLimited")
    again = met(trial, GOOD, most=0)
    assert failed_with(again, "RateLimited")
    with faulty(GOOD) as server:
        later = trial.pull(probe(server.address), later=timedelta(hours=25))
    assert later.status == "accepted"


def test_H17_busy_for_ever(trial: Trial) -> None:
    """429 on every attempt: bounded per page, and by the budget of the whole run."""
    busy = answer(b"", status="429 Slow down")
    assert failed_with(met(trial, busy, most=5), "SourceUnavailable")
    assert trial.last_requests == 5
    assert failed_with(met(trial, busy, most=3, limits={**SHORT, "retries": 2}), "RetryBudgetSpent")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_H18_server_error_that_passes(trial: Trial, status: int) -> None:
    """Three times 5xx, then 200: four requests and the same figures."""
    broken = answer(body({"trace": APPLICANT}), status=f"{status} Broken")
    assert met(trial, broken, broken, broken, GOOD).status == "unchanged"
    assert trial.last_requests == 4


def test_H19_one_page_fails_for_ever(trial: Trial) -> None:
    """Page 3 of 4 never comes: pages 1 and 2 are not used; the next run begins at page 1 again."""
    pages = [rows("A1", "A2"), rows("A3", "A4"), rows("A5", "A6")]
    sound = paged(*pages)

    def respond(request: Request) -> Act:
        return answer(b"", status="500 Broken") if request.query["page"] == "3" else sound(request)

    with serving(respond) as server:
        outcome = trial.pull(probe(server.address, **PAGED))
        assert failed_with(outcome, "SourceUnavailable")
        assert outcome.counts["received"] == 0
        assert_invariants(trial, outcome, server, most=7)
    with serving(sound) as server:
        assert trial.pull(probe(server.address, **PAGED)).counts["accepted"] == 6
        assert server.asked[0].query["page"] == "1"


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "RequestRefused"), (403, "Forbidden"), (404, "NotFound"), (410, "NotFound"), (405, "RequestRefused")],
)
def test_H20_refused(trial: Trial, status: int, code: str) -> None:
    """400, 403, 404, 410: one request, no waiting."""
    outcome = met(trial, answer(body(APPLICANT), status=f"{status} No"), most=1)
    assert failed_with(outcome, code)


def test_H20_page_is_missing(trial: Trial) -> None:
    """404 on page 2 of a list that has not ended: `PaginationInconsistent`, not its end."""

    def respond(request: Request) -> Act:
        return answer(body(rows("A1", "A2"))) if request.query["page"] == "1" else answer(b"", status="404 No")

    with serving(respond) as server:
        outcome = trial.pull(probe(server.address, **PAGED))
        assert failed_with(outcome, "PaginationInconsistent")
        assert_invariants(trial, outcome, server, most=2)


def test_H21_random_errors(empty: Trial) -> None:
    """Every third request fails, seeded: the same landing hash as without faults."""
    chance = random.Random(766)
    pages = [rows(code) for code in ("A1", "A2", "A3", "A4", "A5", "A6")]
    sound = paged(*pages)
    faults: list[Act] = [answer(b"", status="503 Busy"), answer(BODY[:9], declared=99), reset, GOOD[:30]]

    def respond(request: Request) -> Act:
        return chance.choice(faults) if chance.random() < 0.33 else sound(request)

    with serving(sound) as server:
        calm = empty.pull(probe(server.address, **PAGED))
    with serving(respond) as server:
        stormy = empty.pull(probe(server.address, **PAGED))
        assert len(server.requests) > 14
    assert calm.pull
    assert stormy.unchanged_as == calm.pull
    assert_invariants(empty, stormy)


def test_H22_keep_alive_closed_between_pages(trial: Trial) -> None:
    """The server closes a connection that it promised to keep: the next page goes over a new one."""

    def respond(request: Request) -> Act:
        found = paged(rows("A1", "A2", "A3"), rows("A4", "A5", "A6"))(request)
        assert isinstance(found, bytes)
        return found.replace(b"Connection: close", b"Connection: keep-alive")

    with serving(respond) as server:
        outcome = trial.pull(probe(server.address, **PAGED))
        assert outcome.counts["accepted"] == 6
        assert_invariants(trial, outcome, server, most=12)


@pytest.mark.parametrize(
    "target", ["{other}", "http://127.0.0.1:1/", "http://169.254.169.254/", "http://[::1]/", "file:///etc/passwd"]
)
@pytest.mark.parametrize("status", [301, 307])
def test_H23_redirect(trial: Trial, target: str, status: int) -> None:
    """A redirect to anywhere is refused: no request, and no credential, reaches the target."""
    with faulty(GOOD) as other:
        location = target.format(other=other.address)
        outcome = met(trial, answer(b"", f"Location: {location}", status=f"{status} Moved"), most=1)
        assert failed_with(outcome, "RedirectRefused")
        assert other.requests == []


def test_H24_redirect_without_tls(trial: Trial, tmp_path: Path) -> None:
    """302 from https to http: refused like any other."""
    made = certificate(tmp_path, (-1, 1), "127.0.0.1")
    with faulty(GOOD) as plain:
        moved = answer(b"", f"Location: {plain.address}/rows", status="302 Found")
        with faulty(over_tls(made, moved)) as server:
            server.raw = True
            secure = server.address.replace("http:", "https:")
            outcome = trial.pull(probe(secure, tls={"ca": str(made.certificate)}))
            assert failed_with(outcome, "RedirectRefused")
            assert (server.connections, plain.requests) == (1, [])
            assert_invariants(trial, outcome)


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["10.0.0.5"], ["::ffff:192.168.1.1"]])
def test_H25_name_that_turns_private(trial: Trial, monkeypatch: pytest.MonkeyPatch, answers: list[str]) -> None:
    """A public name that resolves, now or only the second time, to a private address: `UnsafeAddress`, nothing sent."""
    asked_for: list[str] = []

    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked_for.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers]

    with faulty(GOOD) as server:
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        outcome = trial.pull(probe(f"https://portal.example.vn:{server.port}"))
        monkeypatch.undo()
        assert failed_with(outcome, "UnsafeAddress")
        assert server.connections == 0
    assert asked_for == ["portal.example.vn"]


def test_H25_the_vetted_address_is_connected(trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is resolved once; the connection goes to the address that was vetted, SNI and `Host` keep the name."""
    made = certificate(tmp_path, (-1, 1), "portal.example.vn")
    real, connect = socket.getaddrinfo, urllib3.util.connection.create_connection
    gone: list[str] = []

    def resolve(host: str, port: int, *rest: Any, **named: Any) -> list[Any]:
        if host != "portal.example.vn":
            return real(host, port, *rest, **named)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("198.18.0.9", port))]

    def connected(address: tuple[str, int], *rest: Any, **named: Any) -> socket.socket:
        gone.append(address[0])
        return connect(("127.0.0.1", address[1]), *rest, **named)  # nobody leaves this machine

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr("urllib3.util.connection.create_connection", connected)
    said: list[str] = []
    with faulty(over_tls(made, GOOD, said)) as server:
        server.raw = True
        tls = {"ca": str(made.certificate)}
        source = probe(f"https://portal.example.vn:{server.port}", allowed_networks=["198.18.0.0/24"], tls=tls)
        assert trial.pull(source).status == "unchanged"
    assert gone == ["198.18.0.9"]
    assert said == ["portal.example.vn", f"Host: portal.example.vn:{server.port}"]


def test_H26_gzip_bomb(trial: Trial) -> None:
    """A small gzip that inflates to hundreds of megabytes: stopped at the limit, memory stays flat."""
    bomb = gzip.compress(b"[" + b" " * (200 * 2**20) + b"]", compresslevel=1)
    tracemalloc.start()
    try:
        outcome = met(trial, answer(bomb, "Content-Encoding: gzip"), most=1)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert failed_with(outcome, "LimitExceeded")
    assert most < 64 * 2**20


@pytest.mark.parametrize("ended", [True, False])
def test_H27_endless_body(trial: Trial, ended: bool) -> None:
    """A body beyond the limit, in chunks that never end or whole: `LimitExceeded`, nothing on disk."""
    act = chunked(*[b" " * 1000] * 100, ended=False) if not ended else answer(b"[" + b" " * 90_000 + b"]")
    outcome = met(trial, act, most=1, limits={**SHORT, "body_bytes": 20_000})
    assert failed_with(outcome, "LimitExceeded")


@pytest.mark.parametrize("headers", [[f"X-{n}: 1" for n in range(10_000)], ["X-Long: " + "x" * 1_000_000]])
def test_H28_headers_beyond_measure(trial: Trial, headers: list[str]) -> None:
    """Ten thousand headers, or one of a megabyte."""
    assert failed_with(met(trial, answer(BODY, *headers), most=1), "LimitExceeded")


@pytest.mark.parametrize("flaw", ["self-signed", "expired", "wrong host", "old TLS"])
def test_H29_tls(trial: Trial, tmp_path: Path, flaw: str) -> None:
    """A certificate that is expired, of another host or vouched for by nobody, or a TLS of 1999: no second try."""
    days = (-10, -1) if flaw == "expired" else (-1, 1)
    made = certificate(tmp_path, days, "192.0.2.1" if flaw == "wrong host" else "127.0.0.1")
    with faulty(over_tls(made, GOOD, old=flaw == "old TLS")) as server:
        server.raw = True
        trusted = {} if flaw == "self-signed" else {"tls": {"ca": str(made.certificate)}}
        outcome = trial.pull(probe(server.address.replace("http:", "https:"), **trusted))
        assert failed_with(outcome, "TlsError")
        assert server.connections == 1
        assert_invariants(trial, outcome)


def test_H29_tls_that_is_in_order(trial: Trial, tmp_path: Path) -> None:
    """The same server with a certificate of a listed authority is read."""
    made = certificate(tmp_path, (-1, 1), "127.0.0.1")
    with faulty(over_tls(made, GOOD)) as server:
        server.raw = True
        secure = probe(server.address.replace("http:", "https:"), tls={"ca": str(made.certificate)})
        assert trial.pull(secure).status == "unchanged"


@pytest.mark.parametrize("text", [None, "", "no certificate"])
def test_H29_authorities_unreadable(trial: Trial, tmp_path: Path, text: str | None) -> None:
    """A file of authorities that is missing or holds none: refused before any request, not trusted blindly."""
    if text is not None:
        (tmp_path / "ca.pem").write_text(text)
    with faulty(GOOD) as server:
        with pytest.raises(ConfigurationError, match="certificate-authorities"):
            trial.pull(probe(server.address, tls={"ca": str(tmp_path / "ca.pem")}))
        assert server.connections == 0


@pytest.mark.parametrize("flaw", ["missing", "expired", "open"])
def test_H30_client_key(trial: Trial, tmp_path: Path, flaw: str) -> None:
    """mTLS with a key that is missing, world-readable, or whose certificate has expired: refused before any request."""
    made = certificate(tmp_path, (-10, -1) if flaw == "expired" else (-1, 1), "127.0.0.1")
    if flaw == "missing":
        made.key.unlink()
    elif flaw == "open":
        made.key.chmod(0o644)
    tls = {"client_certificate": str(made.certificate), "client_key": str(made.key)}
    with faulty(GOOD) as server:
        with pytest.raises(ConfigurationError) as caught:
            trial.pull(probe(server.address, tls=tls))
        assert str(made.certificate if flaw == "expired" else made.key) in caught.value.where
        assert server.connections == 0


def test_H31_environment(trial: Trial, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Proxies of the environment and `~/.netrc` are ignored."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login canary password other-secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with faulty(GOOD) as server, faulty(GOOD) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.address)
        outcome = trial.pull(probe(server.address, auth={"type": "none"}))
        assert outcome.status == "unchanged"
        assert proxy.requests == []
        assert b"authorization" not in server.requests[0].lower()


@pytest.mark.parametrize("hours", [-2, 2])
@pytest.mark.parametrize("form", ["JWT", "expires_in"])
def test_H32_clock_of_the_server(trial: Trial, hours: int, form: str) -> None:
    """The server's clock is two hours off: a JWT is judged on the server's clock, `expires_in` on none at all."""
    theirs = datetime.now(UTC) + timedelta(hours=hours)
    given = {"data": {"token": jwt({"exp": int(theirs.timestamp()) + 900})}, "access_token": "t", "expires_in": 900}
    stamp = theirs.strftime("%a, %d %b %Y %H:%M:%S GMT")

    def respond(request: Request) -> Act:
        page = paged(rows("A1", "A2"), rows("A3", "A4"), rows("A5", "A6"))
        return page(request) if request.path == "/rows" else answer(body(given), f"Date: {stamp}")

    with serving(respond) as server:
        auth = login() if form == "JWT" else oauth(server.address)
        outcome = trial.pull(probe(server.address, auth=auth, **PAGED))
        assert outcome.counts["accepted"] == 6
        assert server.count("/login") + server.count("/token") == 1
        assert_invariants(trial, outcome, server, most=9)


@pytest.mark.parametrize(("declared", "status"), [(True, "accepted"), (False, "failed")])
def test_H33_text_plain(trial: Trial, declared: bool, status: str) -> None:
    """JSON sent as text/plain, and a header twice: taken if the contract says so, else refused."""
    act = answer(BODY, "Content-Type: text/plain", "X-Twice: 1", "X-Twice: 2")
    types = ["text/plain"] if declared else ["application/json"]
    outcome = met(trial, act, most=1, endpoint={"path": "/rows", "content_types": types})
    assert outcome.status == status


def test_H34_not_modified(trial: Trial) -> None:
    """304 to a question without a condition, and an ETag that stays while the figures change: no work is skipped."""
    other = answer(body(rows(*["A1", "A2", "A3", "A4", "A5", "A6"])[::-1]), 'ETag: "same"')
    assert met(trial, answer(b"", 'ETag: "same"', status="304 Not Modified"), other).status == "unchanged"
    changed = [{**row, "finished": row["finished"] - 1} for row in rows()]
    outcome = met(trial, answer(body(changed), 'ETag: "same"'))
    assert outcome.status == "accepted"
    assert trial.good
    assert outcome.pull
    assert outcome.pull.content_hash != trial.good.content_hash


def test_the_credential_goes_into_its_header_only(trial: Trial) -> None:
    with serving(lambda _: GOOD) as server:
        trial.pull(probe(server.address))
        assert server.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
        assert TOKEN not in server.asked[0].target
