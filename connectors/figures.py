"""The figures of a pull as gates compare them: numbers of each agency, by request, period and group.

Where agencies have one row, its numbers; where they have several (`contract.key`), how many, how many of each value of
a closed field, and the sums of the numbers. Read from the landed file piece by piece.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.contract_model import Contract
from connectors.findings import Place
from connectors.source_model import Source

ROWS = "(số dòng, rows)"
_BATCH = 2**16
_OWN = ("request", "period", "agency_code")

Number = Decimal | int | None
Numbers = dict[str, Number]  # the source's field name → number
Figures = dict[str, Numbers]  # agency code → numbers


class Slice(NamedTuple):
    """The agencies of one group in one request and period: figures that are comparable with each other."""

    request: str
    period: str
    group: str

    def place(self, source: Source, field: str = "", agency: str = "") -> Place:
        return Place(source.name, self.request, self.period, agency, field)


@dataclass(frozen=True)
class Known:
    """The figures of one pull, and the moment whose knowledge they are."""

    pull_id: str
    moment: datetime
    parts: dict[Slice, Figures]


def figures_of(path: Path, contract: Contract, groups: Mapping[str, str]) -> dict[Slice, Figures]:
    """The figures of a landed file; `groups` tells the group of each agency's code, other agencies are left out.

    The file may have been read under another contract: what it lacks is not compared.
    """
    found: dict[Slice, Figures] = {}
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH):
            table = pa.Table.from_batches([batch])
            for row in _summed(table, contract) if contract.key else _single(table, contract):
                request, period, code = row.pop(_OWN)
                if code in groups:
                    own = found.setdefault(Slice(request, period, groups[code]), {}).setdefault(code, {})
                    for name, number in row.items():
                        old = own.get(name)
                        own[name] = number if old is None else old + (number or 0)
    return _filled(found) if contract.key else found


def _single(table: pa.Table, contract: Contract) -> Iterator[dict[Any, Any]]:
    names = {one.name: key for key, one in _numbers(contract).items() if one.name in table.column_names}
    for row in table.select([*_OWN, *names]).to_pylist():
        yield {_OWN: tuple(row[name] for name in _OWN), **{key: row[name] for name, key in names.items()}}


def _summed(table: pa.Table, contract: Contract) -> Iterator[dict[Any, Any]]:
    """One row for each agency and each thing that is counted or summed."""
    closed = [key for key in contract.key if contract.fields[key].values]
    by = [contract.fields[closed[0]].name] if len(contract.key) == 1 and closed else []
    yield from _grouped(table, [], [([], "count_all")], lambda _: ROWS)
    for key, one in contract.fields.items():
        if one.name in by or one.name not in table.column_names:
            continue
        if one.type == "boolean" or (one.type == "text" and one.values):
            yield from _grouped(table, [one.name], [([], "count_all")], lambda value, key=key: f"{key}={value}")
    for key, one in _numbers(contract).items():
        if one.name in table.column_names:
            filled = table.filter(pc.is_valid(table.column(one.name)))
            shown = (lambda value, key=key: f"{key}[{value}]") if by else (lambda _, key=key: key)
            yield from _grouped(filled, by, [(one.name, "sum")], shown)


def _grouped(table: pa.Table, by: list[str], what: list[Any], shown: Any) -> Iterator[dict[Any, Any]]:
    keys = [*_OWN, *by]
    grouped = table.group_by(keys).aggregate(what)
    (result,) = set(grouped.column_names) - set(keys)
    for row in zip(*(grouped.column(name).to_pylist() for name in [*keys, result]), strict=True):
        yield {_OWN: tuple(row[:3]), shown(row[3]): row[-1]}


def _numbers(contract: Contract) -> dict[str, Any]:
    """A vendor's own percentage is never used, so it is not compared either."""
    return {key: one for key, one in contract.number_fields.items() if not one.name.startswith("cross_check_")}


def _filled(found: dict[Slice, Figures]) -> dict[Slice, Figures]:
    """What an agency has no row of was counted, and is 0."""
    for figures in found.values():
        names = sorted({name for own in figures.values() for name in own if "[" not in name})
        for own in figures.values():
            own.update({name: 0 for name in names if name not in own})
    return found


def period_before(period: str) -> str:
    """`2024` → `2023`, `2024-Q1` → `2023-Q4`, `2024-01` → `2023-12`."""
    year, _, part = period.partition("-")
    if not part:
        return str(int(year) - 1)
    letter, number = part.rstrip("0123456789"), int(part.lstrip("HQ"))
    last = {"H": 2, "Q": 4, "": 12}[letter]
    before, said = (number - 1, year) if number > 1 else (last, str(int(year) - 1))
    return f"{said}-{letter}{before}" if letter else f"{said}-{before:02}"


def days_known(period: str, moment: datetime) -> tuple[date, int]:
    """The first day of a period, and how many of its days had come at a moment (at least one)."""
    year, _, part = period.partition("-")
    letter, months = part[:1] if part[:1] in "HQ" else "", 12
    number = int(part.lstrip("HQ")) if part else 1
    months = {"H": 6, "Q": 3}.get(letter, 1) if part else 12
    first = date(int(year), (number - 1) * months + 1, 1)
    month = first.month - 1 + months
    end = date(first.year + month // 12, month % 12 + 1, 1)
    until = min(end, moment.date() + timedelta(days=1))
    return first, max((until - first).days, 1)


def growth(now: tuple[str, datetime], then: tuple[str, datetime]) -> Fraction:
    """How many times more days a period had at its moment than another had at its own."""
    return Fraction(days_known(*now)[1], days_known(*then)[1])


def columns_of(*sides: Figures) -> list[str]:
    """The fields that both sides have."""
    found = [dict.fromkeys(name for own in side.values() for name in own) for side in sides]
    return [name for name in found[0] if all(name in side for side in found)]


def by_field(figures: Figures) -> dict[str, dict[str, Fraction]]:
    """Field → agency → number, without what is missing."""
    found: dict[str, dict[str, Fraction]] = defaultdict(dict)
    for code, own in figures.items():
        for name, number in own.items():
            if number is not None:
                found[name][code] = Fraction(number)
    return found
