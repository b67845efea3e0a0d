"""What would be: everyone whose points, total or rank move under the wishes, in parts that add up.

The engine scores the ranking as it is and as it is wished in one pass; the two are compared as two releases are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from common.errors import ConfigurationError, Text, UsageError
from pipelines.changes import REASONS, Change, compared
from pipelines.releases import Release
from pipelines.settings import Deployment
from pipelines.warehouse import query
from pipelines.whatif.asking import agencies_of, group_of, scenario_of
from pipelines.whatif.board import Board, open_board
from pipelines.whatif.words import Wish

if TYPE_CHECKING:
    from rulesets.load import LoadedRuleset
    from rulesets.scoring.scenarios import Scenario

WORDS = {
    **REASONS,
    "restated": Text("số liệu giả định", "assumed figure"),
    "new": Text("số liệu giả định", "assumed figure"),
    "gone": Text("giả định không có số liệu", "assumed to be missing"),
    "appraisal": Text("điểm hoặc số liệu thẩm định giả định", "assumed appraisal"),
    "exception": Text("miễn áp dụng giả định", "assumed exemption"),
    "ruleset": Text("bộ chỉ số giả định", "assumed ruleset"),
}
"""Why something moves: the words of `changes`, where a wish has taken the place of a source."""


@dataclass(frozen=True)
class WhatIf:
    """The answer, and of what it is one: a release, a year with its periods by group, perhaps a revision."""

    release: Release
    year: int
    periods: dict[str, str]
    revision: int | None
    wishes: Sequence[Wish]
    agencies: dict[str, str]
    """The id of every agency as it was typed."""
    ruleset: str
    changes: list[Change]


def what_if(
    deployment: Deployment,
    release: Release,
    year: int,
    wishes: Sequence[Wish],
    *,
    group: str = "",
    period: str = "",
    revision: int | None = None,
    ruleset: str = "",
    stage: str = "assumed",
) -> WhatIf:
    """Score the wishes; raises `UsageError` for what cannot be wished, `DifferenceError` where the base has changed.

    `stage` is the stage that wished figures have: `appraised` for what the council might grant.
    """
    other = _other_ruleset(deployment, ruleset)
    ids = agencies_of(release, wishes, year)
    groups = [group_of(release, ids[wish.agency], year, wish.where) for wish in wishes]
    if other and not groups:
        groups = [group] if group else _ranked_groups(release, year, other)
    if not groups:
        raise UsageError(
            "whatif-nothing",
            Text("chưa nêu thay đổi nào", "no change is given"),
            hint=Text(
                "--set, --points, --exempt, --file hoặc --ruleset", "--set, --points, --exempt, --file or --ruleset"
            ),
        )
    board = open_board(deployment, release, year, groups, period=period, revision=revision)
    scenario = scenario_of(board, wishes, ids, stage)
    if other:
        scenario, other = _judged_by(board, scenario, other, groups)
    board.run([scenario], [other] if other else [])
    _split_sides(board, scenario)
    _check_invalid(board, wishes, ids)
    name = other.ruleset.title_vi if other else ""
    return WhatIf(release, year, board.periods, board.revision, wishes, ids, name, compared(board.con))


def _other_ruleset(deployment: Deployment, ruleset: str) -> LoadedRuleset | None:
    if not ruleset:
        return None
    from rulesets.load import resolve

    return resolve(ruleset, deployment.ruleset_folders)


def _ranked_groups(release: Release, year: int, other: LoadedRuleset) -> list[str]:
    rows = query(release, f"select distinct agency_group from rankings where assessment_year = {int(year)} order by 1")
    found = [row["agency_group"] for row in rows if row["agency_group"] in other.ruleset.groups]
    if not found:
        named = ", ".join(other.ruleset.groups)
        raise UsageError(
            "no-ranking",
            Text(f"năm {year} không có bảng xếp hạng của {named}", f"{year} has no ranking of {named}"),
            hint=Text("--year …", "--year …"),
            where=str(other.path),
        )
    return found


def _judged_by(
    board: Board, scenario: Scenario, other: LoadedRuleset, groups: Sequence[str]
) -> tuple[Scenario, LoadedRuleset]:
    """The scenario with the other ruleset in the place of the one that judges the groups which it covers."""
    from rulesets.scoring.scenarios import MARK

    covered = [group for group in dict.fromkeys(groups) if group in other.ruleset.groups]
    if not covered or not other.ruleset.public:
        raise ConfigurationError(
            "whatif-ruleset",
            Text(
                f"bộ chỉ số này không chấm được nhóm {', '.join(dict.fromkeys(groups))}",
                f"this ruleset cannot score {', '.join(dict.fromkeys(groups))}",
            ),
            hint=Text("dti ruleset show TỆP", "dti ruleset show FILE"),
            where=str(other.path),
        )
    base = board.ruleset_of(covered[0]).ruleset_id
    marked = replace(other, ruleset_id=f"{base}{MARK}1")
    return replace(scenario, rulesets={base: marked.ruleset_id}), marked


def _split_sides(board: Board, scenario: Scenario) -> None:
    """Schemas `before` and `after` with the tables that a comparison of releases reads."""
    from rulesets.scoring.scenarios import unmarked

    for number, side in enumerate(("before", "after")):
        board.con.execute(f"create schema {side}")
        for table in ("rankings", "indicator_scores", "indicator_values", "entered_scores"):
            board.con.execute(
                f"create table {side}.{table} as select * exclude (scenario) from {unmarked(table)} "
                f"where scenario = {number}"
            )
        judging = [(scenario.rulesets.get(name, name) if number else name) for name in board.rulesets]
        names = ", ".join(f"'{name}'" for name in judging)
        for table in ("rulesets", "main_indices", "indicator_inputs"):
            board.con.execute(
                f"create table {side}.{table} as select * replace (split_part(ruleset_id, '#', 1) as ruleset_id) "
                f"from {table} where ruleset_id in ({names})"
            )
        board.con.execute(f"create table {side}.agencies as from agencies")


def _check_invalid(board: Board, wishes: Sequence[Wish], ids: dict[str, str]) -> None:
    """A figure that the rule cannot read is a mistake of who asked, not a score of zero."""
    from rulesets.scoring.explain import REASONS as WHY

    for wish in wishes:
        rows = board.rows(
            "select reason from after.indicator_scores "
            "where agency_id = {agency} and indicator_code = {code} and status = 'invalid'",
            agency=ids[wish.agency],
            code=wish.code,
        )
        if rows:
            reason = rows[0]["reason"]
            why = WHY.get(reason, Text(reason, reason))
            raise UsageError(
                f"value-{reason.replace('_', '-')}",
                Text(f"{wish.code} không tính được: {why.vi}", f"{wish.code} cannot be scored: {why.en}"),
                hint=Text("xem quy tắc: dti explain …, docs/rulesets.md", "for the rule: dti explain …"),
                where=wish.where,
            )
