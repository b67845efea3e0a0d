"""Kind `sql`: views of a genuine PostgreSQL, and of SQLite, pulled under a contract."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors import Landing, PullOutcome, pull
from connectors.contract import Reading
from connectors.tables import read_table
from tests.support.probe import APPLICANT as PERSONAL
from tests.support.probe import YEAR
from tests.support.sql_probe import CODES, PASSWORD, SCHEMA, VARIABLE, VIEW, Figures, probe, register

Pulled = Callable[..., PullOutcome]


@pytest.fixture
def pulled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figures: Figures) -> Pulled:
    monkeypatch.setenv(VARIABLE, PASSWORD)

    def run(year: int = YEAR, agencies: Any = None, **changes: Any) -> PullOutcome:
        source = probe(figures.server.port, **changes)
        now = datetime.now().astimezone()
        known = agencies or register()
        return pull(source, year, landing=Landing(tmp_path / "landing"), agencies=known, moment=now)

    return run


def rows(outcome: PullOutcome) -> list[dict[str, Any]]:
    assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
    assert outcome.pull
    found: list[dict[str, Any]] = read_table(outcome.pull.table).to_pylist()
    return found


def test_a_view_is_pulled_and_the_same_again_is_unchanged(pulled: Pulled) -> None:
    first = pulled()
    assert [(row["agency_code"], row["received"], row["finished"]) for row in rows(first)] == [
        (code, 100 + n, 50 + 2 * n) for n, code in enumerate(CODES, 1)
    ]
    assert first.counts == {"received": 6, "accepted": 6, "quarantined": 0, "exact_duplicates": 0}
    assert first.pull
    (asked,) = first.pull.manifest["requests"]
    assert asked["parameters"] == {"year": YEAR}
    assert "nam = :year" in asked["query"]
    assert [page["rows"] for page in first.pull.manifest["pages"]] == [1, 5]
    assert pulled().status == "unchanged"


def test_a_table_is_read_by_the_columns_of_the_contract_only(pulled: Pulled, figures: Figures) -> None:
    """V01: a new column is told by its name; not one of its values leaves the database."""
    told = figures.server.log()
    outcome = pulled(requests__0__query=None, requests__0__table=VIEW, requests__0__where={"nam": ":year"})
    assert len(rows(outcome)) == 6
    assert sorted(note.field_name for note in outcome.notes) == ["applicant", "on_time", "quy"]
    asked = figures.server.log().removeprefix(told)
    selects = [line for line in asked.splitlines() if "DECLARE" in line and "false" not in line]
    assert len(selects) == 1
    assert "received" in selects[0]
    assert "applicant" not in selects[0]


def test_ten_thousand_rows_come_in_batches_and_each_of_them_lands(
    pulled: Pulled, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Received = accepted + quarantined + duplicates, against what was inserted; no batch is larger than the rest."""
    count, broken, twice = 12_345, 17, 5
    figures.run(
        f"DELETE FROM {SCHEMA}.ho_so",
        f"INSERT INTO {SCHEMA}.ho_so SELECT 'H01.01', 'Sở số 1', {YEAR}, n, n, CASE WHEN n <= {broken} THEN -1 ELSE 0 "
        f"END FROM generate_series(1, {count}) AS n",
        f"INSERT INTO {SCHEMA}.ho_so SELECT * FROM {SCHEMA}.ho_so WHERE quy > {count - twice}",
    )
    batches: list[int] = []
    take = Reading.take

    def counting(self: Reading, request: str, period: str, page: Any, *rest: Any, **named: Any) -> None:
        batches.append(len(page.rows))
        take(self, request, period, page, *rest, **named)

    monkeypatch.setattr(Reading, "take", counting)
    outcome = pulled(
        agencies=register()[:1],
        requests__0__query=f"SELECT agency_code, agency_name, quy, received, finished FROM {VIEW} WHERE nam = :year",
        contract__fields={"quy": {"name": "number", "type": "integer"}},
        contract__key=["quy"],
        gates__quarantine_share=Decimal("0.01"),
    )
    assert len(rows(outcome)) == count - broken
    assert outcome.counts == {
        "received": count + twice,
        "accepted": count - broken,
        "quarantined": broken,
        "exact_duplicates": twice,
    }
    assert sum(batches) == count + twice
    assert len(batches) >= 8
    assert max(batches) <= 2_000


def test_parameters_are_those_of_the_period(pulled: Pulled, figures: Figures) -> None:
    """Quarter, first and last day, and names under `with`, each bound with its own type."""
    figures.run(f"UPDATE {SCHEMA}.ho_so SET quy = 3")
    query = (
        f"SELECT agency_code, agency_name, received, finished FROM {VIEW} WHERE nam = :year AND quy = :quarter "
        "AND DATE '2000-01-01' + make_interval(years => nam - 2000, months => 6) BETWEEN :from AND :to "
        "AND agency_name LIKE :like AND received <> ALL ('{1,2}'::int[]) AND agency_name NOT LIKE '%x%'"
    )
    periods = [{"period": "{year}-Q3", "groups": ["department"], "with": {"like": "Sở%"}}]
    outcome = pulled(requests=[{"name": "list", "query": query, "periods": periods}])
    assert len(rows(outcome)) == 6
    assert outcome.pull
    assert outcome.pull.manifest["requests"][0]["parameters"] == {
        "from": f"{YEAR}-07-01",
        "like": "Sở%",
        "quarter": 3,
        "to": f"{YEAR}-09-30",
        "year": YEAR,
    }


def test_each_agency_is_asked_for_by_a_bound_code(pulled: Pulled, figures: Figures) -> None:
    query = f"SELECT count(*) AS received FROM {VIEW} WHERE nam = :year AND agency_code = :agency_code"
    outcome = pulled(
        requests__0__query=query,
        requests__0__for_each="agency",
        contract__agency={"by": "request", "field": None, "name": None},
        contract__fields={"agency_code": None, "agency_name": None, "finished": None},
        contract__rules=[],
        gates__constant_from_rows=100,
    )
    assert [(row["agency_code"], row["received"]) for row in rows(outcome)] == [(code, 1) for code in CODES]
    assert outcome.pull
    assert outcome.pull.manifest["requests"][0]["parameters"]["agency_code"] == "{agency_code}"


def test_types_arrive_as_the_driver_gives_them(pulled: Pulled, figures: Figures) -> None:
    """A numeric is exact, a date is a day, a moment falls on a day of the source's zone, whatever the server's is."""
    figures.run(
        f"ALTER TABLE {SCHEMA}.ho_so ADD COLUMN closed date DEFAULT '{YEAR}-02-28'",
        f"ALTER TABLE {SCHEMA}.ho_so ADD COLUMN at timestamptz DEFAULT '{YEAR - 1}-12-31T18:00:00Z'",
        f"ALTER TABLE {SCHEMA}.ho_so ADD COLUMN local timestamp DEFAULT '{YEAR}-01-01 00:30'",
        f"UPDATE {SCHEMA}.ho_so SET on_time = 0.1 + 0.2",
    )
    figures.view("*")
    outcome = pulled(
        requests__0__query=f"SELECT *, now()::date AS today FROM {VIEW} WHERE nam = :year",
        contract__fields={
            "on_time": {"name": "on_time", "type": "decimal", "places": 2},
            "closed": {"name": "closed", "type": "date", "format": "iso8601"},
            "at": {"name": "at", "type": "date", "format": "iso8601"},
            "local": {"name": "local", "type": "date", "format": "iso8601", "timezone": "Asia/Ho_Chi_Minh"},
            "today": {"name": "today", "type": "date", "format": "iso8601"},
        },
        contract__ignore=["nam", "quy", "applicant"],
        gates__constant_from_rows=100,
    )
    first = rows(outcome)[0]
    assert (first["on_time"], first["closed"]) == (Decimal("0.30"), date(YEAR, 2, 28))
    assert (first["at"], first["local"]) == (date(YEAR, 1, 1), date(YEAR, 1, 1))
    assert outcome.notes == []


def test_personal_data_in_a_listed_column_is_set_aside_unwritten(
    pulled: Pulled, figures: Figures, tmp_path: Path
) -> None:
    outcome = pulled(
        requests__0__query=f"SELECT *, applicant AS note FROM {VIEW} WHERE nam = :year",
        contract__fields={"note": {"name": "note", "type": "text"}},
    )
    assert (outcome.status, outcome.counts["quarantined"]) == ("held", 6)
    assert "PersonalDataSuspect" in {one.code for one in outcome.findings}
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not [value for value in PERSONAL.values() if value.encode() in everything]


@pytest.fixture
def lite(tmp_path: Path) -> Callable[..., PullOutcome]:
    """Pull the same figures from a file of SQLite."""
    path = tmp_path / "database" / "số liệu.db"
    path.parent.mkdir()
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE ho_so (agency_code TEXT, agency_name TEXT, nam INT, received INT, finished INT)")
        values = [(code, f"Sở số {n}", YEAR, 100 + n, 50 + 2 * n) for n, code in enumerate(CODES, 1)]
        made.executemany("INSERT INTO ho_so VALUES (?, ?, ?, ?, ?)", values)
    made.close()

    def run(where: str = "", **changes: Any) -> PullOutcome:
        query = changes.pop(
            "query", f"SELECT agency_code, agency_name, received, finished FROM ho_so WHERE nam = :year{where}"
        )
        connection = {"drivername": "sqlite", "database": str(path), "host": None, "username": None, "password": None}
        source = probe(
            5432, connection={**connection, **changes.pop("connection", {})}, requests__0__query=query, **changes
        )
        landing = Landing(tmp_path / "landing")
        return pull(source, YEAR, landing=landing, agencies=register(), moment=datetime.now().astimezone())

    return run


def test_sqlite_goes_by_its_driver(lite: Pulled, tmp_path: Path) -> None:
    before = (tmp_path / "database" / "số liệu.db").read_bytes()
    assert [(row["agency_code"], row["received"]) for row in rows(lite())] == [
        (code, 100 + n) for n, code in enumerate(CODES, 1)
    ]
    assert [path.name for path in (tmp_path / "database").iterdir()] == ["số liệu.db"]
    assert (tmp_path / "database" / "số liệu.db").read_bytes() == before


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS received FROM n"
SQLITE_FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "writes": ("WriteRefused", {"query": "WITH x AS (SELECT 1) DELETE FROM ho_so RETURNING agency_code"}),
    "never ends": ("QueryTimeout", {"query": ENDLESS, "limits": {"request_seconds": 0.5}}),
    "no such column": ("QueryRefused", {"where": " AND mau = 1"}),
    "no such file": ("DatabaseMissing", {"connection": {"database": "/nowhere/x.db"}}),
    "binary floats": ("QuarantineLimit", {"where": " UNION SELECT 'H01.07', 'x', 0.1, 0"}),
}


@pytest.mark.parametrize("case", SQLITE_FAULTS)
def test_sqlite_is_held_to_the_same_rules(case: str, lite: Pulled) -> None:
    code, changes = SQLITE_FAULTS[case]
    outcome = lite(**changes)
    assert code in {one.code for one in outcome.findings}
    assert outcome.status == ("held" if case == "binary floats" else "failed")
