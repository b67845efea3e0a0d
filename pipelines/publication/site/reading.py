"""What the pages show, read from a release. Nothing is scored here: points, shares and ranks are the release's.

Medians and the best of a group are the only figures made here, by the database, from published points. A release that
is older than a table or a column is read as if that were empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from pipelines.groups import GROUPS
from pipelines.publication.site import places
from pipelines.releases import Release
from pipelines.sql import fill, literal, records
from pipelines.warehouse import beside

Row = dict[str, Any]

# What later versions added, with the type of each column.
_LATER: dict[str, dict[str, str]] = {
    "rulesets": {
        "ranked_within": "varchar", "replaces": "varchar[]", "reference": "varchar", "method_vi": "varchar[]",
        "method_en": "varchar[]", "notes": "varchar[]",
    },
    "indicators": {"rule_vi": "varchar", "rule_en": "varchar"},
    "grades": {
        "ruleset_id": "varchar", "position": "integer", "grade": "varchar", "asked_vi": "varchar",
        "asked_en": "varchar",
    },
    "exception_articles": {
        "ruleset_id": "varchar", "article": "varchar", "policy": "varchar", "indicator_codes": "varchar[]",
        "who_vi": "varchar", "who_en": "varchar", "why": "varchar",
    },
    "claimed_points": {
        "ruleset_id": "varchar", "agency_id": "varchar", "assessment_year": "integer", "period": "varchar",
        "indicator_code": "varchar", "points_claimed": "decimal(18, 2)", "evidence": "varchar",
    },
    "entered_scores": {
        "ruleset_id": "varchar", "agency_id": "varchar", "assessment_year": "integer", "period": "varchar",
        "code": "varchar", "points": "varchar", "document": "varchar", "reason": "varchar", "decided_on": "date",
    },
    "figure_differences": {
        "ruleset_id": "varchar", "agency_id": "varchar", "assessment_year": "integer", "period": "varchar",
        "indicator_code": "varchar", "metric": "varchar", "declared": "decimal(38, 6)", "collected": "decimal(38, 6)",
        "difference": "decimal(38, 6)",
    },
    "source_states": {
        "source": "varchar", "title_vi": "varchar", "title_en": "varchar", "assessment_year": "integer",
        "state": "varchar", "confirmed_at": "timestamp", "pull_id": "varchar", "missing": "integer",
    },
    "frozen_years": {
        "assessment_year": "integer", "revision": "integer", "as_of": "timestamp", "frozen_at": "timestamp",
        "reason": "varchar",
    },
    "frozen_differences": {
        "assessment_year": "integer", "revision": "integer", "agency_id": "varchar", "period": "varchar",
        "what": "varchar", "code": "varchar", "frozen_value": "varchar", "rebuilt_value": "varchar", "cause": "varchar",
    },
}  # fmt: skip


@contextmanager
def reader(release: Release) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to a release; what it is too old to have stands there empty."""
    with beside(release=release.file) as con:
        con.execute("use release")
        have: dict[str, set[str]] = {}
        for table, column in con.execute("select table_name, column_name from duckdb_columns()").fetchall():
            have.setdefault(table, set()).add(column)
        for table, columns in _LATER.items():
            lacking = {name: kind for name, kind in columns.items() if name not in have.get(table, set())}
            if lacking:
                empty = ", ".join(f"null::{kind} as {name}" for name, kind in lacking.items())
                source = (
                    f"select *, {empty} from release.main.{table}" if table in have else f"select {empty} where false"
                )
                con.execute(f"create temp view {table} as {source}")
        yield con


@dataclass(frozen=True)
class Board:
    """One ranking: a ruleset, a group, a year and a period, with what its pages share."""

    ruleset_id: str
    group: str
    year: int
    period: str
    agencies: int
    ranked: int
    covered: int
    assessed: int
    best: Decimal | None
    middle: Decimal | None
    max_total: Decimal
    simulated: bool
    scored: bool
    """Whether indicators were scored; else points were entered for main indices or totals."""
    revision: int | None
    frozen_on: Any
    ruleset: Row
    main_indices: list[Row]
    pillars: list[Row]

    @property
    def folder(self) -> str:
        return places.board_folder(self.period, self.group, self.ruleset_id)

    def page(self, name: str) -> str:
        return f"{self.folder}/{name}"

    @property
    def home(self) -> str:
        return self.page("index.html")

    def agency(self, agency_id: str) -> str:
        return self.page(f"agency/{places.safe(agency_id)}.html")

    def indicator(self, code: str) -> str:
        return self.page(f"indicator/{places.safe(code)}.html")

    @property
    def method(self) -> str:
        return f"method/{places.slug(self.ruleset_id)}.html"

    @property
    def name(self) -> str:
        return GROUPS[self.group].vi if self.group in GROUPS else self.group

    @property
    def name_en(self) -> str:
        return GROUPS[self.group].en if self.group in GROUPS else self.group

    @property
    def official(self) -> bool:
        return self.revision is not None

    def key(self, of: str = "") -> str:
        """The condition that a row belongs to this ranking's ruleset, year and period; `of` is the table's alias."""
        dot = f"{of}." if of else ""
        wanted: dict[str, str | int] = {
            "ruleset_id": self.ruleset_id,
            "assessment_year": self.year,
            "period": self.period,
        }
        return " and ".join(f"{dot}{name} = {literal(value)}" for name, value in wanted.items())

    def rows(self, of: str = "") -> str:
        """As `key`, of one group."""
        return f"{self.key(of)} and {of + '.' if of else ''}agency_group = {literal(self.group)}"


_BOARDS = """
select r.ruleset_id, r.agency_group as "group", r.assessment_year as year, r.period, count(*) as agencies,
    count(r.rank) as ranked, sum(r.covered)::integer as covered, sum(r.assessed)::integer as assessed,
    max(r.total) as best, median(r.total) as middle, max(r.max_total) as max_total,
    any_value(f.revision) as revision, any_value(f.frozen_at) as frozen_on,
    exists (from pulls as p where p.simulated and p.assessment_year = r.assessment_year) as simulated,
    exists (from indicator_scores as s where s.ruleset_id = r.ruleset_id and s.agency_group = r.agency_group
        and s.assessment_year = r.assessment_year and s.period = r.period) as scored
from rankings as r
left join frozen_years as f using (assessment_year)
group by r.ruleset_id, r.agency_group, r.assessment_year, r.period
order by r.assessment_year desc, length(r.period), r.period desc, r.agency_group, r.ruleset_id
"""
_RANKS = """
select {what}
from rankings as r
inner join agencies as a using (agency_id)
left join agencies as p on p.agency_id = r.parent_id
where {where}
order by {first} r.rank nulls last, a.name_vi, r.agency_id
"""


def boards(con: duckdb.DuckDBPyConnection) -> list[Board]:
    """Every ranking of the release: newest year first, whole years before quarters and months, groups from the top."""
    rulesets = {row["ruleset_id"]: row for row in records(con, "from rulesets")}
    mains, pillars = (_by_ruleset(con, table) for table in ("main_indices", "pillars"))
    order = list(GROUPS)
    found = [
        Board(
            **row,
            ruleset=rulesets[row["ruleset_id"]],
            main_indices=mains.get(row["ruleset_id"], []),
            pillars=pillars.get(row["ruleset_id"], []),
        )
        for row in records(con, _BOARDS)
    ]
    place = {group: number for number, group in enumerate(order)}
    return sorted(found, key=lambda one: (-one.year, len(one.period), place.get(one.group, len(order))))


def _by_ruleset(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in records(con, f"from {table} order by ruleset_id, position"):
        found.setdefault(row["ruleset_id"], []).append(row)
    return found


def order(con: duckdb.DuckDBPyConnection, board: Board) -> list[tuple[str, str, int | None]]:
    """Id, name and rank of the agencies of a ranking, in order; where ranks are counted within a parent, by parent."""
    first = "p.name_vi," if board.ruleset["ranked_within"] == "parent" else ""
    what = "r.agency_id, a.name_vi, r.rank"
    return con.execute(_RANKS.format(what=what, where=board.rows("r"), first=first)).fetchall()


def ranks(con: duckdb.DuckDBPyConnection, board: Board, ids: Sequence[str]) -> list[Row]:
    """Rows of some agencies of a ranking with names, in the order of `ids`."""
    where = f"{board.rows('r')} and r.{among(ids)}"
    what = "r.*, a.name_vi, p.name_vi as parent_name"
    found = {row["agency_id"]: row for row in records(con, _RANKS.format(what=what, where=where, first=""))}
    return [found[one] for one in ids]


def parts(con: duckdb.DuckDBPyConnection, board: Board, level: str, ids: Sequence[str]) -> dict[str, dict[str, Row]]:
    """Points of some agencies by agency and code; `level` is `main_index` or `pillar`."""
    found: dict[str, dict[str, Row]] = {}
    sql = f"select agency_id, {level}_code as code, points, max_points, share, rank, covered, assessed "
    for row in records(con, f"{sql} from {level}_scores where {board.rows()} and {among(ids)}"):
        found.setdefault(row["agency_id"], {})[row["code"]] = row
    return found


def among(ids: Sequence[str]) -> str:
    """The condition that a row speaks of one of these agencies."""
    return f"agency_id in ({', '.join(literal(one) for one in ids) or 'null'})"


def spread(con: duckdb.DuckDBPyConnection, board: Board, level: str) -> dict[str, Row]:
    """Median and best of the group by code; `level` is `main_index`, `pillar` or `indicator`."""
    sql = (
        f"select {level}_code as code, median(points) as middle, max(points) as best, min(points) as least, "
        f"max(max_points) as max_points, count(points) as known, count(*) as agencies "
        f"from {level}_scores where {board.rows()} group by all order by all"
    )
    return {row["code"]: row for row in records(con, sql)}


def indicators(con: duckdb.DuckDBPyConnection, ruleset_id: str) -> list[Row]:
    return records(con, fill("from indicators where ruleset_id = {r} order by position", r=ruleset_id))


def names(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """Names of indicators and main indices by ruleset and code."""
    rows = con.execute(
        "select ruleset_id, indicator_code, name_vi from indicators union all "
        "select ruleset_id, main_index_code, name_vi from main_indices"
    ).fetchall()
    return {(ruleset, code): name for ruleset, code, name in rows}


def inputs(con: duckdb.DuckDBPyConnection, ruleset_id: str) -> dict[str, list[Row]]:
    """What feeds each indicator, with the meaning of every metric."""
    sql = """select i.indicator_code, i.role, m.metric, m.unit, m.meaning_vi, m.meaning_en, m.source
        from indicator_inputs as i inner join metrics as m on m.metric = i.metric_id where i.ruleset_id = {r}
        order by i.indicator_code, i.part, i.item, i.role desc, m.metric"""
    found: dict[str, list[Row]] = {}
    for row in records(con, fill(sql, r=ruleset_id)):
        found.setdefault(row["indicator_code"], []).append(row)
    return found


_OF_INDICATOR = """
select s.agency_id, a.name_vi, s.points, s.max_points, s.status, s.reason, s.article, s.trace
from indicator_scores as s
inner join agencies as a using (agency_id)
where s.indicator_code = {code} and {where}
order by s.points desc nulls last, a.name_vi, s.agency_id
"""


def of_indicator(con: duckdb.DuckDBPyConnection, board: Board, code: str, size: int) -> Iterator[list[Row]]:
    """All agencies of a ranking in one indicator, most points first, so many at a time; `con` serves nothing else
    meanwhile. One empty list where there are none."""
    cursor = con.execute(_OF_INDICATOR.format(code=literal(code), where=board.rows("s")))
    columns = [column[0] for column in cursor.description or []]
    rows = cursor.fetchmany(size)
    yield [dict(zip(columns, row, strict=True)) for row in rows]
    while len(rows) == size and (rows := cursor.fetchmany(size)):
        yield [dict(zip(columns, row, strict=True)) for row in rows]


def points_of(con: duckdb.DuckDBPyConnection, board: Board, code: str) -> list[Decimal | None]:
    """The points of all agencies of a ranking in one indicator, in no order."""
    sql = f"select points from indicator_scores where indicator_code = {literal(code)} and {board.rows()}"
    return [row[0] for row in con.execute(sql).fetchall()]
