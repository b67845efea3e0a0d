"""What changed between two releases: per agency the total, the rank, and why, down to the indicators.

The parts of an agency's change add up exactly to the change of its total: one part per indicator or entered main index
whose points differ, each with its reason, and where totals are rounded one part for that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from common.errors import Text
from pipelines.releases import Release
from pipelines.sql import literal, ranges, records
from pipelines.warehouse import beside

REASONS = {
    "ruleset": Text("đổi bộ chỉ số", "ruleset changed"),
    "register": Text("đổi sổ đăng ký cơ quan", "register changed"),
    "entered": Text("vào danh sách xếp hạng", "entered the ranking"),
    "left": Text("ra khỏi danh sách xếp hạng", "left the ranking"),
    "new": Text("có số liệu mới", "new data"),
    "gone": Text("không còn số liệu", "data gone"),
    "restated": Text("nguồn cập nhật lại số liệu", "source restated"),
    "appraisal": Text("quyết định thẩm định", "appraisal"),
    "correction": Text("đính chính số liệu nguồn", "correction of a source's figure"),
    "exception": Text("miễn áp dụng", "exception"),
    "peers": Text("số liệu của cơ quan khác thay đổi mốc so sánh", "other agencies' figures changed the measure"),
    "rounding": Text("làm tròn", "rounding"),
    "computed": Text("cùng số liệu, cách tính khác", "same figures, computed differently"),
    "others": Text("cơ quan khác thay đổi", "other agencies moved"),
}

_RANKINGS = """
select agency_id, agency_group, assessment_year, period,
    b.ruleset_id as ruleset_before, a.ruleset_id as ruleset_after,
    b.total as total_before, a.total as total_after, b.rank as rank_before, a.rank as rank_after,
    b.assessed as assessed_before, a.assessed as assessed_after
from (from before.rankings where {mine}) as b
full join (from after.rankings where {mine}) as a using (agency_id, agency_group, assessment_year, period)
where (b.total, b.rank, b.ruleset_id) is distinct from (a.total, a.rank, a.ruleset_id)
"""

_FIGURES = """
select agency_id, assessment_year, period, indicator_code, b.value as value_before, a.value as value_after,
    bs.points as points_before, s.points as points_after, b.pull_id as pull_before, a.pull_id as pull_after
from (from before.indicator_values where {mine}) as b
full join (from after.indicator_values where {mine}) as a
    using (ruleset_id, agency_id, assessment_year, period, indicator_code)
left join (from before.indicator_scores where {mine}) as bs
    using (ruleset_id, agency_id, assessment_year, period, indicator_code)
left join (from after.indicator_scores where {mine}) as s
    using (ruleset_id, agency_id, assessment_year, period, indicator_code)
where (b.value, b.numerator, b.denominator, b.status) is distinct from (a.value, a.numerator, a.denominator, a.status)
order by agency_id, assessment_year, period, indicator_code
"""

# Points of indicators that differ, with what of their figures differs. `measured` says whether the rule, or the article
# that spares the agency, looks at the other agencies of the group.
_PARTS = """
with scores as (
    select ruleset_id, agency_id, assessment_year, period, indicator_code as code,
        coalesce(b.points, 0) as points_before, coalesce(a.points, 0) as points_after,
        coalesce(a.rule, b.rule) = 'relative_to_best' or coalesce(a.article, b.article) is not null as measured
    from (from before.indicator_scores where {mine}) as b
    full join (from after.indicator_scores where {mine}) as a
        using (ruleset_id, agency_id, assessment_year, period, indicator_code)
    where coalesce(b.points, 0) <> coalesce(a.points, 0)
),
figures as (
    select ruleset_id, agency_id, assessment_year, period, indicator_code as code,
        (b.numerator, b.denominator, b.value) is distinct from (a.numerator, a.denominator, a.value) as differs,
        b.agency_id is null as is_new, a.agency_id is null as is_gone, b.article is distinct from a.article as spared,
        'appraised' in (coalesce(b.stage, ''), coalesce(a.stage, '')) as appraised
    from (from before.indicator_values where {mine}) as b
    full join (from after.indicator_values where {mine}) as a
        using (ruleset_id, agency_id, assessment_year, period, indicator_code)
),
entered as (
    select ruleset_id, agency_id, assessment_year, period, code,
        cast(coalesce(b.points, '0') as decimal(18, 10)) as points_before,
        cast(coalesce(a.points, '0') as decimal(18, 10)) as points_after
    from (from {entered_before} where {mine}) as b
    full join (from {entered_after} where {mine}) as a using (ruleset_id, agency_id, assessment_year, period, code)
    where b.points is distinct from a.points
),
corrected as (
    select distinct ii.ruleset_id, agency_id, assessment_year, period, ii.indicator_code as code
    from (from {corrections_before} where {mine}) as b
    full join (from {corrections_after} where {mine}) as a using (source, agency_id, assessment_year, period, metric)
    inner join before.indicator_inputs as ii on ii.metric_id = metric
    where (b.value, b.expired) is distinct from (a.value, a.expired)
),
edited as (
    select ruleset_id from before.rulesets as b
    inner join after.rulesets as a using (ruleset_id)
    where a.content_hash <> b.content_hash
)
select s.agency_id, s.assessment_year, s.period, s.code, s.points_before, s.points_after,
    case
        when f.spared then 'exception'
        when e.code is not null or (f.appraised and f.differs) then 'appraisal'
        when c.code is not null and f.differs then 'correction'
        when f.differs and f.is_new then 'new'
        when f.differs and f.is_gone then 'gone'
        when f.differs then 'restated'
        when s.ruleset_id in (from edited) then 'ruleset'
        when s.measured then 'peers'
        else 'computed'
    end as reason
from scores as s
left join figures as f using (ruleset_id, agency_id, assessment_year, period, code)
left join entered as e using (ruleset_id, agency_id, assessment_year, period, code)
left join corrected as c using (ruleset_id, agency_id, assessment_year, period, code)
union all
select agency_id, assessment_year, period, code, points_before, points_after, 'appraisal'
from entered
where code <> 'total' and (ruleset_id, code) in (select (ruleset_id, main_index_code) from after.main_indices)
order by all
"""
_COUNTED = """
select agency_id, count(*) from (
    select agency_id from before.rankings union all select agency_id from after.rankings
    union all select agency_id from before.indicator_values union all select agency_id from after.indicator_values
)
group by agency_id
order by agency_id
"""
# Agencies whose entry in the register is another one: added, removed, or of another group, parent or validity.
_REGISTERED = """
with before_entries as (select agency_id, agency_group, parent_id, valid_from, valid_to from before.agencies),
after_entries as (select agency_id, agency_group, parent_id, valid_from, valid_to from after.agencies)
select distinct agency_id from (
    (from before_entries except all from after_entries) union all (from after_entries except all from before_entries)
)
"""
# Tables that releases of earlier versions may lack, as they would be without a row.
_NONE = {
    "entered_scores": """(
    select '' as ruleset_id, '' as agency_id, 0 as assessment_year, '' as period, '' as code, '' as points where false
)""",
    "corrections": """(
    select '' as source, '' as agency_id, 0 as assessment_year, '' as period, '' as metric, '' as value,
        false as expired where false
)""",
}

Key = tuple[str, int, str]
_ROWS = 50_000
"""Figures that are held against each other at a time."""


@dataclass(frozen=True, slots=True)
class Part:
    """One indicator's or main index's share of a change; `code` is empty for rounding."""

    code: str
    points_before: Decimal
    points_after: Decimal
    reason: str

    @property
    def gain(self) -> Decimal:
        return self.points_after - self.points_before


@dataclass(frozen=True, slots=True)
class Change:
    """One agency in one ranking. `parts` add up to the change of its total; `figures` are its own indicators whose
    figures differ, with both pulls."""

    agency_id: str
    name_vi: str
    agency_group: str
    assessment_year: int
    period: str
    total_before: Decimal | None
    total_after: Decimal | None
    rank_before: int | None
    rank_after: int | None
    reason: str
    figures: list[dict[str, Any]]
    parts: list[Part]

    @property
    def moved(self) -> bool:
        return self.rank_before != self.rank_after

    @property
    def places_won(self) -> int:
        """How many ranks the agency rose; negative: fell. 0 where it was or is not ranked."""
        return self.rank_before - self.rank_after if self.rank_before and self.rank_after else 0

    def largest(self, most: int = 3) -> list[Part]:
        """The parts that weigh most, the heaviest first."""
        return sorted(self.parts, key=lambda part: -abs(part.gain))[:most]


def between(before: Release, after: Release) -> list[Change]:
    """Every agency whose total, rank or ruleset differs; empty when the releases say the same."""
    with comparing(before, after) as comparison:
        return in_order(change for some in comparison.batches() for change in some)


def compared(con: duckdb.DuckDBPyConnection) -> list[Change]:
    """As `between`, of the tables of two databases or schemas named `before` and `after`."""
    return in_order(change for some in Comparison(con).batches() for change in some)


def in_order(changes: Iterable[Change]) -> list[Change]:
    """By ranking, then by the rank that an agency has now."""
    return sorted(
        changes,
        key=lambda one: (
            *(one.agency_group, one.assessment_year, one.period),
            *(one.rank_after is None, one.rank_after or 0, one.agency_id),
        ),
    )


@contextmanager
def comparing(before: Release, after: Release) -> Iterator[Comparison]:
    """Two releases side by side, for as long as the context lasts."""
    with beside(before=before.file, after=after.file) as con:
        yield Comparison(con)


class Comparison:
    """The tables of two databases or schemas named `before` and `after`, held against each other some agencies at a
    time: that takes the same room however many agencies there are, and however many of them changed."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._names = dict(con.execute("select agency_id, name_vi from after.agencies").fetchall())
        self._registered = {row[0] for row in con.execute(_REGISTERED).fetchall()}
        # Releases made before the registers of decisions and of corrections have neither.
        found = con.execute("select database_name, schema_name, table_name from duckdb_tables()").fetchall()
        have = {(place, name) for *places, name in found for place in places}
        self._tables = {
            f"{name.removesuffix('_scores')}_{side}": f"{side}.{name}" if (side, name) in have else nothing
            for side in ("before", "after")
            for name, nothing in _NONE.items()
        }

    def batches(self) -> Iterator[list[Change]]:
        """Every change, those of neighbouring agencies together, in the order of their ids."""
        for first, last in ranges(self._con.execute(_COUNTED).fetchall(), _ROWS):
            yield self._where(f"agency_id between {literal(first)} and {literal(last)}")

    def of(self, ids: Collection[str]) -> list[Change]:
        """The changes of some agencies, in all rankings."""
        return self._where(f"agency_id in ({', '.join(literal(one) for one in ids) or 'null'})")

    def _where(self, mine: str) -> list[Change]:
        figures: dict[Key, list[dict[str, Any]]] = defaultdict(list)
        for row in records(self._con, _FIGURES.format(mine=mine)):
            figures[row.pop("agency_id"), row.pop("assessment_year"), row.pop("period")].append(row)
        parts: dict[Key, list[Part]] = defaultdict(list)
        for row in records(self._con, _PARTS.format(mine=mine, **self._tables)):
            parts[row.pop("agency_id"), row.pop("assessment_year"), row.pop("period")].append(Part(**row))
        return [
            _change(row, self._names, figures, parts, row["agency_id"] in self._registered)
            for row in records(self._con, _RANKINGS.format(mine=mine))
        ]


def _change(
    row: dict[str, Any],
    names: dict[str, str],
    figures: dict[Key, list[dict[str, Any]]],
    parts: dict[Key, list[Part]],
    registered: bool,
) -> Change:
    key = (row["agency_id"], row["assessment_year"], row["period"])
    own = _adding_up(parts.get(key, []), row)
    reason = _reason(row, own, registered)
    kept = {name: value for name, value in row.items() if not name.startswith(("ruleset_", "assessed_"))}
    name = names.get(row["agency_id"], row["agency_id"])
    return Change(name_vi=name, reason=reason, figures=figures.get(key, []), parts=own, **kept)


def _adding_up(own: list[Part], row: dict[str, Any]) -> list[Part]:
    """The parts, with what rounding, a mean or an entered total adds or takes where they do not give the total."""
    if row["total_before"] is None or row["total_after"] is None or row["ruleset_before"] != row["ruleset_after"]:
        return []
    rest = row["total_after"] - row["total_before"] - sum((part.gain for part in own), Decimal(0))
    return own if rest == 0 else [*own, Part("", Decimal(0), rest, "rounding" if abs(rest) < 1 else "computed")]


def _reason(row: dict[str, Any], own: list[Part], registered: bool) -> str:
    """The reason that weighs most, by the points that came or went with it. An agency enters or leaves a ranking with
    its figures, or because its entry in the register was edited (`registered`)."""
    if row["ruleset_before"] is None:
        return "register" if registered else "entered"
    if row["ruleset_after"] is None:
        return "register" if registered else "left"
    if row["ruleset_before"] != row["ruleset_after"]:
        return "ruleset"
    weights: dict[str, Decimal] = defaultdict(Decimal)
    for part in own:
        weights[part.reason] += abs(part.gain)
    return max(sorted(weights), key=lambda reason: weights[reason]) if weights else "others"
