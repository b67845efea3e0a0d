"""Tables for people: exact figures, text that stays text, and what every column means, in every format."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from openpyxl import load_workbook

from connectors.sheets.outgoing import plain_text
from pipelines.publication.tables import (
    Column,
    Table,
    csv_bytes,
    json_bytes,
    json_frame,
    json_lines,
    kind_of,
    parquet_bytes,
    read_table,
    stream_table,
    with_columns,
    xlsx_bytes,
)

HOSTILE = ['=HYPERLINK("http://x")', "+1", "-2", "@x", "\tx", "\rx", " =1", "＝1", 'a"b', "a,b", "hai\ndòng", "'=1"]
EXACT = Decimal("12345678.0000000001")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        made.execute(
            "create table marks (name varchar, points decimal(18, 10), rank integer, ranked boolean, day date, "
            "seen timestamp, parts varchar[])"
        )
        made.execute("comment on table marks is 'Điểm.\n Marks.'")
        made.execute("comment on column marks.points is 'Điểm đạt. Points.'")
        yield made


def filled(con: duckdb.DuckDBPyConnection) -> Table:
    rows: list[list[Any]] = [
        [name, EXACT, at, True, date(2024, 11, 15), datetime.fromisoformat("2024-11-15T01:02:03"), ["a", "b"]]
        for at, name in enumerate(HOSTILE)
    ]
    con.executemany("insert into marks values (?, ?, ?, ?, ?, ?, ?)", rows)
    con.execute("insert into marks values (null, null, null, null, date '0001-01-01', null, null)")
    return read_table(con, "marks")


def test_a_table_is_read_with_what_it_means_in_a_fixed_order(con: duckdb.DuckDBPyConnection) -> None:
    table = filled(con)
    assert table.meaning == "Điểm. Marks."
    assert [(one.name, one.kind) for one in table.columns] == [
        ("name", "string"),
        ("points", "number"),
        ("rank", "integer"),
        ("ranked", "boolean"),
        ("day", "date"),
        ("seen", "datetime"),
        ("parts", "string"),
    ]
    assert table.columns[1].meaning == "Điểm đạt. Points."
    assert table.rows == read_table(con, "marks").rows
    assert {row[6] for row in table.rows} == {"a; b", None}
    with pytest.raises(LookupError):
        read_table(con, "no_such_table")


def test_a_binary_float_is_not_published() -> None:
    with pytest.raises(TypeError, match="exact"):
        kind_of("DOUBLE")


@pytest.mark.parametrize("bom", [True, False])
def test_csv_runs_nothing_and_loses_nothing(con: duckdb.DuckDBPyConnection, bom: bool) -> None:
    body = csv_bytes(filled(con), bom=bom)
    assert body.startswith(b"\xef\xbb\xbf") is bom
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    assert sorted(plain_text(row["name"]) for row in rows) == sorted([*HOSTILE, ""])
    assert not [row for row in rows if row["name"][:1] in set("=+-@\t\r＝")]
    assert {row["points"] for row in rows} == {"12345678.0000000001", ""}
    assert {row["seen"] for row in rows} == {"2024-11-15T01:02:03", ""}


def test_json_keeps_every_digit(con: duckdb.DuckDBPyConnection) -> None:
    body = json.loads(json_bytes(filled(con), {"release": 7}))
    assert body["release"] == 7
    assert {row["points"] for row in body["rows"]} == {"12345678.0000000001", None}
    assert {row["name"] for row in body["rows"]} == {*HOSTILE, None}
    assert {one["name"]: one["description"] for one in body["columns"]}["points"] == "Điểm đạt. Points."


def test_parquet_keeps_types_meanings_and_facts(con: duckdb.DuckDBPyConnection) -> None:
    import pyarrow.parquet as pq

    table = filled(con)
    back = pq.read_table(io.BytesIO(parquet_bytes(table, {"release": 7})))
    assert str(back.schema.field("points").type) == "decimal128(18, 10)"
    assert back.schema.field("points").metadata == {b"description": "Điểm đạt. Points.".encode()}
    assert back.schema.metadata[b"release"] == b"7"
    assert [tuple(row.values()) for row in back.to_pylist()] == table.rows
    empty = Table(table.name, table.meaning, table.columns, [])
    assert pq.read_table(io.BytesIO(parquet_bytes(empty, {}))).schema.names == table.titles


def test_a_workbook_holds_text_as_text_and_figures_as_figures(con: duckdb.DuckDBPyConnection) -> None:
    long = Table("long", "", (Column("x", "string", "VARCHAR", ""),), [("a" * 40_000,)])
    book = load_workbook(io.BytesIO(xlsx_bytes([filled(con), long], [("release", "=7")])))
    assert book.sheetnames == ["README", "marks", "long"]
    rows = list(book["marks"].iter_rows(min_row=2))
    assert {cell.data_type for row in rows for cell in row[:1]} <= {"s", "n"}
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert {row[1].value for row in rows if row[1].value} == {float(EXACT)}
    assert "0001-01-01" in {row[4].value for row in rows}
    assert str(book["long"]["A2"].value).endswith("… (CSV)")


def test_columns_are_added_from_the_row_by_name(con: duckdb.DuckDBPyConnection) -> None:
    stamp = Column("release", "integer", "INTEGER", "Bản phát hành. Release.")
    table = with_columns(filled(con), [(stamp, lambda row: 7 if row["ranked"] else None)])
    assert table.titles[-1] == "release"
    assert {row[-1] for row in table.rows} == {7, None}


def test_json_of_no_rows_is_json(con: duckdb.DuckDBPyConnection) -> None:
    table = filled(con)
    assert json.loads(json_bytes(Table(table.name, "", table.columns, []), {}))["rows"] == []


@pytest.mark.parametrize("size", [1, 4, 8, 40, 0])
def test_a_large_table_comes_in_parts_in_the_same_order(size: int) -> None:
    """By agency, then by all columns, whatever the size of the parts; who has many rows and who has no id included."""
    with duckdb.connect() as con:
        con.execute("create table points as select 9 - range as points, 'a' || (range % 3) as agency_id from range(9)")
        con.execute("insert into points select range, 'a1' from range(20) union all values (5, null), (4, null)")
        whole = read_table(con, "points")
        parts = list(stream_table(con, "points", size=size))
    assert [row for part in parts for row in part.rows] == whole.rows
    assert whole.rows == sorted(whole.rows, key=lambda row: (row[1] is None, row[1] or "", row[0]))
    assert (len(parts) > 1) == (0 < size < len(whole.rows))
    assert {part.titles == whole.titles for part in parts} == {True}
    before, after = json_frame(whole, {"release": 7})
    rows = b"".join(json_lines(part, first=not number) for number, part in enumerate(parts))
    assert before + rows + after == json_bytes(whole, {"release": 7})
    assert len(json.loads(before + rows + after)["rows"]) == len(whole.rows)
    written = [csv_bytes(part, bom=not number, head=not number) for number, part in enumerate(parts)]
    assert b"".join(written) == csv_bytes(whole)
