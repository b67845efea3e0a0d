"""A slow, plain reading of the rules with fractions: what the engine must agree with, cell by cell.

Here what is added up, ranked and graded; the rules themselves are in `oracle_cells`. The only irrational figure, the
geometric mean, is an exact integer root.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm, prod
from typing import Any

from rulesets.judgement import Rounding
from rulesets.models import Aggregation, Ruleset
from rulesets.rules import Bonus, Penalty
from tests.support.oracle_cells import Cell, entered_cell, round_to, rounded, score_column


@dataclass
class Whole:
    """Points of one agency on a main index, a pillar, or in all."""

    status: str
    raw: Fraction = Fraction(0)
    points: Fraction = Fraction(0)
    covered: int = 0
    assessed: int = 0
    blocked: bool = False
    rank: int | None = None


@dataclass
class Scores:
    """Everything the engine writes, by (agency, code)."""

    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    mains: dict[tuple[str, str], Whole] = field(default_factory=dict)
    pillars: dict[tuple[str, str], Whole] = field(default_factory=dict)
    totals: dict[str, Whole] = field(default_factory=dict)
    grades: dict[str, str | None] = field(default_factory=dict)
    reasons: dict[str, str | None] = field(default_factory=dict)


def score_group(
    ruleset: Ruleset,
    agencies: dict[str, str | None],
    values: Iterable[dict[str, Any]],
    entered: Iterable[dict[str, Any]] = (),
) -> Scores:
    """Score one group of agencies (id → parent) in one year and period."""
    scores = Scores()
    rows = {(row["agency_id"], row["indicator_code"]): row for row in values}
    points = {(row["agency_id"], row["code"]): row["points"] for row in entered}
    mains = {main.code for main in ruleset.main_indices}
    for indicator in ruleset.indicator_list:
        column = score_column(ruleset, indicator, list(agencies), rows)
        for agency, cell in column.items():
            code = indicator.code
            by_hand = code not in mains and code != "total" and (agency, code) in points
            scores.cells[agency, code] = entered_cell(points[agency, code], indicator.max_points) if by_hand else cell
    for agency in agencies:
        _add_up(ruleset, agency, scores, points)
    _rank_all(ruleset, agencies, scores)
    return scores


@dataclass
class _Child:
    points: Fraction
    stored: Fraction
    maximum: Fraction
    weight: Fraction
    status: str
    left_out: bool
    covered: int
    assessed: int
    blocks: bool


def _add_up(ruleset: Ruleset, agency: str, scores: Scores, entered: dict[Any, str]) -> None:
    for main in ruleset.main_indices:
        children = []
        for one in ruleset.indicator_list:
            if one.main_index != main.code or one.max_points == 0:
                continue
            cell = scores.cells[agency, one.code]
            children.append(
                _Child(
                    cell.points,
                    round_to(cell.points, 10),
                    one.max_points,
                    main.aggregation.weights.get(one.code, one.max_points),
                    cell.status,
                    cell.status == "not_applicable" or (cell.status == "missing" and one.missing == "leave_out"),
                    int(cell.status in ("reported", "exempt", "entered")),
                    int(cell.status != "not_applicable"),
                    cell.status == "missing" and one.missing == "unranked",
                )
            )
        whole = _whole(main.aggregation, main.points, children, ruleset.rounding.main_index, Fraction(0))
        text = entered.get((agency, main.code))
        scores.mains[agency, main.code] = (
            whole if text is None else _entered_whole(text, main.points, whole, ruleset.rounding.main_index)
        )
    maxima = {main.code: main.points for main in ruleset.main_indices}
    for pillar in ruleset.pillars:
        children = [
            _main_child(scores.mains[agency, code], maxima[code], pillar.aggregation, code)
            for code in pillar.main_indices
        ]
        most = (
            pillar.points
            if pillar.points is not None
            else sum((maxima[c] or Fraction(0) for c in pillar.main_indices), Fraction(0))
        )
        scores.pillars[agency, pillar.code] = _whole(
            pillar.aggregation, most, children, ruleset.rounding.pillar, Fraction(0)
        )
    children = [
        _main_child(scores.mains[agency, m.code], m.points, ruleset.aggregation, m.code) for m in ruleset.main_indices
    ]
    outside = sum(
        (scores.cells[agency, i.code].points for i in ruleset.indicator_list if isinstance(i.rule, Bonus | Penalty)),
        Fraction(0),
    )
    total = _whole(ruleset.aggregation, ruleset.structure.points, children, ruleset.rounding.total, outside)
    text = entered.get((agency, "total"))
    scores.totals[agency] = (
        total if text is None else _entered_whole(text, ruleset.structure.points, total, ruleset.rounding.total)
    )


def _main_child(main: Whole, maximum: Fraction | None, aggregation: Aggregation, code: str) -> _Child:
    weight = aggregation.weights.get(code, maximum or Fraction(0))
    return _Child(
        main.points,
        round_to(main.points, 10),
        maximum or Fraction(0),
        weight,
        main.status,
        main.status == "not_applicable",
        main.covered,
        main.assessed,
        main.blocked,
    )


def _entered_whole(text: str, most: Fraction | None, computed: Whole, rounding: Rounding | None) -> Whole:
    cell = entered_cell(text, most)
    assessed = max(computed.assessed, 1)
    covered = assessed if cell.status == "entered" else 0
    return Whole(cell.status, cell.points, rounded(cell.points, rounding), covered, assessed)


def _whole(
    aggregation: Aggregation,
    maximum: Fraction | None,
    children: list[_Child],
    rounding: Rounding | None,
    outside: Fraction,
) -> Whole:
    counted = [child for child in children if not child.left_out]
    covered, assessed = sum(c.covered for c in children), sum(c.assessed for c in children)
    blocked = any(c.blocks for c in children)
    if not children:
        return Whole("missing", assessed=1)
    if not counted:
        return Whole("not_applicable", covered=covered, assessed=assessed)
    nothing = all(c.status in ("missing", "invalid", "not_applicable") for c in children)
    status = ("invalid" if any(c.status == "invalid" for c in children) else "missing") if nothing else "scored"
    if aggregation.kind == "weighted_geometric":
        assert maximum is not None
        raw = _geometric(maximum, counted) + outside
    elif aggregation.kind == "sum":
        everything, here = sum(c.weight for c in children), sum(c.weight for c in counted)
        raw = sum((c.points for c in counted), Fraction(0))
        raw = raw * everything / here if here else raw
        raw += outside
    else:
        assert maximum is not None
        raw = sum((c.weight * c.points / c.maximum for c in counted), Fraction(0)) / sum(c.weight for c in counted)
        raw = raw * maximum + outside
    return Whole(status, raw, rounded(raw, rounding), covered, max(assessed, 1), blocked)


def _geometric(maximum: Fraction, children: list[_Child]) -> Fraction:
    """maximum · Π share^(weight/weights), to ten decimals, half up: the root is searched among integers."""
    if any(c.stored <= 0 for c in children):
        return Fraction(0)
    weights = [c.weight / sum(x.weight for x in children) for c in children]
    root = lcm(*(w.denominator for w in weights))
    product = prod(
        ((c.stored / c.maximum) ** int(w * root) for c, w in zip(children, weights, strict=True)), start=Fraction(1)
    )
    scale = maximum * 10**10
    target = product * scale**root

    def reaches(k: int) -> bool:
        return Fraction(2 * k - 1, 2) ** root <= target

    low, high = 0, int(scale) + 2
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if reaches(middle) else (low, middle - 1)
    return Fraction(low, 10**10)


# Ranks, grades, levels


def _rank_all(ruleset: Ruleset, agencies: dict[str, str | None], scores: Scores) -> None:
    ranking = ruleset.ranking
    for agency in agencies:
        grade, reason = _grade(ruleset, agency, scores)
        scores.grades[agency], scores.reasons[agency] = grade, reason
    groups: dict[str | None, list[str]] = {}
    for agency, parent in agencies.items():
        groups.setdefault(parent if ranking.within == "parent" else None, []).append(agency)
    for members in groups.values():
        for codes, table in ((ruleset.main_indices, scores.mains), (ruleset.pillars, scores.pillars)):
            for one in codes:
                wholes = {a: table[a, one.code] for a in members if table[a, one.code].status in ("scored", "entered")}
                ties = "dense" if ranking.ties == "dense" else "competition"
                _place({a: (w.points,) for a, w in wholes.items()} if ranking.ranked else {}, wholes, ties)
        totals = {a: scores.totals[a] for a in members if scores.reasons[a] is None}
        keys: dict[str, tuple[Any, ...]] = {
            a: (w.points if ranking.by == "rounded" else w.raw,) for a, w in totals.items()
        }
        if ranking.ties == "ordinal":
            for agency, key in keys.items():
                keys[agency] = key + tuple(round_to(scores.mains[agency, c].points, 10) for c in ranking.tie_break)
            ordered = sorted(keys, key=lambda a: (*(-x for x in keys[a]), a))
            for place, agency in enumerate(ordered, start=1):
                totals[agency].rank = place
        else:
            _place(keys, totals, ranking.ties)


def _place(keys: dict[str, tuple[Any, ...]], wholes: dict[str, Whole], ties: str) -> None:
    for agency, key in keys.items():
        better = [other for other in keys.values() if other > key]
        wholes[agency].rank = 1 + (len(set(better)) if ties == "dense" else len(better))


def _grade(ruleset: Ruleset, agency: str, scores: Scores) -> tuple[str | None, str | None]:
    total = scores.totals[agency]
    points, most = total.points, ruleset.structure.points
    if not ruleset.ranking.ranked:
        why: str | None = "not_ranked_by_decision"
    elif total.status not in ("scored", "entered"):
        why = "nothing_reported"
    else:
        why = "value_missing" if total.blocked else None
    if total.status not in ("scored", "entered"):
        return None, why
    if ruleset.grades:
        measure = points / most if ruleset.grades.by == "share" else points
        reached = [band.grade for band in ruleset.grades.bands if measure >= band.from_]
        return (reached or [ruleset.grades.bands[-1].grade])[0], why
    if not ruleset.levels:
        return None, why
    maxima = {m.code: m.points or Fraction(0) for m in ruleset.main_indices}
    pillars = {
        p.code: p.points if p.points is not None else sum((maxima[c] for c in p.main_indices), Fraction(0))
        for p in ruleset.pillars
    }
    needed = [scores.pillars[agency, c] for level in ruleset.levels.levels for c in level.pillars]
    needed += [scores.mains[agency, c] for level in ruleset.levels.levels for c in level.main_indices]
    if any(whole.status not in ("scored", "entered") for whole in needed):
        return None, why or "part_missing"
    for level in ruleset.levels.levels:
        holds = [level.total is None or points >= level.total.of(most)]
        holds += [scores.pillars[agency, c].points >= low.of(pillars[c]) for c, low in level.pillars.items()]
        holds += [scores.mains[agency, c].points >= low.of(maxima[c]) for c, low in level.main_indices.items()]
        if all(holds):
            return level.level, why
    return None, why or (None if ruleset.levels.below == "ranked" else "below_all_levels")
