"""Workbooks for tests: made by openpyxl, then edited as ZIP where openpyxl would not make them. None is stored."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from connectors.contract_model import FieldContract
from connectors.findings import Place
from connectors.sheets.grid import SheetLimits
from connectors.sheets.layout import Table, read_table
from connectors.sheets.model import CsvLayout, XlsxLayout
from connectors.sheets.workbooks import read_workbook

PLACE = Place("inbox", "files", "2025")
CODE, NAME, COUNT, RATE = "Mã cơ quan", "Tên cơ quan", "Số hồ sơ", "Tỷ lệ (%)"
TITLES = (CODE, NAME, COUNT, RATE)
FIELDS = {
    CODE: FieldContract(name="agency_code", type="text"),
    NAME: FieldContract(name="agency_name", type="text"),
    COUNT: FieldContract(name="received", type="integer", minimum=0),
    RATE: FieldContract(name="on_time", type="decimal", places=2, unit="%", minimum=0, maximum=100),
}
DATE = "Ngày"
ROWS = (
    ("A1", "Sở Nội vụ", 120, 98.5),
    ("A2", "Sở Tài chính", 80, 91.25),
    ("A3", "Sở Y tế", 45, 100),
)
SHEET, TEXTS, TYPES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "[Content_Types].xml"
Edit = Callable[[Worksheet], Any]


def workbook(*edits: Edit, rows: Sequence[Sequence[Any]] = ROWS, titles: Sequence[str] = TITLES) -> bytes:
    """A workbook with titles in row 1 of its only sheet `Số liệu`, then changed by each edit."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Số liệu"
    for row in (titles, *rows):
        sheet.append(list(row))
    for edit in edits:
        edit(sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def edited(content: bytes, parts: Mapping[str, bytes | Callable[[bytes], bytes]]) -> bytes:
    """The same file with parts written anew, changed, or added."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in dict.fromkeys([*old.namelist(), *parts]):
            part = parts.get(name)
            if part is None:
                new.writestr(name, old.read(name))
            else:
                new.writestr(name, part(old.read(name)) if callable(part) else part)
    return buffer.getvalue()


def replaced(old: str, new: str) -> Callable[[bytes], bytes]:
    """A part with one text put in place of another, which must be there."""

    def change(part: bytes) -> bytes:
        assert old.encode() in part, f"{old} is not in {part[:2000]!r}"
        return part.replace(old.encode(), new.encode())

    return change


def shared(content: bytes) -> bytes:
    """The same workbook as Excel stores it: texts in a table of their own, with a reading aid to be left out."""
    texts: list[str] = []

    def refer(match: re.Match[str]) -> str:
        texts.append(match[2])
        return f'<c r="{match[1]}" t="s"><v>{len(texts) - 1}</v></c>'

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read(SHEET).decode()
    sheet = re.sub('<c r="([A-Z0-9]+)" t="inlineStr"><is><t>(.*?)</t></is></c>', refer, sheet)
    items = "".join(f"<si><r><t>{text}</t></r><rPh sb='0' eb='1'><t>x</t></rPh></si>" for text in texts)
    return with_texts(edited(content, {SHEET: sheet.encode()}), items)


def with_texts(content: bytes, items: str) -> bytes:
    """The workbook with a table of shared texts."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    part = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{items}</sst>'
    link = f'<Relationship Id="rId99" Type="{relation}" Target="sharedStrings.xml"/></Relationships>'
    declared = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    return edited(
        content,
        {
            TEXTS: part.encode(),
            "xl/_rels/workbook.xml.rels": replaced("</Relationships>", link),
            TYPES: replaced("</Types>", declared),
        },
    )


def appended(content: bytes, name: str, body: bytes = b"x") -> bytes:
    """The file with one more entry, whatever its name and whether or not there is one."""
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, body)
    return buffer.getvalue()


def lying(content: bytes, name: str, declared: int) -> bytes:
    """The file with another inflated size declared for one entry, in both of its headers."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.getinfo(name)
    body = bytearray(content)
    struct.pack_into("<L", body, entry.header_offset + 22, declared)
    at = body.index(b"PK\x01\x02")
    while struct.unpack_from("<L", body, at + 42)[0] != entry.header_offset:
        at = body.index(b"PK\x01\x02", at + 4)
    struct.pack_into("<L", body, at + 24, declared)
    return bytes(body)


def layout(**more: Any) -> XlsxLayout:
    return XlsxLayout(type="xlsx", **more)


def csv_layout(**more: Any) -> CsvLayout:
    return CsvLayout(type="csv", **more)


def table_of(
    content: bytes,
    form: XlsxLayout | None = None,
    fields: Mapping[str, FieldContract] = FIELDS,
    limits: SheetLimits | None = None,
) -> Table:
    """The table of a workbook, through the reading process."""
    chosen = form or layout()
    return read_table(read_workbook(content, chosen.sheet, PLACE, limits), chosen, fields, PLACE)


def dated(form: str = "%d/%m/%Y") -> dict[str, FieldContract]:
    """The contract with a date besides."""
    return {**FIELDS, DATE: FieldContract(name="day", type="date", format=form, timezone="Asia/Ho_Chi_Minh")}


def column(table: Table, title: str) -> list[Any]:
    return [row.values.get(title) for row in table.rows]


def faults(table: Table) -> list[tuple[str, str]]:
    """Reason and address of every cell that was set aside."""
    return [(fault.unfit.code, fault.pointer) for fault in table.faults]
