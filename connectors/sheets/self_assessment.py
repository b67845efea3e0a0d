"""The workbook in which an agency assesses itself: one layout, filled in by officials, read back by kind `files`.

Three sheets: how to fill it in, the figures (one question in a row, answered in the column for its kind), and the
indicators (points claimed, and where the evidence is). Every row names its agency and what it asks by code, so that
nothing depends on the place of a row. There is no cell for the name, telephone or e-mail of a person.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.sheets.grid import letters
from connectors.sheets.outgoing import fit_to_paper, put_text, set_height

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

GUIDE, FIGURES, INDICATORS = "Hướng dẫn", "Số liệu", "Chỉ số"
HEADER_ROW = 4  # three lines above the titles: what it is, whose it is, and a warning
FIGURE_TITLES = (
    "Mã cơ quan",
    "Mục",
    "Mã số liệu",
    "Nội dung",
    "Cách trả lời",
    "Giá trị số",
    "Có/Không",
    "Văn bản",
    "Ghi chú",
)
INDICATOR_TITLES = (
    "Mã cơ quan",
    "Mã chỉ số",
    "Tên chỉ số",
    "Điểm tối đa",
    "Điểm tự chấm",
    "Tài liệu kiểm chứng",
)
KNOWN_TITLES = ("Hệ thống ghi nhận", "Dùng để tính thử")
TRIAL_TITLES = ("Điểm tính thử", "Ghi chú tính thử")
NUMBER, MONEY, YES_NO, TEXT = "Số", "Số tiền (đồng)", "Có/Không", "Văn bản"
YES, NO = "Có", "Không"
_ANSWERED_IN = {NUMBER: 6, MONEY: 6, YES_NO: 7, TEXT: 8}
_NOTE_COLUMN = 9
_CLAIM_COLUMNS = (5, 6)
_MAXIMUM = "D"
_KNOWN, _USED, _TRIAL = "J", "K", "G"
_WIDTHS = {FIGURES: (12, 20, 46, 70, 16, 18, 12, 34, 30, 18, 18), INDICATORS: (12, 12, 90, 12, 14, 60, 14, 44)}
_NO_TRIAL = "không tính thử được trong phiếu: cần số liệu của cơ quan khác, hoặc trả lời bằng chữ"
_GUIDE = (
    "Trang 'Số liệu': mỗi dòng là một câu hỏi. Trả lời ở cột ghi tại 'Cách trả lời', các cột kia để trống.",
    "Số: gõ số, không kèm chữ hay đơn vị. Số tiền ghi bằng đồng. Không có thì gõ 0; chưa biết thì để trống.",
    "Có/Không: chọn Có hoặc Không trong danh sách.",
    "Trang 'Chỉ số': ghi điểm tự chấm và địa chỉ của tài liệu kiểm chứng, bắt đầu bằng https://",
    "Không sửa các cột mã, không chèn dòng, không gộp ô, không ẩn dòng hay cột. Cột 'Ghi chú' không được lưu.",
    "Không ghi họ tên, số điện thoại, thư điện tử hay số định danh của bất kỳ ai trong tệp này.",
    "Lưu đúng tên tệp đã nhận, dạng .xlsx, rồi gửi lại.",
)
_TRIAL_GUIDE = (
    "Cột 'Hệ thống ghi nhận' là số các hệ thống của tỉnh đã có về cơ quan; số của cơ quan khác thì ghi số của mình.",
    "Cột 'Điểm tính thử' tự tính theo quy tắc của quyết định, từ số hệ thống ghi nhận, chưa có thì từ số tự khai.",
    "Điểm tính thử chỉ để tham khảo: điểm chính thức do Hội đồng công bố, có so sánh giữa các cơ quan.",
)


@dataclass(frozen=True)
class Question:
    """One figure that is asked for: `item` is its place in the decision, `answer` NUMBER, MONEY, YES_NO or TEXT."""

    item: str
    metric: str
    asks: str
    answer: str


@dataclass(frozen=True)
class Asked:
    """One indicator with its maximum, and the metrics that feed it by role (`numerator`, `denominator`, `value`)."""

    code: str
    name: str
    max_points: Decimal
    inputs: Mapping[str, str] = field(default_factory=dict)
    trial: str = ""
    """The spreadsheet formula of its points over `used_cell`s; "" where there is none."""


@dataclass(frozen=True)
class Form:
    """What one decision asks of the agencies of one group. `basis` names the decision and the annex."""

    basis: str
    questions: tuple[Question, ...]
    indicators: tuple[Asked, ...]


@dataclass(frozen=True)
class Claim:
    """Points that the agency claims for an indicator, and the address of its evidence."""

    points: Decimal | None
    evidence: str = ""


@dataclass(frozen=True)
class Filled:
    """Answers by metric (a number, `yes` or `no`, or a text) and claims by indicator; what is not there stays blank."""

    answers: Mapping[str, int | str] = field(default_factory=dict)
    claims: Mapping[str, Claim] = field(default_factory=dict)


def used_cell(row: int) -> str:
    """Where the figure of the question at `row` (0 is the first) stands that a trial formula uses."""
    return f"'{FIGURES}'!${_USED}${HEADER_ROW + 1 + row}"


def workbook(  # noqa: PLR0917  one agency's workbook is just that many things
    form: Form,
    agency: tuple[str, str],
    year: int,
    filled: Filled | None = None,
    warning: str = "",
    known: Mapping[str, int | str] | None = None,
) -> bytes:
    """The workbook of one agency (its code and name), blank unless `filled`; `warning` stands above every table.

    `known` is what the systems have about the agency, by metric; it stands beside the answers, and with it (also when
    it is empty) the points are tried out by formulas.
    """
    from openpyxl import Workbook

    book, given = Workbook(), filled or Filled()
    book.properties.creator = "dti"
    title = f"PHIẾU TỰ ĐÁNH GIÁ MỨC ĐỘ CHUYỂN ĐỔI SỐ NĂM {year}"
    above = (title, f"{agency[1]} ({agency[0]}) – {form.basis}", warning)
    _guide(book, above)
    _table(book, FIGURES, above, FIGURE_TITLES, _figure_rows(form, agency[0], given))
    _table(book, INDICATORS, above, INDICATOR_TITLES, _indicator_rows(form, agency[0], given))
    _open_answers(book[FIGURES], form)
    _open_claims(book[INDICATORS], form)
    if known is not None:
        _put_known(book[FIGURES], form, known)
        _put_trial(book, form)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _figure_rows(form: Form, code: str, given: Filled) -> Iterator[list[Any]]:
    for question in form.questions:
        row: list[Any] = [code, question.item, question.metric, question.asks, question.answer, *[None] * 4]
        answer = given.answers.get(question.metric)
        if question.answer == YES_NO and answer is not None:
            answer = {"yes": YES, "no": NO}[str(answer)]
        row[_ANSWERED_IN[question.answer] - 1] = answer
        yield row


def _indicator_rows(form: Form, code: str, given: Filled) -> Iterator[list[Any]]:
    for one in form.indicators:
        claim = given.claims.get(one.code, Claim(None))
        yield [code, one.code, one.name, one.max_points, claim.points, claim.evidence or None]


def _guide(book: Workbook, above: Sequence[str]) -> None:
    from openpyxl.styles import Alignment, Font

    sheet: Any = book.active
    sheet.title = GUIDE
    sheet.column_dimensions["A"].width = 110
    fit_to_paper(sheet)
    for number, line in enumerate((*above, *_GUIDE), 1):
        cell = sheet.cell(number, 1)
        if line:
            put_text(cell, line)
        cell.font = Font(bold=number <= len(above))
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _table(book: Workbook, name: str, above: Sequence[str], titles: Sequence[str], rows: Iterator[list[Any]]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    sheet: Worksheet = book.create_sheet(name)
    for number, line in enumerate(above, 1):
        sheet.merge_cells(start_row=number, start_column=1, end_row=number, end_column=len(titles))
        if line:
            put_text(sheet.cell(number, 1), line)
        sheet.cell(number, 1).font = Font(bold=True)
    for number, row in enumerate((titles, *rows), HEADER_ROW):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(number, column)
            if isinstance(value, str):
                put_text(cell, value)
            elif value is not None:
                cell.value = value
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if number == HEADER_ROW:
                cell.font = Font(bold=True)
                cell.fill = PatternFill("solid", fgColor="DDE6F0")
        set_height(sheet, number, row, _WIDTHS[name])
    for column, width in enumerate(_WIDTHS[name], 1):
        sheet.column_dimensions[letters(column)].width = width
    fit_to_paper(sheet, HEADER_ROW)
    sheet.freeze_panes = f"A{HEADER_ROW + 1}"
    sheet.protection.sheet = True  # without a password: against slips, not against people
    sheet.protection.formatColumns = sheet.protection.formatRows = False


def _open_answers(sheet: Worksheet, form: Form) -> None:
    """The cells for answers may be written to, each in the form that it is read in."""
    from openpyxl.worksheet.datavalidation import DataValidation

    choice = DataValidation(type="list", formula1=f'"{YES},{NO}"', allow_blank=True, showErrorMessage=True)
    count = DataValidation(type="whole", operator="greaterThanOrEqual", formula1="0", showErrorMessage=True)
    sheet.add_data_validation(choice)
    sheet.add_data_validation(count)
    for number, question in enumerate(form.questions, HEADER_ROW + 1):
        cell = sheet.cell(number, _ANSWERED_IN[question.answer])
        _open(cell, "#,##0" if question.answer in (NUMBER, MONEY) else "@")
        _open(sheet.cell(number, _NOTE_COLUMN), "@", marked=False)
        if question.answer == YES_NO:
            choice.add(cell)
        elif question.answer != TEXT:
            count.add(cell)


def _open_claims(sheet: Worksheet, form: Form) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    points, evidence = _CLAIM_COLUMNS
    first, last = HEADER_ROW + 1, HEADER_ROW + len(form.indicators)
    bounds = DataValidation(
        type="decimal", formula1="0", formula2=f"{_MAXIMUM}{first}", showErrorMessage=True, error="Từ 0 đến điểm tối đa"
    )
    if form.indicators:
        bounds.add(f"{letters(points)}{first}:{letters(points)}{last}")
        sheet.add_data_validation(bounds)
    for number in range(HEADER_ROW + 1, HEADER_ROW + 1 + len(form.indicators)):
        _open(sheet.cell(number, points), "0.##")
        _open(sheet.cell(number, evidence), "@")


def _open(cell: Any, number_format: str, *, marked: bool = True) -> None:
    from openpyxl.styles import PatternFill, Protection

    cell.protection = Protection(locked=False)
    cell.number_format = number_format
    if marked:
        cell.fill = PatternFill("solid", fgColor="FFF8DC")


def _put_known(sheet: Worksheet, form: Form, known: Mapping[str, int | str]) -> None:
    """What the systems have, and the figure that a trial uses: theirs, else the agency's own."""
    for column, title in zip((_KNOWN, _USED), KNOWN_TITLES, strict=True):
        _put_title(sheet, f"{column}{HEADER_ROW}", title)
    for number, question in enumerate(form.questions, HEADER_ROW + 1):
        value = known.get(question.metric)
        if value is not None:
            said = {"yes": YES, "no": NO}.get(str(value), value) if question.answer == YES_NO else value
            if isinstance(said, str):
                put_text(sheet[f"{_KNOWN}{number}"], said)
            else:
                sheet[f"{_KNOWN}{number}"] = said
        own = f"{letters(_ANSWERED_IN[question.answer])}{number}"
        sheet[f"{_USED}{number}"] = f'=IF({_KNOWN}{number}<>"",{_KNOWN}{number},IF({own}<>"",{own},""))'


def _put_trial(book: Workbook, form: Form) -> None:
    """The points as live formulas, their sum on the first sheet, and where there is none, why."""
    from openpyxl.styles import Alignment, Font

    sheet: Worksheet = book[INDICATORS]
    note = chr(ord(_TRIAL) + 1)
    for column, title in zip((_TRIAL, note), TRIAL_TITLES, strict=True):
        _put_title(sheet, f"{column}{HEADER_ROW}", title)
    for number, one in enumerate(form.indicators, HEADER_ROW + 1):
        if one.trial:
            sheet[f"{_TRIAL}{number}"] = one.trial
            sheet[f"{_TRIAL}{number}"].number_format = "0.00"
        else:
            put_text(sheet[f"{note}{number}"], _NO_TRIAL)
            sheet[f"{note}{number}"].alignment = Alignment(wrap_text=True, vertical="top")
    guide: Any = book[GUIDE]
    for line in _TRIAL_GUIDE:
        row = guide.max_row + 1
        put_text(guide.cell(row, 1), line)
        guide.cell(row, 1).alignment = Alignment(wrap_text=True, vertical="top")
    total = guide.cell(guide.max_row + 1, 1)
    cells = f"'{INDICATORS}'!{_TRIAL}{HEADER_ROW + 1}:{_TRIAL}{HEADER_ROW + len(form.indicators)}"
    total.value = f'="Tổng điểm tính thử: "&TEXT(SUM({cells}),"0.00")'
    total.font = Font(bold=True)


def _put_title(sheet: Worksheet, at: str, title: str) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    put_text(sheet[at], title)
    sheet[at].font, sheet[at].fill = Font(bold=True), PatternFill("solid", fgColor="DDE6F0")
    sheet[at].alignment = Alignment(wrap_text=True, vertical="top")
