"""The command line's contract: JSON, exit codes, errors with a place and the next command; both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.settings import Deployment
from tests.support.deployments import dti, dti_json


@pytest.mark.parametrize(
    "words",
    ["rank --group province", "changes", "status", "release list", "pull list", "source list", "ruleset list"],
)
def test_every_answer_is_json_on_request(published: Path, words: str) -> None:
    code, answer = dti_json(published, *words.split())
    assert code == 0
    assert answer["ok"] is True
    assert answer["data"]
    assert answer["warnings"] == []


def test_sources_name_their_preset_and_presets_what_they_need(published: Path) -> None:
    _, sources = dti_json(published, "source", "list")
    assert {one["name"]: one["preset"] for one in sources["data"]}["portal_766"] == "dvcqg_766"
    _, presets = dti_json(published, "source", "list", "--presets")
    needs = {one["name"]: one["needs"].keys() for one in presets["data"]}
    assert needs["igate_statistics"] >= {"base_url", "auth.client_secret", "endpoint.params.agency-id"}
    shown = dti(published, "source", "list", "--presets").stdout
    assert "igate_statistics" in shown
    assert "địa chỉ API của hệ thống" in shown


@pytest.mark.parametrize(
    ("words", "exit_code", "error"),
    [
        ("rank --group nhom", 2, "no-ranking"),
        ("rank --grup province", 2, "usage"),
        ("rank --group province --as-of hôm-qua", 2, "not-a-day"),
        ("rank --group province --as-of 2020-01-01", 3, "no-release"),
        ("backfill 2019", 2, "years"),
        ("backfill tất-cả", 2, "years"),
        ("source check portal_767", 2, "unknown-source"),
        ("pull accept 20250101T000000-00000000 --reason x", 2, None),
        ("ruleset show national/767", 2, None),
        ("ruleset schema --output /no/such/folder/x.json", 2, "cannot-write"),
        ("ruleset import an_giang/02-2023/district --template /no/such/folder/x.csv", 2, "cannot-write"),
        ("explain khong-co MDSH", 2, "which-agency"),
        ("release verify 99", 2, "unknown-release"),
    ],
)
def test_an_error_has_a_code_a_message_and_a_hint(
    published: Path, words: str, exit_code: int, error: str | None
) -> None:
    code, answer = dti_json(published, *words.split())
    assert code == exit_code
    assert answer["ok"] is False
    assert set(answer["error"]) >= {"code", "message", "hint", "where"}
    assert error is None or answer["error"]["code"] == error
    assert answer["error"]["hint"]


def test_an_invalid_setting_is_named_with_line_and_column(own_copy: Deployment) -> None:
    path = own_copy.root / "dti.yaml"
    line = len(path.read_text().splitlines()) + 1
    path.write_text(path.read_text() + "stale_after_hour: 26\n")
    code, answer = dti_json(own_copy, "status")
    assert code == 3
    assert f":{line}:1" in answer["error"]["where"]
    assert "stale_after_hours" in answer["error"]["hint"]
    done = dti(own_copy, "doctor")
    assert done.returncode == 3
    assert f"dti.yaml:{line}:1" in done.stdout


def test_a_folder_that_is_no_deployment_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    code, answer = dti_json(tmp_path / "x", "status")
    assert (code, answer["error"]["code"]) == (3, "no-deployment")


def test_doctor_finds_a_tampered_pull(own_copy: Deployment) -> None:
    assert dti(own_copy, "doctor").returncode == 0
    table = next(own_copy.landing.glob("*/*/*/scores.parquet"))
    table.chmod(0o644)
    table.write_bytes(table.read_bytes()[:-1])
    done = dti(own_copy, "doctor")
    assert done.returncode != 0
    assert str(table.parent.name) in done.stdout


def test_people_read_vietnamese_unless_they_ask_for_english(published: Path) -> None:
    vietnamese = dti(published, "rank", "--group", "department")
    english = dti(published, "rank", "--group", "department", "--lang", "en")
    assert "Xếp hạng sở, ban, ngành" in vietnamese.stdout
    assert "93,75" in vietnamese.stdout
    assert "Ranking of departments" in english.stdout
    assert "93.75" in english.stdout
    assert vietnamese.stderr == ""


def test_a_stack_trace_is_shown_only_on_request(own_copy: Deployment) -> None:
    (own_copy.root / "journal.jsonl").unlink()
    (own_copy.root / "journal.jsonl").mkdir()
    done = dti(own_copy, "status")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "DTI_DEBUG=1" in done.stderr
    assert "Traceback" in dti(own_copy, "status", env={"DTI_DEBUG": "1"}).stderr
