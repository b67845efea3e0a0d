"""What a person is told of a dbt run that failed."""

from __future__ import annotations

import pytest

from common.errors import GateError, Text
from pipelines import dbt_project
from pipelines.dbt_project import DbtResult, ModelResult

GOOD = ModelResult("stg_a", True, 3, "OK")
SKIPPED = ModelResult("metric_values", False, 0, "skipped", True)
WORDS = Text("tài khoản thiếu quyền", "the account lacks rights")
COUNT = "Got 1 result, configured to fail if != 0"


def test_a_run_without_a_fault_raises_nothing() -> None:
    DbtResult((GOOD,), (dbt_project.TestResult("unique", "stg_a", True, 0, "pass"),)).raise_if_failed()


def test_causes_are_named_and_what_was_skipped_because_of_them_is_not() -> None:
    tests = (
        dbt_project.TestResult("unique", "stg_a", False, 2, COUNT),
        dbt_project.TestResult("covers", "int_a", False, 1, COUNT, False, WORDS),
        dbt_project.TestResult("later", "metric_values", False, 0, "skipped", True),
    )
    with pytest.raises(GateError) as caught:
        DbtResult((GOOD, SKIPPED), tests).raise_if_failed()
    assert [(one.where, one.message.en) for one in caught.value.findings] == [
        ("dbt unique", COUNT),
        ("dbt covers", f"the account lacks rights ({COUNT})"),
    ]
    assert caught.value.findings[1].message.vi.startswith("tài khoản thiếu quyền")
