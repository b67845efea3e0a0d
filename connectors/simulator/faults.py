"""The fault script: what simulated systems do wrong, as data. For tests and rehearsals of the gates.

Each fault is `{"fault": NAME, …}`. `"system"` narrows it to one system, and a system's own facts to one of its lists
(`"province"` and `"month"` of the portal, `"list"` elsewhere). Faults on rows change figures before they are paged;
faults on answers replace or delay the answer, `"times"` times (default: always).
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from common.errors import ConfigurationError, Text
from connectors.simulator.answers import Answer, json_answer

VARIABLE = "DTI_SIMULATOR_FAULTS"
Fault = dict[str, Any]
Facts = dict[str, Any]
Row = dict[str, Any]

_CODE = " code field"  # no key of a fault: JSON names have no leading space
_LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Đăng nhập</title></head><body><form></form></body></html>"


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


class FaultScript:
    """All faults of one server: those on rows change figures before paging, the others stand in for an answer."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = list(faults)
        self._left = [dict(fault) for fault in faults if fault["fault"] in ANSWER_FAULTS]
        self._lock = threading.Lock()

    def on_rows(self, rows: list[Row], facts: Facts, *, code: str) -> list[Row]:
        """The rows with all faults that concern this list applied in order. `facts` tell which list it is (`system`
        and what narrows it), `code` is the field with the agency's code."""
        for fault in self._faults:
            if fault["fault"] in ROW_FAULTS and _concerns(fault, facts):
                rows = ROW_FAULTS[fault["fault"]](rows, {**fault, _CODE: code})
        return rows

    def next(self, facts: Facts) -> Answer | None:
        """The answer that a fault puts in the place of this one, if any is due; delays are waited for."""
        with self._lock:
            due = [fault for fault in self._left if _concerns(fault, facts) and fault.get("times", 1) > 0]
            for fault in due:
                if "times" in fault:
                    fault["times"] -= 1
        for fault in due:
            if fault["fault"] == "delay":
                time.sleep(fault["seconds"])
                continue
            if fault["fault"] == "status":
                after = {"Retry-After": str(fault["retry_after"])} if "retry_after" in fault else {}
                return Answer(fault["status"], b"", "text/plain", after)
            if fault["fault"] == "json":
                return json_answer(fault["document"])
            return Answer(200, _LOGIN_PAGE.encode(), "text/html; charset=utf-8")
        return None


def _concerns(fault: Fault, facts: Facts) -> bool:
    return all(str(fault[name]) == str(value) for name, value in facts.items() if name in fault)


def _swap_fields(rows: list[Row], fault: Fault) -> list[Row]:
    a, b = fault["fields"]
    return _change(rows, fault, lambda row: {**row, a: row[b], b: row[a]})


def _set_field(rows: list[Row], fault: Fault) -> list[Row]:
    """Give one field a value: of the agency `code`, or of every agency."""
    return _change(rows, fault, lambda row: {**row, fault["field"]: fault["value"]})


def _add_to_field(rows: list[Row], fault: Fault) -> list[Row]:
    def added(row: Row) -> Row:
        value = row[fault["field"]]
        return {**row, fault["field"]: _written_as(value, Decimal(str(value)) + Decimal(str(fault["by"])))}

    return _change(rows, fault, added)


def _multiply(rows: list[Row], fault: Fault) -> list[Row]:
    def multiplied(row: Row) -> Row:
        values = {name: row[name] for name in fault["fields"]}
        by = Decimal(str(fault["by"]))
        return {**row, **{name: _written_as(value, Decimal(str(value)) * by) for name, value in values.items()}}

    return _change(rows, fault, multiplied)


def _written_as(value: Any, number: Decimal) -> str | int | float:
    """A number in the form of the value that it replaces: text stays text."""
    if isinstance(value, str):
        return f"{number:f}"
    return int(number) if number == number.to_integral_value() else float(number)


def _remove_field(rows: list[Row], fault: Fault) -> list[Row]:
    return [{name: value for name, value in row.items() if name != fault["field"]} for row in rows]


def _rename_field(rows: list[Row], fault: Fault) -> list[Row]:
    return [{fault["to"] if name == fault["field"] else name: value for name, value in row.items()} for row in rows]


def _drop_rows(rows: list[Row], fault: Fault) -> list[Row]:
    """Leave out the agencies `codes`, or the last `share` of the list."""
    if "codes" in fault:
        return [row for row in rows if row[fault[_CODE]] not in fault["codes"]]
    return rows[: len(rows) - int(len(rows) * Decimal(str(fault["share"])))]


def _repeat_row(rows: list[Row], fault: Fault) -> list[Row]:
    """Send the agency `code` twice, the second time with the fields of `with`."""
    return rows + [{**row, **fault.get("with", {})} for row in rows if row[fault[_CODE]] == fault["code"]]


def _zero_rows(_rows: list[Row], _fault: Fault) -> list[Row]:
    return []


def _reverse(rows: list[Row], _fault: Fault) -> list[Row]:
    return rows[::-1]


def _change(rows: list[Row], fault: Fault, change: Callable[[Row], Row]) -> list[Row]:
    return [change(row) if fault.get("code", row[fault[_CODE]]) == row[fault[_CODE]] else row for row in rows]


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
# html_page; json {document}; status {status, retry_after?}; delay {seconds}
ANSWER_FAULTS = {"html_page", "json", "status", "delay"}
