"""The police's monthly spreadsheets: merged titles, a totals row, notes below, the month that stands for the year."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from connectors import PullOutcome
from connectors.kinds import files
from connectors.sheets.inbox import Patience
from tests.support.sample import figures, pulled, truth
from tests.support.sample_files import AS_OF, copy_inbox, landed

METRICS = ("identity.residents_with_account", "identity.residents_14")


@pytest.fixture
def months(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(files, "Patience", lambda: Patience(quiet_seconds=0))
    return copy_inbox(tmp_path, "identity_residents")


@pytest.fixture
def run(tmp_path: Path, months: Path) -> Callable[[], PullOutcome]:
    return lambda: pulled("identity_residents", tmp_path, moment=AS_OF)


def month_of(folder: Path, number: int) -> Path:
    return folder / f"tai_khoan_dinh_danh_2024_{number:02d}.xlsx"


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    book = load_workbook(path)
    change(book["Biểu tổng hợp"])
    book.save(path)


def test_the_newest_month_is_the_ledgers_figure(run: Callable[[], PullOutcome]) -> None:
    outcome = run()
    rows = landed(outcome)
    assert outcome.status == "accepted"
    assert sorted({row["period"] for row in rows}) == [f"2024-{month:02d}" for month in range(1, 12)]
    of_the_year = figures("int_identity_residents__metrics", [outcome])
    assert of_the_year == truth(2024, AS_OF, METRICS)
    assert len(of_the_year) == 2 * 11
    assert [note.code for note in outcome.notes] == []
    assert outcome.pull
    assert outcome.pull.simulated


def test_accounts_grow_from_month_to_month(run: Callable[[], PullOutcome]) -> None:
    """The months differ, so that a model that took another one would be found out."""
    by_month: dict[str, int] = {}
    for row in landed(run()):
        by_month[row["period"]] = by_month.get(row["period"], 0) + row["accounts"]
    totals = [by_month[month] for month in sorted(by_month)]
    assert totals == sorted(set(totals))


def test_a_running_year_has_the_months_that_have_come(months: Path, run: Callable[[], PullOutcome]) -> None:
    for number in range(4, 12):
        month_of(months, number).unlink()
    outcome = run()
    assert outcome.status == "accepted"
    assert {row["period"] for row in landed(outcome)} == {"2024-01", "2024-02", "2024-03"}
    march = {row["agency_code"]: str(row["accounts"]) for row in landed(outcome) if row["period"] == "2024-03"}
    of_the_year = figures("int_identity_residents__metrics", [outcome])
    accounts = [value for (_, metric), value in of_the_year.items() if metric == METRICS[0]]
    assert sorted(accounts) == sorted(march.values())


def test_without_any_month_the_pull_fails(months: Path, run: Callable[[], PullOutcome]) -> None:
    for path in months.iterdir():
        path.unlink()
    assert [one.code for one in run().findings] == ["FileMissing"]


def test_a_month_that_was_there_must_not_vanish(months: Path, run: Callable[[], PullOutcome]) -> None:
    assert run().status == "accepted"
    month_of(months, 11).unlink()
    outcome = run()
    assert outcome.status == "held"
    assert {(one.code, one.where.split("/")[2]) for one in outcome.findings} == {("CoverageDrop", "2024-11")}


def test_a_total_that_is_off_by_one_holds_with_both_figures(months: Path, run: Callable[[], PullOutcome]) -> None:
    totals: list[int] = []

    def change(sheet: Any) -> None:
        totals.append(sheet["E18"].value)
        sheet["E18"] = sheet["E18"].value - 1

    edit(month_of(months, 11), change)
    outcome = run()
    assert outcome.status == "held"
    (found,) = outcome.findings
    assert found.code == "TotalsRowDiffers"
    assert found.where.startswith("identity_residents/localities/2024-11/")
    assert str(totals[0]) in found.message.vi
    assert str(totals[0] - 1) in found.message.vi


def test_a_locality_without_its_row_holds(months: Path, run: Callable[[], PullOutcome]) -> None:
    def change(sheet: Any) -> None:
        for column in "EF":
            sheet[f"{column}18"] = sheet[f"{column}18"].value - sheet[f"{column}17"].value
        for area in [str(one) for one in sheet.merged_cells.ranges if one.min_row > 18]:
            sheet.unmerge_cells(area)
        sheet.delete_rows(17)

    edit(month_of(months, 11), change)
    outcome = run()
    assert outcome.status == "held"
    assert [(one.code, one.where.split("/")[3]) for one in outcome.findings] == [("CoverageDrop", "894")]
