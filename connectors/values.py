"""From what a source sends to typed values: exact, strict, explained. Nothing is coerced, trimmed away or guessed.

DuckDB's and pandas' own conversions accept `1_000`, `0x1F`, ` 12 `, and round `12.7` to an integer: figures that
decide a rank are read here instead, under the field's contract.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract_model import FieldContract, Numbers
from connectors.texts import codepoint, foreign

Value = str | int | Decimal | date | None

_PLAIN = re.compile(r"-?(0|[1-9][0-9]*)(\.([0-9]+))?", re.ASCII)
_COMMA = re.compile(r"-?[0-9]+,[0-9]+", re.ASCII)
_GROUPED = re.compile(r"-?[0-9]{1,3}([.,\s\u00a0\u202f'][0-9]{3})+([.,][0-9]+)?", re.ASCII)
_SHOWABLE = re.compile(r"[-+0-9.,eE%]{1,9}|NaN|[-+]?Infinity|#?N/A|#DIV/0!|#REF!|#VALUE!|null|true|false", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?")
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_SIGNS = {"point": r"\.", "comma": ",", "space": "[ \u00a0\u202f]", "none": ""}
_MOST_DIGITS = 18
_FEW = 10**9  # with nine decimals there are still no more digits than may be
_STEPS = [Decimal(1).scaleb(-places) for places in range(10)]
PLAIN = Numbers()
HERE = "Asia/Ho_Chi_Minh"
_MOST_TEXT = 2_000


class UnfitError(Exception):
    """A value that breaks its contract: the reason's code and its facts."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class LongInteger(Decimal):
    """An integer of more digits than a source may send: exact, and no value of any contract."""


def read_value(raw: Any, field: FieldContract, wire: str, numbers: Numbers = PLAIN, zone: str = HERE) -> Value:
    """One value under its field's contract. `wire` is `strings` (every value is a JSON string) or `native`; `numbers`
    is how text writes numbers, `zone` the one in which a moment falls on a day.

    Returns text in NFC, int, Decimal with `places` decimals, date, a moment as the clocks of `zone` show it, true or
    false, or None where an optional field is empty. Raises `UnfitError`.
    """
    if raw is None or raw == "":
        if field.required:
            raise UnfitError("EmptyValue")
        return None
    if field.type == "text":
        return _text(_string(raw), field)
    if field.type == "date":
        return _local(raw, field, zone).date()
    if field.type == "moment":
        return _local(raw, field, zone)
    if field.type == "boolean":
        return _boolean(raw, wire)
    if type(raw) is int and wire == "native" and -_FEW < raw < _FEW:
        return _in_range(raw, field)
    return _in_range(_number(raw, field, wire, field.numbers or numbers), field)


def read_code(raw: Any) -> str:
    """An agency's code: exact ASCII, since `H29` and `Н29` (Cyrillic) look alike and differ. Raises `UnfitError`."""
    if raw is None or raw == "":
        raise UnfitError("EmptyValue")
    text = _string(raw)
    if not _CODE.fullmatch(text):
        odd = next((c for c in text if not _CODE.fullmatch(c)), "")
        raise UnfitError("ConfusableCode", codepoint=codepoint(odd) if odd else f"{len(text)} characters")
    return text


def _string(raw: Any) -> str:
    if not isinstance(raw, str):
        raise UnfitError("WrongType", expected="string", got=_type(raw))
    return raw


def _number(raw: Any, field: FieldContract, wire: str, numbers: Numbers) -> Decimal:
    if wire == "native":
        if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
            raise UnfitError("WrongType", expected="number", got=_type(raw))
        if isinstance(raw, LongInteger):
            raise UnfitError("TooManyDigits")
        text = format(Decimal(raw), "f") if Decimal(raw).adjusted() <= _MOST_DIGITS else ""
    else:
        text = _plain(_string(raw), numbers)
    plain = _PLAIN.fullmatch(text)
    if not plain:
        raise UnfitError(_why_no_number(text), shown=show(text))
    decimals = len(plain[3] or "")
    places = field.places or 0
    if decimals > places:
        ambiguous = decimals == 3 and _GROUPED.fullmatch(text) and wire == "strings"
        raise UnfitError("AmbiguousNumber" if ambiguous else "TooManyDecimals", shown=show(text), places=places)
    if len(plain[1]) + places > _MOST_DIGITS:
        raise UnfitError("TooManyDigits")
    return Decimal(text)


def _plain(text: str, numbers: Numbers) -> str:
    """A number in the declared notation, rewritten with a decimal point and without groups; all else as it is."""
    if numbers == PLAIN:
        return text
    sign, group = _SIGNS[numbers.decimal], _SIGNS[numbers.group]
    grouped = rf"[0-9]{{1,3}}({group}[0-9]{{3}})+" if group else r"[0-9]+"
    if not re.fullmatch(rf"-?({grouped}|[0-9]+)({sign}[0-9]+)?", text, re.ASCII):
        raise UnfitError(_why_no_number(text) if not _PLAIN.fullmatch(text) else "AmbiguousNumber", shown=show(text))
    whole = re.sub(group, "", text) if group else text
    return re.sub(sign, ".", whole)


def _why_no_number(text: str) -> str:
    if _GROUPED.fullmatch(text):
        return "AmbiguousNumber"
    if _COMMA.fullmatch(text):
        return "DecimalComma"
    return "NotANumber"


def _in_range(number: int | Decimal, field: FieldContract) -> int | Decimal:
    if field.minimum is not None and number < field.minimum:
        raise UnfitError("BelowMinimum", shown=show(str(number)), minimum=str(field.minimum))
    if field.maximum is not None and number > field.maximum:
        raise UnfitError("AboveMaximum", shown=show(str(number)), maximum=str(field.maximum))
    if field.type == "integer":
        return int(number)
    return Decimal(number).quantize(_STEPS[field.places or 0])


def _text(raw: str, field: FieldContract) -> str:
    text = unicodedata.normalize("NFC", raw).strip(" ")
    if len(text) > _MOST_TEXT:
        raise UnfitError("WrongType", expected=f"≤ {_MOST_TEXT} characters", got=str(len(text)))
    odd = foreign(text)
    if odd:
        raise UnfitError(odd[0], codepoint=odd[1])
    if not text and field.required:
        raise UnfitError("EmptyValue")
    if field.values is not None and text not in field.values:
        raise UnfitError("UnknownValue", shown=show(text))
    if field.pattern is not None and text and not re.fullmatch(field.pattern, text):
        raise UnfitError("PatternDiffers", pattern=field.pattern)
    return text


def _boolean(raw: Any, wire: str) -> bool:
    found = {"true": True, "false": False}.get(_string(raw)) if wire == "strings" else raw
    if not isinstance(found, bool):
        raise UnfitError("WrongType", expected="true/false", got=_type(raw))
    return found


def _local(raw: Any, field: FieldContract, zone: str) -> datetime:
    """What the clocks of `zone` show, without the zone: 18:00 UTC on 31 December is next year in Vietnam. A bare day is
    its midnight. A database's driver gives days and moments as such; all others send text."""
    form = field.format or ""
    if isinstance(raw, date):
        timed = isinstance(raw, datetime)
        moment = raw if isinstance(raw, datetime) else datetime.combine(raw, time())
    else:
        moment = _moment(_string(raw), form)
        timed = form == "iso8601" or bool(re.search("%[HIMSz]", form))
    if timed and moment.tzinfo is None:
        if field.timezone is None:
            raise UnfitError("NaiveTime")
        moment = moment.replace(tzinfo=ZoneInfo(field.timezone))
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:  # also the year 9999 by which some systems mean "always"
        raise UnfitError("DateFormat", format=form)
    return (moment.astimezone(ZoneInfo(zone)) if timed else moment).replace(tzinfo=None)


def _moment(text: str, form: str) -> datetime:
    try:
        if form == "iso8601":
            if not _ISO.fullmatch(text):
                raise ValueError
            return datetime.fromisoformat(text)
        moment = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is the caller's matter
    except (ValueError, OverflowError):
        raise UnfitError("DateFormat", format=form) from None
    written = moment.strftime(form)
    if written != text and "%z" not in form and "%f" not in form:  # strptime also takes 3/4/2024 for %d/%m/%Y
        raise UnfitError("DateFormat", format=form)
    return moment


def show(text: str) -> str:
    """The value where it can only be a short figure or an error mark; otherwise its length: it may be personal data."""
    return text if _SHOWABLE.fullmatch(text) else f"({len(text)} characters)"


def _type(raw: Any) -> str:
    names = {bool: "true/false", int: "number", Decimal: "number", LongInteger: "number", list: "list", dict: "object"}
    names |= {str: "string", float: "binary float", type(None): "null"}  # no float is exactly 98.3
    return names.get(type(raw), type(raw).__name__)
