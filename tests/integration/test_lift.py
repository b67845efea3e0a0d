"""`dti lift` on a published release: its plans come true when they are asked of `dti whatif`."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app

AGENCY = "an-giang-so-tai-chinh"


def run(folder: Path, *words: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, [*words, "--year", "2025", "--json"], env={"DTI_DATA": str(folder)})
    return done.exit_code, json.loads(done.stdout)


def test_a_plan_comes_true_when_it_is_done(published: Path) -> None:
    code, body = run(published, "lift", AGENCY)
    assert code == 0, body
    found = body["data"]
    assert [plan["gain"] for plan in found["plans"]] == [1, 3, 5]
    costs = [Fraction(plan["cost"]) for plan in found["plans"]]
    assert costs == sorted(costs)
    assert costs[0] > 0
    for plan in found["plans"]:
        assert (plan["outcome"], plan["proven"]) == ("found", True)
        assert plan["rank"] <= found["rank"] - plan["gain"]
        sets = [f"--set={AGENCY}:{step['indicator']}={step['value']}" for step in plan["steps"]]
        wished = run(published, "whatif", *sets)[1]["data"]["changes"]
        own = next(change for change in wished if change["agency_id"] == AGENCY)
        assert (own["rank_after"], own["total_after"]) == (plan["rank"], plan["total"])


def test_efforts_of_the_deployment_are_read_and_checked(published: Path, tmp_path: Path) -> None:
    file = tmp_path / "lift.yaml"
    file.write_text("fixed: [CKMB]\nefforts: {MDSH: 3}\n", encoding="utf-8")
    found = run(published, "lift", AGENCY, "--gain", "1", "--effort", str(file))[1]["data"]
    assert found["fixed"]["CKMB"] == "fixed"
    assert "CKMB" not in [step["indicator"] for step in found["plans"][0]["steps"]]
    file.write_text("efforts: {MDSH: -1}\n", encoding="utf-8")
    code, body = run(published, "lift", AGENCY, "--effort", str(file))
    assert code == 3
    assert f"{file}:1:" in body["error"]["where"]


def test_people_read_steps_in_vietnamese_and_what_cannot_be(published: Path) -> None:
    words = ["lift", AGENCY, "--year", "2025", "--only", "MDHL", "--gain", "1", "--gain", "40"]
    text = CliRunner().invoke(app, words, env={"DTI_DATA": str(published)}).stdout
    assert "Không thể lên 1 bậc: làm hết mọi việc" in text
    assert "Không thể lên 40 bậc: chỉ có" in text
    assert "Không xét (đã đạt điểm tối đa): MDHL" in text
    text = CliRunner().invoke(app, ["lift", AGENCY, "--year", "2025"], env={"DTI_DATA": str(published)}).stdout
    assert "Cơ quan khác đứng yên" in text
    assert "  CKMB  thêm " in text


def test_unknown_codes_and_gains_are_refused(published: Path) -> None:
    assert run(published, "lift", AGENCY, "--only", "XX")[1]["error"]["code"] == "unknown-indicator"
    assert run(published, "lift", AGENCY, "--gain", "0")[1]["error"]["code"] == "lift-gain"


@pytest.mark.slow
def test_round_steps_of_long_ways_are_named(sample_years: Path) -> None:
    """Nobody plans a budget by the đồng: the answer says in which steps it was looked at, and where that is changed."""
    words = ["lift", "an-giang-cu-long-xuyen", "--year", "2024", "--only", "5.7", "--gain", "1"]
    env = {"DTI_DATA": str(sample_years)}
    text = " ".join(CliRunner().invoke(app, words, env=env).stdout.split())
    assert "Xét theo bước tròn (đổi ở units của lift.yaml): 5.7 mỗi bước " in text
    unit = text.partition("mỗi bước ")[2].rstrip(".")
    units = json.loads(CliRunner().invoke(app, [*words, "--json"], env=env).stdout)["data"]["units"]
    assert {code: Fraction(one) for code, one in units.items()} == {"5.7": Fraction(unit.replace(".", ""))}
    english = " ".join(CliRunner().invoke(app, [*words, "--lang", "en"], env=env).stdout.split())
    assert f"5.7 by {unit.replace('.', ',')}." in english
