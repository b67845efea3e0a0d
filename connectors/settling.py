"""All rows of a pull, once they are there: brought into order, twins found, counted, hashed and written.

The order of pages and rows at the source does not matter, except between rows of one key: of equal ones the first is
kept, and where two differ, all of that key are set aside. Memory is that of a few batches and one row group.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa

from connectors.contract import LINE, Reading
from connectors.findings import Place, SourceFinding, finding
from connectors.runs import KEY
from connectors.tables import QUARANTINE_SCHEMA, AgencyRows, contract_schema, rows_written

_SHOWN_ROWS = 20


@dataclass
class Settled:
    """What the rows of a pull came to: received = accepted + quarantined + exact_duplicates, always.

    `rows` has one row per request, period and agency that has accepted rows (see `AgencyRows`), `aside` the first of
    the `reasons` why rows were set aside. `content_hash` is a canonical SHA-256 of the accepted values, independent of
    paging, order, pull and clock; `quarantine_hash` one of what was set aside and why, without pointers.
    """

    counts: dict[str, int]
    rows: list[dict[str, Any]] = field(default_factory=list)
    aside: list[SourceFinding] = field(default_factory=list)
    reasons: int = 0
    content_hash: str = ""
    quarantine_hash: str = ""


def settle(reading: Reading, accepted: Path | None = None, quarantine: Path | None = None) -> Settled:
    """Bring a reading to its end, once, and write its two Parquet files where they are wanted."""
    contract = reading.source.contract
    settled = Settled(dict.fromkeys(("received", "accepted", "quarantined", "exact_duplicates"), 0))
    types = [[one.name, one.type, one.places] for one in contract.fields.values()]
    content = _ListHash(_canonical(types))
    twins = _Twins(reading)
    schema, agencies = contract_schema(contract), AgencyRows(bool(contract.key))
    with rows_written(accepted, schema) as write:
        for table in twins.without(reading.rows.merged()):
            content.add(table.column(LINE).to_pylist())
            landed = table.select(schema.names)
            settled.counts["accepted"] += landed.num_rows
            agencies.add(landed)
            write(landed)
    settled.rows = agencies.rows
    settled.content_hash = content.hexdigest()
    _settle_quarantine(reading, settled, quarantine)
    settled.counts["received"] = reading.received.total()
    settled.counts["quarantined"] = reading.quarantine.counts.rows
    settled.counts["exact_duplicates"] = twins.equal
    received, *parts = settled.counts.values()
    if received != sum(parts):
        raise AssertionError(f"rows do not add up: {settled.counts}")
    return settled


def _settle_quarantine(reading: Reading, settled: Settled, path: Path | None) -> None:
    reasons = _ListHash()
    with rows_written(path, QUARANTINE_SCHEMA) as write:
        for table in reading.quarantine.tables():
            places = table.select(["request", "period", "agency_code", "field", "reason"])
            reasons.add([_canonical(list(row.values())) for row in places.to_pylist()])
            settled.reasons += table.num_rows
            write(table.select(QUARANTINE_SCHEMA.names))
    settled.quarantine_hash = reasons.hexdigest()
    settled.aside = [one for one, _ in zip(reading.quarantine.findings(), range(_SHOWN_ROWS), strict=False)]


class _Twins:
    """Rows of one key, which follow each other. The last row of a table is held back: a twin may come with the next."""

    def __init__(self, reading: Reading) -> None:
        self.equal = 0
        self._reading = reading
        self._held: pa.Table | None = None
        self._refused = ""  # the key whose rows contradict each other

    def without(self, tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
        """The rows to accept."""
        for table in tables:
            yield self._alone(table if self._held is None else pa.concat_tables([self._held, table]))
        if self._held is not None:
            yield self._held

    def _alone(self, table: pa.Table) -> pa.Table:
        keys = table.column(KEY).to_pylist()
        kept, at = [], 0
        for key, group in groupby(keys):
            size = sum(1 for _ in group)
            if (size == 1 and key != self._refused) or self._agree(key, table.slice(at, size).to_pylist()):
                kept.append(at)
            at += size
        last = kept.pop() if kept and keys[kept[-1]] == keys[-1] else None
        self._held = None if last is None else table.slice(last, 1)
        return table.slice(0, len(kept)) if kept == list(range(len(kept))) else table.take(kept)

    def _agree(self, key: str, rows: list[dict[str, Any]]) -> bool:
        """Whether the first row can be kept; equal ones are counted, those that differ set aside with it."""
        first, *others = rows
        if key == self._refused:
            others = rows
        for row in others:
            if key == self._refused:
                self._set_aside(row, row, row)
            elif self._differing(first, row):
                self._refused = key
                self._set_aside(first, row, row)
                self._set_aside(row, first, row)
            else:
                self.equal += 1
        return key != self._refused

    def _differing(self, row: dict[str, Any], other: dict[str, Any]) -> list[str]:
        fields = self._reading.source.contract.fields
        return [name for name, one in fields.items() if row[one.name] != other[one.name]]

    def _set_aside(self, row: dict[str, Any], other: dict[str, Any], named: dict[str, Any]) -> None:
        reading, contract = self._reading, self._reading.source.contract
        fields = ", ".join(self._differing(row, other)) or contract.agency.field
        place = Place(reading.source.name, row["request"], row["period"], row["agency_code"], fields)
        origin = (row["body_sha256"], row["pointer"])
        name = reading.shown_name({key: named[one.name] for key, one in contract.fields.items()})
        reading.quarantine.add(origin, name, [finding("ConflictingDuplicate", place)])


class _ListHash:
    """SHA-256 of the canonical JSON of a list of lists, item by item; `[head, list]` where there is a head."""

    def __init__(self, head: str = "") -> None:
        self._hash = hashlib.sha256(f"[{head},[".encode() if head else b"[")
        self._end = b"]]" if head else b"]"
        self._empty = True

    def add(self, items: list[str]) -> None:
        if items:
            self._hash.update(("" if self._empty else ",").encode() + ",".join(items).encode())
            self._empty = False

    def hexdigest(self) -> str:
        self._hash.update(self._end)
        return self._hash.hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
