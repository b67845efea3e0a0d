"""Citizens' reports to the districts (like Open311's GeoReport v2): a bare array of requests, in pages.

A question covers at most 90 days of the time at which reports came in; a longer one is refused, as the standard says.
Every report holds the citizen's data, which nobody should store.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from connectors.simulator.answers import NOT_FOUND, Answer, json_answer
from connectors.simulator.exchange import Asked, BadRequestError
from connectors.simulator.truth import SampleAgency, chance, ledger

Row = dict[str, Any]

REQUESTS = "/requests.json"
MOST_DAYS, MOST_ROWS = 90, 100
DUE, ON_TIME = "feedback.due", "feedback.handled_on_time"
WHOSE, CAME_IN = " district", " came in"  # of a row while it is inside; no answer holds what begins with a space

_KEY = "mau-phan-anh-khong-that"
_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_LAST_DUE = (10, 31)  # month and day: agencies are assessed in November
_MOST_TO_HANDLE = 45  # days between a report and its deadline, but for five more
_STREETS = ("Trần Hưng Đạo", "Nguyễn Huệ", "Lê Lợi", "Tôn Đức Thắng")


class Feedback:
    """The system, which wants a key with every question."""

    name = "feedback"
    secrets: Mapping[str, str] = {"FEEDBACK_KEY": _KEY}

    def answer(self, asked: Asked) -> Answer:
        """One page of the reports that came in between `start_date` and `end_date`."""
        if asked.path != REQUESTS:
            return NOT_FOUND
        facts = {"system": self.name, "list": "requests"}
        fault = asked.faults.next(facts)
        if fault:
            return fault
        if asked.query.get("api_key") != _KEY:
            return _error(403, "api_key was not provided or is not valid")
        first, last = (_moment(asked, name) for name in ("start_date", "end_date"))
        if last - first > timedelta(days=MOST_DAYS):
            return _error(400, f"the span between start_date and end_date must not exceed {MOST_DAYS} days")
        wanted = asked.query.get("status", "open,closed").split(",")
        rows = [row for row in _reports(asked.moment) if first <= row[CAME_IN] <= last and row["status"] in wanted]
        return _page(asked, asked.faults.on_rows(rows, facts, code=WHOSE))


def _page(asked: Asked, rows: list[Row]) -> Answer:
    """At most 100 rows, whatever size was asked for."""
    page, size = asked.number("page", 1), min(asked.number("page_size", 50), MOST_ROWS)
    if page < 1 or size < 1:
        raise BadRequestError("page")
    shown = rows[(page - 1) * size : page * size]
    return json_answer([{name: value for name, value in row.items() if name[0] != " "} for row in shown])


def _error(status: int, description: str) -> Answer:
    return json_answer([{"code": status, "description": description}], status)


def _moment(asked: Asked, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(asked.query[name])
    except (KeyError, ValueError):
        raise BadRequestError(name) from None
    if moment.tzinfo is None:
        raise BadRequestError(name)
    return moment


@cache
def _reports(moment: datetime) -> tuple[Row, ...]:
    """All that came in until `moment`, oldest first."""
    rows: list[Row] = []
    for year in range(2022, moment.astimezone(_ZONE).year + 1):
        book = ledger(year, moment)
        for agency in book.having(DUE) if book else ():
            due, on_time = (book.count(agency, metric) if book else 0 for metric in (DUE, ON_TIME))
            rows += [*_due_in(agency, year, (due, on_time), moment), *_others(agency, year, due, moment)]
    here = [row for row in rows if row[CAME_IN] <= moment]
    return tuple(sorted(here, key=lambda row: (row[CAME_IN], row["service_request_id"])))


def _due_in(agency: SampleAgency, year: int, counts: tuple[int, int], moment: datetime) -> Iterator[Row]:
    """The reports that are due in a year, from soon after midnight of its first day: still last year in UTC."""
    due, on_time = counts
    first = datetime(year, 1, 1, 0, 30, tzinfo=_ZONE)
    last = max(min(datetime(year, *_LAST_DUE, 23, tzinfo=_ZONE), moment - timedelta(minutes=2)), first)
    late = {number: n for n, number in enumerate(range(0, due, due // max(due - on_time, 1))[: due - on_time])}
    for number in range(due):
        deadline = (first + (last - first) * number / max(due - 1, 1)).replace(second=0, microsecond=0)
        came_in = deadline - timedelta(days=5 + chance("days", agency.slug, str(year), str(number)) % _MOST_TO_HANDLE)
        if number in late:
            closed = (deadline + timedelta(minutes=1), deadline + timedelta(days=4), None)[late[number] % 3]
        else:
            closed = deadline - timedelta(hours=number % 60)
        report = _report(agency, f"{year}-{number:04}", (came_in, deadline, closed), moment)
        if late.get(number, 0) % 6 == 2:  # closed in time and opened again
            report["closed_datetime"] = _utc(deadline - timedelta(days=1))
        yield report


def _others(agency: SampleAgency, year: int, due: int, moment: datetime) -> Iterator[Row]:
    """Reports without a deadline, and at the end of a running year some that are due in the next one."""
    for number in range(2 + due // 25):
        came_in = datetime(year, 1 + number % 10, 1 + number % 28, 9, tzinfo=_ZONE)
        yield _report(agency, f"{year}-T{number:03}", (came_in, None, came_in + timedelta(days=3)), moment)
    for number in range(3 if ledger(year + 1, moment) is None else 0):
        came_in = datetime(year, 11, 2 + 13 * number, 9, tzinfo=_ZONE)
        yield _report(agency, f"{year}-S{number:03}", (came_in, came_in + timedelta(days=75), None), moment)


def _report(
    agency: SampleAgency, number: str, times: tuple[datetime, datetime | None, datetime | None], moment: datetime
) -> Row:
    """A report as it stands at `moment`; `times` are when it came in, is due and is closed."""
    came_in, deadline, closed = times
    if closed and closed > moment:
        closed = None
    luck = chance("citizen", agency.slug, number)
    name = agency.name if luck % 2 else unicodedata.normalize("NFD", agency.name)
    return {
        WHOSE: agency.codes["mau"],
        CAME_IN: came_in,
        "service_request_id": f"PA-{agency.codes['gso']}-{number}",
        "status": "closed" if closed else "open",
        "service_name": "Vệ sinh môi trường" if luck % 3 else "Hạ tầng đô thị",
        "agency_responsible": name,
        "description": f"Phản ánh mẫu {number}, liên hệ Nguyễn Văn Mẫu, 0912 345 678",
        "first_name": "Mẫu",
        "last_name": "Nguyễn Văn",
        "phone": "0912345678",
        "email": "nguyen.van.mau@example.vn",
        "address": f"{luck + 1} {_STREETS[luck % len(_STREETS)]}",
        "lat": 10.3 + luck / 1000,
        "long": 105.1 + luck / 1000,
        "requested_datetime": came_in.isoformat(timespec="seconds"),
        "expected_datetime": deadline.isoformat(timespec="seconds") if deadline else None,
        "closed_datetime": _utc(closed) if closed else None,
    }


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
