"""Kind `files`: workbooks and CSV files of an inbox folder, read strictly and held against the same contracts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from common.errors import SourceError, Text
from connectors.contract import Reading
from connectors.files_model import FileListing, FilesSource, agency_in_name, name_pattern
from connectors.findings import Place, SourceFinding, finding, source_error
from connectors.paging import Page, PageFacts, RawListing
from connectors.rest_model import Period
from connectors.sheets.csv_text import read_csv
from connectors.sheets.grid import SheetLimits
from connectors.sheets.inbox import Arrival, Patience, list_names, new_arrivals, read_arrival, showable
from connectors.sheets.layout import Fault, Table, TableRow, read_table
from connectors.sheets.model import CsvLayout
from connectors.sheets.workbooks import read_workbook
from connectors.texts import personal
from connectors.values import UnfitError
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
        for period, place, arrivals, same in arrived(source, listing, year, inbox / source.folder, patience):
            read = _tables(source, listing, arrivals, place, reading)
            listings.append(listed(listing, period, year, (listing.pattern(period, year), same), read))
            for arrival, table in read:
                take_table(reading, place, arrival, table, listings[-1])
            if progress:
                rows = sum(len(table.rows) for _, table in read)
                progress(Text(f"{place}: {rows} dòng, {len(read)} tệp", f"{place}: {rows} rows, {len(read)} files"))
    return listings


def arrived(
    source: FilesSource, listing: FileListing, year: int, folder: Path, patience: Patience | None = None
) -> Iterator[tuple[Period, Place, list[Arrival], list[tuple[str, str]]]]:
    """The files of each period, and those that came twice. Where the listing says so, periods whose file has not come
    yet are left out, as long as one is there. Raises `SourceError`."""
    missing, found = None, 0
    for period in listing.periods:
        place = Place(source.name, listing.name, period.name(year))
        try:
            arrivals, same = arrivals_of(source, folder, listing.pattern(period, year), place, patience or Patience())
        except SourceError as error:
            if error.code != "FileMissing" or listing.missing_periods == "fail":
                raise
            missing = error
            continue
        found += 1
        yield period, place, arrivals, same
    if missing and not found:
        raise missing


def _tables(
    source: FilesSource, listing: FileListing, arrivals: list[Arrival], place: Place, reading: Reading
) -> list[tuple[Arrival, Table]]:
    """The table of each file; where the source says so, a file that is refused is set aside as one row."""
    read = []
    for arrival in arrivals:
        try:
            read.append((arrival, table_of(source, listing, arrival, place)))
        except SourceError as error:
            if listing.refused_files == "fail":
                raise
            parts = {"source": place.source, "request": place.request, "period": place.period}
            told = SourceFinding(error.code, error.message, error.hint, error.where, **parts)
            reading.set_aside(place, (arrival.sha256, showable(arrival.name)), [told])
    return read


def arrivals_of(
    source: FilesSource, folder: Path, pattern: str, place: Place, patience: Patience
) -> tuple[list[Arrival], list[tuple[str, str]]]:
    wanted = name_pattern(pattern)
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
    return read_table(grid, layout, contract.fields, at, contract.numbers, ignore=contract.ignore)


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
    named = agency_in_name(listing.asked["file"], arrival.name)
    rows = [_of_agency(row, named, reading.source.contract.agency.field) for row in table.rows]
    whole = [row for row in rows if not row.faults]
    new = dict.fromkeys(table.new_titles)
    page = Page(1, [{**row.values, **new} for row in whole], arrival.sha256, len(arrival.content))
    pointers = [_address(reading, row) for row in whole]
    reading.take(place.request, place.period, page, "", listing.window, pointers=pointers)
    for row in rows:
        if row.faults:
            _set_aside(reading, place, arrival, row)


def _of_agency(row: TableRow, named: str | None, title: str) -> TableRow:
    """The row, at fault where the file's name tells another agency than its code does: nobody answers for others."""
    if named is None or row.values.get(title) in (named, None):
        return row
    unfit = UnfitError("OtherAgency", named=showable(named))
    return replace(row, faults=(*row.faults, Fault(title, row.pointers[title], unfit)))


def _set_aside(reading: Reading, place: Place, arrival: Arrival, row: TableRow) -> None:
    agency, _ = reading.register.match(row.values, "")
    at = [(fault, place._replace(agency=agency, field=fault.title)) for fault in row.faults]
    findings = [finding(one.unfit.code, there, **one.unfit.facts, cell=one.pointer) for one, there in at]
    reading.set_aside(place, (arrival.sha256, _address(reading, row)), findings)


def _address(reading: Reading, row: TableRow) -> str:
    """A row is named by the cell with its agency: `Sheet1!A17`."""
    return row.pointers[reading.source.contract.agency.field]
