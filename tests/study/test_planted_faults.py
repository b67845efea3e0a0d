"""A reduced run of the study, so that a gate which no longer sees what it saw is noticed."""

from __future__ import annotations

import pytest

from tests.study.kinds import KINDS
from tests.study.planted import study

pytestmark = pytest.mark.slow

ALWAYS_HELD = (
    "unit ×100",
    "unit ×10",
    "counted twice",
    "rows twice",
    "rows shifted",
    "half dropped",
    "cut short",
    "last year's figures",
    "negative",
    "empty",
)


def test_planted_faults_are_caught_and_clean_pulls_are_not() -> None:
    """Two worlds that the published study does not use, one of either kind."""
    found = study(range(1001, 1003))
    held, planted = found.share("held")
    caught, _ = found.share("held", "flagged")
    assert planted == 2 * len(KINDS)
    assert (100 * held // planted, 100 * caught // planted) >= (80, 85)
    assert {kind: found.fate[kind]["held"] for kind in ALWAYS_HELD} == dict.fromkeys(ALWAYS_HELD, 2), found.escaped
    assert found.clean["held"] <= 2, found.false
