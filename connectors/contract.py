"""Rows of a source held against its contract: accepted with typed values, or quarantined with every reason.

Every received row ends in exactly one of three places: accepted, quarantined, or an exact duplicate of an accepted one.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from connectors.agencies import Agencies, AgencyCode, agencies_of
from connectors.contract_model import FieldContract
from connectors.findings import Place, SourceFinding, finding
from connectors.flattening import Shape, shape_of
from connectors.paging import Page
from connectors.rules import broken_rules, differing_percentages, excluded
from connectors.source_model import Source
from connectors.texts import folded, only_looks_odd, personal
from connectors.values import UnfitError, Value, read_value, show
from connectors.windows import Window

Key = tuple[str, ...]  # request, period, agency code, and the contract's further key fields
_STATE = (
    "rows", "quarantine", "new_fields", "received", "absent", "cross_checks", "odd_names", "exact_duplicates",
    "excluded", "_conflicts",
)  # fmt: skip


class Row(NamedTuple):
    """One accepted row: typed values by our names, and where it came from."""

    request: str
    period: str
    agency_code: str
    values: dict[str, Value]
    body_sha256: str
    pointer: str
    more_key: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return (self.request, self.period, self.agency_code, *self.more_key)


class Mark(NamedTuple):
    """How far a reading had come."""

    state: dict[str, Any]


class Quarantined(NamedTuple):
    """One reason why one row was set aside."""

    body_sha256: str
    pointer: str
    agency_name: str
    finding: SourceFinding


@dataclass
class Reading:
    """What a contract made of all rows of a pull so far."""

    source: Source
    register: Agencies
    shape: Shape
    until: date = date.max  # the day of the pull: what lies behind it has not happened yet
    rows: dict[Key, Row] = field(default_factory=dict)
    quarantine: list[Quarantined] = field(default_factory=list)
    new_fields: set[str] = field(default_factory=set)
    received: Counter[tuple[str, str]] = field(default_factory=Counter)
    absent: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    cross_checks: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    odd_names: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    exact_duplicates: int = 0
    excluded: int = 0
    _conflicts: set[Key] = field(default_factory=set)

    def mark(self) -> Mark:
        """Where the reading stands, for `rewind`."""
        return Mark({name: copy(getattr(self, name)) for name in _STATE})

    def rewind(self, mark: Mark) -> None:
        """Forget everything since `mark`: a list that would not stand still is read again."""
        for name, value in mark.state.items():
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
        row), `window` the first and the last day that was asked for."""
        contract = self.source.contract
        for i, raw in enumerate(page.rows):
            row, unfit = self.shape.flatten(raw)
            if row is not None and excluded(row, contract.exclude):
                self.excluded += 1
                continue
            self.received[request, period] += 1
            place, pointer = Place(self.source.name, request, period), pointers[i] if pointers else f"{prefix}/{i}"
            if row is None or unfit:
                code, facts = (unfit.code, unfit.facts) if unfit else ("NotAnObject", {})
                self.quarantine.append(Quarantined(page.sha256, pointer, "", finding(code, place, **facts)))
            else:
                past = window and (window[0], min(window[1], self.until))
                self._take_row(row, place, (page.sha256, pointer), (page.agency, past))

    def set_aside(
        self, place: Place, origin: tuple[str, str], findings: Sequence[SourceFinding], agency_name: str = ""
    ) -> None:
        """Quarantine one received row for what was found before the contract could judge it; `origin` is the SHA-256
        of its body and its pointer there."""
        self.received[place.request, place.period] += 1
        self.quarantine += [Quarantined(*origin, agency_name, one) for one in findings]

    def _take_row(
        self, raw: dict[str, Any], place: Place, origin: tuple[str, str], asked: tuple[str, Window | None]
    ) -> None:
        contract = self.source.contract
        self.new_fields |= self.shape.new_names(raw)
        agency, unfit = self.register.match(raw, asked[0])
        place = place._replace(agency=agency)
        at = place._replace(field=contract.agency.field)
        findings = [finding(unfit.code, at, **unfit.facts)] if unfit else []
        values = self._values(raw, place, findings)
        if not findings:
            findings += self._row_rules(raw, values, place, asked[1])
        if findings:
            self.quarantine += [Quarantined(*origin, self._name(raw), one) for one in findings]
            return
        named = {field.name: values[key] for key, field in contract.fields.items()}
        more_key = tuple(str(values[key]) for key in contract.key)
        named = {"agency_code": agency, **named}
        self._keep(Row(place.request, place.period, agency, named, *origin, more_key), raw)

    def _name(self, raw: dict[str, Any]) -> str:
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

    def _values(self, raw: dict[str, Any], place: Place, findings: list[SourceFinding]) -> dict[str, Value]:
        values: dict[str, Value] = {}
        contract = self.source.contract
        for key, field_contract in contract.fields.items():
            if key == contract.agency.field and contract.agency.by == "code":
                values[key] = place.agency
                continue
            if key == contract.agency.field and isinstance(raw.get(key), str):
                values[key] = folded(raw[key])  # matched by name: the register has it, or the row is set aside anyway
                continue
            there = place._replace(field=key)
            if key not in raw:
                self.absent[place.request, place.period, key] += 1
                if field_contract.required:
                    findings.append(finding("MissingField", there))
                values[key] = None
                continue
            try:
                values[key] = self._value(raw[key], field_contract, there)
            except UnfitError as unfit:
                findings.append(finding(unfit.code, there, **unfit.facts))
        return values

    def _value(self, raw: Any, field: FieldContract, there: Place) -> Value:
        """One value; what looks personal is refused, and a name that only looks odd is noted, as nobody matches by it.

        Raises `UnfitError`.
        """
        contract = self.source.contract
        try:
            value = read_value(raw, field, contract.values, contract.numbers, self.source.timezone)
        except UnfitError as unfit:
            display = there.field == contract.agency.name and contract.agency.by == "code"
            if not (display and unfit.code == "SuspectText" and only_looks_odd(raw)):
                raise
            self.odd_names[there.request, there.period, there.field] += 1
            value = raw
        known = field.values is not None or (isinstance(value, str) and folded(value) in self.register.by_name)
        if isinstance(value, str) and not known and personal(value):
            raise UnfitError("PersonalData")
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

    def _keep(self, row: Row, raw: dict[str, Any]) -> None:
        if row.key in self._conflicts:
            self._set_aside(row, row, self._name(raw))
            return
        earlier = self.rows.get(row.key)
        if earlier is None:
            self.rows[row.key] = row
        elif earlier.values == row.values:
            self.exact_duplicates += 1
        else:
            del self.rows[row.key]
            self._conflicts.add(row.key)
            self._set_aside(earlier, row, self._name(raw))
            self._set_aside(row, earlier, self._name(raw))

    def _set_aside(self, row: Row, other: Row, name: str) -> None:
        names = {field.name: key for key, field in self.source.contract.fields.items()}
        differing = [names.get(key, key) for key in row.values if row.values[key] != other.values[key]]
        named = ", ".join(differing) or self.source.contract.agency.field
        place = Place(self.source.name, row.request, row.period, row.agency_code, named)
        self.quarantine.append(Quarantined(row.body_sha256, row.pointer, name, finding("ConflictingDuplicate", place)))

    def sorted_rows(self) -> list[Row]:
        """Accepted rows in canonical order: the order of pages and rows at the source does not matter."""
        return [self.rows[key] for key in sorted(self.rows)]

    def sorted_quarantine(self) -> list[Quarantined]:
        return sorted(
            self.quarantine,
            key=lambda q: (
                q.finding.request,
                q.finding.period,
                q.finding.agency,
                q.finding.field_name,
                q.finding.code,
                q.body_sha256,
                q.pointer,
            ),
        )

    def quarantined_rows(self) -> int:
        return len({(q.finding.request, q.finding.period, q.body_sha256, q.pointer) for q in self.quarantine})

    def counts(self) -> dict[str, int]:
        """received = accepted + quarantined + exact_duplicates, always."""
        counts = {
            "received": self.received.total(),
            "accepted": len(self.rows),
            "quarantined": self.quarantined_rows(),
            "exact_duplicates": self.exact_duplicates,
        }
        if counts["received"] != counts["accepted"] + counts["quarantined"] + counts["exact_duplicates"]:
            raise AssertionError(f"rows do not add up: {counts}")
        return counts

    def content_hash(self) -> str:
        """Canonical SHA-256 of the accepted values: independent of paging, order, pull and clock."""
        types = [[field.name, field.type, field.places] for field in self.source.contract.fields.values()]
        lines = [
            [*row.key, {name: None if value is None else str(value) for name, value in row.values.items()}]
            for row in self.sorted_rows()
        ]
        return _hash([types, lines])

    def quarantine_hash(self) -> str:
        """Canonical SHA-256 of what was set aside and why, without pointers."""
        return _hash(
            sorted(
                [q.finding.request, q.finding.period, q.finding.agency, q.finding.field_name, q.finding.code]
                for q in self.quarantine
            )
        )


def open_reading(source: Source, register: Sequence[AgencyCode], until: date = date.max) -> Reading:
    """A reading against the register's codes of the source's scheme; no period goes beyond the day `until`.

    Raises `ConfigurationError` if one code stands for two agencies.
    """
    return Reading(source, agencies_of(source.contract.agency, register), shape_of(source.contract), until)


def _hash(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
