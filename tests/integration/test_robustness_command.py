"""`dti robustness` on a published release: for the council, and the same bits whatever runs beside it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from tests.support.deployments import dti

WORDS = ("robustness", "--year", "2025", "--group", "province", "--draws", "400")


def run(folder: Path, *words: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, [*WORDS, *words, "--json"], env={"DTI_DATA": str(folder)})
    return done.exit_code, json.loads(done.stdout)


def test_ranks_stand_within_their_intervals_and_all_of_it_is_in_the_file(published: Path, tmp_path: Path) -> None:
    file = tmp_path / "firm.csv"
    code, body = run(published, "--csv", str(file))
    assert code == 0, body
    found = body["data"]["agencies"]
    assert len(found) == 34
    assert all(1 <= row["best"] <= row["low"] <= row["middle"] <= row["high"] <= row["worst"] <= 34 for row in found)
    assert any(row["low"] < row["high"] for row in found)
    assert any(row["left_out"] for row in found)
    assert body["data"]["public"] is False
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["agency_id"] for row in rows] == [row["agency_id"] for row in found]
    assert [int(row["low"]) for row in rows] == [row["low"] for row in found]


@pytest.mark.parametrize("threads", ["1", "4"])
def test_the_same_seed_gives_the_same_answer_in_any_process(published: Path, threads: str) -> None:
    env = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "PYTHONHASHSEED": threads}
    other = dti(published, *WORDS, "--json", env=env)
    assert json.loads(other.stdout) == run(published)[1]
    assert json.loads(other.stdout) != run(published, "--seed", "2")[1]


def test_assumptions_are_shown_and_checked(published: Path, tmp_path: Path) -> None:
    text = CliRunner().invoke(app, list(WORDS), env={"DTI_DATA": str(published)}).stdout
    assert "dành cho hội đồng, không công bố" in text
    assert "trọng số ±10 %" in text
    file = tmp_path / "robustness.yaml"
    file.write_text("weights: 0\nfigures: {declared: 0, collected: 0}\n", encoding="utf-8")
    certain = run(published, "--assumptions", str(file))[1]["data"]["agencies"]
    assert {(row["low"], row["high"], row["same"]) == (row["rank"], row["rank"], 1000) for row in certain} == {True}
    file.write_text("weights: 2\n", encoding="utf-8")
    code, body = run(published, "--assumptions", str(file))
    assert (code, body["error"]["where"].startswith(f"{file}:1:")) == (3, True)
    assert run(published, "--draws", "-5")[1]["error"]["code"] == "robustness-draws"
