"""The season of an assessment year: when a refresh is due every night, and what `dti.yaml` may say about it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from common.errors import ConfigurationError
from pipelines.season import next_day
from pipelines.settings_file import Cycle, read_settings

YAML = """name: x
title: {vi: x, en: x}
environment: test
years: [2024]
rulesets: [national/766-2022]
cycle: {open: "09-01", lock: "11-15", appeal: "11-25", publish: "11-30"}
"""


@pytest.mark.parametrize(
    ("day", "due"),
    [("2024-08-31", False), ("2024-09-01", True), ("2024-11-30", True), ("2024-12-01", False), ("2025-01-01", False)],
)
def test_the_season_runs_from_opening_to_publication(day: str, due: bool) -> None:
    assert Cycle().in_season(date.fromisoformat(day)) is due


def test_the_days_of_a_year_are_in_order() -> None:
    days = Cycle().dates(2024)
    assert list(days) == ["open", "lock", "appeal", "publish"]
    assert list(days.values()) == sorted(days.values())


@pytest.mark.parametrize(
    ("wrong", "right", "code", "where"),
    [
        ('"02-30"', '"09-01"', "cycle-day", "dti.yaml:6:9"),
        ('"11-10"', '"11-25"', "cycle-order", "dti.yaml:6:39"),
        ("9-1", '"09-01"', "cycle-day", "dti.yaml:6:9"),
    ],
)
def test_a_mistake_in_the_cycle_is_named_at_its_place(
    tmp_path: Path, wrong: str, right: str, code: str, where: str
) -> None:
    path = tmp_path / "dti.yaml"
    path.write_text(YAML.replace(right, wrong), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_settings(path)
    finding = caught.value.findings[0]
    assert finding.code == code
    assert finding.where.endswith(where.removeprefix("dti.yaml")), finding.where


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2024-01-01", ("open", 244)),
        ("2024-11-15", ("lock", 0)),
        ("2024-11-16", ("appeal", 9)),
        ("2024-12-01", None),
    ],
)
def test_the_next_day_of_the_cycle(today: str, expected: tuple[str, int] | None) -> None:
    found = next_day(Cycle().dates(2024), date.fromisoformat(today))
    assert (found and (found["name"], found["in_days"])) == expected
