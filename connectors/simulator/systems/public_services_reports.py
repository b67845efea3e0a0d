"""The reports of the simulated public-service system: one row per agency, and the rows that sum up a group or all.

Rows are flat with dotted names while they are inside, so that a fault names a field as a contract does; `nested` gives
them their real shape.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from connectors.simulator.spread import Window, counted
from connectors.simulator.truth import SampleAgency, chance, ledger, sample_agencies

Row = dict[str, Any]
Figures = dict[str, Any]

TOTAL_NAME = "Tổng cộng"
GROUP_NAMES = {"department": "Khối sở, ban, ngành", "district": "Khối UBND cấp huyện"}

_FINISHED, _ONLINE = "public_services.dossiers_finished", "public_services.dossiers_processed_online"
_RESULTS, _DIGITISED = "public_services.results", "public_services.results_digitised"
_WAITING, _WAITING_ONLINE = "only_simulated.dossiers_waiting", "only_simulated.dossiers_waiting_online"
_OVERDUE = "only_simulated.dossiers_overdue"
WHOLES: Mapping[str, str | None] = {
    _FINISHED: None,
    _ONLINE: _FINISHED,
    _OVERDUE: _FINISHED,
    _RESULTS: _FINISHED,
    _DIGITISED: _RESULTS,
    _WAITING: None,
    _WAITING_ONLINE: _WAITING,
}


def statistic_rows(window: Window, moment: datetime) -> list[Row]:
    """Dossiers by agency: received and by which way, finished, and finished too late."""

    def figures(agency: SampleAgency) -> Figures:
        finished, online, waiting, waiting_online, overdue = _counts(
            agency, (_FINISHED, _ONLINE, _WAITING, _WAITING_ONLINE, _OVERDUE), window, moment
        )
        received, received_online = finished + waiting, online + waiting_online
        return {
            "received": received,
            "receivedOnline": received_online,
            "receivedDirect": received - received_online,
            "resolved": finished,
            "resolvedOverdue": overdue,
        }

    return _by_code(_reporting(window, moment), figures)


def online_rows(window: Window, moment: datetime) -> list[Row]:
    """Dossiers handed in online, by the agency's name alone."""

    def figures(agency: SampleAgency) -> Figures:
        finished, waiting = _counts(agency, (_ONLINE, _WAITING_ONLINE), window, moment)
        total = finished + waiting
        new, refused = waiting * 15 // 100, waiting * 20 // 100
        return {
            "phatsinh_1phan_quantity": total * 30 // 100,
            "phatsinh_toanphan_quantity": total - total * 30 // 100,
            "chotiepnhan_quantity": new,
            "datiepnhan_quantity": waiting - new - refused,
            "hoanthanh_quantity": finished,
            "tuchoi_quantity": refused,
            "onlinepaid_quantity": total * 45 // 100,
            "total": total,
        }

    agencies = _reporting(window, moment)
    rows: list[Row] = [{"agency_name": agency.name, **figures(agency)} for agency in agencies]
    return [*rows, {"agency_name": TOTAL_NAME, **_sum(rows, {"agency_name"})}] if rows else []


def digitisation_rows(window: Window, moment: datetime) -> list[Row]:
    """Papers digitised when received and results digitised; the percentages are those of the system itself, which
    calls nothing of nothing all of it."""

    def figures(agency: SampleAgency) -> Figures:
        results, digitised, waiting = _counts(agency, (_RESULTS, _DIGITISED, _WAITING), window, moment)
        received = results + waiting
        with_file = received * (40 + chance("papers digitised", agency.agency_id) * 3 // 5) // 100
        both = min(with_file, digitised)
        return {
            "totalReceiver": received,
            "totalReceiverHavingFile": with_file,
            "totalReceiverNopeFile": received - with_file,
            "totalComplete": results,
            "totalCompleteHavingFile": digitised,
            "totalCompleteNopeFile": results - digitised,
            "totalReceiverCompleteHavingFile": both,
        }

    rows = _by_code(_reporting(window, moment), figures)
    for row in rows:
        row["percentTotalReceiverHavingFile"] = _percent(row["totalReceiverHavingFile"], row["totalReceiver"])
        row["percentTotalCompleteHavingFile"] = _percent(row["totalCompleteHavingFile"], row["totalComplete"])
    return rows


def procedure_rows(window: Window, moment: datetime) -> list[Row]:
    """Procedures by agency, as they stand in the year in which the window ends: a list of procedures has no days."""
    book = ledger(window.years[-1], moment)

    def figures(agency: SampleAgency) -> Figures:
        names = ("procedures", "procedures_online", "procedures_fully_online", "procedures_with_online_dossiers")
        total, online, full, used = (book.count(agency, f"public_services.{name}") if book else 0 for name in names)
        return {
            "totalProcedure": total,
            "onlineProcedure": online,
            "fullyOnlineProcedure": full,
            "partlyOnlineProcedure": online - full,
            "procedureHavingOnlineDossier": used,
        }

    return _by_code(sample_agencies() if book else (), figures)


def nested(row: Row) -> Row:
    """A flat row in its real shape: `agency.code` becomes `code` of the object `agency`."""
    shaped: Row = {}
    for name, value in row.items():
        part = shaped
        *way, last = name.split(".")
        for key in way:
            part = part.setdefault(key, {})
        part[last] = value
    return shaped


def agency_id(name: str) -> str:
    """An id in the system's form."""
    return hashlib.sha256(name.encode()).hexdigest()[:24]


def _reporting(window: Window, moment: datetime) -> tuple[SampleAgency, ...]:
    """The agencies of the system; none in a window of which it knows nothing."""
    return sample_agencies() if any(ledger(year, moment) for year in window.years) else ()


def _counts(agency: SampleAgency, metrics: Iterable[str], window: Window, moment: datetime) -> list[int]:
    return [counted(agency, metric, window, moment, WHOLES) for metric in metrics]


def _by_code(agencies: Iterable[SampleAgency], figures: Callable[[SampleAgency], Figures]) -> list[Row]:
    """A row per agency, before each group a row with its sum, and last the sum of all: these have a blank code."""
    rows: list[Row] = []
    for group, name in GROUP_NAMES.items():
        own = [_row(one.name, one.codes["mau"], figures(one)) for one in agencies if one.group == group]
        rows += [_row(name, "", _sum(own, _WHO)), *own] if own else []
    singles = [row for row in rows if row["agency.code"]]
    return [*rows, _row(TOTAL_NAME, "", _sum(singles, _WHO))] if rows else []


_WHO = {"agency.id", "agency.code", "agency.name"}


def _row(name: str, code: str, figures: Figures) -> Row:
    return {"agency.id": agency_id(name), "agency.code": code, "agency.name": name, **figures}


def _sum(rows: list[Row], without: set[str]) -> Figures:
    return {name: sum(row[name] for row in rows) for name in rows[0] if name not in without}


def _percent(part: int, whole: int) -> float:
    """Rounded half up to two decimals, and 100 where there was nothing."""
    return (part * 20_000 + whole) // (2 * whole) / 100 if whole else 100.0
