"""What a backfill would do, year by year: nothing is asked of a source, nothing written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from common.errors import Text
from connectors import AnySource, Landing, load_sources
from pipelines import frozen
from pipelines.backfills import Asked, done_before
from pipelines.groups import GROUPS
from pipelines.judging import Judged, check_years, judges
from pipelines.pulling import not_pulled
from pipelines.registers import Registers, read_registers
from pipelines.settings import Deployment, now

if TYPE_CHECKING:
    from rulesets.load import LoadedRuleset


@dataclass(frozen=True)
class SourcePlan:
    """One source in one year. `why_not` is a status of `Pulled`, empty where it will be asked."""

    source: str
    year: int
    pull: bool
    why_not: str
    in_use: str | None
    held: str | None


@dataclass(frozen=True)
class Ranking:
    """One ranking of a year: who judges the group, and whether it can be compared with the year before."""

    group: str
    agencies: int
    ruleset: str
    comparable: bool
    reason: Text


@dataclass(frozen=True)
class YearPlan:
    """One year: its rankings, the day whose register counts, the revision that is official (None: provisional), and
    what would be asked of each source."""

    year: int
    register_as_of: str
    rankings: list[Ranking]
    revision: int | None
    sources: list[SourcePlan]


def plan(deployment: Deployment, years: list[int], as_of: str, moment: datetime | None = None) -> list[YearPlan]:
    """The plan of a backfill of these years. Raises `ConfigurationError` for a year that no ruleset judges."""
    from rulesets.load import resolve

    settings = deployment.settings
    rulesets = [resolve(name, deployment.ruleset_folders) for name in settings.rulesets]
    check_years(deployment, rulesets)
    judged = judges(rulesets, [*settings.years, *(year - 1 for year in years)])
    registers = read_registers(deployment.registers)
    sources = load_sources(deployment.sources)
    done = done_before(deployment, Asked(years, as_of, True))
    plans = []
    for year in years:
        official = frozen.newest(deployment, year)
        asked = [_source(deployment, one, year, moment or now(), done) for one in sources.values()]
        rankings = _rankings(judged, registers, year, year - 1 in settings.years)
        plans.append(YearPlan(year, f"{year}-12-31", rankings, official.revision if official else None, asked))
    return plans


def _source(
    deployment: Deployment, source: AnySource, year: int, moment: datetime, done: dict[tuple[str, int], str]
) -> SourcePlan:
    landing = Landing(deployment.landing)
    last, newest = landing.newest_accepted(source.name, year), landing.newest(source.name, year)
    why_not = not_pulled(source, year, moment) or ("done" if (source.name, year) in done else "")
    held = newest.pull_id if newest and newest.status == "held" else None
    return SourcePlan(source.name, year, not why_not, why_not, last.pull_id if last else None, held)


def _rankings(judged: dict[Judged, LoadedRuleset], registers: Registers, year: int, year_before: bool) -> list[Ranking]:
    found = []
    members = Counter(agency.agency_group for agency in registers.agencies_of(year))
    for key, loaded in judged.items():
        if key.year == year and members[key.group]:
            before = judged.get(Judged(key.authority, year - 1, key.group)) if year_before else None
            reason = _why_not_comparable(loaded, before, _changes(registers, key.group, year))
            found.append(Ranking(key.group, members[key.group], loaded.ruleset_id, not any(reason), reason))
    return sorted(found, key=lambda one: (list(GROUPS).index(one.group), one.ruleset))


def _why_not_comparable(loaded: LoadedRuleset, before: LoadedRuleset | None, changes: tuple[int, int]) -> Text:
    """Empty where ranks can be held against those of the year before: the same ruleset, the same agencies."""
    if before is None:
        return Text("năm trước không có xếp hạng này", "there was no such ranking the year before")
    if before.ruleset_id != loaded.ruleset_id:
        return Text(f"năm trước chấm theo {before.ruleset_id}", f"the year before was judged by {before.ruleset_id}")
    came, went = changes
    if came or went:
        return Text(
            f"danh sách cơ quan khác năm trước: thêm {came}, bớt {went}",
            f"other agencies than the year before: {came} new, {went} gone",
        )
    return Text("", "")


def _changes(registers: Registers, group: str, year: int) -> tuple[int, int]:
    """How many agencies of a group are new in a year, and how many are gone since the year before."""
    now_there, then = (
        {agency.agency_id for agency in registers.agencies_of(of) if agency.agency_group == group}
        for of in (year, year - 1)
    )
    return len(now_there - then), len(then - now_there)
