"""Every published cell of 2024 is walked back, from the downloaded table through formula and figure to the pull and the
hash of what the source sent; and everything on the way is worked out again."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from connectors import Landing, Pull
from pipelines.registers import read_registers
from tests.support.recompute import points_of

pytestmark = pytest.mark.slow
YEAR = "2024"
Row = dict[str, str]
GROUPS = {"department": 20, "district": 11}
KEY = ("ruleset_id", "agency_id", "period")


@pytest.fixture(scope="module")
def published(sample_years: Path) -> dict[str, list[Row]]:
    """The rows of 2024, as the public downloads them."""
    folder = (sample_years / "site" / "downloads").resolve()
    names = ("rankings", "main_index_scores", "indicator_scores", "indicator_values", "indicator_figures")
    return {name: list(_rows(folder / f"{name}.csv")) for name in (*names, "metric_values")}


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        yield from (row for row in csv.DictReader(handle) if row["assessment_year"] == YEAR)


@pytest.fixture(scope="module")
def landing(sample_years: Path) -> Landing:
    return Landing(sample_years / "landing")


def of(row: Row, *names: str) -> tuple[str, ...]:
    return tuple(row[name] for name in names)


def ten(number: Fraction) -> Decimal:
    """Rounded once, half up, as points are published."""
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    return exact.quantize(Decimal("1e-10"), ROUND_HALF_UP)


def exact_points(published: dict[str, list[Row]]) -> dict[tuple[str, ...], Fraction]:
    """What the formula in the trace of each published point gives."""
    return {of(row, *KEY, "indicator_code"): points_of(row["trace"]) for row in published["indicator_scores"]}


def test_every_point_follows_from_its_formula(published: dict[str, list[Row]]) -> None:
    exact = exact_points(published)
    assert len(exact) == len(published["indicator_scores"]) == 20 * 45 + 11 * 50 - 35
    for row in published["indicator_scores"]:
        trace = json.loads(row["trace"])
        assert ten(exact[of(row, *KEY, "indicator_code")]) == Decimal(row["points"]), row
        assert Fraction(trace["max_points"]) == Fraction(row["max_points"]), row
        assert of(row, "status", "rule") == (trace["status"], trace["rule"]), row


def test_every_total_share_and_rank_follows_from_the_points(published: dict[str, list[Row]]) -> None:
    mains: dict[tuple[str, ...], Fraction] = defaultdict(Fraction)
    totals: dict[tuple[str, ...], Fraction] = defaultdict(Fraction)
    covered: dict[tuple[str, ...], list[bool]] = defaultdict(list)
    exact = exact_points(published)
    for row in published["indicator_scores"]:
        points = exact[of(row, *KEY, "indicator_code")]
        mains[of(row, *KEY, "main_index_code")] += points
        totals[of(row, *KEY)] += points
        covered[of(row, *KEY)].append(row["status"] != "missing")
    assert len(published["main_index_scores"]) == len(mains)
    for row in published["main_index_scores"]:
        points = mains[of(row, *KEY, "main_index_code")]
        assert ten(points) == Decimal(row["points"]), row
        assert ten(points / Fraction(row["max_points"])) == Decimal(row["share"]), row
    assert len(published["rankings"]) == len(totals) == sum(GROUPS.values())
    for row in published["rankings"]:
        total, there = totals[of(row, *KEY)], covered[of(row, *KEY)]
        peers = [other for key, other in totals.items() if key[0] == row["ruleset_id"]]
        assert ten(total) == Decimal(row["total"]), row
        assert ten(total / Fraction(row["max_total"])) == Decimal(row["share"]), row
        assert 1 + sum(ten(other) > ten(total) for other in peers) == int(row["rank"]), row
        assert of(row, "covered", "assessed") == (str(sum(there)), str(len(there))), row


def test_every_value_is_put_together_from_published_figures(published: dict[str, list[Row]]) -> None:
    """Sums of numerators over sums of denominators, or the texts; what an article or the council decides has none."""
    parts: dict[tuple[str, ...], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in published["indicator_figures"]:
        if row["scored"] == "true":
            parts[of(row, *KEY, "indicator_code")][row["role"]].append(row["value"])
    there = {of(row, *KEY, "indicator_code") for row in published["indicator_values"]}
    for row in published["indicator_scores"]:
        without = row["status"] == "entered" or row["reason"] == "no_row"
        assert without != (of(row, *KEY, "indicator_code") in there), row
    for row in published["indicator_values"]:
        found = parts.get(of(row, *KEY, "indicator_code"), {})
        if row["status"] != "reported":
            assert of(row, "numerator", "denominator", "value") == ("", "", ""), row
        elif row["value"]:
            said = {word for part in row["value"].split(";") for item in part.split("|") for word in item.split("/")}
            assert {word for words in found.values() for word in words} == said - {""}, row
        else:
            for role in ("numerator", "denominator"):
                known = found.get(role, [])  # without any, the figure is missing, not zero
                assert (Fraction(row[role]) if row[role] else None) == (sum(map(Fraction, known)) if known else None), (
                    row
                )


def test_every_figure_is_a_published_metric_or_a_decision(published: dict[str, list[Row]], sample_years: Path) -> None:
    same = ("agency_id", "period", "metric", "stage", "source", "pull_id")
    metrics = {of(row, *same): row["value"] for row in published["metric_values"]}
    decided = {row.document for row in read_registers(sample_years / "registers").appraisals}
    for row in published["indicator_figures"]:
        if row["stage"] == "appraised":
            assert row["document"] in decided, row
        else:
            assert metrics[of(row, *same)] == row["value"], row


def test_every_metric_leads_to_a_pull_and_the_hash_of_what_was_sent(
    published: dict[str, list[Row]], landing: Landing, sample_years: Path
) -> None:
    """A figure that the source gives leads to its record; one that is counted leads to the records of its agency."""
    pulls = {pull.pull_id: pull for pull in landing.pulls(year=int(YEAR))}
    by_pull: dict[str, list[Row]] = defaultdict(list)
    for row in published["metric_values"]:
        by_pull[row["pull_id"]].append(row)
    codes = _codes(sample_years)
    for pull_id, rows in by_pull.items():
        pull = pulls[pull_id]
        landing.verify(pull)
        bodies = {page["sha256"] for page in pull.manifest["pages"]}
        records, agencies = _records(pull)
        assert {body for body, _ in records} <= bodies
        for row in rows:
            if row["body_sha256"]:
                assert row["body_sha256"] in bodies, row
                assert not row["pointer"] or (row["body_sha256"], row["pointer"]) in records, row
            else:
                own = [agencies[code] for code in codes[row["agency_id"]] if code in agencies]
                assert own or Fraction(row["value"]) == 0, row
    sources = {pulls[pull_id].source for pull_id in by_pull}
    assert sources == {row["source"] for row in published["metric_values"]}


def _codes(sample_years: Path) -> dict[str, set[str]]:
    """An agency's codes, in whatever scheme."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in read_registers(sample_years / "registers").codes:
        found[row.agency_id].add(row.code)
    return found


def _records(pull: Pull) -> tuple[set[tuple[str, str]], dict[str, int]]:
    """Hash and pointer of each landed record, and how many records name an agency by its code."""
    table = pq.read_table(pull.table)
    columns: dict[str, list[Any]] = {name: table.column(name).to_pylist() for name in ("body_sha256", "pointer")}
    agencies: dict[str, int] = defaultdict(int)
    for code in table.column("agency_code").to_pylist():
        agencies[code] += 1
    return set(zip(columns["body_sha256"], columns["pointer"], strict=True)), agencies


def test_every_form_in_the_inbox_is_the_one_that_was_read(landing: Landing, sample_years: Path) -> None:
    """What agencies sent as files still has the hash that their figures name."""
    pull = landing.newest_accepted("self_assessment", int(YEAR))
    assert pull is not None
    files = {sha256(path.read_bytes()).hexdigest() for path in (sample_years / "inbox" / "self_assessment").iterdir()}
    named = {page["sha256"] for page in pull.manifest["pages"]}
    assert len(named) >= 30
    assert named <= files
