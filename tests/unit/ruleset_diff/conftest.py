"""A small ruleset that a test changes in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rulesets.load import LoadedRuleset, load_ruleset

TEXT = """title_vi: Bộ chỉ số mẫu
decision: {number: 9/QĐ-UBND, date: 2024-01-02, authority_vi: Ủy ban nhân dân tỉnh mẫu}
valid: {from: 2024}
groups: [department]
structure: {main_indices: 2, indicators: 3, points: 30}
main_indices:
  - {code: "1", name_vi: Nhận thức số, points: 10}
  - {code: "2", name_vi: Hoạt động số, points: 20}
indicators:
  - code: "1.1"
    main_index: "1"
    name_vi: Kế hoạch hằng năm
    max_points: 10
    rule: {kind: yes_no}
    basis: decision
    reference: Mẫu
  - code: "2.1"
    main_index: "2"
    name_vi: Tỷ lệ hồ sơ trực tuyến
    max_points: 12
    inputs: {numerator: public_services.dossiers_processed_online, denominator: public_services.dossiers_finished}
    rule: {kind: proportional}
    basis: decision
    reference: Mẫu
  - code: "2.2"
    main_index: "2"
    name_vi: Số tập dữ liệu mở
    max_points: 8
    rule: {kind: per_item, points: 2}
    basis: decision
    reference: Mẫu
"""


@pytest.fixture
def text() -> str:
    return TEXT


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str, str], LoadedRuleset]:
    """A ruleset from its text, under a name."""

    def from_text(name: str, text: str) -> LoadedRuleset:
        path = tmp_path / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return load_ruleset(path)

    return from_text
