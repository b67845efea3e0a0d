"""A REST server that nobody here wrote: datasette serves tables of a SQLite file, paged in three ways."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigurationError
from connectors import AgencyCode, Landing, PullOutcome, load_source, pull
from connectors.tables import read_table
from tests.support.probe import canaries_in
from tests.support.servers.datasette import Datasette, cookie_of, datasette

PERSON = "Nguyễn Thị Kim Cúc"
CODES = [f"H01.{n:02}" for n in range(1, 24)]
LARGE = 2**53 + 1  # not a number that a binary float could hold
GOOD = [(code, f"Sở số {n}", LARGE + n, 50 + n, n / 8, f"2025-03-{n:02}") for n, code in enumerate(CODES, 1)]
UNKNOWN = ("H99.01", "Sở lạ", 5, 3, 0.5, "2025-03-01")
IMPOSSIBLE = ("H01.24", "Sở số 24", 10, 11, 0.5, "2025-03-01")
LATE = ("H01.25", "Sở số 25", 10, 9, None, "2026-01-01")
ROWS = [*GOOD[:8], UNKNOWN, *GOOD[8:16], IMPOSSIBLE, LATE, *GOOD[16:], GOOD[4]]  # 27 rows, one of them twice
YAML = """
name: dossiers
title: {{vi: Hồ sơ, en: Dossiers}}
kind: rest
base_url: {address}
headers: {headers}
limits: {{backoff_seconds: 0.001, backoff_maximum_seconds: 0.002}}
endpoint: {endpoint}
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
    rate: {{name: rate, type: decimal, places: 3, required: false}}
    day: {{name: day, type: date, format: "%Y-%m-%d"}}
  rules:
    - ratio: {{numerator: finished, denominator: received}}
    - in_window: day
gates: {{coverage: {{of_register: 0.9, of_last_accepted: 1}}, quarantine_share: 0.2}}
"""
TABLE = "/dossiers/dossiers.json"
OBJECTS = {"_shape": "objects", "_size": "10"}
BY_LINK = ({"path": TABLE, "params": {"_shape": "array", "_size": "10"}}, {"type": "header_link"})
BY_CURSOR = (
    {"path": TABLE, "params": {**OBJECTS, "_next": "{cursor}"}, "data_selector": "rows"},
    {"type": "cursor", "cursor_path": "next"},
)
BY_ADDRESS = (
    {"path": TABLE, "params": OBJECTS, "data_selector": "rows"},
    {"type": "json_link", "next_url_path": "next_url"},
)
FORMS = {"Link": BY_LINK, "cursor": BY_CURSOR, "address": BY_ADDRESS}
Pull = Callable[..., PullOutcome]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A table without a primary key, in which a row can stand twice; the applicant is not in the contract."""
    path = tmp_path / "served" / "dossiers.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table dossiers (code, name, received, finished, rate, day, applicant)")
        rows = [(*row, PERSON) for row in ROWS]
        connection.executemany("insert into dossiers values (?, ?, ?, ?, ?, ?, ?)", rows)
    return path


@pytest.fixture
def server(database: Path) -> Iterator[Datasette]:
    with datasette(database) as running:
        yield running


@pytest.fixture
def pulled(tmp_path: Path) -> Pull:
    """Pull a server by a source file and search what was written for the person."""

    def run(server: Datasette, endpoint: dict[str, Any], paginator: dict[str, Any], **given: Any) -> PullOutcome:
        text = YAML.format(
            address=server.address,
            endpoint=json.dumps(endpoint),
            paginator=json.dumps(paginator),
            headers=json.dumps(given.get("headers", {})),
        )
        for old, new in given.get("replaced", {}).items():
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "sources" / "dossiers.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        known = [*GOOD, IMPOSSIBLE, LATE]
        agencies = [AgencyCode(f"id-{code}", "qd20", code, name, "department") for code, name, *_ in known]
        landing = Landing(tmp_path / "landing")
        moment = datetime.now().astimezone()
        outcome = pull(load_source(file), 2025, landing=landing, agencies=agencies, moment=moment)
        assert canaries_in(tmp_path / "landing", str(outcome), [PERSON]) == []
        return outcome

    return run


def codes(outcome: PullOutcome) -> list[str]:
    return [one.code for one in outcome.findings]


def landed(outcome: PullOutcome) -> list[tuple[Any, ...]]:
    assert outcome.pull
    names = ("agency_code", "agency_name", "received", "finished", "rate", "day")
    return [tuple(row[name] for name in names) for row in read_table(outcome.pull.table).to_pylist()]


def served(path: Path) -> list[tuple[Any, ...]]:
    """The good rows as the server's file has them, in the types of the contract."""
    refused = [row[0] for row in (UNKNOWN, IMPOSSIBLE, LATE)]
    sql = "select distinct code, name, received, finished, rate, day from dossiers where code not in (?, ?, ?)"
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(f"{sql} order by code", refused).fetchall()
    return [(*row[:4], Decimal(str(row[4])), date.fromisoformat(row[5])) for row in rows]


@pytest.mark.parametrize("form", FORMS)
def test_every_row_lands_as_the_server_has_it(server: Datasette, pulled: Pull, form: str) -> None:
    """Three pages, read twice as no total is declared; a repeated row counts once, three rows are set aside."""
    outcome = pulled(server, *FORMS[form])
    assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
    assert outcome.counts == {"received": 27, "accepted": 23, "quarantined": 3, "exact_duplicates": 1}
    assert landed(outcome) == served(server.database)
    assert outcome.pull
    aside = {(row["reason"], row["agency_code"]) for row in read_table(outcome.pull.quarantine).to_pylist()}
    assert aside == {("UnknownAgency", "H99.01"), ("NumGtDen", "H01.24"), ("OutsideWindow", "H01.25")}
    assert [page["rows"] for page in outcome.pull.manifest["pages"]] == [10, 10, 7]
    assert pulled(server, *FORMS[form]).status == "unchanged"


def test_the_three_ways_to_page_give_the_same_content(server: Datasette, pulled: Pull) -> None:
    outcomes = [pulled(server, *form) for form in FORMS.values()]
    assert len({one.pull.content_hash for one in outcomes if one.pull}) == 1


def test_P06_the_servers_own_total_counts_a_repeated_row_twice(server: Datasette, pulled: Pull) -> None:
    endpoint, paginator = BY_ADDRESS
    outcome = pulled(server, endpoint, {**paginator, "total_path": "filtered_table_rows_count"})
    assert (outcome.status, codes(outcome)) == ("held", ["TotalMismatch"])
    with closing(sqlite3.connect(server.database)) as connection, connection:
        connection.execute("delete from dossiers where rowid = (select max(rowid) from dossiers)")
    outcome = pulled(server, endpoint, {**paginator, "total_path": "filtered_table_rows_count"})
    assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
    assert outcome.counts == {"received": 26, "accepted": 23, "quarantined": 3, "exact_duplicates": 0}


def test_a_figure_that_the_server_changes_is_a_new_pull_and_noted(server: Datasette, pulled: Pull) -> None:
    assert pulled(server, *BY_LINK).status == "accepted"
    with closing(sqlite3.connect(server.database)) as connection, connection:
        connection.execute("update dossiers set finished = 0 where code = 'H01.07'")
    outcome = pulled(server, *BY_LINK)
    noted = {one.code for one in [*outcome.findings, *outcome.notes]} & {"Restated", "HistoryRestated"}
    assert len(noted) == 1
    assert {row[0]: row[3] for row in landed(outcome)}["H01.07"] == 0
    assert landed(outcome) == served(server.database)


SQL = {"path": "/dossiers.json", "params": {"sql": "select * from dossiers", "_shape": "objects"}}


@pytest.mark.parametrize("declared", [True, False])
def test_A06_a_silent_ceiling(database: Path, pulled: Pull, declared: bool) -> None:
    """Ten rows at most, HTTP 200: refused where the contract names the flag `truncated`, else held by coverage."""
    envelope = [{"path": "truncated", "allowed": [False]}] if declared else []
    endpoint = {**SQL, "data_selector": "rows", "envelope": envelope}
    with datasette(database, "--setting", "max_returned_rows", "10") as server:
        outcome = pulled(server, endpoint, {"type": "single_page"})
    if declared:
        assert (outcome.status, codes(outcome)) == ("failed", ["SourceReportsError"])
    else:
        assert outcome.status == "held"
        assert "CoverageDrop" in codes(outcome)


def test_P11_a_page_larger_than_the_server_allows(database: Path, pulled: Pull) -> None:
    """datasette says so (400) instead of capping silently: the pull fails after one request."""
    with datasette(database, "--setting", "max_returned_rows", "5") as server:
        outcome = pulled(server, *BY_LINK)
    assert (outcome.status, codes(outcome)) == ("failed", ["RequestRefused"])


@pytest.mark.parametrize(("types", "code"), [(["application/json"], "UnexpectedContent"), (["text/plain"], "NotJson")])
def test_H09_one_document_per_line(server: Datasette, pulled: Pull, types: list[str], code: str) -> None:
    """Newline-delimited JSON, which datasette sends as text/plain, is not one document: refused, not cut short."""
    endpoint, paginator = BY_LINK
    asked = {**endpoint, "params": {**endpoint["params"], "_nl": "on"}, "content_types": types}
    outcome = pulled(server, asked, paginator)
    assert (outcome.status, codes(outcome)) == ("failed", [code])


def test_rows_without_names_are_set_aside(server: Datasette, pulled: Pull) -> None:
    """`_shape=arrays` gives rows without names: no row is an object, all are set aside, the pull is held."""
    outcome = pulled(
        server,
        {"path": TABLE, "params": {"_shape": "arrays", "_size": "10"}, "data_selector": "rows"},
        {"type": "json_link", "next_url_path": "next_url"},
    )
    assert outcome.status == "held"
    assert outcome.counts == {"received": 27, "accepted": 0, "quarantined": 27, "exact_duplicates": 0}


def test_H20_a_table_that_is_not_there(server: Datasette, pulled: Pull) -> None:
    outcome = pulled(server, {"path": "/dossiers/nothing.json"}, {"type": "single_page"})
    assert (outcome.status, codes(outcome)) == ("failed", ["NotFound"])


@pytest.mark.parametrize("known", [True, False])
def test_a_secret_header_lets_us_in(
    database: Path, pulled: Pull, known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """datasette serves its own users only; the cookie is signed by datasette itself and comes from the environment."""
    (database.parent / "metadata.json").write_text('{"allow": {"id": "dti"}}')
    cookie = cookie_of("dti" if known else "somebody")
    monkeypatch.setenv("DTI_TEST_COOKIE", cookie)
    with datasette(database, "--metadata", str(database.parent / "metadata.json")) as server:
        outcome = pulled(server, *BY_LINK, headers={"Cookie": {"secret": "DTI_TEST_COOKIE"}})
        if known:
            assert (outcome.status, outcome.counts["accepted"]) == ("accepted", 23)
        else:
            assert (outcome.status, codes(outcome)) == ("failed", ["Forbidden"])
    assert canaries_in(tmp_path / "landing", str(outcome), [cookie, cookie.partition("=")[2]]) == []
    monkeypatch.delenv("DTI_TEST_COOKIE")
    with pytest.raises(ConfigurationError, match="DTI_TEST_COOKIE"):
        pulled(server, *BY_LINK, headers={"Cookie": {"secret": "DTI_TEST_COOKIE"}})


def test_one_number_per_agency(server: Datasette, pulled: Pull) -> None:
    """As identity servers answer: each agency is asked for by its code, and the answer is one number in a list."""
    sql = "select coalesce(sum(received), 0) from dossiers where code = :agency"
    endpoint = {
        "path": "/dossiers.json",
        "params": {"sql": sql, "agency": "{agency_code}", "_shape": "arrayfirst"},
        "data_selector": "[0]",
        "scalar_field": "received",
    }
    fields = YAML.partition("  fields:\n")[2].partition("gates:")[0].replace("{{", "{").replace("}}", "}")
    replaced = {
        "- name: list\n": "- name: list\n    for_each: agency\n",
        "{field: code, scheme: qd20, name: name}": "{by: request, scheme: qd20}",
        fields: "    received: {name: received, type: integer, minimum: 0}\n",
    }
    outcome = pulled(server, endpoint, {"type": "single_page"}, replaced=replaced)
    assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
    assert outcome.pull
    with closing(sqlite3.connect(server.database)) as connection:
        sums = connection.execute("select code, sum(received) from dossiers where code <> ? group by code", ["H99.01"])
        expected = sums.fetchall()
    rows = read_table(outcome.pull.table).to_pylist()
    assert [(row["agency_code"], row["received"]) for row in rows] == expected
    assert len(outcome.pull.manifest["pages"]) == len(expected) == 25
