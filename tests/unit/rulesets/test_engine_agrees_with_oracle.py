"""The engine and the plain reading of the rules agree on every cell, whole, rank and grade."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.support.engine import PERIOD, YEAR, Engine, loaded
from tests.support.generated import Case, Maker
from tests.support.oracle import Scores, round_to, score_group


def compare(cases: list[Case], threads: int = 2) -> int:
    """Score all cases in one engine call and each by the oracle; raise on the first difference; return the cells."""
    rulesets = [loaded(f"x/{n:05d}", case.ruleset) for n, case in enumerate(cases)]
    roster, values, entered = [], [], []
    for one, case in zip(rulesets, cases, strict=True):
        key = {"ruleset_id": one.ruleset_id}
        group = {**key, "assessment_year": YEAR, "period": PERIOD, "agency_group": "department"}
        roster += [{**group, "agency_id": agency, "parent_id": parent} for agency, parent in case.agencies.items()]
        values += [{**key, **row} for row in case.values]
        entered += [{**key, **row} for row in case.entered]
    engine = Engine(rulesets, threads).score(roster, values, entered)
    tables = {t: engine.rows(t) for t in ("indicator_scores", "main_index_scores", "pillar_scores", "rankings")}
    expected = {
        one.ruleset_id: score_group(case.ruleset, case.agencies, case.values, case.entered)
        for one, case in zip(rulesets, cases, strict=True)
    }
    _compare_cells(tables["indicator_scores"], expected)
    _compare_wholes(tables, expected)
    _compare_totals(tables["rankings"], expected)
    assert len(tables["indicator_scores"]) == sum(len(scores.cells) for scores in expected.values())
    return len(tables["indicator_scores"])


def _compare_cells(rows: list[dict], expected: dict[str, Scores]) -> None:
    for row in rows:
        cell = expected[row["ruleset_id"]].cells[row["agency_id"], row["indicator_code"]]
        found = (row["status"], Fraction(row["points"]))
        assert found == (cell.status, round_to(cell.points, 10)), row


def _compare_wholes(tables: dict[str, list[dict]], expected: dict[str, Scores]) -> None:
    for table, code, wholes in (
        ("main_index_scores", "main_index_code", "mains"),
        ("pillar_scores", "pillar_code", "pillars"),
    ):
        for row in tables[table]:
            whole = getattr(expected[row["ruleset_id"]], wholes)[row["agency_id"], row[code]]
            share = round_to(whole.points / Fraction(row["max_points"]), 10)
            found = (row["status"], Fraction(row["points"]), Fraction(row["share"]), row["rank"], row["covered"])
            wanted = (whole.status, round_to(whole.points, 10), share, whole.rank, whole.covered)
            assert found == wanted, row


def _compare_totals(rows: list[dict], expected: dict[str, Scores]) -> None:
    for row in rows:
        scores, agency = expected[row["ruleset_id"]], row["agency_id"]
        whole = scores.totals[agency]
        coverage = round_to(Fraction(whole.covered, max(whole.assessed, 1)), 10)
        found = (row["status"], Fraction(row["total"]), row["rank"], row["grade"], row["unranked_reason"])
        wanted = (whole.status, round_to(whole.points, 10), whole.rank, scores.grades[agency], scores.reasons[agency])
        assert found == wanted, row
        assert (row["ranked"], Fraction(row["coverage"])) == (whole.rank is not None, coverage), row


def cases_of(seed: int, count: int) -> list[Case]:
    maker = Maker(seed)
    return [maker.case(agencies=maker.one_of(2, 3, 5, 8)) for _ in range(count)]


def test_agreement_over_all_rules_and_policies() -> None:
    assert compare(cases_of(seed=1, count=250)) > 5_000


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 7))
def test_agreement_over_100_000_cells(seed: int) -> None:
    assert compare(cases_of(seed, count=820)) > 20_000
