"""Tables for people's spreadsheets, written so that text stays text: a name is never run as a formula.

Spreadsheet programs take a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a formula, also
from CSV, and also in quotes. XLSX can say that a cell is text. CSV cannot: such a text gets an apostrophe in
front, with which people themselves write text; `plain_text` takes it off again. Figures are written as figures.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from common.durable import write_whole

Value = str | int | Decimal | date | None
TEXT_MARK = "'"
_LINE = 15  # points
_FORMULA = re.compile(r"[\s']*[=+\-@\t\r\n＝＋－＠]|[\t\r\n]", re.DOTALL)
_ESCAPE_LIKE = re.compile(r"_x(?=[0-9A-Fa-f]{4}_)")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0d\x0e-\x1f]")


def safe_text(text: str) -> str:
    """The text as a CSV field that no spreadsheet program runs."""
    return TEXT_MARK + text if _FORMULA.match(text) else text


def plain_text(field: str) -> str:
    """The inverse of `safe_text`."""
    return field[1:] if field.startswith(TEXT_MARK) and _FORMULA.match(field[1:]) else field


def write_csv(path: Path, titles: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """UTF-8 with its mark (Excel needs it for Vietnamese), every field in quotes, lines end with CR LF."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in (titles, *rows):
        writer.writerow(["" if value is None else _field(value) for value in row])
    write_whole(path, buffer.getvalue().encode("utf-8-sig"))


def write_xlsx(path: Path, title: str, titles: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """One sheet; text cells are of type text and marked so, which also holds when people edit them."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    if sheet is None:
        raise AssertionError("a new workbook has a sheet")
    sheet.title = title
    for number, row in enumerate((titles, *rows), 1):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(number, column)
            if isinstance(value, str):
                put_text(cell, value)
            else:
                cell.value = value
    buffer = io.BytesIO()
    book.save(buffer)
    write_whole(path, buffer.getvalue())


def put_text(cell: Any, text: str) -> None:
    """Text as text: openpyxl takes what begins with `=` for a formula unless it is told the type afterwards."""
    cell.value = escaped(text)
    cell.data_type = "s"
    cell.quotePrefix = True


def escaped(text: str) -> str:
    """Characters that XML drops or changes (a carriage return becomes a line feed), as XLSX writes them."""
    literal = _ESCAPE_LIKE.sub("_x005F_x", text)
    return _NOT_XML.sub(lambda match: f"_x{ord(match[0]):04X}_", literal)


def _field(value: Value) -> str:
    return safe_text(value) if isinstance(value, str) else str(value)


def fit_to_paper(sheet: Any, title_row: int = 0) -> None:
    """Printed on A4 across, as wide as the paper, with the row of titles (0: none) on every page."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = "landscape", "9", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    if title_row:
        sheet.print_title_rows = f"{title_row}:{title_row}"


def set_height(sheet: Any, number: int, row: Sequence[Any], widths: Sequence[int]) -> None:
    """Make a row as high as its tallest text: programs do not measure wrapped text of a file they did not write."""
    texts = zip(row, widths, strict=False)
    lines = max((-(-len(value) // width) for value, width in texts if isinstance(value, str)), default=1)
    sheet.row_dimensions[number].height = _LINE * max(lines, 1)
