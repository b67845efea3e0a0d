"""Client credentials against a server that nobody here wrote: django-oauth-toolkit guards a paged list of dossiers."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors import AgencyCode, Landing, PullOutcome, load_source, pull
from connectors.tables import read_table
from tests.support.probe import TOKEN, TOKEN_VARIABLE, canaries_in
from tests.support.servers.oauth2 import OAuth2Server, make_database, oauth2_server

PERSON = "Nguyễn Thị Kim Cúc"
CODES = [f"H01.{n:02}" for n in range(1, 24)]
GOOD = [(code, f"Sở số {n}", 100 + n, 50 + n, f"{PERSON} {n}") for n, code in enumerate(CODES, 1)]
UNKNOWN, IMPOSSIBLE = ("H99.01", "Sở lạ", 5, 3, PERSON), ("H01.24", "Sở số 24", 10, 11, PERSON)
ROWS = [*GOOD[:8], UNKNOWN, *GOOD[8:16], IMPOSSIBLE, *GOOD[16:]]  # 25 rows, five pages
YAML = """
name: dossiers
title: {{vi: Hồ sơ, en: Dossiers}}
kind: rest
base_url: {address}
auth:
  type: oauth2_client_credentials
  access_token_url: {address}/o/token/
  client_id: dti
  client_secret: {{secret: DTI_TEST_TOKEN}}
  {auth}
limits: {{backoff_seconds: 0.001, backoff_maximum_seconds: 0.002}}
endpoint:
  path: /api/dossiers
  params: {params}
  data_selector: results
paginator: {paginator}
requests:
  - name: list
    periods: [{{period: "{{year}}", groups: [department]}}]
contract:
  version: 1
  table: dossiers
  values: native
  agency: {{field: code, scheme: qd20, name: name}}
  fields:
    code: {{name: agency_code, type: text}}
    name: {{name: agency_name, type: text}}
    received: {{name: received, type: integer, minimum: 0}}
    finished: {{name: finished, type: integer, minimum: 0}}
  rules:
    - ratio: {{numerator: finished, denominator: received}}
gates: {{coverage: {{of_register: 0.95}}, quarantine_share: 0.1}}
"""
PAGE = '{page: "{page}", page_size: "5"}'
COUNTED = {"params": PAGE, "paginator": "{type: page_number, page_size: 5, total_path: count}"}
LINKED = {"params": "{}", "paginator": "{type: json_link}"}
FIVE = [(str(page), 200) for page in range(1, 6)]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("oauth2") / "prepared.sqlite3"
    make_database(path, ("dti", TOKEN), ROWS)
    return path


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)


@pytest.fixture
def pulled(tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Callable[..., Any]:
    """Pull the server by a source file; nothing written, logged or printed may hold a secret, a token or a person."""

    def run(server: OAuth2Server, auth: str = "", **given: str) -> PullOutcome:
        text = YAML.format(address=server.address, auth=auth, **{**COUNTED, **given})
        file = tmp_path / "sources" / "dossiers.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        agencies = [AgencyCode(f"id-{code}", "qd20", code, name, "department") for code, name, *_ in GOOD]
        agencies.append(AgencyCode("id-24", "qd20", IMPOSSIBLE[0], IMPOSSIBLE[1], "department"))
        moment = datetime.now().astimezone()
        with caplog.at_level(0):
            landing = Landing(tmp_path / "landing")
            outcome = pull(load_source(file), 2025, landing=landing, agencies=agencies, moment=moment)
        out = capsys.readouterr()
        tokens = [token for (token,) in server.query("select token from oauth2_provider_accesstoken")]
        texts = str(outcome) + out.out + out.err + caplog.text
        assert canaries_in(tmp_path / "landing", texts, [TOKEN, PERSON, *tokens]) == []
        return outcome

    return run


def rows_of(outcome: PullOutcome) -> list[tuple[Any, ...]]:
    assert outcome.pull
    rows = read_table(outcome.pull.table).to_pylist()
    return [(row["agency_code"], row["agency_name"], row["received"], row["finished"]) for row in rows]


def as_in_the_database(server: OAuth2Server) -> list[tuple[Any, ...]]:
    """What the server's own database holds, without the two rows that the contract refuses."""
    refused = f"('{UNKNOWN[0]}', '{IMPOSSIBLE[0]}')"
    return server.query(
        f"select distinct code, name, received, finished from dossiers where code not in {refused} order by code"
    )


def is_whole(outcome: PullOutcome, server: OAuth2Server) -> None:
    assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
    assert outcome.counts == {"received": 25, "accepted": 23, "quarantined": 2, "exact_duplicates": 0}
    assert rows_of(outcome) == as_in_the_database(server)
    assert outcome.pull
    aside = read_table(outcome.pull.quarantine).to_pylist()
    assert {(row["reason"], row["agency_code"], row["pointer"]) for row in aside} == {
        ("UnknownAgency", "H99.01", "/results/3"),
        ("NumGtDen", "H01.24", "/results/2"),
    }


@pytest.mark.parametrize("client_in", ["header", "body"])
@pytest.mark.parametrize("paging", [COUNTED, {**LINKED, "paginator": "{type: json_link, total_path: count}"}])
def test_every_row_lands_once_with_one_token(
    prepared: Path, tmp_path: Path, pulled: Callable[..., PullOutcome], client_in: str, paging: dict[str, str]
) -> None:
    """The secret holds `/`, `+` and `=`: in the Basic header they must be encoded (RFC 6749, 2.3.1)."""
    with oauth2_server(prepared, tmp_path) as server:
        outcome = pulled(server, f"client_in: {client_in}", **paging)
        is_whole(outcome, server)
        assert server.requests("/o/token/") == [("", 200)]
        assert [status for _, status in server.requests("/api/dossiers")] == [200] * 5
        assert pulled(server, f"client_in: {client_in}", **paging).status == "unchanged"


@pytest.mark.parametrize(("challenge", "refusal"), [(True, 401), (False, 403)])
def test_A01_tokens_end_while_pages_are_read(
    prepared: Path, tmp_path: Path, pulled: Callable[..., PullOutcome], challenge: bool, refusal: int
) -> None:
    """Before page 3 all tokens are ended: one new token, page 3 once more, every row once.

    The toolkit's plain guard answers 403, not 401, to a token that is no longer good.
    """
    with oauth2_server(prepared, tmp_path, ends_before=["3"], challenge=challenge) as server:
        is_whole(pulled(server), server)
        assert server.requests("/o/token/") == [("", 200)] * 2
        assert server.requests("/api/dossiers") == [*FIVE[:2], ("3", refusal), *FIVE[2:]]


def test_A01_a_token_of_two_seconds_expires_while_a_page_is_waited_for(
    prepared: Path, tmp_path: Path, pulled: Callable[..., PullOutcome]
) -> None:
    """Page 2 takes longer than the token lives: the toolkit refuses it by its own clock, and it is asked for anew."""
    with oauth2_server(prepared, tmp_path, token_seconds=2, ends_before=["2"], by_waiting=True) as server:
        is_whole(pulled(server), server)
        asked = server.requests("/api/dossiers")
        assert ("2", 401) in asked
        assert [one for one in asked if one[1] == 200] == FIVE
        assert server.query("select count(*) from oauth2_provider_accesstoken")[0][0] >= 2


def test_A04_a_wrong_secret_is_tried_once(
    prepared: Path, tmp_path: Path, pulled: Callable[..., PullOutcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`invalid_client`: one request, no page is asked for, and what was sent stands nowhere."""
    monkeypatch.setenv(TOKEN_VARIABLE, "canary-wrong+secret")
    with oauth2_server(prepared, tmp_path) as server:
        outcome = pulled(server)
        assert (outcome.status, [one.code for one in outcome.findings]) == ("failed", ["AuthFailed"])
        assert server.requests("/o/token/") == [("", 401)]
        assert server.requests("/api/dossiers") == []
    assert canaries_in(tmp_path / "landing", str(outcome), [os.environ[TOKEN_VARIABLE]]) == []


def test_the_scope_is_asked_for_and_given(prepared: Path, tmp_path: Path, pulled: Callable[..., PullOutcome]) -> None:
    with oauth2_server(prepared, tmp_path) as server:
        is_whole(pulled(server, "scope: dossiers.read"), server)
        assert server.query("select scope from oauth2_provider_accesstoken") == [("dossiers.read",)]


def test_A02_a_scope_that_does_not_suffice_is_forbidden_after_two_tokens(
    prepared: Path, tmp_path: Path, pulled: Callable[..., PullOutcome]
) -> None:
    """403 with a token for something else: it might have expired, so one more is tried, and then it is over."""
    with oauth2_server(prepared, tmp_path) as server:
        outcome = pulled(server, "scope: staff.read")
        assert (outcome.status, [one.code for one in outcome.findings]) == ("failed", ["Forbidden"])
        assert server.requests("/o/token/") == [("", 200)] * 2
        assert server.requests("/api/dossiers") == [("1", 403)] * 2


def test_a_scope_that_does_not_exist_is_refused_at_the_login(
    prepared: Path, tmp_path: Path, pulled: Callable[..., PullOutcome]
) -> None:
    with oauth2_server(prepared, tmp_path) as server:
        outcome = pulled(server, "scope: everything")
        assert (outcome.status, [one.code for one in outcome.findings]) == ("failed", ["AuthFailed"])
        assert (server.requests("/o/token/"), server.requests("/api/dossiers")) == ([("", 400)], [])


@pytest.fixture(scope="session")
def with_a_repeated_row(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("oauth2") / "repeated.sqlite3"
    make_database(path, ("dti", TOKEN), [*ROWS, GOOD[4]])
    return path


def test_P08_without_a_total_the_list_is_read_twice_and_a_repeated_row_counts_once(
    with_a_repeated_row: Path, tmp_path: Path, pulled: Callable[..., PullOutcome]
) -> None:
    with oauth2_server(with_a_repeated_row, tmp_path) as server:
        outcome = pulled(server, **LINKED)
        assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
        assert outcome.counts == {"received": 26, "accepted": 23, "quarantined": 2, "exact_duplicates": 1}
        assert rows_of(outcome) == as_in_the_database(server)
        assert len(server.requests("/api/dossiers")) == 2 * 6


def test_P06_a_total_that_counts_a_row_twice_holds_the_pull(
    with_a_repeated_row: Path, tmp_path: Path, pulled: Callable[..., PullOutcome]
) -> None:
    """26 declared, 25 different rows, also after two more walks: somebody must look whether a row is missing."""
    with oauth2_server(with_a_repeated_row, tmp_path) as server:
        outcome = pulled(server)
        assert (outcome.status, [one.code for one in outcome.findings]) == ("held", ["TotalMismatch"])
        assert len(server.requests("/api/dossiers")) == 3 * 6


def test_P10_a_missing_page_ends_the_list_where_the_source_says_so(
    prepared: Path, tmp_path: Path, pulled: Callable[..., PullOutcome]
) -> None:
    paginator = "{type: page_number, page_size: 5, after_last_page: not_found}"
    with oauth2_server(prepared, tmp_path) as server:
        is_whole(pulled(server, paginator=paginator), server)
        assert server.requests("/api/dossiers") == [*FIVE, ("6", 404)] * 2
