"""An annex as a table of cells, read from XLSX or CSV, with everything refused that could hide or compute a value."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from common.csv_cells import refuse_endless
from common.errors import ConfigurationError, Finding, Text
from common.yaml_files import display_path, invalid

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

SHEET = "Phụ lục"
MOST_ROWS = 2000

HEADINGS = {
    "code": "Mã",
    "main_index": "Chỉ số chính",
    "name_vi": "Tên",
    "max_points": "Điểm tối đa",
    "rule": "Quy tắc",
    "parameters": "Tham số",
    "numerator": "Tử số",
    "denominator": "Mẫu số",
    "value": "Giá trị",
    "zero_denominator": "Mẫu số bằng 0",
    "basis": "Căn cứ",
    "reference": "Tham chiếu",
    "why": "Lý do",
}
"""The columns by key, with the heading that stands in the first row, in any order."""

Cell = str | int | Decimal
Row = dict[str, tuple[str, Cell]]
"""A row by column key: where the cell is (`Phụ lục!C17`), and what it holds; empty cells are left out."""


@dataclass(frozen=True)
class Sheet:
    """The table of an annex below its headings."""

    path: Path
    name: str
    rows: list[Row]
    columns: dict[str, str]
    """Letter of each column by key."""
    last: int
    """Number of the last row."""

    def span(self, key: str) -> str:
        """All cells of a column, `Phụ lục!D2:D40`."""
        letter = self.columns[key]
        return f"{self.name}!{letter}2:{letter}{self.last}"


def read_sheet(path: Path) -> Sheet:
    """Read an annex; raise `ConfigurationError` with one finding per cell that cannot be taken."""
    if path.suffix.lower() == ".csv":
        return _table(path, path.name, _csv_rows(path), [])
    if path.suffix.lower() == ".xlsx":
        sheet, findings = _open(path)
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(max_row=_last_row(sheet))]
        return _table(path, sheet.title, rows, findings)
    raise ConfigurationError(
        "annex-format",
        Text(f"không đọc được tệp '{path.suffix}'", f"'{path.suffix}' files cannot be read"),
        hint=Text("lưu phụ lục thành .xlsx hoặc .csv", "save the annex as .xlsx or .csv"),
        where=display_path(path),
    )


def letter(column: int) -> str:
    """The letters of a column counted from 0: A … Z, AA …"""
    head, last = divmod(column, 26)
    return (letter(head - 1) if head else "") + chr(ord("A") + last)


def _csv_rows(path: Path) -> list[list[Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise _unreadable(path, Text("không tìm thấy tệp", "file not found")) from None
    except UnicodeDecodeError:
        raise _unreadable(path, Text("tệp không phải UTF-8", "the file is not UTF-8")) from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[object]] = []
    last = 0
    try:
        for row in reader:
            refuse_endless(row)
            rows.append(list(row))
            last = reader.line_num
    except csv.Error as error:
        said = Text(f"CSV sai cú pháp: {error}", f"not valid CSV: {error}")
        raise _unreadable(path, said, line=last + 1) from None
    return rows


def _unreadable(path: Path, message: Text, line: int = 0) -> ConfigurationError:
    hint = Text("lưu lại thành .xlsx hoặc .csv (UTF-8)", "save it again as .xlsx or .csv (UTF-8)")
    where = f"{display_path(path)}:{line}" if line else display_path(path)
    return ConfigurationError("annex-unreadable", message, hint=hint, where=where)


def _open(path: Path) -> tuple[Worksheet, list[Finding]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path)
    except FileNotFoundError:
        raise _unreadable(path, Text("không tìm thấy tệp", "file not found")) from None
    except (InvalidFileException, BadZipFile, KeyError, ValueError, OSError) as error:
        message = Text(f"không phải tệp XLSX: {error}", f"not an XLSX file: {error}")
        raise _unreadable(path, message) from None
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    chosen = sheets.get(SHEET) or (next(iter(sheets.values())) if len(sheets) == 1 else None)
    if chosen is None:
        message = Text(f"không có trang tính '{SHEET}'", f"there is no sheet '{SHEET}'")
        raise _unreadable(path, message)
    return chosen, list(_refused(chosen))


def _last_row(sheet: Worksheet) -> int:
    """The last row that holds anything: formatting alone does not count."""
    rows = [number for number, row in enumerate(sheet.iter_rows(), start=1) if any(c.value is not None for c in row)]
    return min(rows[-1] if rows else 1, MOST_ROWS)


def _refused(sheet: Worksheet) -> Iterator[Finding]:
    """Cells that a reader of the sheet does not see as they are: merged, hidden, computed, broken."""
    last = _last_row(sheet)
    for merged in sheet.merged_cells.ranges:
        message = Text("ô gộp", "merged cells")
        hint = Text("bỏ gộp và điền từng ô", "unmerge them and fill each")
        yield Finding("cell-merged", message, hint, f"{sheet.title}!{merged.coord}")
    for number in range(1, last + 1):
        if sheet.row_dimensions[number].hidden:
            message, hint = Text(f"hàng {number} bị ẩn", f"row {number} is hidden"), _UNHIDE
            yield Finding("row-hidden", message, hint, f"{sheet.title}!A{number}")
    for key, column in sorted(sheet.column_dimensions.items()):
        if column.hidden and (column.min or 1) <= sheet.max_column:
            message, hint = Text(f"cột {key} bị ẩn", f"column {key} is hidden"), _UNHIDE
            yield Finding("column-hidden", message, hint, f"{sheet.title}!{key}1")
    for row in sheet.iter_rows(max_row=last):
        for cell in row:
            if cell.data_type in {"f", "e"}:
                formula = cell.data_type == "f"
                message = Text("ô có công thức", "the cell is a formula") if formula else Text("ô lỗi", "a broken cell")
                hint = Text("dán lại dưới dạng giá trị", "paste it as a value")
                yield Finding("cell-formula", message, hint, f"{sheet.title}!{cell.coordinate}")
    if sheet.sheet_state != "visible":
        yield Finding("sheet-hidden", Text("trang tính bị ẩn", "the sheet is hidden"), _UNHIDE, f"{sheet.title}!A1")


_UNHIDE = Text("hiện ra và kiểm tra nội dung", "unhide it and check what it holds")


def _table(path: Path, name: str, grid: list[list[Any]], findings: list[Finding]) -> Sheet:
    """The rows below the headings as cells by column key."""
    if len(grid) >= MOST_ROWS:
        message = Text(f"phụ lục có hơn {MOST_ROWS} hàng", f"the annex has more than {MOST_ROWS} rows")
        raise _unreadable(path, message)
    columns = _columns(name, grid[0] if grid else [], findings)
    rows: list[Row] = []
    for number, values in enumerate(grid[1:], start=2):
        row: Row = {}
        for at, value in enumerate(values):
            place = f"{name}!{letter(at)}{number}"
            cell = _value(value)
            if cell is None or at not in columns:
                continue
            if columns[at] == "code" and not isinstance(cell, str | int):
                findings.append(Finding("code-is-number", _CODE_NUMBER, _CODE_AS_TEXT, place))
            elif isinstance(value, date | datetime | time | bool):
                message = Text(f"ô chứa ngày hoặc đúng/sai: {value}", f"the cell is a date or true/false: {value}")
                findings.append(Finding("cell-type", message, _CODE_AS_TEXT, place))
            else:
                row[columns[at]] = place, cell
        if row:
            rows.append(row)
    if findings:
        raise invalid(findings, path)
    return Sheet(path, name, rows, {key: letter(at) for at, key in columns.items()}, max(len(grid), 2))


_CODE_NUMBER = Text("mã là một số: 6.10 sẽ thành 6.1", "the code is a number: 6.10 would become 6.1")
_CODE_AS_TEXT = Text("định dạng ô là văn bản (Text) rồi gõ lại", "format the cell as text and type it again")


def _columns(name: str, headings: list[Any], findings: list[Finding]) -> dict[int, str]:
    """Key of each column; headings that are unknown, lacking or given twice are findings."""
    known = {heading.casefold(): key for key, heading in HEADINGS.items()}
    columns: dict[int, str] = {}
    for at, value in enumerate(headings):
        if (given := _value(value)) is None:
            continue
        column = known.get(str(given).casefold())
        if column is None or column in columns.values():
            message = Text(f"cột '{given}' lạ hoặc trùng", f"column '{given}' is unknown or given twice")
            hint = Text(f"các cột: {', '.join(HEADINGS.values())}", f"columns: {', '.join(HEADINGS.values())}")
            findings.append(Finding("column-unknown", message, hint, f"{name}!{letter(at)}1"))
        else:
            columns[at] = column
    for key, heading in HEADINGS.items():
        if key not in columns.values():
            message = Text(f"thiếu cột '{heading}'", f"column '{heading}' is missing")
            hint = Text("lấy tệp mẫu: dti ruleset import … --template", "take: dti ruleset import … --template")
            findings.append(Finding("column-missing", message, hint, f"{name}!A1"))
    return columns


def _value(value: Any) -> Cell | None:
    """A cell as exact data: text in NFC with single spaces, whole numbers, decimals as typed."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else Decimal(repr(value))
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    text = " ".join(unicodedata.normalize("NFC", "" if value is None else str(value)).split())
    return text or None
