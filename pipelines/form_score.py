"""What a filled-in form would earn before the deadline: the ranking scored again with it, the others as they stand.

The engine scores it, with the precedence of the ruleset: what systems collected and the council decided stays, the form
stands where the agency's own word counts. Provisional, and never written anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pipelines.form_check import FormCheck
from pipelines.forms import DERIVED
from pipelines.releases import Release
from pipelines.settings import Deployment
from pipelines.whatif.board import Board, open_board

if TYPE_CHECKING:
    from rulesets.indicators import Indicator
    from rulesets.models import Ruleset
    from rulesets.scoring.scenarios import Cell


@dataclass(frozen=True)
class Provisional:
    """`before` and `after` are the totals without and with the form; `rank` is that with it, among `agencies`."""

    release: int
    before: Decimal | None
    after: Decimal | None
    max_total: Decimal
    rank: int | None
    agencies: int
    points: dict[str, Decimal | None]
    """By indicator, with the form."""


def provisional(deployment: Deployment, release: Release, checked: FormCheck, year: int, group: str) -> Provisional:
    """Raises `UsageError` where the release has no ranking of that group, `DifferenceError` as `dti whatif` does."""
    from rulesets.scoring.scenarios import Scenario, unmarked

    board = open_board(deployment, release, year, [group])
    ruleset = board.ruleset_of(group)
    answers = _answers(checked)
    settled = _settled(board, checked.agency_id)
    cells = [
        cell
        for one in ruleset.ruleset.indicator_list
        if one.code not in settled
        and (cell := _cell(board, ruleset.ruleset, ruleset.ruleset_id, one, checked.agency_id, answers))
    ]
    board.run([Scenario(cells)])
    mine = board.rows(
        f"select scenario, total, max_total, rank from {unmarked('rankings')} where agency_id = {{agency}} "
        "order by scenario",
        agency=checked.agency_id,
    )
    points = board.rows(
        f"select indicator_code, points from {unmarked('indicator_scores')} where scenario = 1 "
        "and agency_id = {agency}",
        agency=checked.agency_id,
    )
    size = board.rows("select count(*) as agencies from base_roster")[0]["agencies"]
    return Provisional(
        release.number,
        mine[0]["total"],
        mine[1]["total"],
        mine[1]["max_total"],
        mine[1]["rank"],
        size,
        {row["indicator_code"]: row["points"] for row in points},
    )


def _answers(checked: FormCheck) -> dict[str, str]:
    """The form's figures by metric, with those that are reckoned from others."""
    answers = dict(checked.figures)
    for metric, parts in DERIVED.items():
        if all(part in answers for part in parts):
            answers[metric] = str(sum(int(answers[part]) for part in parts))
    return answers


def _settled(board: Board, agency: str) -> set[str]:
    """Indicators on which the form has no say: exempt, decided by the council, or with points entered."""
    rows = board.rows(
        "select indicator_code as code from base_values where agency_id = {agency} "
        "and (status = 'exempt' or stage = 'appraised') "
        "union select code from base_entered where agency_id = {agency}",
        agency=agency,
    )
    return {row["code"] for row in rows}


def _cell(  # noqa: PLR0917  one cell is just that many things
    board: Board, ruleset: Ruleset, ruleset_id: str, one: Indicator, agency: str, answers: dict[str, str]
) -> Cell | None:
    """The figure of an indicator with the form's answers; None where it reads more than one ratio or value."""
    from rulesets.scoring.scenarios import Cell

    inputs = one.inputs
    roles = {"numerator": inputs.numerator, "denominator": inputs.denominator, "value": inputs.value}
    wanted = {role: metric for role, metric in roles.items() if metric}
    if not wanted or inputs.pools or getattr(one.rule, "gate", None):
        return None
    rows = board.rows(
        "select role, value from figures where agency_id = {agency} and indicator_code = {code} "
        "and stage = 'collected'",
        agency=agency,
        code=one.code,
    )
    collected = {row["role"]: row["value"] for row in rows}
    order = [stage for stage in ruleset.stages_of(one).precedence if stage != "appraised"]
    found = {role: _first(order, collected.get(role), answers.get(metric)) for role, metric in wanted.items()}
    status = "reported" if all(found.values()) else "missing"
    ratio = (found.get("numerator"), found.get("denominator"))
    return Cell(ruleset_id, agency, one.code, *ratio, found.get("value"), status)


def _first(order: Sequence[str], collected: str | None, declared: str | None) -> str | None:
    known = {"collected": collected, "declared": declared}
    return next((known[stage] for stage in order if known[stage] is not None), None)
