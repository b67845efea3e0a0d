"""The template of an annex: the same columns that the import reads, and what can stand in them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from common.durable import write_whole
from common.errors import Text, UsageError
from common.yaml_files import display_path
from rulesets.annex_cells import HEADINGS, SHEET, letter
from rulesets.load import LoadedRuleset
from rulesets.metrics import Metric
from rulesets.numbers import plain
from rulesets.rule_base import ZeroDenominator
from rulesets.rules import KINDS

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_GUIDE = {
    "code": 'Mã như trong phụ lục, định dạng văn bản: "6.10" khác "6.1".',
    "main_index": "Mã chỉ số chính mà chỉ số thuộc về. Để trống ở hàng của chính chỉ số chính.",
    "name_vi": "Tên đúng từng chữ như phụ lục.",
    "max_points": "Điểm tối đa. Ở hàng chỉ số chính: tổng điểm của chỉ số chính đó.",
    "rule": "Loại quy tắc, xem bảng dưới. Để trống ở hàng chỉ số chính.",
    "parameters": "Tham số của quy tắc như trong YAML, ví dụ target: 0.8",
    "numerator": "Chỉ tiêu làm tử số, xem trang 'Chỉ tiêu'; nhiều tỷ lệ gộp thì cách nhau bằng dấu chấm phẩy.",
    "denominator": "Chỉ tiêu làm mẫu số của tỷ lệ.",
    "value": "Chỉ tiêu làm giá trị, khi quy tắc không đọc tỷ lệ.",
    "zero_denominator": "Mẫu số bằng 0: full đủ điểm, zero 0 điểm, not_applicable bỏ ra, missing thiếu số liệu.",
    "basis": "decision nếu văn bản nêu cách tính, assumption nếu là lựa chọn của người nhập (khi đó cần lý do).",
    "reference": "Điều, mục của văn bản; để trống thì ghi 'phụ lục, mục …'.",
    "why": "Lý do, bắt buộc với assumption.",
}
EXAMPLES = {
    "yes_no": "",
    "categories": "shares: {tốt: 1, khá: 0.5, chưa: 0}",
    "checklist": "count: 4",
    "proportional": "",
    "pooled": "",
    "target": "target: 0.8",
    "threshold": "threshold: 0.8",
    "floor": "floor: 0.5",
    "all_or_nothing": "",
    "bands": "of: count, bands: [{from: 1, share: 0.5}, {from: 3, share: 1}]",
    "per_item": "points: 2",
    "periods": "count: 4, on_time: 2.5, late: 1",
    "relative_to_best": "",
    "goalposts": "lower: 0, upper: 52",
    "points": "",
    "best_of": "parts: [{max_points: 10, rule: {kind: yes_no}}, {max_points: 5, rule: {kind: per_item, points: 1}}]",
    "sum_of": "parts: [{max_points: 6, rule: {kind: yes_no}}, {max_points: 4, rule: {kind: per_item, points: 1}}]",
    "not_scored": "",
    "bonus": "points: 1, limit: 5",
    "penalty": "points: 1, limit: 5",
}
_CHOICES = {"rule": KINDS, "zero_denominator": get_args(ZeroDenominator), "basis": ("decision", "assumption")}
_WIDTHS = {"name_vi": 70, "parameters": 36, "numerator": 34, "denominator": 34, "value": 34, "reference": 28, "why": 50}


def write_template(base: LoadedRuleset, path: Path, catalogue: dict[str, Metric]) -> None:
    """Write the template as XLSX or CSV, with the main indices that are published; refuse to overwrite a file."""
    if path.exists():
        raise UsageError(
            "file-exists",
            Text("tệp đã có", "the file exists"),
            hint=Text("chọn tên khác", "choose another name"),
            where=display_path(path),
        )
    rows = [list(HEADINGS.values()), *_main_rows(base)]
    if path.suffix.lower() == ".csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        write_whole(path, f"\ufeff{text.getvalue()}".encode())  # Excel reads UTF-8 only with the mark
    elif path.suffix.lower() == ".xlsx":
        write_whole(path, _workbook(rows, catalogue))
    else:
        raise UsageError(
            "annex-format",
            Text(f"không ghi được tệp '{path.suffix}'", f"'{path.suffix}' files cannot be written"),
            hint=Text("đặt tên .xlsx hoặc .csv", "name it .xlsx or .csv"),
            where=display_path(path),
        )


def _main_rows(base: LoadedRuleset) -> list[list[str]]:
    empty = [""] * (len(HEADINGS) - 4)
    return [
        [main.code, "", main.name_vi, "" if main.points is None else plain(main.points), *empty]
        for main in base.ruleset.main_indices
    ]


def _workbook(rows: list[list[str]], catalogue: dict[str, Metric]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    annex: Any = book.active
    annex.title = SHEET
    for row in rows:
        annex.append(row)
    for at, key in enumerate(HEADINGS):
        column = letter(at)
        annex.column_dimensions[column].width = _WIDTHS.get(key, 14)
        if key in ("code", "main_index"):
            for number in range(2, 202):
                annex[f"{column}{number}"].number_format = "@"
        if key in _CHOICES:
            choice = DataValidation(type="list", formula1=f'"{",".join(_CHOICES[key])}"', allow_blank=True)
            choice.add(f"{column}2:{column}201")
            annex.add_data_validation(choice)
    guide = book.create_sheet("Hướng dẫn")
    for key, heading in HEADINGS.items():
        guide.append([heading, _GUIDE[key]])
    guide.append([])
    guide.append(["Quy tắc", "Tham số mẫu"])
    for kind in KINDS:
        guide.append([kind, EXAMPLES[kind]])
    metrics = book.create_sheet("Chỉ tiêu")
    metrics.append(["Chỉ tiêu", "Đơn vị", "Ý nghĩa"])
    for metric in catalogue.values():
        metrics.append([metric.id, metric.unit, metric.meaning_vi])
    for sheet, widths in ((guide, (22, 100)), (metrics, (48, 12, 90))):
        _widths(sheet, widths)
    for cell in annex[1]:
        cell.font = Font(bold=True)
    annex.freeze_panes = "A2"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _widths(sheet: Worksheet, widths: tuple[int, ...]) -> None:
    for at, width in enumerate(widths):
        sheet.column_dimensions[letter(at)].width = width
