"""Self-assessment forms: written with what systems know, filled in by a spreadsheet program, checked by cell."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from openpyxl import Workbook, load_workbook

from connectors.sheets.self_assessment import FIGURES, GUIDE, INDICATORS, Claim, Filled, workbook
from pipelines.form_check import FormCheck, check_form
from pipelines.forms import form_of, known_figures
from pipelines.settings import Deployment
from pipelines.warehouse import find
from rulesets.lint import catalogue_of
from rulesets.load import resolve
from tests.support.deployments import dti_json, sample_deployment
from tests.support.office import fill

RULESET = "an_giang/1407-2024/district"
CHAU_PHU = "tu_danh_gia_2024_MAU.36.xlsx"
WORDS = ("form", "write", RULESET, "--year", "2024", "--scheme", "mau")


@pytest.fixture
def sample(tmp_path: Path) -> Deployment:
    return sample_deployment(tmp_path / "data")


def test_one_form_for_every_agency_that_the_ruleset_assesses(sample: Deployment, tmp_path: Path) -> None:
    words = (*WORDS, "--to", str(tmp_path / "forms"))
    code, answer = dti_json(sample, *words)
    assert code == 0, answer
    assert answer["data"]["written"] == [f"tu_danh_gia_2024_MAU.{number}.xlsx" for number in range(31, 42)]
    assert answer["warnings"]  # nothing was published yet, so nothing is known
    inbox = sample.root / "inbox" / "self_assessment"
    for path in inbox.iterdir():
        path.unlink()
    for path in sorted((tmp_path / "forms").iterdir()):
        book = load_workbook(path)
        book[FIGURES]["F8"] = 17
        for row in (*book[FIGURES]["K5:K107"], *book[INDICATORS]["G5:G69"]):
            row[0].value = None  # openpyxl does not reckon; a spreadsheet program does
        book.save(inbox / path.name)
    loose = sample.sources / "self_assessment.yaml"
    text = loose.read_text(encoding="utf-8")
    loose.write_text(text + "gates: {coverage: {of_register: 0}}\n", encoding="utf-8")
    code, answer = dti_json(sample, "source", "pull", "self_assessment", "--year", "2024", "--dry-run")
    assert (code, answer["data"]["status"], answer["data"]["rows"]) == (0, "accepted", 11 * 103), answer
    code, answer = dti_json(sample, *words)
    assert (code, answer["error"]["code"]) == (2, "file-exists")


def test_a_scheme_in_which_nobody_has_a_code(sample: Deployment, tmp_path: Path) -> None:
    words = ("form", "write", RULESET, "--year", "2024", "--scheme", "khac", "--to", str(tmp_path / "forms"))
    code, answer = dti_json(sample, *words)
    assert (code, answer["error"]["code"]) == (2, "no-agencies")
    assert not (tmp_path / "forms").exists()


@pytest.mark.slow
@pytest.mark.parametrize("group", ["department", "district"])
def test_the_trial_formulas_give_what_the_engine_gives(sample_years: Path, tmp_path: Path, group: str) -> None:
    """Every agency's answers and the systems' figures in its form, reckoned by LibreOffice: equal to the engine's
    points wherever a rule has a formula and the engine scored the very figures that the form shows."""
    deployment = Deployment(sample_years)
    release, ruleset = find(deployment), f"an_giang/1407-2024/{group}"
    form = form_of(resolve(ruleset, deployment.ruleset_folders), catalogue_of(deployment.ruleset_folders))
    known = known_figures(release, 2024)
    with duckdb.connect(str(release.file), read_only=True) as con:
        scores = con.execute(
            "select agency_id, indicator_code, points from indicator_scores where status = 'reported' "
            f"and ruleset_id = '{ruleset}' and assessment_year = 2024 and not exists (from indicator_figures f "
            "where f.scored and f.stage = 'appraised' and f.agency_id = indicator_scores.agency_id "
            "and f.indicator_code = indicator_scores.indicator_code and f.assessment_year = 2024)"
        ).fetchall()
        declared = con.execute(
            "select agency_id, metric, value from metric_values where assessment_year = 2024 and stage = 'declared'"
        ).fetchall()
    answers: dict[str, dict[str, int | str]] = {}
    asked = {question.metric for question in form.questions}
    for agency, metric, value in declared:
        if metric in asked:
            answers.setdefault(agency, {})[metric] = int(value) if value.isdecimal() else value
    with_formula = {one.code for one in form.indicators if one.trial}
    assert len(with_formula) >= len(form.indicators) - 3
    compared = 0
    for agency in sorted({one[0] for one in scores}):
        source, target = tmp_path / f"{agency}.xlsx", tmp_path / f"{agency}-reckoned.xlsx"
        source.write_bytes(workbook(form, (agency, agency), 2024, Filled(answers[agency]), known=known[agency]))
        fill(source, target, {}, tmp_path)
        book = load_workbook(target, data_only=True)
        shown = {row[1]: row[6] for row in book[INDICATORS].iter_rows(min_row=5, values_only=True)}
        for owner, code, points in scores:
            if owner == agency and code in with_formula:
                assert shown[code] == pytest.approx(float(points), abs=1e-8), (agency, code)
                compared += 1
        total = sum(value for value in shown.values() if isinstance(value, int | float))
        guide = book[GUIDE]
        assert guide.cell(guide.max_row, 1).value == f"Tổng điểm tính thử: {total:.2f}"
    assert compared > 300


@pytest.mark.slow
def test_written_filled_by_a_spreadsheet_program_and_read_back(sample_copy: Deployment, tmp_path: Path) -> None:
    code, answer = dti_json(sample_copy, *WORDS, "--to", str(tmp_path / "forms"))
    assert code == 0, answer
    assert answer["data"]["known_figures"] > 0
    blank = load_workbook(tmp_path / "forms" / CHAU_PHU)
    rows = {row[2].value: row[2].row for row in blank[FIGURES].iter_rows(min_row=5)}
    claims = {row[1].value: row[1].row for row in blank[INDICATORS].iter_rows(min_row=5)}
    typed: dict[str, str | int | float] = {
        f"{FIGURES}!F{rows['self_assessment.meetings']}": 6,
        f"{FIGURES}!F{rows['self_assessment.meetings_chaired_by_head']}": 5,
        f"{FIGURES}!G{rows['self_assessment.head_chairs_committee']}": "Có",
        f"{FIGURES}!H{rows['general_information.address']}": "Thị trấn Cái Dầu",
        f"{INDICATORS}!E{claims['1.2']}": 7.5,
        f"{INDICATORS}!F{claims['1.2']}": "https://chau-phu.example.vn/minh-chung/1.2.pdf",
    }
    inbox = sample_copy.inbox / "self_assessment"
    (inbox / CHAU_PHU).unlink()
    fill(tmp_path / "forms" / CHAU_PHU, inbox / CHAU_PHU, typed, tmp_path)
    checked = check_form(sample_copy, inbox / CHAU_PHU, 2024)
    assert (checked.errors, checked.answered, checked.claimed) == ([], 4, 1)
    assert checked.figures == {
        "self_assessment.meetings": "6",
        "self_assessment.meetings_chaired_by_head": "5",
        "self_assessment.head_chairs_committee": "yes",
        "general_information.address": "Thị trấn Cái Dầu",
    }
    for source, most in (("self_assessment", 31), ("self_assessment_points", 31)):
        code, answer = dti_json(sample_copy, "source", "pull", source, "--year", "2024", "--dry-run")
        assert (code, answer["data"]["quarantined"]) == (0, 0), answer
        assert answer["data"]["rows"] > most


@pytest.mark.slow
def test_the_provisional_score_of_the_form_that_was_handed_in_is_the_published_one(sample_years: Path) -> None:
    """The very form that was pulled earns what is published: a district and a department."""
    for number in (36, 1):
        form = sample_years / "inbox" / "self_assessment" / f"tu_danh_gia_2024_MAU.{number:02d}.xlsx"
        code, answer = dti_json(sample_years, "form", "check", str(form), "--year", "2024")
        assert code == 0, answer
        (checked,) = answer["data"]
        score = checked["provisional"]
        with duckdb.connect(str(sample_years / "warehouse.duckdb"), read_only=True) as con:
            total, rank = con.execute(
                "select total, rank from rankings where assessment_year = 2024 and agency_id = "
                f"'{checked['agency_id']}'"
            ).fetchall()[0]
        assert (Decimal(score["before"]), Decimal(score["after"]), score["rank"]) == (total, total, rank)


@pytest.mark.slow
def test_a_changed_answer_earns_what_the_engine_gives(sample_years: Path, tmp_path: Path) -> None:
    name = CHAU_PHU
    book = load_workbook(sample_years / "inbox" / "self_assessment" / name)
    sheet = book[FIGURES]
    rows = {row[2].value: row[2].row for row in sheet.iter_rows(min_row=5)}
    at = sheet[f"G{rows['self_assessment.party_resolution']}"]
    at.value = "Không" if at.value == "Có" else "Có"
    book.save(tmp_path / name)
    code, answer = dti_json(sample_years, "form", "check", str(tmp_path / name), "--year", "2024")
    assert code == 0, answer
    score = answer["data"][0]["provisional"]
    said = "no" if at.value == "Không" else "yes"
    agency = answer["data"][0]["agency_id"]
    with duckdb.connect(str(sample_years / "warehouse.duckdb"), read_only=True) as con:
        indicator = con.execute(
            "select indicator_code from indicator_inputs where metric_id = 'self_assessment.party_resolution' "
            "and ruleset_id = 'an_giang/1407-2024/district'"
        ).fetchall()[0][0]
    words = ("whatif", "--set", f"{agency}:{indicator}={said}", "--year", "2024", "--all")
    code, wished = dti_json(sample_years, *words)
    assert code == 0, wished
    (mine,) = [one for one in wished["data"]["changes"] if one["agency_id"] == agency]
    assert (Decimal(score["before"]), Decimal(score["after"])) == (
        Decimal(mine["total_before"]),
        Decimal(mine["total_after"]),
    )
    assert Decimal(score["before"]) != Decimal(score["after"])
    assert score["rank"] == mine["rank_after"]


# -- twenty ways to break a form -------------------------------------------------------------------------------------

Break = Callable[[Workbook], None]


def _set(sheet: str, cell: str, value: Any) -> Break:
    def change(book: Workbook) -> None:
        book[sheet][cell] = value

    return change


def _do(what: Callable[[Workbook], object]) -> Break:
    def change(book: Workbook) -> None:
        what(book)

    return change


def _hide_row(book: Workbook) -> None:
    book[FIGURES].row_dimensions[9].hidden = True


def _hide_sheet(book: Workbook) -> None:
    book[INDICATORS].sheet_state = "hidden"


def _move_titles(book: Workbook) -> None:
    book[FIGURES].insert_rows(2)


BROKEN: dict[str, tuple[Break, str, str]] = {
    # what was done to the form: the change, where the error must point, its code
    "points above the maximum": (_set(INDICATORS, "E6", 99), f"{INDICATORS}!E6", "NumGtDen"),
    "points below nothing": (_set(INDICATORS, "E6", -1), f"{INDICATORS}!E6", "BelowMinimum"),
    "points as words": (_set(INDICATORS, "E6", "mười"), f"{INDICATORS}!E6", "NotANumber"),
    "three decimals": (_set(INDICATORS, "E6", 1.125), f"{INDICATORS}!E6", "TooManyDecimals"),
    "the maximum raised": (_set(INDICATORS, "D6", 50), f"{INDICATORS}!D6", "maximum-changed"),
    "evidence that is no address": (_set(INDICATORS, "F6", "xem tủ hồ sơ"), f"{INDICATORS}!F6", "PatternDiffers"),
    "evidence that runs": (_set(INDICATORS, "F6", "javascript:alert(1)"), f"{INDICATORS}!F6", "PatternDiffers"),
    "another agency's code": (_set(INDICATORS, "A6", "MAU.31"), f"{INDICATORS}!A6", "OtherAgency"),
    "a code nobody has": (_set(FIGURES, "A9", "MAU.99"), f"{FIGURES}!A9", "OtherAgency"),
    "a half person": (_set(FIGURES, "F9", 3.5), f"{FIGURES}!F9", "TooManyDecimals"),
    "a negative count": (_set(FIGURES, "F9", -4), f"{FIGURES}!F9", "BelowMinimum"),
    "a number with its unit": (_set(FIGURES, "F9", "17 người"), f"{FIGURES}!F9", "NotANumber"),
    "an answer in the wrong column": (_set(FIGURES, "G9", "Có"), f"{FIGURES}!G9", "OtherAnswer"),
    "a metric that is not asked": (_set(FIGURES, "C9", "self_assessment.nobody"), f"{FIGURES}!C9", "UnknownValue"),
    "a question asked twice": (_set(FIGURES, "C9", "general_information.address"), f"{FIGURES}!", "Conflicting"),
    "somebody's telephone": (_set(FIGURES, "H6", "Gọi 0912 345 678"), f"{FIGURES}!H6", "PersonalData"),
    "rows taken out": (_do(lambda book: book[INDICATORS].delete_rows(10, 3)), INDICATORS, "rows-missing"),
    "a sheet renamed": (_do(lambda book: setattr(book[FIGURES], "title", "Trang 1")), CHAU_PHU, "SheetMissing"),
    "titles moved down": (_do(_move_titles), CHAU_PHU, "LayoutChanged"),
    "a title changed": (_set(FIGURES, "F4", "Số"), CHAU_PHU, "LayoutChanged"),
    "cells merged": (_do(lambda book: book[FIGURES].merge_cells("F8:F9")), CHAU_PHU, "MergedCells"),
    "a row hidden": (_do(_hide_row), CHAU_PHU, "HiddenContent"),
    "a sheet hidden": (_do(_hide_sheet), CHAU_PHU, "HiddenContent"),
    "a formula without result": (_set(FIGURES, "F9", "=1+1"), CHAU_PHU, "UncalculatedFormula"),
}


@pytest.fixture(scope="module")
def good_form(sample_years: Path) -> bytes:
    deployment = Deployment(sample_years)
    form = form_of(resolve(RULESET, deployment.ruleset_folders), catalogue_of(deployment.ruleset_folders))
    filled = Filled({"general_information.address": "Thị trấn"}, {"1.2": Claim(Decimal(3), "https://a.example.vn/1")})
    return workbook(form, ("MAU.36", "UBND huyện Châu Phú"), 2024, filled)


def _checked(sample_years: Path, content: bytes, folder: Path, name: str = CHAU_PHU) -> FormCheck:
    (folder / name).write_bytes(content)
    return check_form(Deployment(sample_years), folder / name, 2024)


@pytest.mark.slow
def test_a_good_form_has_no_errors(sample_years: Path, good_form: bytes, tmp_path: Path) -> None:
    assert _checked(sample_years, good_form, tmp_path).errors == []


@pytest.mark.slow
@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_form_is_told_by_cell_and_loses_nothing(
    sample_years: Path, good_form: bytes, tmp_path: Path, case: str
) -> None:
    change, where, code = BROKEN[case]
    book = load_workbook(io.BytesIO(good_form))
    change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    before = buffer.getvalue()
    checked = _checked(sample_years, before, tmp_path)
    assert (tmp_path / CHAU_PHU).read_bytes() == before
    assert any(one.where.startswith(where) and code in one.code for one in checked.errors), [
        (one.where, one.code) for one in checked.errors
    ]
    if "!" in where and code not in {"maximum-changed", "Conflicting"}:  # the other rows are read all the same
        whole = _checked(sample_years, good_form, tmp_path)
        assert whole.asked == checked.asked
        assert len(checked.errors) <= 2


@pytest.mark.slow
def test_what_is_no_workbook_or_no_form_is_named(sample_years: Path, good_form: bytes, tmp_path: Path) -> None:
    torn = _checked(sample_years, good_form[: len(good_form) // 2], tmp_path)
    assert [one.where for one in torn.errors] == [CHAU_PHU, CHAU_PHU]
    buffer = io.BytesIO(good_form)
    with zipfile.ZipFile(buffer, "a") as parts:
        parts.writestr("xl/vbaProject.bin", b"x")
    assert {one.code for one in _checked(sample_years, buffer.getvalue(), tmp_path).errors} == {"UnsafeFile"}
    shutil.move(tmp_path / CHAU_PHU, tmp_path / "phieu.xlsx")
    words = ("form", "check", str(tmp_path / "phieu.xlsx"), "--year", "2024")
    code, answer = dti_json(sample_years, *words)
    assert (code, answer["error"]["code"]) == (2, "no-source-for-file")
    code, answer = dti_json(sample_years, "form", "check", str(tmp_path / "nothing.xlsx"), "--year", "2024")
    assert (code, answer["error"]["code"]) == (2, "file-missing")
