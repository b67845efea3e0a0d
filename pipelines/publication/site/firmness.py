"""How firm the ranks of a board are, where the deployment wants its public pages to say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from common.errors import DtiError
from pipelines.publication.site.reading import Board
from pipelines.releases import Release
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from pipelines.robustness.answer import Firmness


@dataclass(frozen=True)
class Firm:
    """Agency → how firm its rank is, and by which shares weights and figures were varied; empty: nothing is said."""

    rows: dict[str, Firmness] = field(default_factory=dict)
    draws: int = 0
    weights: Decimal | None = None
    declared: Decimal | None = None
    collected: Decimal | None = None


def firmness_of(deployment: Deployment, release: Release, board: Board) -> Firm:
    """Nothing unless `publish_robustness`; nothing either of a ranking that is no sum of points."""
    if not deployment.settings.publish_robustness:
        return Firm()
    from pipelines.robustness.answer import robustness
    from pipelines.robustness.stated import stated_assumptions
    from pipelines.whatif.board import open_board

    stated = stated_assumptions(deployment)
    try:
        opened = open_board(deployment, release, board.year, [board.group], period=board.period)
        if opened.ruleset_of(board.group).ruleset_id != board.ruleset_id:
            return Firm()
        found = robustness(opened, board.group, stated, variants=False)
    except DtiError:  # the release is shown as it is, also by other software or rulesets than made it
        return Firm()
    shares = (stated.weights, stated.figures.declared, stated.figures.collected)
    told = [Decimal(share.numerator) / Decimal(share.denominator) for share in shares]
    return Firm({row.agency_id: row for row in found.rows}, stated.draws, *told)
