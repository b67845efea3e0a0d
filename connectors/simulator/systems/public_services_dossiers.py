"""Single dossiers of the simulated public-service system, and its list of agencies.

The dossiers finished in a window, one for each that the statistics count: some six hundred thousand a year, made when
their page is asked for. Applicants are invented (`Người Dân Mẫu 123`) and stand in every record, as they do in real
ones: nobody may store them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any, NamedTuple

from connectors.simulator.answers import Answer, json_answer
from connectors.simulator.exchange import Asked, BadRequestError
from connectors.simulator.spread import Window, happened, is_part, moment_of
from connectors.simulator.systems.public_services_reports import GROUP_NAMES, TOTAL_NAME, Row, agency_id, nested
from connectors.simulator.truth import Ledger, SampleAgency, chance, ledger, sample_agencies

MOST_ROWS = 50
_FINISHED, _ONLINE = "public_services.dossiers_finished", "public_services.dossiers_processed_online"
_OVERDUE = "only_simulated.dossiers_overdue"


class _Run(NamedTuple):
    """The dossiers of one agency and year in a window, by their numbers."""

    book: Ledger
    agency: SampleAgency
    first: int
    behind: int


def dossier_slice(asked: Asked, window: Window, facts: dict[str, str]) -> Answer:
    """A Spring slice: whether it is the last is told, how many there are is not. At most 50, whatever was asked for."""
    number, size = _page(asked)
    runs = list(_runs(window, asked.moment, asked.query.get("agency-code")))
    ends = list(accumulate(run.behind - run.first for run in runs))
    count = ends[-1] if ends else 0
    places = range(number * size, min((number + 1) * size, count))
    rows = asked.faults.on_rows([_dossier(*_at(runs, ends, place)) for place in places], facts, code="agency.code")
    content = [nested(row) for row in rows]
    last = (number + 1) * size >= count
    return json_answer(
        {"content": content, "number": number, "size": size, "numberOfElements": len(content)}
        | {"first": number == 0, "last": last, "empty": not content, "sort": {"sorted": True, "unsorted": False}}
    )


def agency_page(asked: Asked, facts: dict[str, str]) -> Answer:
    """A Spring page of the system's own agencies; groups of agencies have no code."""
    number, size = _page(asked)
    rows: list[Row] = [
        {"id": agency_id(one.name), "code": one.codes["mau"], "name": one.name} for one in sample_agencies()
    ]
    rows += [{"id": agency_id(name), "code": None, "name": name} for name in (*GROUP_NAMES.values(), TOTAL_NAME)]
    rows = asked.faults.on_rows(rows, facts, code="code")
    content, pages = rows[number * size : (number + 1) * size], -(-len(rows) // size)
    counts = {"totalElements": len(rows), "totalPages": pages, "last": number + 1 >= pages}
    return json_answer({"content": content, "number": number, "size": size, **counts})


def _page(asked: Asked) -> tuple[int, int]:
    number, size = asked.number("page", 0), min(asked.number("size", 20), MOST_ROWS)
    if size < 1:
        raise BadRequestError("size")
    return number, size


def _runs(window: Window, moment: datetime, code: str | None) -> Iterator[_Run]:
    for year in window.years:
        book = ledger(year, moment)
        for agency in book.agencies if book else ():
            if book and code in (None, agency.codes["mau"]):
                count = book.count(agency, _FINISHED)
                yield _Run(book, agency, *(happened(count, year, edge) for edge in window))


def _at(runs: list[_Run], ends: list[int], place: int) -> tuple[_Run, int]:
    """The run that holds a place of the whole list, and the dossier's number in its agency's year."""
    index = bisect_right(ends, place)
    return runs[index], runs[index].behind - (ends[index] - place)


def _dossier(run: _Run, number: int) -> Row:
    agency, year = run.agency, run.book.year
    code, count = agency.codes["mau"], run.book.count(agency, _FINISHED)
    done = moment_of(number, count, year)
    late = is_part(number, run.book.count(agency, _OVERDUE), count)
    days = 1 + chance("dossier", code, str(year), str(number)) % 30
    online = is_part(number, run.book.count(agency, _ONLINE), count)
    way = ("Trực tuyến", "on") if online else ("Trực tiếp", "off")
    return {
        "id": agency_id(f"{code}|{year}|{number}"),
        "code": f"{code}-{done:%y%m%d}-{number:06}",
        "agency.id": agency_id(agency.name),
        "agency.code": code,
        "agency.name": agency.name,
        "applyMethod.id": way[1],
        "applyMethod.name": way[0],
        "appliedDate": _written(done - timedelta(days=days)),
        "appointmentDate": _written(done + timedelta(days=-1 if late else 2)),
        "completedDate": _written(done),
        "dossierStatus.id": 4,
        "dossierStatus.name": "Đã trả kết quả",
        "procedure.code": f"1.{1 + number % 150:06}",
        "procedure.sector.code": f"LV{1 + number % 12:02}",
        "procedure.translate.name": f"Thủ tục mẫu số {1 + number % 150}",
        "nationCode": "VN",
        "applicant": _applicant(number),
    }


def _applicant(number: int) -> dict[str, Any]:
    """Somebody who does not exist, with everything that a real record tells about a person."""
    data = {
        "fullname": f"Người Dân Mẫu {number}",
        "identityNumber": f"000{number:09}",
        "phoneNumber": f"0900{number:06}",
        "email": f"nguoi.dan.mau.{number}@example.vn",
        "birthday": "1900-01-01T00:00:00.000+0700",
        "address": "Ấp Mẫu, xã Mẫu, tỉnh An Giang",
    }
    return {"userId": agency_id(f"applicant|{number}"), "eformId": agency_id("eform"), "data": data}


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}{moment:%z}"
