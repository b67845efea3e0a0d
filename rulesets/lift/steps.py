"""What one agency could do about one indicator, step by step, in the units that it is counted in.

A step moves the figure that stands now towards the one that earns the maximum: a numerator up to what its denominator
allows, a number up to where the rule gives no more, a "no" to "yes", a late report to one on time. Denominators, other
agencies' figures and exemptions are nobody's to change, so they are no steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import product
from math import ceil, floor

from rulesets.indicators import Indicator
from rulesets.lift.moves import YES, Move, Said, word_moves
from rulesets.numbers import plain
from rulesets.rules import BestOf, SumOf, word
from rulesets.scoring.compile import CompiledPart, compile_indicator

FINEST = 2_500
"""Figures with a longer way to go are moved in coarser steps, of a round number of units."""
COARSE = 1_000
COMBINED = 600
"""Most combinations of steps of an indicator of several parts; beyond, its parts are moved one at a time."""


@dataclass(frozen=True)
class Step:
    """The figure after a step, and how far it is: `units` of the `gap` units that are left to the maximum."""

    units: Fraction
    gap: Fraction
    said: tuple[Said, ...]
    numerator: str | None = None
    denominator: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class Steps:
    """All steps of one indicator, the smallest first; none, and why, where nothing can be done. `complete` says
    whether every step there is stands here, at the stated `unit`."""

    steps: list[Step] = field(default_factory=list)
    why_not: str = ""
    unit: Fraction = Fraction(1)
    complete: bool = True


@dataclass(frozen=True)
class Figure:
    """What stands in a cell now: a ratio's numerator and denominator, or a value; nothing where there is no figure."""

    numerator: str | None = None
    denominator: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class Reach:
    """How far and how finely: `best` is the highest figure of the group, where that is what counts; `unit` the
    smallest step where a finer one has no meaning, such as a million of money."""

    best: Fraction | None = None
    unit: Fraction | None = None


def steps_of(indicator: Indicator, figure: Figure, reach: Reach = Reach()) -> Steps:
    """The steps from what stands in a cell, the smallest first."""
    parts = compile_indicator(indicator)
    if indicator.rule.kind == "not_scored":
        return Steps(why_not="not_scored")
    if isinstance(indicator.rule, BestOf | SumOf):
        return _several(indicator.rule, parts, figure.value, reach)
    in_columns = figure.numerator is not None and figure.denominator is not None
    text = f"{_plain(figure.numerator)}/{_plain(figure.denominator)}" if in_columns else figure.value or ""
    moves, why_not, coarse = _moves(indicator.rule, parts[0], text, ";", reach)
    steps = []
    for move in moves:
        n, slash, d = move.text.partition("/")
        if in_columns and slash:
            steps.append(Step(move.units, move.gap, (move.said,), n, d, figure.value))
        else:
            steps.append(Step(move.units, move.gap, (move.said,), value=move.text))
    return Steps(steps, why_not, coarse)


def _several(rule: BestOf | SumOf, parts: list[CompiledPart], value: str | None, reach: Reach) -> Steps:
    """Steps of an indicator of several parts: every combination of the parts' own, where these are not too many."""
    texts = (value or "").split(";")
    if len(texts) != len(parts):
        return Steps(why_not="no_figure")
    options: list[list[Move | None]] = []
    for own, part, text in zip(rule.parts, parts, texts, strict=True):
        moves, _, _ = _moves(own.rule, part, text.strip(), "|", reach)
        options.append([None, *moves])
    size = 1
    for option in options:
        size *= len(option)
    complete = size <= COMBINED
    chosen = product(*options) if complete else _one_at_a_time(options)
    steps = []
    for moved in chosen:
        made = [move for move in moved if move is not None]
        if made:
            after = ";".join(text if move is None else move.text for move, text in zip(moved, texts, strict=True))
            units = sum((move.units / move.gap for move in made), Fraction(0))
            steps.append(Step(units, Fraction(len(parts)), tuple(move.said for move in made), value=after))
    steps.sort(key=lambda step: step.units)
    return Steps(steps, "" if steps else "at_maximum", complete=complete)


def _one_at_a_time(options: list[list[Move | None]]) -> Iterator[tuple[Move | None, ...]]:
    for place, option in enumerate(options):
        for move in option:
            yield tuple(move if place == n else None for n in range(len(options)))


Found = tuple[list[Move], str, Fraction]


def _moves(rule: object, part: CompiledPart, text: str, separator: str, reach: Reach) -> Found:
    """Moves of one part, why there are none, and the unit of the smallest."""
    if part.takes == "words":
        moves = word_moves(rule, part, text, separator)
        return moves, "" if moves else "at_maximum", Fraction(1)
    if part.takes == "pool":
        return _pool(text, separator, reach)
    figure, bar, gate = text.partition(separator)
    if part.gated:
        if word(gate) not in YES:
            done = Move(Fraction(1), Fraction(1), Said("yes", gate, "yes"), f"{figure}{separator}yes")
            return ([done] if figure.strip() else []), "" if figure.strip() else "no_figure", Fraction(1)
        text = figure
    moves, why_not, coarse = _figure(part, text.strip(), reach)
    tail = f"{bar}{gate}" if part.gated else ""
    return [Move(m.units, m.gap, m.said, m.text + tail) for m in moves], why_not, coarse


def _figure(part: CompiledPart, text: str, reach: Reach) -> Found:
    n_text, slash, d_text = text.partition("/")
    now, whole = _number(n_text), _number(d_text) if slash else Fraction(100 if part.percent else 1)
    if now is None or whole is None:
        return [], "no_figure", Fraction(1)
    if whole == 0:
        return [], "zero_denominator", Fraction(1)
    delivered = not part.ratio and part.highest is not None
    natural = Fraction(1, 100) if delivered or (part.ratio and not slash and not part.percent) else Fraction(1)
    edges = _edges(part, whole, natural)
    goal = _goal(part, now, whole, edges, reach.best)
    if goal is None:
        return [], "at_maximum", Fraction(1)
    path, coarse = _path(now, goal, edges, reach.unit or natural)
    gap, of = abs(path[-1] - now), d_text.strip() if slash else ""
    kind = "points" if delivered else "figure"
    tail = f"/{of}" if slash else ""
    moves = [Move(abs(x - now), gap, Said(kind, _text(now), _text(x), of), _text(x) + tail) for x in path]
    return moves, "", coarse


def _edges(part: CompiledPart, whole: Fraction, natural: Fraction) -> list[Fraction]:
    """The first figures, in units, on the far side of every limit of the rule, rising; and the highest there may be."""
    found = []
    for segment in part.segments:
        if segment.start is not None:
            at = segment.start * whole / natural
            beyond = segment.open_ and segment.fixed
            found.append((floor(at) + 1 if beyond else ceil(at)) * natural)
    if part.highest is not None:
        found.append(part.highest * whole)
    return [x for x in found if x >= 0 and (part.highest is None or x <= part.highest * whole)]


def _goal(
    part: CompiledPart, now: Fraction, whole: Fraction, edges: list[Fraction], best: Fraction | None
) -> Fraction | None:
    """The nearest figure that earns as much as any can, or None where the present one does."""
    if part.relative:
        return best if best is not None and best > now else None
    if part.negative:
        return Fraction(0) if now > 0 else None
    worth = {x: _worth(part, x / whole) for x in edges}
    top = max(worth.values(), default=Fraction(0))
    if _worth(part, now / whole) >= top:
        return None
    return min((x for x, points in worth.items() if points == top), key=lambda x: (abs(x - now), x))


def _worth(part: CompiledPart, figure: Fraction) -> Fraction:
    """Points of a figure, to see where the maximum lies; what a step is really worth is asked of the engine."""
    points = Fraction(0)
    for segment in part.segments:
        if segment.start is None or figure > segment.start or (figure == segment.start and not segment.open_):
            points = segment.slope * figure + segment.intercept
    return points


def _path(now: Fraction, goal: Fraction, edges: list[Fraction], unit: Fraction) -> tuple[list[Fraction], Fraction]:
    """Figures from the next one to the goal in steps of a round number of units, with every edge on the way."""
    step = unit
    if abs(goal - now) / unit > FINEST:
        while abs(goal - now) / step > COARSE:
            step *= 10
    sign = 1 if goal > now else -1
    path = {now + sign * step * n for n in range(1, int(abs(goal - now) / step) + 1)}
    path |= {x for x in edges if min(now, goal) <= x <= max(now, goal)} | {goal}
    return sorted((x for x in path if x != now), reverse=sign < 0), step


def _pool(text: str, separator: str, reach: Reach) -> Found:
    """Numerators of several ratios, filled up one after the other: together they are one figure."""
    pairs = [item.partition("/") for item in text.split(separator)]
    numbers = [(_number(n), _number(d)) for n, _, d in pairs]
    known = [(n, d) for n, d in numbers if n is not None and d is not None]
    if len(known) < len(numbers) or not known:
        return [], "no_figure", Fraction(1)
    now, whole = sum(n for n, _ in known), sum(d for _, d in known)
    if whole == 0:
        return [], "zero_denominator", Fraction(1)
    path, coarse = _path(Fraction(now), Fraction(whole), [], reach.unit or Fraction(1))
    moves = []
    for x in path:
        left, items = x - now, []
        for n, d in known:
            more = min(left, max(d - n, Fraction(0)))
            left -= more
            items.append(f"{_text(n + more)}/{_text(d)}")
        said = Said("figure", _text(Fraction(now)), _text(x), _text(Fraction(whole)))
        moves.append(Move(x - now, Fraction(whole - now), said, separator.join(items)))
    return moves, "" if moves else "at_maximum", coarse


def _number(text: str) -> Fraction | None:
    try:
        return Fraction(Decimal(text.strip())) if text.strip() else None
    except ArithmeticError:
        return None


def _plain(text: str | None) -> str:
    number = _number(text or "")
    return "" if number is None else _text(number)


def _text(number: Fraction) -> str:
    return plain(number)
