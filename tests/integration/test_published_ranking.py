"""The published figures against the portal's own, read from the figures and not through the pipeline."""

from __future__ import annotations

import csv
import unicodedata
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines.settings import CODE
from tests.support.deployments import dti_json

FIGURES = CODE / "connectors" / "simulator" / "figures"
PARTS = ("TDGQ", "MDHL", "MDSH", "TTTT", "CLGQ", "CKMB")
YEAR_EARLIER = "provinces_2025_as_of_2025-10-11.csv"
YEAR_LATER = "provinces_2025_as_of_2025-10-16.csv"
MONTH = "provinces_2025-10.csv"
DEPARTMENTS = "an_giang_departments_2025-10.csv"
COMMUNES = "an_giang_communes_2025.csv"

RANKINGS = [
    ("province", "2025", "2025-10-11", YEAR_EARLIER),
    ("province", "2025", "2025-10-16", YEAR_LATER),
    ("province", "2025-10", "2025-10-16", MONTH),
    ("department", "2025-10", "2025-10-16", DEPARTMENTS),
    ("commune", "2025", "2025-10-16", COMMUNES),
]


def figures(name: str) -> list[dict[str, str]]:
    with (FIGURES / name).open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def codes(published: Path) -> dict[str, str]:
    with (published / "registers" / "agency_codes.csv").open(encoding="utf-8", newline="") as handle:
        return {row["agency_id"]: row["code"] for row in csv.DictReader(handle)}


def test_all_185_published_totals_are_the_sums_of_their_parts() -> None:
    rows = [row for name in (YEAR_EARLIER, YEAR_LATER, DEPARTMENTS, COMMUNES) for row in figures(name)]
    assert len(rows) == 185
    assert all(sum(Decimal(row[part]) for part in PARTS) == Decimal(row["TONG_SCORE"]) for row in rows)


@pytest.mark.parametrize(("group", "period", "as_of", "name"), RANKINGS)
def test_totals_and_ranks_equal_the_published_figures(
    published: Path, group: str, period: str, as_of: str, name: str
) -> None:
    code, answer = dti_json(published, "rank", "--year", "2025", "--group", group, "--period", period, "--as-of", as_of)
    assert code == 0
    totals = {row["MA_COQUAN"]: Decimal(row["TONG_SCORE"]) for row in figures(name)}
    by_id = codes(published)
    found = {by_id[row["agency_id"]]: row for row in answer["data"]["agencies"]}
    assert {key: Decimal(row["total"]) for key, row in found.items()} == totals
    for key, row in found.items():
        better = sum(total > totals[key] for total in totals.values())
        assert row["rank"] == better + 1, f"{key}: ties share the best place, the next place is skipped"
    parts = {row["MA_COQUAN"]: {part: Decimal(row[part]) for part in PARTS} for row in figures(name)}
    assert {
        key: {part: Decimal(value) for part, value in row["main_indices"].items()} for key, row in found.items()
    } == parts


def test_equal_totals_share_a_rank_although_the_portal_numbers_its_rows(published: Path) -> None:
    _, answer = dti_json(published, "rank", "--year", "2025", "--group", "commune")
    ranks = [row["rank"] for row in answer["data"]["agencies"]]
    totals = [row["total"] for row in answer["data"]["agencies"]]
    tied = [at for at in range(1, len(totals)) if totals[at] == totals[at - 1]]
    assert tied, "the published communes have ties"
    assert all(ranks[at] == ranks[at - 1] for at in tied)
    assert ranks != sorted({int(row["ROW_STT"]) for row in figures(COMMUNES)})


def test_a_month_and_a_year_never_mix_in_one_ranking(published: Path) -> None:
    with duckdb.connect(str(published / "warehouse.duckdb"), read_only=True) as con:
        groups = con.execute(
            "select agency_group, period, count(*), max(rank) from rankings group by all order by all"
        ).fetchall()
        strays = con.execute(
            "select count(*) from indicator_values as v inner join pulls as p using (pull_id) "
            "where substr(v.period, 1, 4) <> cast(v.assessment_year as varchar)"
        ).fetchall()
    assert [row[:3] for row in groups] == [
        ("commune", "2025", 102),
        ("department", "2025-10", 15),
        ("province", "2025", 34),
        ("province", "2025-10", 34),
    ]
    assert strays == [(0,)]


def test_the_name_that_arrives_decomposed_leaves_composed(published: Path) -> None:
    (arrived,) = [
        row["TEN_COQUAN"] for row in figures(COMMUNES) if not unicodedata.is_normalized("NFC", row["TEN_COQUAN"])
    ]
    assert "Long Phú" in unicodedata.normalize("NFC", arrived)
    with duckdb.connect(str(published / "warehouse.duckdb"), read_only=True) as con:
        names = [row[0] for row in con.execute("select name_vi from agencies").fetchall()]
    assert "UBND phường Long Phú" in names
    assert all(unicodedata.is_normalized("NFC", name) for name in names)


def test_the_two_snapshots_differ_in_all_34_totals_and_dti_says_who_moved_and_why(published: Path) -> None:
    earlier = {row["MA_COQUAN"]: Decimal(row["TONG_SCORE"]) for row in figures(YEAR_EARLIER)}
    later = {row["MA_COQUAN"]: Decimal(row["TONG_SCORE"]) for row in figures(YEAR_LATER)}
    assert sum(earlier[key] != later[key] for key in earlier) == 34

    def ranks(totals: dict[str, Decimal]) -> dict[str, int]:
        return {key: 1 + sum(other > total for other in totals.values()) for key, total in totals.items()}

    moved = {key for key in later if ranks(earlier)[key] != ranks(later)[key]}
    code, answer = dti_json(
        published, "changes", "--group", "province", "--since", "2025-10-11", "--as-of", "2025-10-16"
    )
    assert code == 0
    by_id = codes(published)
    changes = [change for change in answer["data"]["changes"] if change["period"] == "2025"]
    assert {by_id[c["agency_id"]]: (Decimal(c["total_before"]), Decimal(c["total_after"])) for c in changes} == {
        key: (earlier[key], later[key]) for key in later
    }
    assert {by_id[c["agency_id"]] for c in changes if c["rank_before"] != c["rank_after"]} == moved
    assert {c["reason"] for c in changes} == {"restated"}
    for change in changes:
        own = sum(Decimal(f["points_after"]) - Decimal(f["points_before"]) for f in change["figures"])
        assert own == Decimal(change["total_after"]) - Decimal(change["total_before"]), "the parts add up to the change"
