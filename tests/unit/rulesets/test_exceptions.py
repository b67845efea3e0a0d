"""Exceptions in two passes: first who has a figure of its own, then the exempt."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.support.engine import Row, cell, indicator, ruleset_of, score_one

D = Decimal
ARTICLES = {
    "7.2": "group_highest_score",
    "7.3": "group_highest_figure",
    "7.4": "full_points",
    "5.1": "leave_out_and_rescale",
}
EXCEPTIONS = [{"article": a, "policy": p, "who_vi": "đơn vị đặc thù"} for a, p in ARTICLES.items()]


def exempt(agency: str, article: str | None, code: str = "1.1") -> Row:
    return cell(agency, code, status="exempt", article=article)


def scored(rule: Any, *values: Row, **more: Any) -> dict[str, Row]:
    rules = ruleset_of(indicator("1.1", rule, **more), indicator("1.2", "yes_no"), exceptions=EXCEPTIONS)
    rows = score_one(rules, values).rows("indicator_scores")
    return {row["agency_id"]: row for row in rows if row["indicator_code"] == "1.1"}


@pytest.mark.parametrize(("article", "points"), [("7.2", D("7.5")), ("7.3", D("7.5")), ("7.4", D(10))])
def test_an_exempt_agency_is_scored_after_the_others(article: str, points: Decimal) -> None:
    rows = scored("proportional", cell("a", "1.1", n=1, d=2), cell("b", "1.1", n=3, d=4), exempt("c", article))
    assert (rows["c"]["points"], rows["c"]["status"], rows["c"]["article"]) == (points, "exempt", article)
    trace = json.loads(rows["c"]["trace"])
    assert (trace["article"], trace["policy"], trace.get("as")) == (
        article,
        ARTICLES[article],
        "b" if article < "7.4" else None,
    )


def test_the_highest_score_and_the_highest_figure_differ_where_0_of_0_earns_all() -> None:
    values = [cell("a", "1.1", n=1, d=2), cell("b", "1.1", n=0, d=0), exempt("c", "7.2"), exempt("d", "7.3")]
    rows = scored("proportional", *values, zero_denominator="full")
    assert (rows["b"]["points"], rows["c"]["points"], rows["d"]["points"]) == (10, 10, 5)


def test_the_best_figure_is_the_lowest_where_less_is_better() -> None:
    rows = scored(
        {"kind": "goalposts", "lower": 30, "upper": 10},
        cell("a", "1.1", "25"),
        cell("b", "1.1", "15"),
        exempt("c", "7.3"),
    )
    assert rows["c"]["points"] == D("7.5")


@pytest.mark.parametrize("article", ["7.2", "7.3"])
def test_an_exempt_agency_never_raises_the_highest(article: str) -> None:
    """Whatever it reports beside its exemption, and however many are exempt."""
    others = [cell("a", "1.1", "3"), cell("b", "1.1", "4")]
    alone = scored("relative_to_best", *others)
    values = [*others, exempt("c", article) | {"value": "1000"}, exempt("d", article), exempt("e", "7.4")]
    together = scored("relative_to_best", *values)
    assert {name: together[name]["points"] for name in ("a", "b")} == {
        name: alone[name]["points"] for name in ("a", "b")
    }
    assert together["c"]["points"] == together["d"]["points"] == 10


@pytest.mark.parametrize("article", ["7.2", "7.3"])
@pytest.mark.parametrize("others", [[], [cell("a", "1.1", n=5, d=4)], [cell("a", "1.1", status="missing")]])
def test_where_nobody_has_a_figure_the_result_is_missing_and_says_so(article: str, others: list[Row]) -> None:
    row = scored("proportional", *others, exempt("c", article))["c"]
    assert (row["points"], row["status"], row["reason"]) == (0, "missing", "no_figure_in_group")


def test_groups_do_not_look_at_each_other() -> None:
    rules = ruleset_of(indicator("1.1", "proportional"), exceptions=EXCEPTIONS, groups=["department", "district"])
    from tests.support.engine import PERIOD, YEAR, Engine, loaded

    one = loaded("x/one", rules)
    group = {"ruleset_id": "x/one", "assessment_year": YEAR, "period": PERIOD}
    roster = [
        {**group, "agency_group": g, "agency_id": a}
        for a, g in (("a", "department"), ("b", "district"), ("c", "district"))
    ]
    values = [{**group, **row} for row in (cell("a", "1.1", "1"), cell("b", "1.1", "0.5"), exempt("c", "7.2"))]
    points = {r["agency_id"]: r["points"] for r in Engine([one]).score(roster, values).rows("indicator_scores")}
    assert points == {"a": 10, "b": 5, "c": 5}


def test_left_out_is_rescaled_within_its_main_index_and_the_total_keeps_its_maximum() -> None:
    rules = ruleset_of(
        indicator("1.1", "yes_no", most=5),
        indicator("1.2", "yes_no", most=15),
        indicator("2.1", "yes_no", main="2"),
        exceptions=EXCEPTIONS,
    )
    engine = score_one(rules, [exempt("a", "5.1", "1.2"), cell("a", "1.1", "yes"), cell("a", "2.1", "no")])
    assert [(row["points"], row["max_points"]) for row in engine.rows("main_index_scores")] == [(20, 20), (0, 10)]
    (total,) = engine.rows("rankings")
    assert (total["total"], total["max_total"], total["assessed"], total["coverage"]) == (20, 30, 2, 1)


def test_a_main_index_that_is_left_out_whole_is_rescaled_in_the_total() -> None:
    rules = ruleset_of(
        indicator("1.1", "yes_no"), indicator("2.1", "proportional", main="2", most=30), exceptions=EXCEPTIONS
    )
    engine = score_one(rules, [exempt("a", "5.1"), cell("a", "2.1", "0.5")])
    assert [row["status"] for row in engine.rows("main_index_scores")] == ["not_applicable", "scored"]
    assert engine.rows("rankings")[0]["total"] == 20  # 15 of 30, brought to 40


@pytest.mark.parametrize(
    ("article", "reason"), [("9.9", "unknown_article"), (None, "no_article"), ("8.1", "article_does_not_cover")]
)
def test_an_exemption_without_ground_is_invalid_and_earns_nothing(article: str | None, reason: str) -> None:
    narrow = {"article": "8.1", "policy": "full_points", "indicators": ["1.2"], "who_vi": "khác"}
    rules = ruleset_of(indicator("1.1", "yes_no"), indicator("1.2", "yes_no"), exceptions=[*EXCEPTIONS, narrow])
    row = score_one(rules, [exempt("a", article)]).rows("indicator_scores")[0]
    assert (row["points"], row["status"], row["reason"]) == (0, "invalid", reason)
