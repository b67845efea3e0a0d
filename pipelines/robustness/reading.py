"""A ranking as components to draw from: the figures and answers that the engine read, with where they came from.

Parts are read with the engine's own first steps, so that a figure here is the figure there. What is put together of
several parts, and points that people entered, are taken as they are and said to be so.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from common.errors import Text, UsageError
from pipelines.whatif.board import Board
from rulesets.robustness.assumptions import Assumptions
from rulesets.robustness.drawing import MILLION
from rulesets.robustness.sample import Component, Group, Line, Source
from rulesets.rules import BestOf, Bonus, Categories, NotScored, Penalty, Periods, SumOf, YesNo
from rulesets.scoring.compile import CompiledPart, compile_indicator
from rulesets.scoring.tables import UNIT

if TYPE_CHECKING:
    from rulesets.indicators import Indicator
    from rulesets.models import Ruleset


@dataclass(frozen=True)
class Read:
    """The group, its agencies in order, and the components whose values are taken as certain though nobody said so."""

    group: Group
    agencies: list[str]
    certain: list[str]


def read_group(board: Board, ruleset: Ruleset, assumptions: Assumptions) -> Read:
    """Components of the board's only group, which has been scored (`board.run([])`).

    Raises `UsageError` where a mean that is not a sum decides, or points were entered for totals only.
    """
    _check_kind(board, ruleset)
    agencies = [row["agency_id"] for row in board.rows("select agency_id from _roster order by row_id")]
    lists = _lists(board, agencies)
    cells = {(row["agency_id"], row["code"]): row for row in board.rows(_CELLS)}
    figures = _figures(board)
    components, certain = [], []
    for place, one in enumerate(ruleset.indicator_list):
        if isinstance(one.rule, NotScored):
            continue
        rows = [cells.get((agency, one.code)) for agency in agencies]
        if all(row is None for row in rows):
            continue
        own = [(row, figures.get((agency, one.code))) for agency, row in zip(agencies, rows, strict=True)]
        component, sure = _component(one, place, own, assumptions)
        components.append(component)
        certain += [one.code] if sure else []
    for place, main in enumerate(ruleset.main_indices, start=len(ruleset.indicator_list)):
        entered = {row["agency_id"]: row for row in board.rows(_ENTERED_MAIN, code=main.code)}
        if entered and main.points:
            points = main.points
            shares = [Fraction(int(entered[a]["units"]), UNIT) / points if a in entered else None for a in agencies]
            sources = [Source("absent") if share is None else Source("fixed", share=share) for share in shares]
            components.append(Component(main.code, main.code, place, points, sources))
            certain.append(main.code)
    return Read(Group(components, lists), agencies, certain)


def _check_kind(board: Board, ruleset: Ruleset) -> None:
    kinds = {ruleset.aggregation.kind, *(main.aggregation.kind for main in ruleset.main_indices)}
    totals = board.rows("select 1 as x from base_entered where code = 'total' limit 1")
    if kinds != {"sum"} or totals:
        raise UsageError(
            "robustness-kind",
            Text(
                "chỉ xét được bảng cộng điểm từ chỉ số, không xét được trung bình hay tổng điểm nhập sẵn",
                "only points that add up can be drawn, no means and no totals that were entered",
            ),
            hint=Text("xem từng điểm: dti explain …", "see single points: dti explain …"),
        )


def _lists(board: Board, agencies: list[str]) -> list[int]:
    """The list that everyone is ranked in: of the group, or of its parent where the decision ranks within parents."""
    rows = {row["agency_id"]: row for row in board.rows(_LISTS)}
    parents = sorted({rows[agency]["parent"] for agency in agencies})
    return [parents.index(rows[a]["parent"]) if rows[a]["ranked"] else -1 for a in agencies]


def _figures(board: Board) -> dict[tuple[str, str], dict[str, Any]]:
    """The figure of each cell with a rule of one part, as the engine reads it."""
    from rulesets.scoring.figures import write_figures
    from rulesets.scoring.inputs import write_cells

    write_cells(board.con)
    write_figures(board.con)
    return {(row["agency_id"], row["code"]): row for row in board.rows(_FIGURES)}


Row = dict[str, Any]


def _component(
    one: Indicator, place: int, own: list[tuple[Row | None, Row | None]], assumptions: Assumptions
) -> tuple[Component, bool]:
    """The component of an indicator from every agency's result and figure, and whether its values are taken as certain
    for want of a single figure."""
    several = isinstance(one.rule, BestOf | SumOf)
    part = compile_indicator(one)[0]
    most = part.cap if isinstance(one.rule, Bonus | Penalty) else one.max_points
    sources = [_source(one, part, most, both, assumptions) for both in own]
    lines = [Line(s.start, s.open_, s.slope / most, s.intercept / most) for s in part.segments]
    component = Component(
        one.code,
        one.main_index or "",
        place,
        most,
        sources,
        [] if several else lines,
        part.highest,
        part.relative and not several,
        isinstance(one.rule, Bonus | Penalty),
        -1 if part.negative else 1,
    )
    return component, several or part.takes == "pool"


def _source(
    one: Indicator,
    part: CompiledPart,
    most: Fraction,
    both: tuple[Row | None, Row | None],
    assumptions: Assumptions,
) -> Source:
    row, figure = both
    if row is None:
        return Source("absent")
    share = abs(Fraction(int(row["lo"]), UNIT)) / most
    if row["status"] == "not_applicable" or (row["status"] == "missing" and one.missing == "leave_out"):
        return Source("left_out")
    if row["status"] == "exempt":
        return Source("best") if row["policy"].startswith("group_highest") else Source("fixed", share=share)
    if row["status"] not in {"reported", "partial"} or isinstance(one.rule, BestOf | SumOf):
        return Source("fixed", share=share)
    if part.takes == "words":
        chance = assumptions.indicators.get(one.code, assumptions.answers.of(row["stage"] or ""))
        down, up = _neighbours(one, part, share, most)
        return Source("answer", share=share, down=down, up=up, wide=int(chance * MILLION))
    if figure is None or figure["state"] != "ok" or figure["gate_shut"]:
        return Source("fixed", share=share)
    wide = assumptions.indicators.get(one.code, assumptions.figures.of(row["stage"] or ""))
    return Source("figure", int(figure["n"]), int(figure["d"]), wide=int(wide * MILLION))


def _neighbours(one: Indicator, part: CompiledPart, share: Fraction, most: Fraction) -> tuple[Fraction, Fraction]:
    """Shares one step down and one up: the other answer, the next category, one item or period less or more."""
    if isinstance(one.rule, YesNo):
        other = Fraction(0) if share else Fraction(1)
        return other, other
    if isinstance(one.rule, Categories):
        known = sorted(set(one.rule.shares.values()))
        below = max((s for s in known if s < share), default=share)
        return below, min((s for s in known if s > share), default=share)
    item = max((worth.points for worth in part.worths), default=Fraction(0)) / most
    if isinstance(one.rule, Periods):
        item = one.rule.on_time / most
    return max(Fraction(0), share - item), min(Fraction(1), share + item)


_CELLS = """
select r.agency_id, i.indicator_code as code, x.status, x.lo, e.policy,
    case when x.status = 'entered' then 'appraised' else v.stage end as stage
from _results as x
inner join _roster as r using (row_id)
inner join _indicators as i using (ind_id)
left join base_values as v on v.agency_id = r.agency_id and v.indicator_code = i.indicator_code
left join _exceptions as e on e.ruleset_id = r.ruleset_id and e.article = v.article and e.ind_id = i.ind_id
anti join base_entered as b on b.agency_id = r.agency_id and b.code = i.main_index_code
"""
_FIGURES = """
select r.agency_id, i.indicator_code as code, f.n, f.d, f.state, f.gate_shut
from _figures as f
inner join _roster as r using (row_id)
inner join _indicators as i using (ind_id)
where i.parts = 1
"""
_LISTS = """
select k.agency_id, k.ranked, case when j.within_parent then coalesce(k.parent_id, '') else '' end as parent
from rankings as k
inner join _judgements as j using (ruleset_id)
"""
_ENTERED_MAIN = """
select r.agency_id, e.units from _entered as e
inner join _roster as r using (row_id)
inner join _nodes as n using (node_id)
where n.level = 'main_index' and n.code = {code}
"""
