"""From wishes to a scenario: which agency, which ranking, what stands there now, and whether the wish can be at all."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from common.errors import Text, UsageError
from pipelines.explanation import find_agency
from pipelines.releases import Release
from pipelines.sql import fill
from pipelines.warehouse import query
from pipelines.whatif.board import Board
from pipelines.whatif.words import Wish

if TYPE_CHECKING:
    from rulesets.load import LoadedRuleset
    from rulesets.scoring.scenarios import Cell, Scenario

_GROUP = "select distinct agency_group from rankings where agency_id = {agency} and assessment_year = {year} order by 1"


def agencies_of(release: Release, wishes: Sequence[Wish], year: int) -> dict[str, str]:
    """The agency id of every name that the wishes use; raises `UsageError` at the wish."""
    found = {}
    for wish in wishes:
        if wish.agency not in found:
            try:
                found[wish.agency] = str(find_agency(release, wish.agency, year)["agency_id"])
            except UsageError as error:
                error.where = wish.where
                raise
    return found


def group_of(release: Release, agency: str, year: int, where: str = "") -> str:
    """The group in which an agency is ranked in a year."""
    groups = query(release, fill(_GROUP, agency=agency, year=year))
    if not groups:
        raise UsageError(
            "not-ranked",
            Text(f"{agency} không có trong bảng xếp hạng năm {year}", f"{agency} is in no ranking of {year}"),
            hint=Text("xem: dti rank --year … --group …", "see: dti rank --year … --group …"),
            where=where,
        )
    return str(groups[0]["agency_group"])


def scenario_of(board: Board, wishes: Sequence[Wish], ids: dict[str, str], stage: str = "assumed") -> Scenario:
    """What the wishes change of the board; raises `UsageError` for what cannot be wished, naming the option or line."""
    from rulesets.scoring.scenarios import Entry, Scenario

    by_place: dict[tuple[str, str], list[Wish]] = defaultdict(list)
    for wish in wishes:
        by_place[ids[wish.agency], wish.code].append(wish)
    cells, entries = [], []
    for (agency, code), own in by_place.items():
        ruleset = _ruleset_of(board, agency, own[0])
        _check_code(ruleset, own[0])
        final = _one_wish(own)
        if final.kind == "points" and final.points:
            entries.append(Entry(ruleset.ruleset_id, agency, code, final.points))
        elif code not in _codes(ruleset):
            entries.append(Entry(ruleset.ruleset_id, agency, code, None))
        else:
            _check_free(board, ruleset, agency, code, own)
            cells.append(_cell(board, ruleset, agency, final, stage))
    return Scenario(tuple(cells), tuple(entries))


def _ruleset_of(board: Board, agency: str, wish: Wish) -> LoadedRuleset:
    rows = board.rows("select agency_group from base_roster where agency_id = {agency}", agency=agency)
    if not rows:
        raise UsageError(
            "not-ranked",
            Text(f"{agency} không có trong bảng này", f"{agency} is not in this ranking"),
            where=wish.where,
        )
    return board.ruleset_of(rows[0]["agency_group"])


def _codes(ruleset: LoadedRuleset) -> list[str]:
    return [one.code for one in ruleset.ruleset.indicator_list]


def _check_code(ruleset: LoadedRuleset, wish: Wish) -> None:
    known = _codes(ruleset)
    if wish.kind == "points":
        known = [*known, *(main.code for main in ruleset.ruleset.main_indices), "total"]
    if wish.code not in known:
        near = ", ".join(difflib.get_close_matches(wish.code, known, n=3, cutoff=0.3) or known[:8]) or "–"
        raise UsageError(
            "unknown-indicator",
            Text(f"{ruleset.ruleset_id} không có '{wish.code}'", f"{ruleset.ruleset_id} has no '{wish.code}'"),
            hint=Text(f"có: {near}", f"there are: {near}"),
            where=wish.where,
        )


def _one_wish(own: Sequence[Wish]) -> Wish:
    """Of the wishes about one place the one that puts something there; two such wishes contradict each other."""
    putting = [wish for wish in own if not _takes_back(wish)]
    if len(putting) > 1 or len(own) > len({wish.kind for wish in own}):
        raise UsageError(
            "whatif-twice",
            Text(f"{own[0].agency}:{own[0].code} được nêu hai lần", f"{own[0].agency}:{own[0].code} is given twice"),
            hint=Text("giữ lại một", "keep one of them"),
            where=own[-1].where,
        )
    return putting[0] if putting else own[0]


def _takes_back(wish: Wish) -> bool:
    return (wish.kind == "exempt" and not wish.article) or (wish.kind == "points" and not wish.points)


def _check_free(board: Board, ruleset: LoadedRuleset, agency: str, code: str, own: Sequence[Wish]) -> None:
    """A figure does not count beside an exemption or points that were entered, in a refresh as little as here."""
    keys = {"ruleset": ruleset.ruleset_id, "agency": agency, "code": code}
    spared = board.rows(f"{_BASE_CELL} and status = 'exempt'", **keys)
    entered = board.rows(_BASE_ENTRY, **keys)
    kinds = {wish.kind for wish in own}
    if kinds == {"set"} and (spared or entered):
        option = "--exempt" if spared else "--points"
        now = f"miễn theo Điều {spared[0]['article']}" if spared else f"được nhập {entered[0]['points']} điểm"
        now_en = f"exempt by article {spared[0]['article']}" if spared else f"entered as {entered[0]['points']} points"
        raise UsageError(
            "whatif-not-scored",
            Text(
                f"{agency}:{code} đang {now}, giá trị không được tính", f"{agency}:{code} is {now_en}: no figure counts"
            ),
            hint=Text(f"thêm {option} {agency}:{code}= để bỏ", f"add {option} {agency}:{code}= to take that back"),
            where=own[0].where,
        )


def _cell(board: Board, ruleset: LoadedRuleset, agency: str, wish: Wish, stage: str) -> Cell:
    from rulesets.scoring.scenarios import Cell

    name = ruleset.ruleset_id
    if wish.kind == "set":
        figure = {"numerator": wish.numerator, "denominator": wish.denominator, "value": wish.value}
        status = "reported" if any(figure.values()) else "missing"
        return Cell(name, agency, wish.code, status=status, stage=stage, **figure)
    if wish.article:
        return Cell(name, agency, wish.code, status="exempt", article=wish.article, stage="appraised")
    return _own_figure(board, ruleset, agency, wish)


def _own_figure(board: Board, ruleset: LoadedRuleset, agency: str, wish: Wish) -> Cell:
    """What the agency's own figures say once an exemption or entered points no longer stand before them."""
    from rulesets.scoring.scenarios import Cell

    rows = board.rows(_OWN_FIGURES, ruleset=ruleset.ruleset_id, agency=agency, code=wish.code)
    if len({(row["part"], row["item"]) for row in rows}) > 1:
        raise UsageError(
            "whatif-list",
            Text(f"{wish.code} gồm nhiều số liệu", f"{wish.code} consists of several figures"),
            hint=Text(f"thêm --set {agency}:{wish.code}=…", f"add --set {agency}:{wish.code}=…"),
            where=wish.where,
        )
    roles = {row["role"]: row["value"] for row in rows}
    figure = {name: roles.get(name) for name in ("numerator", "denominator", "value")}
    stage = rows[0]["stage"] if rows else "declared"
    status = "reported" if rows else "missing"
    return Cell(ruleset.ruleset_id, agency, wish.code, status=status, stage=stage, **figure)


_BASE_CELL = """
select status, article from base_values
where ruleset_id = {ruleset} and agency_id = {agency} and indicator_code = {code}
"""
_BASE_ENTRY = """
select points from base_entered where ruleset_id = {ruleset} and agency_id = {agency} and code = {code}
"""
_OWN_FIGURES = """
select part, item, role, value, stage from figures
where scored and ruleset_id = {ruleset} and agency_id = {agency} and indicator_code = {code}
order by all
"""
