"""The models: their unit tests (rows by hand in, rows by hand out), and which of them a deployment builds."""

from __future__ import annotations

import json

import pytest

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
