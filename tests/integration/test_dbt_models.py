"""The models: their unit tests (rows by hand in, rows by hand out), and which of them a deployment builds."""

from __future__ import annotations

import json

import pytest

from pipelines import build
from pipelines.dbt_project import BUILD, MANIFEST, UNIT_TESTS, parsed, run, run_dbt
from pipelines.settings import Deployment


@pytest.fixture(scope="module")
def expected() -> set[str]:
    return {one["name"] for one in json.loads(MANIFEST.read_text(encoding="utf-8"))["unit_tests"].values()}


def test_every_unit_test_of_the_models_passes(own_copy: Deployment, expected: set[str]) -> None:
    """On a build file with every model, because a unit test asks for the columns of what a model reads."""
    run(own_copy, BUILD, parsed()).raise_if_failed()
    result = run(own_copy, UNIT_TESTS, parsed())
    result.raise_if_failed()
    assert expected
    assert {one.name for one in result.tests} == expected


def test_models_of_absent_sources_are_not_built(own_copy: Deployment) -> None:
    """One source: its models, the models that marts name, and the marts; the figures are those of the whole project."""
    few = run_dbt(own_copy)
    few.raise_if_failed()
    built = {one.name for one in few.models}
    staged = {name for name in built if name.startswith(("stg_", "int_"))}
    assert {name.split("__")[0] for name in staged} == {
        *("stg_portal_766", "int_portal_766"),
        *("stg_self_assessment_points", "int_self_assessment_points"),
    }
    rows = {one.name: one.rows for one in few.models}
    everything = run(own_copy, BUILD, parsed())
    everything.raise_if_failed()
    assert {one.name: one.rows for one in everything.models if one.name in built} == rows
    assert rows["metric_values"] > 0
    assert len(everything.models) > 2 * len(few.models)


REPORTS = """
create or replace table accepted.feedback_reports as
select 'list' as request, period, code as agency_code, 'UBND' as agency_name, 'r' as report_id, 'closed' as status,
    make_timestamp(year, 3, 1, 0, 0, 0) as requested_at, make_timestamp(year, 3, 9, 0, 0, 0) as due_at,
    make_timestamp(year, 3, day, 0, 0, 0) as closed_at, 'ab' as body_sha256, '/0' as pointer,
    'feedback_reports' as source, year as assessment_year, pull as pull_id, timestamp '2025-06-30 00:00:00' as as_of
from (values
    ('M.1', 2023, 'same', '2023', 8), ('M.1', 2023, 'same', '2023', 10), ('M.2', 2023, 'same', '2023', 8),
    ('M.1', 2024, 'same', '2024-01', 8), ('M.1', 2024, 'same', '2024-02', 8), ('M.1', 2024, 'same', '2024-02', 10),
    ('M.2', 2025, 'other', '2025', 8)
) as rows(code, year, pull, period, day);
create or replace table source_agencies as
select 'feedback_reports' as source, unnest(['M.1', 'M.2']) as code, unnest(['one', 'two']) as agency_id,
    date '0001-01-01' as valid_from, date '9999-12-31' as valid_to;
"""


@pytest.mark.parametrize("known", ["all pulls", "some of them", "none"])
def test_each_pull_is_counted_by_itself(own_copy: Deployment, known: str) -> None:
    """The same counts by whatever keys: pulls of one period and of several, two years under one id, and rows of which
    the build knows no pull."""
    run(own_copy, BUILD, parsed()).raise_if_failed()
    pulls = [("2023", "same", "2023"), ("2024", "same", None), ("2025", "other", "2025")]
    with build.connect(own_copy) as con:
        con.execute(REPORTS)
        con.execute("delete from pull_periods")
        for year, pull, period in {"all pulls": pulls, "some of them": pulls[:2], "none": []}[known]:
            con.execute(
                "insert into pull_periods values ('feedback_reports', ?, ?, '2025-06-30 00:00:00', ?)",
                [year, pull, period],
            )
    words = ["run", "--select", "stg_feedback_reports", "int_feedback_reports__metrics"]
    run(own_copy, words, parsed()).raise_if_failed()
    with build.connect(own_copy) as con:
        found = con.execute(
            "select agency_id, period, metric, value, assessment_year, pull_id, source, cast(as_of as varchar) "
            "from intermediate.int_feedback_reports__metrics order by all"
        ).fetchall()
    counted = {
        ("one", "2023", 2023, "same"): ("2", "1"),
        ("two", "2023", 2023, "same"): ("1", "1"),
        ("one", "2024-01", 2024, "same"): ("1", "1"),
        ("one", "2024-02", 2024, "same"): ("2", "1"),
        ("two", "2025", 2025, "other"): ("1", "1"),
    }
    assert found == sorted(
        (agency, period, f"feedback.{metric}", value, year, pull, "feedback_reports", "2025-06-30 00:00:00")
        for (agency, period, year, pull), values in counted.items()
        for metric, value in zip(("due", "handled_on_time"), values, strict=True)
    )
