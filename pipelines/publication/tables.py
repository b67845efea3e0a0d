"""Tables of a release for people and programs: read with their meaning, written as CSV, XLSX, Parquet or JSON.

Figures stay exact: a DECIMAL is text of digits in CSV and JSON, a number with its digits in XLSX, DECIMAL in Parquet.
Text stays text: no spreadsheet program runs a name as a formula.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from common.one_line import visible
from connectors.sheets.outgoing import put_text, safe_text
from pipelines.sql import literal, ranges, records

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

Kind = Literal["string", "integer", "number", "boolean", "date", "datetime"]
Cell = str | int | Decimal | bool | date | None

_KINDS: dict[str, Kind] = {
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "datetime",
    "TINYINT": "integer",
    "SMALLINT": "integer",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "HUGEINT": "integer",
}
_COLUMNS = """
select column_name, data_type, coalesce(comment, '') as comment from duckdb_columns()
where table_name = {table} and schema_name = 'main' and database_name = current_database() order by column_index
"""
_TOLD = "select comment from duckdb_tables() where table_name = {table} and database_name = current_database()"
BY = "agency_id"
_SHEET_CELL = 32_767
_CUT = " … (CSV)"
_FIRST_YEAR = 1900
_WIDEST = 60


@dataclass(frozen=True)
class Column:
    """One column: its name, what kind of values it holds, its type in DuckDB, and what it means."""

    name: str
    kind: Kind
    sql_type: str
    meaning: str


@dataclass(frozen=True)
class Table:
    """Rows of one table of a release, in a fixed order."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]]

    @property
    def titles(self) -> list[str]:
        return [column.name for column in self.columns]


def read_table(con: duckdb.DuckDBPyConnection, name: str, where: str = "true") -> Table:
    """The rows of a table that fulfil a condition, by agency where it has one, then by all columns. Lists are text,
    joined by `; `.

    `name` and `where` are ours, never a person's. Raises `LookupError` for a table that the release does not have.
    """
    (whole,) = stream_table(con, name, where, size=0)
    return whole


def stream_table(
    con: duckdb.DuckDBPyConnection, name: str, where: str = "true", *, size: int = 5_000
) -> Iterator[Table]:
    """As `read_table`. A table of more than `size` rows (0: any) comes in several, some agencies at a time where it has
    any, so that nothing has to sort or hold all of it; `con` serves nothing else meanwhile."""
    found = records(con, _COLUMNS.format(table=literal(name)))
    if not found:
        raise LookupError(name)
    columns = tuple(Column(c["column_name"], kind_of(c["data_type"]), c["data_type"], c["comment"]) for c in found)
    chosen = ", ".join(_selected(column) for column in columns)
    by = sorted((column.name for column in columns), key=lambda one: one != BY)
    order = ", ".join(f'"{one}"' for one in by)
    told = con.execute(_TOLD.format(table=literal(name))).fetchall()
    meaning = " ".join((told[0][0] or "").split()) if told else ""
    for part in _parts(con, name, where, size if BY in by else 0):
        cursor = con.execute(f'select {chosen} from "{name}" where {part} order by {order}')
        yield Table(name, meaning, columns, cursor.fetchall())


def count_rows(con: duckdb.DuckDBPyConnection, name: str, where: str = "true") -> int:
    """How many rows of a table fulfil a condition."""
    return int(con.execute(f'select count(*) from "{name}" where {where}').fetchall()[0][0])


def _parts(con: duckdb.DuckDBPyConnection, name: str, where: str, size: int) -> list[str]:
    """Conditions that cut a large table into some agencies each, at most `size` rows where one agency has no more."""
    if not size or count_rows(con, name, where) <= size:
        return [where]
    sql = f'select {BY}, count(*) from "{name}" where {where} group by {BY} order by {BY} nulls last'
    counted = con.execute(sql).fetchall()
    named = ranges(((agency_id, rows) for agency_id, rows in counted if agency_id is not None), size)
    parts = [f"({where}) and {BY} between {literal(first)} and {literal(last)}" for first, last in named]
    return parts + [f"({where}) and {BY} is null" for agency_id, _ in counted if agency_id is None]


def kind_of(sql_type: str) -> Kind:
    """What kind of values a DuckDB type holds. A binary float has no exact text: such a column is refused."""
    if sql_type.startswith("DECIMAL"):
        return "number"
    if sql_type in {"DOUBLE", "FLOAT"}:
        raise TypeError(f"{sql_type}: published figures are exact")
    return _KINDS.get(sql_type, "string")


def _selected(column: Column) -> str:
    name = f'"{column.name}"'
    if column.sql_type.endswith("[]"):
        return f"array_to_string({name}, '; ') as {name}"
    return f"cast({name} as varchar) as {name}" if column.sql_type not in _KINDS and column.kind == "string" else name


def with_columns(table: Table, added: Sequence[tuple[Column, Callable[[Mapping[str, Cell]], Cell]]]) -> Table:
    """The table with further columns at its end, each computed from the row by the names of its columns."""
    titles = table.titles
    rows = []
    for row in table.rows:
        known = dict(zip(titles, row, strict=True))
        rows.append((*row, *(compute(known) for _, compute in added)))
    return Table(table.name, table.meaning, (*table.columns, *(column for column, _ in added)), rows)


def as_text(value: Cell) -> str:
    """A value in the one form of CSV and JSON: digits with a point and no exponent, ISO dates, true or false."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else str(value)


def csv_bytes(table: Table, *, bom: bool = True, head: bool = True) -> bytes:
    """RFC 4180 in UTF-8; with its mark where Excel is to show Vietnamese, and with a line of titles. Text that a
    spreadsheet would run gets an apostrophe in front."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    if head:
        writer.writerow(table.titles)
    for row in table.rows:
        writer.writerow([safe_text(cell) if isinstance(cell, str) else as_text(cell) for cell in row])
    return buffer.getvalue().encode("utf-8-sig" if bom else "utf-8")


def json_bytes(table: Table, facts: Mapping[str, Any]) -> bytes:
    """An object with the facts about the release, the columns, and the rows as objects. Decimals are text: readers of
    JSON would make binary floats of them."""
    before, after = json_frame(table, facts)
    return before + json_lines(table) + after


def json_frame(table: Table, facts: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """What stands before and after the rows of `json_bytes`."""
    columns = [{"name": one.name, "type": one.kind, "description": one.meaning} for one in table.columns]
    body = {"table": table.name, "description": table.meaning, **facts, "columns": columns, "rows": []}
    before, after = visible(json.dumps(body, ensure_ascii=False, indent=1)).rsplit("]", 1)
    return before.encode(), f"\n ]{after}\n".encode()


def json_lines(table: Table, *, first: bool = True) -> bytes:
    """The rows of `json_bytes`, one a line: told to indent, Python's encoder takes several times as long."""
    line = json.JSONEncoder(ensure_ascii=False, default=as_text).encode
    titles = table.titles
    rows = (visible(line(dict(zip(titles, row, strict=True)))) for row in table.rows)
    text = ",\n  ".join(rows)
    return f"{'' if first else ','}\n  {text}".encode() if text else b""


def parquet_bytes(table: Table, facts: Mapping[str, Any]) -> bytes:
    """Parquet with the types of the warehouse; the facts and every column's meaning stand in its metadata."""
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(arrow_table(table, facts), sink)
    return sink.getvalue()


def arrow_table(table: Table, facts: Mapping[str, Any]) -> pa.Table:
    """The rows for `parquet_bytes`; tables of one stream have the same schema."""
    import pyarrow as pa

    schema = arrow_schema(table, facts)
    columns = list(zip(*table.rows, strict=True)) if table.rows else [()] * len(schema)
    arrays = [pa.array(list(values), type=one.type) for values, one in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def arrow_schema(table: Table, facts: Mapping[str, Any]) -> pa.Schema:
    """Names, types and meanings of the columns; the facts in its metadata."""
    import pyarrow as pa

    fields = [pa.field(one.name, _arrow_type(pa, one), metadata={"description": one.meaning}) for one in table.columns]
    told = {"description": table.meaning, **{name: json.dumps(fact) for name, fact in facts.items()}}
    return pa.schema(fields, metadata=told)


def _arrow_type(pa: Any, column: Column) -> Any:
    if column.kind == "number":
        digits, scale = column.sql_type.removeprefix("DECIMAL(").removesuffix(")").split(",")
        return pa.decimal128(int(digits), int(scale))
    kinds = {"integer": pa.int64(), "boolean": pa.bool_(), "date": pa.date32(), "datetime": pa.timestamp("us")}
    return kinds.get(column.kind, pa.string())


def xlsx_bytes(tables: Iterable[Table], about: Sequence[tuple[str, str]]) -> bytes:
    """One workbook: a first sheet that says what it is (`about`: name and text), then a sheet per table with a header
    that stays in view. Names of sheets are those of the tables, cut to the 31 characters that a sheet may have."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    first = book.active
    if first is None:
        raise AssertionError("a new workbook has a sheet")
    first.title = "README"
    for number, (name, text) in enumerate(about, 1):
        put_text(first.cell(number, 1), name)
        put_text(first.cell(number, 2), text)
        first.cell(number, 1).font = Font(bold=True)
        first.cell(number, 2).alignment = Alignment(wrap_text=True, vertical="top")
    first.column_dimensions["A"].width, first.column_dimensions["B"].width = 24, 100
    for table in tables:
        _write_sheet(book.create_sheet(table.name[:31]), table)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _write_sheet(sheet: Any, table: Table) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for column, title in enumerate(table.titles, 1):
        put_text(sheet.cell(1, column), title)
        sheet.cell(1, column).font = Font(bold=True)
    for number, row in enumerate(table.rows, 2):
        for column, value in enumerate(row, 1):
            if value is not None:
                _put(sheet.cell(number, column), value)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    for column, title in enumerate(table.titles, 1):
        longest = max((len(as_text(row[column - 1])) for row in table.rows), default=0)
        sheet.column_dimensions[get_column_letter(column)].width = min(_WIDEST, max(len(title), longest) + 2)


def _put(cell: Any, value: Cell) -> None:
    """A value of its own type; a day that XLSX cannot count is text, and so is what is too long, which says so."""
    if isinstance(value, str) or (isinstance(value, date) and value.year < _FIRST_YEAR):
        text = as_text(value)
        put_text(cell, text if len(text) <= _SHEET_CELL else f"{text[: _SHEET_CELL - len(_CUT)]}{_CUT}")
    else:
        cell.value = value
