"""The landing folder: whole pulls only, immutable, each alteration noticed, each decision made once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from common.errors import SourceError, StorageError, UsageError
from connectors import Landing, PullOutcome, runs, tables
from connectors import landing as landing_module
from connectors.manifest import Pull
from tests.support.portal import ROOT, at

Pulled = Callable[..., PullOutcome]


def landed(outcome: PullOutcome) -> Pull:
    assert outcome.pull
    return outcome.pull


def test_nothing_is_there_before_the_first_pull(landing: Landing) -> None:
    assert landing.pulls() == []
    assert landing.newest("portal_766", 2025) is None
    assert landing.newest_accepted("portal_766", 2025) is None


def test_a_pull_is_three_files_and_verifies(pulled: Pulled, landing: Landing) -> None:
    pull = landed(pulled())
    assert pull.folder == landing.root / "portal_766" / "2025" / pull.pull_id
    assert sorted(path.name for path in pull.folder.iterdir()) == ["pull.json", "quarantine.parquet", "scores.parquet"]
    landing.verify(pull)
    assert landing.pulls() == [pull]
    assert (pull.status, pull.moment, pull.simulated) == ("accepted", at(16), True)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (runs, "_merged"),
        (tables, "fsync_file"),
        (landing_module, "_file_facts"),
        (landing_module, "write_json"),
        (landing_module, "fsync_folder"),
    ],
)
def test_what_a_crash_leaves_is_ignored_and_cleared_away(
    pulled: Pulled, landing: Landing, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str
) -> None:
    """With rows in runs on disk, with a Parquet file, with both, with the manifest, with the folder renamed."""
    good = landed(pulled(11))
    monkeypatch.setattr(runs, "_MOST_CELLS", 1_000)

    def crash(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, name, crash)
        with pytest.raises(KeyboardInterrupt):
            pulled(16)
    renamed = name == "fsync_folder"  # the rename has happened: the pull is whole
    assert len(landing.pulls()) == (2 if renamed else 1)
    assert landing.pulls()[0] == good
    assert any(path.name.startswith(".") for path in good.folder.parent.iterdir()) is not renamed
    again = pulled(16)
    assert again.status == ("unchanged" if renamed else "accepted")
    assert len(landing.pulls()) == 2
    assert not any(path.name.startswith(".") for path in good.folder.parent.iterdir())


@pytest.mark.parametrize("where", ["landing.write_json", "runs._merged"])
def test_sigkill_loses_nothing(tmp_path: Path, where: str) -> None:
    """A pull is killed before its manifest, or with its rows in runs on disk; a plain second run lands the same."""
    script = tmp_path / "pull.py"
    script.write_text(
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from connectors import Landing, landing, pull, runs\n"
        "from tests.support.portal import at, portal, register\n"
        "runs._MOST_CELLS = 1_000\n"
        "if sys.argv[2] == 'kill':\n"
        f"    {where} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "done = pull(portal(), 2025, landing=Landing(Path(sys.argv[1])), agencies=register(), moment=at(16))\n"
        "print(done.pull.pull_id, done.pull.content_hash)\n"
    )

    def run(folder: Path, how: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(script), str(folder), how]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)

    killed = run(tmp_path / "a", "kill")
    assert killed.returncode == -signal.SIGKILL
    assert Landing(tmp_path / "a").pulls() == []
    assert list((tmp_path / "a").rglob("*.arrow" if where == "runs._merged" else "scores.parquet"))
    assert run(tmp_path / "a", "live").stdout == run(tmp_path / "b", "live").stdout != ""


@pytest.mark.parametrize("file", ["scores.parquet", "quarantine.parquet"])
@pytest.mark.parametrize("how", ["bit", "cut", "gone"])
def test_a_file_that_was_touched_is_noticed(pulled: Pulled, landing: Landing, file: str, how: str) -> None:
    pull = landed(pulled(11))
    path = pull.folder / file
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(body if how == "bit" else body[:-1])
    with pytest.raises(SourceError) as caught:
        landing.verify(pull)
    assert caught.value.code == "FileAltered"
    assert file in caught.value.message.vi
    assert str(pull.folder) in caught.value.where
    with pytest.raises(SourceError, match="FileAltered"):
        pulled(16)  # nothing is compared with figures that cannot be trusted


def test_a_file_that_does_not_belong_is_noticed(pulled: Pulled, landing: Landing) -> None:
    pull = landed(pulled())
    (pull.folder / "extra.parquet").write_bytes(b"")
    with pytest.raises(SourceError, match="FileAltered"):
        landing.verify(pull)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace('"status": "accepted"', '"status": "held"'), "ManifestAltered"),
        (lambda text: text.replace('"accepted": 185', '"accepted": 186'), "ManifestAltered"),
        (lambda text: text[:100], "ManifestUnreadable"),
        (lambda text: "[]", "ManifestUnreadable"),
        (lambda text: "{}", "ManifestUnreadable"),
    ],
)
def test_a_manifest_that_was_touched_is_named(
    pulled: Pulled, landing: Landing, change: Callable[[str], str], code: str
) -> None:
    path = landed(pulled()).folder / "pull.json"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        landing.pulls()
    assert (caught.value.code, caught.value.where) == (code, str(path))


def test_a_pull_moved_to_another_year_is_noticed(pulled: Pulled, landing: Landing) -> None:
    folder = landed(pulled()).folder
    (folder.parents[1] / "2024").mkdir()
    folder.rename(folder.parents[1] / "2024" / folder.name)
    with pytest.raises(SourceError, match="ManifestAltered"):
        landing.pulls()


def test_the_order_of_pulling_decides_at_one_moment(pulled: Pulled, landing: Landing) -> None:
    first = landed(pulled(16, [{"fault": "zero_rows"}]))
    second = landed(pulled(16))
    third = landed(pulled(16, [{"fault": "html_page"}]))
    assert [pull.pull_id for pull in landing.pulls()] == [first.pull_id, second.pull_id, third.pull_id]
    assert [pull.sequence for pull in landing.pulls()] == [1, 2, 3]
    earlier = landed(pulled(11))
    assert [pull.sequence for pull in landing.pulls()] == [4, 1, 2, 3]
    newest = landing.newest("portal_766", 2025, as_of=at(12))
    assert newest == earlier


def test_pulls_are_found_by_source_and_year(pulled: Pulled, landing: Landing) -> None:
    pulled(16)
    pulled(16, year=2024)
    assert [pull.assessment_year for pull in landing.pulls("portal_766", 2024)] == [2024]
    assert len(landing.pulls("portal_766")) == 2
    assert landing.pulls("other") == []
    assert landing.newest_accepted("portal_766", 2024) is None


def test_a_held_pull_is_used_once_somebody_accepts_it(pulled: Pulled, landing: Landing) -> None:
    held = landed(pulled(16, [{"fault": "drop_rows", "codes": ["H01.08"]}]))
    manifest = (held.folder / "pull.json").read_bytes()
    assert landing.newest_accepted("portal_766", 2025) is None
    accepted = landing.decide(held.pull_id, "accept", "Thanh tra tỉnh chưa có hồ sơ", "tester")
    assert accepted.status == "accepted"
    assert accepted.decision
    assert accepted.decision.reason == "Thanh tra tỉnh chưa có hồ sơ"
    assert landing.newest_accepted("portal_766", 2025) == accepted
    assert (held.folder / "pull.json").read_bytes() == manifest
    landing.verify(accepted)


def test_an_accepted_pull_can_be_rejected(pulled: Pulled, landing: Landing) -> None:
    earlier, later = landed(pulled(11)), landed(pulled(16))
    assert landing.decide(later.pull_id, "reject", "nguồn báo sai số liệu", "tester").status == "rejected"
    assert landing.newest_accepted("portal_766", 2025) == earlier


def test_decisions_that_make_no_sense_are_refused(pulled: Pulled, landing: Landing) -> None:
    accepted = landed(pulled(11))
    failed = landed(pulled(16, [{"fault": "html_page"}]))
    held = landed(pulled(16, [{"fault": "zero_rows"}]))
    landing.decide(held.pull_id, "reject", "trống", "tester")
    for pull_id, decision, reason, code in (
        ("20200101T000000-00000000", "accept", "x", "UnknownPull"),
        (accepted.pull_id, "accept", "x", "AlreadyDecided"),
        (accepted.pull_id, "reject", " ", "ReasonMissing"),
        (failed.pull_id, "accept", "x", "NothingToDecide"),
        (held.pull_id, "accept", "x", "AlreadyDecided"),
    ):
        with pytest.raises(UsageError) as caught:
            landing.decide(pull_id, decision, reason, "tester")
        assert caught.value.code == code


def test_a_forged_decision_is_noticed(pulled: Pulled, landing: Landing) -> None:
    held = landed(pulled(16, [{"fault": "zero_rows"}]))
    landing.decide(held.pull_id, "reject", "trống", "tester")
    path = held.folder / "decision.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**value, "of": "0" * 64}), encoding="utf-8")
    with pytest.raises(SourceError, match="ManifestAltered"):
        landing.pulls()


@pytest.mark.parametrize(
    ("module", "name"), [(runs.pa, "OSFile"), (tables.pq, "ParquetWriter"), (landing_module, "_file_facts")]
)
def test_a_disk_that_cannot_be_written_is_told(
    pulled: Pulled, landing: Landing, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str
) -> None:
    """Full while rows are put aside, while they are written as Parquet, or while they are landed."""
    good = landed(pulled(11))
    monkeypatch.setattr(runs, "_MOST_CELLS", 1_000)

    def full(*args: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module, name, full)
        with pytest.raises(StorageError) as caught:
            pulled(16)
    assert caught.value.code == "DiskFull"
    assert str(good.folder.parent) in caught.value.where
    assert [path.name for path in good.folder.parent.iterdir()] == [good.pull_id]
