"""Kind `files`: workbooks and CSV files of an inbox pulled under a contract, with quarantine, gates and landing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigurationError
from common.yaml_files import parse_model, parse_yaml
from connectors import AgencyCode, Landing, PullOutcome, pull
from connectors.files_model import FilesSource
from connectors.kinds import files
from connectors.sheets.inbox import Patience
from connectors.tables import read_table
from tests.support.portal import VIETNAM
from tests.support.workbooks import CODE, COUNT, RATE, ROWS, SHEET, TITLES, edited, replaced, shared, workbook

YAML = """
name: reports
title: {vi: Báo cáo, en: Reports}
kind: files
requests:
  - name: counts
    file: "bao_cao_{year}_*.xlsx"
    layout:
      type: xlsx
      sheet: Số liệu
      totals: {column: Mã cơ quan, label: Tổng cộng, of: [Số hồ sơ]}
      formulas: cached
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
TOTAL = ("Tổng cộng", None, 245, None)
NAME = "bao_cao_2025_07.xlsx"
NOW = datetime(2025, 12, 1, tzinfo=VIETNAM)


def book(*edits: Callable[[Any], Any], total: Any = TOTAL) -> bytes:
    return workbook(*edits, rows=[*ROWS, total])


def source(text: str = YAML) -> FilesSource:
    return parse_model(parse_yaml(text, Path("reports.yaml")), FilesSource)


def put(address: str, value: Any) -> Callable[[Any], None]:
    def edit(sheet: Any) -> None:
        sheet[address] = value

    return edit


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox" / "reports"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def pulled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., PullOutcome]:
    monkeypatch.setattr(files, "Patience", lambda: Patience(quiet_seconds=0))
    agencies = [AgencyCode(f"id-{code}", "own", code, name, "department") for code, name, _, _ in ROWS]

    def run(given: FilesSource | None = None) -> PullOutcome:
        landing = Landing(tmp_path / "landing")
        return pull(given or source(), 2025, landing=landing, agencies=agencies, moment=NOW, clock=lambda: NOW)

    return run


def values(outcome: PullOutcome) -> list[tuple[Any, ...]]:
    assert outcome.pull
    rows = read_table(outcome.pull.table).to_pylist()
    return [(row["agency_code"], row["received"], row["on_time"], row["pointer"]) for row in rows]


def aside(outcome: PullOutcome) -> list[tuple[str, str, str, str]]:
    assert outcome.pull
    rows = read_table(outcome.pull.quarantine).to_pylist()
    return [(row["reason"], row["agency_code"], row["field"], row["pointer"]) for row in rows]


def test_a_workbook_lands_with_the_address_of_every_row(inbox: Path, pulled: Callable[..., PullOutcome]) -> None:
    content = shared(book())
    (inbox / NAME).write_bytes(content)
    outcome = pulled()
    assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
    assert values(outcome) == [
        ("A1", 120, Decimal("98.50"), "Số liệu!A2"),
        ("A2", 80, Decimal("91.25"), "Số liệu!A3"),
        ("A3", 45, Decimal("100.00"), "Số liệu!A4"),
    ]
    assert outcome.counts == {"received": 3, "accepted": 3, "quarantined": 0, "exact_duplicates": 0}
    assert outcome.pull
    told = outcome.pull.manifest["requests"][0]
    assert told["files"][0]["name"] == NAME
    assert told["files"][0]["sha256"] == outcome.pull.manifest["pages"][0]["sha256"]
    assert (inbox / NAME).read_bytes() == content


def test_S16_the_same_content_again_is_unchanged_and_new_content_is_a_new_pull(
    inbox: Path, pulled: Callable[..., PullOutcome]
) -> None:
    (inbox / NAME).write_bytes(book())
    assert pulled().status == "accepted"
    (inbox / "bao_cao_2025_07 (1).xlsx").write_bytes(book())
    assert pulled().status == "unchanged"
    for path in inbox.iterdir():
        path.unlink()
    (inbox / NAME).write_bytes(book(put("C2", 130), total=("Tổng cộng", None, 255, None)))
    second = pulled()
    assert (second.status, [note.code for note in second.notes]) == ("accepted", ["Restated"])


def test_faulty_cells_are_set_aside_by_address_and_the_rest_is_kept(
    inbox: Path, pulled: Callable[..., PullOutcome]
) -> None:
    (inbox / NAME).write_bytes(book(put("D2", "98,5"), put("C4", "#N/A"), total=("Tổng cộng", None, 200, None)))
    outcome = pulled()
    assert outcome.status == "held"
    assert aside(outcome) == [
        ("NumberAsText", "A1", RATE, "Số liệu!A2"),
        ("ErrorCell", "A3", COUNT, "Số liệu!A4"),
    ]
    assert [row[0] for row in values(outcome)] == ["A2"]
    assert {"TotalsRowDiffers", "QuarantineLimit", "CoverageDrop"} <= {one.code for one in outcome.findings}


def test_the_contract_still_judges_what_the_cells_hold(inbox: Path, pulled: Callable[..., PullOutcome]) -> None:
    (inbox / NAME).write_bytes(book(put("A2", "A9"), put("D3", 101), put("E1", "Người lập"), put("E2", "x")))
    outcome = pulled()
    assert sorted(one[0] for one in aside(outcome)) == ["AboveMaximum", "UnknownAgency"]
    assert [note.code for note in outcome.notes] == ["NewField"]


def test_totals_that_do_not_add_up_hold_the_pull(inbox: Path, pulled: Callable[..., PullOutcome]) -> None:
    (inbox / NAME).write_bytes(book(total=("Tổng cộng", None, 244, None)))
    outcome = pulled()
    assert (outcome.status, [one.code for one in outcome.findings]) == ("held", ["TotalsRowDiffers"])


def test_formulas_are_kept_as_evidence(inbox: Path, pulled: Callable[..., PullOutcome]) -> None:
    stored = edited(book(put("C3", "=40+40")), {SHEET: replaced("<f>40+40</f><v></v>", "<f>40+40</f><v>80</v>")})
    (inbox / NAME).write_bytes(stored)
    outcome = pulled()
    assert outcome.status == "accepted"
    assert outcome.pull
    assert outcome.pull.manifest["requests"][0]["files"][0]["formulas"] == {"Số liệu!C3": "40+40"}


def hide(sheet: Any) -> None:
    sheet.row_dimensions[3].hidden = True


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("UnsafeFile", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("MergedCells", book(lambda sheet: sheet.merge_cells("A2:A3"))),
        ("HiddenContent", book(hide)),
        ("UncalculatedFormula", book(put("C2", "=1+1"))),
        ("LayoutChanged", book(put("A1", "Mã"))),
        ("LayoutChanged", workbook()),
    ],
)
def test_a_refused_file_fails_the_pull_and_the_last_good_stays(
    code: str, content: bytes, inbox: Path, tmp_path: Path, pulled: Callable[..., PullOutcome]
) -> None:
    """I1, I2, I11: nothing of the file is landed, the outcome says which file and why, the good pull stays."""
    (inbox / NAME).write_bytes(book())
    good = pulled().pull
    (inbox / NAME).write_bytes(content)
    outcome = pulled()
    assert (outcome.status, [one.code for one in outcome.findings]) == ("failed", [code])
    assert outcome.findings[0].where == f"reports/counts/2025/{NAME}"
    assert outcome.pull
    assert [path.name for path in outcome.pull.folder.iterdir()] == ["pull.json"]
    used = Landing(tmp_path / "landing").newest_accepted("reports", 2025)
    assert used
    assert good
    assert used.pull_id == good.pull_id


def test_no_file_and_no_inbox(inbox: Path, pulled: Callable[..., PullOutcome]) -> None:
    (inbox / "khac.xlsx").write_bytes(b"x")
    assert [one.code for one in pulled().findings] == ["FileMissing"]
    (inbox / "khac.xlsx").unlink()
    inbox.rmdir()
    assert [one.code for one in pulled().findings] == ["FileUnreadable"]


def test_one_csv_a_month(inbox: Path, pulled: Callable[..., PullOutcome]) -> None:
    text = YAML.replace("bao_cao_{year}_*.xlsx", "bao_cao_{year}_{month}.csv").replace(
        "values: native", "values: strings"
    )
    text = text.replace('period: "{year}"', 'period: "{year}-07"').replace(
        "type: xlsx\n      sheet: Số liệu", "type: csv"
    )
    text = text.replace("      formulas: cached\n", "").replace(
        "values: strings", "values: strings\n  numbers: {decimal: comma}"
    )
    rows = [TITLES, ("A1", "Sở Nội vụ", 120, '"98,5"'), ("A2", "Sở Tài chính", 80, 91), ("A3", "Sở Y tế", 45, 100)]
    lines = [*rows, ("Tổng cộng", "", 245, "")]
    (inbox / "bao_cao_2025_07.csv").write_text(
        "".join(",".join(map(str, line)) + "\r\n" for line in lines), encoding="utf-8", newline=""
    )
    outcome = pulled(source(text))
    assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
    assert values(outcome)[0] == ("A1", 120, Decimal("98.50"), "csv!A2")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("values: native", "values: strings", "invalid-value"),
        ("{year}_*", "{year}_{month}", "invalid-period"),
        ("{year}_*", "{years}", "unknown-placeholder"),
        ("of: [Số hồ sơ]", "of: [Tên cơ quan]", "unknown-field"),
        ("type: xlsx", "type: xls", "invalid-value"),
        ('file: "bao', 'file: "../bao', "invalid-value"),
    ],
)
def test_mistakes_in_the_yaml_are_told_by_line(old: str, new: str, code: str) -> None:
    assert old in YAML
    with pytest.raises(ConfigurationError) as caught:
        source(YAML.replace(old, new))
    places = [one.where for one in caught.value.findings] or [caught.value.where]
    assert all(place.startswith("reports.yaml:") for place in places)
    assert code in {one.code for one in caught.value.findings} | {caught.value.code}, caught.value.findings


def test_titles_of_the_test_are_those_of_the_contract() -> None:
    assert tuple(source().contract.fields) == TITLES
    assert source().contract.agency.field == CODE
