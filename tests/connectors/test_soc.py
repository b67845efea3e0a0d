"""The security centre: what its agents and systems come to, and how such a manager tells half the truth."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors import PullOutcome
from connectors.simulator import faults, serve
from connectors.simulator.systems import soc
from connectors.simulator.tokens import Tokens
from connectors.simulator.truth import declared
from connectors.tables import read_table
from pipelines.suites import suite_gate
from tests.support.sample import (
    IN_NOVEMBER,
    ROOT,
    YEARS_LATER,
    book,
    changed,
    failures,
    figures,
    model_rows,
    pulled,
    source,
    truth,
)

AGENTS = ("soc.servers_protected", "soc.computers_protected")
SYSTEMS = ("soc.systems_monitored",)
SUITE = ROOT / "data" / "sources" / "soc_agents.suite.yaml"


def rows_of(outcome: PullOutcome) -> list[dict[str, Any]]:
    assert outcome.pull
    rows: list[dict[str, Any]] = read_table(outcome.pull.table).to_pylist()
    return rows


def codes(outcome: PullOutcome) -> list[str]:
    return [one.code for one in outcome.findings]


@pytest.fixture(scope="module")
def november(tmp_path_factory: pytest.TempPathFactory) -> PullOutcome:
    """The agents of 2024, pulled once for the tests that only look at them."""
    return pulled("soc_agents", tmp_path_factory.mktemp("soc"))


@pytest.mark.parametrize(("year", "moment"), [(2024, YEARS_LATER), (2022, IN_NOVEMBER)])
def test_a_past_year_is_counted_as_it_stood_at_its_end(year: int, moment: datetime, tmp_path: Path) -> None:
    outcome = pulled("soc_agents", tmp_path, year, moment)
    assert (outcome.status, codes(outcome)) == ("accepted", [])
    assert figures("int_soc_agents__metrics", [outcome]) == truth(year, moment, AGENTS)
    seen = [row["last_seen"] for row in rows_of(outcome) if row["last_seen"]]
    assert max(seen) == date(year, 12, 31)


def test_the_running_year_is_counted_as_it_stands(november: PullOutcome) -> None:
    assert (november.status, codes(november)) == ("accepted", [])
    assert figures("int_soc_agents__metrics", [november]) == truth(2024, IN_NOVEMBER, AGENTS)


def test_the_list_holds_what_must_not_count(november: PullOutcome) -> None:
    """Each kind is there, and near the edge: the test of the figures would not notice a list without them."""
    rows = rows_of(november)
    first_day = IN_NOVEMBER.date() - timedelta(days=30)
    assert Counter(row["status"] for row in rows).keys() == {"active", "disconnected", "pending", "never_connected"}
    assert any(row["licence"] == "dung-thu" and row["status"] == "active" for row in rows)
    assert any(row["last_seen"] == first_day for row in rows)
    assert any(row["last_seen"] == first_day - timedelta(days=1) for row in rows)
    assert all(row["last_seen"] is None for row in rows if row["status"] == "never_connected")


def test_an_agency_without_servers_has_a_zero(november: PullOutcome) -> None:
    found = figures("int_soc_agents__metrics", [november])
    assert found["an-giang-cu-so-ngoai-vu", "soc.servers_protected"] == "0"
    assert int(found["an-giang-cu-so-ngoai-vu", "soc.computers_protected"]) > 0


@pytest.mark.parametrize("year", [2024, 2022])
def test_monitored_systems_equal_the_ledger(year: int, tmp_path: Path) -> None:
    outcome = pulled("soc_systems", tmp_path, year)
    assert (outcome.status, codes(outcome)) == ("accepted", [])
    assert figures("int_soc_systems__metrics", [outcome]) == truth(year, IN_NOVEMBER, SYSTEMS)
    kinds = {(row["monitoring"], row["sharing"]) for row in rows_of(outcome)}
    assert kinds == {("direct", True), ("direct", False), ("periodic", False)}


def test_no_name_of_a_machine_or_a_system_lands(tmp_path: Path) -> None:
    all_fields = {"endpoint": {"params": {"limit": "{limit}", "offset": "{offset}", "sort": "id"}}}
    outcome = pulled(changed(source("soc_agents"), **all_fields), tmp_path)
    assert outcome.status == "accepted"
    assert [note.code for note in outcome.notes] == ["RowsExcluded"]
    pulled("soc_systems", tmp_path)
    for path in (tmp_path / "landing").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"nguyen-van-mau" not in content
            assert "Hệ thống mẫu".encode() not in content


def test_only_the_fields_asked_for_are_sent() -> None:
    with serve(IN_NOVEMBER, faults=[], system="soc") as address:
        login = requests.post(address + soc.LOGIN, auth=("dti", soc.Soc.secrets["SOC_PASSWORD"]), timeout=5).json()
        headers = {"Authorization": f"Bearer {login['data']['token']}"}
        answer = requests.get(f"{address}/agents?select=id,group&limit=2", headers=headers, timeout=5).json()
    assert [row.keys() for row in answer["data"]["affected_items"]] == [{"id"}, {"id", "group"}]


def test_pages_end_at_500_rows_whatever_is_asked_for(tmp_path: Path, november: PullOutcome) -> None:
    greedy = changed(source("soc_agents"), paginator={"limit": 100_000})
    outcome = pulled(greedy, tmp_path)
    assert outcome.pull
    assert november.pull
    pages = outcome.pull.manifest["pages"]
    assert [page["rows"] for page in pages[:-1]] == [500] * (len(pages) - 1)
    assert outcome.pull.content_hash == november.pull.content_hash


def test_the_manager_itself_belongs_to_nobody(tmp_path: Path, november: PullOutcome) -> None:
    assert november.pull
    assert november.pull.manifest["excluded"] == 1
    contract = source("soc_agents").contract.model_copy(update={"exclude": ()})
    outcome = pulled(source("soc_agents").model_copy(update={"contract": contract}), tmp_path)
    assert outcome.status == "held"
    assert outcome.counts["quarantined"] == 1


@pytest.mark.parametrize("name", ["soc_agents", "soc_systems"])
def test_a_part_of_the_result_is_no_result(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = pulled(name, tmp_path)
    failed_item = {"error": {"code": 1731, "message": "Agent is not active"}, "id": ["00007"]}
    partial = {"data": {"affected_items": [], "total_affected_items": 0, "failed_items": [failed_item]}, "error": 2}
    script = [{"fault": "json", "system": "soc", "list": name.removeprefix("soc_"), "document": partial, "times": 1}]
    monkeypatch.setenv(faults.VARIABLE, json.dumps(script))
    outcome = pulled(name, tmp_path, moment=IN_NOVEMBER + timedelta(hours=1))
    assert (good.status, outcome.status, codes(outcome)) == ("accepted", "failed", ["SourceReportsError"])


def test_failed_items_are_a_part_too_even_without_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partial = {"data": {"affected_items": [], "total_affected_items": 0, "failed_items": [{}]}, "error": 0}
    monkeypatch.setenv(faults.VARIABLE, json.dumps([{"fault": "json", "list": "agents", "document": partial}]))
    assert codes(pulled("soc_agents", tmp_path)) == ["SourceReportsError"]


def test_an_account_for_some_agencies_lacks_the_others(tmp_path: Path) -> None:
    outcome = pulled(changed(source("soc_agents"), auth={"username": "dti-muoi-so"}), tmp_path)
    assert outcome.status == "held"
    assert codes(outcome) == ["CoverageDrop", "CoverageDrop"]
    assert "MAU.11" in outcome.findings[0].message.en


def test_an_account_for_computers_only_sees_every_agency_and_no_server(tmp_path: Path) -> None:
    """The contract and the register cannot tell; the suite of the source does, and what the agencies declared."""
    few = changed(source("soc_agents"), auth={"username": "dti-may-tinh"})
    unseen = pulled(few, tmp_path / "a")
    assert (unseen.status, codes(unseen)) == ("accepted", [])
    counted = {key: value for key, value in figures("int_soc_agents__metrics", [unseen]).items() if key[1] == AGENTS[0]}
    assert set(counted.values()) == {"0"}
    assert sum(book().count(agency, AGENTS[0]) for agency in book().agencies) > 0
    held = pulled(few, tmp_path / "b", extra_gates=[suite_gate(SUITE)])
    assert (held.status, codes(held)) == ("held", ["suite"])


@pytest.mark.parametrize(("account", "metrics"), [("dti", []), ("dti-may-tinh", ["soc.servers_protected"])])
def test_what_agencies_declared_tells_what_an_account_cannot_see(
    account: str, metrics: list[str], tmp_path: Path
) -> None:
    """The dbt test of the model, against what agencies write into their workbooks (some of it too high)."""
    outcome = pulled(changed(source("soc_agents"), auth={"username": account}), tmp_path)
    declarations = [
        {
            "agency_id": agency.agency_id,
            "assessment_year": 2024,
            "period": "2024",
            "metric": metric,
            "stage": "declared",
        }
        | {"value": str(declared(book(), agency, metric))}
        for agency in book().agencies
        for metric in AGENTS
    ]
    found = failures(
        "covers_what_was_declared",
        {"shown": model_rows("int_soc_agents__metrics", [outcome]), "declarations": declarations},
        model="shown",
        declared="declarations",
        at_least="0.5",
    )
    assert [row["metric"] for row in found] == metrics


def test_the_suite_is_content_with_the_whole_list(tmp_path: Path) -> None:
    assert pulled("soc_agents", tmp_path, extra_gates=[suite_gate(SUITE)]).status == "accepted"


def test_rights_that_are_lost_later_show_against_the_last_pull(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every agency is still there, each with fewer systems: a smaller number looks like any other."""
    before = pulled("soc_systems", tmp_path)
    whole = soc._systems

    def thinned(moment: datetime) -> tuple[dict[str, Any], ...]:
        taken: Counter[str] = Counter()
        kept = []
        for row in whole(moment):
            taken[row["owner"]] += 1
            if taken[row["owner"]] <= 2:
                kept.append(row)
        return tuple(kept)

    monkeypatch.setattr(soc, "_systems", thinned)
    after = pulled("soc_systems", tmp_path, moment=IN_NOVEMBER + timedelta(days=1))
    assert (before.status, after.status) == ("accepted", "held")
    assert "RowsDrop" in codes(after)
    assert {found.where.split("/")[0] for found in after.findings} == {"soc_systems"}


def test_a_token_that_expires_between_pages_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, november: PullOutcome
) -> None:
    """The manager's clock runs a second with every look at it, so a token of five seconds is good for five pages."""
    given: list[str] = []
    ticks = itertools.count()
    monkeypatch.setattr(Tokens, "clock", staticmethod(lambda: float(next(ticks))))
    issue = Tokens.issue_jwt
    monkeypatch.setattr(Tokens, "issue_jwt", lambda self, user: given.append(user) or issue(self, user))
    outcome = pulled("soc_agents", tmp_path)
    assert outcome.pull
    assert november.pull
    assert outcome.status == "accepted"
    assert len(given) > 2
    assert outcome.pull.content_hash == november.pull.content_hash


def test_a_wrong_password_fails_without_trying_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soc.Soc, "secrets", {"SOC_PASSWORD": "wrong"})
    outcome = pulled("soc_agents", tmp_path)
    assert (outcome.status, codes(outcome)) == ("failed", ["AuthFailed"])


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"fault": "drop_rows", "list": "systems", "codes": ["MAU.07"]}, "held", "CoverageDrop"),
        ({"fault": "rename_field", "list": "systems", "field": "sharing", "to": "shared"}, "held", "MissingField"),
        ({"fault": "set_field", "list": "systems", "field": "monitoring", "value": "gone"}, "held", "UnknownValue"),
        ({"fault": "set_field", "list": "systems", "field": "sharing", "value": "true"}, "held", "WrongType"),
        ({"fault": "zero_rows", "list": "systems"}, "held", "Empty"),
        ({"fault": "html_page", "list": "systems"}, "failed", "UnexpectedContent"),
        ({"fault": "status", "list": "login", "status": 403}, "failed", "AuthFailed"),
        ({"fault": "zero_rows", "list": "agents"}, "accepted", ""),
        ({"fault": "zero_rows", "system": "identity"}, "accepted", ""),
    ],
)
def test_faults_meet_the_list_that_they_name(
    fault: dict[str, Any], status: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(faults.VARIABLE, json.dumps([fault]))
    outcome = pulled("soc_systems", tmp_path)
    assert outcome.status == status, codes(outcome)
    assert code in codes(outcome) if code else not codes(outcome)


def test_without_a_single_agent_there_is_no_figure(november: PullOutcome) -> None:
    assert {row["agency_id"] for row in model_rows("int_soc_agents__metrics", [november])} == {
        agency.agency_id for agency in book().agencies
    }
    assert model_rows("int_soc_agents__metrics", []) == []
