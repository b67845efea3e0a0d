"""The answer: for every agency the ranks that it would have, how often, and on what they hang."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.robustness.reading import read_group
from pipelines.robustness.stated import CERTAIN
from pipelines.robustness.variants import ranks_under, variants_of
from pipelines.whatif.board import Board
from rulesets.robustness.sample import ranks, totals

if TYPE_CHECKING:
    from rulesets.robustness.assumptions import Assumptions


@dataclass(frozen=True)
class Firmness:
    """One agency: its rank, the interval of ranks that holds `CERTAIN` per cent of the draws (equally much beyond each
    end), the middle one, the extremes, per mille of draws with the published rank; then the ranks without one
    indicator or main index, and under other rounding, ties and policies, as far as they differ."""

    agency_id: str
    name_vi: str
    rank: int
    total: Any
    low: int
    high: int
    middle: int
    best: int
    worst: int
    same: int
    left_out: dict[str, int]
    policies: dict[str, int]


@dataclass(frozen=True)
class Robustness:
    """The whole ranking, by rank; `certain` are components whose values were not drawn."""

    rows: list[Firmness]
    certain: list[str]
    draws: int


def robustness(board: Board, group: str, assumptions: Assumptions, *, variants: bool = True) -> Robustness:
    """Draw, rank, and score the `variants`, if wanted; raises `UsageError` for rankings that are no sum of points."""
    loaded = board.ruleset_of(group)
    board.run([])
    standing = {row["agency_id"]: row for row in board.rows(_STANDING)}
    read = read_group(board, loaded.ruleset, assumptions)
    drawn = ranks(totals(read.group, assumptions.weights, assumptions.draws, assumptions.seed), read.group.lists)
    under = ranks_under(board, loaded, variants_of(board, loaded)) if variants else {}
    rows = []
    for at, agency in enumerate(read.agencies):
        own = standing[agency]
        if own["rank"] is not None:
            rows.append(_firmness(own, sorted(drawn[:, at].tolist()), under))
    rows.sort(key=lambda row: (row.rank, row.name_vi))
    return Robustness(rows, read.certain, assumptions.draws)


def _firmness(own: dict[str, Any], drawn: Sequence[int], under: dict[str, dict[str, int | None]]) -> Firmness:
    agency, last = own["agency_id"], len(drawn) - 1
    tail = (100 - CERTAIN) * last // 200
    moved = {
        name: found
        for name, places in under.items()
        if (found := places.get(agency)) is not None and found != own["rank"]
    }
    left_out = {name: place for name, place in moved.items() if name.startswith(("indicator:", "main_index:"))}
    return Firmness(
        agency_id=agency,
        name_vi=own["name_vi"],
        rank=own["rank"],
        total=own["total"],
        low=drawn[tail],
        high=drawn[last - tail],
        middle=drawn[last // 2],
        best=drawn[0],
        worst=drawn[-1],
        same=1000 * drawn.count(own["rank"]) // len(drawn),
        left_out=left_out,
        policies={name: place for name, place in moved.items() if name not in left_out},
    )


_STANDING = """
select k.agency_id, k.rank, k.total, a.name_vi
from rankings as k
inner join agencies as a
    on a.agency_id = k.agency_id and make_date(k.assessment_year, 12, 31) between a.valid_from and a.valid_to
"""
