"""Rows of a source held against its contract: accepted with typed values, or quarantined with every reason.

Every received row ends in exactly one of three places: accepted, quarantined, or an exact duplicate of an accepted one;
which of them, is known for sure when the last row was read (`connectors.settling`). Until then rows lie in sorted runs:
in memory is what was added last, whatever the number of rows, and what is counted by request, period and field.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from json.encoder import encode_basestring as _quoted
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from connectors.agencies import Agencies, AgencyCode, agencies_of
from connectors.contract_model import FieldContract
from connectors.findings import Place, SourceFinding, finding
from connectors.flattening import Shape, shape_of
from connectors.paging import Page
from connectors.quarantine import Quarantine
from connectors.rules import broken_rules, differing_percentages, excluded
from connectors.runs import SortedRuns
from connectors.source_model import Source
from connectors.tables import contract_schema
from connectors.texts import folded, only_looks_odd, personal
from connectors.values import UnfitError, Value, read_value, show
from connectors.windows import Window

LINE = "_line"  # canonical JSON of a row's key and values, for the content hash
_COUNTED = ("new_fields", "received", "absent", "cross_checks", "odd_names", "excluded", "totals")
_MOST_NEW_FIELDS = 1_000
_REMEMBERED = 4_096  # texts of a field


class Mark(NamedTuple):
    """How far a reading had come."""

    counted: dict[str, Any]


class Totalled(NamedTuple):
    """What a roll-up row says of one field; `at` is its place under the contract's `totals`."""

    request: str
    period: str
    at: int
    field: str
    value: Decimal


class _Field(NamedTuple):
    """A field of the contract, and what its texts were read as so far: most come again and again."""

    key: str
    contract: FieldContract
    read: dict[str, Value]


@dataclass
class Reading:
    """What a contract made of all rows of a pull so far. `scratch` is a folder for what would fill the memory."""

    source: Source
    register: Agencies
    shape: Shape
    rows: SortedRuns
    quarantine: Quarantine
    scratch: Path | None = None
    until: date = date.max  # the day of the pull: what lies behind it has not happened yet
    new_fields: set[str] = field(default_factory=set)
    received: Counter[tuple[str, str]] = field(default_factory=Counter)
    absent: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    cross_checks: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    odd_names: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    excluded: int = 0
    totals: set[Totalled] = field(default_factory=set)

    def __post_init__(self) -> None:
        fields = self.source.contract.fields
        self._names = [one.name for one in fields.values()]
        self._sorted_names = [(name, f"{_quoted(name)}:") for name in sorted({"agency_code", *self._names})]
        self._fields = [_Field(key, one, {}) for key, one in fields.items()]

    def mark(self) -> Mark:
        """Where the reading stands, for `rewind`. Only to the latest mark can it go back."""
        self.rows.mark()
        self.quarantine.mark()
        return Mark({name: copy(getattr(self, name)) for name in _COUNTED})

    def rewind(self, mark: Mark) -> None:
        """Forget everything since `mark`, the latest: a list that would not stand still is read again."""
        self.rows.rewind()
        self.quarantine.rewind()
        for name, value in mark.counted.items():
            setattr(self, name, copy(value))

    @property
    def agencies(self) -> dict[str, AgencyCode]:
        """The agencies that the register expects, by code."""
        return self.register.by_code

    def take(
        self,
        request: str,
        period: str,
        page: Page,
        prefix: str,
        window: Window | None = None,
        *,
        pointers: Sequence[str] = (),
    ) -> None:
        """Judge every row of a page; `prefix` is the JSON pointer to the list in its body (or `pointers` name each
        row), `window` the first and the last day that was asked for.

        Raises `SourceError` where the disk is full.
        """
        contract, place = self.source.contract, Place(self.source.name, request, period)
        past = window and (window[0], min(window[1], self.until))
        for i, raw in enumerate(page.rows):
            row, unfit = self.shape.flatten(raw)
            if row is not None and contract.exclude and excluded(row, contract.exclude):
                self.excluded += 1
                self._take_totals(row, request, period)
                continue
            self.received[request, period] += 1
            origin = (page.sha256, pointers[i] if pointers else f"{prefix}/{i}")
            if row is None or unfit:
                code, facts = (unfit.code, unfit.facts) if unfit else ("NotAnObject", {})
                self.quarantine.add(origin, "", [finding(code, place, **facts)])
            else:
                self._take_row(row, place, origin, (page.agency, past))

    def _take_totals(self, raw: dict[str, Any], request: str, period: str) -> None:
        """Keep what a roll-up row says, if the contract knows what it is the total of. A value that is no number of the
        contract's is none: `TotalMissing`."""
        contract = self.source.contract
        for at, total in enumerate(contract.totals):
            if raw.get(total.field) != total.value:
                continue
            for name in total.of:
                try:
                    value = read_value(raw.get(name), contract.fields[name], contract.values, contract.numbers)
                except UnfitError:
                    continue
                if isinstance(value, int | Decimal):
                    self.totals.add(Totalled(request, period, at, name, Decimal(value)))

    def set_aside(
        self, place: Place, origin: tuple[str, str], findings: Sequence[SourceFinding], agency_name: str = ""
    ) -> None:
        """Quarantine one received row for what was found before the contract could judge it; `origin` is the SHA-256
        of its body and its pointer there."""
        self.received[place.request, place.period] += 1
        self.quarantine.add(origin, agency_name, findings)

    def _take_row(
        self, raw: dict[str, Any], place: Place, origin: tuple[str, str], asked: tuple[str, Window | None]
    ) -> None:
        contract = self.source.contract
        if len(self.new_fields) < _MOST_NEW_FIELDS:
            self.new_fields |= self.shape.new_names(raw)
        agency, unfit = self.register.match(raw, asked[0])
        findings = [finding(unfit.code, _at(place, agency, contract.agency.field), **unfit.facts)] if unfit else []
        values = self._values(raw, place, agency, findings)
        if not findings:
            findings += self._row_rules(raw, values, place._replace(agency=agency), asked[1])
        if findings:
            self.quarantine.add(origin, self.shown_name(raw), findings)
            return
        own = [values[key] for key in contract.fields]
        key = (place.request, place.period, agency, *[str(values[name]) for name in contract.key])
        line = self._line(key, {"agency_code": agency, **dict(zip(self._names, own, strict=True))})
        first = [] if contract.agency.by == "code" else [agency]
        self.rows.add("\0".join(key), (place.request, place.period, *first, *own, *origin, line))

    def _line(self, key: tuple[str, ...], named: dict[str, Value]) -> str:
        """`[key …, {name: text …}]` as canonical JSON; written by hand, as it is written for every row."""
        texts = [
            f"{quoted}null" if (value := named[name]) is None else quoted + _quoted(str(value))
            for name, quoted in self._sorted_names
        ]
        return f"[{','.join(map(_quoted, key))},{{{','.join(texts)}}}]"

    def shown_name(self, raw: dict[str, Any]) -> str:
        """The agency's name for the quarantine, where it is a readable one and nobody's own."""
        contract = self.source.contract
        name_field = contract.agency.field if contract.agency.by == "name" else contract.agency.name
        if not name_field:
            return ""
        try:
            name = str(read_value(raw.get(name_field), contract.fields[name_field], "strings") or "")
        except UnfitError:
            return ""
        return "" if personal(name) and folded(name) not in self.register.by_name else name

    def _values(
        self, raw: dict[str, Any], place: Place, agency: str, findings: list[SourceFinding]
    ) -> dict[str, Value]:
        values: dict[str, Value] = {}
        contract = self.source.contract
        code, name = (contract.agency.field, "") if contract.agency.by == "code" else ("", contract.agency.field)
        for one in self._fields:
            key = one.key
            if key == code:
                values[key] = agency
            elif key == name and isinstance(raw.get(key), str):
                values[key] = folded(raw[key])  # the register has it, or the row is set aside anyway
            elif key in raw:
                sent = raw[key]
                if isinstance(sent, str) and sent in one.read:
                    values[key] = one.read[sent]
                    continue
                try:
                    values[key] = self._value(sent, one, place)
                except UnfitError as unfit:
                    findings.append(finding(unfit.code, _at(place, agency, key), **unfit.facts))
            else:
                self.absent[place.request, place.period, key] += 1
                if one.contract.required:
                    findings.append(finding("MissingField", _at(place, agency, key)))
                values[key] = None
        return values

    def _value(self, raw: Any, field: _Field, place: Place) -> Value:
        """One value; what looks personal is refused, and a name that only looks odd is noted, as nobody matches by it.

        Raises `UnfitError`.
        """
        contract, again = self.source.contract, isinstance(raw, str)
        try:
            value = read_value(raw, field.contract, contract.values, contract.numbers, self.source.timezone)
        except UnfitError as unfit:
            display = field.key == contract.agency.name and contract.agency.by == "code"
            if not (display and unfit.code == "SuspectText" and only_looks_odd(raw)):
                raise
            self.odd_names[place.request, place.period, field.key] += 1
            value, again = raw, False  # it is counted each time
        free = isinstance(value, str) and field.contract.values is None
        if free and personal(str(value)) and folded(str(value)) not in self.register.by_name:
            raise UnfitError("PersonalData")
        if again and len(field.read) < _REMEMBERED:
            field.read[raw] = value
        return value

    def _row_rules(
        self, raw: dict[str, Any], values: dict[str, Value], place: Place, window: Window | None
    ) -> list[SourceFinding]:
        contract = self.source.contract
        findings = [
            finding(unfit.code, place._replace(field=name), **unfit.facts)
            for name, unfit in broken_rules(values, contract, window)
        ]
        for name in differing_percentages(values, contract):
            self.cross_checks[place.request, place.period, name] += 1
        if contract.group:
            there = place._replace(field=contract.group.field)
            raw_group = str(raw.get(contract.group.field) or "")
            said = contract.group.values.get(raw_group)
            expected = self.agencies[place.agency].group
            if raw_group and said is None:
                findings.append(finding("UnknownValue", there, shown=show(raw_group)))
            elif raw_group and said != expected:
                scheme = contract.agency.scheme
                findings.append(finding("GroupMismatch", there, got=said, expected=expected, scheme=scheme))
        return findings


def open_reading(
    source: Source, register: Sequence[AgencyCode], until: date = date.max, scratch: Path | None = None
) -> Reading:
    """A reading against the register's codes of the source's scheme; no period goes beyond the day `until`.

    Without a `scratch` folder all rows stay in memory.

    Raises `ConfigurationError` if one code stands for two agencies.
    """
    agencies, shape = agencies_of(source.contract.agency, register), shape_of(source.contract)
    columns = pa.schema([*contract_schema(source.contract), pa.field(LINE, pa.string())])
    rows = SortedRuns(columns, scratch, source.name)
    return Reading(source, agencies, shape, rows, Quarantine(scratch, source.name), scratch, until)


def _at(place: Place, agency: str, field: str) -> Place:
    return Place(place.source, place.request, place.period, agency, field)
