"""The layout of a spreadsheet as YAML writes it: where the table stands, and what the file may hold besides it."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from connectors.parts import Part, option


class TotalsRow(Part):
    """The last row of the table holds totals: it is left out, and held against the sum of the rows above."""

    column: str = Field(description="title of the column with the label")
    label: str = Field(description="what stands there, exactly, such as 'Tổng cộng'")
    of: tuple[str, ...] = Field(min_length=1, description="titles of the columns that are added up")
    tolerance: Decimal = Field(default=Decimal(0), ge=0)


class Layout(Part):
    """What CSV and XLSX have in common. Columns are found by the contract's field names, which are their titles."""

    header_row: int = Field(default=1, ge=1, le=1000, description="row of the titles; the lowest of several")
    header_rows: int = Field(default=1, ge=1, le=5, description="titles of several rows are joined by ' / '")
    totals: TotalsRow | None = None
    notes_below: bool = Field(default=False, description="texts may stand under the table, one cell in a row")
    text_dates: bool = option(False, description="dates are written as text, in the field's format")


class XlsxLayout(Layout):
    """A sheet of a workbook."""

    type: Literal["xlsx"]
    sheet: str | None = Field(default=None, description="the sheet's name; without one the first visible sheet")
    formulas: Literal["refuse", "cached"] = Field(default="refuse", description="cached: take the stored results")
    hidden: tuple[Literal["rows", "columns", "sheets", "filter"], ...] = Field(
        default=(), description="hidden content that is known and read like any other"
    )


class CsvLayout(Layout):
    """A text file. Nothing is sniffed. A cut file is told by its last line, or by `end_line`."""

    type: Literal["csv"]
    encoding: Literal["utf-8", "utf-16", "windows-1258"] = Field(default="utf-8", description="a UTF-8 mark may stand")
    delimiter: Literal[",", ";", "\t", "|"] = ","
    row_terminator: Literal["\r\n", "\n"] = "\r\n"
    end_line: str | None = option(description="the last line, with {rows} for the number of rows before it")
