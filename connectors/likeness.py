"""Are these the figures of these agencies? Exact measures of how one pull's figures resemble another's."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations
from statistics import median
from typing import NamedTuple

from connectors.figures import Figures, Numbers, by_field, columns_of

_FEW_DISTINCT = 5
_MANY = 5  # things of a kind that say as much as one agency
_MANY_DIGITS = 9
_FAR = Fraction(1, 3)  # own figures differ by more than a third …
_NEAR = Fraction(1, 8)  # … and those of another agency by less than an eighth …
_MOST_EXAMINED = 200  # of a group of thousands, so many show a shift as well as all
_NEARER = 4  # … and a quarter of that
_CHANCE = 9  # a count of n moves by three square roots of n without any cause
_APART = 2  # columns that are told apart: one is at least twice the other

Field = dict[str, Fraction]


class Swapped(NamedTuple):
    """Two columns that look exchanged: for how many of the agencies that can tell."""

    one: str
    other: str
    crossed: list[str]
    voters: int


def ratio(now: Field, then: Field) -> tuple[Fraction, int] | None:
    """The median of the agencies' ratios, and of how many; zeros say nothing."""
    ratios = [abs(now[code]) / abs(then[code]) for code in now.keys() & then.keys() if now[code] and then[code]]
    return (Fraction(median(ratios)), len(ratios)) if ratios else None


def whole(now: Field, then: Field) -> tuple[Fraction, int] | None:
    """The ratio of what all agencies have together, and of how much: for counts too small to compare one by one."""
    codes = now.keys() & then.keys()
    new, old = (
        sum((abs(now[code]) for code in codes), Fraction(0)),
        sum((abs(then[code]) for code in codes), Fraction(0)),
    )
    return (new / old, int(old) // _MANY) if new and old else None


def correlated(now: Field, then: Field, least: Fraction) -> bool:
    """Whether the rank correlation (Spearman, ties at their mean rank) is at least so large. Few different figures
    cannot tell, and count as correlated."""
    codes = sorted(now.keys() & then.keys())
    if min(len({side[code] for code in codes}) for side in (now, then)) < max(_FEW_DISTINCT, len(codes) // 3):
        return True
    x, y = ([_ranks(side, codes)[code] for code in codes] for side in (now, then))
    n = len(codes)
    both = n * sum(a * b for a, b in zip(x, y, strict=True)) - sum(x) * sum(y)
    own = [n * sum(a * a for a in side) - sum(side) ** 2 for side in (x, y)]
    return both >= 0 and both * both >= least * least * own[0] * own[1]


def _ranks(side: Field, codes: list[str]) -> dict[str, int]:
    """Twice the mean rank, a whole number."""
    values = sorted(side[code] for code in codes)
    below = {value: at for at, value in reversed(list(enumerate(values)))}
    upto = {value: at + 1 for at, value in enumerate(values)}
    return {code: below[side[code]] + upto[side[code]] + 1 for code in codes}


def misplaced(now: Figures, then: Figures) -> dict[str, str]:
    """Agency → the agency whose earlier figures its own look like, of those that resemble each other's and not their
    own: values shifted by a row, two agencies exchanged. An agency that merely jumped is alone and not named."""
    names = [name for name in columns_of(now, then) if _tells(name, now, then)]
    if len(names) < 2:
        return {}
    scaled = _scaled(now, then, names)
    common = sorted(now.keys() & then.keys())
    found: dict[str, str] = {}
    apart = {code: _distance(now[code], scaled[code], names) for code in common}
    far = [(code, own) for code, own in apart.items() if own is not None and own > _FAR]
    for code, own in far[:_MOST_EXAMINED]:
        others = [(to, other) for other in common if (to := _distance(now[code], scaled[other], names)) is not None]
        nearest, other = min(others)
        if other != code and nearest <= _NEAR and nearest * _NEARER < own:
            found[code] = other
    return {code: other for code, other in found.items() if other in found}


def exchanged(now: Figures, then: Figures) -> dict[str, str]:
    """Agencies that have exactly each other's earlier figures, and not their own."""
    moved = [code for code in sorted(now.keys() & then.keys()) if now[code] != then[code]]
    pairs: dict[tuple[object, object], str] = {}
    found: dict[str, str] = {}
    for code in moved:
        new, old = (tuple(sorted(side[code].items())) for side in (now, then))
        other = pairs.get((old, new))
        if other:
            found |= {code: other, other: code}
        pairs[new, old] = code
    return found


def _tells(name: str, now: Figures, then: Figures) -> bool:
    codes = now.keys() & then.keys()
    least = max(_FEW_DISTINCT, len(codes) // 2)
    return all(len({side[code].get(name) for code in codes}) >= least for side in (now, then))


def _scaled(now: Figures, then: Figures, names: list[str]) -> dict[str, dict[str, Fraction]]:
    """The earlier figures as they would be, had every agency moved as the whole did; whose figure is whose does not
    matter for that."""
    fields, before = by_field(now), by_field(then)
    middle = {
        name: (median(map(abs, before[name].values())), median(map(abs, fields[name].values()))) for name in names
    }
    scale = {name: Fraction(new) / Fraction(old) if new and old else Fraction(1) for name, (old, new) in middle.items()}
    return {code: {name: before[name][code] * scale[name] for name in names if code in before[name]} for code in then}


def _distance(now: Numbers, then: Mapping[str, Fraction], names: list[str]) -> Fraction | None:
    """Mean relative difference, from 0 to 1; None where less than two fields can be compared."""
    parts = []
    for name in names:
        a, b = now.get(name), then.get(name)
        if a is not None and b is not None:
            most = max(abs(Fraction(a)), abs(b))
            parts.append(min(abs(Fraction(a) - b) / most, Fraction(1)) if most else Fraction(0))
    return sum(parts, Fraction(0)) / len(parts) if len(parts) > 1 else None


def twins(now: Figures) -> list[tuple[str, str]]:
    """Pairs of agencies with the same figures in every field, too many digits of them to be chance."""
    seen: dict[tuple[tuple[str, Fraction], ...], str] = {}
    found = []
    for code in sorted(now):
        figures = tuple(sorted((name, Fraction(value)) for name, value in now[code].items() if value is not None))
        digits = sum(len(str(value.numerator)) for value in {value for _, value in figures})
        if digits < _MANY_DIGITS:
            continue
        if figures in seen:
            found.append((seen[figures], code))
        seen.setdefault(figures, code)
    return found


def same(now: Figures, then: Figures) -> list[str]:
    """The agencies whose figures are all the same."""
    return [
        code
        for code in sorted(now.keys() & then.keys())
        if (shared := now[code].keys() & then[code].keys()) and all(now[code][n] == then[code][n] for n in shared)
    ]


def swapped(now: Figures, then: Figures) -> list[Swapped]:
    """Pairs of columns that two thirds of the agencies that can tell show exchanged, whatever the level of all."""
    fields, before = by_field(now), by_field(then)
    found = []
    for one, other in combinations(columns_of(now, then), 2):
        sides = (fields[one], fields[other], before[one], before[other])
        codes = sorted(set.intersection(*(set(side) for side in sides)))
        grown = sum((sides[0][code] + sides[1][code] for code in codes), Fraction(0))
        was = sum((sides[2][code] + sides[3][code] for code in codes), Fraction(0))
        crossed, straight = [], 0
        for code in codes:
            new, new_other, old, old_other = (side[code] for side in sides)
            if max(old, old_other) < _APART * min(old, old_other) or old == old_other:
                continue
            across = abs(new * was - old_other * grown) + abs(new_other * was - old * grown)
            along = abs(new * was - old * grown) + abs(new_other * was - old_other * grown)
            if across < along:
                crossed.append(code)
            elif across > along:
                straight += 1
        if len(crossed) > 2 * straight and len(crossed) >= 3:
            found.append(Swapped(one, other, crossed, len(crossed) + straight))
    return found


def outliers(now: Field, then: Field, limit: Fraction, least: Fraction) -> list[tuple[str, Fraction, Fraction]]:
    """Agencies whose figure moved unlike the others': code, figure, and what it would be, had it moved as the median.
    A move smaller than `least` medians is none, nor one of a count that is too small to tell."""
    codes = sorted(now.keys() & then.keys())
    scale = found[0] if (found := ratio(now, then)) else Fraction(1)
    usual = Fraction(median([abs(then[code]) * scale for code in codes] or [Fraction(0)]))
    counts = all(side[code].denominator == 1 for side in (now, then) for code in codes)
    moved = []
    for code in codes:
        figure, expected = abs(now[code]), abs(then[code]) * scale
        beyond = figure >= expected * limit or figure * limit <= expected
        move = abs(figure - expected)
        chance = _CHANCE * max(expected, Fraction(1)) if counts else Fraction(0)
        if beyond and move > least * usual and move * move > chance:
            moved.append((code, now[code], then[code] * scale))
    return moved


def order_moves(now: Field, then: Field) -> int:
    """How many agencies change their place among those that both sides have, by this figure."""
    codes = sorted(now.keys() & then.keys())
    before, after = _ranks(then, codes), _ranks(now, codes)
    return sum(before[code] != after[code] for code in codes)
