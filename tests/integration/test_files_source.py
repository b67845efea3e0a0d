"""The example of kind `files` in docs/sources.md, in a deployment: one YAML file and a folder, no Python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from common.yaml_files import parse_yaml
from connectors import source_schema
from pipelines.settings import CODE, Deployment
from tests.support.deployments import dti_json
from tests.support.workbooks import workbook

DOCUMENT = (CODE / "docs" / "sources.md").read_text(encoding="utf-8")
(YAML,) = [block for block in re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL) if "name: reports\n" in block]
IDS = {"A1": "an-giang-so-noi-vu", "A2": "an-giang-so-tai-chinh", "A3": "an-giang-so-y-te"}


@pytest.fixture
def with_reports(deployment: Deployment) -> Deployment:
    (deployment.sources / "reports.yaml").write_text(YAML, encoding="utf-8")
    with (deployment.registers / "agency_codes.csv").open("a", encoding="utf-8") as register:
        register.writelines(f"{agency},own,{code},,\n" for code, agency in IDS.items())
    inbox = deployment.root / "inbox" / "reports"
    inbox.mkdir(parents=True)
    (inbox / "bao_cao_2025_10.xlsx").write_bytes(workbook())
    return deployment


def test_a_dropped_workbook_is_pulled_by_the_command_line(with_reports: Deployment) -> None:
    code, answer = dti_json(with_reports, "source", "pull", "reports", "--year", "2025", "--dry-run")
    assert (code, answer["data"]["status"], answer["data"]["rows"]) == (0, "accepted", 3), answer
    assert not (with_reports.landing / "reports").exists(), "a trial keeps nothing"
    code, answer = dti_json(with_reports, "source", "pull", "reports", "--year", "2025")
    assert (code, answer["data"]["status"]) == (0, "accepted")
    _, pulls = dti_json(with_reports, "pull", "list", "--source", "reports")
    assert [(one["status"], one["counts"]["accepted"]) for one in pulls["data"]] == [("accepted", 3)]


def test_a_source_of_files_is_checked_step_by_step(with_reports: Deployment) -> None:
    code, answer = dti_json(with_reports, "source", "check", "reports", "--year", "2025")
    steps = [(step["name"], step["status"]) for step in answer["data"]]
    assert (code, steps) == (0, [(name, "ok") for name in ("folder", "files", "layout", "contract", "agencies")])
    code, answer = dti_json(with_reports, "source", "check", "reports", "--year", "2024")
    steps = [(step["name"], step["status"]) for step in answer["data"]]
    assert (code, steps) == (4, [("folder", "ok"), ("files", "failed")])


def test_the_editors_schema_knows_both_kinds() -> None:
    validator = Draft202012Validator(source_schema())
    body = parse_yaml(YAML, Path("reports.yaml")).data
    assert list(validator.iter_errors(body)) == []
    assert list(validator.iter_errors({**body, "kind": "fax"})) != []
