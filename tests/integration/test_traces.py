"""Every point of a published year is worked out again from its own trace, and leads back to the source record."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from connectors import Landing
from tests.support.deployments import dti, dti_json
from tests.support.recompute import points_of


def test_every_trace_recomputes_to_its_points(published: Path) -> None:
    with duckdb.connect(str(published / "warehouse.duckdb"), read_only=True) as con:
        rows = con.execute("select points, trace from indicator_scores where status = 'reported'").fetchall()
    assert len(rows) == 1110
    assert all(points_of(trace) == Fraction(points) for points, trace in rows)


def test_every_figure_leads_to_its_record_in_the_landed_file(published: Path) -> None:
    landing = Landing(published / "landing")
    with duckdb.connect(str(published / "warehouse.duckdb"), read_only=True) as con:
        rows = con.execute(
            "select source, pull_id, body_sha256, pointer, period, count(*) from metric_values group by all"
        ).fetchall()
    assert len(rows) == 185
    pulls = {pull.pull_id: pull for pull in landing.pulls()}
    for pull_id in {row[1] for row in rows}:
        landing.verify(pulls[pull_id])
        table = pq.read_table(pulls[pull_id].table)
        there = set(
            zip(*(table.column(name).to_pylist() for name in ("body_sha256", "pointer", "period")), strict=True)
        )
        bodies = {page["sha256"] for page in pulls[pull_id].manifest["pages"]}
        for _, owner, body, pointer, period, metrics in rows:
            if owner == pull_id:
                assert (body, pointer, period) in there
                assert body in bodies
                assert metrics == 6


@pytest.mark.parametrize("name", ["an-giang-so-tai-chinh", "H01.02", "Sở Tài chính", "so tai chinh"])
def test_explain_takes_an_id_a_code_or_a_name(published: Path, name: str) -> None:
    code, answer = dti_json(published, "explain", name, "CKMB", "--year", "2025")
    assert code == 0
    found = answer["data"]
    assert (found["agency_id"], found["points"], found["period"]) == ("an-giang-so-tai-chinh", "0.75", "2025-10")
    assert points_of(json.dumps(found["trace"])) == Fraction("0.75")
    (figure,) = found["figures"]
    assert (figure["value"], figure["pointer"]) == ("0.75", "/13")


def test_explain_is_a_card_in_vietnamese_and_says_that_figures_are_simulated(published: Path) -> None:
    done = dti(published, "explain", "Sở Tài chính", "CKMB")
    for word in ("Cách tính", "Căn cứ", "0,75 / 18", "(mô phỏng)", "766/QĐ-TTg", "sha256"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("Sở", "CKMB"), "an-giang-so-"),
        (("Sở Tài chính", "CKBM"), "CKMB"),
        (("Sở Tài chíng", "CKMB"), "so-tai-chinh"),
    ],
)
def test_explain_says_what_may_have_been_meant(published: Path, words: tuple[str, str], hint: str) -> None:
    code, answer = dti_json(published, "explain", *words)
    assert code == 2
    assert hint in answer["error"]["hint"]


def test_score_needs_no_deployment(tmp_path: Path) -> None:
    values = tmp_path / "values.csv"
    values.write_text(
        "agency,indicator,numerator,denominator,value,status,article\n"
        "Huyện A,total,,,252,,\nHuyện B,total,,,251.99,,\nHuyện C,total,,,324,,\n",
        encoding="utf-8",
    )
    (tmp_path / "nowhere").mkdir()
    words = ("score", "--ruleset", "hau_giang/1949-2022/district", "--values", str(values), "--totals")
    done = dti(tmp_path / "nowhere", *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "agency,main_index,pillar,points,max_points,rank,grade",
        "Huyện A,,,252,360,2,Khá",
        "Huyện B,,,251.99,360,3,Trung bình",
        "Huyện C,,,324,360,1,Xuất sắc",
    ]
    code, answer = dti_json(tmp_path / "nowhere", *words)
    assert (code, answer["data"][0]["grade"]) == (0, "Khá")
