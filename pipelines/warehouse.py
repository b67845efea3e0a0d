"""Reading published results: read-only connections to a release, and the questions that commands ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from common.errors import ConfigurationError, DtiError, Text, UsageError
from pipelines import releases
from pipelines.moments import parse_moment
from pipelines.releases import Release
from pipelines.settings import Deployment
from pipelines.sql import fill, literal, records

_MEMORY = "256MB"
_LOCKED_DOWN = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    "lock_configuration": "true",
}


def open_release(release: Release) -> duckdb.DuckDBPyConnection:
    """A read-only connection that can reach nothing but this file."""
    return duckdb.connect(str(release.file), read_only=True, config=dict(_LOCKED_DOWN))


@contextmanager
def beside(**files: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads DuckDB files side by side, each under the name given, and can reach nothing else.

    It keeps little of them in memory and waits on disk with the rest, for work that goes through all of a release.
    """
    with TemporaryDirectory(prefix="dti-") as spill, duckdb.connect() as con:
        con.execute(f"set memory_limit = '{_MEMORY}'")
        con.execute(f"set temp_directory = {literal(spill)}")
        for name, file in files.items():
            con.execute(f"attach {literal(str(file))} as {name} (read_only)")
        for setting, value in _LOCKED_DOWN.items():
            con.execute(f"set {setting} = {value}")
        yield con


def find(deployment: Deployment, as_of: str = "", number: int | None = None) -> Release:
    """The release asked for: by number, by the day whose knowledge it is, or the current one."""
    if number is not None:
        folder = deployment.releases / str(number)
        if not folder.is_dir():
            raise UsageError(
                "unknown-release",
                Text(f"không có bản phát hành {number}", f"there is no release {number}"),
                hint=Text("xem: dti release list", "see: dti release list"),
            )
        return releases.read(folder)
    if as_of:
        return releases.known_at(deployment, moment_of(as_of))
    release = releases.shown(deployment)
    if release is None:
        raise ConfigurationError(
            "no-release",
            Text("chưa có bản phát hành nào", "nothing is published yet"),
            hint=Text("dti refresh --year NĂM", "dti refresh --year YEAR"),
            where=str(deployment.warehouse),
        )
    return release


def moment_of(text: str) -> datetime:
    """An ISO day or moment; raise `UsageError` (exit 2) for anything else."""
    try:
        return parse_moment(text)
    except ValueError:
        raise UsageError(
            "not-a-day",
            Text(f"'{text}' không phải ngày", f"'{text}' is not a day"),
            hint=Text("ví dụ 2025-10-16", "for example 2025-10-16"),
        ) from None


@dataclass(frozen=True)
class Ranking:
    """One ranking: a group of agencies, one year and one period, under one ruleset."""

    release: Release
    ruleset_id: str
    group: str
    year: int
    period: str
    rows: list[dict[str, Any]]
    main_indices: list[dict[str, Any]]
    exemptions: list[dict[str, Any]]
    other_periods: list[str]
    revision: int | None
    """The revision in which the year is frozen; None while its result is provisional."""


_PERIODS = """
select distinct period, ruleset_id from rankings where assessment_year = {year} and agency_group = {group}
order by length(period), period desc
"""
_ROWS = """
select r.*, a.name_vi
from rankings as r
inner join agencies as a using (agency_id)
where ruleset_id = {ruleset} and r.agency_group = {group} and assessment_year = {year} and period = {period}
order by rank nulls last, name_vi
"""
_PARTS = """
select agency_id, main_index_code, points, max_points from main_index_scores
where ruleset_id = {ruleset} and agency_group = {group} and assessment_year = {year} and period = {period}
"""
_EXEMPT = """
select agency_id, indicator_code, article, points, status from indicator_scores
where article is not null and ruleset_id = {ruleset} and agency_group = {group}
    and assessment_year = {year} and period = {period}
order by all
"""
_MAIN_INDICES = """
select main_index_code, name_vi, name_en, max_points from main_indices where ruleset_id = {ruleset} order by position
"""


def ranking(release: Release, year: int, group: str, period: str = "") -> Ranking:
    """The ranking of a group; without `period` the whole year if it has figures, else its newest period."""
    with open_release(release) as con:
        found = con.execute(fill(_PERIODS, year=year, group=group)).fetchall()
        chosen = [row for row in found if not period or row[0] == period]
        if not chosen:
            raise _nothing(con, year, group, period)
        shown, ruleset_id = chosen[0]
        rows = records(con, fill(_ROWS, ruleset=ruleset_id, group=group, year=year, period=shown))
        parts = records(con, fill(_PARTS, ruleset=ruleset_id, group=group, year=year, period=shown))
        order = records(con, fill(_MAIN_INDICES, ruleset=ruleset_id))
        exempt = records(con, fill(_EXEMPT, ruleset=ruleset_id, group=group, year=year, period=shown))
        revision = revision_of(con, year)
    points = {(part["agency_id"], part["main_index_code"]): part["points"] for part in parts}
    for row in rows:
        row["main_indices"] = {
            one["main_index_code"]: points.get((row["agency_id"], one["main_index_code"])) for one in order
        }
    others = [row[0] for row in found if row[0] != shown]
    return Ranking(release, ruleset_id, group, year, shown, rows, order, exempt, others, revision)


def revision_of(con: duckdb.DuckDBPyConnection, year: int) -> int | None:
    """The revision of a frozen year; releases that are older than freezing have no such table."""
    if not con.execute("select 1 from duckdb_tables() where table_name = 'frozen_years'").fetchall():
        return None
    found = con.execute(fill("select revision from frozen_years where assessment_year = {year}", year=year)).fetchall()
    return int(found[0][0]) if found else None


_NOT_PUBLIC = """
select r.ruleset_id, r.decision, r.indicator_count, cast(r.max_total as decimal(18, 0))
from ruleset_years as y
inner join rulesets as r using (ruleset_id)
where not r.public and y.assessment_year = {year} and y.agency_group = {group}
"""


def _nothing(con: duckdb.DuckDBPyConnection, year: int, group: str, period: str) -> DtiError:
    """Why there is no such ranking: a decision whose annex is not here, or nothing by that name."""
    hidden = con.execute(fill(_NOT_PUBLIC, year=year, group=group)).fetchall()
    if hidden and not period:
        from rulesets.scoring.inputs import not_public

        finding = not_public(*hidden[0])
        return ConfigurationError(finding.code, finding.message, hint=finding.hint, where=finding.where)
    have = con.execute("select distinct assessment_year, agency_group, period from rankings order by all").fetchall()
    listed = "; ".join(f"{row[0]} {row[1]} {row[2]}" for row in have) or "–"
    wanted = f"{year} {group} {period}".strip()
    return UsageError(
        "no-ranking",
        Text(f"không có bảng xếp hạng {wanted}", f"there is no ranking {wanted}"),
        hint=Text(f"hiện có: {listed}", f"there are: {listed}"),
    )


def no_ranking(release: Release, year: int, group: str, period: str = "") -> DtiError:
    """The error that a ranking is not in a release, with what is."""
    with open_release(release) as con:
        return _nothing(con, year, group, period)


def query(release: Release, sql: str) -> list[dict[str, Any]]:
    """Rows of any query over a release."""
    with open_release(release) as con:
        return records(con, sql)


def is_simulated(release: Release, year: int) -> bool:
    """Whether figures of a year come from a simulated system: everything that shows them says so."""
    sql = "select count(*) as pulls from pulls where simulated and assessment_year = {year}"
    return bool(query(release, fill(sql, year=year))[0]["pulls"])
