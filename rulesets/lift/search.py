"""The cheapest choices of one step per indicator, in order of cost: an exact best-first search.

A choice is worth looking at when it would pass enough of those who are ahead. Costs are whole numbers, gains whole
units of points, so nothing is lost to rounding. The bound for what is not decided yet is the cheapest way to gain what
is still lacking if steps could be divided (the convex hull of each indicator's steps): it never overestimates, so the
first choice that comes out is the cheapest one, and each later one costs at least as much.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import pairwise

NEVER = -1
"""The bound where no choice of what is left gains enough."""


@dataclass(frozen=True)
class Option:
    """What can be done about one indicator: `costs[n]` of its step n, and `gains[k][n]`, what it gains on the agencies
    of class k. Step 0 is to leave things as they are."""

    costs: Sequence[int]
    gains: Sequence[Sequence[int]]


@dataclass(frozen=True)
class Rival:
    """An agency ahead: its class, and how many units have to be gained on it."""

    kind: int
    needed: int


_Node = tuple[int, int, int, int, tuple[int, ...], tuple[int, ...]]
"""Least cost in the end, depth (the deepest first), a number that is its own, cost so far, gains, steps chosen."""


class TooMany(Exception):
    """The search was given up after so many nodes; nothing is known about what it had not reached."""


def cheapest(
    options: Sequence[Option], rivals: Sequence[Rival], passes: int, most_nodes: int
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Cost and steps (one index per option) of every choice that gains enough on `passes` rivals, the cheapest first.

    Of choices of equal cost any may come first, always the same one. Raises `TooMany` after `most_nodes`.
    """
    order = sorted(range(len(options)), key=lambda n: (len(options[n].costs), n))
    ordered = [options[n] for n in order]
    kinds = 1 + max((rival.kind for rival in rivals), default=-1)
    hulls = [[_hull(option.costs, option.gains[kind]) for option in ordered] for kind in range(kinds)]
    bounds = [[_Bound(own[depth:]) for own in hulls] for depth in range(len(ordered) + 1)]

    def bound(depth: int, gained: tuple[int, ...]) -> int:
        if not passes:
            return 0
        costs = []
        for rival in rivals:
            cost = bounds[depth][rival.kind].of(rival.needed - gained[rival.kind])
            if cost != NEVER:
                costs.append(cost)
        return sorted(costs)[passes - 1] if len(costs) >= passes else NEVER

    nothing = (0,) * kinds
    start = bound(0, nothing)
    heap: list[_Node] = [] if start == NEVER else [(start, 0, 0, 0, nothing, ())]
    count = 0
    while heap:
        _, _, _, cost, gained, chosen = heapq.heappop(heap)
        depth = len(chosen)
        if depth == len(ordered):
            steps: dict[int, int] = dict(zip(order, chosen, strict=True))
            yield cost, tuple(steps[n] for n in range(len(options)))
            continue
        option = ordered[depth]
        for step, more in enumerate(option.costs):
            after = tuple(gained[kind] + option.gains[kind][step] for kind in range(kinds))
            rest = bound(depth + 1, after)
            if rest != NEVER:
                count += 1
                heapq.heappush(heap, (cost + more + rest, -depth, count, cost + more, after, (*chosen, step)))
        if count > most_nodes:
            raise TooMany


class _Bound:
    """The least cost of a gain on one class of agencies by the options that are left, if steps could be divided."""

    def __init__(self, hulls: Sequence[Sequence[tuple[int, int]]]) -> None:
        pieces = [piece for own in hulls for piece in own]
        pieces.sort(key=cmp_to_key(_dearer))
        self.gains, self.costs = [0], [0]
        for cost, gain in pieces:
            self.gains.append(self.gains[-1] + gain)
            self.costs.append(self.costs[-1] + cost)

    def of(self, needed: int) -> int:
        if needed <= 0:
            return 0
        at = bisect_left(self.gains, needed)
        if at == len(self.gains):
            return NEVER
        cost, gain = self.costs[at] - self.costs[at - 1], self.gains[at] - self.gains[at - 1]
        return self.costs[at - 1] + cost * (needed - self.gains[at - 1]) // gain


def _dearer(one: tuple[int, int], other: tuple[int, int]) -> int:
    """Above 0 when the first piece costs more per gain."""
    return one[0] * other[1] - other[0] * one[1]


def _hull(costs: Sequence[int], gains: Sequence[int]) -> list[tuple[int, int]]:
    """The lower convex hull of an option's steps as pieces (cost, gain), each dearer per gain than the one before."""
    points = [(0, 0)]
    for cost, gain in sorted(zip(costs, gains, strict=True)):
        if gain <= points[-1][1]:
            continue
        while len(points) > 1 and _turns(points[-2], points[-1], (cost, gain)):
            points.pop()
        points.append((cost, gain))
    return [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]


def _turns(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    """Whether b lies on or above the line from a to c, so that it never is part of a cheapest divided way."""
    return (b[0] - a[0]) * (c[1] - b[1]) >= (c[0] - b[0]) * (b[1] - a[1])
