"""Every rule with values whose points can be worked out in the head."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.support.engine import Row, cell, indicator, ruleset_of, score_many, score_one
from tests.support.recompute import points_of

D = Decimal
CATEGORIES = {"kind": "categories", "shares": {"Đầy đủ": 1, "một phần": D("0.5"), "không": 0}}
ITEMS = {
    "kind": "checklist",
    "items": [{"name_vi": n, "share": D(s)} for n, s in (("a", "0.5"), ("b", "0.3"), ("c", "0.2"))],
}
BANDS = {
    "kind": "bands",
    "of": "share",
    "bands": [{"from": D("0.5"), "share": D("0.5")}, {"above": D("0.8"), "share": 1}, {"from": D("0.2"), "points": 1}],
}
GATED = {"kind": "bands", "of": "count", "bands": [{"from": 1, "points": 4}, {"from": 3, "points": 10}], "gate": True}
PERIODS = {"kind": "periods", "count": 4, "on_time": D("2.5"), "late": 1}
PARTS = [
    {"max_points": 6, "rule": {"kind": "proportional"}},
    {"max_points": D("2.5"), "cap": 2, "rule": {"kind": "proportional"}, "above_one": "cap"},
    {"max_points": D("2.5"), "rule": {"kind": "yes_no"}},
]
SUM, BEST = {"kind": "sum_of", "parts": PARTS}, {"kind": "best_of", "parts": PARTS}
LESS = {"kind": "goalposts", "lower": 30, "upper": 10}


CASES: list[tuple[Any, Row, Any, str]] = [
    ("yes_no", {"value": "yes"}, 10, "reported"),
    ("yes_no", {"value": " Không "}, 0, "reported"),
    ("yes_no", {"value": "maybe"}, 0, "invalid"),
    (CATEGORIES, {"value": "đầy  đủ"}, 10, "reported"),
    (CATEGORIES, {"value": "MỘT PHẦN"}, 5, "reported"),
    (CATEGORIES, {"value": "hết"}, 0, "invalid"),
    (ITEMS, {"value": "yes;no;có"}, 7, "reported"),
    (ITEMS, {"value": "yes;;có"}, 7, "partial"),
    (ITEMS, {"value": "yes;no"}, 0, "invalid"),
    ({"kind": "checklist", "count": 4}, {"value": "3"}, "7.5", "reported"),
    ({"kind": "checklist", "count": 4}, {"value": "yes;yes;no;yes"}, "7.5", "reported"),
    ({"kind": "checklist", "count": 4}, {"value": "5"}, 0, "invalid"),
    ("proportional", {"n": 3, "d": 4}, "7.5", "reported"),
    ("proportional", {"value": "0.75"}, "7.5", "reported"),
    ("proportional", {"value": "3/4"}, "7.5", "reported"),
    ("proportional", {"n": "1.5", "d": "2"}, "7.5", "reported"),
    ("proportional", {"n": 5, "d": 4}, 0, "invalid"),
    ("proportional", {"n": -1, "d": 4}, 0, "invalid"),
    ("proportional", {"n": 1, "d": 0}, 0, "invalid"),
    ("proportional", {"n": 3}, 0, "missing"),
    ("proportional", {"value": "0,75"}, 0, "invalid"),
    ("proportional", {"value": "NaN"}, 0, "invalid"),
    ("proportional", {"value": "1e-1"}, 0, "invalid"),
    ("pooled", {"value": "1/4;2/4"}, "3.75", "reported"),
    ("pooled", {"value": "1/4;"}, 0, "missing"),
    ("pooled", {"value": "1/4;5/4"}, 0, "invalid"),
    ({"kind": "target", "target": D("0.8")}, {"n": 4, "d": 10}, 5, "reported"),
    ({"kind": "target", "target": D("0.8")}, {"n": 8, "d": 10}, 10, "reported"),
    ({"kind": "target", "target": D("0.8")}, {"n": 9, "d": 10}, 10, "reported"),
    ({"kind": "threshold", "threshold": D("0.8")}, {"n": 79, "d": 100}, "7.9", "reported"),
    ({"kind": "threshold", "threshold": D("0.8")}, {"n": 8, "d": 10}, 10, "reported"),
    ({"kind": "floor", "floor": D("0.5")}, {"n": 49, "d": 100}, 0, "reported"),
    ({"kind": "floor", "floor": D("0.5")}, {"n": 5, "d": 10}, 5, "reported"),
    ({"kind": "floor", "floor": D("0.5")}, {"n": 10, "d": 10}, 10, "reported"),
    ("all_or_nothing", {"n": 99, "d": 100}, 0, "reported"),
    ("all_or_nothing", {"n": 100, "d": 100}, 10, "reported"),
    (BANDS, {"n": 19, "d": 100}, 0, "reported"),
    (BANDS, {"n": 20, "d": 100}, 1, "reported"),
    (BANDS, {"n": 50, "d": 100}, 5, "reported"),
    (BANDS, {"n": 80, "d": 100}, 5, "reported"),
    (BANDS, {"n": 81, "d": 100}, 10, "reported"),
    (GATED, {"value": "2;yes"}, 4, "reported"),
    (GATED, {"value": "3;có"}, 10, "reported"),
    (GATED, {"value": "3;no"}, 0, "reported"),
    (GATED, {"n": 3, "value": "yes"}, 10, "reported"),
    (GATED, {"value": "3"}, 0, "invalid"),
    ({"kind": "per_item", "points": D("1.5")}, {"value": "4"}, 6, "reported"),
    ({"kind": "per_item", "points": D("1.5")}, {"n": 9}, 10, "reported"),
    (PERIODS, {"value": "on_time;late;none;đúng hạn"}, 6, "reported"),
    (PERIODS, {"value": "on_time;;;"}, "2.5", "partial"),
    (PERIODS, {"value": "on_time;sớm;none;late"}, 0, "invalid"),
    ({"kind": "goalposts", "lower": 10, "upper": 30}, {"value": "15"}, "2.5", "reported"),
    ({"kind": "goalposts", "lower": 10, "upper": 30}, {"value": "-5"}, 0, "reported"),
    ({"kind": "goalposts", "lower": 10, "upper": 30}, {"value": "31"}, 10, "reported"),
    (LESS, {"value": "15"}, "7.5", "reported"),
    (LESS, {"value": "9"}, 10, "reported"),
    ("points", {"value": "9.99"}, "9.99", "reported"),
    ("points", {"value": "10.01"}, 0, "invalid"),
    (SUM, {"value": "1/2;1/2;no"}, "4.25", "reported"),
    (SUM, {"value": "1/1;3/2;yes"}, 10, "reported"),
    (SUM, {"value": "1/1;;yes"}, "8.5", "partial"),
    (SUM, {"value": "1/1;yes"}, 0, "invalid"),
    (SUM, {"value": "7/1;1/2;no"}, 0, "invalid"),
    (BEST, {"value": "1/2;1/1;yes"}, 3, "reported"),
    (BEST, {"value": ";1/1;no"}, 2, "reported"),
    ("proportional", {"value": ""}, 0, "missing"),
    ("proportional", {"value": "1/4", "status": "missing"}, 0, "missing"),
]


@pytest.fixture(scope="module")
def scored() -> list[Row]:
    """The one score of each case."""
    cases = [(ruleset_of(indicator("1.1", rule)), [cell("a", "1.1", **given)]) for rule, given, _, _ in CASES]
    return [rows[0] for rows in score_many(cases)]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_points_of_each_rule(number: int, scored: list[Row]) -> None:
    _, _, points, status = CASES[number]
    row = scored[number]
    assert (Fraction(row["points"]), row["status"]) == (Fraction(str(points)), status), row["trace"]
    assert points_of(row["trace"]) == row["points"]


@pytest.mark.parametrize(
    ("policy", "points", "status", "maximum"),
    [
        ("full", 10, "reported", 10),
        ("zero", 0, "reported", 10),
        ("missing", 0, "missing", 10),
        ("not_applicable", 0, "not_applicable", 0),
    ],
)
def test_zero_denominator(policy: str, points: int, status: str, maximum: int) -> None:
    rules = ruleset_of(indicator("1.1", "proportional", zero_denominator=policy), indicator("1.2", "yes_no", most=5))
    engine = score_one(rules, [cell("a", "1.1", n=0, d=0), cell("a", "1.2", "yes")])
    first, _ = engine.rows("indicator_scores")
    assert (first["points"], first["status"], first["max_points"]) == (points, status, maximum)
    (main,) = engine.rows("main_index_scores")
    assert main["points"] == {"full": 15, "zero": 5, "missing": 5, "not_applicable": 15}[policy]  # 5·15/5: rescaled


@pytest.mark.parametrize(
    ("policy", "total", "ranked"), [("zero", 5, True), ("leave_out", 15, True), ("unranked", 5, False)]
)
def test_missing(policy: str, total: int, ranked: bool) -> None:
    rules = ruleset_of(indicator("1.1", "proportional", missing=policy), indicator("1.2", "yes_no", most=5))
    (row,) = score_one(rules, [cell("a", "1.2", "yes")]).rows("rankings")
    assert (row["total"], row["ranked"], row["coverage"]) == (total, ranked, D("0.5"))
    assert row["unranked_reason"] == (None if ranked else "value_missing")


def test_relative_to_the_best() -> None:
    rules = ruleset_of(indicator("1.1", "relative_to_best"))
    rows = score_one(rules, [cell("a", "1.1", "3"), cell("b", "1.1", "4"), cell("c", "1.1", n=1, d=2)]).rows(
        "indicator_scores"
    )
    assert [row["points"] for row in rows] == [D("7.5"), D(10), D("1.25")]


def test_relative_to_the_best_where_the_best_is_nothing() -> None:
    rules = ruleset_of(indicator("1.1", "relative_to_best", zero_denominator="zero"))
    rows = score_one(rules, [cell("a", "1.1", "0"), cell("b", "1.1", "0")]).rows("indicator_scores")
    assert [(row["points"], row["status"]) for row in rows] == [(0, "reported")] * 2


def test_above_one_earns_the_maximum_where_the_ruleset_says_so() -> None:
    rules = ruleset_of(indicator("1.1", "proportional", above_one="cap"))
    (row,) = score_one(rules, [cell("a", "1.1", n=12, d=10)]).rows("indicator_scores")
    assert (row["points"], row["status"], '"cap":"10"' in row["trace"]) == (10, "reported", True)


def test_percent_is_a_unit_of_the_plain_value_only() -> None:
    rules = ruleset_of(indicator("1.1", "proportional", unit="percent"))
    rows = score_one(rules, [cell("a", "1.1", "85"), cell("b", "1.1", n=85, d=100)]).rows("indicator_scores")
    assert [row["points"] for row in rows] == [D("8.5")] * 2


def test_bonus_and_penalty_count_towards_the_total_only() -> None:
    rules = ruleset_of(
        indicator("1.1", "yes_no"),
        indicator("B", {"kind": "bonus", "points": 2, "limit": 5}, most=0, main=None),
        indicator("P", {"kind": "penalty", "points": D("1.5"), "limit": 3}, most=0, main=None),
    )
    values = [
        cell("a", "1.1", "yes"),
        cell("a", "B", "4"),
        cell("a", "P", "1"),
        cell("b", "1.1", "no"),
        cell("b", "P", "9"),
    ]
    engine = score_one(rules, values)
    points = {(r["agency_id"], r["indicator_code"]): r["points"] for r in engine.rows("indicator_scores")}
    assert (points["a", "B"], points["a", "P"], points["b", "P"]) == (5, D("-1.5"), -3)
    assert [(row["total"], row["max_total"]) for row in engine.rows("rankings")] == [(D("13.5"), 10), (-3, 10)]
    assert [row["points"] for row in engine.rows("main_index_scores")] == [10, 0]


def test_not_scored_is_shown_with_0_of_0_points() -> None:
    rules = ruleset_of(indicator("1.1", "yes_no"), indicator("1.2", "not_scored", most=0))
    rows = score_one(rules, [cell("a", "1.1", "yes"), cell("a", "1.2", "123")]).rows("indicator_scores")
    assert [(row["points"], row["max_points"], row["status"]) for row in rows] == [
        (10, 10, "reported"),
        (0, 0, "not_scored"),
    ]


@pytest.mark.parametrize(
    ("mode", "points"),
    [
        ("half_up", ["0.13", "0.12", "0.67"]),
        ("half_even", ["0.12", "0.12", "0.67"]),
        ("truncate", ["0.12", "0.11", "0.66"]),
    ],
)
def test_rounding(mode: str, points: list[str]) -> None:
    rules = ruleset_of(indicator("1.1", "points", most=1), rounding={"indicator": {"digits": 2, "mode": mode}})
    thirds = ruleset_of(indicator("1.1", "proportional", most=1), rounding={"indicator": {"digits": 2, "mode": mode}})
    rows = score_one(rules, [cell("a", "1.1", "0.125"), cell("b", "1.1", "0.115")]).rows("indicator_scores")
    rows += score_one(thirds, [cell("c", "1.1", n=2, d=3)]).rows("indicator_scores")
    assert [row["points"] for row in rows] == [D(p) for p in points]
