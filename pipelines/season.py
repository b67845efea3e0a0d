"""Where the deployment stands in its season: the next day that matters, what is missing for it, what is frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.releases import Release
from pipelines.settings import Deployment, now

if TYPE_CHECKING:
    from pipelines.cli.answers import Screen

_DAYS = {
    "open": ("mở kỳ đánh giá", "the season opens"),
    "lock": ("khóa tự đánh giá", "self-assessments are locked"),
    "appeal": ("hết hạn khiếu nại", "appeals end"),
    "publish": ("công bố kết quả", "results are published"),
}

# Per group of the newest year with results: agencies that lack a value somewhere, and how many values are lacking.
_GAPS = """
select agency_group, assessment_year, period, count(*) as agencies,
    count(*) filter (covered < assessed) as with_gaps, cast(sum(assessed - covered) as integer) as gaps
from rankings
where assessment_year = (select max(assessment_year) from rankings)
group by all
order by all
"""
_FROZEN = """
select y.assessment_year, y.revision,
    (select count(*) from frozen_differences as d where d.assessment_year = y.assessment_year) as differences
from frozen_years as y
order by all
"""


@dataclass(frozen=True)
class Season:
    """`year` is the assessment year of the cycle; `next_day` what comes next in it (None when all is past); `gaps` per
    group of the newest year with results; `frozen` the official years, with what a rebuild would change of them."""

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
            gaps = records(con, _GAPS)
            if "frozen_differences" in release.rows:
                frozen = records(con, _FROZEN)
    return Season(year, next_day(deployment.settings.cycle.dates(year), now().date()), gaps, frozen)


def next_day(dates: dict[str, date], today: date) -> dict[str, Any] | None:
    """The first day of the cycle that is not past, and in how many days it comes."""
    for name, day in dates.items():
        if day >= today:
            return {"name": name, "day": day.isoformat(), "in_days": (day - today).days}
    return None


def print_season(screen: Screen, season: Season) -> None:
    """A line for the next day of the cycle, one for what is missing, one for each official year."""
    if season.next_day:
        vi, en = _DAYS[season.next_day["name"]]
        day, left = season.next_day["day"], season.next_day["in_days"]
        screen.line(
            f"Kỳ {season.year}: {vi} ngày {day} (còn {left} ngày).", f"{season.year}: {en} on {day} ({left} days)."
        )
    for row in season.gaps:
        if row["gaps"]:
            name = f"{row['agency_group']} {row['period']}"
            screen.line(
                f"Còn thiếu {row['gaps']} giá trị của {row['with_gaps']}/{row['agencies']} cơ quan ({name}).",
                f"{row['gaps']} values of {row['with_gaps']}/{row['agencies']} agencies are missing ({name}).",
            )
    for row in season.frozen:
        name = f"{row['assessment_year']} r{row['revision']}"
        if row["differences"]:
            count = row["differences"]
            screen.line(
                f"Năm đã chốt {name}: dựng lại sẽ khác {count} chỗ (bảng frozen_differences).",
                f"Frozen {name}: a rebuild would change {count} places (table frozen_differences).",
            )
        else:
            screen.line(f"Năm đã chốt: {name}.", f"Frozen: {name}.")
