"""What steps are worth: every step of every indicator scored by the engine, and put into numbers that a search reads.

Indicators do not touch each other, so one scenario holds one step of each: as many scenarios as the longest list of
steps has. Where a step also moves others (a relative rule, an exemption by the highest figure) the whole group is
scored with it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from pipelines.lift.situation import Situation
from rulesets.lift.effort import Effort
from rulesets.lift.search import Option, Rival
from rulesets.lift.steps import Step
from rulesets.scoring.scenarios import Cell, Scenario
from rulesets.scoring.tables import UNIT

Interval = tuple[int, int]
NOTHING: Interval = (0, 0)


@dataclass(frozen=True)
class Worth:
    """One step with its cost, and what every agency gains by it, as intervals of 10⁻¹⁵ points."""

    step: Step
    cost: Fraction
    gains: dict[str, Interval]


def worth_of(situation: Situation, effort: Effort) -> dict[str, list[Worth]]:
    """Per indicator the steps that are worth their cost: none that a cheaper one outdoes for everyone, where points
    add up."""
    codes = [code for code, own in situation.steps.items() if own.steps]
    alone = [code for code in codes if code not in situation.peers]
    points = _measure(situation, alone, [situation.agency]) if alone else {}
    together = [code for code in codes if code in situation.peers]
    points |= _measure(situation, together, []) if together else {}
    found = {}
    for code in codes:
        own = [
            Worth(step, effort.cost(code, step), _gains(points, code, number))
            for number, step in enumerate(situation.steps[code].steps, start=1)
        ]
        kept = _undominated(own, situation.agency) if situation.additive else own
        if kept:
            found[code] = kept
    return found


Points = dict[tuple[str, int], dict[str, Interval]]


def _measure(situation: Situation, codes: list[str], agencies: list[str]) -> Points:
    """Points by indicator and number of the step (0: as it stands), per agency."""
    longest = max(len(situation.steps[code].steps) for code in codes)
    scenarios = []
    for number in range(longest):
        taken = {code: own.steps[number] for code in codes if number < len((own := situation.steps[code]).steps)}
        scenarios.append(Scenario([cell_of(situation, code, step) for code, step in taken.items()]))
    situation.board.measure(scenarios, codes, agencies)
    points: Points = defaultdict(dict)
    for number, agency, code, low, high in situation.board.con.execute(_POINTS).fetchall():
        points[code, number][agency] = (low, high)
    return points


def cell_of(situation: Situation, code: str, step: Step) -> Cell:
    """The cell of the agency after a step."""
    return Cell(situation.ruleset_id, situation.agency, code, step.numerator, step.denominator, step.value)


def _gains(points: Points, code: str, number: int) -> dict[str, Interval]:
    before, after = points[code, 0], points[code, number]
    gains = {agency: (low - before[agency][1], high - before[agency][0]) for agency, (low, high) in after.items()}
    return {agency: gain for agency, gain in gains.items() if after[agency] != before[agency]}


def _undominated(own: list[Worth], agency: str) -> list[Worth]:
    """Steps in order of cost, without those for which a cheaper one gives the agency as much and others no more."""
    kept: list[Worth] = []
    most = 0
    for one in sorted(own, key=lambda worth: (worth.cost, -worth.gains.get(agency, NOTHING)[0])):
        more = one.gains.get(agency, NOTHING)[1] > most
        if one.gains and (more or not any(_outdoes(other, one, agency) for other in reversed(kept))):
            kept.append(one)
            most = max(most, one.gains.get(agency, NOTHING)[1])
    return kept


def _outdoes(one: Worth, other: Worth, agency: str) -> bool:
    mine, theirs = one.gains.get(agency, NOTHING), other.gains.get(agency, NOTHING)
    if not (mine[0] >= theirs[1] or mine == theirs):
        return False
    rest = (one.gains.keys() | other.gains.keys()) - {agency}
    same = all(one.gains.get(a) == other.gains.get(a) for a in rest)
    return same or all(one.gains.get(a, NOTHING)[1] <= other.gains.get(a, NOTHING)[0] for a in rest)


def problem_of(situation: Situation, worths: dict[str, list[Worth]]) -> tuple[list[Option], list[Rival], int]:
    """The options and rivals of a search, and by which number costs were multiplied to be whole.

    A rival counts as passed when it might be: the ends of the intervals that favour the agency are taken, and what the
    rounding of wholes could add. Whether it is passed, the engine says.
    """
    lists = list(worths.values())
    scale = lcm(*(worth.cost.denominator for own in lists for worth in own), 1)
    moved = sorted({a for own in lists for worth in own for a in worth.gains} - {situation.agency})
    kinds = {agency: moved.index(agency) + 1 for agency in situation.ahead if agency in moved}
    classes = [None, *moved]
    options = [
        Option(
            [0, *(int(worth.cost * scale) for worth in own)],
            [[0, *(_gain_on(worth, situation.agency, rival) for worth in own)] for rival in classes],
        )
        for own in lists
    ]
    slack = _rounding_slack(situation)
    high = situation.sums[situation.agency][1]
    rivals = [Rival(kinds.get(agency, 0), situation.sums[agency][0] - high - slack) for agency in situation.ahead]
    return options, rivals, scale


def _gain_on(worth: Worth, agency: str, rival: str | None) -> int:
    own = worth.gains.get(agency, NOTHING)[1]
    return own if rival is None else own - worth.gains.get(rival, NOTHING)[0]


def _rounding_slack(situation: Situation) -> int:
    """By how much two totals can come nearer to each other when main indices and totals are rounded; not at all where
    what they add up has no more digits than they keep."""
    rounding, mains = situation.ruleset.rounding, len(situation.ruleset.main_indices)
    entered = bool(situation.board.rows("from base_entered limit 1"))
    digits = None if entered or rounding.indicator is None else rounding.indicator.digits
    unit = 0
    for own, count in ((rounding.main_index, mains), (rounding.total, 1)):
        if own and (digits is None or digits > own.digits):
            unit += count * UNIT // 10**own.digits
            digits = None if entered else own.digits
    return 2 * unit


_POINTS = """
select cast(split_part(r.period, '#', 2) as integer), r.agency_id, i.indicator_code, x.lo, x.hi
from _results as x
inner join _roster as r using (row_id)
inner join _indicators as i using (ind_id)
"""
