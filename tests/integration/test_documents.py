"""Notices and annexes of the sample: every figure is the release's, drafts say so, and no name becomes code."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from docx import Document
from openpyxl import load_workbook
from pypdf import PdfReader

from common.errors import ConfigurationError
from common.one_line import visible
from pipelines import warehouse
from pipelines.publication.appendix import TITLES, workbook
from pipelines.publication.docx import docx
from pipelines.publication.notice import DRAFT, Issue, notice
from pipelines.publication.pdf import pdf
from pipelines.publication.wording import figure
from pipelines.settings import Deployment
from pipelines.warehouse import Ranking
from tests.support.deployments import dti_json

pytestmark = pytest.mark.slow

HOSTILE = (
    '<script>alert(1)</script> "><img onerror=x> {{7*7}} {% raw %} =HYPERLINK("x") #panic() \u202eđảo\u202c '
    + "Dài " * 75
)
GROUPS = ("department", "district")


@pytest.fixture(scope="module")
def sample(sample_years: Path) -> Deployment:
    return Deployment(sample_years)


def _found(sample: Deployment, group: str, year: int = 2024) -> Ranking:
    return warehouse.ranking(warehouse.find(sample), year, group)


def _moment(found: Ranking) -> datetime:
    return datetime.fromisoformat(found.release.as_of)


def _docx_text(content: bytes) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for table in Document(io.BytesIO(content)).tables for row in table.rows]


def _pdf_text(content: bytes) -> str:
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return " ".join(unicodedata.normalize("NFC", text).split())


@pytest.mark.parametrize("group", GROUPS)
def test_every_rank_and_total_of_the_notice_is_the_release(sample: Deployment, group: str) -> None:
    found = _found(sample, group)
    data = notice(sample, found)
    rows = _docx_text(docx(sample, "notice.docx", data, _moment(found)))
    text = _pdf_text(pdf("notice.typ", data, _moment(found)))
    with duckdb.connect(str(sample.warehouse), read_only=True) as con:
        totals = con.execute(
            "select r.rank, a.name_vi, r.total from rankings r join agencies a using (agency_id) "
            f"where r.assessment_year = 2024 and r.agency_group = '{group}'"
        ).fetchall()
    assert len(totals) == len(found.rows) > 10
    for rank, name, total in totals:
        assert any(row[:3] == [str(rank), name, figure(total)] for row in rows), name
        assert f"{rank} {name} {figure(total)}" in text
    for one in data["parts"]:
        assert any(row == [one["rank"], one["agency"], *one["points"], one["total"]] for row in rows), one["agency"]


def test_a_draft_is_marked_and_carries_no_number_day_or_place(sample: Deployment) -> None:
    found = _found(sample, "department")
    data = notice(sample, found)
    assert data["draft"] == DRAFT
    assert data["number"] == "Số: ……/TB-SKHCN"
    assert data["dated"].startswith("……, ngày ……")
    text = _pdf_text(pdf("notice.typ", data, _moment(found)))
    assert DRAFT in text
    assert data["nation"] in text
    assert "mô phỏng" in text


def test_an_official_notice_has_number_day_and_place(sample: Deployment) -> None:
    found = _found(sample, "department")
    official = Ranking(**{**vars(found), "revision": 1})
    data = notice(sample, official, Issue("12", date(2025, 2, 5)))
    assert (data["draft"], data["number"]) == ("", "Số: 12/TB-SKHCN")
    assert data["dated"] == "An Giang, ngày 05 tháng 02 năm 2025"
    assert DRAFT not in _pdf_text(pdf("notice.typ", data, _moment(found)))


def test_the_same_release_gives_the_same_bytes(sample: Deployment) -> None:
    found = _found(sample, "district")
    data, moment = notice(sample, found), _moment(found)
    assert docx(sample, "notice.docx", data, moment) == docx(sample, "notice.docx", data, moment)
    assert pdf("notice.typ", data, moment) == pdf("notice.typ", data, moment)
    assert workbook(found) == workbook(found)
    for content in (docx(sample, "notice.docx", data, moment), workbook(found)):  # the release's time, not that of now
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            seconds = moment.second // 2 * 2  # a ZIP counts in twos
            assert {one.date_time for one in parts.infolist()} == {(*moment.timetuple()[:5], seconds)}
            assert f"{moment:%Y-%m-%d}" in parts.read("docProps/core.xml").decode()


@pytest.mark.parametrize("group", GROUPS)
def test_the_annex_holds_every_indicator_and_every_cell_is_exact(sample: Deployment, group: str) -> None:
    found = _found(sample, group)
    book = load_workbook(io.BytesIO(workbook(found)))
    sheet = book[book.sheetnames[1]]
    assert sheet.title == {"department": "Phụ lục I", "district": "Phụ lục II"}[group]
    rows = [row for row in sheet.iter_rows(values_only=True) if row[1] is not None]
    assert rows[0] == TITLES
    points = {(row[0], row[1]): row[8] for row in rows[1:]}
    with duckdb.connect(str(sample.warehouse), read_only=True) as con:
        scores = con.execute(
            "select a.name_vi, s.indicator_code, s.points, c.points_claimed, c.evidence from indicator_scores s "
            "join agencies a using (agency_id) "
            "left join claimed_points c using (ruleset_id, agency_id, assessment_year, period, indicator_code) "
            f"where s.assessment_year = 2024 and s.agency_group = '{group}'"
        ).fetchall()
    assert len(points) == len(scores)
    claims = {(row[0], row[1]): (row[4], row[9]) for row in rows[1:]}
    for name, code, exact, claimed, evidence in scores:
        shown = points[name, code]
        assert (None if shown is None else round(Decimal(str(shown)), 10)) == exact, (name, code)
        assert claims[name, code] == (None if claimed is None else pytest.approx(float(claimed)), evidence)


def test_what_the_council_decided_stands_in_the_annex_with_its_document(sample: Deployment) -> None:
    found = _found(sample, "department")
    book = load_workbook(io.BytesIO(workbook(found, "an-giang-cu-so-tu-phap")))
    assert book.sheetnames == ["Phụ lục I"]
    row = next(one for one in book["Phụ lục I"].iter_rows(values_only=True) if one[1] == "2.5")
    assert (row[7], row[8]) == ("không", 0)
    assert "Biên bản thẩm định mẫu 07/2024" in row[10]


def test_a_hostile_name_is_text_in_every_paper(sample_copy: Deployment) -> None:
    found = _found(sample_copy, "department")
    found.rows[0]["name_vi"] = HOSTILE
    data = notice(sample_copy, found)
    written = docx(sample_copy, "notice.docx", data, _moment(found))
    assert any(row[1] == visible(HOSTILE) for row in _docx_text(written) if len(row) > 1)
    with zipfile.ZipFile(io.BytesIO(written)) as parts:
        body = parts.read("word/document.xml").decode()
    assert "<script" not in body
    assert "{{7*7}}" in body
    text = _pdf_text(pdf("notice.typ", data, _moment(found)))
    assert "{{7*7}}" in text
    assert "#panic()" in text
    book = load_workbook(io.BytesIO(workbook(found)))
    cells = [
        cell for row in book["Xếp hạng"].iter_rows() for cell in row if cell.value and "HYPERLINK" in str(cell.value)
    ]
    assert [cell.data_type for cell in cells] == ["s"]


def test_the_offices_own_template_comes_first_and_a_broken_one_is_named(sample_copy: Deployment) -> None:
    found = _found(sample_copy, "department")
    folder = sample_copy.root / "templates"
    folder.mkdir()
    own = Document()
    own.add_paragraph("Mẫu riêng: {{ about }}")
    own.save(str(folder / "notice.docx"))
    data: dict[str, Any] = notice(sample_copy, found)
    written = Document(io.BytesIO(docx(sample_copy, "notice.docx", data, _moment(found))))
    assert written.paragraphs[0].text == f"Mẫu riêng: {data['about']}"
    for tag in ("{{ nobody }}", "{% for %}", "{{ ''.__class__.mro() }}"):
        own = Document()
        own.add_paragraph(tag)
        own.save(str(folder / "notice.docx"))
        with pytest.raises(ConfigurationError) as caught:
            docx(sample_copy, "notice.docx", data, _moment(found))
        assert caught.value.where == str(folder / "notice.docx")


def test_the_commands_write_whole_files_and_name_what_they_cannot(sample: Deployment, tmp_path: Path) -> None:
    words = ("document", "notice", "--year", "2024", "--group", "district")
    for suffix in ("docx", "pdf"):
        code, answer = dti_json(sample, *words, "--out", str(tmp_path / f"tb.{suffix}"))
        assert (code, answer["data"]["draft"]) == (0, True), answer
        assert (tmp_path / f"tb.{suffix}").stat().st_size == answer["data"]["bytes"]
    code, answer = dti_json(sample, *words, "--out", str(tmp_path / "tb.odt"))
    assert (code, answer["error"]["code"]) == (2, "suffix")
    out = ("--out", str(tmp_path / "pl.xlsx"))
    code, answer = dti_json(sample, "document", "appendix", "--year", "2024", "--group", "district", *out)
    assert code == 0
    code, answer = dti_json(
        sample, "document", "appendix", "--year", "2024", "--group", "district", "--agency", "thanh tra", *out
    )
    assert (code, answer["error"]["code"]) == (2, "other-group")
    code, answer = dti_json(sample, "document", "notice", "--year", "2023", "--group", "district", *out)
    assert (code, answer["error"]["code"]) == (3, "annex-not-public")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["pl.xlsx", "tb.docx", "tb.pdf"]
