"""Scenarios scored together are what each would be if it were scored alone."""

from __future__ import annotations

import random
from typing import Any

import pytest

from rulesets.scoring.scenarios import Cell, Entry, Scenario, put, score, unmarked
from tests.support.engine import ENTERED, PERIOD, ROSTER, VALUES, YEAR, Engine, Row, cell, indicator, loaded, ruleset_of

RULESET = "x/one"
ARTICLES = {"7.2": "group_highest_score", "7.3": "group_highest_figure", "5.1": "leave_out_and_rescale"}
RULES = ruleset_of(
    indicator("1.1", "proportional", most=7),
    indicator("1.2", "relative_to_best", most=9),
    indicator("1.3", "yes_no", most=4),
    indicator("2.1", {"kind": "bands", "of": "count", "bands": [{"from": 3, "share": 1}]}, main="2"),
    exceptions=[{"article": a, "policy": p, "who_vi": "đơn vị đặc thù"} for a, p in ARTICLES.items()],
)
CODES = ("1.1", "1.2", "1.3", "2.1")
AGENCIES = ("a", "b", "c", "d")


def figure(random_: random.Random, agency: str, code: str) -> Row:
    if code == "1.1":
        d = random_.randint(1, 9)
        return cell(agency, code, n=random_.randint(0, d), d=d)
    return cell(agency, code, random_.choice(["yes", "no"]) if code == "1.3" else str(random_.randint(0, 9)))


def changed(random_: random.Random) -> Row:
    agency, code = random_.choice(AGENCIES), random_.choice(CODES)
    if random_.random() < 0.4:
        return cell(agency, code, status="exempt", article=random_.choice([*ARTICLES]))
    return figure(random_, agency, code)


def engine_with_base(values: list[Row], entered: list[Row] | None = None) -> Engine:
    engine = Engine([loaded(RULESET, RULES)])
    key = {"ruleset_id": RULESET, "assessment_year": YEAR, "period": PERIOD}
    engine.put("base_roster", ROSTER, [{**key, "agency_group": "department", "agency_id": a} for a in AGENCIES])
    engine.put("base_values", VALUES, [{**key, **row} for row in values])
    engine.put("base_entered", ENTERED, [{**key, **row} for row in entered or []])
    return engine


def as_cell(row: Row) -> Cell:
    words = {name: None if row[name] is None else str(row[name]) for name in ("numerator", "denominator", "value")}
    return Cell(RULESET, row["agency_id"], row["indicator_code"], status=row["status"], article=row["article"], **words)


def standings(engine: Engine, scenario: int) -> list[tuple[Any, ...]]:
    return engine.con.execute(
        f"select agency_id, total, rank, coverage from {unmarked('rankings')} where scenario = {scenario} order by all"
    ).fetchall()


@pytest.mark.parametrize("seed", range(6))
def test_scenarios_scored_together_are_what_each_is_alone(seed: int) -> None:
    random_ = random.Random(seed)
    values = [figure(random_, agency, code) for agency in AGENCIES for code in CODES]
    changes = [[changed(random_)] for _ in range(12)]
    engine = engine_with_base(values)
    put(engine.con, [Scenario(), *(Scenario([as_cell(row) for row in rows]) for rows in changes)])
    score(engine.con)
    seen = set()
    for number, rows in enumerate([[], *changes]):
        touched = {(row["agency_id"], row["indicator_code"]) for row in rows}
        kept = [row for row in values if (row["agency_id"], row["indicator_code"]) not in touched]
        alone = Engine([loaded(RULESET, RULES)])
        key = {"ruleset_id": RULESET, "assessment_year": YEAR, "period": PERIOD}
        roster = [{**key, "agency_group": "department", "agency_id": name} for name in AGENCIES]
        alone.score(roster, [{**key, **row} for row in [*kept, *rows]])
        expected = alone.con.execute("select agency_id, total, rank, coverage from rankings order by all").fetchall()
        assert standings(engine, number) == expected
        seen.add(tuple(expected))
    assert len(seen) > 5


def test_entered_points_stand_before_a_figure_and_a_new_figure_before_them() -> None:
    values = [cell(agency, "1.1", n=1, d=7) for agency in AGENCIES]
    engine = engine_with_base(values[1:], [{"agency_id": "a", "code": "1.1", "points": "5"}])
    entry, taken_back = Entry(RULESET, "b", "1.1", "6"), Entry(RULESET, "a", "1.1", None)
    put(engine.con, [Scenario(), Scenario(entries=[entry]), Scenario([as_cell(values[0])]), Scenario((), [taken_back])])
    score(engine.con)
    totals = [{row[0]: row[1] for row in standings(engine, n)} for n in range(4)]
    assert [(one["a"], one["b"]) for one in totals] == [(5, 1), (5, 6), (1, 1), (0, 1)]


def test_another_ruleset_judges_only_its_scenario() -> None:
    values = [cell(agency, "1.3", answer) for agency, answer in zip(AGENCIES, ["yes", "no", "yes", "no"], strict=True)]
    engine = engine_with_base(values)
    other = ruleset_of(indicator("1.3", "yes_no", most=11))
    from rulesets.scoring import write_reference

    write_reference(engine.con, [loaded(RULESET, RULES), loaded(f"{RULESET}#1", other)])
    put(engine.con, [Scenario(), Scenario(rulesets={RULESET: f"{RULESET}#1"})])
    score(engine.con)
    assert [{row[1] for row in standings(engine, n)} for n in (0, 1)] == [{4, 0}, {11, 0}]
