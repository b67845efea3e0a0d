"""When the nightly refresh is due: the cron schedule of `dti.yaml` by the clock of Vietnam, thinned outside the season.

The same rule starts runs (`schedules.py`) and notices that none has started (`runs.py`); it needs no Dagster.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from pipelines.settings import ZONE

if TYPE_CHECKING:
    from pipelines.settings_file import Cycle, Settings

_MONDAY = 0
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_FURTHEST = 400
"""Days within which a schedule must come round, or it never does."""


def night_is_due(cycle: Cycle, day: date) -> bool:
    """Whether a refresh that is scheduled on a day runs: every one of the season, on Mondays otherwise."""
    return cycle.in_season(day) or day.weekday() == _MONDAY


def last_due(settings: Settings, moment: datetime) -> datetime | None:
    """The last scheduled moment that is not later than the one given; None for a schedule that never comes round."""
    return next(_due(settings, moment, -1), None)


def next_due(settings: Settings, moment: datetime) -> datetime | None:
    """The first scheduled moment that is later than the one given."""
    return next(_due(settings, moment, 1), None)


def missed_since(settings: Settings, since: datetime, until: datetime, most: int = 31) -> list[datetime]:
    """The scheduled moments after `since` that are not later than `until`, oldest first, at most the last `most`."""
    found: list[datetime] = []
    for due in _due(settings, until, -1):
        if due <= since or len(found) == most:
            break
        found.append(due)
    return found[::-1]


def _due(settings: Settings, moment: datetime, step: int) -> Iterator[datetime]:
    """Scheduled moments going forwards (later than the moment) or backwards (not later)."""
    fields = [_values(text, *bounds) for text, bounds in zip(settings.schedule.split(), _BOUNDS, strict=True)]
    minutes, hours = sorted(fields[0], reverse=step < 0), sorted(fields[1], reverse=step < 0)
    here = moment.astimezone(ZONE)
    for away in range(_FURTHEST):
        day = here.date() + timedelta(days=step * away)
        if not (_day_fits(settings.schedule, fields, day) and night_is_due(settings.cycle, day)):
            continue
        for hour in hours:
            for minute in minutes:
                due = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)
                if (due > here) if step > 0 else (due <= here):
                    yield due


def _day_fits(schedule: str, fields: list[set[int]], day: date) -> bool:
    """Cron's rule: where both the day of the month and that of the week are given, either is enough."""
    _, _, days, months, weekdays = fields
    by_month = day.day in days
    by_week = day.isoweekday() % 7 in {value % 7 for value in weekdays}
    _, _, month_text, _, week_text = schedule.split()
    either = not month_text.startswith("*") and not week_text.startswith("*")
    return day.month in months and ((by_month or by_week) if either else (by_month and by_week))


def _values(text: str, low: int, high: int) -> set[int]:
    """The numbers that a field names, such as `*`, `5`, `1-5`, `*/2`, `0,30`. Unreadable parts name none."""
    found: set[int] = set()
    for part in text.split(","):
        span, _, every = part.partition("/")
        first, dash, last = span.partition("-")
        try:
            start = low if span == "*" else int(first)
            end = high if span == "*" or (every and not dash) else int(last) if dash else start
            found.update(value for value in range(start, end + 1, int(every or 1)) if low <= value <= high)
        except ValueError:
            continue
    return found
