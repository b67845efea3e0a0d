"""Whose rank moves between two rulesets, and which single change moves it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from rulesets.diff import diff
from rulesets.diff_ranks import Cell, Move, moves
from rulesets.load import LoadedRuleset

Load = Callable[[str, str], LoadedRuleset]


def cell(agency: str, indicator: str, value: str = "", ratio: str = "") -> Cell:
    numerator, _, denominator = ratio.partition("/")
    return {
        "agency": agency,
        "indicator": indicator,
        "value": value,
        "numerator": numerator,
        "denominator": denominator,
        "status": "",
        "article": "",
    }


CELLS = [
    *(cell("a", "1.1", "có"), cell("a", "2.1", ratio="80/100"), cell("a", "2.2", "1")),  # 10 + 9.6 + 2 = 21.6
    *(cell("b", "1.1", "có"), cell("b", "2.1", ratio="50/100"), cell("b", "2.2", "3")),  # 10 + 6 + 6 = 22
    *(cell("c", "1.1", "không"), cell("c", "2.1", ratio="100/100"), cell("c", "2.2", "4")),  # 0 + 12 + 8 = 20
]


def found(load: Load, before: str, after: str, cells: list[Cell] | None = None) -> dict[str, Move]:
    old, new = load("before", before).ruleset, load("after", after).ruleset
    values = CELLS if cells is None else cells
    return {move.agency: move for move in moves(old, new, diff(old, new), values, values)}


def causes(move: Move) -> list[tuple[str, str, int | None]]:
    return [(cause.change.kind, cause.change.code, cause.rank) for cause in move.causes]


def test_nothing_moves_where_nothing_differs(load: Load, text: str) -> None:
    assert found(load, text, text) == {}
    assert found(load, text, text.replace("Kế hoạch hằng năm", "Kế hoạch năm")) == {}


def test_a_rule_moves_two_ranks(load: Load, text: str) -> None:
    after = found(load, text, text.replace("kind: proportional", "kind: target, target: 0.8"))
    # a: 10 + 12 + 2 = 24; b: 10 + 7.5 + 6 = 23.5; c is the same
    assert set(after) == {"a", "b"}
    assert (after["a"].rank_before, after["a"].rank_after, after["a"].total_after) == (2, 1, Decimal(24))
    assert (after["b"].rank_before, after["b"].rank_after, after["b"].total_after) == (1, 2, Decimal("23.5"))
    assert causes(after["a"]) == [("rule", "2.1", 1)]


def test_each_change_is_tried_alone(load: Load, text: str) -> None:
    changed = text.replace("kind: proportional", "kind: target, target: 0.8").replace("points: 2}", "points: 1}")
    after = found(load, text, changed)
    # a: 10 + 12 + 1 = 23; b: 10 + 7.5 + 3 = 20.5; c: 0 + 12 + 4 = 16
    assert [after[agency].rank_after for agency in "abc"] == [1, 2, 3]
    assert causes(after["a"]) == [("rule", "2.1", 1), ("rule", "2.2", 1)]  # either alone: 24 > 23.5, and 20.6 > 19
    assert causes(after["c"]) == [("rule", "2.2", 3)]
    assert not after["c"].moved


def test_an_added_and_a_removed_indicator(load: Load, text: str) -> None:
    new = text[text.index('  - code: "1.1"') : text.index('  - code: "2.1"')]
    new = new.replace('code: "1.1"', 'code: "1.2"').replace("Kế hoạch hằng năm", "Kế hoạch giai đoạn")
    after = text.replace('  - code: "2.1"', new.replace("max_points: 10", "max_points: 4") + '  - code: "2.1"')
    after = after.replace("points: 10}", "points: 14}").replace(
        "indicators: 3, points: 30", "indicators: 4, points: 34"
    )
    cells = [*CELLS, cell("a", "1.2", "có"), cell("b", "1.2", "không"), cell("c", "1.2", "có")]
    forward = found(load, text, after, cells)
    assert (forward["a"].rank_after, forward["a"].total_after) == (1, Decimal("25.6"))
    assert ("added", "1.2", 1) in causes(forward["a"])
    back = found(load, after, text, cells)
    assert ("removed", "1.2", 2) in causes(back["a"])


def test_a_setting(load: Load, text: str) -> None:
    cells = [*CELLS, cell("d", "1.1", "có"), cell("d", "2.1", ratio="50/100"), cell("d", "2.2", "3")]
    changed = text.replace("indicators:\n  - code", "ranking: {ties: dense}\nindicators:\n  - code")
    after = found(load, text, changed, cells)
    assert {agency: (move.rank_before, move.rank_after) for agency, move in after.items()} == {"a": (3, 2), "c": (4, 3)}
    assert causes(after["a"]) == [("setting", "ranking", 2)]


def test_entered_totals(load: Load, text: str) -> None:
    base = text[: text.index("indicators:\n")] + "indicators: not_public\n"
    base = base.replace("points: 10", "points: 10").replace("indicators: 3, ", "")
    cells = [cell("a", "total", "15"), cell("b", "total", "14.99")]
    graded = base + "grades: {bands: [{grade: Đạt, from: 15}, {grade: Chưa, from: 0}]}\n"
    assert found(load, base, graded, cells) == {}  # grades change no rank
