"""What goes wrong at the source is caught before publication, names source, agency and field, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from common.durable import sha256_file
from pipelines import releases
from pipelines.settings import Deployment
from tests.support.deployments import dti, dti_json, faults

BAC_NINH = "H05"
CASES: dict[str, tuple[dict[str, Any], int, tuple[str, ...]]] = {
    "swapped": ({"fault": "swap_fields", "fields": ["TTTT", "CLGQ"]}, 5, ("CLGQ", "TTTT")),
    "total_off_by_a_hundredth": (
        {"fault": "add_to_field", "field": "TONG_SCORE", "code": BAC_NINH, "by": "0.01"},
        5,
        (BAC_NINH, "TONG_SCORE"),
    ),
    "above_its_maximum": (
        {"fault": "set_field", "field": "TDGQ", "code": BAC_NINH, "value": "20.01"},
        5,
        (BAC_NINH, "TDGQ"),
    ),
    "duplicate_agency": (
        {"fault": "repeat_row", "code": BAC_NINH, "with": {"TDGQ": "1", "TONG_SCORE": "73.65"}},
        5,
        (BAC_NINH,),
    ),
    "unknown_code": (
        {"fault": "set_field", "field": "MA_COQUAN", "code": BAC_NINH, "value": "H99"},
        5,
        ("H99", "MA_COQUAN"),
    ),
    "html_page_with_status_200": ({"fault": "html_page"}, 4, ("UnexpectedContent",)),
    "zero_rows": ({"fault": "zero_rows"}, 5, ("Empty",)),
}


@pytest.mark.parametrize("name", CASES)
def test_caught_and_the_last_good_warehouse_stays(own_copy: Deployment, name: str) -> None:
    fault, exit_code, named = CASES[name]
    before = releases.current(own_copy)
    assert before is not None
    digest = sha256_file(own_copy.warehouse)

    code, answer = dti_json(own_copy, "refresh", "--year", "2025", env=faults(fault))

    assert code == exit_code, answer
    assert answer["data"]["published"] is False
    reasons = str(answer["data"]["pulls"][0]["reasons"])
    for word in ("portal_766", *named):
        assert word in reasons, f"{word} is not named in {reasons}"
    assert releases.current(own_copy) == before
    assert sha256_file(own_copy.warehouse) == digest

    status_code, status = dti_json(own_copy, "status")
    (source,) = status["data"]["sources"]
    assert status_code == exit_code
    assert source["state"] == ("failed" if exit_code == 4 else "held")
    assert source["in_use"] == before.pulls[0]
    assert source["next"]


@pytest.mark.parametrize("name", CASES)
def test_caught_on_a_first_pull_too(deployment: Deployment, name: str) -> None:
    fault, exit_code, named = CASES[name]
    done = dti(deployment, "refresh", "--year", "2025", "--as-of", "2025-10-16", env=faults(fault))
    assert done.returncode == exit_code, done.stderr
    assert named[0] in done.stderr
    assert "portal_766/" in done.stderr
    assert " → " in done.stderr, "each reason says what to do"
    assert not deployment.warehouse.exists()
    assert releases.all_of(deployment) == []


def test_a_held_pull_is_used_once_somebody_accepts_it_with_a_reason(own_copy: Deployment) -> None:
    fault = {"fault": "set_field", "field": "TDGQ", "code": BAC_NINH, "value": "20.01"}
    dti(own_copy, "refresh", "--year", "2025", env=faults(fault))
    _, pulls = dti_json(own_copy, "pull", "list")
    held = pulls["data"][-1]
    assert held["status"] == "held"
    assert dti(own_copy, "pull", "accept", held["pull_id"]).returncode == 2, "a reason is compulsory"
    code, _ = dti_json(own_copy, "pull", "accept", held["pull_id"], "--reason", "biên bản 12")
    assert code == 0
    _, pulls = dti_json(own_copy, "pull", "list")
    assert pulls["data"][-1]["status"] == "accepted"
    assert "biên bản 12" in own_copy.journal.read_text()
