"""The simulated public-service system, read by the sample's sources: what lands is the ledger of the truth, exactly."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigurationError
from common.yaml_files import parse_model, parse_yaml
from common.yaml_layers import overlaid
from connectors import AgencyCode, Landing, PullOutcome, RestSource, load_source, pull
from connectors.kinds.rest import line_of
from connectors.presets import with_preset
from connectors.simulator import faults as simulator_faults
from connectors.simulator import systems
from connectors.simulator.spread import happened
from connectors.simulator.systems.public_services import PublicServices
from connectors.simulator.systems.public_services_reports import GROUP_NAMES, TOTAL_NAME
from connectors.simulator.tokens import Tokens
from connectors.simulator.truth import Ledger, SampleAgency, ledger, sample_agencies
from connectors.tables import read_table
from pipelines.suites import run_suite
from tests.support.portal import ROOT, VIETNAM

SOURCES = ROOT / "data" / "sources"
EARLIER = datetime(2024, 11, 15, 7, tzinfo=VIETNAM)  # before the system corrected figures of that year
LATER = datetime(2024, 11, 25, 7, tzinfo=VIETNAM)

# Which landed column is which metric, by source.
METRICS = {
    "public_services_procedures": {
        "procedures": "procedures",
        "online": "procedures_online",
        "fully_online": "procedures_fully_online",
        "with_online_dossiers": "procedures_with_online_dossiers",
    },
    "public_services_dossiers": {"finished": "dossiers_finished"},
    "public_services_online": {"finished": "dossiers_processed_online"},
    "public_services_digitisation": {"results": "results", "results_digitised": "results_digitised"},
}
DOSSIERS = """name: dossiers
title: {vi: Hồ sơ (mẫu), en: Dossiers (synthetic)}
preset: igate_dossiers
base_url: simulator:public_services
auth:
  access_token_url: /auth/realms/mau/protocol/openid-connect/token
  client_id: dti
  client_secret: {secret: PUBLIC_SERVICES_SECRET}
endpoint: {params: {agency-code: CODE}}
requests:
  - {name: finished, periods: [{period: "{year}", groups: [department]}]}
contract: {agency: {scheme: mau}}
"""
AGENCIES = """name: agencies
title: {vi: Danh mục cơ quan (mẫu), en: Agencies (synthetic)}
preset: igate_agencies
base_url: simulator:public_services
auth:
  access_token_url: /auth/realms/mau/protocol/openid-connect/token
  client_id: dti
  client_secret: {secret: PUBLIC_SERVICES_SECRET}
requests:
  - {name: agencies, periods: [{period: "{year}", groups: [department, district]}]}
contract: {agency: {scheme: mau}}
"""

Pulled = Callable[..., PullOutcome]
Rows = dict[str, dict[str, Any]]


def register(*codes: str) -> list[AgencyCode]:
    """The sample's agencies in the scheme `mau`, or those of some codes."""
    return [
        AgencyCode(one.agency_id, "mau", one.codes["mau"], one.name, one.group)
        for one in sample_agencies()
        if not codes or one.codes["mau"] in codes
    ]


def shipped(name: str, more: str = "") -> RestSource:
    """A source of the sample, with `more` laid over it."""
    path = SOURCES / f"{name}.yaml"
    source = load_source(path)
    assert isinstance(source, RestSource)
    if not more:
        return source
    whole = with_preset(parse_yaml(path.read_text(encoding="utf-8"), path))
    return parse_model(overlaid(whole, parse_yaml(more, Path("more.yaml"))), RestSource)


def written(text: str, **changes: str) -> RestSource:
    for old, new in changes.items():
        text = text.replace(old, new)
    return parse_model(with_preset(parse_yaml(text, Path("written.yaml"))), RestSource)


@pytest.fixture
def run(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> Pulled:
    """Pull a source for a year as of a moment, with a fault script."""

    def pulled(
        source: str | RestSource,
        year: int = 2024,
        moment: datetime = EARLIER,
        faults: list[dict[str, Any]] | None = None,
        codes: tuple[str, ...] = (),
    ) -> PullOutcome:
        monkeypatch.setenv(simulator_faults.VARIABLE, json.dumps(faults or []))
        asked = shipped(source) if isinstance(source, str) else source
        return pull(asked, year, landing=landing, agencies=register(*codes), moment=moment)

    return pulled


def rows_of(outcome: PullOutcome) -> list[dict[str, Any]]:
    assert outcome.pull
    rows: list[dict[str, Any]] = read_table(outcome.pull.table).to_pylist()
    return rows


def book(year: int, moment: datetime = EARLIER) -> Ledger:
    found = ledger(year, moment)
    assert found
    return found


def truth(one: Ledger, agency: SampleAgency, metric: str) -> Any:
    return one.of(agency, f"public_services.{metric}")


@pytest.mark.parametrize("moment", [EARLIER, LATER])
@pytest.mark.parametrize("year", [2022, 2024])
@pytest.mark.parametrize("source", METRICS)
def test_what_lands_is_what_the_system_counted(run: Pulled, source: str, year: int, moment: datetime) -> None:
    outcome = run(source, year, moment)
    assert (outcome.status, outcome.findings) == ("accepted", [])
    rows = {row["agency_code"]: row for row in rows_of(outcome)}
    for column, metric in METRICS[source].items():
        expected = {one.codes["mau"]: truth(book(year, moment), one, metric) for one in sample_agencies()}
        assert {code: row[column] for code, row in rows.items()} == expected
        assert len(expected) == 31


def test_all_metrics_of_the_system_are_collected() -> None:
    counted = {metric for one in METRICS.values() for metric in one.values()}
    drawn = {name for _, name in book(2024).figures if name.startswith("public_services.")}
    assert {f"public_services.{metric}" for metric in counted} == drawn


def test_a_correction_of_the_running_year_is_told(run: Pulled) -> None:
    run("public_services_online")
    outcome = run("public_services_online", moment=LATER)
    assert outcome.status == "accepted"
    assert [note.code for note in outcome.notes if note.code == "Restated"] == ["Restated"]


@pytest.mark.parametrize(("source", "sums"), [("public_services_dossiers", 3), ("public_services_online", 1)])
def test_rows_that_sum_up_others_are_left_out(run: Pulled, source: str, sums: int) -> None:
    outcome = run(source)
    rows = rows_of(outcome)
    assert outcome.pull
    assert outcome.pull.manifest["excluded"] == sums
    assert outcome.counts == {"received": 31, "accepted": 31, "quarantined": 0, "exact_duplicates": 0}
    assert not {row["agency_name"] for row in rows} & {*GROUP_NAMES.values(), TOTAL_NAME}
    metric = METRICS[source]["finished"]
    assert sum(row["finished"] for row in rows) == sum(truth(book(2024), one, metric) for one in sample_agencies())


def test_agencies_that_received_nothing_must_be_asked_for(run: Pulled) -> None:
    outcome = run(shipped("public_services_dossiers", "endpoint: {params: {hide-agency-no-dossier: null}}\n"))
    assert outcome.status == "held"
    assert {one.code for one in outcome.findings} == {"CoverageDrop"}
    assert "MAU.18" in " ".join(one.where + one.message.en for one in outcome.findings)


def quarters(source: str, zone: str) -> RestSource:
    periods = "".join(
        f'      - {{period: "{{year}}-Q{quarter}", groups: [department, district]}}\n' for quarter in (1, 2, 3, 4)
    )
    more = f"endpoint: {{window: {{timezone: {zone}}}}}\nrequests:\n  - name: quarters\n    periods:\n{periods}"
    return shipped(source, more)


@pytest.mark.parametrize(
    "source", ["public_services_dossiers", "public_services_online", "public_services_digitisation"]
)
def test_quarters_add_up_to_the_year(run: Pulled, source: str) -> None:
    outcome = run(quarters(source, "Asia/Ho_Chi_Minh"))
    assert (outcome.status, outcome.findings) == ("accepted", [])
    assert outcome.counts["accepted"] == 4 * 31
    for column, metric in METRICS[source].items():
        for agency in sample_agencies():
            found = sum(row[column] for row in rows_of(outcome) if row["agency_code"] == agency.codes["mau"])
            assert found == truth(book(2024), agency, metric)


def test_a_window_in_utc_is_seven_hours_off(run: Pulled) -> None:
    right, moved = (run(quarters("public_services_dossiers", zone)) for zone in ("Asia/Ho_Chi_Minh", "UTC"))
    assert right.pull
    assert moved.pull
    asked = [one["params"]["from-date"] for pull in (right.pull, moved.pull) for one in pull.manifest["requests"][1:2]]
    assert asked == ["2024-04-01T00:00:00.000Z", "2024-03-31T17:00:00.000Z"]
    ours, theirs = (
        {row["agency_code"]: row["finished"] for row in rows_of(outcome) if row["period"] == "2024-Q1"}
        for outcome in (right, moved)
    )
    assert all(theirs[code] <= ours[code] for code in ours)
    assert sum(theirs[code] < ours[code] for code in ours) > 20


def test_a_year_that_the_system_does_not_have(run: Pulled) -> None:
    assert not shipped("public_services_dossiers").offers(2021)
    assert not shipped("public_services_dossiers").offers(2025)
    assert shipped("public_services_dossiers").offers(2022)
    outcome = run("public_services_dossiers", 2025)
    assert {one.code for one in outcome.findings} >= {"Empty"}


def test_an_unknown_province_is_an_empty_list_and_held(run: Pulled) -> None:
    outcome = run(shipped("public_services_dossiers", "endpoint: {params: {agency-id: abc}}\n"))
    assert outcome.status == "held"
    assert {one.code for one in outcome.findings} >= {"Empty"}


def test_a_name_that_the_register_lacks_is_set_aside(run: Pulled) -> None:
    renamed = {"fault": "set_field", "code": "Sở Tư pháp", "field": "agency_name", "value": "Sở Tư pháp tỉnh"}
    outcome = run("public_services_online", faults=[renamed])
    assert outcome.status == "held"
    assert outcome.pull
    (row,) = read_table(outcome.pull.quarantine).to_pylist()
    assert (row["reason"], row["field"], row["agency_name"]) == (
        "UnknownAgencyName",
        "agency_name",
        "Sở Tư pháp tỉnh",
    )
    assert any(one.code == "CoverageDrop" and "MAU.03" in one.where for one in outcome.findings)


def test_all_of_nothing_is_noted_and_never_used(run: Pulled) -> None:
    outcome = run("public_services_digitisation")
    notes = {note.where: note.message.en for note in outcome.notes if note.code == "CrossCheckDiffers"}
    place = "public_services_digitisation/digitisation/2024"
    assert notes.keys() == {
        f"{place}/percentTotalReceiverHavingFile",
        f"{place}/percentTotalCompleteHavingFile",
    }
    assert all("2 " in text for text in notes.values())
    none = [row for row in rows_of(outcome) if row["results"] == 0]
    assert [(row["agency_code"], row["cross_check_results"]) for row in none] == [("MAU.18", 100), ("MAU.19", 100)]


# What the system may do wrong after a good pull: the fault, the reason, the agency (if it is one), the field.
FAULTS: dict[str, tuple[str, dict[str, Any], str, str, str]] = {
    "two columns swapped": (
        "public_services_online",
        {"fault": "swap_fields", "fields": ["hoanthanh_quantity", "tuchoi_quantity"]},
        "ColumnsSwapped",
        "",
        "hoanthanh_quantity",
    ),
    "an agency left out": (
        "public_services_digitisation",
        {"fault": "drop_rows", "codes": ["MAU.31"]},
        "CoverageDrop",
        "MAU.31",
        "agency.code",
    ),
    "a unit of hundreds": (
        "public_services_procedures",
        {
            "fault": "multiply",
            "by": 100,
            "fields": ["totalProcedure", "onlineProcedure", "fullyOnlineProcedure", "partlyOnlineProcedure"],
        },
        "UnitSuspect",
        "",
        "totalProcedure",
    ),
    "more late than finished": (
        "public_services_dossiers",
        {"fault": "set_field", "code": "MAU.05", "field": "resolvedOverdue", "value": 999_999},
        "NumGtDen",
        "MAU.05",
        "resolvedOverdue",
    ),
    "parts that do not add up": (
        "public_services_dossiers",
        {"fault": "add_to_field", "code": "MAU.05", "field": "receivedDirect", "by": 1},
        "SumMismatch",
        "MAU.05",
        "received",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_the_system_gets_wrong_is_held_and_named(run: Pulled, landing: Landing, case: str) -> None:
    source, fault, reason, agency, field = FAULTS[case]
    good = run(source).pull
    assert good
    list_name = source.removeprefix("public_services_")
    outcome = run(source, faults=[{**fault, "system": "public_services", "list": list_name}])
    assert outcome.status == "held"
    found = [one for one in outcome.findings if one.code == reason]
    assert found, [(one.code, one.where) for one in outcome.findings]
    assert any(one.where.startswith(f"{source}/") and agency in one.where and field in one.where for one in found)
    used = landing.newest_accepted(source, 2024)
    assert used
    assert used.pull_id == good.pull_id


def smallest() -> SampleAgency:
    """The agency with the fewest dossiers of those that have any."""
    return min(
        (one for one in sample_agencies() if truth(book(2024), one, "dossiers_finished")),
        key=lambda one: int(truth(book(2024), one, "dossiers_finished")),
    )


def test_single_dossiers_add_up_and_nobody_stands_in_them(run: Pulled, tmp_path: Path) -> None:
    agency = smallest()
    code = agency.codes["mau"]
    outcome = run(written(DOSSIERS, CODE=code), codes=(code,))
    assert (outcome.status, outcome.findings) == ("accepted", [])
    rows = rows_of(outcome)
    assert len(rows) == truth(book(2024), agency, "dossiers_finished")
    assert len({row["dossier"] for row in rows}) == len(rows)
    online = [row for row in rows if row["handed_in"] == "Trực tuyến"]
    assert len(online) == truth(book(2024), agency, "dossiers_processed_online")
    assert {row["finished_on"].year for row in rows} == {2024}
    late = [row for row in rows if row["due_on"] < row["finished_on"]]
    assert len(late) == book(2024).of(agency, "only_simulated.dossiers_overdue")
    assert outcome.pull
    assert len(outcome.pull.manifest["pages"]) == -(-len(rows) // 50)
    assert nobody_in(tmp_path, rows)


def nobody_in(folder: Path, rows: list[dict[str, Any]]) -> bool:
    """Whether nothing of an applicant was written: not as a value, not as bytes of any file."""
    canaries = ("Người Dân", "nguoi.dan.mau", "0900000", "00000000", "Ấp Mẫu", "1900-01-01", "applicant.data")
    values = json.dumps(rows, ensure_ascii=False, default=str)
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert files
    return not any(one in values or any(one.encode() in body for body in files) for one in canaries)


def test_a_dossier_in_an_error_names_nobody(run: Pulled, tmp_path: Path) -> None:
    code = smallest().codes["mau"]
    bad = {"fault": "set_field", "field": "applyMethod.name", "value": "Người Dân Mẫu 1", "list": "search"}
    outcome = run(written(DOSSIERS, CODE=code, **{"{year}": "{year}-Q1"}), codes=(code,), faults=[bad])
    assert outcome.status == "held"
    assert nobody_in(tmp_path, [])


def test_dossiers_of_several_agencies_are_one_list(run: Pulled) -> None:
    codes = ("MAU.17", "MAU.18", "MAU.19")  # the last two have none
    day = '{period: "{year}", first_day: "{year}-03-04", last_day: "{year}-03-04", groups: [department]}'
    text = DOSSIERS.replace("endpoint: {params: {agency-code: CODE}}\n", "")
    outcome = run(written(text.replace('{period: "{year}", groups: [department]}', day)), codes=codes)
    assert outcome.pull
    counts = outcome.counts
    assert counts["received"] > 1000
    assert counts["received"] == counts["accepted"] + counts["quarantined"]
    assert {row["finished_on"].isoformat() for row in rows_of(outcome)} == {"2024-03-04"}
    reasons = {row["reason"] for row in read_table(outcome.pull.quarantine).to_pylist()}
    assert reasons == {"UnknownAgency"}  # the register of this test has three agencies


def test_the_systems_own_agencies_are_held_against_the_register(run: Pulled) -> None:
    outcome = run(written(AGENCIES), moment=LATER)
    assert (outcome.status, outcome.counts["accepted"]) == ("accepted", 31)
    assert outcome.pull
    assert outcome.pull.manifest["excluded"] == 3
    without = [one.code for one in register() if one.code != "MAU.40"]
    outcome = run(written(AGENCIES), moment=LATER, codes=tuple(without))
    assert outcome.status == "held"
    assert outcome.pull
    (row,) = read_table(outcome.pull.quarantine).to_pylist()
    assert (row["reason"], row["agency_code"], row["agency_name"]) == (
        "UnknownAgency",
        "MAU.40",
        "UBND huyện Chợ Mới",
    )


def test_tokens_end_in_the_middle_and_are_renewed(run: Pulled, monkeypatch: pytest.MonkeyPatch) -> None:
    issued: list[str] = []

    class Counting(Tokens):
        def issue(self, user: str) -> str:
            issued.append(super().issue(user))
            return issued[-1]

    class Impatient(PublicServices):
        def __init__(self) -> None:
            self.tokens = Counting()

    seconds = iter(range(10_000))  # a second goes by whenever somebody looks
    monkeypatch.setitem(systems.SYSTEMS, "public_services", Impatient)
    monkeypatch.setattr(Tokens, "clock", staticmethod(lambda: float(next(seconds))))
    agency = smallest()
    code = agency.codes["mau"]
    outcome = run(written(DOSSIERS, CODE=code, **{"{year}": "{year}-Q1"}), codes=(code,))
    assert (outcome.status, outcome.findings) == ("accepted", [])
    count = len(rows_of(outcome))
    assert count == happened(truth(book(2024), agency, "dossiers_finished"), 2024, datetime(2024, 4, 1, tzinfo=VIETNAM))
    asked = 2 * -(-count // 50)  # a slice is read twice; a token opens two answers before its three seconds are over
    assert len(issued) >= asked // 2
    assert len(set(issued)) == len(issued)


def test_a_wrong_secret_is_refused(run: Pulled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PublicServices, "secrets", {})
    monkeypatch.setenv("PUBLIC_SERVICES_SECRET", "not-the-sample-secret")
    outcome = run("public_services_dossiers")
    assert outcome.status == "failed"
    assert [one.code for one in outcome.findings] == ["AuthFailed"]


def test_the_client_may_stand_in_the_body(run: Pulled) -> None:
    assert run(shipped("public_services_dossiers", "auth: {client_in: body}\n")).status == "accepted"


def test_a_simulator_is_never_shown_a_real_credential(run: Pulled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_SERVICES_SECRET", "canary-of-a-real-system")
    assert run("public_services_dossiers").status == "accepted"


def test_a_live_source_never_gets_a_published_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUBLIC_SERVICES_SECRET", raising=False)
    live = shipped("public_services_dossiers", "base_url: https://motcua.example.gov.vn\n")
    with pytest.raises(ConfigurationError) as caught:
        line_of(live, live.base_url)
    assert (caught.value.code, caught.value.where) == ("secret-missing", "PUBLIC_SERVICES_SECRET")


def test_the_suite_of_online_dossiers_can_fail(run: Pulled) -> None:
    suite = SOURCES / "public_services_online.suite.yaml"
    outcome = run("public_services_online")
    assert outcome.pull
    frame = read_table(outcome.pull.table).to_pandas()

    def broken(frame: Any) -> set[str]:
        return {f"{one.name}({one.columns})" for one in run_suite(suite, frame) if not one.passed}

    assert broken(frame) == set()
    pair = "expect_column_pair_values_a_to_be_greater_than_b"
    assert f"{pair}(finished, refused)" in broken(frame.rename(columns={"finished": "refused", "refused": "finished"}))
    assert f"{pair}(finished, waiting)" in broken(frame.rename(columns={"finished": "waiting", "waiting": "finished"}))
    assert "expect_table_row_count_to_be_between()" in broken(frame.iloc[:0])
    holes = frame.astype(object)
    holes.iloc[3, holes.columns.get_loc("finished")] = float("nan")
    assert "expect_column_values_to_not_be_null(finished)" in broken(holes)
    assert any("unique" in one for one in broken(frame.iloc[[0, *range(len(frame))]]))
    assert "expect_column_max_to_be_between(finished)" in broken(frame.assign(finished=frame["finished"] // 1000))
