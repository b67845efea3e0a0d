"""Every rule can be said in words, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.yaml_files import parse_yaml
from rulesets.annex_template import EXAMPLES
from rulesets.indicators import Indicator
from rulesets.rules import KINDS
from rulesets.words import indicator_rule, number, percent


def indicator(kind: str, parameters: str) -> Indicator:
    outside = kind in {"not_scored", "bonus", "penalty"}
    text = f"""
code: "1.1"
main_index: {"null" if kind in {"bonus", "penalty"} else '"1"'}
name_vi: Mẫu
max_points: {0 if outside else 10}
rule: {{kind: {kind}, {parameters}}}
basis: decision
reference: Mẫu
"""
    return Indicator.model_validate(parse_yaml(text, Path("x.yaml")).data)


def test_there_is_an_example_of_every_rule() -> None:
    assert set(EXAMPLES) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_has_words(kind: str) -> None:
    words = indicator_rule(indicator(kind, EXAMPLES[kind]))
    assert words.vi
    assert words.en
    assert words.vi != words.en or kind == "categories"


@pytest.mark.parametrize(
    ("kind", "parameters", "vi", "en"),
    [
        ("yes_no", "", "có: 10 điểm; không: 0", "yes: 10 points; no: 0"),
        (
            "target",
            "target: 0.85",
            "10 × tỷ lệ / 85%, từ 85% trở lên 10 điểm; mẫu số 0: thiếu số liệu",
            "10 × ratio / 85%, from 85% on 10 points; denominator 0: missing",
        ),
        ("categories", "shares: {tốt: 1, khá: 0.25}", "tốt: 10; khá: 2,5", "tốt: 10; khá: 2.5"),
        (
            "bands",
            "of: count, bands: [{above: 0, points: 4}, {from: 3, share: 1}]",
            "≥ 3: 10; > 0: 4; còn lại: 0",
            "≥ 3: 10; > 0: 4; else: 0",
        ),
    ],
)
def test_the_words_say_the_rule(kind: str, parameters: str, vi: str, en: str) -> None:
    assert indicator_rule(indicator(kind, parameters)) == (vi, en)


def test_numbers_are_written_in_the_language() -> None:
    one = indicator("target", "target: 0.125")
    assert (percent(one.rule.target), number(one.max_points / 4)) == ("12,5%", "2,5")
    assert percent(one.rule.target, "en") == "12.5%"
