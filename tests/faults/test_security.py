"""Group X as far as connectors go: canaries, hostile names and codes, hostile addresses in configuration."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from common.errors import ConfigurationError
from connectors import PullOutcome
from connectors.texts import personal
from connectors.vetting import UnsafeAddressError, reach
from tests.support.judging import FIELDS, codes, landed, reasons, sent
from tests.support.portal import ROOT, Act, answer, faulty
from tests.support.probe import (
    APPLICANT,
    EMAIL,
    GOOD,
    ID_NUMBER,
    PERSON,
    PHONE,
    TOKEN,
    TOKEN_VARIABLE,
    Trial,
    assert_invariants,
    body,
    canaries_in,
    probe,
    register,
    rows,
    serving,
    with_values,
)
from tests.support.tokens import SECRET, login, oauth

HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "{% raw %}", "{field}", "%s%n"]
ECHO = body({"error": f"bad token {TOKEN}", "applicant": APPLICANT})
ANSWERS: dict[str, Act] = {
    "good": GOOD,
    "401": answer(ECHO, status="401 No"),
    "500": answer(ECHO, status="500 No"),
    "envelope": answer(ECHO),
    "page": answer(b"<html>" + ECHO, "Content-Type: text/html"),
    "media type": answer(ECHO, f"Content-Type: {TOKEN}"),
    "redirect": answer(b"", f"Location: https://example.org/?t={TOKEN}", status="302 Found"),
    "broken": answer(ECHO[:-2]),
    "key": answer(body({PERSON: 1, TOKEN: 2})),
    "key twice": answer(b'{"%s": 1, "%s": 2}' % (ID_NUMBER.encode(), ID_NUMBER.encode())),
    "reason": answer(ECHO, status=f"418 {TOKEN}"),
}
FORMS: dict[str, dict[str, Any]] = {
    "bearer": {"type": "bearer", "token": SECRET},
    "http_basic": {"type": "http_basic", "username": "dti", "password": SECRET},
    "query": {"type": "api_key", "name": "key", "api_key": SECRET, "location": "query"},
    "header": {"type": "api_key", "name": "X-Api-Key", "api_key": SECRET},
    "login": login(),
    "oauth2": oauth("{address}"),
    "oauth2 in the body": oauth("{address}", client_in="body", client_id=SECRET),
}
TAKES_A_TOKEN = {"login", "oauth2_client_credentials"}


LOGINS = [(form, False) for form in FORMS] + [(form, True) for form in FORMS if FORMS[form]["type"] in TAKES_A_TOKEN]


@pytest.mark.parametrize(("form", "logs_in"), LOGINS)
@pytest.mark.parametrize("case", ANSWERS)
def test_X01_canary_secrets(trial: Trial, form: str, logs_in: bool, case: str) -> None:
    """Whatever the source answers, at the login or behind it, echoing the secret wherever it can: it is in no byte
    written, logged or printed."""
    given = answer(body({"access_token": TOKEN, "expires_in": 300, "data": {"token": TOKEN}}))
    with serving(lambda r: given if logs_in and r.path in {"/token", "/login"} else ANSWERS[case]) as server:
        auth = json.loads(json.dumps(FORMS[form]).replace("{address}", server.address))
        outcome = trial.pull(probe(server.address, auth=auth, headers={"X-Gateway": SECRET}))
        told = json.dumps([one.as_dict("vi") for one in outcome.findings], ensure_ascii=False)
        assert TOKEN not in told
        assert_invariants(trial, outcome, server, most=12)


def test_X01_the_scan_sees_every_form(tmp_path: Path) -> None:
    """The search itself finds a canary as it is, in base64 at any offset, URL-encoded, and in hexadecimal."""
    forms = [TOKEN, base64.b64encode(f"dti:{TOKEN}".encode()).decode(), quote(TOKEN, safe=""), TOKEN.encode().hex()]
    for form in forms:
        (tmp_path / "x").write_text(f"...{form}...")
        assert canaries_in(tmp_path) != []
    (tmp_path / "x").write_text("nothing")
    assert canaries_in(tmp_path) == []


PLACES = ["name", "code", "received", "note", "applicant.fullName"]


@pytest.mark.parametrize("canary", [PERSON, ID_NUMBER, PHONE, EMAIL, PERSON.upper(), "Nguyen Van Tèo"])
@pytest.mark.parametrize("place", PLACES)
def test_X02_personal_data_in_rows(trial: Trial, canary: str, place: str) -> None:
    """Names, 12-digit ids, phones and e-mails in listed, unlisted and nested fields and in codes: written nowhere.

    In a listed field they hold the pull, however many rows may be quarantined.
    """
    loose = {"quarantine_share": 1, "coverage": {"of_register": 0, "of_last_accepted": 0}}
    fields = {**FIELDS, "note": {"name": "note", "type": "text", "required": False}}
    values = {"applicant": {"fullName": canary}} if "." in place else {place: canary}
    outcome = sent(trial, with_values("A1", **values), contract__fields=fields, gates=loose)
    if place in {"name", "note"} or (place == "code" and canary in {ID_NUMBER, PHONE}):
        assert outcome.status == "held"
        assert "PersonalDataSuspect" in codes(outcome)
        assert reasons(outcome) == {("PersonalData", place)}
    assert canaries_in(trial.root, str(outcome) + trial.texts(), [canary]) == []


def test_X02_every_field_of_a_person(trial: Trial) -> None:
    """A row of a real search answer: the figures land, the person does not."""
    outcome = sent(trial, [{**row, "applicant": {**APPLICANT, "more": [APPLICANT]}} for row in rows()])
    assert outcome.status == "unchanged"
    assert canaries_in(trial.root, str(outcome)) == []


@pytest.mark.parametrize(
    "text",
    ["Sở Nội vụ", "UBND xã Nguyễn Phích", "Hồ Chí Minh", "Trần Đề", "H01.113", "000.00.00.H37", "31/12/2024", "0.5"],
)
def test_X02_agencies_are_no_persons(text: str) -> None:
    """Names and codes of agencies are not taken for personal data."""
    assert not personal(text)


def test_X02_an_agency_named_after_a_person(empty: Trial) -> None:
    """A name that the register knows is an agency's, even if people bear it too."""
    named = [one._replace(name="Trần Văn Thời") if one.code == "A1" else one for one in register()]
    outcome = sent(empty, with_values("A1", name="Trần Văn Thời"), {"agencies": named})
    assert outcome.status == "accepted"


@pytest.mark.parametrize("name", HOSTILE)
def test_X05_hostile_names(trial: Trial, name: str) -> None:
    """Markup and templates in an agency's name are text: landed as they are, evaluated by no message."""
    outcome: PullOutcome = sent(trial, with_values("A1", name=name, received=-1))
    assert outcome.status == "held"
    assert "49" not in str([one.message for one in outcome.findings])
    trial.good = None
    assert landed(sent(trial, with_values("A1", name=name)), "agency_name")["A1"] == name
    renamed = [{**row, name: 1} for row in rows()]
    assert {note.field_name for note in sent(trial, renamed).notes} >= {f"({len(name)} characters)"}


@pytest.mark.parametrize(
    "code", ["'; drop table counts; --", 'A1" or 1=1', "A1;select", "../../etc", "A1/..", "=cmd()"]
)
def test_X06_sql_in_codes(trial: Trial, code: str) -> None:
    """SQL and paths in an agency's code: `ConfusableCode`."""
    assert reasons(sent(trial, with_values("A1", code=code))) == {("ConfusableCode", "code")}


@pytest.mark.parametrize("name", ["a; drop table x", "A", "1a", "a-b", 'a"b', "a" * 64])
@pytest.mark.parametrize("where", ["column", "table", "source"])
def test_X06_sql_in_names(name: str, where: str) -> None:
    """Names of columns, tables and sources are identifiers or the file is refused."""
    changes: dict[str, Any] = {
        "column": {"contract__fields": {**FIELDS, "received": {"name": name, "type": "integer"}}},
        "table": {"contract__table": name},
        "source": {"name": name},
    }[where]
    with pytest.raises(ConfigurationError):
        probe(**changes)


ADDRESSES = [
    "file:///etc/passwd",
    "gopher://example.org",
    "http://example.org",
    "https://user:pw@example.org",
    "https://user@example.org",
    "https://",
    "https://example.org/?key=1",
    "ftp://example.org",
    "//example.org",
    "https://example.org:99999",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("where", ["base_url", "token"])
def test_X07_addresses_in_configuration(address: str, where: str) -> None:
    """file:, gopher:, plain http, a user in the address: refused when the file is read."""
    token = {
        "type": "oauth2_client_credentials",
        "access_token_url": address,
        "client_id": "dti",
        "client_secret": SECRET,
    }
    with pytest.raises(ConfigurationError) as caught:
        probe(address) if where == "base_url" else probe(auth=token)
    assert "pw" not in str(caught.value.as_dict("vi"))


PRIVATE = ["https://10.0.0.5", "https://169.254.169.254", "https://[fd00::1]", "https://0.0.0.0", "https://[::]"]


@pytest.mark.parametrize("address", PRIVATE)
@pytest.mark.parametrize("where", ["base_url", "token"])
def test_X07_private_addresses(address: str, where: str) -> None:
    """A private address that no network of the source lists: refused when the file is read."""
    with pytest.raises(ConfigurationError) as caught:
        probe(address) if where == "base_url" else probe(auth=oauth(address))
    assert {one.code for one in caught.value.findings} | {caught.value.code} >= {"unsafe-address"}


@pytest.mark.parametrize("address", ["10.0.0.5", "169.254.169.254", "fd00::1", "0.0.0.0", "::ffff:10.0.0.5"])
def test_X07_names_of_private_addresses(trial: Trial, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """A name that leads to such an address: never connected."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    outcome = trial.pull(probe("https://portal.example.vn"))
    assert (outcome.status, codes(outcome)) == ("failed", {"UnsafeAddress"})
    assert_invariants(trial, outcome)


@pytest.mark.parametrize("networks", [["10.0.0.0/24"], ["10.0.0.5/32"]])
def test_X07_listed_networks(networks: list[str]) -> None:
    """A listed private network may be reached, its neighbours not."""
    assert probe("https://10.0.0.5", allowed_networks=networks).base_url == "https://10.0.0.5"
    known = reach(["https://10.0.0.5"], networks=networks)
    assert known.resolve("10.0.0.5", 443) == ["10.0.0.5"]
    with pytest.raises(UnsafeAddressError):
        known.resolve("10.0.1.5", 443)
    with pytest.raises(ConfigurationError):
        probe(allowed_networks=["10.0.0.300/24"])


def test_no_secret_on_any_output_of_a_whole_process(tmp_path: Path) -> None:
    """X01 once more from outside: standard output, standard error and files of a pull in a process of its own."""
    script = (
        "import sys, logging; logging.basicConfig(level=logging.DEBUG)\n"
        "from pathlib import Path\n"
        "from tests.support.probe import Trial, probe\n"
        "outcome = Trial(Path(sys.argv[1]), str).pull(probe(sys.argv[2]))\n"
        "print(outcome)\n"
    )
    with faulty(ANSWERS["401"]) as server:
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "run"), server.address],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), TOKEN_VARIABLE: TOKEN},
        )
    assert "AuthFailed" in done.stdout
    assert canaries_in(tmp_path, done.stdout + done.stderr) == []
