"""The report system's table as a CSV file: totals, an agency that did not report, files that were cut or changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from common.errors import UsageError
from connectors import PullOutcome
from connectors.kinds import files
from connectors.sheets.inbox import Patience
from tests.support.sample import figures, pulled, source, truth
from tests.support.sample_files import AS_OF, aside, copy_inbox, landed, of_code

NAME = "bao_cao_lris_2024.csv"


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped file, in an inbox of the test's own."""
    monkeypatch.setattr(files, "Patience", lambda: Patience(quiet_seconds=0))
    return copy_inbox(tmp_path, "lris_reports") / NAME


@pytest.fixture
def run(tmp_path: Path, table: Path) -> Callable[[], PullOutcome]:
    return lambda: pulled("lris_reports", tmp_path, moment=AS_OF)


def edit(table: Path, old: str, new: str) -> None:
    text = table.read_bytes().decode("utf-8-sig")
    assert text.count(old) == 1, old
    table.write_bytes(text.replace(old, new).encode("utf-8-sig"))


def test_every_figure_is_the_ledgers_and_who_did_not_report_is_missing(run: Callable[[], PullOutcome]) -> None:
    outcome = run()
    of_model = figures("int_lris_reports__metrics", [outcome])
    assert of_model == truth(2024, AS_OF, ("lris.reports_due", "lris.reports_sent"))
    assert len(of_model) == 2 * 30
    found = {row["agency_code"]: (row["reports_due"], row["reports_sent"]) for row in landed(outcome)}
    assert "MAU.38" not in found
    assert found["MAU.17"] == (0, 0), "no report due is a figure"
    assert outcome.status == "accepted"
    (note,) = [one for one in outcome.notes if one.code == "AgenciesMissing"]
    assert "MAU.38" in note.message.vi
    assert of_code("MAU.38").name == "UBND huyện Tri Tôn"


def test_made_up_figures_are_marked_and_answer_for_a_past_day(
    run: Callable[[], PullOutcome], tmp_path: Path, table: Path
) -> None:
    outcome = run()
    assert outcome.pull
    assert outcome.pull.simulated
    assert outcome.pull.moment == AS_OF
    real = source("lris_reports").model_copy(update={"synthetic": False})
    with pytest.raises(UsageError):
        pulled(real, tmp_path, moment=AS_OF)


def test_a_total_that_is_off_by_one_holds_with_both_figures(table: Path, run: Callable[[], PullOutcome]) -> None:
    edit(table, '"Tổng cộng","1037"', '"Tổng cộng","1036"')
    outcome = run()
    assert outcome.status == "held"
    (found,) = outcome.findings
    assert found.code == "TotalsRowDiffers"
    assert "1036" in found.message.vi
    assert "1037" in found.message.vi


def test_a_file_that_was_cut_is_refused(table: Path, run: Callable[[], PullOutcome]) -> None:
    lines = table.read_bytes().splitlines(keepends=True)
    table.write_bytes(b"".join(lines[:20]))
    outcome = run()
    assert (outcome.status, outcome.findings[0].code) == ("failed", "LayoutChanged")
    assert "Tổng cộng" in outcome.findings[0].message.vi


def test_more_sent_than_due_is_set_aside(table: Path, run: Callable[[], PullOutcome]) -> None:
    row = next(line for line in table.read_text("utf-8-sig").splitlines() if "MAU.04" in line)
    due, sent = (int(cell.strip('"')) for cell in row.split(",")[-2:])
    edit(table, row, row.replace(f'"{due}","{sent}"', f'"{due}","{due + 1}"'))
    outcome = run()
    assert outcome.status == "held"
    assert [(one["reason"], one["agency_code"]) for one in aside(outcome)] == [("NumGtDen", "MAU.04")]


def test_an_agency_that_was_there_must_not_vanish(table: Path, run: Callable[[], PullOutcome]) -> None:
    assert run().status == "accepted"
    row = next(line for line in table.read_text("utf-8-sig").splitlines() if "MAU.04" in line)
    due, sent = (int(cell.strip('"')) for cell in row.split(",")[-2:])
    edit(table, row + "\r\n", "")
    edit(table, '"1037","892"', f'"{1037 - due}","{892 - sent}"')
    outcome = run()
    assert outcome.status == "held"
    assert [one.code for one in outcome.findings] == ["CoverageDrop"]
    assert "MAU.04" in outcome.findings[0].where
