"""Rulesets are found by id, and whatever is wrong in one is named at its place with a hint."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from common.errors import ConfigurationError, UsageError
from rulesets.consistency import findings
from rulesets.load import SHIPPED, find_rulesets, in_force, load_ruleset, resolve
from rulesets.metrics import load_metrics
from rulesets.numbers import exact, plain
from tests.support.engine import indicator, loaded, ruleset_of

NATIONAL = (SHIPPED / "national/766-2022.yaml").read_text(encoding="utf-8")


def written(folder: Path, text: str, name: str = "p/one.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_rulesets_load_and_the_national_one_says_what_the_portal_does() -> None:
    shipped = {one.ruleset_id: one.ruleset for one in find_rulesets()}
    national = shipped["national/766-2022"]
    assert national.groups == ["province", "department", "commune"]
    assert {main.code: int(main.points or 0) for main in national.main_indices} == {
        "TDGQ": 20, "MDHL": 18, "MDSH": 22, "TTTT": 10, "CLGQ": 12, "CKMB": 18,
    }  # fmt: skip
    metrics = load_metrics()
    assert {one.inputs.value for one in national.indicator_list} <= set(metrics)


def test_ids_are_paths_and_unknown_ones_get_the_nearest(tmp_path: Path) -> None:
    written(tmp_path, NATIONAL, "tinh/9-2030/department.yaml")
    written(tmp_path, "metrics: []", "metrics.yaml")
    assert [one.ruleset_id for one in find_rulesets([tmp_path])] == ["tinh/9-2030/department"]
    assert resolve("tinh/9-2030/department", [tmp_path]).path.name == "department.yaml"
    assert resolve(str(tmp_path / "tinh/9-2030/department.yaml"), [tmp_path]).ruleset_id == "tinh/9-2030/department"
    with pytest.raises(UsageError) as caught:
        resolve("tinh/9-2030/departmnt", [tmp_path])
    assert "tinh/9-2030/department" in caught.value.hint.vi


def test_a_file_outside_every_folder_goes_by_its_own_name(tmp_path: Path) -> None:
    assert load_ruleset(written(tmp_path, NATIONAL, "mine.yaml")).ruleset_id == "mine"


def test_the_hash_is_of_what_the_ruleset_says(tmp_path: Path) -> None:
    first = load_ruleset(written(tmp_path, NATIONAL))
    spaced = load_ruleset(written(tmp_path, "# một ghi chú\n\n" + NATIONAL.replace("points: 100", "points:   100.0")))
    changed = load_ruleset(written(tmp_path, NATIONAL.replace("Mức độ hài lòng", "Mức độ hài lòng của dân")))
    assert first.content_hash == spaced.content_hash != changed.content_hash


@pytest.mark.parametrize(
    ("change", "at", "code", "hint"),
    [
        (("points: 20, ind", "points: 21, ind"), "points", "count-differs", "so lại với văn bản"),
        (("main_index: MDHL", "main_index: MDH"), "main", "unknown-code", "TDGQ"),
        (("- code: MDHL", "- code: TDGQ"), "code", "code-twice", "mỗi mã"),
        (("indicators: 6", "indicators: 7"), "indicators", "count-differs", "so lại"),
        (("kind: points", "kind: pionts"), "kind", "unknown-rule", "points"),
        (("max_points: 20\n", "max_points: 20.12345\n"), "max", "too-many-digits", "1/3"),
        (("max_points: 20\n", 'max_points: "1/3"\n'), "max", "points-not-decimal", "share"),
        (("basis: decision", "basis: assumption"), "basis", "assumption-why", "why"),
        (("rounding:", "roundng:"), "roundng", "unknown-key", "rounding"),
        (("digits: 2", "digits: 2.5"), "digits", "invalid-value", ""),
        (("ties: competition", "ties: ordinal"), "ties", "tie-break", "chỉ số chính"),
        (("{from: 2022}", "{from: 2022, to: 2021}"), "to", "validity-order", ""),
        (("{from: 2022}", "{from: hôm qua}"), "from", "not-a-year", "2024-09-13"),
        (("code: TTTT", "code: 6.10"), "code", "invalid-value", '"6.10"'),
        (("points: 18, indicators: 1}", "points: 18, indicators: 2}"), "indicators", "count-differs", "so lại"),
    ],
)
def test_a_mistake_is_named_at_its_place(
    tmp_path: Path, change: tuple[str, str], at: str, code: str, hint: str
) -> None:
    old, new = change
    text = NATIONAL.replace(old, new, 1)
    before = text[: NATIONAL.index(old) + new.index(at)]
    with pytest.raises(ConfigurationError) as caught:
        load_ruleset(written(tmp_path, text))
    found = caught.value.findings[0]
    assert found.code == code, [one.line("en") for one in caught.value.findings]
    assert found.where.endswith(f"one.yaml:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}")
    assert hint in found.hint.vi


def test_all_files_are_looked_at_before_anything_is_said(tmp_path: Path) -> None:
    written(tmp_path, NATIONAL.replace("kind: points", "kind: pints", 1), "p/one.yaml")
    written(tmp_path, NATIONAL.replace("groups:", "group:", 1), "p/two.yaml")
    with pytest.raises(ConfigurationError) as caught:
        find_rulesets([tmp_path])
    assert {finding.where.split(":")[0].rpartition("/")[2] for finding in caught.value.findings} == {
        "one.yaml",
        "two.yaml",
    }


def test_the_newest_decision_wins_for_a_year_that_two_cover() -> None:
    old = loaded("p/old", ruleset_of(indicator("1", "yes_no"), valid={"from": 2020}))
    new = ruleset_of(indicator("1", "yes_no"), valid={"from": "2024-09-13"})
    later = loaded("p/new", new | {"decision": new["decision"] | {"date": "2025-09-13"}})
    chosen = {year: in_force([later, old], "department", year) for year in (2019, 2023, 2024, 2030)}
    assert [one and one.ruleset_id for one in chosen.values()] == [None, "p/old", "p/new", "p/new"]
    assert in_force([old], "district", 2024) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"aggregation": {"kind": "weighted_arithmetic", "weights": {"1": "1/2", "9": "1/2"}}}, "unknown-code"),
        ({"aggregation": {"kind": "weighted_geometric", "weights": {"1": 1}}}, "weight-missing"),
        ({"rounding": {"indicator": {"digits": 0}}}, "coarse-rounding"),
        (
            {
                "grades": {"bands": [{"grade": "a", "from": 1}, {"grade": "b", "from": 0}]},
                "levels": {"levels": [{"level": "I"}]},
            },
            "grades-and-levels",
        ),
        ({"pillars": [{"code": "P", "name_vi": "p", "main_indices": ["1", "7"]}]}, "unknown-code"),
        ({"levels": {"levels": [{"level": "I", "main_indices": {"7": 1}}]}}, "unknown-code"),
        (
            {"exceptions": [{"article": "1", "policy": "full_points", "who_vi": "w", "indicators": ["8"]}]},
            "unknown-code",
        ),
        ({"ranking": {"ties": "ordinal", "tie_break": ["7"]}}, "unknown-code"),
    ],
)
def test_parts_of_a_ruleset_must_agree(change: dict[str, object], code: str) -> None:
    body = ruleset_of(
        indicator("1.1", "yes_no", most=Decimal("2.5")), indicator("2.1", "yes_no", main="2", most=Decimal("2.5"))
    )
    one = loaded("x/one", body | change)
    assert code in {finding.code for finding in findings(one.ruleset, one.file)}


@pytest.mark.parametrize("text", ["1/3", "10", "0.35", "-2.5", "2/4"])
def test_numbers_are_exact_and_shown_as_short_as_can_be(text: str) -> None:
    value = exact(text if "/" in text else Decimal(text))
    assert plain(value) == {"2/4": "0.5"}.get(text, text)
