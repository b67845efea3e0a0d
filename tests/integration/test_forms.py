"""Blank self-assessment forms from the command line, and the way back: filled in, dropped into the inbox, pulled."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from connectors.sheets.self_assessment import FIGURES
from pipelines.settings import Deployment
from tests.support.deployments import dti_json, sample_deployment

RULESET = "an_giang/1407-2024/district"


@pytest.fixture
def sample(tmp_path: Path) -> Deployment:
    return sample_deployment(tmp_path / "data")


def test_one_form_for_every_agency_that_the_ruleset_assesses(sample: Deployment, tmp_path: Path) -> None:
    words = ("ruleset", "forms", RULESET, "--year", "2024", "--scheme", "mau", "--to", str(tmp_path / "forms"))
    code, answer = dti_json(sample, *words)
    assert code == 0, answer
    assert answer["data"]["written"] == [f"tu_danh_gia_2024_MAU.{number}.xlsx" for number in range(31, 42)]
    inbox = sample.root / "inbox" / "self_assessment"
    for path in inbox.iterdir():
        path.unlink()
    for path in sorted((tmp_path / "forms").iterdir()):
        book = load_workbook(path)
        book[FIGURES]["F8"] = 17
        book.save(inbox / path.name)
    loose = sample.sources / "self_assessment.yaml"
    text = loose.read_text(encoding="utf-8")
    loose.write_text(text + "gates: {coverage: {of_register: 0}}\n", encoding="utf-8")
    code, answer = dti_json(sample, "source", "pull", "self_assessment", "--year", "2024", "--dry-run")
    assert (code, answer["data"]["status"], answer["data"]["rows"]) == (0, "accepted", 11 * 103), answer
    code, answer = dti_json(sample, *words)
    assert (code, answer["error"]["code"]) == (2, "file-exists")


def test_a_scheme_in_which_nobody_has_a_code(sample: Deployment, tmp_path: Path) -> None:
    words = ("ruleset", "forms", RULESET, "--year", "2024", "--scheme", "khac", "--to", str(tmp_path / "forms"))
    code, answer = dti_json(sample, *words)
    assert (code, answer["error"]["code"]) == (2, "no-agencies")
    assert not (tmp_path / "forms").exists()
