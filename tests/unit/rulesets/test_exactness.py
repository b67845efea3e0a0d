"""Where binary floats, or any fixed number of digits, would decide wrongly."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from rulesets.scoring.exact import round_fraction
from tests.support.engine import Row, cell, indicator, ruleset_of, score_one

D = Decimal
GRADES = {"grades": {"bands": [{"grade": "khá", "from": 252}, {"grade": "trung bình", "from": 0}]}}
PRIME = 999_999_999_989


def ranks(rows: list[Row]) -> list[int | None]:
    return [row["rank"] for row in rows]


def test_0_7_of_360_reaches_the_band_from_252() -> None:
    rules = ruleset_of(indicator("1.1", "proportional", most=360), **GRADES)
    values = [cell("a", "1.1", "0.7"), cell("b", "1.1", n=7, d=10), cell("c", "1.1", "0.6999999999999999")]
    assert [row["grade"] for row in score_one(rules, values).rows("rankings")] == ["khá", "khá", "trung bình"]


def test_thirds_add_up_to_a_whole() -> None:
    """1/3 + 2/3 of 10 is exactly 10: it ties with 10 and reaches a limit of 10."""
    rules = ruleset_of(
        indicator("1.1", "proportional"),
        indicator("1.2", "proportional"),
        grades={"bands": [{"grade": "đạt", "from": 10}, {"grade": "chưa", "from": 0}]},
    )
    values = [cell("a", "1.1", n=1, d=3), cell("a", "1.2", n=2, d=3), cell("b", "1.1", "1"), cell("b", "1.2", "0")]
    rows = score_one(rules, values).rows("rankings")
    assert ([row["total"] for row in rows], ranks(rows)) == ([10, 10], [1, 1])
    assert [row["grade"] for row in rows] == ["đạt", "đạt"]


def test_totals_that_differ_beyond_every_digit_shown_are_not_a_tie() -> None:
    """n/p and (n+1)/(p+1) for large p differ by about 10⁻²⁴."""
    rules = ruleset_of(
        indicator("1.1", "proportional", most=1),
        grades={"bands": [{"grade": "một", "from": 1}, {"grade": "dưới một", "from": 0}]},
    )
    values = [
        cell("a", "1.1", n=PRIME - 2, d=PRIME - 1),
        cell("b", "1.1", n=PRIME - 1, d=PRIME),
        cell("c", "1.1", n=PRIME - 2, d=PRIME - 1),
        cell("d", "1.1", n=10**18 - 1, d=10**18),
    ]
    rows = score_one(rules, values).rows("rankings")
    assert ranks(rows) == [3, 2, 3, 1]
    assert {row["grade"] for row in rows} == {"dưới một"}


def test_a_sum_just_below_and_at_a_rounding_limit() -> None:
    """1/3 + 1/6 = 0.5 rounds up; less than it by 10⁻¹⁸ does not."""
    rules = ruleset_of(
        *(indicator(code, "proportional", most=1) for code in ("1.1", "1.2", "1.3")),
        rounding={"main_index": {"digits": 0}},
    )
    half = [cell("a", "1.1", n=1, d=3), cell("a", "1.2", n=1, d=6), cell("a", "1.3", "0")]
    below = [cell("b", "1.1", n=1, d=3), cell("b", "1.2", n=166666666666666666, d=10**18), cell("b", "1.3", "0")]
    points = [row["points"] for row in score_one(rules, half + below).rows("main_index_scores")]
    assert points == [1, 0]


def test_the_highest_figure_is_found_beyond_every_digit() -> None:
    """Of two figures that agree in sixteen decimals the greater is the best of the group."""
    rules = ruleset_of(indicator("1.1", "relative_to_best", most=1))
    near, best = (PRIME - 2, PRIME - 1), (PRIME - 1, PRIME)
    rows = score_one(rules, [cell("a", "1.1", n=near[0], d=near[1]), cell("b", "1.1", n=best[0], d=best[1])]).rows(
        "indicator_scores"
    )
    exact = Fraction(*near) / Fraction(*best)
    assert exact < 1
    assert [Fraction(row["points"]) for row in rows] == [round_fraction(exact, Fraction(1, 10**10), "half_up"), 1]
    assert ranks(
        score_one(rules, [cell("a", "1.1", n=near[0], d=near[1]), cell("b", "1.1", n=best[0], d=best[1])]).rows(
            "rankings"
        )
    ) == [2, 1]


@pytest.mark.parametrize(
    "value", ["9999999999999999999/9999999999999999999", "0.123456789012345678", "1/9999999999999999999"]
)
def test_numbers_of_up_to_19_digits_are_exact(value: str) -> None:
    rules = ruleset_of(indicator("1.1", "proportional", most=1))
    (row,) = score_one(rules, [cell("a", "1.1", value)]).rows("indicator_scores")
    assert row["status"] == "reported"
    assert Fraction(row["points"]) == round_fraction(Fraction(value), Fraction(1, 10**10), "half_up")


@pytest.mark.parametrize("value", ["1" * 20, "0.1234567890123456789", "99999999999999999999/99999999999999999999"])
def test_more_digits_are_refused_by_name_and_never_cut(value: str) -> None:
    rules = ruleset_of(indicator("1.1", {"kind": "per_item", "points": 1}, most=1))
    (row,) = score_one(rules, [cell("a", "1.1", value)]).rows("indicator_scores")
    assert (row["status"], row["reason"], row["points"]) == ("invalid", "too_many_digits", 0)


def test_products_that_would_not_fit_128_bits_are_refused_by_name() -> None:
    rules = ruleset_of(indicator("1.1", "relative_to_best", most=D("99999.9999")))
    wide = "9999999999999999999/9999999999999999998"
    rows = score_one(rules, [cell("a", "1.1", wide), cell("b", "1.1", "9999999999999999989/9999999999999999999")]).rows(
        "indicator_scores"
    )
    assert {(row["status"], row["reason"]) for row in rows} == {("invalid", "too_many_digits")}


@pytest.mark.parametrize(
    ("value", "mode", "rounded"),
    [
        ("2.5", "half_up", 3),
        ("2.5", "half_even", 2),
        ("3.5", "half_even", 4),
        ("-2.5", "half_up", -3),
        ("2.9", "truncate", 2),
        ("-2.9", "truncate", -2),
    ],
)
def test_rounding_of_fractions(value: str, mode: str, rounded: int) -> None:
    assert round_fraction(Fraction(value), Fraction(1), mode) == rounded


def test_geometric_mean() -> None:
    rules = ruleset_of(
        indicator("1.1", "points", main="1"),
        indicator("2.1", "points", main="2"),
        aggregation={"kind": "weighted_geometric", "weights": {"1": "1/3", "2": "2/3"}},
        structure={"main_indices": 2, "points": 100},
    )
    values = [
        cell("a", "1.1", "8"),
        cell("a", "2.1", "1"),
        cell("b", "1.1", "0"),
        cell("b", "2.1", "10"),
        cell("c", "1.1", "5"),
        cell("c", "2.1", "5"),
    ]
    rows = score_one(rules, values).rows("rankings")
    assert [row["total"] for row in rows] == [20, 0, 50]  # 100·∛(0.8·0.1²), 100·∛(0·1²), 100·∛(0.5·0.5²)


def test_a_geometric_mean_that_lies_on_a_rounding_limit_is_rounded_up() -> None:
    """A mean of one part is that part: 0.00000000005 more than a stored figure, where logarithms fall just short."""
    rules = ruleset_of(
        indicator("1.1", "points", most=D("17.5")),
        aggregation={"kind": "weighted_geometric", "weights": {"1": 1}},
        structure={"main_indices": 1, "points": 35},
    )
    (row,) = score_one(rules, [cell("a", "1.1", "5.8333333333")]).rows("rankings")
    assert row["total"] == D("11.6666666666")


def test_what_counts_outside_the_maximum_is_added_to_a_geometric_mean() -> None:
    rules = ruleset_of(
        indicator("1.1", "points"),
        indicator("B", {"kind": "bonus", "points": D("0.25"), "limit": 5}, most=0, main=None),
        aggregation={"kind": "weighted_geometric", "weights": {"1": 1}},
        rounding={"total": {"digits": 1}},
    )
    (row,) = score_one(rules, [cell("a", "1.1", "4"), cell("a", "B", "1")]).rows("rankings")
    assert row["total"] == D("4.3")


def test_the_portal_s_own_figures_add_up_after_rounding_each() -> None:
    """Three parts of 14.17, 0.005 and 0.005: rounded first they give 14.19, rounded last 14.18."""
    three = [indicator(code, "points", most=20) for code in ("1.1", "1.2", "1.3")]
    values = [cell("a", "1.1", "14.17"), cell("a", "1.2", "0.005"), cell("a", "1.3", "0.005")]
    for level, total in (("indicator", D("14.19")), ("total", D("14.18"))):
        (row,) = score_one(ruleset_of(*three, rounding={level: {"digits": 2}}), values).rows("rankings")
        assert row["total"] == total
