"""Points that people enter for main indices or totals, and what a ruleset without a public annex can do."""

from __future__ import annotations

from decimal import Decimal

import pytest

from common.errors import ConfigurationError, DtiError, GateError
from tests.support.engine import Row, cell, indicator, ruleset_of, score_one

D = Decimal


def entry(agency: str, code: str, points: str) -> Row:
    return {"agency_id": agency, "code": code, "points": points}


def not_public(**more: object) -> Row:
    rules = ruleset_of(indicator("1", "points", main="A", most=500), indicator("2", "points", main="B", most=600))
    return (
        rules | {"indicators": "not_public", "structure": {"main_indices": 2, "indicators": 27, "points": 1100}} | more
    )


LEVELS = {
    "levels": {
        "levels": [
            {"level": "I", "total": 900, "main_indices": {"A": 450, "B": {"share": D("0.9")}}},
            {"level": "II", "total": D("842.5"), "main_indices": {"A": 400, "B": {"share": D("0.5")}}},
        ]
    }
}


@pytest.mark.parametrize(
    ("a", "b", "level", "ranked"),
    [
        ("450", "540", "I", True),
        ("449.99", "540", "II", True),
        ("450", "539.99", "II", True),
        ("400", "442.5", "II", True),
        ("400", "442.49", None, False),
        ("399.99", "600", None, False),
    ],
)
def test_a_level_needs_the_total_and_every_part(a: str, b: str, level: str | None, ranked: bool) -> None:
    (row,) = score_one(not_public(**LEVELS), [], entered=[entry("x", "A", a), entry("x", "B", b)]).rows("rankings")
    assert (row["grade"], row["ranked"]) == (level, ranked)
    assert row["unranked_reason"] == (None if ranked else "below_all_levels")


def test_a_level_is_not_judged_on_a_part_that_is_unknown() -> None:
    entered = [entry("x", "A", "500"), entry("y", "total", "1100")]
    rows = score_one(not_public(**LEVELS), [], entered=entered).rows("rankings")
    assert [(row["grade"], row["unranked_reason"]) for row in rows] == [(None, "part_missing")] * 2


def test_an_entered_total_is_ranked_and_graded() -> None:
    grades = {"bands": [{"grade": "tốt", "from": 990}, {"grade": "khá", "from": 0}]}
    entered = [entry("x", "total", "990"), entry("y", "total", "989.99"), entry("z", "total", "1100.01")]
    rows = score_one(not_public(grades=grades), [], entered=entered).rows("rankings")
    assert [(row["total"], row["rank"], row["grade"]) for row in rows] == [
        (990, 1, "tốt"),
        (D("989.99"), 2, "khá"),
        (0, None, None),
    ]


def test_an_entered_total_must_be_the_sum_of_complete_main_indices() -> None:
    parts = [entry("x", "A", "400"), entry("x", "B", "500")]
    assert score_one(not_public(), [], entered=[*parts, entry("x", "total", "900")]).rows("rankings")[0]["total"] == 900
    with pytest.raises(GateError, match="not the sum") as caught:
        score_one(not_public(), [], entered=[*parts, entry("x", "total", "900.01")])
    assert "x, 2025, 2025: 900.0100000000 ≠ 900.0000000000" in caught.value.where


@pytest.mark.parametrize("values", [[cell("x", "1", "5")], []])
def test_without_the_annex_scoring_says_what_is_missing_and_how_to_supply_it(values: list[Row]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        score_one(not_public(), values, agencies=["x"])
    error = caught.value
    assert (error.code, error.where) == ("annex-not-public", "x/one")
    assert "27 chỉ số thành phần (1100 điểm)" in error.message.vi
    assert "dti ruleset import x/one" in error.hint.vi


def test_points_of_a_main_index_stand_beside_scored_ones() -> None:
    rules = ruleset_of(indicator("1.1", "yes_no"), indicator("2.1", "yes_no", main="2"))
    engine = score_one(rules, [cell("x", "1.1", "yes")], entered=[entry("x", "2", "7.5")])
    assert [(row["points"], row["status"]) for row in engine.rows("main_index_scores")] == [
        (10, "scored"),
        (D("7.5"), "entered"),
    ]
    (total,) = engine.rows("rankings")
    assert (total["total"], total["coverage"]) == (D("17.5"), 1)


def test_points_of_an_indicator_may_be_entered_where_they_are_appraised() -> None:
    rules = ruleset_of(indicator("1.1", "yes_no"), indicator("1.2", "yes_no"))
    rows = score_one(rules, [cell("x", "1.1", "yes")], entered=[entry("x", "1.2", "4")]).rows("indicator_scores")
    assert [(row["points"], row["status"]) for row in rows] == [(10, "reported"), (4, "entered")]


@pytest.mark.parametrize(
    ("entered", "code"),
    [
        ([entry("x", "2", "5"), entry("x", "2", "6")], "entered-duplicate"),
        ([entry("x", "9", "5")], "entered-code"),
        ([entry("x", "1", "5")], "entered-and-values"),
        ([entry("x", "1.1", "5")], "entered-and-values"),
    ],
)
def test_points_that_contradict_are_refused_by_name(entered: list[Row], code: str) -> None:
    rules = ruleset_of(indicator("1.1", "yes_no"), indicator("2.1", "yes_no", main="2"))
    with pytest.raises(DtiError) as caught:
        score_one(rules, [cell("x", "1.1", "yes")], entered=entered)
    assert caught.value.code == code
    assert "x/one, x, 2025, 2025" in caught.value.where


@pytest.mark.parametrize(
    ("points", "reason"),
    [("-1", "negative"), ("10.5", "above_maximum"), ("năm", "not_a_number"), ("7,5", "decimal_comma")],
)
def test_points_out_of_range_never_count(points: str, reason: str) -> None:
    rules = ruleset_of(indicator("1.1", "yes_no"), indicator("2.1", "yes_no", main="2"))
    engine = score_one(rules, [cell("x", "1.1", "yes")], entered=[entry("x", "2", points)])
    row = engine.rows("main_index_scores")[1]
    assert (row["points"], row["status"], row["reason"], row["rank"]) == (0, "invalid", reason, None)
