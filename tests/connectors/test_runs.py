"""Sorted runs: any number of rows in order, however few of them may be held at once."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import runs
from connectors.runs import SortedRuns

COLUMNS = pa.schema([pa.field("value", pa.int64())])
Keys = list[str]


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven rows make a run, read two at a time, three runs together."""
    monkeypatch.setattr(runs, "_MOST_CELLS", 21)
    monkeypatch.setattr(runs, "_BATCH", 2)
    monkeypatch.setattr(runs, "_FAN_IN", 3)


def filled(folder: Path | None, keys: Keys, start: int = 0, rows: SortedRuns | None = None) -> SortedRuns:
    rows = rows or SortedRuns(COLUMNS, folder, "probe")
    for value, key in enumerate(keys, start):
        rows.add(key, (value,))
    return rows


def read(rows: SortedRuns) -> list[tuple[str, int]]:
    return [(row["_key"], row["value"]) for table in rows.merged() for row in table.to_pylist()]


def in_order(keys: Keys, start: int = 0) -> list[tuple[str, int]]:
    return sorted((key, value) for value, key in enumerate(keys, start))


keys = st.lists(st.sampled_from(["a", "a\0b", "a b", "aa", "B", "é", "ế", "\U0001f600", ""]), max_size=120)


@pytest.mark.parametrize("on_disk", [True, False])
@settings(deadline=None)
@given(keys)
def test_rows_come_by_key_and_then_as_they_were_added(
    tmp_path_factory: pytest.TempPathFactory, on_disk: bool, some: Keys
) -> None:
    """By code points, as Python compares strings; and as often as they are read."""
    rows = filled(tmp_path_factory.mktemp("runs") if on_disk else None, some)
    assert read(rows) == read(rows) == in_order(some)


@settings(deadline=None, max_examples=50)
@given(keys, keys, keys)
def test_what_is_undone_leaves_nothing(
    tmp_path_factory: pytest.TempPathFactory, kept: Keys, undone: Keys, more: Keys
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    rows = filled(folder, kept)
    rows.mark()
    filled(folder, undone, rows=rows)
    rows.rewind()
    rows.rewind()
    filled(folder, more, len(kept), rows)
    assert read(rows) == in_order(kept + more)
    rows.mark()
    filled(folder, undone, rows=rows)
    rows.rewind()
    assert read(rows) == in_order(kept + more)
    assert len(list(folder.iterdir())) <= runs._FAN_IN


def test_few_rows_touch_no_disk(tmp_path: Path) -> None:
    assert read(filled(tmp_path / "scratch", ["b", "a"])) == [("a", 1), ("b", 0)]
    assert not (tmp_path / "scratch").exists()


def test_no_more_is_held_than_a_batch_of_each_run(tmp_path: Path) -> None:
    some = [f"{number:04}" for number in range(200)]
    random.Random(1).shuffle(some)
    rows = filled(tmp_path, some)
    assert len(rows._rows) < 7
    assert max(table.num_rows for table in rows.merged()) <= runs._BATCH * (runs._FAN_IN + 1)
    assert len(list(tmp_path.iterdir())) <= runs._FAN_IN + 1
