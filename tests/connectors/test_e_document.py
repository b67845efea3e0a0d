"""The e-document office system: documents counted one by one, mailboxes by the system, nothing personal kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors import PullOutcome, RestSource
from connectors.simulator import faults as simulator_faults
from connectors.simulator.systems.e_document import MOST_ROWS
from connectors.simulator.tokens import Tokens
from connectors.texts import personal
from tests.support.portal import quick
from tests.support.sample import IN_NOVEMBER, book, figures, pulled, source, truth
from tests.support.sample_files import landed, only

Run = Callable[..., PullOutcome]
METRICS = ("e_document.documents", "e_document.documents_fully_online")


def documents(size: int = 100) -> RestSource:
    return quick(source("e_document_documents"), page_size=size)


def mailboxes() -> RestSource:
    return quick(source("e_document_mailboxes"), page_size=20)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    def pull_it(of: RestSource, *faults: dict[str, Any], **changes: Any) -> PullOutcome:
        monkeypatch.setenv(simulator_faults.VARIABLE, json.dumps(faults))
        return pulled(of, tmp_path, **changes)

    return pull_it


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> PullOutcome:
    """All documents of 2024, pulled once."""
    return pulled(documents(), tmp_path_factory.mktemp("documents"))


def test_counted_documents_are_the_ledgers(whole: PullOutcome) -> None:
    assert whole.status == "accepted", [one.message.en for one in whole.findings]
    assert whole.pull
    assert whole.pull.simulated
    assert figures("int_e_document_documents__metrics", [whole]) == truth(2024, IN_NOVEMBER, METRICS)
    secret = sum(book().count(agency, "only_simulated.documents_confidential") for agency in book().agencies)
    assert secret > 0
    # a list of several pages declares no total and is read twice; what was read first is forgotten
    assert whole.pull.manifest["excluded"] == secret
    assert [note.code for note in whole.notes] == ["RowsExcluded"]


@pytest.mark.parametrize("year", [2022, 2023])
def test_earlier_years_have_their_own_figures(year: int, run: Run) -> None:
    outcome = run(documents(), year=year, agencies=only("MAU.02", "MAU.33"))
    assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
    found = figures("int_e_document_documents__metrics", [outcome])
    assert len(found) == 4
    assert found.items() <= truth(year, IN_NOVEMBER, METRICS).items()
    assert not found.items() <= truth(2024, IN_NOVEMBER, METRICS).items()


def test_neither_subjects_nor_people_nor_confidential_documents_land(whole: PullOutcome) -> None:
    assert {row["confidentiality"] for row in landed(whole)} == {"thường"}
    assert whole.pull
    kept = json.dumps(landed(whole), default=str, ensure_ascii=False)
    kept += (whole.pull.folder / "pull.json").read_text(encoding="utf-8")
    for text in ("Nguyễn Văn Mẫu", "Trần Thị Thử", "0900000000", "V/v", "subject"):
        assert text not in kept


def test_a_document_of_new_years_day_belongs_to_the_year_although_utc_is_a_day_behind(
    whole: PullOutcome,
) -> None:
    days = [row["promulgated_on"] for row in landed(whole)]
    assert min(days) == date(2024, 1, 1)
    assert max(days) <= date(2024, 11, 15)


def test_the_silent_cap_on_pages_loses_nothing(run: Run) -> None:
    """The server answers with 100 rows whatever is asked for."""
    two = only("MAU.31", "MAU.32")
    first = run(documents(1000), agencies=two)
    assert first.pull
    assert max(page["rows"] for page in first.pull.manifest["pages"]) == MOST_ROWS
    assert run(documents(30), agencies=two).unchanged_as


def test_tokens_that_end_within_a_pull_are_renewed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at its clock brings the system a second on: a token serves two or three calls."""
    ticks = iter(range(10**6))
    issued: list[str] = []
    issue = Tokens.issue
    monkeypatch.setattr(Tokens, "clock", staticmethod(lambda: next(ticks)))
    monkeypatch.setattr(Tokens, "issue", lambda self, user: (issued.append(user), issue(self, user))[1])
    outcome = run(documents(), agencies=only("MAU.31", "MAU.32", "MAU.33"))
    assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
    assert len(issued) > 3


def test_an_agency_without_documents_holds_by_name(run: Run) -> None:
    outcome = run(
        documents(), {"fault": "drop_rows", "list": "documents", "codes": ["MAU.07"]}, agencies=only("MAU.07", "MAU.08")
    )
    assert outcome.status == "held"
    assert [(one.code, one.where.split("/")[3]) for one in outcome.findings] == [("CoverageDrop", "MAU.07")]


def test_an_unknown_degree_of_confidentiality_is_set_aside_not_counted(run: Run) -> None:
    document = {"code": {"value": "9/X"}, "promulgationInfo": {"date": "2024-05-05T05:00:00.000Z"}, "paper": 0}
    odd = {**document, "digitallySigned": True, "confidentiality": "hạn chế"}
    outcome = run(documents(), {"fault": "set_field", "field": "document", "value": odd}, agencies=only("MAU.07"))
    assert outcome.status == "held"
    assert landed(outcome) == []


def test_mailboxes_are_the_ledgers_and_the_roll_up_is_left_out(run: Run) -> None:
    outcome = run(mailboxes())
    assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
    of_model = figures("int_e_document_mailboxes__metrics", [outcome])
    assert of_model == truth(2024, IN_NOVEMBER, ("e_document.mailboxes_used",))
    assert len(of_model) == 31
    assert outcome.pull
    assert outcome.pull.manifest["excluded"] == 1


def test_more_mailboxes_used_than_issued_hold(run: Run) -> None:
    outcome = run(
        mailboxes(), {"fault": "set_field", "list": "mailboxes", "code": "MAU.03", "field": "used", "value": 10**6}
    )
    assert outcome.status == "held"
    assert "NumGtDen" in {one.code for one in outcome.findings}


def test_a_client_that_the_system_does_not_know_gets_nothing(run: Run) -> None:
    known = documents()
    auth = known.auth.model_copy(update={"client_id": "ai-do"})
    outcome = run(known.model_copy(update={"auth": auth}), agencies=only("MAU.07"))
    assert (outcome.status, [one.code for one in outcome.findings]) == ("failed", ["AuthFailed"])


@pytest.mark.parametrize(
    ("text", "is_personal"),
    [
        ("5f3a0912345678aabbccddee", False),  # an id of a database, with a mobile number's digits inside
        ("0b9c2d1e-0912-3456-7890-079123456789", False),
        ("079123456789012345678901", False),  # 24 digits are no citizen's id either
        ("079123456789", True),
        ("id 5f3a0912345678aabbccddee, gọi 0912345678", True),
        ("091234567812345678901234a 0912345678", True),
    ],
)
def test_ids_of_databases_are_no_citizens_numbers(text: str, is_personal: bool) -> None:
    assert personal(text) is is_personal
