"""Sources of kind `sql`: mistakes in their YAML are told by line, before any database is asked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
import yaml
from jsonschema import Draft202012Validator

from common.errors import ConfigurationError
from common.yaml_files import parse_model, parse_yaml
from connectors import source_schema
from connectors.databases.model import account_of, database_of
from connectors.kinds.sql_queries import parameters_of
from connectors.sql_model import SqlSource, placeholders
from tests.support.sql_probe import DOCUMENT, PASSWORD, QUERY, VARIABLE, probe

TEXT = yaml.safe_dump({**DOCUMENT, "limits": {}}, allow_unicode=True, sort_keys=False, width=500)


def parsed(text: str) -> SqlSource:
    return parse_model(parse_yaml(text, Path("probe.yaml")), SqlSource)


def changed(**changes: Any) -> str:
    """The probe's YAML with parts of its first request or connection replaced."""
    document = yaml.safe_load(TEXT)
    for path, value in changes.items():
        *parents, last = path.split("__")
        part = document
        for parent in parents:
            part = part[int(parent) if parent.isdigit() else parent]
        part[last] = value
        if value is None:
            del part[last]
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=500)


QUARTERS = [{"period": f"{{year}}-Q{n}", "groups": ["department"]} for n in (1, 2)]
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "deletes": ({"requests__0__query": "DELETE FROM x"}, "not-a-query"),
    "calls": ({"requests__0__query": "CALL x()"}, "not-a-query"),
    "two statements": ({"requests__0__query": f"{QUERY}; DROP TABLE x"}, "not-a-query"),
    "hidden behind a string": ({"requests__0__query": f"{QUERY} AND '--' = '--'; DROP TABLE x"}, "not-a-query"),
    "hidden in a comment": ({"requests__0__query": "/* SELECT */ DROP TABLE x"}, "not-a-query"),
    "written into the text": ({"requests__0__query": QUERY.replace(":year", "{year}")}, "not-bound"),
    "cast by colons": ({"requests__0__query": QUERY.replace(":year", ":year::int")}, "not-bound"),
    "an unknown parameter": ({"requests__0__query": f"{QUERY} AND quy = :quarter"}, "unknown-placeholder"),
    "query and table": ({"requests__0__table": "so_lieu.v"}, "missing-key"),
    "neither of them": ({"requests__0__query": None}, "missing-key"),
    "where without a table": ({"requests__0__where": {"nam": ":year"}}, "invalid-value"),
    "where by value": (
        {"requests__0__query": None, "requests__0__table": "v", "requests__0__where": {"a": "1"}},
        "invalid-value",
    ),
    "a table that is more": ({"requests__0__query": None, "requests__0__table": "v; DROP TABLE x"}, "invalid-value"),
    "two periods, one question": ({"requests__0__periods": QUARTERS}, "same-question"),
    "each agency, not asked for": ({"requests__0__for_each": "agency"}, "for-each-agency"),
    "a list under with": ({"requests__0__with": {"x": [1]}}, "invalid-value"),
    "values as text": ({"contract__values": "strings"}, "invalid-value"),
    "a password in the file": ({"connection__password": "hunter2"}, "secret-in-file"),
    "another driver": ({"connection__drivername": "mssql+pyodbc"}, "unknown-driver"),
    "no host": ({"connection__host": None}, "missing-key"),
    "a host that is more": ({"connection__host": "127.0.0.1 options=-cx=y"}, "invalid-value"),
    "a private address": ({"connection__host": "10.0.0.5"}, "unsafe-address"),
    "no network": ({"allowed_networks": ["10.0.0.0/99"]}, "invalid-value"),
    "sslmode": ({"connection__sslmode": "disable"}, "unknown-key"),
    "an account for a file": ({"connection__drivername": "sqlite"}, "invalid-value"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_are_told_by_line(case: str) -> None:
    changes, code = MISTAKES[case]
    with pytest.raises(ConfigurationError) as caught:
        parsed(changed(**changes))
    error = caught.value
    places = [one.where for one in error.findings] or [error.where]
    assert all(place.startswith("probe.yaml:") for place in places)
    assert code in {one.code for one in error.findings} | {error.code}, error.findings
    assert "hunter2" not in f"{error} {error.findings}"


def test_a_driver_that_is_refused_says_why() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parsed(changed(connection__drivername="oracle+oracledb"))
    assert "cannot be held to reading only" in caught.value.message.en
    assert "postgresql+psycopg" in caught.value.hint.en


@pytest.mark.parametrize(
    "query",
    [
        "SELECT a::int, ':x' FROM t WHERE b = :year AND c >= CAST(:from AS date) AND d < :to",
        "SELECT '12:30', a\\:\\:int FROM t WHERE at > :from",
        "WITH x AS (SELECT :year) SELECT * FROM x -- :quarter",
        "SELECT x[1:2], ARRAY[:a, :b] FROM t WHERE e = :_under AND đ = :năm",
    ],
)
def test_parameters_are_those_that_sqlalchemy_sees(query: str) -> None:
    assert set(placeholders(query)) == set(sqlalchemy.text(query).compile().params)


def test_parameters_of_every_kind_of_period() -> None:
    """Numbers as numbers, days as days or as text; `with` wins."""
    query = "SELECT :year, :from, :to, :quarter, :x"
    request = {"requests__0__query": query, "requests__0__with": {"x": "a", "quarter": 9}}
    period = [{"period": "{year}-Q3", "groups": ["department"], "with": {"x": "b"}}]
    listing = probe(1, **request, requests__0__periods=period).requests[0]
    found = parameters_of(listing, listing.periods[0], 2025)
    assert {name: str(value) for name, value in found.items()} == {
        "year": "2025",
        "from": "2025-07-01",
        "to": "2025-09-30",
        "quarter": "9",
        "x": "b",
    }
    assert isinstance(found["year"], int)
    window = {"end": "next_day", "format": "%Y%m%d"}
    listing = probe(1, **request, requests__0__periods=period, requests__0__window=window).requests[0]
    assert parameters_of(listing, listing.periods[0], 2025)["to"] == "20251001"


def test_what_is_asked_is_part_of_the_contract() -> None:
    """Another query, table, parameter or window is another contract; another host or title is not."""
    base = probe(1).contract_hash
    assert probe(2, title={"vi": "x", "en": "y"}).contract_hash == base
    others = [
        probe(1, requests__0__query=f"{QUERY} AND quy = 1"),
        probe(1, requests__0__query=None, requests__0__table="so_lieu.v_ho_so"),
        probe(1, requests__0__query=None, requests__0__table="so_lieu.v_ho_so", requests__0__where={"nam": ":year"}),
        probe(1, requests__0__with={"year": 2020}),
        probe(1, requests__0__window={"end": "next_day"}),
        probe(1, contract__version=2),
    ]
    assert len({base, *(one.contract_hash for one in others)}) == 1 + len(others)


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("connectors.databases.postgresql")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError) as caught:
        database_of(probe(1))
    assert (caught.value.code, caught.value.hint.en) == ("driver-missing", "pip install 'psycopg[binary]'")


def test_the_account_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, PASSWORD)
    account = account_of(probe(1))
    assert account.password == PASSWORD
    assert PASSWORD not in repr(account)
    monkeypatch.delenv(VARIABLE)
    monkeypatch.delenv("DTI_SECRETS", raising=False)
    with pytest.raises(ConfigurationError, match=VARIABLE):
        account_of(probe(1))


def test_the_editors_schema_knows_this_kind() -> None:
    validator = Draft202012Validator(source_schema())
    body = parse_yaml(TEXT, Path("probe.yaml")).data
    assert list(validator.iter_errors(body)) == []
    assert list(validator.iter_errors({**body, "connection": {"drivername": "sqlite"}})) != []
