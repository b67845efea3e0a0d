"""Files that hold a table: workbooks and CSV, a row of the table for each row of the pull."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from common.errors import SourceError, Text
from connectors.contract import Reading
from connectors.files_model import Asked, FilesSource, agency_in_name
from connectors.findings import Place, SourceFinding, finding
from connectors.paging import Page, PageFacts, RawListing
from connectors.sheets.csv_text import read_csv
from connectors.sheets.grid import SheetLimits
from connectors.sheets.inbox import Arrival, showable
from connectors.sheets.layout import Fault, Table, TableRow, read_table
from connectors.sheets.model import CsvLayout, XlsxLayout
from connectors.sheets.workbooks import read_workbook
from connectors.texts import personal
from connectors.values import UnfitError
from connectors.windows import Window

_MOST_FORMULAS = 1_000


def read_tables(
    source: FilesSource,
    layout: XlsxLayout | CsvLayout,
    arrivals: Iterable[tuple[Arrival, str]],
    reading: Reading,
    asked: Asked,
) -> RawListing:
    """Hand the rows of every file to the reading; the listing as the manifest has it: which files, by hash, and the
    formulas behind values as evidence.

    A file that is refused is set aside as one row where the source says so; else raises `SourceError`.
    """
    listing, place, pattern, groups, window = asked
    files: list[dict[str, Any]] = []
    pages: list[PageFacts] = []
    same: list[list[str]] = []
    findings: list[SourceFinding] = []
    for arrival, earlier in arrivals:
        if earlier:
            same.append([showable(arrival.name), showable(earlier)])
            continue
        try:
            table = table_of(source, layout, arrival, place)
        except SourceError as error:
            if listing.refused_files == "fail":
                raise
            told = SourceFinding(error.code, error.message, error.hint, error.where, *place)
            reading.set_aside(place, (arrival.sha256, showable(arrival.name)), [told])
            continue
        _take(reading, place, arrival, table, (agency_in_name(pattern, arrival.name), window))
        files.append(_described(arrival, table))
        findings += table.findings
        size, rows = len(arrival.content), len(table.rows)
        pages.append(PageFacts(len(pages) + 1, rows, arrival.sha256, size, arrival.troubles))
    told_of: dict[str, Any] = {"file": pattern, "files": files, **({"same": same} if same else {})}
    return RawListing(listing.name, place.period, groups, told_of, tuple(pages), tuple(findings), window)


def table_of(source: FilesSource, layout: XlsxLayout | CsvLayout, arrival: Arrival, place: Place) -> Table:
    limits = SheetLimits(
        file_bytes=source.limits.body_bytes,
        inflated_bytes=source.limits.decoded_bytes,
        ratio=source.limits.ratio,
        seconds=int(source.limits.request_seconds),
    )
    at, contract = place._replace(agency=showable(arrival.name)), source.contract
    if isinstance(layout, CsvLayout):
        grid = read_csv(arrival.content, layout, at, limits)
    else:
        grid = read_workbook(arrival.content, layout.sheet, at, limits)
    return read_table(grid, layout, contract.fields, at, contract.numbers, ignore=contract.ignore)


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


def _take(reading: Reading, place: Place, arrival: Arrival, table: Table, asked: tuple[str | None, Window]) -> None:
    """Rows with a faulty cell are set aside with the address of that cell, all others are judged by the contract.
    `asked` is the agency that the file's name tells, if it does, and the window."""
    rows = [_of_agency(row, asked[0], reading.source.contract.agency.field) for row in table.rows]
    whole = [row for row in rows if not row.faults]
    new = dict.fromkeys(table.new_titles)
    page = Page(1, [{**row.values, **new} for row in whole], arrival.sha256, len(arrival.content))
    pointers = [_address(reading, row) for row in whole]
    reading.take(place.request, place.period, page, "", asked[1], pointers=pointers)
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
    findings = [
        _with_cell(finding(one.unfit.code, there, **one.unfit.facts, cell=one.pointer), one) for one, there in at
    ]
    reading.set_aside(place, (arrival.sha256, _address(reading, row)), findings)


def _with_cell(told: SourceFinding, fault: Fault) -> SourceFinding:
    """The finding with the address of its cell, also where its words are those of a field that came otherwise."""
    if fault.pointer in told.message.vi:
        return told
    message = Text(f"{told.message.vi} (ô {fault.pointer})", f"{told.message.en} (cell {fault.pointer})")
    return replace(told, message=message)


def _address(reading: Reading, row: TableRow) -> str:
    """A row is named by the cell with its agency: `Sheet1!A17`."""
    return row.pointers[reading.source.contract.agency.field]
