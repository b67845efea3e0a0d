"""Group S once more, as whole pulls of an inbox: what becomes of the file, and the invariants of every pull."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from common.yaml_files import parse_model, parse_yaml
from connectors import AgencyCode, PullOutcome
from connectors.files_model import FilesSource
from connectors.kinds import files
from connectors.sheets.inbox import Patience
from tests.faults.test_spreadsheets import (
    LAUGHS,
    ODD,
    REACHING,
    UNSAFE,
    bomb,
    hide_row,
    listed,
    overlapping,
    put,
    shown,
    styled_empty_rows,
)
from tests.support.judging import codes, landed, reasons
from tests.support.probe import PERSON, YEAR, Trial, assert_invariants
from tests.support.workbooks import COUNT, DATE, RATE, ROWS, SHEET, TITLES, edited, replaced, workbook

YAML = """
name: probe
title: {vi: Báo cáo, en: Reports}
kind: files
requests:
  - name: counts
    file: "bao_cao_{year}_*.xlsx"
    layout: {type: xlsx, sheet: Số liệu}
    periods: [{period: "{year}", groups: [department]}]
contract:
  version: 1
  table: counts
  values: native
  agency: {field: Mã cơ quan, scheme: own, name: Tên cơ quan}
  fields:
    Mã cơ quan: {name: agency_code, type: text}
    Tên cơ quan: {name: agency_name, type: text}
    Số hồ sơ: {name: received, type: integer, minimum: 0}
    Tỷ lệ (%): {name: on_time, type: decimal, places: 2, unit: "%", minimum: 0, maximum: 100}
gates: {coverage: {of_register: 1, of_last_accepted: 1}, quarantine_share: 0}
"""
AGENCIES = [AgencyCode(f"id-{code}", "own", code, name, "department") for code, name, _, _ in ROWS]
Drop = Callable[..., PullOutcome]


@pytest.fixture
def dropped(empty: Trial, monkeypatch: pytest.MonkeyPatch) -> Drop:
    """Put a file in the place of the good one that was pulled before, pull again, and check the invariants."""
    monkeypatch.setattr(files, "Patience", lambda: Patience(quiet_seconds=0.01, seconds=0.1))
    inbox = empty.root / "inbox" / "probe"
    inbox.mkdir(parents=True)
    good = inbox / f"bao_cao_{YEAR}_1.xlsx"

    def drop(content: bytes | Callable[[Path], None] | None, name: str = good.name, text: str = YAML) -> PullOutcome:
        source = parse_model(parse_yaml(text, Path("probe.yaml")), FilesSource)
        if content is not None:
            good.unlink()
        if callable(content):
            content(inbox)
        elif content is not None:
            (inbox / name).write_bytes(content)
        outcome = empty.pull(source, agencies=AGENCIES)
        assert_invariants(empty, outcome)
        return outcome

    good.write_bytes(workbook())
    empty.keep(drop(None))
    return drop


REFUSED: dict[str, tuple[str, Any]] = {
    "S01": ("MergedCells", lambda: workbook(lambda sheet: sheet.merge_cells("A2:A3"))),
    "S02": ("UncalculatedFormula", lambda: workbook(put("C3", "=40+40"))),
    "S04": ("HiddenContent", lambda: workbook(hide_row)),
    "S08 vba": ("UnsafeFile", UNSAFE["vba"]),
    "S08 xls": ("UnsafeFile", UNSAFE["xls"]),
    "S09 link": ("UnsafeFile", REACHING["external link"]),
    "S09 call": ("UnsafeFile", REACHING["webservice"]),
    "S10 ratio": ("LimitExceeded", bomb),
    "S10 overlap": ("UnsafeFile", overlapping),
    "S11": ("DtdRefused", lambda: edited(workbook(), {SHEET: lambda part: LAUGHS.encode() + part})),
    "S12": ("LimitExceeded", lambda: listed(2_000)),
    "S13": ("LayoutChanged", lambda: workbook(lambda sheet: sheet.insert_rows(1))),
}


def refused(dropped: Drop, case: str) -> None:
    code, make = REFUSED[case]
    outcome = dropped(make())
    assert (outcome.status, codes(outcome)) == ("failed", {code})
    assert outcome.findings[0].where.endswith(f"bao_cao_{YEAR}_1.xlsx")


def set_aside(dropped: Drop, content: bytes, *expected: tuple[str, str]) -> None:
    outcome = dropped(content)
    assert (outcome.status, reasons(outcome)) == ("held", set(expected))


def test_S01_pull(dropped: Drop) -> None:
    """The pull fails and the last good one stays."""
    refused(dropped, "S01")


def test_S02_pull(dropped: Drop) -> None:
    """The pull fails and the last good one stays."""
    refused(dropped, "S02")


@pytest.mark.parametrize("allowed", [False, True])
def test_S03_pull(dropped: Drop, allowed: bool) -> None:
    """The pull fails; where stored results are allowed it lands, with the formula in its manifest."""
    formula = "<f>40+40</f>"
    content = edited(workbook(put("C3", "=40+40")), {SHEET: replaced(f"{formula}<v></v>", f"{formula}<v>80</v>")})
    text = YAML.replace("sheet: Số liệu}", "sheet: Số liệu, formulas: cached}") if allowed else YAML
    outcome = dropped(content, text=text)
    if not allowed:
        assert (outcome.status, codes(outcome)) == ("failed", {"FormulaRefused"})
        return
    assert outcome.status == "accepted"
    assert outcome.pull
    assert outcome.pull.manifest["requests"][0]["files"][0]["formulas"] == {"Số liệu!C3": "40+40"}


def test_S04_pull(dropped: Drop) -> None:
    """The pull fails and the last good one stays."""
    refused(dropped, "S04")


def test_S05_pull(dropped: Drop) -> None:
    """A share of one agency where percentages are promised: its row is set aside, the pull held."""
    set_aside(dropped, workbook(put("D3", 0.9125)), ("PercentUnclear", RATE))


def test_S06_pull(dropped: Drop) -> None:
    """A number as text: its row is set aside, the pull held."""
    set_aside(dropped, workbook(put("D2", "98,5")), ("NumberAsText", RATE))


def test_S07_pull(dropped: Drop) -> None:
    """Error cells: their rows are set aside, the pull held."""
    content = workbook(put("C3", "#N/A"), put("D4", "#DIV/0!"))
    set_aside(dropped, content, ("ErrorCell", COUNT), ("ErrorCell", RATE))


@pytest.mark.parametrize("case", [case for case in REFUSED if case.startswith("S08")])
def test_S08_pull(dropped: Drop, case: str) -> None:
    """The pull fails and the last good one stays."""
    refused(dropped, case)


@pytest.mark.parametrize("case", [case for case in REFUSED if case.startswith("S09")])
def test_S09_pull(dropped: Drop, case: str) -> None:
    """The pull fails and the last good one stays."""
    refused(dropped, case)


@pytest.mark.parametrize("case", [case for case in REFUSED if case.startswith("S10")])
def test_S10_pull(dropped: Drop, case: str) -> None:
    """The pull fails and the last good one stays."""
    refused(dropped, case)


def test_S11_pull(dropped: Drop) -> None:
    """The pull fails and the last good one stays."""
    refused(dropped, "S11")


def test_S12_pull(dropped: Drop) -> None:
    """The pull fails and the last good one stays."""
    refused(dropped, "S12")


def test_S13_pull(dropped: Drop) -> None:
    """The pull fails and the last good one stays."""
    refused(dropped, "S13")


def test_S14_pull(dropped: Drop) -> None:
    """A million styled empty rows under the same figures: nothing new."""
    outcome = dropped(styled_empty_rows())
    assert outcome.status == "unchanged"
    assert outcome.counts["accepted"] == len(ROWS)


def test_S15_pull(dropped: Drop) -> None:
    """Days by the 1904 system land as the days that they are; a bare serial is set aside."""
    fields = YAML.replace("gates:", f'    {DATE}: {{name: day, type: date, format: "%d/%m/%Y"}}\ngates:')

    def of_1904(sheet: Any) -> None:
        sheet.parent.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904

    days = [(*row, date(2024, 12, 31)) for row in ROWS]
    content = workbook(of_1904, shown("E2", 45657, "General"), rows=days, titles=(*TITLES, DATE))
    outcome = dropped(content, text=fields)
    assert (outcome.status, reasons(outcome)) == ("held", {("DateFormat", DATE)})
    assert landed(outcome, "day") == {"A2": date(2024, 12, 31), "A3": date(2024, 12, 31)}


def test_S16_pull(dropped: Drop) -> None:
    """The same content under another name is nothing new; new content is a new pull, and what it restates is told."""
    assert dropped(workbook(), name=f"bao_cao_{YEAR}_2.xlsx").status == "unchanged"


def test_S16_pull_of_new_content(dropped: Drop) -> None:
    """New content under the same name: a new pull that tells what was restated."""
    outcome = dropped(workbook(put("C2", 121)))
    assert (outcome.status, [note.code for note in outcome.notes]) == ("accepted", ["Restated"])


@pytest.mark.parametrize("kind", ODD)
def test_S17_pull(dropped: Drop, kind: str) -> None:
    """A link, a device or a folder in place of the file: the pull fails and the last good one stays."""

    def make(inbox: Path) -> None:
        ODD[kind](inbox)
        (inbox / "a.xlsx").rename(inbox / f"bao_cao_{YEAR}_1.xlsx")

    outcome = dropped(make)
    assert (outcome.status, codes(outcome)) == ("failed", {"UnsafeName"})


def test_S17_pull_of_a_name_that_forges_a_line(dropped: Drop) -> None:
    """A name with a line break and a person's name in it: refused, and written nowhere."""
    outcome = dropped(workbook(), name=f"bao_cao_{YEAR}_\n{PERSON}.xlsx")
    assert (outcome.status, codes(outcome)) == ("failed", {"UnsafeName"})


CSV = (
    YAML.replace("_*.xlsx", "_*.csv")
    .replace("{type: xlsx, sheet: Số liệu}", '{type: csv, row_terminator: "\\n"}')
    .replace("values: native", "values: strings")
)
LINES = "".join(",".join(map(str, row)) + "\n" for row in (TITLES, *ROWS)).encode()


@pytest.mark.parametrize("cut", [1, 3, len(LINES) // 2])
def test_H06_csv_cut(dropped: Drop, cut: int) -> None:
    """A CSV file that was cut: its last row has no end."""
    outcome = dropped(LINES[:-cut], name=f"bao_cao_{YEAR}_1.csv", text=CSV)
    assert outcome.status == "failed"
    assert codes(outcome) <= {"FileTruncated", "NotCsv", "BadEncoding"}


@pytest.mark.parametrize("declared", [True, False])
def test_H06_csv_cut_between_rows(dropped: Drop, declared: bool) -> None:
    """A CSV file cut behind a row looks whole: the declared end line tells, without one the agency that is missing."""
    cut = b"".join(LINES.splitlines(keepends=True)[:-1])
    text = CSV.replace("{type: csv,", '{type: csv, end_line: "#{rows}",') if declared else CSV
    outcome = dropped(cut, name=f"bao_cao_{YEAR}_1.csv", text=text)
    if declared:
        assert (outcome.status, codes(outcome)) == ("failed", {"FileTruncated"})
    else:
        assert outcome.status == "held"
        assert "CoverageDrop" in codes(outcome)


@pytest.mark.parametrize(
    ("content", "code"),
    [(LINES[:40] + b"\xff" + LINES[40:], "BadEncoding"), (LINES.decode().encode("utf-16"), "BadEncoding")],
)
def test_T07_csv_not_utf8(dropped: Drop, content: bytes, code: str) -> None:
    """The same for CSV files: refused, no character is ever replaced."""
    outcome = dropped(content, name=f"bao_cao_{YEAR}_1.csv", text=CSV)
    assert (outcome.status, codes(outcome)) == ("failed", {code})


def test_T08_csv_byte_order_mark(dropped: Drop) -> None:
    """A BOM before the CSV."""
    outcome = dropped(b"\xef\xbb\xbf" + LINES, name=f"bao_cao_{YEAR}_1.csv", text=CSV)
    assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
    assert landed(outcome, "received") == {"A1": 120, "A2": 80, "A3": 45}
