"""On what a rank hangs: the ranking without one indicator or main index, and under other rounding, ties and policies.

Every variant is a ruleset of its own; the engine scores all of them in one pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from common.errors import Text
from pipelines.whatif.board import Board
from rulesets.diff_ranks import with_indicators
from rulesets.judgement import Rounding, RoundingAt
from rulesets.scoring.scenarios import MARK, Cell, Scenario, unmarked

if TYPE_CHECKING:
    from rulesets.load import LoadedRuleset
    from rulesets.models import Ruleset

POLICIES = ("group_highest_score", "group_highest_figure", "full_points", "leave_out_and_rescale")


@dataclass(frozen=True)
class Variant:
    """`kind`: indicator or main_index (left out), rounding, ties, exceptions; `code` says which."""

    kind: str
    code: str
    ruleset: Ruleset
    cells: tuple[Cell, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.code}"


WORDS = {
    "indicator": Text("bỏ chỉ số", "without indicator"),
    "main_index": Text("bỏ chỉ số chính", "without main index"),
    "rounding": Text("làm tròn", "rounding"),
    "ties": Text("đồng hạng", "ties"),
    "exceptions": Text("ngoại lệ", "exceptions"),
}


def variants_of(board: Board, loaded: LoadedRuleset) -> list[Variant]:
    """All variants that can change something."""
    ruleset = loaded.ruleset
    return [*_left_out(ruleset), *_rounded(ruleset), *_tied(ruleset), *_excepted(board, loaded)]


def ranks_under(board: Board, loaded: LoadedRuleset, variants: list[Variant]) -> dict[str, dict[str, int | None]]:
    """Rank of every agency by the name of the variant."""
    extra = [
        replace(loaded, ruleset_id=f"{loaded.ruleset_id}{MARK}{number}", ruleset=one.ruleset)
        for number, one in enumerate(variants, start=1)
    ]
    scenarios = [
        Scenario(one.cells, (), {loaded.ruleset_id: marked.ruleset_id})
        for one, marked in zip(variants, extra, strict=True)
    ]
    board.run(scenarios, extra)
    found: dict[str, dict[str, int | None]] = {one.name: {} for one in variants}
    for row in board.rows(f"select scenario, agency_id, rank from {unmarked('rankings')} where scenario > 0"):
        found[variants[row["scenario"] - 1].name][row["agency_id"]] = row["rank"]
    return found


def _left_out(ruleset: Ruleset) -> Iterator[Variant]:
    """Each indicator that counts, and each main index with all of its own."""
    every = ruleset.indicator_list
    for one in every:
        kept = [other for other in every if other.code != one.code]
        if kept and one.max_points > 0:
            yield Variant("indicator", one.code, with_indicators(ruleset, ruleset, kept))
    if len(ruleset.main_indices) < 2:
        return
    for main in ruleset.main_indices:
        kept = [other for other in every if other.main_index != main.code]
        if every:
            yield Variant("main_index", main.code, with_indicators(ruleset, ruleset, kept))
        elif main.points is not None:
            yield Variant("main_index", main.code, _without(ruleset, main.code, main.points))


def _without(ruleset: Ruleset, code: str, points: Fraction) -> Ruleset:
    """A ruleset of entered main indices without one of them."""
    return ruleset.model_copy(
        update={
            "main_indices": [main for main in ruleset.main_indices if main.code != code],
            "pillars": [pillar for pillar in ruleset.pillars if code not in pillar.main_indices],
            "structure": ruleset.structure.model_copy(update={"points": ruleset.structure.points - points}),
            "levels": None,
        }
    )


def _rounded(ruleset: Ruleset) -> Iterator[Variant]:
    """Nothing rounded; indicators, or the total that is ranked, to two decimals or to whole points."""
    by_exact = ruleset.ranking.model_copy(update={"by": "exact"})
    by_rounded = ruleset.ranking.model_copy(update={"by": "rounded"})
    options = {
        "none": (RoundingAt(), by_exact),
        "indicator-2": (RoundingAt(indicator=Rounding(digits=2)), by_exact),
        "total-2": (RoundingAt(total=Rounding(digits=2)), by_rounded),
        "total-0": (RoundingAt(total=Rounding(digits=0)), by_rounded),
    }
    for code, (rounding, ranking) in options.items():
        if (rounding, ranking) != (ruleset.rounding, ruleset.ranking):
            yield Variant("rounding", code, ruleset.model_copy(update={"rounding": rounding, "ranking": ranking}))


def _tied(ruleset: Ruleset) -> Iterator[Variant]:
    for ties in ("competition", "dense"):
        if ruleset.ranking.ties != ties:
            ranking = ruleset.ranking.model_copy(update={"ties": ties, "tie_break": []})
            yield Variant("ties", ties, ruleset.model_copy(update={"ranking": ranking}))


def _excepted(board: Board, loaded: LoadedRuleset) -> Iterator[Variant]:
    """Every exception in use read by each policy in turn, and none granted at all."""
    ruleset = loaded.ruleset
    used = board.rows("select agency_id, indicator_code, article from base_values where status = 'exempt' order by all")
    if not used:
        return
    for policy in POLICIES:
        exceptions = [one.model_copy(update={"policy": policy}) for one in ruleset.exceptions]
        if exceptions != ruleset.exceptions:
            yield Variant("exceptions", policy, ruleset.model_copy(update={"exceptions": exceptions}))
    missing = tuple(Cell(loaded.ruleset_id, row["agency_id"], row["indicator_code"], status="missing") for row in used)
    yield Variant("exceptions", "not-granted", ruleset, missing)
