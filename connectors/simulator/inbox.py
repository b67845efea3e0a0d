"""The files of the sample province: what the police, the report system and the agencies themselves put into the inbox.

Made up like all of the sample, and written so that a person sees it. The same year gives the same cells on every
machine (`sample/README.md`); the names are those that the sample's sources ask for.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from common.durable import write_whole
from connectors.sheets.grid import letters
from connectors.sheets.outgoing import put_text, write_csv
from connectors.sheets.self_assessment import Form, workbook
from connectors.simulator.sample_answers import filled
from connectors.simulator.truth import Ledger, SampleAgency, ledger

WARNING = "SỐ LIỆU MÔ PHỎNG để minh họa phần mềm – không phải số liệu thật của cơ quan nào"
LAST_MONTH = 11  # agencies are assessed in November
TOTAL = "Tổng cộng"
_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_BY_LOCALITY = ("TT", "Mã ĐVHC", "Địa phương", "Mức 1", "Mức 2", "Dân số từ đủ 14 tuổi trở lên (bình quân năm)")
_ACCOUNTS = "Tài khoản định danh điện tử"
_LRIS = ("STT", "Mã cơ quan", "Tên cơ quan", "Số báo cáo phải gửi", "Số báo cáo đã gửi")


def handed_in(year: int) -> datetime:
    """The day on which the files of a year were handed in: corrections that systems made later are not in them."""
    return datetime(year, LAST_MONTH, 15, tzinfo=_ZONE)


def write_inbox(inbox: Path, year: int, forms: Mapping[str, Form]) -> list[Path]:
    """Write all files of a year below `inbox`; `forms` are the self-assessment's, by agency group. Returns the paths.

    Raises `ValueError` for a year that the sample does not have.
    """
    book = ledger(year, handed_in(year))
    if book is None:
        raise ValueError(year)
    written = [_lris(inbox / "lris_reports" / f"bao_cao_lris_{year}.csv", book)]
    for month in range(1, LAST_MONTH + 1):
        name = f"tai_khoan_dinh_danh_{year}_{month:02d}.xlsx"
        written.append(_write(inbox / "identity_residents" / name, by_locality(book, month)))
    for agency in book.agencies:
        name = f"tu_danh_gia_{year}_{agency.codes['mau']}.xlsx"
        written.append(_write(inbox / "self_assessment" / name, self_assessment(book, agency, forms[agency.group])))
    return written


def self_assessment(book: Ledger, agency: SampleAgency, form: Form) -> bytes:
    """The workbook of one agency, filled in."""
    return workbook(form, (agency.codes["mau"], agency.name), book.year, filled(book, agency, form), WARNING)


def by_locality(book: Ledger, month: int) -> bytes:
    """The police's spreadsheet of one month: accounts at its end, and the average population of the year."""
    from openpyxl import Workbook

    rows: list[list[Any]] = []
    for agency in book.having("identity.residents_with_account"):
        accounts = book.count(agency, "identity.residents_with_account") * (100 - 2 * (LAST_MONTH - month)) // 100
        residents = book.count(agency, "identity.residents_14")
        name = agency.name.removeprefix("UBND ")
        rows.append(
            [len(rows) + 1, agency.codes["gso"], name[0].upper() + name[1:], accounts // 12, accounts, residents]
        )
    rows.append([None, None, TOTAL, *(sum(row[column] for row in rows) for column in (3, 4, 5))])
    sheet_book = Workbook()
    sheet: Any = sheet_book.active
    sheet.title = "Biểu tổng hợp"
    _titles(sheet, f"KẾT QUẢ CẤP TÀI KHOẢN ĐỊNH DANH ĐIỆN TỬ – THÁNG {month} NĂM {book.year}")
    for number, row in enumerate(rows, 7):
        for column, value in enumerate(row, 1):
            if isinstance(value, str):
                put_text(sheet.cell(number, column), value)
            elif value is not None:
                sheet.cell(number, column).value = value
    notes = (
        "Ghi chú: số tài khoản là số lũy kế đến cuối kỳ báo cáo.",
        "Dân số bình quân năm do cơ quan thống kê cung cấp.",
    )
    for number, note in enumerate(notes, 8 + len(rows)):
        put_text(sheet.cell(number, 1), note)
        sheet.merge_cells(start_row=number, start_column=1, end_row=number, end_column=len(_BY_LOCALITY))
    buffer = io.BytesIO()
    sheet_book.save(buffer)
    return buffer.getvalue()


def _titles(sheet: Any, title: str) -> None:
    """Three merged lines, then titles in two rows, as such reports have them."""
    from openpyxl.styles import Alignment, Font

    last = len(_BY_LOCALITY)
    for number, line in enumerate(("TỈNH AN GIANG (SỐ LIỆU MẪU)", title, WARNING), 1):
        put_text(sheet.cell(number, 1), line)
        sheet.cell(number, 1).font = Font(bold=True)
        sheet.merge_cells(start_row=number, start_column=1, end_row=number, end_column=last)
    for column, name in enumerate(_BY_LOCALITY, 1):
        below = name.startswith("Mức")
        put_text(sheet.cell(6 if below else 5, column), name)
        if not below:
            sheet.merge_cells(start_row=5, start_column=column, end_row=6, end_column=column)
        sheet.column_dimensions[letters(column)].width = 30 if column == 3 else 16
    put_text(sheet.cell(5, 4), _ACCOUNTS)
    sheet.merge_cells("D5:E5")
    for row in sheet["A5:F6"]:
        for cell in row:
            cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, horizontal="center")


def _lris(path: Path, book: Ledger) -> Path:
    """The report system's table of the year. An agency that reported nothing at all is not in it."""
    rows: list[list[Any]] = []
    for agency in book.having("lris.reports_due"):
        due, sent = book.count(agency, "lris.reports_due"), book.count(agency, "lris.reports_sent")
        rows.append([len(rows) + 1, agency.codes["mau"], agency.name, due, sent])
    rows.append([None, None, TOTAL, sum(row[3] for row in rows), sum(row[4] for row in rows)])
    rows.append([None, None, WARNING, None, None])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(path, _LRIS, rows)
    return path


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
    return path
