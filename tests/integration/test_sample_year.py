"""The full year 2024 of the sample province: every collected figure is the ledger's, every point leads back to it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow.parquet as pq
import pytest

from connectors import Landing
from connectors.simulator.truth import declared, ledger
from pipelines import build, releases
from pipelines.changes import between
from pipelines.refresh import refresh
from pipelines.settings import CODE, Deployment
from tests.support.deployments import dti, dti_json, sample_deployment
from tests.support.recompute import points_of

pytestmark = pytest.mark.slow

EARLIER, LATER = "2024-11-15", "2024-11-25"
CORRECTED = {("an-giang-cu-so-y-te", "6.7"), ("an-giang-cu-chau-doc", "6.13")}
APPRAISED = {("an-giang-cu-so-tu-phap", "2.5"), ("an-giang-cu-cho-moi", "1.2")}
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The sample deployment, 2024 pulled before and after the systems' corrections and the council's decisions."""
    made = sample_deployment(tmp_path_factory.mktemp("sample") / "data")
    for day in (EARLIER, LATER):
        outcome = refresh(made, [2024], as_of=day, reason="tests")
        assert outcome.exit_code == 0, outcome.pulls
    return made


@pytest.fixture
def con(sample: Deployment) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample.warehouse), read_only=True) as con:
        yield con


def test_every_collected_figure_is_the_ledgers(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        "select agency_id, metric, value from metric_values where assessment_year = 2024 and stage = 'collected'"
    ).fetchall()
    book = ledger(2024, datetime.fromisoformat(LATER).replace(hour=23, minute=59, second=59, tzinfo=ZONE))
    assert book is not None
    prefixes = ("public_services.", "e_document.", "soc.", "identity.", "lris.", "open_data.", "feedback.")
    expected = {
        (agency.agency_id, metric): str(book.of(agency, metric))
        for agency in book.agencies
        for (owner, metric) in book.figures
        if owner == agency.agency_id and metric.startswith(prefixes) and book.of(agency, metric) is not None
    }
    assert {(agency, metric): value for agency, metric, value in found} == expected
    assert len(found) == len(expected) > 500


def test_what_agencies_declared_stands_beside_and_differences_are_listed(con: duckdb.DuckDBPyConnection) -> None:
    book = ledger(2024, datetime(2024, 11, 15, 23, 59, 59, tzinfo=ZONE))
    assert book is not None
    by_id = {agency.agency_id: agency for agency in book.agencies}
    rows = con.execute(
        "select agency_id, metric, value from metric_values where assessment_year = 2024 and stage = 'declared' "
        "and metric not like '%agency_name' and metric not like '%address' and metric not like '%website'"
    ).fetchall()
    wrong = [row for row in rows if str(declared(book, by_id[row[0]], row[1])) != row[2]]
    assert not wrong, wrong[:5]
    differing = con.execute("select distinct agency_id, metric from figure_differences").fetchall()
    assert ("an-giang-cu-so-cong-thuong", "public_services.dossiers_processed_online") in differing
    scored = con.execute(
        "select distinct stage from indicator_figures where scored and agency_id = 'an-giang-cu-so-cong-thuong' "
        "and metric = 'public_services.dossiers_processed_online'"
    ).fetchall()
    assert scored == [("collected",)], "the system's figure goes before what the agency declared"


def test_every_indicator_has_a_value_or_a_status_that_says_why_not(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select ruleset_id, count(distinct agency_id), count(*) from indicator_scores where assessment_year = 2024 "
        "group by all order by all"
    ).fetchall()
    assert rows == [
        ("an_giang/1407-2024/department", 20, 20 * 35),
        ("an_giang/1407-2024/district", 11, 11 * 65),
    ]
    silent = con.execute(
        "select * from indicator_scores where assessment_year = 2024 and status = 'missing' and reason is null"
    ).fetchall()
    assert silent == []
    missing = con.execute(
        "select agency_id, indicator_code from indicator_scores where assessment_year = 2024 and status = 'missing'"
    ).fetchall()
    assert set(missing) == {
        ("an-giang-cu-so-giao-thong-van-tai", "4.3"),
        ("an-giang-cu-tan-chau", "8.3"),
        ("an-giang-cu-tri-ton", "6.11"),
    }


def test_every_trace_of_the_year_recomputes_to_its_points(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select points, trace, status from indicator_scores where assessment_year = 2024 and status <> 'missing'"
    ).fetchall()
    assert len(rows) == 20 * 35 + 11 * 65 - 3
    for points, trace, status in rows:
        if json.loads(trace).get("formula"):
            assert abs(points_of(trace) - Fraction(points)) <= Fraction(1, 2 * 10**10), (status, trace)


def test_every_published_figure_leads_to_a_pull_whose_hashes_hold(
    sample: Deployment, con: duckdb.DuckDBPyConnection
) -> None:
    landing = Landing(sample.landing)
    pulls = {pull.pull_id: pull for pull in landing.pulls()}
    named = con.execute("select distinct pull_id from metric_values where assessment_year = 2024").fetchall()
    for (pull_id,) in named:
        landing.verify(pulls[pull_id])
        assert pulls[pull_id].simulated
    records = con.execute(
        "select pull_id, body_sha256, pointer from metric_values where assessment_year = 2024 and pointer is not null"
    ).fetchall()
    assert len(records) > 2_000
    there = {}
    for (pull_id,) in named:
        table = pq.read_table(pulls[pull_id].table)
        columns = [table.column(name).to_pylist() for name in ("body_sha256", "pointer")]
        there[pull_id] = set(zip(*columns, strict=True))
    assert [row for row in records if (row[1], row[2]) not in there[row[0]]] == []


def test_levels_of_2018_and_a_decision_whose_annex_is_not_here(sample: Deployment) -> None:
    code, answer = dti_json(sample, "rank", "--year", "2018", "--group", "district")
    assert code == 0
    assert {row["grade"] for row in answer["data"]["agencies"]} >= {"Mức II", "Mức III", None}
    assert all(row["rank"] is None for row in answer["data"]["agencies"] if row["grade"] is None)
    code, answer = dti_json(sample, "rank", "--year", "2023", "--group", "department")
    assert (code, answer["error"]["code"]) == (3, "annex-not-public")
    assert "dti ruleset import an_giang/02-2023/department" in answer["error"]["hint"]


def test_years_under_other_decisions_are_not_comparable(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select distinct comparable, rank_change, not_comparable_reason from rankings where assessment_year = 2024"
    ).fetchall()
    assert all(not comparable and change is None and reason for comparable, change, reason in rows)


def test_what_changed_overnight_is_told_by_cause_and_adds_up(sample: Deployment) -> None:
    before, after = releases.all_of(sample)
    changes = between(before, after)
    own = {
        (change.agency_id, part.code): part.reason
        for change in changes
        for part in change.parts
        if part.reason in {"restated", "appraisal"}
    }
    assert {place for place, reason in own.items() if reason == "restated"} == CORRECTED
    assert {place for place, reason in own.items() if reason == "appraisal"} == APPRAISED
    for change in changes:
        if change.total_before is not None and change.total_after is not None:
            gain = sum((part.gain for part in change.parts), Decimal(0))
            assert gain == change.total_after - change.total_before
    others = [change for change in changes if not change.parts]
    assert {change.reason for change in others} <= {"others"}


def test_a_second_refresh_with_nothing_new_publishes_nothing(sample: Deployment) -> None:
    count = len(releases.all_of(sample))
    done = dti(sample, "refresh", "--year", "2024", "--as-of", LATER)
    assert done.returncode == 0, done.stderr
    assert "Không có gì mới" in done.stdout
    assert len(releases.all_of(sample)) == count


def test_a_card_names_every_source_of_a_point(sample: Deployment, tmp_path: Path) -> None:
    code, answer = dti_json(sample, "explain", "Sở Y tế", "5.3", "--year", "2024")
    assert code == 0
    figures = {(one["metric"], one["stage"]) for one in answer["data"]["figures"]}
    assert figures == {
        ("soc.servers_protected", "collected"),
        ("soc.servers_protected", "declared"),
        ("general_information.physical_servers", "declared"),
    }
    assert all(one["simulated"] for one in answer["data"]["figures"])


def test_the_morning_screen_asks_for_no_year_that_a_source_does_not_have(sample: Deployment) -> None:
    code, answer = dti_json(sample, "status")
    states = {source["source"]: (source["year"], source["state"]) for source in answer["data"]["sources"]}
    assert states.pop("portal_766") == (2025, "never")
    assert set(states.values()) == {(2024, "past")}
    assert code == 4, "the portal was never pulled here"
    gaps = {row["agency_group"]: row["gaps"] for row in answer["data"]["season"]["gaps"]}
    assert gaps == {"department": 1, "district": 2}


WHY = (CODE / "docs/why.md").read_text(encoding="utf-8")


def test_the_commands_of_the_page_about_why_run(sample: Deployment, tmp_path: Path) -> None:
    own = tmp_path / "data"
    shutil.copytree(sample.root, own, symlinks=True, ignore=shutil.ignore_patterns(".dagster"))
    for command in re.findall(r"^dti (.+)$", WHY, re.MULTILINE):
        done = dti(own, *shlex.split(command))
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()


def test_the_build_knows_the_period_of_a_pull_where_there_is_one(sample: Deployment) -> None:
    """By the statistics of its file: months of the identity system, the year of the documents."""
    with build.connect(sample) as con:
        known = con.execute("select source, assessment_year, pull_id, as_of, period from pull_periods").fetchall()
        pulls = con.execute(
            "select source, assessment_year::varchar, pull_id, as_of::varchar from pulls order by all"
        ).fetchall()
    assert sorted(row[:4] for row in known) == pulls
    periods = {(source, year): period for source, year, _, _, period in known}
    for pull in Landing(sample.landing).pulls():
        if (pull.source, str(pull.assessment_year)) in periods:
            table = duckdb.read_parquet(str(pull.table))
            there = table.aggregate("list(distinct period)").fetchall()[0][0] or []
            assert periods[pull.source, str(pull.assessment_year)] == (there[0] if len(there) == 1 else None)
    assert None in periods.values()
    assert "2024" in periods.values()
