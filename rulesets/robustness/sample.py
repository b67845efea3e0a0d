"""Totals and ranks of a group under many draws, in whole numbers: the same bits on every machine.

A component is an indicator (or an entered main index) with, for every agency, how its share of the maximum comes about.
Shares are whole numbers of 10⁻⁹, weights of 10⁻⁶ points; a figure of n/d that is off by e millionths is
round(n·(10⁶ + e)·10³/d) of 10⁻⁹, and every further division rounds half up too. Rounding of the decision's own does
not take part here: what hangs on it is asked of the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rulesets.robustness.drawing import ANSWER, FIGURE, MILLION, WEIGHT, evenly

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

ONE = 10**9
"""A share of one."""


@dataclass(frozen=True)
class Line:
    """From `start` on (excluded when `open_`), the share is slope·f + intercept."""

    start: Fraction | None
    open_: bool
    slope: Fraction
    intercept: Fraction


@dataclass(frozen=True)
class Source:
    """How one agency's share comes about, and by how much it may be off (`wide`, in millionths).

    `kind`: figure (n/d through the lines of the rule), answer (`share`, perhaps one step `down` or `up`), fixed
    (`share`), best (the highest share of those with a figure or answer of their own), left_out (the rest is brought to
    the maximum), absent (another component stands for it).
    """

    kind: str
    n: int = 0
    d: int = 1
    share: Fraction = Fraction(0)
    down: Fraction = Fraction(0)
    up: Fraction = Fraction(0)
    wide: int = 0


@dataclass(frozen=True)
class Component:
    """One indicator: its main index, its place in the ruleset, its maximum, its rule as lines, and the source of every
    agency.

    `highest` is the greatest figure there can be; `relative` divides figures by the greatest one first.
    """

    code: str
    main: str
    place: int
    points: Fraction
    sources: Sequence[Source]
    lines: Sequence[Line] = ()
    highest: Fraction | None = None
    relative: bool = False
    outside: bool = False
    sign: int = 1


@dataclass(frozen=True)
class Group:
    """Components of a group, and for every agency the list that it is ranked in (-1: in none)."""

    components: Sequence[Component]
    lists: Sequence[int] = field(default_factory=tuple)


def totals(group: Group, weights: Fraction, draws: int, seed: int) -> Whole:
    """The total of every agency in every draw, in units of 10⁻¹⁵ points: rows are draws.

    As in a decision, what is left out is made up for by the rest of its main index, and a main index of which nothing
    is left by the rest of the total.
    """
    import numpy as np

    agencies = len(group.lists)
    none = np.zeros((draws, agencies), dtype=np.int64)
    outside = none.copy()
    mains: dict[str, list[Whole]] = {}
    for one in group.components:
        shares = shares_of(one, draws, seed)
        weight = _weights(one, weights, draws, seed)
        if one.outside:
            outside += one.sign * weight * shares
            continue
        whole, counted, everything = mains.setdefault(one.main, [none.copy(), none.copy(), none.copy()])
        whole += weight * shares
        counted += weight * np.array([source.kind not in {"left_out", "absent"} for source in one.sources])
        everything += weight * np.array([source.kind != "absent" for source in one.sources])
    whole, counted, everything = none.copy(), none.copy(), none.copy()
    for points, there, most in mains.values():
        whole += _brought(points, there, most)
        counted += np.where(there > 0, most, 0)
        everything += most
    return _brought(whole, counted, everything) + outside


def _brought(whole: Whole, counted: Whole, everything: Whole) -> Whole:
    """Where something is left out, the rest is brought to the maximum: s·W/w, without leaving 64 bits."""
    import numpy as np

    safe = np.maximum(counted, 1)
    full, rest = whole // safe, whole % safe
    brought = full * everything + rest * everything // safe
    return np.where(counted == everything, whole, brought)


def _weights(one: Component, wide: Fraction, draws: int, seed: int) -> Whole:
    """The component's maximum in every draw, in 10⁻⁶ points."""
    off = evenly(seed, (WEIGHT, one.place), (draws, 1), -MILLION, MILLION) * int(wide * MILLION) // MILLION
    return int(one.points * 10**4) * (MILLION + off) // 10**4


def shares_of(one: Component, draws: int, seed: int) -> Whole:
    """The share of the maximum, in 10⁻⁹, of every agency in every draw."""
    import numpy as np

    agencies = len(one.sources)
    shares = np.zeros((draws, agencies), dtype=np.int64)
    off = evenly(seed, (FIGURE, one.place), (draws, agencies), -MILLION, MILLION)
    luck = evenly(seed, (ANSWER, one.place), (draws, agencies), 0, 2 * MILLION - 1)
    figures = _figures(one, off)
    for at, source in enumerate(one.sources):
        if source.kind == "figure":
            shares[:, at] = _through(one, figures[at])
        elif source.kind == "answer":
            shares[:, at] = _answer(source, luck[:, at])
        elif source.kind == "fixed":
            shares[:, at] = _whole(source.share)
    own = [at for at, source in enumerate(one.sources) if source.kind in {"figure", "answer"}]
    for at, source in enumerate(one.sources):
        if source.kind == "best" and own:
            shares[:, at] = shares[:, own].max(axis=1)
    return shares


def _figures(one: Component, off: Whole) -> dict[int, Any]:
    """Figures in 10⁻⁹ after the draw, within what a figure can be; relative ones as shares of the greatest."""
    import numpy as np

    found: dict[int, Any] = {}
    for at, source in enumerate(one.sources):
        if source.kind != "figure":
            continue
        drawn = off[:, at] * source.wide // MILLION + MILLION
        scaled = drawn.astype(object) if source.n * 2 * MILLION * 10**3 >= 2**62 else drawn
        figure = _half_up(scaled * (source.n * 10**3), source.d)
        if one.highest is not None:
            figure = np.minimum(figure, int(one.highest * ONE))
        found[at] = figure
    if one.relative and found:
        best = np.stack(list(found.values())).max(axis=0).astype(object)
        for at, figure in found.items():
            found[at] = np.where(best > 0, _half_up(figure.astype(object) * ONE, np.maximum(best, 1)), 0)
    return found


def _through(one: Component, figure: Any) -> Any:
    """The share that the rule gives for a figure: the line that it falls on."""
    import numpy as np

    share = np.zeros(len(figure), dtype=np.int64)
    for line in one.lines:
        bottom = line.slope.denominator * line.intercept.denominator
        steep = line.slope.numerator * line.intercept.denominator
        fixed = line.intercept.numerator * line.slope.denominator * ONE
        start = line.start or Fraction(0)
        largest = max(abs(int(figure.max())), ONE) * max(abs(steep), start.denominator)
        wide = 2 * (largest + abs(fixed) + bottom + abs(start.numerator) * ONE) >= 2**62
        exact = figure.astype(object) if wide else figure
        given = np.clip(_half_up(exact * steep + fixed, bottom), 0, ONE).astype(np.int64)
        if line.start is None:
            share = given
            continue
        left, right = exact * start.denominator, start.numerator * ONE
        on = (left > right) if line.open_ else (left >= right)
        share = np.where(on.astype(bool), given, share)
    return share


def _answer(source: Source, luck: Whole) -> Any:
    """The answer that was given, or with the stated chance one that is a step off, up or down alike."""
    import numpy as np

    down, up = luck < source.wide, (luck >= MILLION) & (luck < MILLION + source.wide)
    given = np.full(len(luck), _whole(source.share), dtype=np.int64)
    return np.where(down, _whole(source.down), np.where(up, _whole(source.up), given))


def _whole(share: Fraction) -> int:
    return (2 * share.numerator * ONE + share.denominator) // (2 * share.denominator)


def _half_up(top: Any, bottom: Any) -> Any:
    return (2 * top + bottom) // (2 * bottom)


def ranks(of: Whole, lists: Sequence[int]) -> Whole:
    """Ranks (1, 2, 2, 4) of every draw within each list; 0 for who is in none."""
    import numpy as np

    found = np.zeros(of.shape, dtype=np.int64)
    for number in sorted({one for one in lists if one >= 0}):
        members = [at for at, one in enumerate(lists) if one == number]
        own = of[:, members]
        order = np.argsort(-own, axis=1, kind="stable")
        sorted_ = np.take_along_axis(own, order, axis=1)
        first = np.ones(own.shape, dtype=bool)
        first[:, 1:] = sorted_[:, 1:] != sorted_[:, :-1]
        places = np.where(first, np.arange(1, len(members) + 1), 0)
        places = np.maximum.accumulate(places, axis=1)
        back = np.empty(own.shape, dtype=np.int64)
        np.put_along_axis(back, order, places, axis=1)
        found[:, members] = back
    return found
