"""CSV under its declared form: encoding, delimiter, quotes, line ends and the mark of its end. Nothing is sniffed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from common.errors import SourceError
from connectors.contract_model import Numbers
from connectors.sheets.csv_text import read_csv
from connectors.sheets.grid import SheetLimits
from connectors.sheets.layout import Table, read_table
from tests.support.workbooks import CODE, COUNT, FIELDS, NAME, PLACE, ROWS, TITLES, column, csv_layout

LINES = [TITLES, *ROWS]
COMMA = Numbers(decimal="comma")


def text(*lines: Any, sign: str = ",", end: str = "\r\n") -> str:
    return "".join(sign.join(str(value) for value in line) + end for line in (lines or LINES))


def table_of(
    content: str | bytes, limits: SheetLimits | None = None, numbers: Numbers | None = None, **form: Any
) -> Table:
    layout = csv_layout(**form)
    raw = content.encode() if isinstance(content, str) else content
    return read_table(read_csv(raw, layout, PLACE, limits), layout, FIELDS, PLACE, numbers or Numbers())


def refusal(code: str, content: str | bytes, limits: SheetLimits | None = None, **form: Any) -> str:
    with pytest.raises(SourceError) as caught:
        table_of(content, limits, **form)
    assert caught.value.code == code
    return caught.value.message.en


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (text().encode(), {}),
        (text().encode("utf-8-sig"), {}),
        (text(sign=";", end="\n").encode(), {"delimiter": ";", "row_terminator": "\n"}),
        (text(sign="\t").encode("utf-16"), {"delimiter": "\t", "encoding": "utf-16"}),
    ],
)
def test_declared_forms(content: bytes, form: dict[str, Any]) -> None:
    table = table_of(content, **form)
    assert (column(table, CODE), column(table, COUNT)) == (["A1", "A2", "A3"], ["120", "80", "45"])
    assert table.rows[2].pointers[COUNT] == "csv!C4"


def test_quotes() -> None:
    """A quoted field holds delimiters, line ends and doubled quotes as they are."""
    table = table_of(text(TITLES, ("A1", '"Sở ""X"", Y\r\nZ"', 1, 2)))
    assert column(table, NAME) == ['Sở "X", Y\r\nZ']


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("NotCsv", text(TITLES, ("A1", 'Sở "X"', 1, 2))),
        ("NotCsv", text(TITLES, ("A1", '"Sở" X', 1, 2))),
        ("NotCsv", text(TITLES, ("A1", '"Sở X', 1, 2))),
        ("NotCsv", text(TITLES, ("A1", "Sở X", 1))),
        ("NotCsv", text(TITLES, ("A1", "Sở X", 1, 2, 3))),
        ("NotCsv", text().replace("\r\n", "\n", 1)),
        ("FileTruncated", text()[:-3]),
        ("FileTruncated", ""),
        ("LayoutChanged", text(sign=";")),
        ("BadEncoding", text().encode("utf-16")),
        ("BadEncoding", text().encode() + b"\xff\r\n"),
        ("BadEncoding", text() + "\0\r\n"),
    ],
)
def test_anything_else_is_refused(code: str, content: str | bytes) -> None:
    refusal(code, content)


def test_a_file_cut_between_two_rows_is_told_by_its_end_line() -> None:
    whole = text() + "#END 3\r\n"
    assert len(table_of(whole, end_line="#END {rows}").rows) == 3
    for cut in (text(), text(*LINES[:3]) + "#END 3\r\n"):
        assert "end line" in refusal("FileTruncated", cut, end_line="#END {rows}")


def test_totals_and_notes_as_in_a_workbook() -> None:
    totals = {"column": CODE, "label": "Tổng cộng", "of": (COUNT,)}
    content = text(TITLES, *ROWS, ("Tổng cộng", "", 245, ""), ("", "", "", ""), ("Người lập", "", "", ""))
    table = table_of(content, totals=totals, notes_below=True)
    assert (len(table.rows), table.findings, table.notes) == (3, [], 1)
    wrong = table_of(content.replace("245", "2450"), totals=totals, notes_below=True)
    assert [one.code for one in wrong.findings] == ["TotalsRowDiffers"]


def test_totals_in_the_contracts_notation() -> None:
    totals = {"column": CODE, "label": "Cộng", "of": ("Tỷ lệ (%)",)}
    content = text(TITLES, ("A1", "X", 1, "98,5"), ("A2", "Y", 1, "1,5"), ("Cộng", "", "", "100"), sign=";")
    assert table_of(content, numbers=COMMA, delimiter=";", totals=totals).findings == []
    assert [f.code for f in table_of(content, delimiter=";", totals=totals).findings] == ["TotalsRowDiffers"]


def test_bounds() -> None:
    assert "rows" in refusal("LimitExceeded", text(), SheetLimits(rows=3))
    assert "cells" in refusal("LimitExceeded", text(), SheetLimits(cells=10))
    assert "file_bytes" in refusal("LimitExceeded", text(), SheetLimits(file_bytes=20))


def lenient(content: str, layout: Any, *_: Any) -> list[list[str]]:
    """What the standard library reads, strict mode included."""
    return list(csv.reader(io.StringIO(content, newline=""), delimiter=layout.delimiter, strict=True))


def anything(*_: Any) -> None:
    return None


@pytest.mark.parametrize(
    ("target", "instead", "test"),
    [
        ("_records", lenient, lambda: test_anything_else_is_refused("NotCsv", text(TITLES, ("A1", 'Sở "X"', 1, 2)))),
        ("_records", lenient, lambda: test_anything_else_is_refused("NotCsv", text().replace("\r\n", "\n", 1))),
        ("_check_end_line", anything, test_a_file_cut_between_two_rows_is_told_by_its_end_line),
        ("_refuse", anything, lambda: test_anything_else_is_refused("NotCsv", text(TITLES, ("A1", "Sở X", 1)))),
    ],
)
def test_each_guard_is_needed(
    target: str, instead: Any, test: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its guard gone, the test fails."""
    test()
    monkeypatch.setattr(f"connectors.sheets.csv_text.{target}", instead)
    with pytest.raises((Exception, pytest.fail.Exception)):
        test()
