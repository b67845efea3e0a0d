"""May the results be published? A plain yes or no, with every obstacle, and what to know before saying yes.

An obstacle is something without which the results would be other ones: a source that could not be read, a pull that
nobody has judged, a run that did not end well. A caution is what the results are, said beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from common.errors import Text
from pipelines.freshness import OLD, SourceState
from pipelines.groups import GROUPS
from pipelines.releases import Release
from pipelines.runs import Run
from pipelines.season import DAYS, Season, by_name

if TYPE_CHECKING:
    from pipelines.settings_file import Settings

_RESULTS = {
    "failed": Text("không thành công", "failed"),
    "killed": Text("bị ngắt giữa chừng", "was cut off"),
    "running": Text("chưa xong", "has not ended"),
}


@dataclass(frozen=True)
class Point:
    """One thing that stands in the way or should be known, and the next command."""

    code: str
    text: Text
    next: str = ""


@dataclass(frozen=True)
class Readiness:
    """`ready` is that there is no obstacle."""

    ready: bool
    obstacles: list[Point]
    cautions: list[Point]


def readiness_of(
    settings: Settings,
    standing: Release | None,
    *,
    runs: list[Run],
    missed: list[datetime],
    sources: list[SourceState],
    season: Season,
) -> Readiness:
    """Judge what the morning screen has gathered."""
    obstacles = [
        *_without_release(settings, standing),
        *_run(settings, runs, missed),
        *(Point(one.state, one.told(), one.next) for one in sources if one.state in OLD),
    ]
    return Readiness(not obstacles, obstacles, [*_cautions(settings, standing, season), *_flagged(sources)])


def _without_release(settings: Settings, standing: Release | None) -> Iterator[Point]:
    if standing is None:
        text = Text("chưa có bản nào để công bố", "there is no release yet")
        yield Point("no-release", text, f"dti refresh --year {settings.years[-1]}")


def _run(settings: Settings, runs: list[Run], missed: list[datetime]) -> Iterator[Point]:
    again = f"dti refresh --year {settings.years[-1]}"
    if runs and runs[-1].result in _RESULTS:
        word, when = _RESULTS[runs[-1].result], runs[-1].at[:16].replace("T", " ")
        yield Point(
            f"run-{runs[-1].result}",
            Text(f"lần chạy {when} {word.vi}", f"the run of {when} {word.en}"),
            "dti status" if runs[-1].result == "running" else again,
        )
    if missed:
        day, count = missed[0].date().isoformat(), len(missed)
        text = Text(f"không chạy đêm từ {day} ({count} đêm)", f"no nightly run since {day} ({count} nights)")
        yield Point("missed", text, again)


def _cautions(settings: Settings, standing: Release | None, season: Season) -> Iterator[Point]:
    if season.next_day and season.next_day["name"] in {"lock", "appeal"}:
        word, day = DAYS[season.next_day["name"]], season.next_day["day"]
        yield Point(
            "season", Text(f"{word.vi} ngày {day}: kết quả còn đổi", f"{word.en} on {day}: results will still change")
        )
    for row in season.gaps:
        if row["gaps"]:
            group, missing = GROUPS[row["agency_group"]], by_name(row["missing"])
            counted = f"{row['with_gaps']}/{row['agencies']}"
            yield Point(
                "gaps",
                Text(
                    f"{group.vi}, kỳ {row['period']}: thiếu {row['gaps']} giá trị của {counted} cơ quan: {missing}",
                    f"{group.en}, {row['period']}: missing {row['gaps']} values of {counted} agencies: {missing}",
                ),
            )
    for row in season.frozen:
        if row["differences"]:
            year, count = row["assessment_year"], row["differences"]
            yield Point(
                "frozen",
                Text(
                    f"năm {year} đã chốt: dựng lại sẽ khác {count} chỗ",
                    f"{year} is frozen: a rebuild would change {count} places",
                ),
                'dti sql "from frozen_differences"',
            )
    if standing and settings.environment == "sample":
        yield Point("sample", Text("đây là số liệu mẫu", "these are sample figures"))


def _flagged(sources: list[SourceState]) -> Iterator[Point]:
    for one in sources:
        if one.flags:
            count = len(one.flags)
            yield Point(
                "flagged",
                Text(
                    f"{one.source} {one.year}: {count} số liệu cần xem lại trước khi chốt năm",
                    f"{one.source} {one.year}: {count} figures to look at before the year is made official",
                ),
                f"dti pull accept {one.in_use} --reason …",
            )
