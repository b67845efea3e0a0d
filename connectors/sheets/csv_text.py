"""CSV under its declared encoding, delimiter, quoting and line end (RFC 4180). Nothing is sniffed, nothing repaired.

Python's `csv` module, strict mode included, takes a quote inside a bare field for text and any line end for a row's,
so a file with a shifted or missing quote is read as fewer, longer fields; that is refused here.
"""

from __future__ import annotations

import re
from typing import NoReturn

from common.errors import SourceError
from connectors.findings import Place, source_error
from connectors.sheets.grid import Cell, Grid, SheetLimits
from connectors.sheets.model import CsvLayout

_TITLE = "csv"


def read_csv(content: bytes, layout: CsvLayout, place: Place, limits: SheetLimits | None = None) -> Grid:
    """The records as a grid; rows are counted by record, from 1.

    Raises `SourceError`: `BadEncoding`, `FileTruncated`, `NotCsv`, `LimitExceeded`.
    """
    bounds = limits or SheetLimits()
    if len(content) > bounds.file_bytes:
        raise source_error("LimitExceeded", place, limit="file_bytes", value=bounds.file_bytes)
    text = _without_end_line(_decoded(content, layout, place), layout, place)
    records = _records(text, layout, place, bounds)
    if layout.end_line is not None:
        _check_end_line(_decoded(content, layout, place), layout, len(records) - layout.header_row, place)
    grid = Grid(_TITLE)
    for number, record in enumerate(records, 1):
        if number >= layout.header_row and len(record) != len(records[layout.header_row - 1]):
            _refuse(number, f"{len(record)} fields, the header has {len(records[layout.header_row - 1])}", place)
        cells = {column: Cell("text", value) for column, value in enumerate(record, 1) if value.strip()}
        if cells:
            grid.rows[number] = cells
    return grid


def _decoded(content: bytes, layout: CsvLayout, place: Place) -> str:
    """The text, complete to its last line end."""
    try:
        text = content.decode("utf-8-sig" if layout.encoding == "utf-8" else layout.encoding)
    except UnicodeDecodeError as error:
        raise source_error("BadEncoding", place, detail=f"byte {error.start}") from None
    if "\0" in text:
        raise source_error("BadEncoding", place, detail="NUL")
    if not text.endswith(layout.row_terminator):
        raise source_error("FileTruncated", place, detail="no line end after the last row")
    return text


def _without_end_line(text: str, layout: CsvLayout, place: Place) -> str:
    if layout.end_line is None:
        return text
    body, _, _ = text.removesuffix(layout.row_terminator).rpartition(layout.row_terminator)
    if not body:
        raise source_error("FileTruncated", place, detail="no end line")
    return body + layout.row_terminator


def _check_end_line(text: str, layout: CsvLayout, rows: int, place: Place) -> None:
    last = text.removesuffix(layout.row_terminator).rpartition(layout.row_terminator)[2]
    if last != (layout.end_line or "").replace("{rows}", str(rows)):
        raise source_error("FileTruncated", place, detail=f"the end line does not fit {rows} rows")


def _records(text: str, layout: CsvLayout, place: Place, limits: SheetLimits) -> list[list[str]]:
    sign, end = re.escape(layout.delimiter), re.escape(layout.row_terminator)
    field = re.compile(rf'(?:"((?:[^"]|"")*)"|([^"{sign}\r\n]*))({sign}|{end})')
    records: list[list[str]] = []
    record: list[str] = []
    at = cells = 0
    while at < len(text):
        match = field.match(text, at)
        if match is None:
            _refuse(len(records) + 1, "a stray quote or line end", place)
        quoted, bare, stop = match.groups()
        record.append(bare if quoted is None else quoted.replace('""', '"'))
        cells += 1
        at = match.end()
        if stop == layout.row_terminator:
            records.append(record)
            record = []
        if len(records) > limits.rows or cells > limits.cells:
            raise _too_many(limits, len(records) > limits.rows, place)
    if record:
        _refuse(len(records) + 1, "a row without an end", place)
    if len(records) < layout.header_row:
        raise source_error("FileTruncated", place, detail=f"{len(records)} rows")
    return records


def _too_many(limits: SheetLimits, rows: bool, place: Place) -> SourceError:
    name = "rows" if rows else "cells"
    return source_error("LimitExceeded", place, limit=name, value=getattr(limits, name))


def _refuse(record: int, detail: str, place: Place) -> NoReturn:
    raise source_error("NotCsv", place, record=record, detail=detail)
