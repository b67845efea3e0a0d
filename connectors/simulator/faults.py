"""The fault script: what the simulated portal does wrong, as data. For tests and rehearsals of the gates.

Each fault is `{"fault": NAME, …}`; `"province"` and `"month"` narrow it to one list. Faults on rows change
figures before they are paged; faults on answers replace or delay the answer, `"times"` times (default: always).
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from common.errors import ConfigurationError, Text
from connectors.simulator.portal import Row

VARIABLE = "DTI_SIMULATOR_FAULTS"
Fault = dict[str, Any]


def from_environment() -> list[Fault]:
    """The faults of `DTI_SIMULATOR_FAULTS` (a JSON list), so that whole commands can be rehearsed."""
    text = os.environ.get(VARIABLE, "")
    try:
        return checked(json.loads(text)) if text else []
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(
            "invalid-faults",
            Text(f"{VARIABLE} không hợp lệ: {error}", f"{VARIABLE} is not valid: {error}"),
            hint=Text(f"xóa biến {VARIABLE} để chạy bình thường", f"unset {VARIABLE} for a normal run"),
        ) from None


def checked(faults: Sequence[Fault]) -> list[Fault]:
    """The faults, if their names are known: a misspelt rehearsal must not pass for a successful one."""
    for fault in faults:
        if fault["fault"] not in ROW_FAULTS.keys() | ANSWER_FAULTS:
            raise ValueError(
                f"unknown fault {fault['fault']!r}; known: {', '.join(sorted(ROW_FAULTS.keys() | ANSWER_FAULTS))}"
            )
    return list(faults)


def apply_to_rows(faults: Sequence[Fault], rows: list[Row], province: str, month: int) -> list[Row]:
    """The rows with all faults that concern this list applied in order."""
    for fault in faults:
        if fault["fault"] in ROW_FAULTS and _concerns(fault, province, month):
            rows = ROW_FAULTS[fault["fault"]](rows, fault)
    return rows


class AnswerFaults:
    """Faults on answers, each as often as it says."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._left = [dict(fault) for fault in faults if fault["fault"] in ANSWER_FAULTS]
        self._lock = threading.Lock()

    def next(self, province: str, month: int) -> list[Fault]:
        """The faults that befall this answer."""
        with self._lock:
            due = [fault for fault in self._left if _concerns(fault, province, month) and fault.get("times", 1) > 0]
            for fault in due:
                if "times" in fault:
                    fault["times"] -= 1
            return due


def _concerns(fault: Fault, province: str, month: int) -> bool:
    return str(fault.get("province", province)) == province and int(fault.get("month", month)) == month


def _swap_fields(rows: list[Row], fault: Fault) -> list[Row]:
    a, b = fault["fields"]
    return _change(rows, fault, lambda row: {**row, a: row[b], b: row[a]})


def _set_field(rows: list[Row], fault: Fault) -> list[Row]:
    """Give one field a value: of the agency `code`, or of every agency."""
    return _change(rows, fault, lambda row: {**row, fault["field"]: fault["value"]})


def _add_to_field(rows: list[Row], fault: Fault) -> list[Row]:
    def added(row: Row) -> Row:
        return {**row, fault["field"]: str(Decimal(row[fault["field"]]) + Decimal(str(fault["by"])))}

    return _change(rows, fault, added)


def _multiply(rows: list[Row], fault: Fault) -> list[Row]:
    def multiplied(row: Row) -> Row:
        changed = {name: f"{Decimal(row[name]) * Decimal(str(fault['by'])):f}" for name in fault["fields"]}
        return {**row, **changed}

    return _change(rows, fault, multiplied)


def _remove_field(rows: list[Row], fault: Fault) -> list[Row]:
    return [{name: value for name, value in row.items() if name != fault["field"]} for row in rows]


def _rename_field(rows: list[Row], fault: Fault) -> list[Row]:
    return [{fault["to"] if name == fault["field"] else name: value for name, value in row.items()} for row in rows]


def _drop_rows(rows: list[Row], fault: Fault) -> list[Row]:
    """Leave out the agencies `codes`, or the last `share` of the list."""
    if "codes" in fault:
        return [row for row in rows if row["MA_COQUAN"] not in fault["codes"]]
    return rows[: len(rows) - int(len(rows) * Decimal(str(fault["share"])))]


def _repeat_row(rows: list[Row], fault: Fault) -> list[Row]:
    """Send the agency `code` twice, the second time with the fields of `with`."""
    return rows + [{**row, **fault.get("with", {})} for row in rows if row["MA_COQUAN"] == fault["code"]]


def _zero_rows(_rows: list[Row], _fault: Fault) -> list[Row]:
    return []


def _reverse(rows: list[Row], _fault: Fault) -> list[Row]:
    return rows[::-1]


def _change(rows: list[Row], fault: Fault, change: Callable[[Row], Row]) -> list[Row]:
    return [change(row) if fault.get("code", row["MA_COQUAN"]) == row["MA_COQUAN"] else row for row in rows]


ROW_FAULTS: dict[str, Callable[[list[Row], Fault], list[Row]]] = {
    "swap_fields": _swap_fields,
    "set_field": _set_field,
    "add_to_field": _add_to_field,
    "multiply": _multiply,
    "remove_field": _remove_field,
    "rename_field": _rename_field,
    "drop_rows": _drop_rows,
    "repeat_row": _repeat_row,
    "zero_rows": _zero_rows,
    "reverse": _reverse,
}
# html_page; status {status, retry_after?}; delay {seconds}
ANSWER_FAULTS = {"html_page", "status", "delay"}
