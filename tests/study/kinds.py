"""The kinds of data faults that are planted, each as a change of the rows of one list before they are sent.

A change gets the list (rows, and which of its fields are numbers), and what the source showed earlier; it gives None
where it cannot be made of this list. All chance comes from the seeded generator in the list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

Row = dict[str, Any]
Rows = list[Row]


@dataclass
class Listed:
    """One list of a source, agency rows and roll-ups apart. `last_year` and `older` are the same list as it was for the
    year before, and in this year some months ago (empty where the source has none)."""

    rows: Rows
    code: str
    numbers: list[str]
    random: Random
    last_year: Rows
    older: Rows
    several: bool
    closed: dict[str, list[Any]]

    @property
    def agencies(self) -> list[str]:
        return sorted({str(row[self.code]) for row in self.own})

    @property
    def own(self) -> Rows:
        return [row for row in self.rows if row.get(self.code) not in (None, "", "Tổng cộng", "cong-du-lieu")]

    @property
    def sums(self) -> Rows:
        own = {id(row) for row in self.own}
        return [row for row in self.rows if id(row) not in own]


Change = Callable[[Listed], Rows | None]


def _times(value: Any, by: Decimal) -> Any:
    number = Decimal(str(value)) * by
    if isinstance(value, str):
        return f"{number.quantize(Decimal('0.01')):f}"
    return int(number)


def _scaled(listed: Listed, by: str, fields: list[str], codes: set[str] | None = None) -> Rows | None:
    if not fields:
        return None
    own = {id(row) for row in listed.own}
    return [
        {**row, **{name: _times(row[name], Decimal(by)) for name in fields}}
        if codes is None or (id(row) in own and str(row[listed.code]) in codes)
        else row
        for row in listed.rows
    ]


def _all_by(by: str) -> Change:
    return lambda listed: _scaled(listed, by, listed.numbers)


def _field_by(by: str) -> Change:
    return lambda listed: _scaled(listed, by, listed.random.sample(listed.numbers, 1) if listed.numbers else [])


def _some(listed: Listed, count: int = 1) -> list[str]:
    return listed.random.sample(listed.agencies, min(count, len(listed.agencies)))


def _agency_by(by: str) -> Change:
    return lambda listed: _scaled(listed, by, listed.numbers, set(_some(listed)))


def _agency_field_by(by: str) -> Change:
    def change(listed: Listed) -> Rows | None:
        fields = listed.random.sample(listed.numbers, 1) if listed.numbers else []
        return _scaled(listed, by, fields, set(_some(listed)))

    return change


def _rewritten(listed: Listed, new: dict[int, Row]) -> Rows:
    return [new.get(id(row), row) for row in listed.rows]


def _shifted(listed: Listed, fields: list[str] | None = None) -> Rows | None:
    """Figures against the next agency of the list."""
    own = listed.own
    if listed.several:
        following = dict(zip(listed.agencies, [*listed.agencies[1:], listed.agencies[0]], strict=True))
        return _rewritten(listed, {id(row): {**row, listed.code: following[str(row[listed.code])]} for row in own})
    moved = fields if fields is not None else listed.numbers
    if not moved:
        return None
    pairs = zip(own, [own[-1], *own[:-1]], strict=True)
    return _rewritten(listed, {id(row): {**row, **{name: other[name] for name in moved}} for row, other in pairs})


def _shifted_field(listed: Listed) -> Rows | None:
    return None if listed.several or not listed.numbers else _shifted(listed, listed.random.sample(listed.numbers, 1))


def _two_exchanged(listed: Listed) -> Rows | None:
    one, other = _some(listed, 2)
    names = {one: other, other: one}
    rows = {str(row[listed.code]): row for row in listed.own}
    if listed.several:
        new = {
            id(r): {**r, listed.code: names[str(r[listed.code])]} for r in listed.own if str(r[listed.code]) in names
        }
        return _rewritten(listed, new)
    if not listed.numbers:
        return None
    new = {id(rows[a]): {**rows[a], **{n: rows[b][n] for n in listed.numbers}} for a, b in names.items()}
    return _rewritten(listed, new)


def _one_copied(listed: Listed) -> Rows | None:
    """An agency with the figures of another one."""
    if listed.several or not listed.numbers:
        return None
    one, other = _some(listed, 2)
    rows = {str(row[listed.code]): row for row in listed.own}
    return _rewritten(listed, {id(rows[one]): {**rows[one], **{n: rows[other][n] for n in listed.numbers}}})


def _dropped(share: str) -> Change:
    def change(listed: Listed) -> Rows | None:
        count = max(1, int(len(listed.agencies) * Decimal(share)))
        gone = set(_some(listed, count))
        return [row for row in listed.rows if str(row.get(listed.code)) not in gone]

    return change


def _twice(listed: Listed) -> Rows | None:
    """One agency's row once more, with other figures: as its two offices, or as yesterday and today."""
    if listed.several or not listed.numbers:
        return None
    (one,) = _some(listed)
    half = (
        {**row, **{name: _times(row[name], Decimal("0.5")) for name in listed.numbers}}
        for row in listed.own
        if str(row[listed.code]) == one
    )
    return [*listed.rows, *half]


def _columns_exchanged(listed: Listed) -> Rows | None:
    if len(listed.numbers) < 2:
        return None
    one, other = listed.random.sample(listed.numbers, 2)
    return [{**row, one: row[other], other: row[one]} for row in listed.rows]


def _last_years(listed: Listed) -> Rows | None:
    return listed.last_year or None


def _last_years_field(listed: Listed) -> Rows | None:
    """One column stands still since last year."""
    if listed.several or not listed.numbers or not listed.last_year:
        return None
    (name,) = listed.random.sample(listed.numbers, 1)
    before = {(row.get(listed.code), row.get("agency.name")): row for row in listed.last_year}
    return [
        {**row, name: before[key][name]} if (key := (row.get(listed.code), row.get("agency.name"))) in before else row
        for row in listed.rows
    ]


def _months_old(listed: Listed) -> Rows | None:
    return listed.older or None


def _transposed(listed: Listed) -> Rows | None:
    """Two neighbouring digits of one figure exchanged."""
    places = [
        (row, name)
        for row in listed.own
        for name in listed.numbers
        if (first := str(row[name])[:2]).isdigit() and len(set(first)) == 2
    ]
    if listed.several or not places:
        return None
    row, name = listed.random.choice(places)
    text = str(row[name])
    digits = text[1] + text[0] + text[2:]
    return _rewritten(listed, {id(row): {**row, name: digits if isinstance(row[name], str) else int(digits)}})


def _last_digit_lost(listed: Listed) -> Rows | None:
    if not listed.numbers:
        return None
    (name,) = listed.random.sample(listed.numbers, 1)
    return [
        {**row, name: str(row[name])[:-1] if isinstance(row[name], str) else row[name] // 10} for row in listed.rows
    ]


def _decimals_lost(listed: Listed) -> Rows | None:
    """The sign between whole and part left out, or decimals cut off."""
    if not listed.numbers or not isinstance(listed.own[0][listed.numbers[0]], str):
        return None
    cut = listed.random.random() < 0.5
    return [
        {**row, **{n: str(row[n]).partition(".")[0] if cut else str(row[n]).replace(".", "") for n in listed.numbers}}
        for row in listed.rows
    ]


def _negative(listed: Listed) -> Rows | None:
    return _agency_field_by("-1")(listed)


def _zeros(listed: Listed) -> Rows | None:
    """A column that was not filled in any more."""
    if not listed.numbers:
        return None
    (name,) = listed.random.sample(listed.numbers, 1)
    return [{**row, name: "0.00" if isinstance(row[name], str) else 0} for row in listed.rows]


def _thousands(listed: Listed) -> Rows | None:
    if not listed.numbers:
        return None
    (name,) = listed.random.sample(listed.numbers, 1)
    return [{**row, name: f"{Decimal(str(row[name])):,}".replace(",", ".")} for row in listed.rows]


def _cut_short(listed: Listed) -> Rows | None:
    """The last third of the list did not come."""
    return listed.rows[: len(listed.rows) * 2 // 3]


def _recoded(listed: Listed) -> Rows | None:
    """One word of a closed field is used for another one."""
    fields = [name for name, values in listed.closed.items() if len({row.get(name) for row in listed.own}) > 1]
    if not listed.several or not fields:
        return None
    name = listed.random.choice(fields)
    used = sorted({row[name] for row in listed.own}, key=str)
    one, other = listed.random.sample(used, 2)
    return [{**row, name: other} if row.get(name) == one else row for row in listed.rows]


def _every_row_twice(listed: Listed) -> Rows | None:
    """Each row of a list once more under another number: an office and its parent both send it."""
    if not listed.several:
        return None
    own = [{**row, **{n: f"{row[n]}-2" for n in ("id", "name") if n in row}} for row in listed.own]
    return [*listed.rows, *own]


def _nothing(_: Listed) -> Rows | None:
    return []


KINDS: dict[str, tuple[str, Change]] = {
    "unit ×100": ("every figure a hundredfold", _all_by("100")),
    "unit ÷100": ("every figure a hundredth", _all_by("0.01")),
    "unit ×10": ("every figure tenfold", _all_by("10")),
    "unit ×1000": ("every figure a thousandfold", _all_by("1000")),
    "unit ×100, one column": ("one column a hundredfold", _field_by("100")),
    "unit ÷10, one column": ("one column a tenth", _field_by("0.1")),
    "counted twice": ("every figure doubled, the source's own totals too", _all_by("2")),
    "rows twice": ("every row of a list once more under another number", _every_row_twice),
    "agency ×10": ("all figures of one agency tenfold", _agency_by("10")),
    "agency ×10, one figure": ("one figure of one agency tenfold", _agency_field_by("10")),
    "agency +20 %": ("all figures of one agency a fifth higher", _agency_by("1.2")),
    "rows shifted": ("figures against the next agency", _shifted),
    "column shifted": ("one column against the next agency", _shifted_field),
    "two agencies exchanged": ("the figures of two agencies exchanged", _two_exchanged),
    "agency copied": ("an agency with the figures of another", _one_copied),
    "agency dropped": ("one agency did not come", _dropped("0")),
    "half dropped": ("half of the agencies did not come", _dropped("0.5")),
    "cut short": ("the last third of the list did not come", _cut_short),
    "agency twice": ("one agency twice, with different figures", _twice),
    "columns exchanged": ("two columns exchanged", _columns_exchanged),
    "last year's figures": ("the list of the year before: a frozen feed, or the wrong year", _last_years),
    "column stands still": ("one column has last year's figures", _last_years_field),
    "months old": ("the list as it was at the end of August", _months_old),
    "digits transposed": ("two digits of one figure exchanged", _transposed),
    "last digit lost": ("one column without its last digit", _last_digit_lost),
    "decimals lost": ("decimals cut off, or the sign before them", _decimals_lost),
    "negative": ("one figure negative", _negative),
    "column of zeros": ("one column all zero", _zeros),
    "thousands written with points": ("one column written 1.234", _thousands),
    "word recoded": ("one word of a closed field used for another", _recoded),
    "empty": ("no rows, status 200", _nothing),
}
