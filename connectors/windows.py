"""The time that a request asks for: first and last day of a period, written the way its source wants it."""

from __future__ import annotations

import calendar
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connectors.rest_model import Period, WindowFormat

Window = tuple[date, date]  # first and last day, both included


def window_of(period: Period, year: int) -> Window:
    """First and last day of a period, both included. Declared days win over the period's own: not every year of a
    source is a calendar year."""
    first_month, months = _months(period)
    last_month = first_month + months - 1
    first = date(year, first_month, 1)
    last = date(year, last_month, calendar.monthrange(year, last_month)[1])
    return _declared(period.first_day, year) or first, _declared(period.last_day, year) or last


def parts_of(window: Window, most_days: int | None) -> list[Window]:
    """A window in parts of at most so many days, in order and without a gap; whole where there is no such limit."""
    first, last = window
    if most_days is None:
        return [window]
    starts = [first + timedelta(days=days) for days in range(0, (last - first).days + 1, most_days)]
    return [(start, min(start + timedelta(days=most_days - 1), last)) for start in starts]


def window_facts(
    period: Period, form: WindowFormat, zone: str, year: int, part: Window | None = None
) -> dict[str, str]:
    """Values of `{from}` and `{to}`, of the whole period or of a part of it, and of `{month}`, `{quarter}` or `{half}`
    where the period is one."""
    first, last = part or window_of(period, year)
    end = {
        "last_day": _midnight(last, zone),
        "next_day": _midnight(last + timedelta(days=1), zone),
        "last_second": _midnight(last + timedelta(days=1), zone) - timedelta(seconds=1),
        "last_millisecond": _midnight(last + timedelta(days=1), zone) - timedelta(milliseconds=1),
    }[form.end]
    facts = {"from": _written(_midnight(first, zone), form, zone), "to": _written(end, form, zone)}
    return facts | {name: str(number) for name, number in numbers_of(period).items()}


def numbers_of(period: Period) -> dict[str, int]:
    """Month, quarter or half, where the period is one."""
    first_month, _ = _months(period)
    number = {"month": first_month, "quarter": (first_month + 2) // 3, "half": (first_month + 5) // 6}
    return {name: number[name] for name in period.parts}


def _months(period: Period) -> tuple[int, int]:
    """First month and number of months."""
    tail = period.period.removeprefix("{year}").lstrip("-")
    if not tail:
        return 1, 12
    if tail.isdigit():
        return int(tail), 1
    length = {"Q": 3, "H": 6}[tail[0]]
    return (int(tail[1]) - 1) * length + 1, length


def _declared(day: str | None, year: int) -> date | None:
    if day is None:
        return None
    for name, value in (("year", year), ("last_year", year - 1), ("next_year", year + 1)):
        day = day.replace(f"{{{name}}}", f"{value:04d}")
    if day.endswith("-02-29") and not calendar.isleap(int(day[:4])):
        return date(int(day[:4]), 2, 28)
    return date.fromisoformat(day)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def _written(moment: datetime, form: WindowFormat, zone: str) -> str:
    local = moment.astimezone(ZoneInfo(form.timezone or zone))
    return local.strftime(form.format.replace("%3f", f"{local.microsecond // 1000:03d}"))
