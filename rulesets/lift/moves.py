"""Steps of words: from "no" to "yes", up through categories, items of a list, periods on time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product

from rulesets.rules import Categories, Checklist, Periods, word
from rulesets.scoring.compile import CompiledPart

SUBSETS = 6
"""Open items of unequal worth of which every choice is looked at; of more, the most worth come first."""
YES = {"yes", "có", "true", "1"}
_ON_TIME = {"on_time", "on time", "đúng hạn"}
_LATE = {"late", "trễ hạn", "trễ", "quá hạn"}


@dataclass(frozen=True)
class Said:
    """A step in words: what `kind` of figure goes from what to what, and out of how many (empty where there is no
    such limit). Kinds: figure, yes, category, items, periods, points."""

    kind: str
    before: str
    after: str
    of: str = ""


@dataclass(frozen=True)
class Move:
    """A text that a part could have, and how far it is from the one that it has."""

    units: Fraction
    gap: Fraction
    said: Said
    text: str


def word_moves(rule: object, part: CompiledPart, text: str, separator: str) -> list[Move]:
    if isinstance(rule, Categories):
        return _categories(rule, text)
    if isinstance(rule, Periods):
        return _periods(rule, text, separator)
    if isinstance(rule, Checklist):
        return _checklist(rule, part, text, separator)
    if word(text) in YES:
        return []
    return [Move(Fraction(1), Fraction(1), Said("yes", text, "yes"), "yes")]


def _categories(rule: Categories, text: str) -> list[Move]:
    """Every better category; how far it is, is how many worths lie between."""
    now = next((share for name, share in rule.shares.items() if word(name) == word(text)), Fraction(-1))
    better = sorted({share for share in rule.shares.values() if share > now})
    moves = []
    for far, share in enumerate(better, start=1):
        name = next(name for name, own in rule.shares.items() if own == share)
        moves.append(Move(Fraction(far), Fraction(len(better)), Said("category", text, name), name))
    return moves


def _periods(rule: Periods, text: str, separator: str) -> list[Move]:
    """More periods on time, those first that are worth nothing now, or those that are late: both are looked at."""
    states = [state.strip() for state in text.split(separator)] if text.strip() else []
    states += [""] * (rule.count - len(states))
    late = [n for n, state in enumerate(states) if word(state) in _LATE]
    none = [n for n, state in enumerate(states) if n not in late and word(state) not in _ON_TIME]
    gap, kept = Fraction(len(late) + len(none)), rule.count - len(late) - len(none)
    moves = []
    for a, b in product(range(len(none) + 1), range(len(late) + 1)):
        if a + b:
            chosen = {*none[:a], *late[:b]}
            after = ["on_time" if n in chosen else state or "none" for n, state in enumerate(states)]
            said = Said("periods", str(kept), str(kept + a + b), str(rule.count))
            moves.append(Move(Fraction(a + b), gap, said, separator.join(after)))
    return sorted(moves, key=lambda move: move.units)


def _checklist(rule: Checklist, part: CompiledPart, text: str, separator: str) -> list[Move]:
    count = rule.count or len(rule.items)
    if part.countable and part.items > 1 and text.strip().isdigit() and int(text) not in {0, 1}:
        now = int(text)
        gap = Fraction(count - now)
        return [
            Move(Fraction(k - now), gap, Said("items", str(now), str(k), str(count)), str(k))
            for k in range(now + 1, count + 1)
        ]
    items = [item.strip() for item in text.split(separator)] if text.strip() else []
    items += [""] * (count - len(items))
    open_ = [n for n, item in enumerate(items) if word(item) not in YES]
    shares = [item.share for item in rule.items] or [Fraction(1, count)] * count
    moves = []
    for chosen in _choices(open_, shares):
        after = ["yes" if n in chosen else item or "no" for n, item in enumerate(items)]
        said = Said("items", str(count - len(open_)), str(count - len(open_) + len(chosen)), str(count))
        moves.append(Move(Fraction(len(chosen)), Fraction(len(open_)), said, separator.join(after)))
    return sorted(moves, key=lambda move: move.units)


def _choices(open_: list[int], shares: list[Fraction]) -> Iterator[tuple[int, ...]]:
    """Which open items to close: any choice where they differ in worth and are few, else the most worth first."""
    ordered = sorted(open_, key=lambda n: (-shares[n], n))
    for size in range(1, len(ordered) + 1):
        if len(ordered) <= SUBSETS and len({shares[n] for n in ordered}) > 1:
            yield from combinations(ordered, size)
        else:
            yield tuple(ordered[:size])
