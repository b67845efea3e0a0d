"""What differs between two rulesets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rulesets.diff import KINDS, diff
from rulesets.load import LoadedRuleset, resolve

Load = Callable[[str, str], LoadedRuleset]

NEW = """  - code: "2.1"
    main_index: "2"
    name_vi: Tỷ lệ báo cáo trên hệ thống
    max_points: 5
    rule: {kind: proportional}
    basis: decision
    reference: Mẫu
"""


def found(load: Load, before: str, after: str) -> list[tuple[str, str, str, str]]:
    changes = diff(load("before", before).ruleset, load("after", after).ruleset)
    assert all(change.kind in KINDS for change in changes)
    return [(change.kind, change.code, change.before, change.after) for change in changes]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        (
            "Kế hoạch hằng năm",
            "Kế hoạch năm",
            [("renamed", "1.1", "Kế hoạch hằng năm", "Kế hoạch năm")],
        ),
        (
            "kind: proportional",
            "kind: target, target: 0.8",
            [
                (
                    "rule",
                    "2.1",
                    "12 × tỷ lệ; mẫu số 0: thiếu số liệu",
                    "12 × tỷ lệ / 80%, từ 80% trở lên 12 điểm; mẫu số 0: thiếu số liệu",
                )
            ],
        ),
        (
            "rule: {kind: proportional}",
            "rule: {kind: proportional}\n    zero_denominator: full",
            [("rule", "2.1", "12 × tỷ lệ; mẫu số 0: thiếu số liệu", "12 × tỷ lệ; mẫu số 0: đủ điểm")],
        ),
        (
            "public_services.dossiers_finished",
            "public_services.results",
            [
                (
                    "inputs",
                    "2.1",
                    "`public_services.dossiers_processed_online` / `public_services.dossiers_finished`",
                    "`public_services.dossiers_processed_online` / `public_services.results`",
                )
            ],
        ),
        ("name_vi: Hoạt động số", "name_vi: Hoạt động", [("main_renamed", "2", "Hoạt động số", "Hoạt động")]),
        (
            "indicators:\n  - code",
            "ranking: {ties: dense}\nindicators:\n  - code",
            [("setting", "ranking", "", "ties: dense")],
        ),
        ('code: "2.2"', 'code: "2.9"', [("recoded", "2.9", "2.2", "2.9")]),
    ],
    ids=["nothing", "name", "rule", "policy", "inputs", "main-name", "ranking", "code"],
)
def test_one_change(load: Load, text: str, old: str, new: str, expected: list[tuple[str, str, str, str]]) -> None:
    assert found(load, text, text.replace(old, new) if old else text) == expected


def test_weights_move_between_indicators(load: Load, text: str) -> None:
    after = text.replace("max_points: 12", "max_points: 14").replace("max_points: 8", "max_points: 6")
    assert found(load, text, after) == [("reweighted", "2.1", "12", "14"), ("reweighted", "2.2", "8", "6")]


def test_one_new_indicator_in_the_middle_is_one_addition(load: Load, text: str) -> None:
    after = text.replace('code: "2.2"', 'code: "2.3"').replace('code: "2.1"', 'code: "2.2"')
    after = after.replace('  - code: "2.2"\n', NEW + '  - code: "2.2"\n', 1)
    after = after.replace("indicators: 3, points: 30", "indicators: 4, points: 35").replace(
        "points: 20}", "points: 25}"
    )
    changes = found(load, text, after)
    assert [(kind, code) for kind, code, *_ in changes] == [
        ("main_reweighted", "2"),
        ("setting", "points"),
        ("added", "2.1"),
        ("recoded", "2.2"),
        ("recoded", "2.3"),
    ]


def test_a_removed_indicator_and_main_index(load: Load, text: str) -> None:
    after = text.replace('  - {code: "1", name_vi: Nhận thức số, points: 10}\n', "")
    start, end = after.index('  - code: "1.1"'), after.index('  - code: "2.1"')
    after = after[:start] + after[end:]
    after = after.replace("main_indices: 2, indicators: 3, points: 30", "main_indices: 1, indicators: 2, points: 20")
    assert [(kind, code) for kind, code, *_ in found(load, text, after)] == [
        ("main_removed", "1"),
        ("setting", "points"),
        ("removed", "1.1"),
    ]


def test_1407_from_departments_to_districts() -> None:
    before, after = (resolve(f"an_giang/1407-2024/{group}").ruleset for group in ("department", "district"))
    changes = diff(before, after)
    assert sum(change.kind == "added" for change in changes) == 30
    assert not [change for change in changes if change.kind == "removed"]
    assert ("recoded", "3.5", "3.1") in {(change.kind, change.code, change.code_before) for change in changes}
