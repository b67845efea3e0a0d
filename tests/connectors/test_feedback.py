"""Citizens' reports: due in the year by their deadline, handled in time to the minute, in windows of 90 days."""

from __future__ import annotations

import json
import unicodedata
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors import PullOutcome
from connectors.simulator import faults, serve
from connectors.simulator.systems import feedback
from connectors.tables import read_table
from connectors.windows import window_of
from tests.support.sample import IN_NOVEMBER, YEARS_LATER, changed, figures, pulled, source, truth

METRICS = (feedback.DUE, feedback.ON_TIME)
MODEL = "int_feedback_reports__metrics"


def spring() -> Any:
    """The source with a question for two months only, for tests that need no whole year."""
    asked = source("feedback_reports")
    listing = asked.requests[0]
    period = listing.periods[0].model_copy(update={"first_day": "{year}-03-01", "last_day": "{year}-04-30"})
    return asked.model_copy(update={"requests": (listing.model_copy(update={"periods": (period,)}),)})


def rows_of(outcome: PullOutcome) -> list[dict[str, Any]]:
    assert outcome.pull
    rows: list[dict[str, Any]] = read_table(outcome.pull.table).to_pylist()
    return rows


@pytest.fixture(scope="module")
def november(tmp_path_factory: pytest.TempPathFactory) -> tuple[PullOutcome, Path]:
    """The reports of 2024, pulled once for the tests that only look at them, and where they landed."""
    folder = tmp_path_factory.mktemp("feedback")
    return pulled("feedback_reports", folder), folder / "landing"


@pytest.mark.parametrize(("year", "moment"), [(2024, YEARS_LATER), (2022, IN_NOVEMBER)])
def test_a_past_year_equals_the_ledger(year: int, moment: datetime, tmp_path: Path) -> None:
    outcome = pulled("feedback_reports", tmp_path, year, moment)
    assert (outcome.status, outcome.findings) == ("accepted", [])
    assert figures(MODEL, [outcome]) == truth(year, moment, METRICS)


def test_the_running_year_equals_the_ledger(november: tuple[PullOutcome, Path]) -> None:
    outcome, _ = november
    assert (outcome.status, outcome.findings) == ("accepted", [])
    assert figures(MODEL, [outcome]) == truth(2024, IN_NOVEMBER, METRICS)


def test_in_the_middle_of_a_year_only_what_is_due_already_counts(tmp_path: Path) -> None:
    moment = datetime(2024, 5, 10, 9, tzinfo=IN_NOVEMBER.tzinfo)
    outcome = pulled("feedback_reports", tmp_path, 2024, moment)
    assert outcome.status == "accepted"
    assert figures(MODEL, [outcome]) == truth(2024, moment, METRICS)
    assert max(row["requested_at"] for row in rows_of(outcome)) <= moment.replace(tzinfo=None)


def test_the_list_holds_what_must_not_count(november: tuple[PullOutcome, Path]) -> None:
    """Each kind is there: the test of the figures would not notice a list without them."""
    rows = rows_of(november[0])
    now = IN_NOVEMBER.replace(tzinfo=None)
    due = [row for row in rows if row["due_at"]]
    assert any(row["due_at"] is None and row["status"] == "closed" for row in rows)
    assert any(row["due_at"].year == 2025 and row["requested_at"].year == 2024 for row in due)
    assert any(row["due_at"].year == 2024 and row["requested_at"].year == 2023 for row in due)
    assert any(row["closed_at"] == row["due_at"] for row in due)
    assert any(row["closed_at"] == row["due_at"] + timedelta(minutes=1) for row in due)
    assert any(row["status"] == "open" and row["closed_at"] and row["closed_at"] < row["due_at"] for row in due)
    assert any(row["status"] == "open" and row["due_at"] < now for row in due)
    midnight = datetime.fromisoformat("2024-01-01")
    assert any(midnight <= row["due_at"] < midnight + timedelta(hours=7) for row in due)  # still 2023 in UTC


def test_one_list_is_asked_for_in_windows_of_90_days(november: tuple[PullOutcome, Path]) -> None:
    outcome, _ = november
    assert outcome.pull
    asked = source("feedback_reports")
    first, last = window_of(asked.requests[0].periods[0], 2024)
    assert (first.isoformat(), last.isoformat()) == ("2023-11-01", "2024-12-31")
    assert [(one["request"], one["period"]) for one in outcome.pull.manifest["requests"]] == [("requests", "2024")]
    assert outcome.counts["exact_duplicates"] == 0  # no report stands in two windows


@pytest.mark.parametrize("days", [91, None])
def test_a_longer_window_is_refused(days: int | None, tmp_path: Path) -> None:
    asked = source("feedback_reports")
    window = asked.endpoint.window.model_copy(update={"most_days": days})
    outcome = pulled(changed(asked, endpoint={"window": window}), tmp_path)
    assert (outcome.status, [one.code for one in outcome.findings]) == ("failed", ["RequestRefused"])


def test_windows_of_a_month_give_the_same_figures(tmp_path: Path, november: tuple[PullOutcome, Path]) -> None:
    asked = source("feedback_reports")
    window = asked.endpoint.window.model_copy(update={"most_days": 31})
    outcome = pulled(changed(asked, endpoint={"window": window}), tmp_path)
    assert outcome.pull
    assert november[0].pull
    assert outcome.pull.content_hash == november[0].pull.content_hash


def test_a_list_that_begins_with_the_year_lacks_what_came_in_before(tmp_path: Path) -> None:
    """Why the source asks from November on: in the figures nothing would look wrong."""
    asked = source("feedback_reports")
    listing = asked.requests[0]
    period = listing.periods[0].model_copy(update={"first_day": None})
    late = asked.model_copy(update={"requests": (listing.model_copy(update={"periods": (period,)}),)})
    outcome = pulled(late, tmp_path)
    assert outcome.status == "accepted"
    wanted = truth(2024, IN_NOVEMBER, METRICS)
    found = figures(MODEL, [outcome])
    assert all(int(found[key]) <= int(wanted[key]) for key in wanted)
    assert found != wanted


def test_nothing_of_the_citizens_lands(november: tuple[PullOutcome, Path]) -> None:
    rows = rows_of(november[0])
    assert rows[0].keys() == {
        "request",
        "period",
        "agency_code",
        "agency_name",
        "report_id",
        "status",
        "requested_at",
        "due_at",
        "closed_at",
        "body_sha256",
        "pointer",
    }
    words = ("Văn Mẫu", "0912345678", "0912 345 678", "nguyen.van.mau", "Trần Hưng Đạo", "Phản ánh mẫu", "10.3")
    for path in november[1].rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert [word for word in words if word.encode() in content] == []


def test_a_district_is_found_by_its_name_however_it_is_composed(november: tuple[PullOutcome, Path]) -> None:
    names = [row["agency_responsible"] for row in feedback._reports(IN_NOVEMBER)]
    assert any(name != unicodedata.normalize("NFC", name) for name in names)
    assert len({row["agency_code"] for row in rows_of(november[0])}) == 11


def test_an_unknown_name_is_set_aside_and_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = {"fault": "set_field", "code": "MAU.33", "field": "agency_responsible", "value": "UBND huyện An Phúc"}
    monkeypatch.setenv(faults.VARIABLE, json.dumps([fault]))
    outcome = pulled(spring(), tmp_path)
    assert outcome.status == "held"
    assert {"CoverageDrop", "QuarantineLimit", "UnknownAgencyName"} <= {one.code for one in outcome.findings}


def test_pages_end_at_100_rows_and_the_standard_of_errors() -> None:
    key = feedback.Feedback.secrets["FEEDBACK_KEY"]
    month = {"start_date": "2024-03-01T00:00:00Z", "end_date": "2024-04-30T00:00:00Z", "api_key": key}
    with serve(IN_NOVEMBER, faults=[], system="feedback") as address:

        def ask(**query: str) -> Any:
            return requests.get(address + feedback.REQUESTS, params={**month, **query}, timeout=5)

        assert len(ask(page_size="1000").json()) == 100
        assert {row["status"] for row in ask(page_size="100", status="open").json()} == {"open"}
        refused = [ask(api_key="x"), ask(end_date="2024-06-30T00:00:00Z"), ask(start_date="yesterday"), ask(page="0")]
    assert [answer.status_code for answer in refused] == [403, 400, 400, 400]
    assert refused[1].json()[0]["code"] == 400


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"fault": "zero_rows"}, "held", "Empty"),
        ({"fault": "drop_rows", "codes": ["MAU.41"]}, "held", "CoverageDrop"),
        ({"fault": "set_field", "field": "expected_datetime", "value": "31/10/2024"}, "held", "DateFormat"),
        ({"fault": "set_field", "field": "closed_datetime", "value": "2024-10-31T08:00:00"}, "held", "NaiveTime"),
        (
            {"fault": "set_field", "field": "requested_datetime", "value": "2022-01-01T08:00:00Z"},
            "held",
            "OutsideWindow",
        ),
        ({"fault": "json", "document": {"requests": []}}, "failed", "UnexpectedShape"),
    ],
)
def test_faults_meet_the_list(
    fault: dict[str, Any], status: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(faults.VARIABLE, json.dumps([{**fault, "system": "feedback", "list": "requests"}]))
    outcome = pulled(spring(), tmp_path)
    assert outcome.status == status
    assert code in {one.code for one in outcome.findings}


def test_without_faults_two_months_are_in_order(tmp_path: Path) -> None:
    assert pulled(spring(), tmp_path).status == "accepted"


def test_the_windows_are_sent_as_local_midnights_in_utc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report of the first hours of a day is not lost between two windows, nor asked for twice."""
    asked: list[tuple[str, str]] = []
    answer = feedback.Feedback.answer

    def noted(self: feedback.Feedback, question: Any) -> Any:
        if question.query["page"] == "1":
            asked.append((question.query["start_date"], question.query["end_date"]))
        return answer(self, question)

    monkeypatch.setattr(feedback.Feedback, "answer", noted)
    pulled("feedback_reports", tmp_path)
    assert [*dict.fromkeys(asked)] == [
        ("2023-10-31T17:00:00Z", "2024-01-29T16:59:59Z"),
        ("2024-01-29T17:00:00Z", "2024-04-28T16:59:59Z"),
        ("2024-04-28T17:00:00Z", "2024-07-27T16:59:59Z"),
        ("2024-07-27T17:00:00Z", "2024-10-25T16:59:59Z"),
        ("2024-10-25T17:00:00Z", "2024-12-31T16:59:59Z"),
    ]
