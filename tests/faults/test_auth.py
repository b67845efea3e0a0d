"""Group A, authentication: tokens that expire, are refused, or are no use; credentials that are missing or leak."""

from __future__ import annotations

import base64
import logging
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from common.errors import ConfigurationError, SourceError
from connectors import PullOutcome
from connectors.auth import Authorization, Fetch, Signature, authorization, lifetime
from connectors.auth_model import OAuth2
from connectors.calls import Answer
from connectors.findings import Place
from tests.support.portal import Act, answer
from tests.support.probe import (
    GOOD,
    TOKEN,
    TOKEN_VARIABLE,
    Request,
    Trial,
    assert_invariants,
    body,
    canaries_in,
    probe,
    rows,
    serving,
)
from tests.support.tokens import SECRET, jwt, login, oauth

PAGED: dict[str, Any] = {
    "paginator": {"type": "page_number", "page_size": 2, "total_path": "total"},
    "endpoint": {"path": "/rows", "params": {"page": "{page}"}, "data_selector": "rows"},
}
PLACE = Place("probe")
REFUSED = answer(b"", status="401 Who")


def exchanged() -> Authorization:
    """Client credentials of a source that nobody asks."""
    return authorization(OAuth2.model_validate(oauth("https://example.org")), "https://example.org")


class Gate:
    """Gives numbered tokens at `/token` and serves three pages to who holds the newest one."""

    def __init__(self, lifetimes: int | None = 300) -> None:
        self.given = 0
        self.valid = ""
        self.lifetime = lifetimes
        self.revoke_on: set[str] = set()
        self.pages = [rows("A1", "A2"), rows("A3", "A4"), rows("A5", "A6")]

    def __call__(self, request: Request) -> Act:
        if request.path == "/token":
            self.given += 1
            self.valid = f"canary-token-{self.given}"
            return answer(body({"access_token": self.valid, "token_type": "Bearer", "expires_in": self.lifetime}))
        page = request.query["page"]
        if page in self.revoke_on:
            self.revoke_on.discard(page)
            self.valid = "none"
        if request.headers.get("authorization") != f"Bearer {self.valid}":
            return REFUSED
        number = int(page) - 1
        return answer(body({"total": 6, "rows": self.pages[number] if number < 3 else []}))


def failed_with(outcome: PullOutcome, code: str) -> bool:
    return (outcome.status, [one.code for one in outcome.findings]) == ("failed", [code])


def test_A01_token_expires_between_pages(trial: Trial) -> None:
    """401 on page 2: one new token, page 2 asked again, no page lost or doubled."""
    gate = Gate()
    gate.revoke_on = {"2"}
    with serving(gate) as server:
        outcome = trial.pull(probe(server.address, auth=oauth(server.address), **PAGED))
        assert outcome.counts == {"received": 6, "accepted": 6, "quarantined": 0, "exact_duplicates": 0}
        assert gate.given == 2
        assert [request.query["page"] for request in server.asked if request.path == "/rows"] == ["1", "2", "2", "3"]
        assert_invariants(trial, outcome, server, most=6)
        assert canaries_in(trial.root, trial.texts(), ["canary-token-1", "canary-token-2"]) == []


def test_A01_token_is_renewed_before_it_expires(trial: Trial) -> None:
    """A token of one second is replaced in time, without a single refusal."""
    gate = Gate(lifetimes=1)
    refusals: list[str] = []

    def respond(request: Request) -> Act:
        if request.path == "/rows":
            time.sleep(0.3)
        found = gate(request)
        refusals.extend(["401"] if found == REFUSED else [])
        return found

    with serving(respond) as server:
        outcome = trial.pull(probe(server.address, auth=oauth(server.address), **PAGED))
        assert outcome.counts["accepted"] == 6
        assert gate.given >= 2
        assert refusals == []


def test_A02_refused_again_after_refresh(trial: Trial) -> None:
    """401 with a new token too: `AuthFailed` after two tokens, so that no account gets locked."""

    def respond(request: Request) -> Act:
        return answer(body({"access_token": "t", "expires_in": 300})) if request.path == "/token" else REFUSED

    with serving(respond) as server:
        outcome = trial.pull(probe(server.address, auth=oauth(server.address)))
        assert failed_with(outcome, "AuthFailed")
        assert server.count("/token") == 2
        assert_invariants(trial, outcome, server, most=4)


@pytest.mark.parametrize("expired", [True, False])
def test_A01_expired_shows_as_403(trial: Trial, expired: bool) -> None:
    """Some servers answer 403 to a token that has expired: one new token; where that is refused too, `Forbidden`."""
    forbidden = answer(b"", status="403 No")

    def respond(request: Request) -> Act:
        if request.path == "/token":
            return answer(body({"access_token": f"t{server.count('/token')}", "expires_in": 300}))
        return GOOD if expired and request.headers["authorization"] == "Bearer t2" else forbidden

    with serving(respond) as server:
        outcome = trial.pull(probe(server.address, auth=oauth(server.address)))
        assert outcome.status == "unchanged" if expired else failed_with(outcome, "Forbidden")
        assert (server.count("/token"), server.count("/rows")) == (2, 2)
        assert_invariants(trial, outcome, server)


def test_A03_token_endpoint_broken(trial: Trial) -> None:
    """500 at the token's address: three attempts, nothing else is asked; passes if the third is good."""
    broken = answer(body({"trace": TOKEN}), status="500 Broken")
    with serving(lambda _: broken) as server:
        outcome = trial.pull(probe(server.address, auth=oauth(server.address)))
        assert failed_with(outcome, "SourceUnavailable")
        assert len(server.asked) == server.count("/token") == 3
        assert_invariants(trial, outcome, server)
    gate, tries = Gate(), iter([broken, broken])
    with serving(lambda request: (next(tries, None) or gate(request)) if request.path == "/token" else GOOD) as server:
        assert trial.pull(probe(server.address, auth=oauth(server.address))).status == "accepted"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_A04_invalid_client(trial: Trial, status: int) -> None:
    """`invalid_client`: one request; the secret is in no message, also where the answer repeats it."""
    said = answer(body({"error": "invalid_client", "error_description": f"bad {TOKEN}"}), status=f"{status} No")
    with serving(lambda _: said) as server:
        outcome = trial.pull(probe(server.address, auth=oauth(server.address)))
        assert failed_with(outcome, "AuthFailed")
        assert_invariants(trial, outcome, server, most=1)


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(None, 60), (0, 60), (-5, 60), ("300", 300), ("soon", 60), (10**12, 3600), (True, 60), (3, 3), ([], 60)],
)
def test_A05_expires_in(trial: Trial, expires_in: Any, seconds: float) -> None:
    """`expires_in` missing, zero, text or huge: a minute by default, an hour at most; the pull goes on."""
    assert lifetime(expires_in) == seconds
    token = answer(body({"access_token": "t", "expires_in": expires_in}))
    with serving(lambda request: token if request.path == "/token" else GOOD) as server:
        assert trial.pull(probe(server.address, auth=oauth(server.address))).status == "unchanged"
        assert server.count("/token") == 1


@pytest.mark.parametrize(("lives", "until"), [(300, 270), (10**6, 3570), (3, 1.5)])
def test_A05_renewed_early(monkeypatch: pytest.MonkeyPatch, lives: int, until: float) -> None:
    """A token is replaced 30 s before its end, or half-way through a short life; on the monotonic clock."""
    now = [1000.0]
    monkeypatch.setattr("connectors.auth.time.monotonic", lambda: now[0])
    fetched: list[int] = []

    def fetch(*_: Any) -> Answer[Any]:
        fetched.append(1)
        return Answer(b"", {"access_token": f"t{len(fetched)}", "expires_in": lives}, ())

    token = exchanged()
    signed = []
    for later in (0, until - 0.01, until):
        now[0] = 1000 + later
        signed.append(token.sign(fetch, PLACE).headers["Authorization"])
    assert signed == ["Bearer t1", "Bearer t1", "Bearer t2"]


def test_A06_account_sees_less(trial: Trial) -> None:
    """HTTP 200 with fewer rows, as an account with fewer rights gets: held as `CoverageDrop`."""
    with serving(lambda _: answer(body(rows("A1", "A2", "A3")))) as server:
        outcome = trial.pull(probe(server.address))
        assert outcome.status == "held"
        assert {one.code for one in outcome.findings} == {"CoverageDrop"}
        assert_invariants(trial, outcome, server)


@pytest.mark.parametrize("flaw", ["exp", "alg none", "aud", "no token", "not a JWT"])
def test_A07_jwt_of_no_use(trial: Trial, flaw: str) -> None:
    """A login that gives a JWT expired, unsigned, for somebody else, or none: `TokenRefused`, never sent on."""
    now = int(datetime.now(UTC).timestamp())
    claims = {"exp": now - 10 if flaw == "exp" else now + 900, "aud": "other" if flaw == "aud" else "dti"}
    token: Any = jwt(claims, "none" if flaw == "alg none" else "HS256")
    token = {"no token": None, "not a JWT": "a.b!.c"}.get(flaw, token)
    with serving(lambda _: answer(body({"data": {"token": token}}))) as server:
        outcome = trial.pull(probe(server.address, auth=login(audience="dti")))
        assert failed_with(outcome, "TokenRefused")
        assert [request.path for request in server.asked] == ["/login"]
        assert_invariants(trial, outcome, server)


def test_A07_login_in_order(trial: Trial) -> None:
    """Basic at the login, then the JWT on every call."""
    token = jwt({"exp": int(datetime.now(UTC).timestamp()) + 900, "aud": ["dti"]})
    with serving(lambda r: answer(body({"data": {"token": token}})) if r.path == "/login" else GOOD) as server:
        outcome = trial.pull(probe(server.address, auth=login(audience="dti")))
        assert outcome.status == "unchanged"
        sent = [request.headers["authorization"] for request in server.asked]
        assert sent == ["Basic " + base64.b64encode(f"dti:{TOKEN}".encode()).decode(), f"Bearer {token}"]


@pytest.mark.parametrize("fails", [True, False])
def test_A08_key_in_the_query(trial: Trial, fails: bool, caplog: pytest.LogCaptureFixture) -> None:
    """An API key in the query string: sent, but in no log, message or manifest."""
    logging.getLogger("urllib3.connectionpool").setLevel(logging.DEBUG)
    auth = {"type": "api_key", "name": "key", "api_key": SECRET, "location": "query"}
    act: Act = answer(b"", status="400 No") if fails else GOOD
    with serving(lambda _: act) as server:
        outcome = trial.pull(probe(server.address, auth=auth))
        assert outcome.status == ("failed" if fails else "unchanged")
        assert server.asked[0].query == {"key": TOKEN}
        assert "authorization" not in server.asked[0].headers
        assert_invariants(trial, outcome, server)
    assert trial.pull(probe(server.address, auth=auth)).status == "failed"  # nobody listens any more
    assert canaries_in(trial.root, trial.texts()) == []


def test_A09_two_workers_refresh_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads meet an expired token: one of them fetches, both sign with the new one."""
    token = exchanged()
    fetched: list[int] = []

    def fetch(*_: Any) -> Answer[Any]:
        fetched.append(1)
        time.sleep(0.1)
        return Answer(b"", {"access_token": f"t{len(fetched)}", "expires_in": 300}, ())

    old = token.sign(fetch, PLACE)
    signed: list[Signature] = []

    def work() -> None:
        token.renew(old, fetch, PLACE)
        signed.append(token.sign(fetch, PLACE))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fetched) == 2
    assert [one.headers for one in signed] == [{"Authorization": "Bearer t2"}] * 2


@pytest.mark.parametrize("rotated", [True, False])
def test_A10_secret_rotated(trial: Trial, monkeypatch: pytest.MonkeyPatch, rotated: bool) -> None:
    """The secret changes during a run: it is read once more and goes on; if it has not changed, `AuthFailed`."""

    def respond(request: Request) -> Act:
        if rotated:
            monkeypatch.setenv(TOKEN_VARIABLE, "canary-rotated")
        return GOOD if request.headers["authorization"] == "Bearer canary-rotated" else REFUSED

    with serving(respond) as server:
        outcome = trial.pull(probe(server.address))
        assert outcome.status == ("unchanged" if rotated else "failed")
        assert len(server.asked) == (2 if rotated else 1)
        assert_invariants(trial, outcome, server)


@pytest.mark.parametrize("value", [None, "", "   ", f"{TOKEN}\n", "a\nb"])
@pytest.mark.parametrize("place", ["environment", "file"])
def test_A11_secret_missing(
    trial: Trial, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str | None, place: str
) -> None:
    """A secret that is missing, empty or holds a line break: refused at the start, naming the variable only."""
    monkeypatch.delenv(TOKEN_VARIABLE)
    if place == "environment" and value is not None:
        monkeypatch.setenv(TOKEN_VARIABLE, value)
    if place == "file":
        line = "" if value is None else f"{TOKEN_VARIABLE}={value.splitlines()[0] if value.strip() == 'a' else ''}\n"
        (tmp_path / "secrets").write_text(f"OTHER=x\n{line}")
        (tmp_path / "secrets").chmod(0o600)
        monkeypatch.setenv("DTI_SECRETS", str(tmp_path / "secrets"))
    with serving(lambda _: GOOD) as server:
        with pytest.raises(ConfigurationError) as caught:
            trial.pull(probe(server.address))
        assert server.asked == []
    text = str(caught.value.as_dict("vi")) + str(caught.value)
    assert TOKEN_VARIABLE in text
    assert TOKEN not in text
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("given", [TOKEN, {"secret": TOKEN}, {"secret": ""}, 5, None])
def test_A11_secret_in_the_file(given: Any) -> None:
    """A credential written into the YAML itself: refused, and not repeated in the message."""
    for auth in ({"type": "bearer", "token": given}, {"type": "http_basic", "username": "dti", "password": given}):
        with pytest.raises(ConfigurationError) as caught:
            probe(auth=auth)
        assert "secret-in-file" in {caught.value.code, *(one.code for one in caught.value.findings)}
        assert TOKEN not in str(caught.value.as_dict("vi"))


def test_A11_secrets_file(trial: Trial, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A secrets file is read if nobody else can read it, and refused otherwise."""
    monkeypatch.delenv(TOKEN_VARIABLE)
    path = tmp_path / "secrets"
    path.write_text(f"# {TOKEN_VARIABLE}=old\n{TOKEN_VARIABLE}='{TOKEN}'\n")
    path.chmod(0o600)
    monkeypatch.setenv("DTI_SECRETS", str(path))
    with serving(lambda _: GOOD) as server:
        assert trial.pull(probe(server.address)).status == "unchanged"
        assert server.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
        path.chmod(0o644)
        with pytest.raises(ConfigurationError, match="secret-file-open"):
            trial.pull(probe(server.address))


FORMS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "none": ({"type": "none"}, {}),
    "http_basic": (
        {"type": "http_basic", "username": "dti", "password": SECRET},
        {"authorization": "Basic " + base64.b64encode(f"dti:{TOKEN}".encode()).decode()},
    ),
    "api_key": ({"type": "api_key", "name": "X-Api-Key", "api_key": SECRET}, {"x-api-key": TOKEN}),
    "bearer": ({"type": "bearer", "token": SECRET}, {"authorization": f"Bearer {TOKEN}"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_signs_as_documented(trial: Trial, form: str) -> None:
    auth, expected = FORMS[form]
    with serving(lambda _: GOOD) as server:
        source = probe(server.address, auth=auth, headers={"X-Gateway": SECRET, "X-Unit": "dti"})
        assert trial.pull(source).status == "unchanged"
        sent = server.asked[0].headers
    assert {name: sent[name] for name in expected} == expected
    assert ("authorization" in sent) == ("authorization" in expected)
    assert (sent["x-gateway"], sent["x-unit"]) == (TOKEN, "dti")
    assert canaries_in(trial.root, trial.texts()) == []


@pytest.mark.parametrize("client_in", ["header", "body"])
def test_oauth2_sends_the_client_where_it_is_declared(trial: Trial, client_in: str) -> None:
    token = answer(body({"access_token": "t", "expires_in": 300}))
    with serving(lambda request: token if request.path == "/token" else GOOD) as server:
        auth = oauth(server.address, client_in=client_in, scope="dti.read")
        assert trial.pull(probe(server.address, auth=auth)).status == "unchanged"
        asked = server.asked[0]
    inside = {"client_id": "dti", "client_secret": TOKEN} if client_in == "body" else {}
    assert asked.form == {"grant_type": "client_credentials", "scope": "dti.read", **inside}
    encoded = base64.b64encode(f"dti:{quote_plus(TOKEN)}".encode()).decode()  # RFC 6749, 2.3.1
    assert asked.headers.get("authorization") == (f"Basic {encoded}" if client_in == "header" else None)


def test_a_token_that_is_no_text_is_refused() -> None:
    fetch: Fetch = lambda _call, _place, _parse: Answer(b"", {"access_token": "a b"}, ())  # noqa: E731
    with pytest.raises(SourceError, match="TokenRefused"):
        exchanged().sign(fetch, PLACE)
