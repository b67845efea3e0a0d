"""Appeals: a ledger that only grows, dossiers that are whole, and grants that come out as they were foretold."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from docx import Document
from typer.testing import CliRunner

from common.durable import sha256_file
from common.errors import DifferenceError
from pipelines import frozen
from pipelines.appeals import dossier, ledger, resolving
from pipelines.cli.main import app
from pipelines.doctor import examine
from pipelines.settings import Deployment, now
from tests.support.deployments import dti_json

AGENCY, INDICATOR = "an-giang-so-tai-chinh", "CKMB"
LETTER = ("--text", "Đã công khai đủ thủ tục", "--document", "CV 12/STC", "--by", "Văn phòng Sở Tài chính")
DECISION = ("--reason", "Văn bản hợp lệ", "--document", "BB 21", "--by", "Hội đồng thẩm định")


def run(deployment: Deployment, *words: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, ["appeal", *words, "--json"], env={"DTI_DATA": str(deployment.root)})
    body = json.loads(done.stdout)
    return done.exit_code, body["data"] if body["ok"] else body["error"]


def opened(deployment: Deployment, *words: str, indicator: str = INDICATOR) -> dict[str, Any]:
    code, found = run(deployment, "new", AGENCY, indicator, "--year", "2025", *LETTER, *words)
    assert code == 0, found
    return found  # type: ignore[no-any-return]


def test_a_dossier_holds_what_the_council_needs(own_copy: Deployment) -> None:
    deadline = own_copy.settings.cycle.dates(2025)["appeal"]
    found = opened(own_copy, "--set", "17.5", "--received", deadline.isoformat())
    assert (found["appeal_id"], found["late"], found["state"]) == ("KN-2025-001", False, "open")
    folder = Path(found["folder"])
    manifest = json.loads((folder / dossier.MANIFEST).read_text(encoding="utf-8"))
    assert manifest["files"] == {
        path.name: sha256_file(path) for path in folder.iterdir() if path.name != dossier.MANIFEST
    }
    assert {item.name.en: item.ok for item in examine(own_copy)}["Appeals"]
    assert {"explanation.md", "explanation.json", "pulls.json", "evidence.csv", "effect.json", "letter.docx"} < set(
        manifest["files"]
    )
    pulls = json.loads((folder / "pulls.json").read_text(encoding="utf-8"))
    assert pulls
    assert all(len(pull["content_sha256"]) == 64 and pull["body_sha256"] for pull in pulls)
    effect = json.loads((folder / "effect.json").read_text(encoding="utf-8"))
    assert [change["agency_id"] for change in effect["changes"]] == [one["agency_id"] for one in found["effect"]]
    letter = (folder / "letter.md").read_text(encoding="utf-8")
    paper = "\n".join(one.text for one in Document(str(folder / "letter.docx")).paragraphs)
    for text in ("CV 12/STC", "Văn phòng Sở Tài chính", "Đã công khai đủ thủ tục", "Giá trị đề nghị", "→"):
        assert text in letter.replace("\\", "")
        assert text in paper
    (folder / "letter.md").write_text("x", encoding="utf-8")
    code, shown = run(own_copy, "show", "KN-2025-001")
    assert (code, shown["altered"]) == (6, "letter.md")
    looks = {item.name.en: item for item in examine(own_copy)}
    assert (looks["Appeals"].ok, looks["Appeals"].exit_code) == (False, 6)
    assert "letter.md" in looks["Appeals"].found.vi


def test_late_appeals_are_taken_and_say_so(own_copy: Deployment) -> None:
    deadline = own_copy.settings.cycle.dates(2025)["appeal"]
    words = ("new", AGENCY, INDICATOR, "--year", "2025", *LETTER, "--received")
    day = (deadline + timedelta(days=1)).isoformat()
    done = CliRunner().invoke(app, ["appeal", *words, day, "--json"], env={"DTI_DATA": str(own_copy.root)})
    body = json.loads(done.stdout)
    assert body["data"]["late"] is True
    assert "sau hạn" in body["warnings"][0]
    code, status = dti_json(own_copy, "status")
    assert status["data"]["appeals"]["open"] == ["KN-2025-001"], code


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--text", "gọi 0912 345 678"), "personal-data"),
        (("--by", "a.b@example.vn"), "personal-data"),
        (("--by", " "), "appeal-incomplete"),
        (("--received", (now().date() + timedelta(days=2)).isoformat()), "appeal-day"),
        (("--received", "20/11/2025"), "not-a-day"),
        (("--set", "1", "--points", "2"), "appeal-figure"),
        (("--set", "abc"), "value-not-a-number"),
    ],
)
def test_what_no_appeal_can_be_leaves_nothing(own_copy: Deployment, words: tuple[str, ...], error: str) -> None:
    code, found = run(own_copy, "new", AGENCY, INDICATOR, "--year", "2025", *LETTER, *words)
    assert (code, found["code"]) == (2, error)
    assert found["hint"]
    assert not ledger.path_of(own_copy).exists()
    assert not list((own_copy.root / "appeals").glob("*")) if (own_copy.root / "appeals").exists() else True


def test_the_ledger_only_grows_and_shows_every_edit(own_copy: Deployment) -> None:
    opened(own_copy)
    assert run(own_copy, "new", AGENCY, INDICATOR, "--year", "2025", *LETTER)[1]["code"] == "appeal-open"
    opened(own_copy, indicator="MDSH")
    assert run(own_copy, "resolve", "KN-2025-001", "--refuse", *DECISION)[1]["state"] == "refused"
    assert run(own_copy, "resolve", "KN-2025-001", "--refuse", *DECISION)[1]["code"] == "appeal-resolved"
    assert [one["state"] for one in run(own_copy, "list")[1]] == ["refused", "open"]
    assert [one["appeal_id"] for one in run(own_copy, "list", "--open")[1]] == ["KN-2025-002"]
    path = ledger.path_of(own_copy)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for altered in (
        [lines[0].replace("CV 12", "CV 13"), *lines[1:]],
        [lines[1], lines[0], lines[2]],
        [lines[0], lines[2]],
        lines[:2],
        [],
    ):
        path.write_text("".join(altered), encoding="utf-8")
        with pytest.raises(DifferenceError, match="appeals-altered"):
            ledger.events(own_copy)
        assert run(own_copy, "list")[0] == 6
    path.write_text("".join(lines) + '{"torn', encoding="utf-8")
    assert len(ledger.events(own_copy)) == 3
    ledger.append(own_copy, "refused", "KN-2025-002", reason="x", document="x", author="x", decided_on="2025-11-20")
    assert len(ledger.events(own_copy)) == 4


def test_a_grant_that_would_not_count_is_refused(own_copy: Deployment) -> None:
    opened(own_copy)
    assert run(own_copy, "resolve", "KN-2025-001", "--grant", *DECISION)[1]["code"] == "appeal-figure"
    code, found = run(own_copy, "resolve", "KN-2025-001", "--grant", *DECISION, "--set", "17", "--on", "2020-01-01")
    assert found["code"] == "appeal-day"
    register = own_copy.registers / resolving.REGISTER
    row = f"national/766-2022,2025,2025-10,{AGENCY},{INDICATOR},,,,3,{now().date()},BB 1,Hội đồng,x\n"
    register.write_text(register.read_text(encoding="utf-8") + row, encoding="utf-8")
    code, found = run(own_copy, "resolve", "KN-2025-001", "--grant", *DECISION, "--set", "17")
    assert (code, found["code"]) == (2, "appeal-decided")
    assert run(own_copy, "resolve", "KN-2025-001", "--grant", "--refuse", *DECISION)[1]["code"] == "appeal-decision"
    assert [one["state"] for one in run(own_copy, "list")[1]] == ["open"]


def test_what_a_crash_left_half_done_is_finished(own_copy: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(own_copy, "--set", "17")
    before = (own_copy.registers / resolving.REGISTER).read_bytes()

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(resolving, "write_whole", crash)
    with pytest.raises(KeyboardInterrupt):
        resolving.resolve(
            own_copy,
            _current(own_copy),
            "KN-2025-001",
            resolving.Resolution(True, "hợp lệ", "BB 21", "Hội đồng", now().date()),
        )
    monkeypatch.undo()
    assert (own_copy.registers / resolving.REGISTER).read_bytes() == before
    assert dti_json(own_copy, "status")[1]["data"]["appeals"]["unregistered"] == ["KN-2025-001"]
    assert run(own_copy, "finish") == (0, ["KN-2025-001"])
    assert run(own_copy, "finish") == (0, [])
    after = (own_copy.registers / resolving.REGISTER).read_bytes()
    assert after.startswith(before)
    assert after.count(b"KN-2025-001") == 1


def _current(deployment: Deployment) -> Any:
    from pipelines import releases

    release = releases.current(deployment)
    assert release
    return release


def standings(folder: Path) -> dict[tuple[str, str], tuple[Any, Any]]:
    rows = duckdb.sql(f"select agency_id, period, total, rank from read_parquet('{folder}/results/rankings.parquet')")
    return {(agency, period): (total, rank) for agency, period, total, rank in rows.fetchall()}


@pytest.mark.slow
def test_a_granted_appeal_comes_out_in_the_next_revision_exactly_as_foretold(own_copy: Deployment) -> None:
    assert dti_json(own_copy, "release", "build", "2025", "--reason", "công bố")[0] == 0
    opened(own_copy, "--set", "17.25")
    code, found = run(own_copy, "resolve", "KN-2025-001", "--grant", *DECISION)
    assert code == 0, found
    moved = {(one["agency_id"], one["period"]): one for one in found["effect"]}
    assert (AGENCY, "2025-10") in moved
    assert len(moved) > 2
    assert dti_json(own_copy, "release", "build", "2025", "--reason", "KN-2025-001")[0] == 0
    first, second = (standings(one.folder) for one in frozen.all_frozen(own_copy, 2025))
    for key, (total, rank) in first.items():
        expected = (total, rank)
        if key in moved:
            assert (str(moved[key]["rank_before"]), moved[key]["total_before"]) == (str(rank), _plain(total))
            expected = (moved[key]["total_after"], moved[key]["rank_after"])
            assert (_plain(second[key][0]), second[key][1]) == expected
        else:
            assert second[key] == expected
    assert any(first[key] != second[key] for key in moved)
    what = ["whatif", "--year", "2025", "--set", f"{AGENCY}:{INDICATOR}=17.25", "--revision", "1", "--json"]
    asked = CliRunner().invoke(app, what, env={"DTI_DATA": str(own_copy.root)})
    again = json.loads(asked.stdout)["data"]["changes"]
    assert {(one["agency_id"], one["total_after"], one["rank_after"]) for one in again} == {
        (one["agency_id"], one["total_after"], one["rank_after"]) for one in found["effect"]
    }


def _plain(total: Any) -> str:
    return f"{total.normalize():f}"
