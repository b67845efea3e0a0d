"""The registers: validity by the last day of the year, and every mistake with file and line."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pytest

from common.errors import ConfigurationError
from pipelines.corrections import check_corrections, plain
from pipelines.inputs import check_appraisals, check_exceptions
from pipelines.registers import read_registers
from pipelines.settings import RULESETS
from rulesets.diff_ranks import with_indicators
from rulesets.load import resolve
from rulesets.rule_base import Inputs, Ratio

AGENCIES = """agency_id,name_vi,agency_group,parent_id,valid_from,valid_to,predecessors
tinh,UBND tỉnh,province,,,,
cu,Sở Cũ,department,tinh,,2025-02-28,
moi,Sở Mới,department,tinh,2025-03-01,,cu
"""
CODES = """agency_id,scheme,code,valid_from,valid_to
cu,dvcqg,H01.01,,2025-02-28
moi,dvcqg,H01.01,2025-03-01,
"""


def test_a_code_of_a_merged_agency_names_its_successor(tmp_path: Path) -> None:
    codes = CODES.replace("cu,dvcqg,H01.01", "cu,dvcqg,H01.09")
    retired = read_registers(write(tmp_path, codes=codes)).retired_codes_of(2025)
    assert [(agency.agency_id, code.code, heir) for agency, code, heir in retired] == [("cu", "H01.09", "moi")]
    assert read_registers(write(tmp_path)).retired_codes_of(2025) == [], "the code lives on with the new agency"


EXCEPTIONS = """ruleset_id,assessment_year,agency_id,indicator_code,article,document,reason
an_giang/1407-2024/department,2025,moi,6.5,7.3,BB-12,không có dịch vụ công
"""


def write(folder: Path, agencies: str = AGENCIES, codes: str = CODES, exceptions: str = EXCEPTIONS) -> Path:
    (folder / "exceptions.csv").write_text(exceptions, encoding="utf-8")
    (folder / "agencies.csv").write_text(agencies, encoding="utf-8")
    (folder / "agency_codes.csv").write_text(codes, encoding="utf-8")
    return folder


def test_a_year_sees_the_register_of_its_last_day(tmp_path: Path) -> None:
    registers = read_registers(write(tmp_path))
    assert [agency.agency_id for agency in registers.agencies_of(2024)] == ["tinh", "cu"]
    assert [agency.agency_id for agency in registers.agencies_of(2025)] == ["tinh", "moi"]
    assert [(a.agency_id, c.code) for a, c in registers.codes_of(2025)] == [("moi", "H01.01")]


@pytest.mark.parametrize(
    ("agencies", "codes", "where", "code"),
    [
        (AGENCIES + "moi,Sở Mới,department,,,,\n", CODES, "agencies.csv:5", "agency-twice"),
        (AGENCIES.replace("department,tinh,2025", "departments,tinh,2025"), CODES, "agencies.csv:4", "agency-group"),
        (AGENCIES.replace(",,cu\n", ",,nobody\n"), CODES, "agencies.csv:4", "agency-unknown"),
        (AGENCIES.replace("2025-03-01", "01/03/2025"), CODES, "agencies.csv:4", "register-date"),
        (AGENCIES.replace("Sở Mới", ""), CODES, "agencies.csv:4", "agency-name"),
        (AGENCIES.replace("Sở Mới", '"Sở Mới'), CODES, "agencies.csv:4", "register-syntax"),
        (AGENCIES.replace("Sở Mới", '"Sở" Mới'), CODES, "agencies.csv:4", "register-syntax"),
        (AGENCIES.replace("Sở Mới", "x" * 200_000), CODES, "agencies.csv:4", "register-syntax"),
        (AGENCIES.replace(",", ";"), CODES, "agencies.csv:1", "register-header"),
        (AGENCIES, CODES.replace("2025-03-01", "2025-02-01"), "agency_codes.csv:3", "code-twice"),
        (AGENCIES, CODES.replace("moi,", "nobody,"), "agency_codes.csv:3", "agency-unknown"),
        (AGENCIES, CODES.replace("scheme", "schema"), "agency_codes.csv:1", "register-header"),
        (AGENCIES + "x,y\n", CODES, "agencies.csv:5", "register-columns"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, agencies: str, codes: str, where: str, code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_registers(write(tmp_path, agencies, codes))
    error = caught.value
    found = {(finding.where, finding.code) for finding in error.findings} or {(error.where, error.code)}
    assert any(place.endswith(where) and kind == code for place, kind in found), found


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (EXCEPTIONS.replace(",moi,", ",nobody,"), "agency-unknown"),
        (EXCEPTIONS.replace("2025", "năm nay"), "exception-year"),
        (EXCEPTIONS.replace("BB-12", ""), "exception-ground"),
        (EXCEPTIONS.replace("7.3", ""), "exception-ground"),
        (EXCEPTIONS + EXCEPTIONS.splitlines()[1] + "\n", "exception-twice"),
    ],
)
def test_an_exception_needs_an_agency_a_year_an_article_and_a_document(tmp_path: Path, row: str, code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_registers(write(tmp_path, exceptions=row))
    found = caught.value
    assert code in {found.code, *(finding.code for finding in found.findings)}
    assert "exceptions.csv:" in str(found) + str([finding.where for finding in found.findings])


DEPARTMENT = "an_giang/1407-2024/department"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (f"{DEPARTMENT},2025,moi,6.5,7.3,BB-12,x", None),
        (f"{DEPARTMENT},2025,moi,1.1,7.4,BB-12,x", None),
        (f"{DEPARTMENT},2025,moi,1.1,7.3,BB-12,x", "does not cover"),
        (f"{DEPARTMENT},2025,moi,6.5,7.9,BB-12,x", "7.4"),
        (f"{DEPARTMENT},2025,moi,6.99,7.3,BB-12,x", "6.99"),
        ("hau_giang/1949-2022/district,2025,moi,6.5,7.3,BB-12,x", "not in use"),
    ],
)
def test_an_exception_must_fit_its_decision(tmp_path: Path, row: str, says: str | None) -> None:
    registers = read_registers(write(tmp_path, exceptions=EXCEPTIONS.splitlines()[0] + "\n" + row + "\n"))
    rulesets = [resolve(DEPARTMENT, [RULESETS])]
    if says is None:
        check_exceptions(registers, rulesets, tmp_path)
        return
    with pytest.raises(ConfigurationError) as caught:
        check_exceptions(registers, rulesets, tmp_path)
    assert says in caught.value.message.en
    assert caught.value.where.endswith("exceptions.csv:2")


def test_the_hash_is_of_the_content_not_of_the_order(tmp_path: Path) -> None:
    first = read_registers(write(tmp_path)).content_hash
    lines = AGENCIES.splitlines(keepends=True)
    shuffled = read_registers(write(tmp_path, "".join([lines[0], *reversed(lines[1:])]))).content_hash
    renamed = read_registers(write(tmp_path, AGENCIES.replace("Sở Mới", "Sở Khác"))).content_hash
    assert first == shuffled
    assert first != renamed


APPRAISALS = """ruleset_id,assessment_year,period,agency_id,code,numerator,denominator,value,points,decided_on,\
document,author,reason
r,2025,2025,moi,6.5,3,4,,,2025-11-20,BB-1,Hội đồng,theo hồ sơ
r,2025,2025,moi,6.5,,,,7.5,2025-11-25,BB-2,Hội đồng,theo khiếu nại
"""


def test_a_decision_counts_from_its_day_on(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "appraisals.csv").write_text(APPRAISALS, encoding="utf-8")
    registers = read_registers(folder)
    assert [row.document for row in registers.known_on(date(2025, 11, 19)).appraisals] == []
    assert [row.document for row in registers.known_on(date(2025, 11, 20)).appraisals] == ["BB-1"]
    assert [row.document for row in registers.known_on(date(2025, 12, 31)).appraisals] == ["BB-1", "BB-2"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ((",3,4,,,", ",3,4,,5,"), "appraisal-figure"),
        ((",3,4,,,", ",3,,,,"), "appraisal-figure"),
        ((",3,4,,,", ",,,,,"), "appraisal-figure"),
        ((",3,4,,,", ",-3,4,,,"), "appraisal-number"),
        ((",3,4,,,", ',"3,5",4,,,'), "appraisal-number"),
        (("2025,2025,moi,6.5,3", "2025,2024,moi,6.5,3"), "appraisal-year"),
        (("moi,6.5,3", "nobody,6.5,3"), "agency-unknown"),
        (("2025-11-20", "20/11/2025"), "register-date"),
        (("BB-1,Hội đồng", ",Hội đồng"), "appraisal-ground"),
        (("2025-11-25", "2025-11-20"), "appraisal-twice"),
    ],
)
def test_a_faulty_decision_is_named_with_its_line(tmp_path: Path, wrong: tuple[str, str], code: str) -> None:
    folder = write(tmp_path)
    (folder / "appraisals.csv").write_text(APPRAISALS.replace(*wrong, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_registers(folder)
    found = {(finding.code, finding.where.rsplit("/")[-1]) for finding in caught.value.findings}
    assert (code, f"appraisals.csv:{3 if code == 'appraisal-twice' else 2}") in found


def test_a_register_saved_in_an_old_encoding_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "agency_codes.csv").write_bytes(CODES.replace("moi,", "mêi,").encode("cp1252"))
    with pytest.raises(ConfigurationError) as caught:
        read_registers(tmp_path)
    assert (caught.value.code, Path(caught.value.where).name) == ("file-encoding", "agency_codes.csv")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("an_giang/1407-2024/department,2024,2024,moi,1.2,,,,20.5", "the maximum is 20"),
        ("an_giang/1407-2024/department,2024,2024,moi,9.9,,,,1", "there is no '9.9'"),
        ("an_giang/1407-2024/department,2024,2024,moi,1,,,yes,", "'1' takes points only"),
        ("an_giang/1407-2024/district,2024,2024,moi,1.2,,,,1", "is not in use"),
    ],
)
def test_a_decision_speaks_of_what_its_ruleset_scores(tmp_path: Path, row: str, message: str) -> None:
    folder = write(tmp_path)
    head = APPRAISALS.splitlines()[0]
    (folder / "appraisals.csv").write_text(f"{head}\n{row},2024-11-20,BB-1,Hội đồng,lý do\n", encoding="utf-8")
    rulesets = [resolve("an_giang/1407-2024/department", [RULESETS])]
    with pytest.raises(ConfigurationError) as caught:
        check_appraisals(read_registers(folder), rulesets, folder)
    assert message in caught.value.findings[0].message.en


@pytest.mark.parametrize(("figure", "refused"), [("3,4,,", True), (",,3/4|5/6,", True), (",,,15", False)])
def test_an_indicator_of_several_figures_is_decided_in_points(tmp_path: Path, figure: str, refused: bool) -> None:
    """A single figure would not say which of them it is."""
    loaded = resolve("an_giang/1407-2024/department", [RULESETS])
    pools = Inputs(pools=[Ratio(numerator=f"a.n{one}", denominator=f"a.d{one}") for one in (1, 2)])
    pooled = [
        one.model_copy(update={"inputs": pools}) if one.code == "1.2" else one for one in loaded.ruleset.indicator_list
    ]
    ruleset = dataclasses.replace(loaded, ruleset=with_indicators(loaded.ruleset, loaded.ruleset, pooled))
    folder = write(tmp_path)
    row = f"an_giang/1407-2024/department,2024,2024,moi,1.2,{figure},2024-11-20,BB-1,Hội đồng,lý do"
    (folder / "appraisals.csv").write_text(f"{APPRAISALS.splitlines()[0]}\n{row}\n", encoding="utf-8")
    if not refused:
        check_appraisals(read_registers(folder), [ruleset], folder)
        return
    with pytest.raises(ConfigurationError) as caught:
        check_appraisals(read_registers(folder), [ruleset], folder)
    assert caught.value.findings[0].message.vi == "'1.2' gồm 2 số liệu: thẩm định bằng điểm (points)"
    assert "decided in points" in caught.value.findings[0].message.en


CORRECTIONS = """source,assessment_year,period,agency_id,metric,expect,value,decided_on,valid_to,document,author,reason
s,2025,2025,moi,m.a,120,102,2025-11-20,,CV-1,Sở,nhập nhầm
s,2025,2025,moi,m.a,102,104,2025-11-25,2025-11-30,CV-2,Sở,sửa lại
"""


def test_of_two_corrections_the_later_counts_until_its_end(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "corrections.csv").write_text(CORRECTIONS, encoding="utf-8")
    registers = read_registers(folder)
    found = {
        day: [(one.line, one.row.value, one.expired) for one in registers.known_on(date.fromisoformat(day)).corrections]
        for day in ("2025-11-19", "2025-11-20", "2025-11-30", "2025-12-01")
    }
    assert list(found.values()) == [[], [(2, "102", False)], [(3, "104", False)], [(3, "104", True)]]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (("120,102", "120,"), "correction-figure"),
        (("120,102", "120,120.0"), "correction-figure"),
        (("2025,2025,moi,m.a,120", "2025,2024,moi,m.a,120"), "correction-year"),
        (("moi,m.a,120", "nobody,m.a,120"), "agency-unknown"),
        (("2025-11-20", "20/11/2025"), "register-date"),
        (("CV-1,Sở", ",Sở"), "correction-ground"),
        (("2025-11-25", "2025-11-20"), "correction-twice"),
    ],
)
def test_a_faulty_correction_is_named_with_its_line(tmp_path: Path, wrong: tuple[str, str], code: str) -> None:
    folder = write(tmp_path)
    (folder / "corrections.csv").write_text(CORRECTIONS.replace(*wrong, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_registers(folder)
    found = {(finding.code, finding.where.rsplit("/")[-1]) for finding in caught.value.findings}
    assert (code, f"corrections.csv:{3 if code == 'correction-twice' else 2}") in found


@pytest.mark.parametrize(("sources", "metrics", "code"), [([], ["m.a"], "source"), (["s"], [], "metric")])
def test_a_correction_speaks_of_a_source_and_a_metric_that_exist(
    tmp_path: Path, sources: list[str], metrics: list[str], code: str
) -> None:
    folder = write(tmp_path)
    (folder / "corrections.csv").write_text(CORRECTIONS, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        check_corrections(read_registers(folder).corrections, sources, metrics, folder)
    assert {finding.code for finding in caught.value.findings} == {f"correction-{code}"}


@pytest.mark.parametrize(("text", "written"), [("18.50", "18.5"), ("20.00", "20"), ("1200", "1200"), ("yes", "yes")])
def test_figures_are_compared_as_they_are_written(text: str, written: str) -> None:
    assert plain(text) == written
