"""The plans: for each number of ranks the cheapest set of steps that gains it, as the engine confirms.

Sets come out of the search in order of cost and are scored in batches; the first that the engine confirms is the
cheapest there is, because everything cheaper was either bound to fail or has been scored and failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import islice

from pipelines.lift.situation import Situation
from pipelines.lift.worth import Worth, cell_of, problem_of, worth_of
from rulesets.lift.effort import Effort
from rulesets.lift.search import TooMany, cheapest
from rulesets.scoring.scenarios import Scenario, unmarked

MOST_NODES = 400_000
MOST_SCORED = 600
Choice = tuple[int, ...]


@dataclass(frozen=True)
class Taken:
    """One step of a plan, with the points of its indicator before and after."""

    code: str
    worth: Worth
    points_before: Decimal
    points_after: Decimal


@dataclass(frozen=True)
class Plan:
    """The answer for `gain` ranks. `outcome` is found, impossible, or unknown where the search was given up; `proven`
    says that nothing cheaper does it."""

    gain: int
    outcome: str
    proven: bool = True
    cost: Fraction = Fraction(0)
    rank: int | None = None
    total: Decimal | None = None
    steps: list[Taken] = field(default_factory=list)


@dataclass(frozen=True)
class Lift:
    """All plans, and the rank that doing everything at once would give."""

    situation: Situation
    plans: list[Plan]
    best_rank: int | None
    best_total: Decimal | None


@dataclass
class _Search:
    """The search for one number of ranks, as far as it has come."""

    gain: int
    choices: Iterator[tuple[int, Choice]]
    batch: list[tuple[int, Choice]] = field(default_factory=list)
    scored: int = 0
    plan: Plan | None = None


def lift(situation: Situation, effort: Effort, gains: Sequence[int]) -> Lift:
    """The cheapest plan for each number of ranks, the others standing still."""
    worths = worth_of(situation, effort)
    options, rivals, scale = problem_of(situation, worths)
    complete = all(own.complete for own in situation.steps.values())
    searches = []
    for gain in gains:
        if gain > len(situation.ahead):
            searches.append(_Search(gain, iter(()), plan=Plan(gain, "impossible")))
            continue
        passes = gain if situation.additive else 0
        choices = cheapest(options, rivals if situation.additive else [], passes, MOST_NODES)
        searches.append(_Search(gain, choices))
    everything = tuple(_best_step(own, situation.agency) for own in worths.values())
    best = _score(situation, worths, [everything])[0]
    while any(search.plan is None for search in searches):
        _advance(situation, worths, searches, scale, complete)
    plans = [search.plan for search in searches if search.plan]
    return Lift(situation, plans, best.rank, best.total)


def _best_step(own: list[Worth], agency: str) -> int:
    return max(range(len(own)), key=lambda n: own[n].gains.get(agency, (0, 0))[0]) + 1


def _advance(
    situation: Situation, worths: dict[str, list[Worth]], searches: list[_Search], scale: int, complete: bool
) -> None:
    """Take the next sets of every search that goes on, score them together, and see which are confirmed."""
    going = [search for search in searches if search.plan is None]
    for search in going:
        _fill(search, complete)
    scored = iter(_score(situation, worths, [choice for search in going for _, choice in search.batch]))
    for search in going:
        for (cost, _), result in zip(search.batch, islice(scored, len(search.batch)), strict=True):
            reached = result.rank is not None and result.rank <= situation.rank - search.gain
            if reached and search.plan is None:
                search.plan = Plan(
                    search.gain, "found", complete, Fraction(cost, scale), result.rank, result.total, result.steps
                )


def _fill(search: _Search, complete: bool) -> None:
    """The next sets to score, one at first and then more at a time; the end of the search where there are none."""
    size = min(max(1, 2 * len(search.batch)), 64)
    search.batch = []
    try:
        for found in islice(search.choices, size):
            search.batch.append(found)
    except TooMany:
        search.scored = MOST_SCORED
    search.scored += len(search.batch)
    if not search.batch:
        gave_up = search.scored >= MOST_SCORED
        search.plan = Plan(search.gain, "unknown" if gave_up or not complete else "impossible", not gave_up)
    elif search.scored > MOST_SCORED:
        search.batch = []
        search.plan = Plan(search.gain, "unknown", False)


@dataclass(frozen=True)
class _Result:
    rank: int | None
    total: Decimal | None
    steps: list[Taken]


def _score(situation: Situation, worths: dict[str, list[Worth]], choices: Sequence[Choice]) -> list[_Result]:
    """Rank, total and points of the agency under each choice, the whole group scored by the engine."""
    if not choices:
        return []
    taken = [
        [(code, own[step - 1]) for (code, own), step in zip(worths.items(), choice, strict=True) if step]
        for choice in choices
    ]
    scenarios = [Scenario([cell_of(situation, code, worth.step) for code, worth in own]) for own in taken]
    board, agency = situation.board, situation.agency
    board.run(scenarios)
    ranks = {
        row["scenario"]: row
        for row in board.rows(
            f"select scenario, rank, total from {unmarked('rankings')} where agency_id = {{agency}}", agency=agency
        )
    }
    points = {
        (row["scenario"], row["indicator_code"]): row["points"]
        for row in board.rows(
            f"select scenario, indicator_code, points from {unmarked('indicator_scores')} where agency_id = {{agency}}",
            agency=agency,
        )
    }
    return [
        _Result(
            ranks[n]["rank"],
            ranks[n]["total"],
            [Taken(code, worth, points[0, code], points[n, code]) for code, worth in own],
        )
        for n, own in enumerate(taken, start=1)
    ]
