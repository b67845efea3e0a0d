"""Where the deployment stands in its season: the next day that matters, what is missing for it, what is frozen."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from common.errors import Text
from pipelines.releases import Release
from pipelines.settings import Deployment, now

DAYS = {
    "open": Text("mở kỳ đánh giá", "the season opens"),
    "lock": Text("khóa tự đánh giá", "self-assessments are locked"),
    "appeal": Text("hết hạn khiếu nại", "appeals end"),
    "publish": Text("công bố kết quả", "results are published"),
}

_NAMED = 6
# Per group and ruleset in its newest year: agencies that lack a value somewhere, and how many values are lacking.
_NEWEST = """
select ruleset_id, agency_group, max(assessment_year) as assessment_year from rankings group by all
"""
_GAPS = f"""
select r.ruleset_id, r.agency_group, r.assessment_year, r.period, count(*) as agencies,
    count(*) filter (r.covered < r.assessed) as with_gaps, cast(sum(r.assessed - r.covered) as integer) as gaps
from rankings as r
inner join ({_NEWEST}) as n using (ruleset_id, agency_group, assessment_year)
group by all
order by all
"""
_MISSING = f"""
select s.ruleset_id, s.agency_group, s.period, s.agency_id, a.name_vi, s.indicator_code, s.status
from indicator_scores as s
inner join ({_NEWEST}) as n using (ruleset_id, agency_group, assessment_year)
inner join agencies as a using (agency_id)
where s.status in ('missing', 'invalid')
order by all
"""
_FROZEN = """
select y.assessment_year, y.revision, y.frozen_at,
    (select count(*) from frozen_differences as d where d.assessment_year = y.assessment_year) as differences
from frozen_years as y
order by all
"""


@dataclass(frozen=True)
class Season:
    """`year` is the assessment year of the cycle; `next_day` what comes next in it (None when all is past); `gaps` per
    group of its newest year with results, `missing` by name; `frozen` the official years, with what a rebuild would
    change of them."""

    year: int
    next_day: dict[str, Any] | None
    gaps: list[dict[str, Any]]
    frozen: list[dict[str, Any]]


def season_of(deployment: Deployment, release: Release | None) -> Season:
    """The season of the newest assessment year, seen from today."""
    year = deployment.settings.years[-1]
    gaps: list[dict[str, Any]] = []
    frozen: list[dict[str, Any]] = []
    if release:
        from pipelines.sql import records
        from pipelines.warehouse import open_release

        with open_release(release) as con:
            gaps = [{**row, "missing": []} for row in records(con, _GAPS)]
            _name_missing(gaps, records(con, _MISSING))
            if "frozen_differences" in release.rows:
                frozen = records(con, _FROZEN)
    return Season(year, next_day(deployment.settings.cycle.dates(year), now().date()), gaps, frozen)


def _name_missing(gaps: list[dict[str, Any]], missing: list[dict[str, Any]]) -> None:
    """Give every group the agencies and indicators behind its number."""
    groups = {(row["ruleset_id"], row["agency_group"], row["period"]): row["missing"] for row in gaps}
    for row in missing:
        groups[row.pop("ruleset_id"), row.pop("agency_group"), row.pop("period")].append(row)


def by_name(missing: list[dict[str, Any]]) -> str:
    """Who lacks what, such as `Sở Y tế (5.2, 6.1); …`."""
    agencies: dict[str, list[str]] = defaultdict(list)
    for row in missing:
        agencies[row["name_vi"]].append(row["indicator_code"])
    shown = []
    for name, codes in list(agencies.items())[:_NAMED]:
        rest = f" +{len(codes) - _NAMED}" if len(codes) > _NAMED else ""
        shown.append(f"{name} ({', '.join(codes[:_NAMED])}{rest})")
    if len(agencies) > _NAMED:
        shown.append(f"… +{len(agencies) - _NAMED}: dti status --json")
    return "; ".join(shown)


def next_day(dates: dict[str, date], today: date) -> dict[str, Any] | None:
    """The first day of the cycle that is not past, and in how many days it comes."""
    for name, day in dates.items():
        if day >= today:
            return {"name": name, "day": day.isoformat(), "in_days": (day - today).days}
    return None
