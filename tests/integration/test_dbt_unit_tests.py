"""The unit tests of the models: rows by hand in, rows by hand out."""

from __future__ import annotations

import json

import pytest

from pipelines.dbt_project import MANIFEST, UNIT_TESTS, run_dbt
from pipelines.settings import Deployment


@pytest.fixture(scope="module")
def expected() -> set[str]:
    return {one["name"] for one in json.loads(MANIFEST.read_text(encoding="utf-8"))["unit_tests"].values()}


def test_every_unit_test_of_the_models_passes(own_copy: Deployment, expected: set[str]) -> None:
    """On a build file, which holds the columns of everything that the models read."""
    result = run_dbt(own_copy, UNIT_TESTS)
    result.raise_if_failed()
    assert expected
    assert {one.name for one in result.tests} == expected
