"""The shipped decisions: structure as published, levels, grades, exceptions; and no errors, names in NFC."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from common.yaml_files import read_yaml
from rulesets import docs
from rulesets.lint import lint, select
from rulesets.load import SHIPPED, find_rulesets, in_force, resolve, ruleset_paths
from rulesets.models import Ruleset
from rulesets.schema import ruleset_schema

STRUCTURES = [  # main indices, indicators, points, public
    ("an_giang/1407-2024/department", 6, 35, 420, True),
    ("an_giang/1407-2024/district", 8, 65, 700, True),
    ("an_giang/02-2023/department", 6, 33, 400, False),
    ("an_giang/02-2023/district", 8, 69, 800, False),
    ("an_giang/1040-2018/district", 7, None, 1500, False),
    ("an_giang/1040-2018/commune", 7, None, 1100, False),
    ("nghe_an/1082-2023/department", 7, 40, 1000, False),
    ("nghe_an/1082-2023/district", 8, 50, 1000, False),
    ("nghe_an/1082-2023/commune", 7, 27, 500, False),
    ("hau_giang/1949-2022/department", 5, 24, 245, False),
    ("hau_giang/1949-2022/district", 7, 33, 360, False),
]


def ruleset(name: str) -> Ruleset:
    return resolve(name).ruleset


@pytest.mark.parametrize(("name", "mains", "indicators", "points", "public"), STRUCTURES)
def test_structure_is_as_published(name: str, mains: int, indicators: int | None, points: int, public: bool) -> None:
    found = ruleset(name)
    stated = found.structure
    assert (stated.main_indices, stated.indicators, stated.points) == (mains, indicators, points)
    assert found.public == public
    if public:
        assert len(found.indicator_list) == indicators
        assert sum(one.max_points for one in found.indicator_list) == points


@pytest.mark.parametrize(
    ("name", "per_main"),
    [
        ("department", [(4, 50), (5, 50), (1, 20), (3, 75), (9, 90), (13, 135)]),
        ("district", [(6, 70), (6, 60), (5, 60), (8, 65), (9, 100), (13, 140), (10, 75), (8, 130)]),
    ],
)
def test_main_indices_of_1407(name: str, per_main: list[tuple[int, int]]) -> None:
    found = ruleset(f"an_giang/1407-2024/{name}")
    assert [(main.indicators, main.points) for main in found.main_indices] == per_main
    for main, (count, points) in zip(found.main_indices, per_main, strict=True):
        parts = [one for one in found.indicator_list if one.main_index == main.code]
        assert (len(parts), sum(one.max_points for one in parts)) == (count, points)


def test_kinds_of_1407() -> None:
    department = ruleset("an_giang/1407-2024/department").structure.by_kind
    district = ruleset("an_giang/1407-2024/district").structure.by_kind
    assert [(k.indicators, k.points) for k in department.values()] == [(22, 285), (13, 135)]
    assert [(k.indicators, k.points) for k in district.values()] == [(34, 355), (31, 345)]


def test_pillars_of_1407_overlap_and_never_add_up_to_the_total() -> None:
    pillars = ruleset("an_giang/1407-2024/district").pillars
    assert [(len(p.main_indices), p.indicators, p.points) for p in pillars] == [
        (6, 47, 495),
        (6, 44, 430),
        (6, 42, 485),
    ]
    assert {code for p in pillars for code in p.main_indices} == set("12345678")
    assert all(set("12345") < set(p.main_indices) for p in pillars)


def test_general_information_of_1407_is_kept_as_metrics_but_for_personal_data() -> None:
    for group, last in (("department", 12), ("district", 22)):
        items = ruleset(f"an_giang/1407-2024/{group}").general_information
        numbered = [item for item in items if item.code.isdigit()]
        assert [item.code for item in numbered] == [str(n) for n in range(1, last + 1)]
        personal = [item.code for item in items if item.metric is None]
        assert personal == [str(last), *(f"{last}{letter}" for letter in "abcd")]
        metrics = [item.metric for item in items if item.metric]
        assert len(set(metrics)) == len(metrics) == last - 1


def test_exceptions_of_1407() -> None:
    policies = {e.article: (e.policy, e.indicators) for e in ruleset("an_giang/1407-2024/department").exceptions}
    online = ["6.5", "6.6", "6.7"]
    assert policies == {
        "5.1": ("group_highest_figure", online),
        "7.2": ("group_highest_score", None),
        "7.3": ("group_highest_figure", online),
        "7.4": ("full_points", None),
    }
    assert [e.article for e in ruleset("an_giang/1407-2024/district").exceptions] == ["7.2", "7.3", "7.4"]


def test_every_rule_of_1407_is_an_assumption_with_its_reason() -> None:
    for group in ("department", "district"):
        for one in ruleset(f"an_giang/1407-2024/{group}").indicator_list:
            assert (one.basis, bool(one.why)) == ("assumption", True), one.code


def test_zero_denominators_of_1407_are_chosen_one_by_one() -> None:
    chosen = {one.code: one.zero_denominator for one in ruleset("an_giang/1407-2024/district").indicator_list}
    assert (chosen["8.8"], chosen["6.7"], chosen["6.5"]) == ("full", "zero", "missing")


def test_the_other_spelling_of_the_decision_is_recorded() -> None:
    second = ruleset("an_giang/1407-2024/department").main_indices[1]
    assert (second.name_vi, second.name_variants) == ("Thể chế số", ["Thế chế số"])


LEVELS = {  # readiness, results, then the minima of infrastructure … transformation in percent, highest level first
    "district": [("450", "900"), ("400", "842.5"), ("375", "770"), ("350", "705")],
    "commune": [("450", "540"), ("400", "501"), ("375", "435"), ("350", "385")],
}
SHARES = {
    "ha_tang": [90, 80, 75, 70],
    "nhan_luc": [90, 80, 75, 70],
    "moi_truong": [90, 80, 75, 70],
    "chuyen_doi": [90, 50, 0, 0],
    "giao_dich": [90, 80, 75, 70],
    "tuong_tac": [90, 85, 80, 70],
    "hien_dien": [90, 90, 85, 80],
}


@pytest.mark.parametrize("group", ["district", "commune"])
def test_levels_of_1040_are_as_published(group: str) -> None:
    found = ruleset(f"an_giang/1040-2018/{group}")
    assert found.levels is not None
    assert found.levels.below == "not_ranked"
    assert [one.level for one in found.levels.levels] == ["Mức I", "Mức II", "Mức III", "Mức IV"]
    for n, level in enumerate(found.levels.levels):
        stated = [level.pillars[part].points for part in ("san_sang", "ket_qua")]
        assert stated == [Fraction(value) for value in LEVELS[group][n]]
        for code, shares in SHARES.items():
            assert level.main_indices[code].share == Fraction(shares[n], 100)
    assert found.dates.report_before is not None
    assert (found.dates.report_before.on, found.dates.report_before.year) == ("12-01", "same")


def test_the_groups_of_communes_ask_for_more_than_the_stated_minimum() -> None:
    found = ruleset("an_giang/1040-2018/commune")
    points = {main.code: main.points for main in found.main_indices}
    assert found.levels is not None
    sums = [
        sum(level.main_indices[code].of(points[code] or Fraction(0)) for code in found.pillars[1].main_indices)
        for level in found.levels.levels
    ]
    assert sums == [540, 501, Fraction("448.5"), 412]
    report = lint(select("an_giang/1040-2018/commune"))
    assert [finding.code for _, finding in report.found] == ["minimum-never-decides"] * 2


@pytest.mark.parametrize(
    ("group", "limits"), [("department", [220, 196, 171, 122, 0]), ("district", [324, 288, 252, 180, 0])]
)
def test_grades_of_1949(group: str, limits: list[int]) -> None:
    found = ruleset(f"hau_giang/1949-2022/{group}")
    assert found.grades is not None
    assert [(band.grade, band.from_) for band in found.grades.bands] == list(
        zip(["Xuất sắc", "Tốt", "Khá", "Trung bình", "Yếu"], limits, strict=True)
    )
    assert found.dates.publish_before is not None
    assert (found.dates.publish_before.on, found.dates.publish_before.year) == ("01-30", "next")


def test_1082_ranks_communes_in_their_district_and_asks_for_evidence() -> None:
    groups = {group: ruleset(f"nghe_an/1082-2023/{group}") for group in ("department", "district", "commune")}
    assert [found.ranking.within for found in groups.values()] == ["group", "group", "parent"]
    assert all(found.evidence_required for found in groups.values())
    assert {(found.dates.period_from, found.dates.period_to) for found in groups.values()} == {("01-01", "12-30")}
    assert groups["commune"].main_indices[-1].name_vi == "Hoạt động kinh tế, xã hội số"


def test_1407_replaces_02_2023_for_2024() -> None:
    own = [item for item in find_rulesets() if item.ruleset_id.startswith("an_giang/")]
    chosen = {year: in_force(own, "district", year) for year in (2017, 2018, 2023, 2024, 2026)}
    assert {year: item and item.ruleset_id for year, item in chosen.items()} == {
        2017: None,
        2018: "an_giang/1040-2018/district",
        2023: "an_giang/02-2023/district",
        2024: "an_giang/1407-2024/district",
        2026: "an_giang/1407-2024/district",
    }
    assert ruleset("an_giang/1407-2024/district").decision.date == date(2024, 9, 13)


def test_lint_finds_no_error_and_no_warning_in_what_is_shipped() -> None:
    report = lint()
    assert len(report.rulesets) == 12
    assert [f"{severity} {finding.line('en')}" for severity, finding in report.found if severity != "note"] == []


def test_the_schema_accepts_every_shipped_ruleset() -> None:
    schema = ruleset_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in ruleset_paths([SHIPPED]).values():
        assert [error.message for error in validator.iter_errors(as_json(read_yaml(path).data))] == [], path


def test_the_schema_marks_a_mistake() -> None:
    data = as_json(read_yaml(SHIPPED / "national/766-2022.yaml").data)
    data["indicators"][0]["rule"]["kind"] = "pointz"
    assert not jsonschema.Draft202012Validator(ruleset_schema()).is_valid(data)


def as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    return float(value) if isinstance(value, Decimal) else value


def test_the_method_page_is_not_stale() -> None:
    written = docs.PAGE.read_text(encoding="utf-8")
    assert written == docs.page(find_rulesets()), "run: python -m rulesets.docs"


def test_select_by_id_folder_and_path() -> None:
    assert [path.stem for path in select("an_giang/1407-2024")] == ["department", "district"]
    assert [path.name for path in select("national/766-2022")] == ["766-2022.yaml"]
    assert select("x/y.yaml") == [Path("x/y.yaml")]
