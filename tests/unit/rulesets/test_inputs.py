"""Relations that cannot be scored are refused, and the refusal names the rows."""

from __future__ import annotations

import pytest

from common.errors import DtiError
from rulesets.scoring import score_indicators
from tests.support.engine import ENTERED, ROSTER, VALUES, Engine, Row, cell, indicator, loaded, ruleset_of, score_one

RULES = ruleset_of(indicator("1.1", "yes_no"), indicator("6.10", "proportional"))


@pytest.mark.parametrize(
    ("values", "code", "where"),
    [
        ([cell("a", "1.1", "yes"), cell("a", "1.1", "yes")], "value-duplicate", "x/one, a, 2025, 2025, 1.1"),
        ([cell("a", "6.1", "1")], "value-indicator", "x/one, 6.1"),
        ([cell("a", "1.1", "yes", status="maybe")], "value-status", "x/one, a, 2025, 2025, 1.1, maybe"),
    ],
)
def test_values_that_are_refused(values: list[Row], code: str, where: str) -> None:
    with pytest.raises(DtiError) as caught:
        score_one(RULES, values)
    assert (caught.value.code, caught.value.where) == (code, where)
    assert caught.value.hint.vi


def roster(**change: object) -> Row:
    key = {
        "ruleset_id": "x/one",
        "assessment_year": 2025,
        "period": "2025",
        "agency_group": "department",
        "agency_id": "a",
    }
    return key | change


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([roster(), roster()], "roster-duplicate"),
        ([roster(ruleset_id="x/two")], "roster-ruleset"),
        ([roster(agency_group="commune")], "roster-ruleset"),
    ],
)
def test_rosters_that_are_refused(rows: list[Row], code: str) -> None:
    with pytest.raises(DtiError) as caught:
        Engine([loaded("x/one", RULES)]).score(rows, [])
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("table", "columns"), [("roster", ROSTER[:-1]), ("indicator_values", VALUES[:-1]), ("entered_scores", ENTERED[:-1])]
)
def test_a_missing_column_is_named(table: str, columns: tuple[str, ...]) -> None:
    engine = Engine([loaded("x/one", RULES)]).score([roster()], [])
    engine.put(table, columns, [])
    with pytest.raises(DtiError, match="columns missing"):
        score_indicators(engine.con)


def test_binary_floats_are_refused() -> None:
    with pytest.raises(DtiError, match="binary floats in numerator"):
        Engine([loaded("x/one", RULES)]).score([roster()], [], types={"numerator": "DOUBLE"})


def test_a_relation_that_does_not_exist_is_named() -> None:
    engine = Engine([loaded("x/one", RULES)])
    with pytest.raises(DtiError, match="indicator_values"):
        score_indicators(engine.con)


def test_entered_scores_may_be_absent() -> None:
    engine = Engine([loaded("x/one", RULES)]).score([roster()], [])
    engine.con.execute("DROP TABLE entered_scores")
    score_indicators(engine.con)
    assert {row["status"] for row in engine.rows("indicator_scores")} == {"missing"}


def test_agencies_off_the_roster_are_not_scored_and_those_on_it_always_are() -> None:
    engine = Engine([loaded("x/one", RULES)]).score([roster(agency_id="b")], [roster() | cell("a", "1.1", "yes")])
    assert [(row["agency_id"], row["status"]) for row in engine.rows("indicator_scores")] == [("b", "missing")] * 2
    (row,) = engine.rows("rankings")
    assert (row["rank"], row["ranked"], row["unranked_reason"], row["coverage"]) == (None, False, "nothing_reported", 0)


def test_6_10_is_not_6_1() -> None:
    rules = ruleset_of(indicator("6.1", "yes_no"), indicator("6.10", "yes_no"))
    rows = score_one(rules, [cell("a", "6.10", "yes"), cell("a", "6.1", "no")]).rows("indicator_scores")
    assert {row["indicator_code"]: row["points"] for row in rows} == {"6.1": 0, "6.10": 10}


def test_a_month_and_a_year_are_ranked_apart() -> None:
    month = {"period": "2025-10"}
    engine = Engine([loaded("x/one", RULES)]).score(
        [roster(), roster(**month), roster(agency_id="b", **month)],
        [
            roster() | cell("a", "1.1", "no"),
            roster(**month) | cell("a", "1.1", "no") | month,
            roster(**month) | cell("b", "1.1", "yes") | month,
        ],
    )
    assert [(r["period"], r["agency_id"], r["rank"]) for r in engine.rows("rankings")] == [
        ("2025", "a", 1),
        ("2025-10", "a", 2),
        ("2025-10", "b", 1),
    ]


def test_communes_are_ranked_within_their_district() -> None:
    rules = RULES | {"ranking": {"within": "parent"}}
    rows = [roster(agency_id=a, parent_id=p) for a, p in (("a", "p"), ("b", "p"), ("c", "q"))]
    values = [roster() | cell(a, "1.1", v) for a, v in (("a", "no"), ("b", "yes"), ("c", "no"))]
    engine = Engine([loaded("x/one", rules)]).score(rows, values)
    assert [(r["agency_id"], r["rank"]) for r in engine.rows("rankings")] == [("a", 2), ("b", 1), ("c", 1)]


@pytest.mark.parametrize(
    ("ranking", "ranks"),
    [
        ({"ties": "competition"}, [1, 2, 2, 4]),
        ({"ties": "dense"}, [1, 2, 2, 3]),
        ({"ties": "ordinal", "tie_break": ["2"]}, [1, 3, 2, 4]),
        ({"ties": "ordinal", "tie_break": ["1"]}, [1, 2, 3, 4]),
        ({"ranked": False}, [None] * 4),
    ],
)
def test_ties(ranking: Row, ranks: list[int | None]) -> None:
    rules = ruleset_of(indicator("1.1", "points"), indicator("2.1", "points", main="2"), ranking=ranking)
    points = {"a": (9, 9), "b": (5, 2), "c": (2, 5), "d": (1, 1)}
    values = [cell(a, code, str(p)) for a, pair in points.items() for code, p in zip(("1.1", "2.1"), pair, strict=True)]
    assert [row["rank"] for row in score_one(rules, values).rows("rankings")] == ranks


@pytest.mark.parametrize(("by", "ranks"), [("rounded", [1, 1]), ("exact", [1, 2])])
def test_ranking_by_the_rounded_or_the_exact_total(by: str, ranks: list[int]) -> None:
    rules = ruleset_of(indicator("1.1", "points"), ranking={"by": by}, rounding={"total": {"digits": 1}})
    rows = score_one(rules, [cell("a", "1.1", "9.04"), cell("b", "1.1", "8.96")]).rows("rankings")
    assert ([row["total"] for row in rows], [row["rank"] for row in rows]) == ([9, 9], ranks)
