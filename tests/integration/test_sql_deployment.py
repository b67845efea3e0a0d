"""A source of kind `sql` in a deployment: checked and pulled by the command line, its failures told as such."""

from __future__ import annotations

import pytest
import yaml

from pipelines.settings import Deployment
from tests.support.deployments import dti_json
from tests.support.probe import YEAR
from tests.support.sql_probe import CODES, DOCUMENT, PASSWORD, QUERY, VARIABLE, Figures

AGENCIES = ("an-giang-so-noi-vu", "an-giang-so-tai-chinh", "an-giang-so-y-te")


@pytest.fixture
def with_database(deployment: Deployment, figures: Figures, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    monkeypatch.setenv(VARIABLE, PASSWORD)
    document = yaml.safe_load(yaml.safe_dump(DOCUMENT))
    document["connection"]["port"] = figures.server.port
    document["requests"][0]["query"] = f"{QUERY} AND agency_code <= 'H01.03'"
    document["limits"] = {"attempts": 1, "backoff_seconds": 0}
    (deployment.sources / "probe.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    with (deployment.registers / "agency_codes.csv").open("a", encoding="utf-8") as register:
        register.writelines(f"{agency},probe,{code},,\n" for agency, code in zip(AGENCIES, CODES, strict=False))
    return deployment


def test_a_view_is_checked_and_pulled_by_the_command_line(with_database: Deployment) -> None:
    year = str(YEAR)
    code, answer = dti_json(with_database, "source", "check", "probe", "--year", year)
    steps = ("address", "connection", "login", "account", "query", "contract", "agencies")
    assert (code, [(step["name"], step["status"]) for step in answer["data"]]) == (0, [(name, "ok") for name in steps])
    code, answer = dti_json(with_database, "source", "pull", "probe", "--year", year)
    assert (code, answer["data"]["status"], answer["data"]["rows"]) == (0, "accepted", 3), answer
    code, answer = dti_json(with_database, "source", "pull", "probe", "--year", year)
    assert (code, answer["data"]["status"]) == (0, "unchanged")


def test_a_database_that_is_gone_leaves_the_last_figures_in_use(
    with_database: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    year = str(YEAR)
    code, _ = dti_json(with_database, "source", "pull", "probe", "--year", year)
    assert code == 0
    monkeypatch.setenv(VARIABLE, "wrong")
    code, answer = dti_json(with_database, "source", "check", "probe", "--year", year)
    assert (code, answer["data"][-1]["name"], answer["data"][-1]["status"]) == (4, "login", "failed")
    code, answer = dti_json(with_database, "source", "pull", "probe", "--year", year)
    assert (code, answer["data"]["status"]) == (4, "failed")
    assert answer["data"]["stands_in"]
    assert "username" in str(answer)
