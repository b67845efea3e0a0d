"""Runs as the journal has them, and the nights on which one was due."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from common.one_line import one_line
from pipelines.nights import last_due, missed_since, next_due
from pipelines.runs import missed_nights, runs_of
from pipelines.settings_file import Settings, read_settings

YAML = """name: x
title: {vi: x, en: x}
environment: test
years: [2025]
rulesets: [national/766-2022]
schedule: "%s"
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}:00+07:00")


@pytest.fixture
def scheduled(tmp_path: Path) -> Any:
    def made(schedule: str) -> Settings:
        path = tmp_path / "dti.yaml"
        path.write_text(YAML % schedule, encoding="utf-8")
        return read_settings(path)

    return made


def event(kind: str, minute: int, **facts: Any) -> dict[str, Any]:
    return {"event": kind, "at": f"2025-10-01T01:{minute:02}:00+07:00", "reason": "x", **facts}


@pytest.mark.parametrize(
    ("schedule", "moment", "last", "following"),
    [
        ("0 1 * * *", "2025-10-02T00:59", "2025-10-01T01:00", "2025-10-02T01:00"),
        ("0 1 * * *", "2025-10-02T01:00", "2025-10-02T01:00", "2025-10-03T01:00"),
        ("30 1,13 * * *", "2025-10-02T12:00", "2025-10-02T01:30", "2025-10-02T13:30"),
        ("0 1 * * 1-5", "2025-10-05T12:00", "2025-10-03T01:00", "2025-10-06T01:00"),
        ("0 1 * * 7", "2025-10-08T12:00", "2025-10-05T01:00", "2025-10-12T01:00"),
        ("*/20 2 */10 * *", "2025-10-12T12:00", "2025-10-11T02:40", "2025-10-21T02:00"),
        ("0 1 1 * 1", "2025-10-02T12:00", "2025-10-01T01:00", "2025-10-06T01:00"),
        ("0 1 * * *", "2025-12-03T12:00", "2025-12-01T01:00", "2025-12-08T01:00"),
    ],
)
def test_when_a_night_is_due(scheduled: Any, schedule: str, moment: str, last: str, following: str) -> None:
    """By cron's rules (Sunday is 0 and 7; day of month or of week where both are given), on Mondays off season."""
    settings = scheduled(schedule)
    assert (last_due(settings, at(moment)), next_due(settings, at(moment))) == (at(last), at(following))


def test_a_schedule_that_never_comes_round_is_never_missed(scheduled: Any) -> None:
    settings = scheduled("99 1 * * *")
    assert last_due(settings, at("2025-10-02T00:59")) is None
    assert missed_since(settings, at("2025-01-01T00:00"), at("2025-10-02T00:00")) == []


def test_nights_are_missed_after_some_grace_and_not_while_running(scheduled: Any) -> None:
    settings = scheduled("0 1 * * *")
    runs = runs_of([event("refresh", 0), event("nothing-new", 1), event("refresh-end", 2)])
    assert missed_nights(settings, runs, at("2025-10-02T02:59")) == []
    assert missed_nights(settings, runs, at("2025-10-03T07:00")) == [at("2025-10-02T01:00"), at("2025-10-03T01:00")]
    assert missed_nights(settings, [], at("2025-10-03T07:00")) == []
    assert missed_nights(settings, runs_of([event("refresh", 0)], running=True), at("2025-10-03T07:00")) == []


ERROR = {"code": "x", "message": "x"}


@pytest.mark.parametrize(
    ("events", "result"),
    [
        ([], "killed"),
        ([event("pull", 1, status="accepted")], "killed"),
        ([event("publish", 2, release=3), event("refresh-end", 3)], "published"),
        ([event("nothing-new", 2), event("refresh-done", 3)], "nothing new"),
        ([event("refresh-end", 3)], "failed"),
        ([event("refresh-end", 3), event("refresh-failed", 3, error=ERROR)], "failed"),
        ([event("publish", 1, release=3), event("refresh-end", 3, error=ERROR)], "failed"),
        ([event("nothing-new", 2), event("refresh-end", 3), event("publish", 4, release=9)], "nothing new"),
    ],
)
def test_how_a_run_ended(events: list[dict[str, Any]], result: str) -> None:
    (run,) = runs_of([event("refresh", 0), *events])
    assert run.result == result
    assert run.seconds == (180 if events and events[-1]["at"] >= "2025-10-01T01:03" else None)


def test_a_run_of_several_processes_is_one_and_workers_do_not_mix() -> None:
    steps = [event("refresh", 0, run="r"), event("refresh-end", 1), event("refresh", 2, run="r")]
    (run,) = runs_of(steps)
    assert run.result == "killed", "its next step has not ended"
    other = [event("refresh", 3, worker="b"), event("publish", 4, release=5, worker="b")]
    mine, theirs = runs_of([*steps, *other, event("nothing-new", 5), event("refresh-end", 6)])
    assert (mine.result, theirs.result, theirs.release) == ("nothing new", "published", 5)


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\u2028b", "a\x00b", "a\u202eb", "a\x85 b", " a\t b "])
def test_text_from_elsewhere_stays_on_its_line(text: str) -> None:
    assert one_line(text) == "a b"
    assert len(one_line("x" * 900)) == 400
