"""The national portal's 766 scores: `POST /jsp/rest.jsp`, a JSON document in the form field `params`, a bare array."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors.simulator.answers import NOT_FOUND, Answer, json_answer
from connectors.simulator.exchange import Asked, BadRequestError

FIGURES = Path(__file__).parent.parent / "figures"
PATH = "/jsp/rest.jsp"
SERVICE = "report_tinh_766_service"
ALL_PROVINCES, AN_GIANG = "0", "398126"
WHOLE_YEAR = 0

_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_FIRST_SNAPSHOT = datetime(2025, 10, 11, tzinfo=_ZONE)
_SECOND_SNAPSHOT = datetime(2025, 10, 16, tzinfo=_ZONE)

Row = dict[str, str]


class Portal:
    """The portal as the sample deployment asks it: one address, one question."""

    name = "portal_766"

    def answer(self, asked: Asked) -> Answer:
        """One page of the list that was asked for."""
        if (asked.method, asked.path) != ("POST", PATH):
            return NOT_FOUND
        question = asked_for(asked.form)
        province, month = question["province"], question["month"]
        facts = {"system": self.name, "province": province, "month": month}
        fault = asked.faults.next(facts)
        if fault:
            return fault
        rows = published(province, question["year"], month, asked.moment)
        rows = asked.faults.on_rows(rows, facts, code="MA_COQUAN")
        start = (question["page"] - 1) * question["size"]
        return json_answer(rows[start : start + question["size"]])


def published(province: str, year: str, month: int, moment: datetime) -> list[Row]:
    """What the portal showed at a moment for all provinces or one, a year, and a month (0: the whole year)."""
    if year != "2025" or moment < _FIRST_SNAPSHOT:
        return []
    snapshot = "2025-10-16" if moment >= _SECOND_SNAPSHOT else "2025-10-11"
    name = {
        (ALL_PROVINCES, WHOLE_YEAR): f"provinces_2025_as_of_{snapshot}",
        (ALL_PROVINCES, 10): "provinces_2025-10",
        (AN_GIANG, WHOLE_YEAR): "an_giang_communes_2025",
        (AN_GIANG, 10): "an_giang_departments_2025-10",
    }.get((province, month))
    return [dict(row) for row in _figures(name)] if name else []


def asked_for(form: dict[str, str]) -> dict[str, Any]:
    """The JSON document inside the form field `params`. Raises `BadRequestError`."""
    try:
        document = json.loads(form["params"])
        parts: dict[str, Any] = {
            "service": str(document["service"]),
            "year": str(document["p_nam"]),
            "month": int(document["p_thang"]),
            "province": str(document["p_tinh_id"]),
            "page": int(document["pageIndex"]),
            "size": int(document["pageSize"]),
        }
    except (KeyError, TypeError, ValueError) as error:
        raise BadRequestError(type(error).__name__) from None
    if parts["service"] != SERVICE or parts["page"] < 1 or parts["size"] < 1:
        raise BadRequestError("service or page")
    if int(document.get("p_quy", 0)) or int(document.get("p_6thang", 0)):
        return {**parts, "year": ""}  # no quarter or half-year was published
    return parts


@cache
def _figures(name: str) -> tuple[Row, ...]:
    with (FIGURES / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return tuple(csv.DictReader(handle))
