"""Steps of one indicator: possible figures, in real units, up to what earns the maximum, as the engine scores them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from rulesets.indicators import Indicator
from rulesets.lift.steps import Figure, Reach, Steps, steps_of
from tests.support.engine import Row, cell, indicator, ruleset_of, score_one

D = Decimal
BANDS = {"kind": "bands", "of": "count", "bands": [{"above": 0, "share": "1/2"}, {"from": 7, "share": 1}]}
SHARES = {
    "kind": "bands",
    "of": "share",
    "bands": [{"from": D("0.5"), "share": "1/2"}, {"above": D("0.8"), "share": 1}],
}
LIST = {
    "kind": "checklist",
    "items": [{"name_vi": name, "share": share} for name, share in (("a", D("0.2")), ("b", D("0.5")), ("c", D("0.3")))],
}
PARTS = {
    "kind": "sum_of",
    "parts": [
        {"max_points": 6, "rule": {"kind": "proportional"}},
        {"max_points": 4, "rule": {"kind": "yes_no"}},
    ],
}


def of(rule: Any, **figure: Any) -> Steps:
    more = {"max_points": 0, "main_index": None} if rule in ("bonus", "penalty") else {}
    one = Indicator.model_validate({**indicator("1.1", rule), **more})
    standing = Figure(figure.get("n"), figure.get("d"), figure.get("value"))
    return steps_of(one, standing, Reach(figure.get("best"), figure.get("unit")))


def points(rule: Any, steps: Steps, rival: Row | None = None) -> list[Decimal]:
    """What the engine gives for each step."""
    cells = [
        cell(f"a{n:04d}", "1.1", step.value, n=step.numerator, d=step.denominator) for n, step in enumerate(steps.steps)
    ]
    rows = score_one(ruleset_of(indicator("1.1", rule)), [*cells, *([rival] if rival else [])]).rows("indicator_scores")
    assert {row["status"] for row in rows} <= {"reported"}, rows
    return [row["points"] for row in rows if row["agency_id"].startswith("a")]


@pytest.mark.parametrize(
    ("rule", "figure", "count", "first", "last"),
    [
        ("proportional", {"n": "51.000000", "d": "137.000000"}, 86, "52/137", "137/137"),
        ({"kind": "target", "target": D("0.8")}, {"n": "51", "d": "137"}, 59, "52/137", "110/137"),
        ({"kind": "threshold", "threshold": D("0.8")}, {"n": "51", "d": "137"}, 59, "52/137", "110/137"),
        ({"kind": "floor", "floor": D("0.5")}, {"n": "1", "d": "9"}, 8, "2/9", "9/9"),
        ("all_or_nothing", {"n": "7", "d": "9"}, 2, "8/9", "9/9"),
        (SHARES, {"n": "3", "d": "10"}, 6, "4/10", "9/10"),
        (BANDS, {"value": "0"}, 7, "1", "7"),
        ({"kind": "per_item", "points": 3}, {"value": "1"}, 3, "2", "4"),
        ({"kind": "goalposts", "lower": 0, "upper": 52}, {"value": "50"}, 2, "51", "52"),
        ({"kind": "goalposts", "lower": 9, "upper": 2}, {"value": "5"}, 3, "4", "2"),
        ("yes_no", {"value": "no"}, 1, "yes", "yes"),
        ("yes_no", {"value": None}, 1, "yes", "yes"),
        (
            {"kind": "categories", "shares": {"không": 0, "vừa": D("0.5"), "tốt": 1}},
            {"value": "không"},
            2,
            "vừa",
            "tốt",
        ),
        ({"kind": "checklist", "count": 5}, {"value": "3"}, 2, "4", "5"),
        (LIST, {"value": "no;no;yes"}, 3, None, "yes;yes;yes"),
        (
            {"kind": "periods", "count": 4, "on_time": D("2.5"), "late": 1},
            {"value": "late;none;on_time;"},
            5,
            None,
            None,
        ),
        ("pooled", {"value": "1/3;2/4"}, 4, "2/3;2/4", "3/3;4/4"),
        ("points", {"value": "9.5"}, 50, "9.51", "10"),
        (PARTS, {"value": "1/3;no"}, 5, None, "3/3;yes"),
    ],
)
def test_steps_lead_to_the_maximum(rule: Any, figure: Any, count: int, first: str | None, last: str | None) -> None:
    found = of(rule, **figure)
    texts = [s.value if s.numerator is None else f"{s.numerator}/{s.denominator}" for s in found.steps]
    assert len(texts) == count
    assert first in (None, texts[0])
    assert last in (None, texts[-1])
    assert [s.units for s in found.steps] == sorted(s.units for s in found.steps)
    assert max(points(rule, found)) == 10
    assert all(0 < s.units <= s.gap for s in found.steps)


@pytest.mark.parametrize(
    ("rule", "figure", "why"),
    [
        ("proportional", {"n": "9", "d": "9"}, "at_maximum"),
        ("proportional", {"n": "0", "d": "0"}, "zero_denominator"),
        ("proportional", {}, "no_figure"),
        ({"kind": "target", "target": D("0.8")}, {"n": "8", "d": "9"}, "at_maximum"),
        ("yes_no", {"value": "Có"}, "at_maximum"),
        (BANDS, {"value": "7"}, "at_maximum"),
        ("relative_to_best", {"value": "7", "best": Fraction(7)}, "at_maximum"),
    ],
)
def test_where_nothing_can_be_done_it_says_why(rule: Any, figure: Any, why: str) -> None:
    assert of(rule, **figure) == Steps(why_not=why)


def test_the_best_of_the_group_is_as_far_as_a_relative_rule_goes() -> None:
    found = of("relative_to_best", value="3", best=Fraction(8))
    assert [step.value for step in found.steps] == ["4", "5", "6", "7", "8"]
    assert points("relative_to_best", found, cell("z", "1.1", "8"))[-1] == 10


def test_long_ways_go_in_round_steps_and_end_exactly() -> None:
    money = of({"kind": "target", "target": D("0.1")}, n="338440000.000000", d="8461000000.000000")
    assert money.unit == 1_000_000
    assert len(money.steps) == 508
    assert (money.steps[0].numerator, money.steps[-1].numerator) == ("339440000", "846100000")
    stated = of({"kind": "target", "target": D("0.1")}, n="338440000", d="8461000000", unit=Fraction(100_000_000))
    assert [step.numerator for step in stated.steps] == [f"{n}38440000" for n in range(4, 9)] + ["846100000"]


def test_late_periods_and_missing_ones_are_different_ways_up() -> None:
    rule = {"kind": "periods", "count": 4, "on_time": D("2.5"), "late": 1}
    found = of(rule, value="late;none;on_time;on_time")
    assert [step.value for step in found.steps] == [
        "on_time;none;on_time;on_time",
        "late;on_time;on_time;on_time",
        "on_time;on_time;on_time;on_time",
    ]
    assert points(rule, found) == [Decimal("7.5"), Decimal("8.5"), Decimal(10)]
