"""The agencies' own workbooks: one layout for all, what may be wrong with one, and what that costs the others."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from common.errors import ConfigurationError
from common.yaml_files import parse_yaml
from connectors import AgencyCode, PullOutcome, load_source, presets
from connectors.kinds import files
from connectors.sheets.inbox import Patience
from connectors.sheets.self_assessment import FIGURES, INDICATORS, workbook
from connectors.simulator.inbox import handed_in
from connectors.simulator.truth import declared
from pipelines.forms import DERIVED
from tests.support.sample import book, figures, pulled, source
from tests.support.sample_files import AS_OF, aside, copy_inbox, forms, landed, of_code, only

Run = Callable[..., PullOutcome]
SOME = ("MAU.05", "MAU.08", "MAU.33")
HANDED_IN = book(2024, handed_in(2024))


def name_of(code: str) -> str:
    return f"tu_danh_gia_2024_{code}.xlsx"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "Patience", lambda: Patience(quiet_seconds=0))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PullOutcome]:
    """Both sheets of all shipped workbooks, pulled once."""
    root = tmp_path_factory.mktemp("sample")
    copy_inbox(root, "self_assessment")
    return {name: pulled(name, root, moment=AS_OF) for name in ("self_assessment", "self_assessment_points")}


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """The inbox with three of the workbooks."""
    return copy_inbox(tmp_path, "self_assessment", *map(name_of, SOME))


@pytest.fixture
def run(tmp_path: Path, few: Path) -> Run:
    """A pull of those three, with loose gates: what happens to a row is looked at here, not what a gate makes of it."""

    def pull_it(name: str = "self_assessment", agencies: list[AgencyCode] | None = None) -> PullOutcome:
        gates = source(name).gates.model_copy(update={"quarantine_share": Decimal(1)})
        loose = source(name).model_copy(update={"gates": gates})
        return pulled(loose, tmp_path, moment=AS_OF, agencies=agencies or only(*SOME))

    return pull_it


def edit(path: Path, sheet: str, **cells: Any) -> None:
    book = load_workbook(path)
    for address, value in cells.items():
        book[sheet][address] = value
    book.save(path)


def row_of(path: Path, metric: str) -> int:
    sheet = load_workbook(path)[FIGURES]
    return next(number for number in range(5, sheet.max_row + 1) if sheet.cell(number, 3).value == metric)


def answer(row: dict[str, Any]) -> int | str | None:
    """As the model reads it."""
    if row["number_value"] is not None:
        return int(row["number_value"])
    return {"Có": "yes", "Không": "no"}.get(row["yes_no"] or "", row["text_value"])


def test_every_declared_figure_is_the_ledgers_or_a_declared_difference(whole: dict[str, PullOutcome]) -> None:
    outcome = whole["self_assessment"]
    assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
    assert outcome.notes == []
    assert outcome.pull
    assert outcome.pull.simulated
    found = {(row["agency_code"], row["metric"]): answer(row) for row in landed(outcome)}
    expected = {
        (agency.codes["mau"], question.metric): declared(HANDED_IN, agency, question.metric)
        for agency in HANDED_IN.agencies
        for question in forms()[agency.group].questions
    }
    assert found == expected
    of_model = figures("int_self_assessment__metrics", [outcome])
    assert of_model == {
        (agency.agency_id, metric): str(figure)
        for (agency, metric), figure in (
            ((agency, metric), declared(HANDED_IN, agency, metric))
            for agency in HANDED_IN.agencies
            for metric in (*(one.metric for one in forms()[agency.group].questions), *DERIVED)
        )
        if figure is not None
    }


def test_staff_is_asked_for_in_parts_that_add_up(whole: dict[str, PullOutcome]) -> None:
    found = {(row["agency_code"], row["metric"]): answer(row) for row in landed(whole["self_assessment"])}
    for metric, parts in DERIVED.items():
        for agency in HANDED_IN.agencies:
            assert (agency.codes["mau"], metric) not in found
            assert sum(int(found[agency.codes["mau"], part] or 0) for part in parts) == HANDED_IN.of(agency, metric)


def test_some_agencies_declare_otherwise_than_systems_count_and_some_leave_a_question_open(
    whole: dict[str, PullOutcome],
) -> None:
    rows = landed(whole["self_assessment"])
    odd = {}
    for row in rows:
        agency = of_code(row["agency_code"])
        if answer(row) != HANDED_IN.of(agency, row["metric"]):
            odd[row["agency_code"], row["metric"]] = (answer(row), HANDED_IN.of(agency, row["metric"]))
    assert odd["MAU.08", "self_assessment.staff_trained"][0] is None
    differing = [(mine, theirs) for mine, theirs in odd.values() if mine is not None]
    assert len(differing) == 8
    assert all(0.9 < int(mine) / int(theirs) < 1.2 for mine, theirs in differing if mine and theirs)
    # a figure that nobody reported, and one that the annex asks for and the sample's districts leave open
    missing = {(row["agency_code"], row["metric"]) for row in rows if answer(row) is None}
    assert ("MAU.38", "lris.reports_due") in missing
    assert ("MAU.31", "general_information.districts") in missing


def test_no_declared_part_is_more_than_its_whole(whole: dict[str, PullOutcome]) -> None:
    """The differences stay plausible: they are found by comparing, not by being impossible."""
    found = {(row["agency_code"], row["metric"]): answer(row) for row in landed(whole["self_assessment"])}
    for agency in HANDED_IN.agencies:
        for indicator in forms()[agency.group].indicators:
            part, of_all = (
                found.get((agency.codes["mau"], indicator.inputs.get(role, "")))
                for role in ("numerator", "denominator")
            )
            if isinstance(part, int) and isinstance(of_all, int):
                assert part <= of_all, (agency.name, indicator.code)


def test_points_claimed_and_evidence(whole: dict[str, PullOutcome]) -> None:
    outcome = whole["self_assessment_points"]
    assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
    rows = landed(outcome)
    codes = {
        (agency.codes["mau"], one.code) for agency in HANDED_IN.agencies for one in forms()[agency.group].indicators
    }
    assert {(row["agency_code"], row["indicator_code"]) for row in rows} == codes
    assert ("MAU.01", "6.10") in codes, "6.10 is not 6.1"
    claimed = [row for row in rows if row["points_claimed"] is not None]
    assert 0.9 * len(rows) < len(claimed) < len(rows)
    assert all(0 <= row["points_claimed"] <= row["max_points"] for row in claimed)
    linked = [row["evidence"] for row in rows if row["evidence"]]
    assert 0.6 * len(rows) < len(linked) < len(claimed)
    assert all(link.startswith("https://") for link in linked)


def test_the_source_takes_exactly_what_the_forms_ask_for() -> None:
    values = source("self_assessment").contract.fields["Mã số liệu"].values
    asked = {question.metric for form in forms().values() for question in form.questions}
    assert set(values) == asked


def test_the_form_has_no_place_for_a_person() -> None:
    for form in forms().values():
        asked = " | ".join(one.asks.lower() for one in form.questions)
        for word in ("họ tên", "chịu trách nhiệm cung cấp", "chức vụ", "điện thoại liên hệ", "thư điện tử"):
            assert word not in asked.replace("hộp thư điện tử công vụ", "")


def test_a_blank_form_is_read_and_says_nothing(few: Path, run: Run) -> None:
    for path in few.iterdir():
        code = path.stem.rsplit("_", 1)[1]
        agency = of_code(code)
        path.write_bytes(workbook(forms()[agency.group], (code, agency.name), 2024))
    rows = landed(run())
    assert len(rows) == 57 * 2 + 103
    assert {answer(row) for row in rows} == {None}
    claims = landed(run("self_assessment_points"))
    assert {(row["points_claimed"], row["evidence"]) for row in claims} == {(None, None)}


@pytest.mark.parametrize(
    ("cells", "reason", "said"),
    [
        ({"F17": "12 máy"}, "NotANumber", "Số liệu!F17"),
        ({"F17": "12"}, "NumberAsText", "Số liệu!F17"),
        ({"F17": "=1/0"}, None, ""),
        ({"F17": -1}, "BelowMinimum", ""),
        ({"F17": 3, "G17": "Có"}, "OtherAnswer", "Giá trị số"),
        ({"F17": None, "H17": "ba"}, "OtherAnswer", "Giá trị số"),
        ({"C17": "self_assessment.khac"}, "UnknownValue", ""),
        ({"A17": "MAU.06"}, "OtherAgency", "Số liệu!A17"),
    ],
)
def test_a_broken_cell_costs_its_row_and_no_other(
    cells: dict[str, Any], reason: str | None, said: str, few: Path, run: Run
) -> None:
    edit(few / name_of("MAU.05"), FIGURES, **cells)
    outcome = run(agencies=only(*SOME, "MAU.06"))
    found = aside(outcome)
    if reason is None:  # a formula that nobody calculated: the whole file is of no use, the others are
        assert [(one["reason"], one["pointer"]) for one in found] == [("UncalculatedFormula", name_of("MAU.05"))]
        assert {row["agency_code"] for row in landed(outcome)} == {"MAU.08", "MAU.33"}
        return
    assert [(one["reason"], one["pointer"]) for one in found] == [(reason, "Số liệu!A17")]
    assert said in found[0]["message_vi"]
    assert sum(1 for row in landed(outcome) if row["agency_code"] == "MAU.05") == 56


def test_one_missing_workbook_is_named_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    districts = [f"MAU.{number}" for number in range(31, 42)]
    folder, known = copy_inbox(tmp_path, "self_assessment", *map(name_of, districts)), only(*districts)
    (folder / name_of("MAU.38")).unlink()
    outcome = pulled("self_assessment", tmp_path, moment=AS_OF, agencies=known)
    assert outcome.status == "accepted"
    assert [(note.code, "MAU.38" in note.message.vi) for note in outcome.notes] == [("AgenciesMissing", True)]
    (folder / name_of("MAU.33")).unlink()
    held = pulled("self_assessment", tmp_path, moment=AS_OF, agencies=known)
    assert held.status == "held"
    assert {one.code for one in held.findings} == {"CoverageDrop"}
    assert any("MAU.33" in one.message.vi and "MAU.38" in one.message.vi for one in held.findings)


def test_a_refused_workbook_is_set_aside_and_the_others_are_used(few: Path, run: Run) -> None:
    (few / name_of("MAU.08")).write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    outcome = run()
    assert [(one["reason"], one["pointer"]) for one in aside(outcome)] == [("UnsafeFile", name_of("MAU.08"))]
    assert {row["agency_code"] for row in landed(outcome)} == {"MAU.05", "MAU.33"}


def test_a_file_of_an_unknown_agency_is_set_aside(few: Path, run: Run) -> None:
    agency = of_code("MAU.05")
    (few / name_of("MAU.99")).write_bytes(workbook(forms()[agency.group], ("MAU.99", "Sở Khác"), 2024))
    found = aside(run())
    assert {(one["reason"], one["agency_code"]) for one in found} == {("UnknownAgency", "MAU.99")}


def test_nobody_answers_for_another(few: Path, run: Run) -> None:
    """A workbook that was copied from a colleague still holds the colleague's code: the colleague loses nothing."""
    shutil.copy(few / name_of("MAU.05"), few / name_of("MAU.08"))
    edit(few / name_of("MAU.08"), FIGURES, F8=9_999)
    outcome = run()
    assert {one["reason"] for one in aside(outcome)} == {"OtherAgency"}
    mine = {row["metric"]: answer(row) for row in landed(outcome) if row["agency_code"] == "MAU.05"}
    assert mine == {
        question.metric: declared(HANDED_IN, of_code("MAU.05"), question.metric)
        for question in forms()["department"].questions
    }


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("http://so.example.vn/a.pdf", "PatternDiffers"),
        ("javascript:alert(1)", "PatternDiffers"),
        ("https://so.example.vn/a b.pdf", "PatternDiffers"),
        ("xem tại phòng 3", "PatternDiffers"),
        ("https://so.example.vn/0912345678.pdf", "PersonalData"),
    ],
)
def test_evidence_is_an_https_address(value: str, reason: str, few: Path, run: Run) -> None:
    edit(few / name_of("MAU.05"), INDICATORS, F9=value)
    assert [(one["reason"], one["pointer"]) for one in aside(run("self_assessment_points"))] == [(reason, "Chỉ số!A9")]


def test_nobody_claims_more_than_the_maximum(few: Path, run: Run) -> None:
    edit(few / name_of("MAU.05"), INDICATORS, E9=1000)
    assert [one["reason"] for one in aside(run("self_assessment_points"))] == ["NumGtDen"]


def test_a_code_that_became_a_number_is_no_code(few: Path, run: Run) -> None:
    """A spreadsheet program makes 6.1 of 6.10 where a cell is no longer text."""
    edit(few / name_of("MAU.05"), INDICATORS, B9=6.1)
    assert [one["reason"] for one in aside(run("self_assessment_points"))] == ["WrongType"]


def test_a_persons_data_holds_the_pull_and_is_written_nowhere(few: Path, run: Run, tmp_path: Path) -> None:
    path = few / name_of("MAU.05")
    number = row_of(path, "general_information.address")
    edit(path, FIGURES, **{f"H{number}": "Nguyễn Thị Canary", f"I{number}": "0912345678 canary"})
    outcome = run()
    assert outcome.status == "held"
    assert "PersonalDataSuspect" in {one.code for one in outcome.findings}
    kept = b"".join(one.read_bytes() for one in (tmp_path / "landing").rglob("*") if one.is_file())
    assert b"anary" not in kept
    assert b"0912345678" not in kept


def test_remarks_are_not_kept(few: Path, run: Run, tmp_path: Path) -> None:
    edit(few / name_of("MAU.05"), FIGURES, I8="liên hệ 0912345678")
    outcome = run()
    assert outcome.status == "accepted"
    kept = b"".join(one.read_bytes() for one in (tmp_path / "landing").rglob("*") if one.is_file())
    assert b"0912345678" not in kept


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("self_assessment", "{agency_code}.xlsx", "{agency}.xlsx", "{agency_code}"),
        ("self_assessment", "by: Cách trả lời", "by: Cách trả", "Cách trả"),
        ("self_assessment", "Số: Giá trị số,", "Số: Giá trị,", "Giá trị"),
        ("self_assessment_points", '"[0-9A-Za-z]+([.][0-9A-Za-z]+)*"', '"[0-9"', "biểu thức chính quy"),
        ("self_assessment_points", "max_points, type", "max_points, pattern: x, type", "'pattern' chỉ dùng cho chữ"),
    ],
)
def test_mistakes_in_the_source_are_told_at_their_place(
    name: str, old: str, new: str, said: str, tmp_path: Path
) -> None:
    preset = (presets.FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    assert preset.count(old) == 1
    body = parse_yaml(preset.replace(old, new), tmp_path / "x.yaml").data["source"]
    body["contract"]["agency"]["scheme"] = "mau"
    whole = {"name": "x", "title": {"vi": "x", "en": "x"}, **body}
    path = tmp_path / "x.yaml"
    path.write_text(json.dumps(whole, ensure_ascii=False, default=float), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_source(path)
    told = [one.line("vi") for one in caught.value.findings]
    assert any(said in line and "x.yaml:" in line for line in told), told
