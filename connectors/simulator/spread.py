"""How the counts of a year fall on its days: evenly, and so that the counts of any window and any part fit together.

A count's events come one after another at equal distances, from New Year to mid-November, when the agencies hand in
their figures; the events that make up a part of it (finished online, of those finished) are spread evenly among them.
So any windows that make up a year add up to the year's count exactly, and in no window is a part more than its whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connectors.simulator.truth import Ledger, SampleAgency, ledger

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_TICK = timedelta(milliseconds=1)
_DAYS = 319  # the last event is of 15 November, or of the 14th in a leap year


class Window(NamedTuple):
    """Moments from `begin` to just before `end`, both aware."""

    begin: datetime
    end: datetime

    @property
    def years(self) -> range:
        """The years, by the province's clock, that it touches."""
        return range(self.begin.astimezone(ZONE).year, (self.end - _TICK).astimezone(ZONE).year + 1)


def counted(
    agency: SampleAgency, metric: str, window: Window, moment: datetime, wholes: Mapping[str, str | None]
) -> int:
    """How many events of a metric fall into a window, as known at a moment; `wholes` names what each metric is a part
    of (None: it stands alone)."""
    books = (ledger(year, moment) for year in window.years)
    return sum(
        _until(book, agency, metric, window.end, wholes) - _until(book, agency, metric, window.begin, wholes)
        for book in books
        if book
    )


def happened(count: int, year: int, moment: datetime) -> int:
    """How many of a year's events had happened before a moment."""
    begin, length = _year(year)
    gone = min(max((moment - begin) // _TICK, 0), length)
    return count * gone // length


def moment_of(number: int, count: int, year: int) -> datetime:
    """When the event with that number (from 0) of a year's events happened."""
    begin, length = _year(year)
    return (begin + (-(-(number + 1) * length // count) - 1) * _TICK).astimezone(ZONE)


def is_part(number: int, part: int, whole: int) -> bool:
    """Whether the event with that number (from 0) of the whole is one of the part."""
    return (number + 1) * part // whole > number * part // whole


def _until(book: Ledger, agency: SampleAgency, metric: str, moment: datetime, wholes: Mapping[str, str | None]) -> int:
    count, whole = book.count(agency, metric), wholes[metric]
    if whole is None:
        return happened(count, book.year, moment)
    of = book.count(agency, whole)
    return _until(book, agency, whole, moment, wholes) * count // of if of else 0


def _year(year: int) -> tuple[datetime, int]:
    """When its events begin, and over how many milliseconds they are spread."""
    return datetime(year, 1, 1, tzinfo=ZONE), timedelta(days=_DAYS) // _TICK
