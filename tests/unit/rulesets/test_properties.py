"""What holds for every ruleset: bounds, monotony, and that order, threads and units change nothing."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from tests.support.engine import PERIOD, YEAR, Engine, Row, cell, indicator, loaded, ruleset_of, score_many
from tests.support.generated import LEAVES, Case, Maker
from tests.support.oracle_cells import round_to
from tests.support.recompute import points_of

RESULTS = ("indicator_scores", "main_index_scores", "pillar_scores", "rankings")


def cases_of(seed: int, count: int) -> list[Case]:
    maker = Maker(seed)
    return [maker.case(agencies=4) for _ in range(count)]


def scored(
    cases: list[Case], threads: int = 2, shuffle: int | None = None, types: dict[str, str] | None = None
) -> Engine:
    rulesets = [loaded(f"x/{n:05d}", case.ruleset) for n, case in enumerate(cases)]
    roster, values, entered = [], [], []
    for one, case in zip(rulesets, cases, strict=True):
        key = {"ruleset_id": one.ruleset_id, "assessment_year": YEAR, "period": PERIOD}
        roster += [
            {**key, "agency_group": "department", "agency_id": a, "parent_id": p} for a, p in case.agencies.items()
        ]
        values += [{**key, **row} for row in case.values]
        entered += [{**key, **row} for row in case.entered]
    if shuffle is not None:
        for rows in (roster, values, entered):
            Random(shuffle).shuffle(rows)
    return Engine(rulesets, threads).score(roster, values, entered, types)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return cases_of(seed=11, count=120)


@pytest.fixture(scope="module")
def engine(cases: list[Case]) -> Engine:
    return scored(cases)


def test_points_lie_between_0_and_the_maximum(engine: Engine) -> None:
    for row in engine.rows("indicator_scores"):
        if row["rule"] not in ("bonus", "penalty"):
            assert 0 <= row["points"] <= max(row["max_points"], 0), row
    for row in engine.rows("main_index_scores") + engine.rows("pillar_scores"):
        assert 0 <= row["points"] <= row["max_points"], row
        assert 0 <= row["share"] <= 1, row


def test_every_trace_gives_its_points(engine: Engine) -> None:
    for row in engine.rows("indicator_scores"):
        trace = json.loads(row["trace"])
        assert round_to(points_of(row["trace"]), 10) == Fraction(row["points"]), row["trace"]
        assert (trace["status"], Fraction(trace["points"])) == (row["status"], Fraction(row["points"]))
        order = [
            "rule",
            "basis",
            "max_points",
            "status",
            "reason",
            "article",
            "policy",
            "as",
            "value",
            "figure",
            "because",
            "cap",
            "formula",
            "points",
        ]
        assert list(trace) == [key for key in order if key in trace]


def test_nothing_without_a_value_earns_points(engine: Engine) -> None:
    idle = [
        row
        for row in engine.rows("indicator_scores")
        if row["status"] in ("missing", "invalid", "not_applicable", "not_scored")
    ]
    assert idle
    assert all(row["points"] == 0 for row in idle)
    assert all(row["reason"] for row in idle if row["status"] in ("missing", "invalid"))


@pytest.mark.parametrize(("threads", "shuffle"), [(1, 1), (2, 2), (4, 3)])
def test_row_order_and_threads_change_nothing_not_even_the_order_of_results(
    cases: list[Case], engine: Engine, threads: int, shuffle: int
) -> None:
    other = scored(cases, threads, shuffle)
    for table in RESULTS:
        assert other.rows(table) == engine.rows(table), table


@pytest.mark.parametrize("kind", ["HUGEINT", "DECIMAL(38, 6)", "BIGINT"])
def test_the_type_of_a_count_changes_nothing(cases: list[Case], engine: Engine, kind: str) -> None:
    other = scored(cases, types={"numerator": kind, "denominator": kind})
    for table in RESULTS:
        assert other.rows(table) == engine.rows(table), table


def test_running_a_step_again_changes_nothing(engine: Engine) -> None:
    from rulesets.scoring import rank, score_indicators, score_main_indices, score_pillars

    before = {table: engine.rows(table) for table in RESULTS}
    for step in (rank, score_pillars, score_main_indices, score_indicators, score_indicators):
        step(engine.con)
        assert {table: engine.rows(table) for table in RESULTS} == before


def test_no_table_of_the_engine_holds_a_binary_float(engine: Engine) -> None:
    kinds = engine.con.execute("SELECT DISTINCT data_type FROM duckdb_columns() WHERE NOT internal").fetchall()
    assert not {kind for (kind,) in kinds} & {"DOUBLE", "FLOAT"}


def test_result_tables_say_what_their_columns_mean(engine: Engine) -> None:
    silent = engine.con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE list_contains(?, table_name) AND comment IS NULL",
        [list(RESULTS)],
    ).fetchall()
    assert silent == []


RATIOS = [
    kind
    for kind in LEAVES
    if kind in ("proportional", "pooled", "target", "threshold", "floor", "all_or_nothing", "bands")
]
GRID = [Fraction(n, 40) for n in range(41)]


@pytest.mark.parametrize("kind", [*RATIOS, "per_item", "goalposts", "points"])
def test_more_is_never_worth_less(kind: str) -> None:
    """Every rule that rises, at random parameters, over a fine grid of figures."""
    maker = Maker(len(kind))
    cases: list[tuple[Row, list[Row]]] = []
    for _ in range(12):
        rule: dict[str, Any] = maker.rule(kind, Decimal(10))
        if kind == "bands":
            rule = {
                "kind": "bands",
                "of": "share",
                "bands": [{"from": "1/4", "share": "1/3"}, {"above": "1/2", "share": "2/3"}],
            }
        if kind == "goalposts":
            rule = {"kind": "goalposts", "lower": 10, "upper": 30}
        rules = ruleset_of(indicator("1.1", rule, most=10))
        whole = kind in ("per_item", "goalposts", "points")
        texts = [
            (str(n) if kind != "points" else f"{n / 4}") if whole else f"{f.numerator}/{f.denominator}"
            for n, f in enumerate(GRID)
        ]
        cases.append((rules, [cell(f"a{n:02d}", "1.1", text) for n, text in enumerate(texts)]))
    for rows in score_many(cases):
        points = [row["points"] for row in rows]
        assert points == sorted(points), rows[0]["rule"]
        assert all(row["status"] == "reported" for row in rows)


def test_the_unit_of_a_ratio_changes_nothing() -> None:
    """Counts in dossiers or in thousands of dossiers, as columns or as text, are the same ratio."""
    kinds: list[Any] = [
        "proportional",
        "all_or_nothing",
        {"kind": "threshold", "threshold": 1},
        {"kind": "target", "target": "2/3"},
    ]
    cases = []
    for rule in kinds:
        units = [cell(f"a{n}", "1.1", n=7 * unit, d=9 * unit) for n, unit in enumerate((1, 3, 1000, 10**15))]
        others = [
            cell("b0", "1.1", n="0.0007", d="0.0009"),
            cell("b1", "1.1", "7/9"),
            cell("b2", "1.1", n="0.7", d="0.90"),
        ]
        cases.append((ruleset_of(indicator("1.1", rule)), units + others))
    for rows in score_many(cases):
        assert len({row["points"] for row in rows}) == 1, [row["trace"] for row in rows]
