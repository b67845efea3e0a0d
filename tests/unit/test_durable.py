"""Files are there whole or not there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from common import durable


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pull.json"
    durable.write_json(path, {"a": 1})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        durable.write_json(path, {"a": 2})
    assert json.loads(path.read_text()) == {"a": 1}


def test_the_same_value_gives_the_same_bytes(tmp_path: Path) -> None:
    durable.write_json(tmp_path / "a", {"b": 1, "a": "Sở"})
    durable.write_json(tmp_path / "b", {"a": "Sở", "b": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert "Sở" in (tmp_path / "a").read_text()


def test_a_torn_last_line_does_not_swallow_the_next(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    durable.append_line(path, {"n": 1})
    with path.open("ab") as handle:
        handle.write(b'{"n": 2, "torn')
    durable.append_line(path, {"n": 3})
    lines = path.read_text().splitlines()
    assert [lines[0], lines[2]] == ['{"n": 1}', '{"n": 3}']


def test_a_link_is_moved_in_one_step(tmp_path: Path) -> None:
    for name in ("1", "2"):
        (tmp_path / name).write_text(name)
    link = tmp_path / "current"
    durable.point_link(link, tmp_path / "1")
    durable.point_link(link, tmp_path / "2")
    assert link.read_text() == "2"
    assert not Path(os.readlink(link)).is_absolute(), "a deployment can be moved as a folder"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2", "current"]
