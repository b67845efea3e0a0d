"""The engine comes to what was calculated by hand; see README.md beside the sheets."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from common.errors import ConfigurationError
from rulesets.load import find_rulesets, resolve
from tests.support.engine import PERIOD, YEAR, Engine

HERE = Path(__file__).parent
Sheet = list[dict[str, str]]
KEY = {"assessment_year": YEAR, "period": PERIOD}


def sheet(name: str, ruleset: str = "") -> Sheet:
    """The rows of a sheet, of one ruleset where it holds several."""
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return [row for row in csv.DictReader(handle) if row.get("ruleset", "") == ruleset]


def score(ruleset: str, rows: Sheet, values: Sheet = (), entered: Sheet = ()) -> Engine:  # type: ignore[assignment]  # an empty sheet
    """Score the agencies of the rows by one shipped ruleset."""
    item = resolve(ruleset)
    key = {"ruleset_id": ruleset, **KEY}
    agencies = {row["agency"]: row.get("parent") or None for row in rows}
    group = {**key, "agency_group": item.ruleset.groups[-1]}
    roster = [{**group, "agency_id": agency, "parent_id": parent} for agency, parent in agencies.items()]
    return Engine([item]).score(roster, [{**key, **row} for row in values], [{**key, **row} for row in entered])


def entered(rows: Sheet, codes: list[str]) -> Sheet:
    return [{"agency_id": r["agency"], "code": c, "points": r[c]} for r in rows for c in codes if r[c]]


def number(text: str | Decimal | None) -> Fraction | None:
    return Fraction(text) if text not in (None, "") else None


def scored_1407(group: str) -> Engine:
    """The hand-calculated year of a group, scored."""
    cells = sheet(f"an_giang-1407-{group}")
    values = [
        {
            "agency_id": row["agency"],
            "indicator_code": row["indicator"],
            **{key: row[key] or None for key in ("numerator", "denominator", "value", "article")},
            "status": row["status"] or "reported",
        }
        for row in cells
    ]
    return score(f"an_giang/1407-2024/{group}", cells, values)


@pytest.mark.parametrize("group", ["department", "district"])
def test_1407(group: str) -> None:
    cells, wholes = sheet(f"an_giang-1407-{group}"), sheet(f"an_giang-1407-{group}-totals")
    engine = scored_1407(group)
    scored = {(r["agency_id"], r["indicator_code"]): r for r in engine.rows("indicator_scores")}
    assert len(scored) == len(cells)
    for row in cells:
        found = scored[row["agency"], row["indicator"]]
        assert (Fraction(found["points"]), found["status"]) == (Fraction(row["points"]), row["expected_status"]), row
    mains = {(r["agency_id"], r["main_index_code"], ""): r for r in engine.rows("main_index_scores")}
    pillars = {(r["agency_id"], "", r["pillar_code"]): r for r in engine.rows("pillar_scores")}
    totals = {(r["agency_id"], "", ""): r for r in engine.rows("rankings")}
    assert len(mains) + len(pillars) + len(totals) == len(wholes)
    for row in wholes:
        key = (row["agency"], row["main_index"], row["pillar"])
        found = (mains | pillars | totals)[key]
        points, most = ("total", "max_total") if key in totals else ("points", "max_points")
        assert Fraction(found[points]) == Fraction(row["points"]), row
        assert Fraction(found[most]) == Fraction(row["max_points"]), row
        if key in totals:
            assert found["rank"] == int(row["rank"]), row


@pytest.mark.parametrize("name", ["an_giang-1407-department", "an_giang-1407-district"])
def test_the_sheets_of_1407_say_what_they_add(name: str) -> None:
    for row in sheet(name):
        last = re.split(r"[=:] ?", row["how"])[-1].split(",")[0].strip()
        assert round(Fraction(last), 9) == round(Fraction(row["points"]), 9), row
    for row in sheet(f"{name}-totals"):
        total = sum((Fraction(part) for part in row["how"].split(" + ")), Fraction(0))
        assert abs(total - Fraction(row["points"])) <= Fraction(1, 10**10), row


@pytest.mark.parametrize("group", ["district", "commune"])
def test_levels_of_1040(group: str) -> None:
    rows = sheet("an_giang-1040", f"an_giang/1040-2018/{group}")
    codes = ["ha_tang", "nhan_luc", "moi_truong", "chuyen_doi", "giao_dich", "tuong_tac", "hien_dien"]
    engine = score(f"an_giang/1040-2018/{group}", rows, entered=entered(rows, codes))
    pillars = {(r["agency_id"], r["pillar_code"]): r["points"] for r in engine.rows("pillar_scores")}
    ranked = {r["agency_id"]: r for r in engine.rows("rankings")}
    for row in rows:
        found = ranked[row["agency"]]
        parts = [Fraction(pillars[row["agency"], part]) for part in ("san_sang", "ket_qua")]
        assert [*parts, Fraction(found["total"])] == [Fraction(row[c]) for c in ("san_sang", "ket_qua", "total")], row
        assert (found["grade"] or "", found["rank"]) == (row["level"], int(row["rank"]) if row["rank"] else None), row
        assert found["ranked"] == bool(row["rank"])


@pytest.mark.parametrize("group", ["department", "district"])
def test_grades_of_1949(group: str) -> None:
    rows = sheet("hau_giang-1949", f"hau_giang/1949-2022/{group}")
    engine = score(f"hau_giang/1949-2022/{group}", rows, entered=entered(rows, ["total"]))
    found = {r["agency_id"]: r for r in engine.rows("rankings")}
    for row in rows:
        one = found[row["agency"]]
        assert (Fraction(one["total"]), one["grade"], one["rank"]) == (
            Fraction(row["total"]),
            row["grade"],
            int(row["rank"]),
        ), row


@pytest.mark.parametrize("group", ["department", "district", "commune"])
def test_ranks_of_1082(group: str) -> None:
    rows = sheet("nghe_an-1082", f"nghe_an/1082-2023/{group}")
    engine = score(f"nghe_an/1082-2023/{group}", rows, entered=entered(rows, ["total"]))
    ranks = {r["agency_id"]: r["rank"] for r in engine.rows("rankings")}
    assert ranks == {row["agency"]: int(row["rank"]) for row in rows}


@pytest.mark.parametrize("group", ["department", "district"])
def test_totals_of_02_2023(group: str) -> None:
    rows = sheet("an_giang-02-2023", f"an_giang/02-2023/{group}")
    engine = score(f"an_giang/02-2023/{group}", rows, entered=entered(rows, list("12345678")))
    found = {r["agency_id"]: (Fraction(r["total"]), r["rank"]) for r in engine.rows("rankings")}
    assert found == {row["agency"]: (Fraction(row["total"]), int(row["rank"])) for row in rows}


def test_rounding_of_766() -> None:
    rows = sheet("national-766")
    codes = ["TDGQ", "MDHL", "MDSH", "TTTT", "CLGQ", "CKMB"]
    values = [
        {"agency_id": r["agency"], "indicator_code": c, "value": r[c], "status": "reported"}
        for r in rows
        for c in codes
    ]
    engine = score("national/766-2022", rows, values)
    found = {r["agency_id"]: (Fraction(r["total"]), r["rank"]) for r in engine.rows("rankings")}
    assert found == {row["agency"]: (Fraction(row["total"]), int(row["rank"])) for row in rows}


@pytest.mark.parametrize(
    "item", [one for one in find_rulesets() if not one.ruleset.public], ids=lambda one: one.ruleset_id
)
def test_without_the_annex_scoring_says_what_is_missing(item: object) -> None:
    name = item.ruleset_id  # type: ignore[attr-defined]  # pytest's parameter
    with pytest.raises(ConfigurationError) as caught:
        score(
            name, [{"agency": "a"}], [{"agency_id": "a", "indicator_code": "1.1", "value": "có", "status": "reported"}]
        )
    assert caught.value.code == "annex-not-public"
    assert f"dti ruleset import {name}" in caught.value.hint.vi
