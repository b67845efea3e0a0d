"""What changed between two releases: the parts add up exactly, each with its reason, and nothing is said of nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from unittest.mock import patch

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.changes import REASONS, Change, compared

SCHEMA = """
create table agencies (agency_id varchar, name_vi varchar, agency_group varchar, parent_id varchar, valid_from date,
    valid_to date);
create table rulesets (ruleset_id varchar, content_hash varchar);
create table main_indices (ruleset_id varchar, main_index_code varchar);
create table rankings (ruleset_id varchar, agency_group varchar, agency_id varchar, assessment_year integer,
    period varchar, total decimal(18, 10), rank integer, assessed integer);
create table indicator_values (ruleset_id varchar, agency_id varchar, assessment_year integer, period varchar,
    indicator_code varchar, numerator decimal(38, 6), denominator decimal(38, 6), value varchar, status varchar,
    article varchar, stage varchar, pull_id varchar);
create table indicator_scores (ruleset_id varchar, agency_id varchar, assessment_year integer, period varchar,
    indicator_code varchar, points decimal(18, 10), rule varchar, article varchar);
create table entered_scores (ruleset_id varchar, agency_id varchar, assessment_year integer, period varchar,
    code varchar, points varchar);
create table indicator_inputs (ruleset_id varchar, indicator_code varchar, metric_id varchar);
create table corrections (source varchar, agency_id varchar, assessment_year integer, period varchar, metric varchar,
    value varchar, expired boolean);
"""


@dataclass(frozen=True)
class Mark:
    """One indicator of one agency: its figure, the points it got, how, and at which stage."""

    value: int = 1
    points: Decimal = Decimal(1)
    rule: str = "linear"
    stage: str = "collected"
    article: str | None = None


@dataclass(frozen=True)
class Night:
    """All that a release says of two agencies or more, as far as changes look at it."""

    marks: Mapping[tuple[str, str], Mark]
    ruleset: str = "x/1"
    edited: str = "a"
    rounding: int = 10
    listed: tuple[str, ...] = ()
    """Agencies of the register without any figure."""
    corrected: str = ""
    """What the figure of agency `a` for indicator 1 was corrected to."""


def fill(con: duckdb.DuckDBPyConnection, night: Night) -> None:
    """The tables that changes look at, with a night in them."""
    totals: dict[str, Decimal] = {}
    con.execute(f"{SCHEMA}; insert into rulesets values ('{night.ruleset}', '{night.edited}')")
    con.execute(f"insert into indicator_inputs values ('{night.ruleset}', '1', 'm.one')")
    if night.corrected:
        con.execute(f"insert into corrections values ('s', 'a', 2024, '2024', 'm.one', '{night.corrected}', false)")
    values, scores = [], []
    for (agency, code), mark in night.marks.items():
        key = f"'{night.ruleset}', '{agency}', 2024, '2024', '{code}'"
        article = f"'{mark.article}'" if mark.article else "null"
        totals[agency] = totals.get(agency, Decimal(0)) + mark.points
        values.append(f"({key}, null, null, '{mark.value}', 'reported', {article}, '{mark.stage}', 'p')")
        scores.append(f"({key}, {mark.points:f}, '{mark.rule}', {article})")
    rankings = []
    registered = sorted({*totals, *night.listed})
    agencies = [f"('{one}', '{one.upper()}', 'department', null, null, null)" for one in registered]
    for agency, total in totals.items():
        shown = round(total, night.rounding)
        better = sum(round(other, night.rounding) > shown for other in totals.values())
        rankings.append(f"('{night.ruleset}', 'department', '{agency}', 2024, '2024', {shown:f}, {better + 1}, 2)")
    rows = {"indicator_values": values, "indicator_scores": scores, "rankings": rankings, "agencies": agencies}
    con.execute(";".join(f"insert into {name} values {', '.join(those)}" for name, those in rows.items()))


def changes(before: Night, after: Night) -> list[Change]:
    with duckdb.connect() as con:
        for name, night in (("before", before), ("after", after)):
            con.execute(f"create schema {name}; use {name}")
            fill(con, night)
        con.execute("use memory.main")
        return compared(con)


BASE = Night({(agency, code): Mark() for agency in ("a", "b") for code in ("1", "2")})


def after(*, ruleset: str = "x/1", edited: str = "a", **marks: Mark) -> Night:
    """The base with marks of agency `a` replaced: `one` and `two` are its indicators."""
    codes = {"one": ("a", "1"), "two": ("a", "2")}
    return Night({**BASE.marks, **{codes[name]: mark for name, mark in marks.items()}}, ruleset, edited)


MORE = Decimal("0.3")
REASONED: dict[str, tuple[Night, Night]] = {
    "restated": (BASE, after(one=Mark(2, MORE))),
    "appraisal": (BASE, after(one=Mark(2, MORE, stage="appraised"))),
    "correction": (BASE, replace(after(one=Mark(2, MORE)), corrected="2")),
    "exception": (BASE, after(one=Mark(1, MORE, article="5.1"))),
    "peers": (after(one=Mark(rule="relative_to_best")), after(one=Mark(1, MORE, "relative_to_best"))),
    "computed": (BASE, after(one=Mark(1, MORE))),
    "ruleset": (BASE, after(one=Mark(1, MORE), edited="b")),
    "new": (replace(BASE, marks={k: v for k, v in BASE.marks.items() if k != ("a", "1")}), BASE),
    "gone": (BASE, replace(BASE, marks={k: v for k, v in BASE.marks.items() if k != ("a", "1")})),
}


@pytest.mark.parametrize("reason", REASONED)
def test_every_part_has_its_reason(reason: str) -> None:
    found = {change.agency_id: change for change in changes(*REASONED[reason])}
    assert found["a"].reason == reason
    assert [part.reason for part in found["a"].parts] == [reason]
    assert "b" not in found or (found["b"].reason, found["b"].parts) == ("others", [])


def test_another_decision_is_the_reason_of_everything() -> None:
    found = changes(BASE, Night(BASE.marks, ruleset="x/2"))
    assert {(change.agency_id, change.reason) for change in found} == {("a", "ruleset"), ("b", "ruleset")}


def test_an_agency_comes_and_goes_by_the_register_or_with_its_figures() -> None:
    alone = replace(BASE, marks={key: mark for key, mark in BASE.marks.items() if key[0] == "b"})
    assert {c.agency_id: c.reason for c in changes(alone, BASE)}["a"] == "register"
    assert {c.agency_id: c.reason for c in changes(BASE, alone)}["a"] == "register"
    assert {c.agency_id: c.reason for c in changes(replace(alone, listed=("a",)), BASE)}["a"] == "entered"
    assert {c.agency_id: c.reason for c in changes(BASE, replace(alone, listed=("a",)))}["a"] == "left"


def test_nothing_is_said_of_nothing() -> None:
    assert changes(BASE, BASE) == []
    assert changes(BASE, replace(BASE, edited="b")) == [], "a ruleset that is edited without any effect"


marks = st.builds(
    Mark,
    value=st.integers(0, 3),
    points=st.decimals(0, 10, places=10, allow_nan=False, allow_infinity=False),
    rule=st.sampled_from(["linear", "relative_to_best"]),
    stage=st.sampled_from(["collected", "declared", "appraised"]),
    article=st.sampled_from([None, "5.1"]),
)
nights = st.builds(
    Night,
    st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from("123")), marks, min_size=1, max_size=9),
    edited=st.sampled_from("ab"),
    rounding=st.sampled_from([10, 2]),
)


@settings(max_examples=25, deadline=None)
@given(nights, nights)
def test_parts_add_up_to_the_change_whatever_happened(before: Night, then: Night) -> None:
    assert changes(before, before) == []
    found = changes(before, then)
    for change in found:
        assert change.reason in REASONS
        if change.total_before is not None and change.total_after is not None:
            gains = sum((part.gain for part in change.parts), Decimal(0))
            assert gains == change.total_after - change.total_before
            assert all(part.gain for part in change.parts)
            assert all(part.reason in REASONS for part in change.parts)
    with patch("pipelines.changes._ROWS", 1):  # every agency is a batch of its own
        assert changes(before, then) == found
    mirrored = {change.agency_id: change for change in changes(then, before)}
    assert mirrored.keys() == {change.agency_id for change in found}
    for change in found:
        back = mirrored[change.agency_id]
        assert (back.total_before, back.total_after) == (change.total_after, change.total_before)
