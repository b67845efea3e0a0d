"""What only the last accepted pull can show: swapped columns, another unit, restated figures, lost agencies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from statistics import median
from typing import Any

from connectors.figures import Slice
from connectors.findings import SourceFinding, finding
from connectors.source_model import Source

Values = dict[str, dict[str, Any]]  # agency code → our column name → value

_SHOWN = 5
_FEWEST_SWAPPED = 3


@dataclass(frozen=True)
class Comparison:
    """One slice now and in the last accepted pull, whose id is `previous`."""

    source: Source
    part: Slice
    now: Values
    old: Values
    previous: str

    @property
    def _common(self) -> list[str]:
        return sorted(self.now.keys() & self.old.keys())

    @property
    def _numbers(self) -> dict[str, str]:
        """Source's field name → our column, of the fields that hold numbers, as far as the earlier pull has them too:
        it may have been read under another contract."""
        columns = {key: contract.name for key, contract in self.source.contract.number_fields.items()}
        return {key: column for key, column in columns.items() if all(column in row for row in self.old.values())}

    def swapped(self) -> Iterator[SourceFinding]:
        """Pairs of columns where the new A is nearer to the old B, and B to A, for most agencies that can tell."""
        for (key_a, a), (key_b, b) in combinations(self._numbers.items(), 2):
            crossed, straight = [], 0
            for code in self._common:
                figures = (self.now[code][a], self.now[code][b], self.old[code][a], self.old[code][b])
                if None in figures:
                    continue
                new_a, new_b, old_a, old_b = figures
                across = abs(new_a - old_b) + abs(new_b - old_a)
                along = abs(new_a - old_a) + abs(new_b - old_b)
                if across < along:
                    crossed.append(code)
                elif across > along:
                    straight += 1
            if len(crossed) > straight and len(crossed) >= min(_FEWEST_SWAPPED, len(self._common)):
                yield finding(
                    "ColumnsSwapped",
                    self.part.place(self.source, key_a),
                    other=key_b,
                    against_vi=f"lần lấy {self.previous}",
                    against_en=f"pull {self.previous}",
                    count=len(crossed),
                    voters=len(crossed) + straight,
                    group=self.part.group,
                    examples=examples(crossed),
                )

    def unit(self) -> Iterator[SourceFinding]:
        """Columns whose median jumped by about the factor between a share and a percentage, or more."""
        limit = self.source.gates.unit_ratio
        for key, column in self._numbers.items():
            new, old = _median(self.now, column), _median(self.old, column)
            if new and old and (new >= old * limit or new * limit <= old):
                yield finding(
                    "UnitSuspect",
                    self.part.place(self.source, key),
                    ratio=f"{new / old:.4g}",
                    group=self.part.group,
                    previous=self.previous,
                    examples=valued(sorted(self.now), self.now, column),
                )

    def renamed(self) -> Iterator[SourceFinding]:
        agency = self.source.contract.agency
        if agency.name:
            column = self.source.contract.fields[agency.name].name
            for code in self._common:
                if self.now[code][column] != self.old[code].get(column, self.now[code][column]):
                    place = self.part.place(self.source, agency.name, code)
                    yield finding("NameChanged", place, previous=self.previous, scheme=agency.scheme)

    def lost(self) -> Iterator[SourceFinding]:
        """Agencies of the last accepted pull that are no longer there."""
        missing = sorted(self.old.keys() - self.now.keys())
        found = len(self.old) - len(missing)
        if found < self.source.gates.coverage.of_last_accepted * len(self.old):
            against = ("lần lấy được chấp nhận gần nhất", "the last accepted pull")
            yield coverage_drop(self.source, self.part, len(self.old), missing, against)


def fewer_rows(source: Source, now: Counter[Slice], old: Counter[Slice], previous: str) -> Iterator[SourceFinding]:
    """Lists of several rows per agency that have shrunk: an account that lost some of its rights sees fewer rows of
    every agency, and is not told so."""
    for part, expected in sorted(old.items()):
        if now[part] < source.gates.coverage.rows_of_last_accepted * expected:
            facts = {"group": part.group, "found": now[part], "expected": expected, "previous": previous}
            yield finding("RowsDrop", part.place(source), **facts)


def coverage_drop(
    source: Source, part: Slice, expected: int, missing: list[str], against: tuple[str, str]
) -> SourceFinding:
    """Too few agencies, against the register or an earlier pull (named in both languages)."""
    return finding(
        "CoverageDrop",
        part.place(source, source.contract.agency.field, missing[0] if len(missing) == 1 else ""),
        group=part.group,
        found=expected - len(missing),
        expected=expected,
        missing=examples(missing),
        against_vi=against[0],
        against_en=against[1],
    )


def examples(codes: list[str]) -> str:
    """The first few agencies, and how many more."""
    more = f" … (+{len(codes) - _SHOWN})" if len(codes) > _SHOWN else ""
    return ", ".join(codes[:_SHOWN]) + more


def valued(codes: list[str], values: Values, column: str) -> str:
    """As `examples`, with each agency's value."""
    return examples([f"{code} = {values[code][column]}" for code in codes])


def _median(values: Values, column: str) -> Decimal:
    return Decimal(median([abs(row[column]) for row in values.values() if row[column] is not None] or [0]))
