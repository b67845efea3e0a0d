"""The open-data portal: what counts as published, pages that end early, and a zero told from a missing figure."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors import PullOutcome
from connectors.simulator import faults, serve
from connectors.simulator.systems import open_data
from connectors.tables import read_table
from tests.support.sample import IN_NOVEMBER, YEARS_LATER, changed, figures, model_rows, pulled, source, truth

METRICS = (open_data.METRIC,)
MODEL = "int_open_data_datasets__metrics"
SOURCES = ("open_data_datasets", "open_data_organisations")


def both(folder: Path, year: int = 2024, moment: datetime = IN_NOVEMBER) -> list[PullOutcome]:
    return [pulled(name, folder, year, moment) for name in SOURCES]


def rows_of(outcome: PullOutcome) -> list[dict[str, Any]]:
    assert outcome.pull
    rows: list[dict[str, Any]] = read_table(outcome.pull.table).to_pylist()
    return rows


@pytest.mark.parametrize(("year", "moment"), [(2024, IN_NOVEMBER), (2024, YEARS_LATER), (2022, YEARS_LATER)])
def test_published_datasets_equal_the_ledger(year: int, moment: datetime, tmp_path: Path) -> None:
    outcomes = both(tmp_path, year, moment)
    assert [(one.status, one.findings) for one in outcomes] == [("accepted", []), ("accepted", [])]
    assert figures(MODEL, outcomes) == truth(year, moment, METRICS)


def test_a_zero_rests_on_the_row_of_the_organisation(tmp_path: Path) -> None:
    outcomes = both(tmp_path, 2022)
    zeros = {row["agency_id"]: row for row in model_rows(MODEL, outcomes) if row["value"] == "0"}
    assert zeros.keys() == {"an-giang-cu-long-xuyen"}
    assert outcomes[1].pull
    for row in zeros.values():
        assert (row["source"], row["pull_id"]) == ("open_data_organisations", outcomes[1].pull.pull_id)
        assert row["pointer"].startswith("/result/")
    others = [row for row in model_rows(MODEL, outcomes) if row["agency_id"] not in zeros]
    assert {row["source"] for row in others} == {"open_data_datasets"}


def test_without_the_organisations_there_is_no_zero(tmp_path: Path) -> None:
    datasets = pulled("open_data_datasets", tmp_path, 2022)
    counted = {key: value for key, value in truth(2022, IN_NOVEMBER, METRICS).items() if value != "0"}
    assert figures(MODEL, [datasets]) == counted


def test_organisations_alone_are_no_figures(tmp_path: Path) -> None:
    """The year's datasets were not pulled: nobody has none."""
    assert model_rows(MODEL, [pulled("open_data_organisations", tmp_path)]) == []


def test_an_agency_that_is_not_on_the_portal_has_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = [{"fault": "drop_rows", "system": "open_data", "codes": ["MAU.03"]}]
    monkeypatch.setenv(faults.VARIABLE, json.dumps(script))
    datasets, organisations = both(tmp_path)
    assert datasets.status == "accepted"
    assert (organisations.status, [one.code for one in organisations.findings]) == ("held", ["CoverageDrop"])
    assert ("an-giang-cu-so-tu-phap", open_data.METRIC) not in figures(MODEL, [datasets, organisations])


def test_datasets_that_vanish_while_the_portal_still_counts_them_are_no_zero(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ("an-giang-cu-so-tu-phap", open_data.METRIC)
    assert int(truth(2024, IN_NOVEMBER, METRICS)[key]) > 0
    monkeypatch.setenv(faults.VARIABLE, json.dumps([{"fault": "drop_rows", "list": "datasets", "codes": ["MAU.03"]}]))
    outcomes = both(tmp_path)
    assert [one.status for one in outcomes] == ["accepted", "accepted"]
    assert truth(2024, IN_NOVEMBER, METRICS).keys() - figures(MODEL, outcomes).keys() == {key}


def test_drafts_private_pages_and_showcases_do_not_count(tmp_path: Path) -> None:
    """A key of the portal shows more than the public sees; the figures stay the same."""
    asked = source("open_data_datasets")
    params = {**asked.endpoint.params, "include_private": "true"}
    key = {"type": "api_key", "api_key": {"secret": "OPEN_DATA_KEY"}}
    with_key = type(asked).model_validate(
        {**asked.model_dump(by_alias=True), "auth": key, "endpoint": {**asked.endpoint.model_dump(), "params": params}}
    )
    datasets = pulled(with_key, tmp_path)
    kinds = Counter((row["package_type"], row["state"], row["private"]) for row in rows_of(datasets))
    assert kinds.keys() == {
        ("dataset", "active", False),
        ("dataset", "draft", False),
        ("dataset", "active", True),
        ("showcase", "active", False),
    }
    outcomes = [datasets, pulled("open_data_organisations", tmp_path)]
    assert figures(MODEL, outcomes) == truth(2024, IN_NOVEMBER, METRICS)


def test_the_public_never_sees_drafts_and_private_pages(tmp_path: Path) -> None:
    asked = source("open_data_datasets")
    curious = changed(asked, endpoint={"params": {**asked.endpoint.params, "include_private": "true"}})
    rows = rows_of(pulled(curious, tmp_path))
    assert {(row["state"], row["private"]) for row in rows} == {("active", False)}


def test_pages_end_before_the_size_that_was_asked_for(tmp_path: Path) -> None:
    datasets, organisations = both(tmp_path)
    assert datasets.pull
    assert organisations.pull
    pages = [page["rows"] for page in datasets.pull.manifest["pages"]]
    assert pages[:-1] == [open_data.MOST_ROWS] * (len(pages) - 1)
    assert len(pages) > 2
    assert [page["rows"] for page in organisations.pull.manifest["pages"]] == [25, 7, 0]


def test_the_portals_own_organisation_is_left_out_by_contract(tmp_path: Path) -> None:
    assert [one.pull.manifest["excluded"] for one in both(tmp_path) if one.pull] == [3, 1]


def test_a_dataset_without_an_organisation_counts_for_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = open_data._datasets(IN_NOVEMBER)
    orphan = {**whole[0], "name": "mo-coi", "organization": None}
    monkeypatch.setattr(open_data, "_datasets", lambda _: (*whole, orphan))
    outcome = pulled("open_data_datasets", tmp_path)
    assert outcome.status == "accepted"
    assert "mo-coi" not in {row["dataset"] for row in rows_of(outcome)}


def test_no_name_of_a_person_lands(tmp_path: Path) -> None:
    both(tmp_path)
    for path in (tmp_path / "landing").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert all(word.encode() not in content for word in ("Văn Mẫu", "Thị Mẫu", "example.vn"))


def test_names_only_without_all_fields() -> None:
    with serve(IN_NOVEMBER, faults=[], system="open_data") as address:
        names = requests.get(address + open_data.ORGANISATIONS, timeout=5).json()["result"]
        found = requests.get(f"{address}{open_data.SEARCH}?fq=organization:MAU.01&rows=0", timeout=5).json()["result"]
    assert len(names) == 32
    assert isinstance(names[0], str)
    assert found["count"] >= 1
    assert found["results"] == []


@pytest.mark.parametrize(
    ("name", "fault", "found"),
    [
        ("datasets", {"fault": "json", "document": {"success": False, "error": {}}}, ("failed", "SourceReportsError")),
        ("datasets", {"fault": "zero_rows"}, ("held", "Empty")),
        ("datasets", {"fault": "set_field", "field": "state", "value": "gone"}, ("held", "UnknownValue")),
        ("datasets", {"fault": "set_field", "field": "private", "value": "false"}, ("held", "WrongType")),
        ("organisations", {"fault": "set_field", "field": "package_count", "value": -1}, ("held", "BelowMinimum")),
        (
            "organisations",
            {"fault": "json", "document": {"success": True, "result": {}}},
            ("failed", "UnexpectedShape"),
        ),
        ("organisations", {"fault": "status", "status": 403}, ("failed", "Forbidden")),
    ],
)
def test_faults_meet_the_list_that_they_name(
    name: str, fault: dict[str, Any], found: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, code = found
    monkeypatch.setenv(faults.VARIABLE, json.dumps([{**fault, "system": "open_data", "list": name}]))
    outcomes = {one: pulled(f"open_data_{one}", tmp_path) for one in ("datasets", "organisations")}
    assert {one: outcome.status for one, outcome in outcomes.items()} == {
        "datasets": "accepted",
        "organisations": "accepted",
        name: status,
    }
    assert code in {one.code for one in outcomes[name].findings}
