"""One writer: the second is refused at once, with who holds the lock; a dead holder holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from common.errors import LockedError
from pipelines.lock import holder, writing

HOLD = """
import sys, time
from pathlib import Path
from pipelines.lock import writing

with writing(Path(sys.argv[1]), "dti refresh"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / ".lock")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_writer_is_refused_at_once_and_told_who(other: subprocess.Popen[str], tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(LockedError) as caught, writing(tmp_path / ".lock", "dti backfill"):
        pass
    assert time.monotonic() - started < 30  # the other one holds it for a minute
    assert caught.value.exit_code == 7
    assert caught.value.data["pid"] == str(other.pid)
    assert "dti refresh" in caught.value.message.vi
    assert (holder(tmp_path / ".lock") or {})["pid"] == str(other.pid)


def test_a_killed_writer_leaves_nothing_to_clean_up(other: subprocess.Popen[str], tmp_path: Path) -> None:
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    assert holder(tmp_path / ".lock") is None
    with writing(tmp_path / ".lock", "dti refresh"):
        assert str(os.getpid()) in (tmp_path / ".lock").read_text()


def test_nested_use_in_one_process_is_one_hold(tmp_path: Path) -> None:
    with writing(tmp_path / ".lock", "outer"):
        with writing(tmp_path / ".lock", "inner"):
            pass
        assert (holder(tmp_path / ".lock") or {})["command"] == "outer"
    assert holder(tmp_path / ".lock") is None
