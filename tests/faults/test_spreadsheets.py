"""Group S, spreadsheets: refused by content, bounded, read as they stand, and nothing lost without a word."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName

from common.errors import SourceError
from connectors.sheets import workbooks
from connectors.sheets.grid import SheetLimits
from connectors.sheets.inbox import Arrival, Patience, Seen, list_names, new_arrivals, read_arrival
from connectors.sheets.outgoing import plain_text, write_csv, write_xlsx
from connectors.sheets.workbooks import read_workbook
from tests.support.sheet_mutants import SHEET_MUTANTS, in_this_process
from tests.support.workbooks import (
    CODE,
    COUNT,
    DATE,
    NAME,
    PLACE,
    RATE,
    ROWS,
    SHEET,
    TEXTS,
    TITLES,
    TYPES,
    appended,
    column,
    dated,
    edited,
    faults,
    layout,
    lying,
    replaced,
    shared,
    table_of,
    with_texts,
    workbook,
)

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
MIB = 2**20
BOOK, STYLES = "xl/workbook.xml", "xl/styles.xml"


def refusal(code: str, read: Callable[[], Any]) -> str:
    """The file is refused for this reason, with something to do; the English message."""
    with pytest.raises(SourceError) as caught:
        read()
    assert caught.value.code == code, caught.value
    assert caught.value.exit_code == 4
    assert caught.value.hint.vi
    assert caught.value.hint.en
    return caught.value.message.en


def reject(code: str, content: bytes, **form: Any) -> str:
    return refusal(code, lambda: table_of(content, layout(**form)))


def worked() -> float:
    """Seconds of work so far, here and in finished processes: how busy the machine is does not count."""
    return sum(os.times()[:4])


def put(address: str, value: Any) -> Callable[[Any], None]:
    """An edit: this value in this cell."""

    def edit(sheet: Any) -> None:
        sheet[address] = value

    return edit


def shown(address: str, value: Any, number_format: str) -> Callable[[Any], None]:
    def edit(sheet: Any) -> None:
        sheet[address] = value
        sheet[address].number_format = number_format

    return edit


@pytest.mark.parametrize("stored", [workbook, lambda: shared(workbook())])
def test_a_plain_workbook_is_read_as_openpyxl_reads_it(stored: Callable[[], bytes]) -> None:
    """Without a fault: values, addresses, and nothing to tell; the same as an independent reader finds."""
    content = stored()
    table = table_of(content)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    assert [tuple(row.values.values()) for row in table.rows] == [*sheet.iter_rows(2, values_only=True)]
    assert table.rows[0].pointers[COUNT] == "Số liệu!C2"
    assert (table.findings, faults(table), table.new_titles, table.formulas) == ([], [], [], {})


def test_S01_merged_cells() -> None:
    """Merged cells among the data: refused with their ranges. In a title above the table they hurt nobody."""
    content = workbook(lambda sheet: sheet.merge_cells("A2:A3"))
    assert "A2:A3" in reject("MergedCells", content)
    reject("UnsafeFile", edited(content, {SHEET: replaced('ref="A2:A3"', 'ref="Nguyễn Văn A"')}))
    above = workbook(lambda s: s.insert_rows(1), put("A1", "Báo cáo năm 2025"), lambda s: s.merge_cells("A1:D1"))
    assert len(table_of(above, layout(header_row=2)).rows) == 3


def test_S02_formula_without_a_result() -> None:
    """As written by software: refused even where the contract takes results."""
    assert "Số liệu!C3" in reject("UncalculatedFormula", workbook(put("C3", "=40+40")), formulas="cached")


def calculated() -> bytes:
    formula = "<f>40+40</f>"
    return edited(workbook(put("C3", "=40+40")), {SHEET: replaced(f"{formula}<v></v>", f"{formula}<v>80</v>")})


def test_S03_formula_with_a_result() -> None:
    """Refused, unless the contract takes stored results; then the formula is kept as evidence with its address."""
    assert "Số liệu!C3" in reject("FormulaRefused", calculated())
    table = table_of(calculated(), layout(formulas="cached"))
    assert column(table, COUNT) == [120, 80, 45]
    assert table.formulas == {"Số liệu!C3": "40+40"}


def hide_row(sheet: Any) -> None:
    sheet.row_dimensions[3].hidden = True


def hide_column(sheet: Any) -> None:
    sheet.column_dimensions["C"].hidden = True


def filter_rows(sheet: Any) -> None:
    sheet.auto_filter.ref = "A1:D4"
    sheet.auto_filter.add_filter_column(0, ["A1"])


def more_sheet(state: str) -> Callable[[Any], None]:
    def edit(sheet: Any) -> None:
        sheet.parent.create_sheet("Khác").sheet_state = state

    return edit


HIDDEN: dict[str, tuple[Any, str, str]] = {
    "row": (hide_row, "rows", "rows 3"),
    "flat row": (('<row r="3">', '<row r="3" ht="0" customHeight="1">'), "rows", "rows 3"),
    "column": (hide_column, "columns", "columns C"),
    "narrow column": (
        ("<sheetData>", '<cols><col min="3" max="3" width="0"/></cols><sheetData>'),
        "columns",
        "columns C",
    ),
    "filter": (filter_rows, "filter", "filter"),
    "sheet": (more_sheet("hidden"), "sheets", "sheets Khác"),
    "very hidden sheet": (more_sheet("veryHidden"), "sheets", "sheets Khác"),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_S04_hidden_content(name: str) -> None:
    """What people did not see: refused by name, and read only where the contract knows of it."""
    edit, what, told = HIDDEN[name]
    content = workbook(edit) if callable(edit) else edited(workbook(), {SHEET: replaced(*edit)})
    assert told in reject("HiddenContent", content)
    assert len(table_of(content, layout(hidden=(what,))).rows) == 3


def test_S04_the_first_visible_sheet_is_read() -> None:
    """Hidden sheets are passed over where no sheet is named; a sheet that is named must be there."""

    def before(sheet: Any) -> None:
        sheet.parent.create_sheet("Nháp", 0).sheet_state = "hidden"

    table = table_of(workbook(before), layout(hidden=("sheets",)))
    assert (table.title, len(table.rows)) == ("Số liệu", 3)
    assert "Phụ lục" in reject("SheetMissing", workbook(), sheet="Phụ lục")


def test_S05_percent_format() -> None:
    """0.985 shown as 98.5% is 98.5 where the contract's unit is %, float noise left aside."""
    shares = workbook(shown("D2", 0.985, "0.0%"), shown("D3", 0.9125, "0.00%"), shown("D4", 1, "0%"))
    assert column(table_of(shares), RATE) == [Decimal("98.5"), Decimal("91.25"), Decimal(100)]
    noisy = edited(shares, {SHEET: replaced("<v>0.985</v>", "<v>0.98499999999999999</v>")})
    assert column(table_of(noisy), RATE)[0] == Decimal("98.5")
    quoted = workbook(shown("D2", 98.5, '0.0"%"'))  # the sign is only written there: nothing is multiplied
    assert column(table_of(quoted), RATE)[0] == Decimal("98.5")


def test_S05_percent_where_the_contract_says_otherwise() -> None:
    """A percentage in a column of counts, and a share of 1 without percent format: set aside, nothing guessed."""
    table = table_of(workbook(shown("C2", 1.2, "0%"), put("D3", 0.985)))
    assert faults(table) == [("PercentFormat", "Số liệu!C2"), ("PercentUnclear", "Số liệu!D3")]
    assert column(table, COUNT) == [None, 80, 45]


@pytest.mark.parametrize("text", ["98,5", "98.5", "98", " 98", "98%", "1.234"])
def test_S06_number_as_text(text: str) -> None:
    """Set aside, not cast: 98,5 may be 98.5 or 985."""
    table = table_of(workbook(put("D2", text)))
    assert faults(table) == [("NumberAsText", "Số liệu!D2")]
    assert column(table, RATE) == [None, Decimal("91.25"), 100]


def test_S07_code_NA_and_errors() -> None:
    """The code `NA` is a code; `#N/A` and `#DIV/0!` are set aside, in figures and in texts."""

    def error(address: str, text: str) -> Callable[[Any], None]:
        def edit(sheet: Any) -> None:
            sheet[address] = text
            assert sheet[address].data_type == "e"

        return edit

    table = table_of(workbook(put("A2", "NA"), error("C3", "#N/A"), error("D3", "#DIV/0!"), error("B4", "#REF!")))
    assert column(table, CODE) == ["NA", "A2", "A3"]
    assert faults(table) == [("ErrorCell", f"Số liệu!{at}") for at in ("C3", "D3", "B4")]
    assert table.rows[0].faults == ()


def test_S07_codes_keep_their_zeros() -> None:
    """A code typed as a number has lost its zeros already: set aside."""
    table = table_of(workbook(put("A2", "001"), put("A3", 1)))
    assert column(table, CODE) == ["001", None, "A3"]
    assert faults(table) == [("WrongType", "Số liệu!A3")]


UNSAFE = {
    "vba": lambda: appended(workbook(), "xl/vbaProject.bin"),
    "vba under another name": lambda: appended(workbook(), "xl/theme/vbaProject.bin"),
    "macro type": lambda: edited(workbook(), {TYPES: replaced(".sheet.main+xml", ".sheet.macroEnabled.main+xml")}),
    "xlsm": lambda: edited(
        workbook(),
        {TYPES: replaced("openxmlformats-officedocument.spreadsheetml.sheet.main", "ms-excel.sheet.macroEnabled.main")},
    ),
    "xls": lambda: OLE + b"\0" * 2048,
    "encrypted": lambda: OLE + b"\0" * 512 + "EncryptedPackage".encode("utf-16-le"),
    "ole object": lambda: appended(workbook(), "xl/embeddings/oleObject1.bin"),
    "active x": lambda: appended(workbook(), "xl/activeX/activeX1.xml"),
    "binary workbook": lambda: appended(workbook(), "xl/workbook.bin"),
    "excel 4 macros": lambda: appended(workbook(), "xl/macrosheets/sheet1.xml"),
    "html": lambda: b"<html><table></table></html>",
    "empty": lambda: b"",
    "zip of anything": lambda: edited_zip({"a.xml": b"<a/>"}),
    "cut": lambda: workbook()[:-40],
    "damaged": lambda: workbook().replace(b"PK\x03\x04", b"PK\x03\x05").replace(b"PK\x03\x05", b"PK\x03\x04", 1),
}


def edited_zip(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return buffer.getvalue()


@pytest.mark.parametrize("name", UNSAFE)
def test_S08_unsafe_files(name: str) -> None:
    """Macros, old and encrypted formats, embedded objects: refused by content; there is no name to go by."""
    reject("UnsafeFile", UNSAFE[name]())


def defined(sheet: Any) -> None:
    sheet.parent.defined_names["x"] = DefinedName("x", attr_text='_xlfn.WEBSERVICE("http://127.0.0.1/")')


def calls_on_another_sheet(sheet: Any) -> None:
    sheet.parent.create_sheet("Khác")["A1"] = '=1+_xlfn.WEBSERVICE("http://127.0.0.1/")'


LINK = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId9"'
    b' Type="http://x/relationships/%s" Target="http://127.0.0.1/a" TargetMode="External"/></Relationships>'
)
REACHING = {
    "external link": lambda: appended(workbook(), "xl/externalLinks/externalLink1.xml", b"<externalLink/>"),
    "connections": lambda: appended(workbook(), "xl/connections.xml", b"<connections/>"),
    "query table": lambda: appended(workbook(), "xl/queryTables/queryTable1.xml", b"<queryTable/>"),
    "webservice": lambda: workbook(put("C2", '=_xlfn.WEBSERVICE("http://127.0.0.1/")')),
    "webservice elsewhere": lambda: workbook(calls_on_another_sheet),
    "webservice in a name": lambda: workbook(defined),
    "split webservice": lambda: edited(
        workbook(put("C2", '=WEBSERVICE("http://127.0.0.1/")')), {SHEET: replaced("WEBSERVICE", "WEB&#83;ERVICE")}
    ),
    "dde": lambda: workbook(put("C2", "=cmd|' /C calc'!A0")),
    "template from outside": lambda: appended(workbook(), "xl/drawings/_rels/d.xml.rels", LINK % b"image"),
}


@pytest.mark.parametrize("name", REACHING)
def test_S09_files_that_reach_out(name: str) -> None:
    """External links, connections, formulas that call the network or a program: refused wherever they stand."""
    reject("UnsafeFile", REACHING[name](), formulas="cached")


def test_S09_the_reading_process_has_no_network() -> None:
    """No library that could open a connection is even loaded there; and links to evidence are no reason to refuse."""
    probe = "import sys, connectors.sheets.child; print(sorted({'socket', 'ssl', 'urllib.request'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    linked = workbook(lambda sheet: setattr(sheet["B2"], "hyperlink", "https://example.org/evidence"))
    assert len(table_of(linked).rows) == 3


def bomb(megabytes: int = 55) -> bytes:
    """A sheet of repeated cells: some 140 KB that inflate to 55 MB."""
    rows = b'<row><c t="inlineStr"><is><t>' + b"x" * 1000 + b"</t></is></c></row>"
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return edited(workbook(), {SHEET: head + rows * (megabytes * MIB // len(rows)) + b"</sheetData></worksheet>"})


def many_large_parts() -> bytes:
    """Each part below the ratio, all together too large."""
    noise = os.urandom(MIB) + bytes(39 * MIB)
    return edited(workbook(), {f"xl/media/image{i}.png": noise for i in range(7)})


BOMBS = {
    "ratio": (bomb, "ratio"),
    "sum": (many_large_parts, "inflated_bytes"),
    "lying": (lambda: lying(bomb(), SHEET, MIB // 2), "declared size"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_S10_zip_bombs(name: str) -> None:
    """By declared and by actual size: refused in well under a second, and without the memory."""
    make, limit = BOMBS[name]
    content = make()
    began = worked()
    message = reject("LimitExceeded", content)
    assert worked() - began < 0.9
    assert limit in message


def overlapping() -> bytes:
    """Two entries of the directory point at one body."""
    content = bytearray(workbook())
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 4)
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    return bytes(content)


def test_S10_entries_that_share_a_body() -> None:
    """A few kilobytes that become petabytes by being listed often."""
    assert "overlapping" in reject("UnsafeFile", overlapping())


def test_S10_the_reading_process_is_bounded() -> None:
    """What the directory cannot tell: the process has little memory and CPU, and the limit is named."""
    many = workbook(rows=[("A1", "Sở", 1, 1)] * 30_000)
    slow = refusal("LimitExceeded", lambda: read_workbook(many, None, PLACE, SheetLimits(seconds=0)))
    assert "seconds" in slow
    small = SheetLimits(memory_bytes=48 * MIB)
    assert "memory" in refusal("LimitExceeded", lambda: read_workbook(many, None, PLACE, small))
    few = SheetLimits(cells=1000)
    assert "cells" in refusal("LimitExceeded", lambda: read_workbook(many, None, PLACE, few))


def test_S10_the_reading_process_has_little_cpu() -> None:
    """A file that keeps the process busy is given up, and the limit is named."""
    bounds = SheetLimits(cpu_seconds=1)
    assert "cpu_seconds" in refusal("LimitExceeded", lambda: read_workbook(styled_empty_rows(), None, PLACE, bounds))


def test_S10_one_text_a_million_times() -> None:
    """A shared text is stored once and shown often: what it comes to is bounded too."""
    text = "".join(random.Random(1).choices("abcdefgh", k=30_000))
    cells = "".join('<row><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>' for _ in range(2000))
    big = with_texts(workbook(), f"<si><t>{text}</t></si>")
    big = edited(big, {SHEET: replaced("</sheetData>", f"{cells}</sheetData>")})
    assert "text_bytes" in reject("LimitExceeded", big)


LAUGHS = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x SYSTEM "file:///etc/passwd">'


@pytest.mark.parametrize("part", [SHEET, BOOK, STYLES, TEXTS, TYPES, "_rels/.rels"])
@pytest.mark.parametrize("declaration", [LAUGHS, OUTSIDE])
def test_S11_entities(part: str, declaration: str) -> None:
    """Entity expansion and external DTDs, in any part that is read: refused unread."""

    def declared(body: bytes) -> bytes:
        at = body.index(b"?>") + 2 if body.startswith(b"<?") else 0
        return body[:at] + declaration.encode() + body[at:]

    reject("DtdRefused", edited(shared(workbook()), {part: declared}))


def listed(count: int) -> bytes:
    buffer = io.BytesIO(workbook())
    with zipfile.ZipFile(buffer, "a") as archive:
        for number in range(count):
            archive.writestr(f"xl/media/{number}.png", b"")
    return buffer.getvalue()


ENTRIES = {
    "upwards": ("UnsafeFile", lambda: appended(workbook(), "xl/../../evil.xml")),
    "absolute": ("UnsafeFile", lambda: appended(workbook(), "/etc/evil.xml")),
    "backslash": ("UnsafeFile", lambda: appended(workbook(), "xl\\..\\evil.xml")),
    "drive": ("UnsafeFile", lambda: appended(workbook(), "C:evil.xml")),
    "twice in other letters": ("UnsafeFile", lambda: appended(workbook(), "XL/Workbook.xml")),
    "too many": ("LimitExceeded", lambda: listed(2_000)),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_S12_entries(name: str) -> None:
    """Ways out of the container, one name twice, too many entries."""
    code, make = ENTRIES[name]
    reject(code, make())


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_S12_the_same_entry_twice() -> None:
    """Readers differ in which of the two they take."""
    assert "duplicate" in reject("UnsafeFile", appended(workbook(), SHEET, b"<worksheet/>"))


def test_S12_a_hundred_thousand_entries_are_refused_unlisted() -> None:
    """From the end of the directory alone, true or understated."""
    record = b"PK\x01\x02" + bytes(42)
    for count in (0xFFFF, 3):
        directory = record * 100_000
        end = b"PK\x05\x06" + bytes(4) + count.to_bytes(2, "little") * 2
        tail = end + len(directory).to_bytes(4, "little") + (4).to_bytes(4, "little") + bytes(2)
        began = worked()
        assert "entries" in reject("LimitExceeded", b"PK\x03\x04" + directory + tail)
        assert worked() - began < 0.2


def test_S13_header_moved() -> None:
    """One row further down, or one column title changed: refused, with what was found."""
    assert "titles in row 2, not 1" in reject("LayoutChanged", workbook(lambda sheet: sheet.insert_rows(1)))
    assert f"'{COUNT}'" in reject("LayoutChanged", workbook(put("C1", "Số hồ sơ nhận")))
    assert "two columns" in reject("LayoutChanged", workbook(put("E1", COUNT)))
    assert len(table_of(workbook(lambda sheet: sheet.insert_rows(1)), layout(header_row=2)).rows) == 3


def test_S13_columns_in_another_order() -> None:
    """Found by their titles: order and further columns do not matter, and further ones are only named."""
    moved = workbook(rows=[(*row[::-1], "x") for row in ROWS], titles=(*TITLES[::-1], "Ghi chú"))
    table = table_of(moved)
    assert column(table, CODE) == ["A1", "A2", "A3"]
    assert table.rows[0].pointers[CODE] == "Số liệu!D2"
    assert all("x" not in row.values.values() for row in table.rows)
    assert len(table.new_titles) == 1


def test_S13_two_header_rows() -> None:
    """A second row of titles is refused; titles of two levels are read where they are declared."""
    twice = workbook(rows=[*ROWS, TITLES, *ROWS])
    assert "several header rows" in reject("LayoutChanged", twice)
    levels = workbook(
        lambda sheet: sheet.merge_cells("C1:D1"),
        titles=(CODE, NAME, "Hồ sơ", None),  # type: ignore[arg-type]  # an empty cell
        rows=[(None, None, "Nhận", "Đúng hạn"), *ROWS],
    )
    fields = dict(zip((CODE, NAME, "Hồ sơ / Nhận", "Hồ sơ / Đúng hạn"), table_fields(), strict=True))
    table = table_of(levels, layout(header_row=2, header_rows=2), fields)
    assert column(table, "Hồ sơ / Nhận") == [120, 80, 45]
    refusal("LayoutChanged", lambda: table_of(levels, layout(header_row=2), fields))


def table_fields() -> list[Any]:
    from tests.support.workbooks import FIELDS

    return list(FIELDS.values())


TOTAL = ("Tổng cộng", None, 245, None)
TOTALS = {"column": CODE, "label": "Tổng cộng", "of": (COUNT,)}


def test_S13_totals_row() -> None:
    """Declared: left out and held against the sum; a difference is told with both figures."""
    good = table_of(workbook(rows=[*ROWS, TOTAL]), layout(totals=TOTALS))
    assert (column(good, COUNT), good.findings) == ([120, 80, 45], [])
    bad = table_of(workbook(rows=[*ROWS, ("Tổng cộng", None, 244, None)]), layout(totals=TOTALS))
    assert [(one.code, one.field_name) for one in bad.findings] == [("TotalsRowDiffers", COUNT)]
    assert "244" in bad.findings[0].message.en
    assert "245" in bad.findings[0].message.en


def test_S13_totals_row_missing_moved_or_not_addable() -> None:
    """Where it is not the last row, or a row cannot be added, nothing is taken on trust."""
    for rows in (ROWS, [TOTAL, *ROWS], [*ROWS[:1], TOTAL, *ROWS[1:]]):
        assert "Tổng cộng" in reject("LayoutChanged", workbook(rows=rows), totals=TOTALS)
    unreadable = table_of(workbook(put("C3", "80"), rows=[*ROWS, TOTAL]), layout(totals=TOTALS))
    assert [one.code for one in unreadable.findings] == ["TotalsRowDiffers"]


def test_S13_notes_under_the_table() -> None:
    """Refused unless declared; a single text in a row then is a note, and anything more is still refused."""
    for gap in ([], [()]):
        noted = workbook(rows=[*ROWS, *gap, ("Người lập biểu",)])
        assert (table := table_of(noted, layout(notes_below=True))).notes == 1
        assert len(table.rows) == 3
    assert "A6" in reject("LayoutChanged", noted)
    behind_a_gap = workbook(rows=[*ROWS, (), ("A4", "Sở Xây dựng", 3, 50)])
    assert "A6" in reject("LayoutChanged", behind_a_gap, notes_below=True)


def styled_empty_rows() -> bytes:
    """All rows that a sheet can have, styled and empty, under the table."""
    empty = "".join(f'<row r="{n}" s="1" customFormat="1"><c r="A{n}" s="1"/></row>' for n in range(5, 1_048_577))
    return edited(workbook(), {SHEET: replaced("</sheetData>", f"{empty}</sheetData>")})


def test_S14_a_million_styled_empty_rows() -> None:
    """Bounded by the last cell that holds something: read, and fast."""
    content = styled_empty_rows()
    began = worked()
    assert len(table_of(content).rows) == 3
    assert worked() - began < 15


def of_date(*edits: Any, from_1904: bool = False) -> bytes:
    def epoch(sheet: Any) -> None:
        if from_1904:
            sheet.parent.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904

    rows = [(*row, date(2024, 12, 31)) for row in ROWS]
    return workbook(epoch, *edits, rows=rows, titles=(*TITLES, DATE))


def test_S15_both_date_systems() -> None:
    """The workbook's own flag decides: the same day from 1900 and from 1904."""
    for from_1904 in (False, True):
        assert column(table_of(of_date(from_1904=from_1904), fields=dated()), DATE) == ["31/12/2024"] * 3
    flagless = edited(of_date(from_1904=True), {BOOK: replaced('date1904="1"', 'date1904="0"')})
    assert column(table_of(flagless, fields=dated()), DATE) != ["31/12/2024"] * 3


@pytest.mark.parametrize("value", ["31/12/2024", "2024-12-31", 45657, 45657.5])
def test_S15_what_is_no_date_cell(value: Any) -> None:
    """Texts and bare serials among dates are set aside."""
    table = table_of(of_date(shown("E2", value, "General")), fields=dated())
    assert faults(table) == [("DateFormat", "Số liệu!E2")]


def test_S15_text_dates_where_declared() -> None:
    """In the contract's format, where the layout says that dates are text; moments of date cells too."""
    table = table_of(of_date(put("E2", "30/11/2024")), layout(text_dates=True), dated())
    assert column(table, DATE) == ["30/11/2024", "31/12/2024", "31/12/2024"]
    moment = table_of(of_date(put("E2", datetime(2024, 12, 31, 23, 59))), fields=dated("%Y-%m-%d %H:%M"))  # noqa: DTZ001
    assert column(moment, DATE)[0] == "2024-12-31 23:59"


QUICK = Patience(quiet_seconds=0.01, seconds=0.3)


def test_S16_same_file_twice_and_new_content() -> None:
    """By content: the same file again is not read again, under whatever name; new content is a new version."""
    first, again, other, new = (
        Arrival("a.xlsx", "1", b""),
        Arrival("a (1).xlsx", "1", b""),
        Arrival("b.xlsx", "2", b""),
        Arrival("a.xlsx", "3", b""),
    )
    assert list(new_arrivals([first, again, other], [])) == [(first, ""), (again, "a.xlsx"), (other, "")]
    assert list(new_arrivals([new, again], [Seen("a.xlsx", "1")])) == [(new, ""), (again, "a.xlsx")]


def test_S16_copy_in_progress(tmp_path: Path) -> None:
    """Waited for while it grows, then read whole; refused when it never stands still."""
    path = tmp_path / "a.xlsx"
    content = workbook()
    path.write_bytes(content[:100])

    def finish(_: float) -> None:
        if path.stat().st_size < len(content):
            path.write_bytes(content)

    waiting = Patience(quiet_seconds=1, seconds=5, sleep=finish)
    assert read_arrival(tmp_path, "a.xlsx", PLACE, MIB, waiting).content == content

    def grow(_: float) -> None:
        with path.open("ab") as handle:
            handle.write(b"x")

    clock = iter(range(100))
    endless = Patience(quiet_seconds=1, seconds=3, sleep=grow, clock=lambda: next(clock))
    assert "still being copied" in refusal(
        "StillChanging", lambda: read_arrival(tmp_path, "a.xlsx", PLACE, MIB, endless)
    )


def link(folder: Path) -> None:
    (folder / "a.xlsx").symlink_to("/etc/passwd")


def device(folder: Path) -> None:
    os.mkfifo(folder / "a.xlsx")


def subfolder(folder: Path) -> None:
    (folder / "a.xlsx").mkdir()


ODD = {"link": link, "fifo": device, "folder": subfolder}


@pytest.mark.parametrize("kind", ODD)
def test_S17_what_is_no_file(kind: str, tmp_path: Path) -> None:
    """Links, devices and folders: refused, both when listed and when opened, without hanging on a device."""
    ODD[kind](tmp_path)
    refusal("UnsafeName", lambda: list_names(tmp_path, lambda _: True, PLACE))
    done = []
    reader = threading.Thread(target=lambda: done.append(opened(tmp_path)), daemon=True)
    reader.start()
    reader.join(5)
    assert done in (["UnsafeName"], ["FileUnreadable"])


def opened(folder: Path) -> str:
    try:
        read_arrival(folder, "a.xlsx", PLACE, MIB, QUICK)
    except SourceError as error:
        return error.code
    return "read"


def test_S17_a_link_as_inbox(tmp_path: Path) -> None:
    """The folder itself may be no link either."""
    (tmp_path / "inbox").symlink_to(tmp_path)
    refusal("UnsafeName", lambda: list_names(tmp_path / "inbox", lambda _: True, PLACE))


@pytest.mark.parametrize("name", ["=cmd.xlsx", "+1.xlsx", "-2.xlsx", "@x.xlsx", "a\nb.xlsx", "a\u202eslx.xlsx"])
def test_S17_names(name: str, tmp_path: Path) -> None:
    """Names that read as a formula, or that forge a line: refused, and not repeated in the message."""
    (tmp_path / name).write_bytes(workbook())
    message = refusal("UnsafeName", lambda: list_names(tmp_path, lambda _: True, PLACE))
    assert name not in message


def test_S17_plain_files_are_listed(tmp_path: Path) -> None:
    """In order; hidden files are those of a copy under way."""
    for name in ("b.xlsx", "a.xlsx", ".a.xlsx.part", "c.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert list_names(tmp_path, lambda name: name.endswith(".xlsx"), PLACE) == ["a.xlsx", "b.xlsx"]


HOSTILE = [
    '=HYPERLINK("http://127.0.0.1/","x")',
    "+1",
    "-2",
    "@x",
    "\t=1",
    "\r=1",
    " =1",
    "'=1",
    "' =1",
    "＝1",
    "a\r\nb",
    "_x000D_",
    "Sở Nội vụ",
    "'a",
]


def test_S18_xlsx_cells_are_text(tmp_path: Path) -> None:
    """Every text is a cell of type text with its content whole; figures stay figures."""
    path = tmp_path / "out.xlsx"
    write_xlsx(path, "Bảng", ["Tên", "Điểm"], [(text, -2) for text in HOSTILE])
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    for (cell, figure), text in zip(sheet.iter_rows(2), HOSTILE, strict=True):
        assert (cell.data_type, figure.data_type, figure.value) == ("s", "n", -2)
        assert cell.quotePrefix
        assert openpyxl.utils.escape.unescape(str(cell.value)) == text
    assert b"<f>" not in zipfile.ZipFile(path).read(SHEET)
    assert list(read_workbook(path.read_bytes(), None, PLACE).rows[2]) == [1, 2]


def test_S18_csv_fields_are_text(tmp_path: Path) -> None:
    """No field begins like a formula; the mark comes off again; figures keep their sign."""
    import csv

    path = tmp_path / "out.csv"
    write_csv(path, ["Tên", "Điểm"], [(text, Decimal("-2.50")) for text in HOSTILE])
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.reader(handle))[1:]
    assert all(not row[0].lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "＝")) for row in rows)
    assert [plain_text(row[0]) for row in rows] == HOSTILE
    assert {row[1] for row in rows} == {"-2.50"}


# --- the guards -------------------------------------------------------------------------------------------------


def fails(test: Callable[[], None]) -> None:
    """However it fails: by an assertion, by an error that is not raised, or by another one."""
    with pytest.raises((Exception, pytest.fail.Exception)):
        test()


PROOFS: dict[tuple[str, str], Callable[[], None]] = {
    ("merged-cells", "S01"): test_S01_merged_cells,
    ("formulas", "S02"): test_S02_formula_without_a_result,
    ("formulas", "S03"): test_S03_formula_with_a_result,
    ("hidden", "S04"): lambda: test_S04_hidden_content("very hidden sheet"),
    ("percent-format", "S05"): test_S05_percent_format,
    ("float-noise", "S05"): test_S05_percent_format,
    ("number-as-text", "S06"): lambda: test_S06_number_as_text("98,5"),
    ("error-cells", "S07"): test_S07_code_NA_and_errors,
    ("unsafe-parts", "S08"): lambda: test_S08_unsafe_files("vba"),
    ("unsafe-types", "S08"): lambda: test_S08_unsafe_files("macro type"),
    ("unsafe-types", "S09"): lambda: test_S09_files_that_reach_out("template from outside"),
    ("reaching-formulas", "S09"): lambda: test_S09_files_that_reach_out("webservice elsewhere"),
    ("declared-size", "S10"): lambda: test_S10_zip_bombs("ratio"),
    ("actual-size", "S10"): lambda: test_S10_zip_bombs("lying"),
    ("overlap", "S10"): test_S10_entries_that_share_a_body,
    ("process-bounds", "S10"): test_S10_the_reading_process_is_bounded,
    ("text-bound", "S10"): test_S10_one_text_a_million_times,
    ("declarations", "S11"): lambda: test_S11_entities(SHEET, LAUGHS),
    ("entry-names", "S12"): lambda: test_S12_entries("upwards"),
    ("directory", "S12"): test_S12_a_hundred_thousand_entries_are_refused_unlisted,
    ("header", "S13"): test_S13_header_moved,
    ("totals", "S13"): test_S13_totals_row,
    ("below-the-table", "S13"): test_S13_notes_under_the_table,
    ("empty-rows", "S14"): test_S14_a_million_styled_empty_rows,
    ("date-system", "S15"): test_S15_both_date_systems,
}
FOLDER_PROOFS: dict[tuple[str, str], Callable[[Path], None]] = {
    ("standing-still", "S16"): test_S16_copy_in_progress,
    ("inbox-kinds", "S17"): lambda folder: test_S17_what_is_no_file("fifo", folder),
    ("inbox-names", "S17"): lambda folder: test_S17_names("=cmd.xlsx", folder),
    ("csv-text", "S18"): test_S18_csv_fields_are_text,
    ("xlsx-text", "S18"): test_S18_xlsx_cells_are_text,
    ("xlsx-characters", "S18"): test_S18_xlsx_cells_are_text,
}
PAIRS = [(name, case) for name, mutant in SHEET_MUTANTS.items() for case in mutant.cases]


@pytest.mark.parametrize(("name", "case"), PAIRS)
def test_each_guard_is_needed(name: str, case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its guard gone, the test that it protects fails."""
    SHEET_MUTANTS[name].remove(monkeypatch.setattr)
    proof = PROOFS.get((name, case))
    fails(proof or (lambda: FOLDER_PROOFS[name, case](tmp_path)))


def test_the_other_cases_hold_in_this_process_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what a proof fails by is the lost guard, not that the work is done here."""
    monkeypatch.setattr(workbooks, "_ask_child", in_this_process)
    elsewhere = {"process-bounds", "text-bound", "declared-size", "empty-rows"}
    for (name, _), proof in PROOFS.items():
        if name not in elsewhere:
            proof()


def test_every_guard_has_a_proof_for_each_of_its_cases() -> None:
    assert {*PROOFS, *FOLDER_PROOFS} == set(PAIRS)
