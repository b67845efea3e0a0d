"""A decision whose annex is not public, and its annex as a table that a test may spoil before it is saved."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from rulesets.annex_cells import HEADINGS, SHEET
from rulesets.load import LoadedRuleset, load_ruleset

Grid = list[list[Any]]

BASE = """title_vi: Bộ chỉ số mẫu
decision: {number: 9/QĐ-UBND, date: 2024-01-02, authority_vi: Ủy ban nhân dân tỉnh mẫu}
valid: {from: 2024}
groups: [department]
structure: {main_indices: 2, indicators: 3, points: 30}
main_indices:
  - {code: "1", name_vi: Nhận thức số, name_variants: [Nhận thức], kind: foundation}
  - {code: "2", name_vi: Hoạt động số, kind: activity}
indicators: not_public
grades: {bands: [{grade: Đạt, from: 15}, {grade: Chưa đạt, from: 0}]}
"""
ROWS: list[dict[str, Any]] = [
    {"code": "1", "name_vi": "Nhận thức số", "max_points": 10},
    {"code": "1.1", "main_index": "1", "name_vi": "Kế hoạch hằng năm", "max_points": 10, "rule": "yes_no",
     "value": "self_assessment.annual_plan", "basis": "decision", "reference": "Điều 3"},
    {"code": "2", "name_vi": "Hoạt động số", "max_points": 20},
    {"code": "2.1", "main_index": "2", "name_vi": "Tỷ lệ hồ sơ trực tuyến", "max_points": 12.5, "rule": "target",
     "parameters": "target: 0.8", "numerator": "public_services.dossiers_processed_online",
     "denominator": "public_services.dossiers_finished", "zero_denominator": "zero", "basis": "assumption",
     "why": "Mục tiêu của tỉnh."},
    {"code": "2.10", "main_index": "2", "name_vi": "Số tập dữ liệu mở", "max_points": "7,5", "rule": "bands",
     "parameters": "of: count, bands: [{from: 1, share: 0.5}, {from: 3, share: 1}]", "value": "open_data.datasets",
     "basis": "assumption", "why": "Từ ba tập trở lên là đủ."},
]  # fmt: skip


@pytest.fixture
def base(tmp_path: Path) -> LoadedRuleset:
    path = tmp_path / "rulesets" / "mau" / "9-2024.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(BASE, encoding="utf-8")
    return load_ruleset(path, [tmp_path / "rulesets"])


@pytest.fixture
def grid() -> Grid:
    """Headings and rows: `grid[r][c]` is the cell in row r + 1 and the c-th column."""
    return [list(HEADINGS.values()), *([row.get(key) for key in HEADINGS] for row in ROWS)]


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Save a grid as XLSX (with a last touch on the sheet) or as CSV."""

    def write(grid: Grid, name: str = "annex.xlsx", touch: Callable[[Any], None] | None = None) -> Path:
        path = tmp_path / name
        if path.suffix == ".csv":
            with path.open("w", encoding="utf-8-sig", newline="") as handle:
                csv.writer(handle, delimiter=";").writerows([["" if v is None else v for v in row] for row in grid])
            return path
        book = Workbook()
        sheet: Any = book.active
        sheet.title = SHEET
        for row in grid:
            sheet.append(row)
        if touch:
            touch(sheet)
        book.save(path)
        return path

    return write
