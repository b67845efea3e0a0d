"""How the pages write figures, moments, lengths of bars and shades of cells."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from pipelines.publication.wording import figure

_WORDS = {"yes": "có", "no": "không", "on_time": "đúng hạn", "late": "trễ hạn", "none": "không có"}
UNRANKED = {
    "not_ranked_by_decision": "quyết định không xếp hạng",
    "nothing_reported": "chưa có số liệu",
    "value_missing": "thiếu số liệu bắt buộc",
    "part_missing": "thiếu điểm của một phần",
    "below_all_levels": "không đạt mức nào",
}
STAGES = {"declared": "tự khai", "collected": "hệ thống", "appraised": "thẩm định"}
UNITS = {"count": "", "yes_no": "", "percent": "%", "points": "điểm", "vnd": "đồng"}


def points(value: Decimal | None) -> str:
    """Points for the eye, two decimals; a dash for what is not there."""
    return figure(value)


def brief(value: Decimal | int | None) -> str:
    """A number with as many decimals as it has, two at most: maxima such as 420, or 2,5."""
    text = figure(value)
    return text.removesuffix(",00") if "," in text and not text.endswith(",00") else text.split(",", maxsplit=1)[0]


def exact(value: Decimal | int | None) -> str:
    """A number for programs: all its digits, a point, no exponent."""
    if value is None:
        return ""
    text = f"{Decimal(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: Decimal | None, digits: int = 1) -> str:
    return "–" if share is None else f"{figure(share * 100, digits)} %"


def kilobytes(size: int) -> str:
    """`12 kB`, at least one."""
    return f"{max(1, round(size / 1024))} kB"


def signed(value: Decimal) -> str:
    """A difference with its sign: `+0,13`, `−2,00`."""
    return f"{'−' if value < 0 else '+'}{figure(abs(value))}"


def raw(text: str | int | None) -> str:
    """A figure as it was reported, or a count, for the eye: grouped digits, yes and no in words, lists as they are."""
    if text is None:
        return "–"
    try:
        number = Decimal(text)
        digits = -int(number.normalize().as_tuple().exponent)
    except (InvalidOperation, TypeError):
        return _WORDS.get(str(text), str(text))
    return figure(number, max(digits, 0))


def share_of(value: Decimal | None, most: Decimal | None) -> Decimal | None:
    return None if value is None or not most else Decimal(value) / most


def bar(share: Decimal | None) -> str:
    """The class that draws a bar of this length; none for what is not there."""
    return "" if share is None else f"b{_within(share, 100)} "


def shade(share: Decimal | None) -> str:
    """The class that shades a cell, in ten steps."""
    return "" if share is None else f"h{min(_within(share, 10), 9)}"


def _within(share: Decimal, steps: int) -> int:
    return max(0, min(steps, int((share * steps).to_integral_value(ROUND_HALF_UP if steps > 10 else "ROUND_FLOOR"))))


def day(value: Any) -> str:
    """`16/10/2025`, of a date, a moment or ISO text."""
    if not value:
        return "–"
    given = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{given:%d/%m/%Y}" if isinstance(given, date) else str(given)


def moment(value: Any) -> str:
    """`23:59 16/10/2025`."""
    if not value:
        return "–"
    given = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{given:%H:%M %d/%m/%Y}"
