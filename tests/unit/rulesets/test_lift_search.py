"""The cheapest way up, against trying everything: the search alone, and the whole of it through the engine."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import islice, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.lift.planning import lift
from pipelines.lift.situation import Situation, situation_of
from pipelines.lift.worth import cell_of
from rulesets.lift.effort import Effort
from rulesets.lift.search import Option, Rival, TooMany, cheapest
from rulesets.scoring.scenarios import Scenario, unmarked
from tests.support.boards import board_of
from tests.support.engine import Row, cell, indicator, ruleset_of

SMALL = st.integers(-3, 9)
STEP = st.tuples(st.integers(0, 9), SMALL, SMALL)


def option(steps: list[tuple[int, int, int]]) -> Option:
    ordered = [(0, 0, 0), *sorted(steps)]
    return Option([c for c, _, _ in ordered], [[a for _, a, _ in ordered], [b for _, _, b in ordered]])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(STEP, max_size=3).map(option), min_size=1, max_size=4),
    st.lists(st.builds(Rival, st.integers(0, 1), st.integers(-2, 14)), min_size=1, max_size=4),
    st.integers(0, 4),
)
def test_the_search_yields_every_choice_that_does_it_in_order_of_cost(
    options: list[Option], rivals: list[Rival], passes: int
) -> None:
    passes = min(passes, len(rivals))
    expected = []
    for choice in product(*(range(len(one.costs)) for one in options)):
        gained = [sum(one.gains[k][n] for one, n in zip(options, choice, strict=True)) for k in (0, 1)]
        if sum(gained[rival.kind] >= rival.needed for rival in rivals) >= passes:
            expected.append((sum(one.costs[n] for one, n in zip(options, choice, strict=True)), choice))
    found = list(cheapest(options, rivals, passes, 10**6))
    assert sorted(found) == sorted(expected)
    assert [cost for cost, _ in found] == sorted(cost for cost, _ in found)


def test_a_search_that_is_too_long_says_so() -> None:
    options = [Option([0, *range(1, 40)], [[0, *range(1, 40)]]) for _ in range(6)]
    with pytest.raises(TooMany):
        list(islice(cheapest(options, [Rival(0, 100)], 1, 200), 10_000))


ARTICLES = {"7.2": "group_highest_score", "7.3": "group_highest_figure"}
JUDGED = (
    {},
    {"rounding": {"total": {"digits": 0}}, "ranking": {"by": "rounded", "ties": "dense"}},
    {"rounding": {"indicator": {"digits": 1}, "main_index": {"digits": 0}}},
    {"ranking": {"ties": "ordinal", "tie_break": ["2", "1"]}},
)
PERIODS = {"kind": "periods", "count": 3, "on_time": 2, "late": 1}
CODES = ("1.1", "1.2", "1.3", "2.1", "2.2")
AGENCIES = ("a", "b", "c", "d", "e")


def rules(seed: int) -> Row:
    share = random.Random(seed).choice(["proportional", {"kind": "threshold", "threshold": "4/5"}, "all_or_nothing"])
    return ruleset_of(
        indicator("1.1", share, most=7),
        indicator("1.2", "relative_to_best", most=6),
        indicator("1.3", "yes_no", most=3, **({"missing": "leave_out"} if seed % 5 == 4 else {})),
        indicator("2.1", PERIODS, most=6, main="2"),
        indicator("2.2", {"kind": "bands", "of": "count", "bands": [{"from": 3, "share": 1}]}, most=4, main="2"),
        exceptions=[{"article": a, "policy": p, "who_vi": "đơn vị đặc thù"} for a, p in ARTICLES.items()],
        **JUDGED[seed % len(JUDGED)],
    )


def figures(random_: random.Random, agency: str) -> list[Row]:
    whole = random_.randint(2, 4)
    states = ["on_time", "late", "none"]
    rows = [
        cell(agency, "1.1", n=random_.randint(0, whole), d=whole),
        cell(agency, "1.2", str(random_.randint(2, 5))),
        cell(agency, "1.3", random_.choice(["yes", "no", None])),
        cell(agency, "2.1", ";".join(random_.choice(states) for _ in range(3))),
        cell(agency, "2.2", str(random_.randint(1, 4))),
    ]
    spared = random_.choice([None, None, "1.1", "1.2"])
    return [
        cell(agency, spared, status="exempt", article=random_.choice([*ARTICLES]))
        if row["indicator_code"] == spared and agency != "a"
        else row
        for row in rows
    ]


def everything(situation: Situation, effort: Effort) -> list[tuple[Fraction, int]]:
    """Cost and rank of every set of steps there is, scored by the engine."""
    options = [(code, [None, *own.steps]) for code, own in situation.steps.items() if own.steps]
    sets = list(product(*(steps for _, steps in options)))
    scenarios, costs = [], []
    for chosen in sets:
        taken = [(code, step) for (code, _), step in zip(options, chosen, strict=True) if step is not None]
        scenarios.append(Scenario([cell_of(situation, code, step) for code, step in taken]))
        costs.append(sum((effort.cost(code, step) for code, step in taken), Fraction(0)))
    situation.board.run(scenarios)
    sql = f"select scenario, rank from {unmarked('rankings')} where agency_id = 'a' and scenario > 0 order by all"
    ranks = [rank for _, rank in situation.board.con.execute(sql).fetchall()]
    return list(zip(costs, ranks, strict=True))


@pytest.mark.parametrize("seed", range(6))
def test_no_set_of_steps_is_cheaper_than_the_one_that_is_found(seed: int) -> None:
    random_ = random.Random(seed)
    board = board_of(rules(seed), [row for agency in AGENCIES for row in figures(random_, agency)])
    effort = Effort(
        measure=random_.choice(["gap_share", "units"]), efforts={"1.3": Fraction(5, 2), "2.1": Fraction(1, 3)}
    )
    situation = situation_of(board, "a", "department", effort, ())
    every = everything(situation, effort)
    assert len(every) > 1
    found = lift(situation, effort, [1, 2, 3, 4])
    for plan in found.plans:
        reaching = [cost for cost, rank in every if rank <= situation.rank - plan.gain]
        assert plan.proven
        if reaching:
            assert (plan.outcome, plan.cost) == ("found", min(reaching)), plan
            assert (plan.cost, plan.rank) in every
        else:
            assert plan.outcome == "impossible"


def one_case(**more: Any) -> Situation:
    values = [
        *[cell("a", "1.1", n=1, d=4), cell("a", "1.2", "no")],
        *[cell("b", "1.1", n=2, d=4), cell("b", "1.2", "no")],
        *[cell("c", "1.1", n=4, d=4), cell("c", "1.2", "yes")],
    ]
    board = board_of(ruleset_of(indicator("1.1", "proportional"), indicator("1.2", "yes_no")), values)
    return situation_of(board, "a", "department", Effort(**more), ())


def test_efforts_decide_what_is_cheap() -> None:
    by_figure = lift(one_case(), Effort(), [1]).plans[0]
    assert [(taken.code, taken.worth.step.numerator) for taken in by_figure.steps] == [("1.1", "2")]
    assert by_figure.cost == Fraction(1, 3)
    dear = Effort(efforts={"1.1": Fraction(10)})
    assert [taken.code for taken in lift(one_case(), dear, [1]).plans[0].steps] == ["1.2"]
    fixed = one_case(fixed=["1.1"])
    assert fixed.steps["1.1"].why_not == "fixed"
    assert [taken.code for taken in lift(fixed, Effort(), [1]).plans[0].steps] == ["1.2"]


def test_what_cannot_be_is_said_to_be_impossible() -> None:
    found = lift(one_case(fixed=["1.2"]), Effort(), [1, 2, 3])
    assert [plan.outcome for plan in found.plans] == ["found", "impossible", "impossible"]
    assert found.best_rank == 2
