"""The ledger of the truth: what every system of the sample province has counted, per agency, year and metric.

The simulated systems serve records that add up to it, in their own shapes; tests hold what was collected against it.
All figures are synthetic (see `sample/README.md`). A figure is drawn from a hash of its own name, so that it depends on
no order, no library and no machine; adding a metric moves no other figure.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from common.yaml_files import read_yaml

SAMPLE = Path(__file__).parent / "sample"
Figure = int | str | None

_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_WHOLE = 2**32
_MILLION = 1_000_000


@dataclass(frozen=True)
class SampleAgency:
    """An agency of the sample province. `codes`: scheme → code (`mau` for all, `gso` for districts)."""

    agency_id: str
    name: str
    group: str
    codes: Mapping[str, str]

    @property
    def slug(self) -> str:
        return self.agency_id.removeprefix("an-giang-cu-")


@dataclass(frozen=True)
class Ledger:
    """All figures of one year as known at one moment. A figure that nobody reported is None, never 0."""

    year: int
    agencies: tuple[SampleAgency, ...]
    figures: Mapping[tuple[str, str], Figure]

    def of(self, agency: SampleAgency, metric: str) -> Figure:
        """The figure of an agency; None where nobody reported it or the metric is not for its group."""
        return self.figures.get((agency.agency_id, metric))

    def count(self, agency: SampleAgency, metric: str) -> int:
        """A figure that is a whole number; 0 where there is none (use `of` to tell)."""
        figure = self.of(agency, metric)
        return figure if isinstance(figure, int) else 0

    def having(self, metric: str) -> tuple[SampleAgency, ...]:
        """The agencies for which a figure was reported."""
        return tuple(agency for agency in self.agencies if self.of(agency, metric) is not None)


def declared(book: Ledger, agency: SampleAgency, metric: str) -> Figure:
    """What the agency writes into its own workbook: the ledger's figure, but for some that it counts otherwise and some
    that it leaves open (None)."""
    figure = book.of(agency, metric)
    for one in _rules()["declared"]:
        if (one["agency"], one["metric"]) == (agency.agency_id, metric):
            figure = None if one.get("unanswered") else _corrected(figure, one["add_percent"])
    return figure


def chance(*words: str) -> int:
    """A number from 0 to 99 for these words, the same on every machine: for what a figure's rule does not tell."""
    return _hashed(*words) * 100 // _WHOLE


def sample_agencies() -> tuple[SampleAgency, ...]:
    """The departments and districts of the sample province."""
    return _agencies()


def ledger(year: int, moment: datetime) -> Ledger | None:
    """What the systems know of a year at a moment (aware); None for a year that they do not have."""
    first, last = _rules()["years"]
    day = moment.astimezone(_ZONE).date()
    return _ledger(year, _corrections(year, day)) if first <= year <= last and day.year >= year else None


@cache
def _rules() -> dict[str, Any]:
    return dict(read_yaml(SAMPLE / "figures.yaml").data)


@cache
def _agencies() -> tuple[SampleAgency, ...]:
    with (SAMPLE / "agencies.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    return tuple(
        SampleAgency(row["agency_id"], row["name"], row["group"], {s: row[s] for s in ("mau", "gso") if row[s]})
        for row in rows
    )


def _corrections(year: int, day: date) -> tuple[tuple[str, str, int], ...]:
    """Corrections in force on a day: agency, metric, percent to add."""
    return tuple(
        (one["agency"], one["metric"], one["add_percent"])
        for one in _rules()["later"]
        if one["year"] == year and date.fromisoformat(one["from"]) <= day
    )


@cache
def _ledger(year: int, corrections: tuple[tuple[str, str, int], ...]) -> Ledger:
    figures: dict[tuple[str, str], Figure] = {}
    for agency in _agencies():
        own = _rules()["agencies"].get(agency.agency_id, {})
        drawn: dict[str, Figure] = {}
        for metric, rule in _rules()[agency.group].items():
            drawn[metric] = own[metric] if metric in own else _draw(rule, (agency, metric, year), drawn)
            for who, what, percent in corrections:
                if (who, what) == (agency.agency_id, metric):
                    drawn[metric] = _corrected(drawn[metric], percent)
        figures |= {(agency.agency_id, metric): figure for metric, figure in drawn.items()}
    return Ledger(year, _agencies(), figures)


def _draw(rule: dict[str, Any], about: tuple[SampleAgency, str, int], drawn: dict[str, Figure]) -> Figure:
    """One figure by its rule; `drawn` are the agency's figures so far (a rule only looks back)."""
    agency, metric, year = about
    luck = _luck(agency, metric, year)
    if "count" in rule:
        return _between(rule["count"], luck)
    if "vnd" in rule:
        return _between(rule["vnd"], luck) * _MILLION
    if "share" in rule:
        base = drawn[rule["of"]]
        return None if base is None else (int(base) * _between(rule["share"], luck) + 50) // 100
    if "sum" in rule:
        parts = [drawn[part] for part in rule["sum"]]
        return None if None in parts else sum(int(part) for part in parts if part is not None)
    if "yes" in rule:
        return "yes" if luck * 100 // _WHOLE < rule["yes"] else "no"
    return str(rule["text"]).format(name=agency.name, slug=agency.slug)


def _corrected(figure: Figure, percent: int) -> Figure:
    return figure * (100 + percent) // 100 if isinstance(figure, int) else figure


def _between(ends: list[int], luck: int) -> int:
    low, high = ends
    return low + (high - low + 1) * luck // _WHOLE


def _luck(agency: SampleAgency, metric: str, year: int) -> int:
    """A number below 2^32: mostly the agency's own, a little the year's, so that years resemble each other."""
    own, this_year = (_hashed(agency.agency_id, metric), _hashed(agency.agency_id, metric, str(year)))
    return (4 * own + this_year) // 5


def _hashed(*words: str) -> int:
    text = "|".join([_rules()["seed"], *words])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
