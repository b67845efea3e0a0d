"""One file of a source tried out before it is handed in: what would be read, and what is wrong, by cell.

The same readers, contract and register as a pull; nothing is landed, nothing is remembered, gates over all agencies do
not apply.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from common.errors import Finding, SourceError, Text
from connectors.agencies import AgencyCode
from connectors.contract import Reading, open_reading
from connectors.edxml.model import EdxmlLayout
from connectors.files_model import Asked, FilesSource, asked_for, name_pattern
from connectors.kinds.file_tables import read_tables, table_of
from connectors.settling import settle
from connectors.sheets.inbox import Patience, read_arrival

_AT_ONCE = Patience(quiet_seconds=0, seconds=5)


@dataclass(frozen=True)
class FileTrial:
    """`rows` are the accepted ones by the contract's names, each with its `pointer`; `errors` name their cells."""

    source: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)


def try_file(source: FilesSource, year: int, path: Path, agencies: Sequence[AgencyCode]) -> FileTrial | None:
    """Read a file as a pull of that source and year would; None where its name is not one that the source asks for.

    A file that would be refused as a whole has that one error. Raises `SourceError` for a file that cannot be opened.
    """
    found = next((asked for asked in _asked(source, year) if name_pattern(asked.pattern).fullmatch(path.name)), None)
    layout = found.listing.layout if found else None
    if found is None or layout is None or isinstance(layout, EdxmlLayout):
        return None
    arrival = read_arrival(path.parent, path.name, found.place, source.limits.body_bytes, _AT_ONCE)
    with tempfile.TemporaryDirectory() as scratch:
        reading = open_reading(source, agencies, scratch=Path(scratch))
        try:
            table = table_of(source, layout, arrival, found.place)
            listing = read_tables(source, layout, iter([(arrival, "")]), reading, found)
        except SourceError as error:
            return FileTrial(source.name, errors=[Finding(error.code, error.message, error.hint, path.name)])
        accepted = Path(scratch) / "accepted.parquet"
        settle(reading, accepted)
        rows = pq.read_table(accepted).to_pylist()
        named = source.contract.agency.field
        cells = {row.pointers[named]: row.pointers for row in table.rows}
        return FileTrial(source.name, rows, [*_errors(reading, cells), *listing.findings])


def _asked(source: FilesSource, year: int) -> Iterator[Asked]:
    for listing in source.requests:
        for period in listing.periods:
            yield asked_for(source, listing, period, year)


def _errors(reading: Reading, cells: dict[str, dict[str, str]]) -> Iterator[Finding]:
    """What sets rows aside, each at its cell, in the order of the sheet. `cells` are the addresses of every field of a
    row, by the address that stands for the row."""
    found = [row for table in reading.quarantine.tables() for row in table.to_pylist()]
    for row in sorted(found, key=lambda one: (_order(one["pointer"]), one["field"])):
        at = cells.get(row["pointer"], {}).get(row["field"], row["pointer"])
        yield Finding(row["reason"], Text(row["message_vi"], row["message_en"]), where=at)


def _order(pointer: str) -> tuple[str, int]:
    """`Chỉ số!A17` by sheet and row."""
    sheet, _, cell = pointer.rpartition("!")
    digits = cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return sheet, int(digits) if digits.isdecimal() else 0
