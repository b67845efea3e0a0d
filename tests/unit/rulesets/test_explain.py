"""A score as a card: every code that the engine writes has words, and the card shows how points came about."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import rulesets.scoring
from rulesets.models import ExceptionRule
from rulesets.rules import KINDS
from rulesets.scoring.explain import POLICIES, REASONS, RULES, STATUSES, card, lines
from tests.support.engine import cell, indicator, ruleset_of, score_one

EXCEPTIONS = [{"article": "7.3", "policy": "group_highest_figure", "who_vi": "không có dịch vụ công"}]


def test_every_rule_and_policy_has_words() -> None:
    assert set(RULES) == set(KINDS)
    assert set(POLICIES) == set(get_args(ExceptionRule.model_fields["policy"].annotation))


def test_every_status_and_reason_of_the_engine_has_words() -> None:
    """The codes are quoted in the engine's statements, beside words that are not codes."""
    folder = Path(rulesets.scoring.__file__).parent
    sql = "".join(
        (folder / name).read_text() for name in ("inputs.py", "figures.py", "points.py", "indicators.py", "tables.py")
    )
    written = set(re.findall(r"(?:THEN|ELSE) '([a-z]+(?:_[a-z]+)+)'", sql))
    others = {"group_highest_score", "group_highest_figure", "on_time", "min(", "not_applicable", "not_scored"}
    assert written - others <= set(REASONS)
    assert {"reported", "partial", "exempt", "entered", "missing", "invalid", "not_applicable", "not_scored"} == set(
        STATUSES
    )


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, object]]:
    rules = ruleset_of(
        indicator("6.5", {"kind": "threshold", "threshold": "4/5"}, basis="assumption", why="quen dùng"),
        rounding={"indicator": {"digits": 2}},
        exceptions=EXCEPTIONS,
    )
    values = [
        cell("a", "6.5", n=2, d=3),
        cell("b", "6.5", status="exempt", article="7.3"),
        cell("c", "6.5", n=5, d=4),
        cell("d", "6.5", "0,5"),
    ]
    found = score_one(rules, values, agencies=["e"]).rows("indicator_scores")
    return {str(row["agency_id"]): row for row in found}


def test_the_card_of_a_score(rows: dict[str, dict[str, object]]) -> None:
    more = {
        "agency_name": "Sở Y tế",
        "indicator_name": "Tỷ lệ dịch vụ công",
        "decision": "1407/QĐ-UBND",
        "source": "igate",
        "as_of": "2025-10-16",
    }
    assert lines(rows["a"] | more) == [
        "Cơ quan     Sở Y tế",
        "Chỉ số      6.5. Tỷ lệ dịch vụ công",
        "Quyết định  1407/QĐ-UBND",
        "Kỳ số liệu  2025",
        "Điểm        6,67 / 10",
        "Tình trạng  có số liệu",
        "Quy tắc     theo ngưỡng, không quy đổi (giả định, quyết định không nêu công thức)",
        "Số liệu     2 ÷ 3",
        "Vì          (2 ÷ 3) < 0,8",
        "Cách tính   làm tròn(10 × (2 ÷ 3); 2) = 6,67",
        "Nguồn       igate, 2025-10-16",
    ]


def test_the_card_of_an_exemption(rows: dict[str, dict[str, object]]) -> None:
    told = dict(card(rows["b"]))
    assert told["Điều khoản miễn"] == "Điều 7.3, tính bằng số liệu cao nhất trong nhóm, theo a"
    assert told["Tình trạng"] == "miễn áp dụng theo quyết định"
    assert told["Điểm"] == "6,67 / 10"


@pytest.mark.parametrize(
    ("agency", "status"),
    [
        ("c", "số liệu không hợp lệ: tỷ lệ lớn hơn 1"),
        ("d", "số liệu không hợp lệ: dùng dấu chấm thập phân, không dùng dấu phẩy"),
        ("e", "thiếu số liệu: không có dòng số liệu nào"),
    ],
)
def test_the_card_says_why_there_are_no_points(rows: dict[str, dict[str, object]], agency: str, status: str) -> None:
    told = dict(card(rows[agency]))
    assert told["Tình trạng"] == status
    assert "Cách tính" not in told


def test_the_card_in_english(rows: dict[str, dict[str, object]]) -> None:
    told = dict(card(rows["a"], "en"))
    assert told["Formula"] == "round(10 × (2 ÷ 3), 2) = 6.67"
    assert told["Because"] == "(2 ÷ 3) < 0.8"


def test_reading_a_card_imports_nothing_heavy() -> None:
    heavy = "{'duckdb', 'pandas', 'pyarrow', 'pydantic'}"
    code = f"import sys, rulesets.scoring.explain; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
