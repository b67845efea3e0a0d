"""From a cell to the value that the contract judges: its type as stored, its unit as shown, nothing converted."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Context, Decimal, InvalidOperation

from connectors.contract_model import FieldContract
from connectors.sheets.grid import Cell
from connectors.values import UnfitError, show

Raw = str | Decimal | bool | None
PERCENT = "%"
_SHOWN = Context(prec=15)  # what spreadsheets keep of a binary float: 0.98499999999999999 is their 0.985
_MOST_DIGITS = 15
_NUMBER_LIKE = re.compile(r"\s*[-+]?[0-9][0-9.,\s\u00a0]*%?\s*")
_EPOCH_1904 = date(1904, 1, 1)
_EPOCH_1900 = date(1899, 12, 30)
_MARCH_1900 = 61  # before it, serials are one off: spreadsheets believe in 29 February 1900


def raw_value(cell: Cell | None, field: FieldContract, from_1904: bool, text_dates: bool) -> Raw:
    """What the cell holds for this field: text, an exact number in the contract's unit, or a date in its format.

    Raises `UnfitError`: `ErrorCell`, `NumberAsText`, `PercentFormat`, `PercentUnclear`, `DateFormat`, `WrongType`.
    """
    if cell is None:
        return None
    if cell.kind == "error":
        raise UnfitError("ErrorCell", shown=show(cell.text or ""))
    if (cell.kind == "boolean") != (field.type == "boolean"):
        raise UnfitError("WrongType", expected=field.type, got="true/false" if cell.kind == "boolean" else cell.kind)
    if field.type == "boolean":
        return cell.text == "1"
    if field.type in {"date", "moment"}:
        return _date(cell, field, from_1904, text_dates)
    if field.type == "text":
        if cell.kind != "text":
            raise UnfitError("WrongType", expected="string", got=cell.kind)
        return cell.text
    return _number(cell, field)


def _number(cell: Cell, field: FieldContract) -> Decimal:
    text = cell.text or ""
    if cell.kind == "text" and _NUMBER_LIKE.fullmatch(text):
        raise UnfitError("NumberAsText", shown=show(text))
    if cell.kind != "number":
        raise UnfitError("NotANumber", shown=show(text))
    if cell.look == "date":
        raise UnfitError("WrongType", expected="number", got="date")
    number = exact(text)
    if cell.look == "percent":
        if field.unit != PERCENT:
            raise UnfitError("PercentFormat", unit=field.unit or "")
        return number * 100
    if field.unit == PERCENT and 0 < abs(number) <= 1:
        raise UnfitError("PercentUnclear", shown=show(str(number)))
    return number


def exact(text: str) -> Decimal:
    """The number to the 15 digits that spreadsheets keep, without the noise of binary floats behind them."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise UnfitError("NotANumber", shown=show(text)) from None
    if not number.is_finite():
        raise UnfitError("NotANumber", shown=show(text))
    if number.adjusted() >= _MOST_DIGITS:
        raise UnfitError("TooManyDigits")
    plain = format(_SHOWN.normalize(number), "f")
    return Decimal(plain)


def _date(cell: Cell, field: FieldContract, from_1904: bool, text_dates: bool) -> str:
    form = field.format or ""
    if cell.kind == "text":
        if text_dates:
            return cell.text or ""
        raise UnfitError("DateFormat", format="date cell")
    moment: date | datetime
    try:
        if cell.kind == "date":
            moment = datetime.fromisoformat(cell.text or "")
        elif cell.look == "date":
            moment = from_serial(exact(cell.text or ""), from_1904)
        else:
            raise UnfitError("DateFormat", format="date cell")
    except (ValueError, OverflowError):
        raise UnfitError("DateFormat", format="date cell") from None
    return moment.isoformat() if form == "iso8601" else moment.strftime(form)


def from_serial(serial: Decimal, from_1904: bool) -> date | datetime:
    """The day (or moment) of a serial, by the workbook's own beginning of time."""
    if not from_1904 and serial < _MARCH_1900:
        raise ValueError(serial)
    whole = int(serial)
    day = (_EPOCH_1904 if from_1904 else _EPOCH_1900) + timedelta(days=whole)
    if serial == whole:
        return day
    seconds = int((serial - whole) * 86_400 + Decimal("0.5"))
    return datetime(day.year, day.month, day.day) + timedelta(seconds=seconds)  # noqa: DTZ001 - the contract has the zone
