"""Any ruleset over any table of values: what `dti score` reads and writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import ConfigurationError
from rulesets.load import LoadedRuleset, resolve
from rulesets.scoring.values_csv import SCORES, TOTALS, score_csv, to_csv
from tests.support.engine import Row, indicator, loaded, ruleset_of

HEADER = "agency,indicator,numerator,denominator,value,status,article"
EXCEPTIONS = [{"article": "7.3", "policy": "group_highest_figure", "who_vi": "không có dịch vụ công"}]


def rules(**more: object) -> LoadedRuleset:
    body: Row = ruleset_of(
        indicator("1.1", "yes_no"),
        indicator("1.2", {"kind": "checklist", "count": 4}),
        indicator("2.1", "proportional", main="2", most=20),
        exceptions=EXCEPTIONS,
        pillars=[{"code": "P", "name_vi": "Trụ cột", "main_indices": ["1", "2"]}],
        grades={"bands": [{"grade": "tốt", "from": 30}, {"grade": "khá", "from": 0}]},
    )
    return loaded("x/one", body | more)


def written(tmp_path: Path, *lines: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
    path = tmp_path / "values.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding=encoding)
    return path


def test_scores_and_totals(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "Sở B,2.1,,,,exempt,7.3",
        "Sở A,1.1,,,có,,",
        "Sở A,1.2,,,yes;no;yes;yes,reported,",
        "Sở A,2.1,2,3,,,",
        "Sở B,1.1,,,,missing,",
    )
    scored = score_csv(rules(), path)
    assert to_csv(SCORES, scored.scores).splitlines() == [
        "agency,indicator,points,status,rule",
        "Sở A,1.1,10,reported,yes_no",
        "Sở A,1.2,7.5,reported,checklist",
        "Sở A,2.1,13.3333333333,reported,proportional",
        "Sở B,1.1,0,missing,yes_no",
        "Sở B,1.2,0,missing,checklist",
        "Sở B,2.1,13.3333333333,exempt,proportional",
    ]
    assert to_csv(TOTALS, scored.totals).splitlines() == [
        "agency,main_index,pillar,points,max_points,rank,grade",
        "Sở A,1,,17.5,20,1,",
        "Sở A,2,,13.3333333333,20,1,",
        "Sở A,,P,30.8333333333,40,1,",
        "Sở A,,,30.8333333333,40,1,tốt",
        "Sở B,1,,0,20,,",
        "Sở B,2,,13.3333333333,20,1,",
        "Sở B,,P,13.3333333333,40,2,",
        "Sở B,,,13.3333333333,40,2,khá",
    ]
    assert scored.warnings == []


def test_points_of_main_indices_and_totals(tmp_path: Path) -> None:
    scored = score_csv(rules(), written(tmp_path, "A,1,,,15,,", "A,2.1,1,2,,,", "B,total,,,40,,"))
    assert scored.scores == [("A", "2.1", "10", "reported", "proportional")]
    assert [row[1:] for row in scored.totals] == [
        ("1", "", "15", "20", "1", ""),
        ("2", "", "10", "20", "1", ""),
        ("", "P", "25", "40", "1", ""),
        ("", "", "25", "40", "2", "khá"),
        ("1", "", "", "20", "", ""),
        ("2", "", "", "20", "", ""),
        ("", "P", "", "40", "", ""),
        ("", "", "40", "40", "1", "tốt"),
    ]


def test_row_order_columns_left_out_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    lines = ["A,1.1,yes", "B,1.1,no", "A,2.1,0.5"]
    first = score_csv(rules(), written(tmp_path, *lines, header="agency,indicator,value"))
    again = score_csv(
        rules(), written(tmp_path, *reversed(lines), header="Agency, Indicator ,VALUE", encoding="utf-8-sig")
    )
    assert first == again


def test_a_value_that_is_not_scored_is_a_warning_at_its_line(tmp_path: Path) -> None:
    scored = score_csv(rules(), written(tmp_path, "A,1.1,,,yes,,", "A,2.1,3,2,,,", "B,2,,,99,,"))
    assert [warning.code for warning in scored.warnings] == ["value-above-one", "value-above-maximum"]
    assert [warning.where.rpartition(":")[2] for warning in scored.warnings] == ["3", "4"]
    assert "tỷ lệ lớn hơn 1" in scored.warnings[0].message.vi


@pytest.mark.parametrize(
    ("header", "lines", "code", "line"),
    [
        (HEADER, ["A,1.9,,,yes,,"], "csv-indicator", "2"),
        (HEADER, ["A,1.1,,,yes,,", "", "A,1.1,,,no,,"], "csv-duplicate", "4"),
        (HEADER, [",1.1,,,yes,,"], "csv-agency", "2"),
        (HEADER, ["A,1.1,,,yes,ok,"], "csv-status", "2"),
        (HEADER, ["A,1.1,,,,exempt,"], "csv-article", "2"),
        (HEADER, ["A,1,5,10,,,"], "csv-points", "2"),
        (HEADER, ["A,1.1,,,yes,,,x"], "csv-width", "2"),
        (HEADER, [], "csv-empty", "1"),
        (HEADER, ["A\u200b,1.1,,,yes,,"], "csv-hidden", "2"),
        (HEADER, ['"A\nB",1.1,,,yes,,'], "csv-hidden", "3"),
        (HEADER, ["A\x00,1.1,,,yes,,"], "csv-hidden", "2"),
        (HEADER, ["A,1.1,,,yes,,", 'B,1.1,,,"yes,,', "C,1.1,,,no,,"], "csv-syntax", "3"),
        (HEADER, ['A,1.1,,,"yes"x,,'], "csv-syntax", "2"),
        (HEADER, [f"A,2.1,{'1' * 200_000},2,,,"], "csv-syntax", "2"),
        ("agency,indicator,vaule", ["A,1.1,yes"], "csv-column", "1"),
        ("agency,value", ["A,yes"], "csv-column", "1"),
        ("agency,indicator,value,value", ["A,1.1,yes,no"], "csv-column", "1"),
        ("agency;indicator;value", ["A;1.1;yes"], "csv-separator", "1"),
        ("agency\tindicator\tvalue", ["A\t1.1\tyes"], "csv-separator", "1"),
    ],
)
def test_mistakes_are_named_at_their_line(tmp_path: Path, header: str, lines: list[str], code: str, line: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        score_csv(rules(), written(tmp_path, *lines, header=header))
    assert (caught.value.code, caught.value.where.rpartition(":")[2]) == (code, line)


def test_what_is_not_used_is_a_warning_at_its_line(tmp_path: Path) -> None:
    scored = score_csv(rules(), written(tmp_path, "A,2.1,1,2,0.75,,", "B,2.1,,,,,7.3", "C,2.1,1,2,,exempt,7.3"))
    assert [(one.code, one.where.rpartition(":")[2]) for one in scored.warnings] == [
        ("csv-two-figures", "2"),
        ("csv-article-unused", "3"),
    ]
    assert [row[2:4] for row in scored.scores if row[1] == "2.1"] == [
        ("10", "reported"),
        ("0", "missing"),
        ("10", "exempt"),
    ]


def test_all_mistakes_of_a_file_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        score_csv(rules(), written(tmp_path, "A,1.12,,,yes,,", ",1.1,,,yes,nope,"))
    assert [finding.code for finding in caught.value.findings] == ["csv-indicator", "csv-agency", "csv-status"]
    assert caught.value.findings[0].hint.vi == "có phải '1.2'?"


def test_a_file_that_is_not_there_or_not_utf_8(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="file not found"):
        score_csv(rules(), tmp_path / "none.csv")
    (tmp_path / "old.csv").write_bytes(HEADER.encode() + b"\nS\xea,1.1,,,yes,,\n")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        score_csv(rules(), tmp_path / "old.csv")


def test_without_the_annex_indicators_are_refused_and_totals_are_judged(tmp_path: Path) -> None:
    hau_giang = resolve("hau_giang/1949-2022/district")
    with pytest.raises(ConfigurationError, match=r"annex with its 33 indicators \(360 points\)"):
        score_csv(hau_giang, written(tmp_path, "A,1.1,,,yes,,"))
    scored = score_csv(hau_giang, written(tmp_path, "A,total,,,252,,", "B,total,,,251.99,,"))
    assert [(row[3], row[6]) for row in scored.totals if not row[1] and not row[2]] == [
        ("252", "Khá"),
        ("251.99", "Trung bình"),
    ]


def test_decomposed_letters_are_the_same_agency(tmp_path: Path) -> None:
    scored = score_csv(rules(), written(tmp_path, "Sở A,1.1,,,yes,,", "So\u031b\u0309 A,2.1,1,2,,,"))
    assert {row[0] for row in scored.scores} == {"Sở A"}
