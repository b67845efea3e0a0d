"""What changed between two releases: per agency the total, the rank, and why."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from common.errors import Text
from pipelines.releases import Release
from pipelines.sql import literal, records

REASONS = {
    "ruleset": Text("đổi bộ chỉ số", "ruleset changed"),
    "entered": Text("vào danh sách xếp hạng", "entered the ranking"),
    "left": Text("ra khỏi danh sách xếp hạng", "left the ranking"),
    "restated": Text("nguồn cập nhật lại số liệu", "source restated"),
    "computed": Text("cùng số liệu, cách tính khác", "same figures, computed differently"),
    "others": Text("cơ quan khác thay đổi", "other agencies moved"),
}

_RANKINGS = """
select agency_id, agency_group, assessment_year, period,
    b.ruleset_id as ruleset_before, a.ruleset_id as ruleset_after,
    b.total as total_before, a.total as total_after, b.rank as rank_before, a.rank as rank_after
from before.rankings as b
full join after.rankings as a using (agency_id, agency_group, assessment_year, period)
where (b.total, b.rank, b.ruleset_id) is distinct from (a.total, a.rank, a.ruleset_id)
order by agency_group, assessment_year, period, a.rank nulls last, agency_id
"""

_FIGURES = """
select agency_id, assessment_year, period, indicator_code, b.value as value_before, a.value as value_after,
    bs.points as points_before, s.points as points_after, b.pull_id as pull_before, a.pull_id as pull_after
from before.indicator_values as b
full join after.indicator_values as a using (ruleset_id, agency_id, assessment_year, period, indicator_code)
left join before.indicator_scores as bs using (ruleset_id, agency_id, assessment_year, period, indicator_code)
left join after.indicator_scores as s using (ruleset_id, agency_id, assessment_year, period, indicator_code)
where (b.value, b.numerator, b.denominator, b.status) is distinct from (a.value, a.numerator, a.denominator, a.status)
order by agency_id, assessment_year, period, indicator_code
"""


@dataclass(frozen=True)
class Change:
    """One agency in one ranking. `figures` are its own indicators whose figures differ, with both pulls."""

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

    @property
    def moved(self) -> bool:
        return self.rank_before != self.rank_after


def between(before: Release, after: Release) -> list[Change]:
    """Every agency whose total, rank or ruleset differs; empty when the releases say the same."""
    with duckdb.connect() as con:
        con.execute("set autoinstall_known_extensions = false")
        con.execute(f"attach {literal(str(before.file))} as before (read_only)")
        con.execute(f"attach {literal(str(after.file))} as after (read_only)")
        names = dict(con.execute("select agency_id, name_vi from after.agencies").fetchall())
        figures: dict[tuple[str, int, str], list[dict[str, Any]]] = {}
        for row in records(con, _FIGURES):
            key = (row.pop("agency_id"), row.pop("assessment_year"), row.pop("period"))
            figures.setdefault(key, []).append(row)
        changes = []
        for row in records(con, _RANKINGS):
            own = figures.get((row["agency_id"], row["assessment_year"], row["period"]), [])
            reason = _reason(row, own)
            del row["ruleset_before"], row["ruleset_after"]
            name = names.get(row["agency_id"], row["agency_id"])
            changes.append(Change(name_vi=name, reason=reason, figures=own, **row))
    return changes


def _reason(row: dict[str, Any], own: list[dict[str, Any]]) -> str:
    if row["ruleset_before"] is None:
        return "entered"
    if row["ruleset_after"] is None:
        return "left"
    if row["ruleset_before"] != row["ruleset_after"]:
        return "ruleset"
    if own:
        return "restated"
    return "computed" if row["total_before"] != row["total_after"] else "others"
