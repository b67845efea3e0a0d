"""The sample province as connector tests use it: its register, its sources, and the figures that its models make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import jinja2
import pyarrow as pa

from connectors import AgencyCode, AnySource, Landing, PullOutcome, load_source, pull
from connectors.simulator.truth import Ledger, ledger, sample_agencies
from connectors.tables import contract_schema
from rulesets.metrics import load_metrics

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "dbt_project" / "models"
SOURCES = sorted((ROOT / "data" / "sources").glob("*.yaml"))
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
IN_NOVEMBER = datetime(2024, 11, 15, 23, 59, 59, tzinfo=VIETNAM)  # when agencies hand in
YEARS_LATER = datetime(2025, 10, 16, 7, tzinfo=VIETNAM)


def register() -> list[AgencyCode]:
    """All agencies of the sample, by every scheme in which they have a code."""
    return [
        AgencyCode(agency.agency_id, scheme, code, agency.name, agency.group)
        for agency in sample_agencies()
        for scheme, code in agency.codes.items()
    ]


def source(name: str) -> Any:
    """A source of the sample deployment as it is shipped."""
    return load_source(ROOT / "data" / "sources" / f"{name}.yaml")


def changed(of: AnySource, **changes: Any) -> Any:
    """A source with parts replaced: `endpoint={"params": …}` changes those keys of the endpoint."""
    update = {
        key: getattr(of, key).model_copy(update=value) if isinstance(value, dict) else value
        for key, value in changes.items()
    }
    return of.model_copy(update=update)


def pulled(
    of: AnySource | str, folder: Path, year: int = 2024, moment: datetime = IN_NOVEMBER, **changes: Any
) -> PullOutcome:
    """Pull a source of the sample into the landing of a folder."""
    asked = source(of) if isinstance(of, str) else of
    agencies = changes.pop("agencies", None) or register()
    return pull(asked, year, landing=Landing(folder / "landing"), agencies=agencies, moment=moment, **changes)


def book(year: int = 2024, moment: datetime = IN_NOVEMBER) -> Ledger:
    """The ledger of a year that the sample has."""
    found = ledger(year, moment)
    assert found
    return found


def truth(year: int, moment: datetime, metrics: Iterable[str]) -> dict[tuple[str, str], str]:
    """What the ledger says of some metrics, as text, by agency id and metric; nothing where nobody reported."""
    figures = book(year, moment).figures
    wanted = set(metrics)
    return {key: str(value) for key, value in figures.items() if key[1] in wanted and value is not None}


def figures(model: str, outcomes: Sequence[PullOutcome]) -> dict[tuple[str, str], str]:
    """What a model of the dbt project makes of some pulls, by agency id and metric: its own SQL on the landed rows."""
    rows = model_rows(model, outcomes)
    found = {(row["agency_id"], row["metric"]): row["value"] for row in rows}
    assert len(found) == len(rows)
    return found


def model_rows(model: str, outcomes: Sequence[PullOutcome]) -> list[dict[str, Any]]:
    """The rows of a model on the rows of some pulls; sources without a pull are empty."""
    con = duckdb.connect()
    _write_reference(con)
    for outcome in outcomes:
        assert outcome.pull, outcome.findings
        one = outcome.pull
        as_of = one.moment.astimezone(VIETNAM).replace(tzinfo=None)
        con.execute(
            f"create table accepted_{one.source} as select *, ? as source, ? as assessment_year, ? as pull_id, "
            "cast(? as timestamp) as as_of from read_parquet(?)",
            [one.source, one.assessment_year, one.pull_id, as_of, str(one.table)],
        )
    _create(con, model)
    return con.sql(f"from {model} order by all").to_arrow_table().to_pylist()


def failures(test: str, rows: Mapping[str, Sequence[Mapping[str, Any]]], **arguments: Any) -> list[dict[str, Any]]:
    """What a generic test of the dbt project finds in some relations: rows by name, which `arguments` may name."""
    path = ROOT / "dbt_project" / "tests" / "generic" / f"{test}.sql"
    body = re.sub(r"\{% (test .*?|endtest) %\}", "", path.read_text(encoding="utf-8"))
    con = duckdb.connect()
    for name, given in rows.items():
        con.register(f"given_{name}", pa.Table.from_pylist([dict(row) for row in given]))
        con.execute(f"create table {name} as from given_{name}")
    found: list[dict[str, Any]] = con.sql(jinja2.Template(body).render(**arguments)).to_arrow_table().to_pylist()
    return found


def _create(con: duckdb.DuckDBPyConnection, model: str) -> None:
    """A model as a view, and first those that it is made of."""
    path = next(MODELS.rglob(f"{model}.sql"))
    macros = "\n".join(
        one.read_text(encoding="utf-8") for one in sorted((ROOT / "dbt_project" / "macros").glob("*.sql"))
    )
    macros += "{% macro pulls_of(source) %}{% endmacro %}"  # there is no build that could tell of its pulls
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False, extensions=["jinja2.ext.do"])

    def ref(name: str) -> str:
        _create(con, name)
        return name

    def from_source(schema: str, table: str) -> str:
        if schema == "accepted":
            _create_empty(con, table)
        return f"accepted_{table}" if schema == "accepted" else table

    text = environment.from_string(macros + path.read_text(encoding="utf-8")).render(ref=ref, source=from_source)
    con.execute(f"create or replace view {model} as {text}")


def _create_empty(con: duckdb.DuckDBPyConnection, name: str) -> None:
    nothing = contract_schema(source(name).contract).empty_table()
    con.register("nothing", nothing)
    con.execute(
        f"create table if not exists accepted_{name} as select *, '' as source, 0 as assessment_year, '' as pull_id, "
        "null::timestamp as as_of from nothing"
    )


def _write_reference(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create table source_agencies (source text, code text, agency_id text, valid_from date, valid_to date)")
    schemes = {path.stem: source(path.stem).contract.agency.scheme for path in SOURCES if ".suite" not in path.name}
    con.executemany(
        "insert into source_agencies values (?, ?, ?, '0001-01-01', '9999-12-31')",
        [
            [name, one.code, one.agency_id]
            for name, scheme in schemes.items()
            for one in register()
            if one.scheme == scheme
        ],
    )
    con.execute("create table metrics (metric text, within_days integer)")
    con.executemany("insert into metrics values (?, ?)", [[one.id, one.within_days] for one in load_metrics().values()])
