"""Where an agency stands: who is ahead, what it could do about each indicator, and what nobody can change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from common.errors import Text, UsageError
from pipelines.whatif.board import Board
from rulesets.lift.effort import Effort
from rulesets.lift.steps import Figure, Reach, Steps, steps_of

if TYPE_CHECKING:
    from rulesets.indicators import Indicator
    from rulesets.models import Ruleset

WHY_NOT = {
    "at_maximum": Text("đã đạt điểm tối đa", "at its maximum"),
    "exempt": Text("được miễn áp dụng", "exempt"),
    "entered": Text("điểm do hội đồng nhập", "points entered by the council"),
    "fixed": Text("khai là không thay đổi được", "stated as fixed"),
    "left_out": Text("không nằm trong lựa chọn", "not among those asked for"),
    "zero_denominator": Text("mẫu số bằng 0", "the denominator is 0"),
    "no_figure": Text("chưa có số liệu: nộp số liệu trước", "no figure yet: report it first"),
    "not_scored": Text("không tính điểm", "not scored"),
}


@dataclass(frozen=True)
class Situation:
    """An agency in its ranking. `sums` are the exact points of everyone before the rounding of wholes, as intervals of
    10⁻¹⁵; `ahead` who is ranked before it in the same list; `peers` the indicators by which a change of its figure also
    moves others."""

    board: Board
    agency: str
    group: str
    ruleset_id: str
    ruleset: Ruleset
    rank: int
    total: Decimal
    ahead: list[str]
    sums: dict[str, tuple[int, int]]
    steps: dict[str, Steps]
    peers: set[str]
    additive: bool

    @property
    def indicators(self) -> dict[str, Indicator]:
        return {one.code: one for one in self.ruleset.indicator_list}


def situation_of(board: Board, agency: str, group: str, effort: Effort, only: Collection[str]) -> Situation:
    """The situation on a board of one group; raises `UsageError` where the agency has no rank that could rise."""
    board.run([])
    loaded = board.ruleset_of(group)
    ruleset = loaded.ruleset
    own = board.rows("select rank, total, unranked_reason from rankings where agency_id = {agency}", agency=agency)[0]
    if own["rank"] is None or _entered_total(board, agency):
        why = own["unranked_reason"] or "entered-total"
        raise UsageError(
            "lift-not-ranked",
            Text(f"{agency} không có thứ hạng để nâng ({why})", f"{agency} has no rank that could rise ({why})"),
            hint=Text(f"dti rank --year {board.year} --group {group}", f"dti rank --year {board.year} --group {group}"),
            where=agency,
        )
    same = "and coalesce(r.parent_id, '') = coalesce(o.parent_id, '')" if ruleset.ranking.within == "parent" else ""
    ahead = board.rows(
        "select r.agency_id from rankings as r, rankings as o "
        f"where o.agency_id = {{agency}} and r.rank < o.rank {same} order by r.rank desc, r.agency_id",
        agency=agency,
    )
    peers = _peers(board, ruleset)
    return Situation(
        board=board,
        agency=agency,
        group=group,
        ruleset_id=loaded.ruleset_id,
        ruleset=ruleset,
        rank=own["rank"],
        total=own["total"],
        ahead=[row["agency_id"] for row in ahead],
        sums={row["agency_id"]: (row["lo"], row["hi"]) for row in board.rows(_SUMS)},
        steps=_steps(board, agency, ruleset, effort, only),
        peers=peers,
        additive=_additive(board, agency, ruleset, bool(peers)),
    )


def _entered_total(board: Board, agency: str) -> bool:
    return bool(board.rows("select 1 as x from base_entered where agency_id = {a} and code = 'total'", a=agency))


def _steps(board: Board, agency: str, ruleset: Ruleset, effort: Effort, only: Collection[str]) -> dict[str, Steps]:
    cells = {row["indicator_code"]: row for row in board.rows(_CELLS, agency=agency)}
    entered = {row["code"] for row in board.rows("select code from base_entered where agency_id = {a}", a=agency)}
    best = {row["indicator_code"]: Fraction(row["best"]) for row in board.rows(_BEST)}
    found = {}
    for one in ruleset.indicator_list:
        cell = cells.get(one.code, {})
        if cell.get("status") == "exempt":
            found[one.code] = Steps(why_not="exempt")
        elif one.code in entered or one.main_index in entered:
            found[one.code] = Steps(why_not="entered")
        elif one.code in effort.fixed:
            found[one.code] = Steps(why_not="fixed")
        elif only and one.code not in only:
            found[one.code] = Steps(why_not="left_out")
        else:
            figure = Figure(*(_text(cell.get(name)) for name in ("numerator", "denominator", "value")))
            found[one.code] = steps_of(one, figure, Reach(best.get(one.code), effort.units.get(one.code)))
    return found


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _peers(board: Board, ruleset: Ruleset) -> set[str]:
    """Indicators with a rule, or with an exemption in the group, that looks at the others' figures or scores."""
    spared = board.rows("select distinct indicator_code, article from base_values where status = 'exempt'")
    highest = {one.article for one in ruleset.exceptions if one.policy.startswith("group_highest")}
    found = {row["indicator_code"] for row in spared if row["article"] in highest}
    for one in ruleset.indicator_list:
        rules = [one.rule, *(part.rule for part in getattr(one.rule, "parts", ()))]
        if any(rule.kind == "relative_to_best" for rule in rules):
            found.add(one.code)
    return found


def _additive(board: Board, agency: str, ruleset: Ruleset, looks_at_others: bool) -> bool:
    """Whether points simply add up to the total, so that what steps gain adds up too. Where something is left out and
    the rest brought to the maximum, or a mean is taken, it does not."""
    kinds = {ruleset.aggregation.kind, *(main.aggregation.kind for main in ruleset.main_indices)}
    left_out = {row["agency_id"] for row in board.rows(_LEFT_OUT)}
    return kinds == {"sum"} and not (left_out if looks_at_others else left_out & {agency})


_CELLS = """
select indicator_code, numerator, denominator, value, status from base_values where agency_id = {agency}
"""
_BEST = """
select indicator_code, max(coalesce(numerator, try_cast(value as decimal(38, 10)))) as best
from base_values
where status = 'reported' and coalesce(numerator, try_cast(value as decimal(38, 10))) is not null
group by indicator_code
"""
_SUMS = """
with outside as (
    select row_id, sum(lo) as lo, sum(hi) as hi from _results inner join _indicators using (ind_id)
    where outside group by row_id
),
mains as (select row_id, sum(raw_lo) as lo, sum(raw_hi) as hi from _main_index_points group by row_id)
select r.agency_id,
    cast(case when t.is_entered then t.raw_lo else coalesce(m.lo, 0) + coalesce(o.lo, 0) end as hugeint) as lo,
    cast(case when t.is_entered then t.raw_hi else coalesce(m.hi, 0) + coalesce(o.hi, 0) end as hugeint) as hi
from _roster as r
inner join _total_points as t using (row_id)
left join mains as m using (row_id)
left join outside as o using (row_id)
order by all
"""
_LEFT_OUT = """
select distinct r.agency_id
from _results as x
inner join _roster as r using (row_id)
inner join _indicators as i using (ind_id)
where x.status = 'not_applicable' or (x.status = 'missing' and i.missing = 'leave_out')
"""
