"""Kind `files`: workbooks and CSV files of an inbox folder, read strictly and held against the same contracts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common.errors import Text
from connectors.contract import Reading
from connectors.files_model import FileListing, FilesSource
from connectors.findings import Place, SourceFinding, finding, source_error
from connectors.paging import Page, PageFacts, RawListing
from connectors.rest_model import Period
from connectors.sheets.csv_text import read_csv
from connectors.sheets.grid import SheetLimits
from connectors.sheets.inbox import Arrival, Patience, list_names, new_arrivals, read_arrival, showable
from connectors.sheets.layout import Table, TableRow, read_table
from connectors.sheets.model import CsvLayout
from connectors.sheets.workbooks import read_workbook
from connectors.texts import personal
from connectors.windows import window_of

Progress = Callable[[Text], None]
_MOST_FORMULAS = 1_000


def receive(
    source: FilesSource,
    year: int,
    inbox: Path,
    reading: Reading,
    *,
    progress: Progress | None = None,
    patience: Patience | None = None,
) -> list[RawListing]:
    """Read every file of a year and hold every row against the contract. `inbox` is the deployment's.

    Raises `SourceError`; then nothing of the pull is usable. Files are never changed, moved or removed.
    """
    listings = []
    for listing in source.requests:
        for period in listing.periods:
            place = Place(source.name, listing.name, period.name(year))
            pattern = listing.pattern(period, year)
            arrivals, same = arrivals_of(source, inbox / source.folder, pattern, place, patience or Patience())
            read = [(one, table_of(source, listing, one, place)) for one in arrivals]
            listings.append(listed(listing, period, year, (pattern, same), read))
            for arrival, table in read:
                take_table(reading, place, arrival, table, listings[-1])
            if progress:
                rows = sum(len(table.rows) for _, table in read)
                progress(Text(f"{place}: {rows} dòng, {len(read)} tệp", f"{place}: {rows} rows, {len(read)} files"))
    return listings


def arrivals_of(
    source: FilesSource, folder: Path, pattern: str, place: Place, patience: Patience
) -> tuple[list[Arrival], list[tuple[str, str]]]:
    wanted = re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
    names = list_names(folder, lambda name: wanted.fullmatch(name) is not None, place)
    if not names:
        raise source_error("FileMissing", place, pattern=pattern)
    return new_arrivals([read_arrival(folder, name, place, source.limits.body_bytes, patience) for name in names], [])


def table_of(source: FilesSource, listing: FileListing, arrival: Arrival, place: Place) -> Table:
    limits = SheetLimits(
        file_bytes=source.limits.body_bytes,
        inflated_bytes=source.limits.decoded_bytes,
        ratio=source.limits.ratio,
        seconds=int(source.limits.request_seconds),
    )
    at = place._replace(agency=showable(arrival.name))
    layout, contract = listing.layout, source.contract
    if isinstance(layout, CsvLayout):
        grid = read_csv(arrival.content, layout, at, limits)
    else:
        grid = read_workbook(arrival.content, layout.sheet, at, limits)
    return read_table(grid, layout, contract.fields, at, contract.numbers)


def listed(
    listing: FileListing,
    period: Period,
    year: int,
    found: tuple[str, list[tuple[str, str]]],
    read: list[tuple[Arrival, Table]],
) -> RawListing:
    """The listing as the manifest has it: which files, by hash, and the formulas behind values as evidence."""
    pattern, same = found
    asked: dict[str, Any] = {"file": pattern, "files": [_described(arrival, table) for arrival, table in read]}
    if same:
        asked["same"] = [[showable(name), showable(other)] for name, other in same]
    pages = tuple(
        PageFacts(number, len(table.rows), arrival.sha256, len(arrival.content))
        for number, (arrival, table) in enumerate(read, 1)
    )
    findings: tuple[SourceFinding, ...] = tuple(one for _, table in read for one in table.findings)
    return RawListing(listing.name, period.name(year), period.groups, asked, pages, findings, window_of(period, year))


def _described(arrival: Arrival, table: Table) -> dict[str, Any]:
    formulas = dict(list(table.formulas.items())[:_MOST_FORMULAS])
    return {
        "name": showable(arrival.name),
        "sha256": arrival.sha256,
        "sheet": table.title,
        "rows": len(table.rows),
        "notes_below": table.notes,
        "formulas": {at: f"({len(text)} characters)" if personal(text) else text for at, text in formulas.items()},
    }


def take_table(reading: Reading, place: Place, arrival: Arrival, table: Table, listing: RawListing) -> None:
    """Rows with a faulty cell are set aside with the address of that cell, all others are judged by the contract."""
    whole = [row for row in table.rows if not row.faults]
    new = dict.fromkeys(table.new_titles)
    page = Page(1, [{**row.values, **new} for row in whole], arrival.sha256, len(arrival.content))
    pointers = [_address(reading, row) for row in whole]
    reading.take(place.request, place.period, page, "", listing.window, pointers=pointers)
    for row in table.rows:
        if row.faults:
            _set_aside(reading, place, arrival, row)


def _set_aside(reading: Reading, place: Place, arrival: Arrival, row: TableRow) -> None:
    agency, _ = reading.register.match(row.values, "")
    at = [(fault, place._replace(agency=agency, field=fault.title)) for fault in row.faults]
    findings = [finding(one.unfit.code, there, **one.unfit.facts, cell=one.pointer) for one, there in at]
    reading.set_aside(place, (arrival.sha256, _address(reading, row)), findings)


def _address(reading: Reading, row: TableRow) -> str:
    """A row is named by the cell with its agency: `Sheet1!A17`."""
    return row.pointers[reading.source.contract.agency.field]
