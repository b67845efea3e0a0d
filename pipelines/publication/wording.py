"""Figures and days as official papers write them: a decimal comma, a point between thousands, day before month."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

BLANK = "……"
_PARTS = str.maketrans(",.", ".,")


def figure(value: Decimal | int | None, digits: int = 2) -> str:
    """`1.234,50`; a dash for what is not there."""
    if value is None:
        return "–"
    exact = Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{exact:,.{digits}f}".translate(_PARTS)


def percent(share: Decimal | None) -> str:
    """A share of one as `85,30%`."""
    return "–" if share is None else figure(share * 100) + "%"


def day(value: date) -> str:
    """`13/9/2024`, as a decision is cited."""
    return f"{value.day}/{value.month}/{value.year}"


def dated(value: date | None, year: int) -> str:
    """`ngày 05 tháng 02 năm 2025`; days below ten and the first two months take a zero (Decree 30/2020, annex I).

    Without a day the dotted line of a draft, for the pen.
    """
    if value is None:
        return f"ngày {BLANK} tháng {BLANK} năm {year}"
    month = f"{value.month:02d}" if value.month < 3 else str(value.month)
    return f"ngày {value.day:02d} tháng {month} năm {value.year}"


def when(period: str) -> str:
    """A period in words: `năm 2025`, `quý 3 năm 2025`, `tháng 10 năm 2025`."""
    year, _, rest = period.partition("-")
    if not rest:
        return f"năm {year}"
    return f"quý {rest[1:]} năm {year}" if rest.startswith("Q") else f"tháng {int(rest)} năm {year}"
