"""Any number of rows brought into order in bounded memory: sorted runs on disk, merged batch by batch.

In memory are the rows added last, up to `_MOST_CELLS` values, and while merging one batch of each of `_FAN_IN` runs,
whatever the number of rows. Without a folder the runs stay in memory, sorted and merged in the same way.
"""

from __future__ import annotations

import uuid
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from connectors.landing import writing

_MOST_CELLS = 100_000
_BATCH = 1_000
_FAN_IN = 32

KEY, ADDED = "_key", "_added"

Run: TypeAlias = Path | pa.Table


class SortedRuns:
    """Rows of one schema, to be read by their key; rows of one key come in the order in which they were added."""

    def __init__(self, columns: pa.Schema, folder: Path | None, source: str, key: pa.DataType | None = None) -> None:
        self.schema = pa.schema([pa.field(KEY, key or pa.string()), pa.field(ADDED, pa.int64()), *columns])
        self._folder = folder
        self._source = source
        self._most = max(1, _MOST_CELLS // len(self.schema))
        self._runs: list[Run] = []
        self._rows: list[tuple[Any, ...]] = []
        self._added = 0
        self._marked_runs = self._marked_rows = 0

    def add(self, key: str | bytes, values: tuple[Any, ...] = ()) -> None:
        """One more row. Raises `SourceError` where the disk is full."""
        self._added += 1
        self._rows.append((key, self._added, *values))
        if len(self._rows) >= self._most:
            self._flush()

    def mark(self) -> None:
        """What is there now stays, whatever is added and undone later."""
        self._marked_runs, self._marked_rows = len(self._runs), len(self._rows)

    def rewind(self) -> None:
        """Forget what was added since the last `mark`."""
        for run in self._runs[self._marked_runs :]:
            _discard(run)
        del self._runs[self._marked_runs :], self._rows[self._marked_rows :]

    def merged(self) -> Iterator[pa.Table]:
        """All rows in order, in tables of bounded size; may be read again. Raises `SourceError` for a full disk."""
        if self._runs:
            self._flush()
        while self._folder and len(self._runs) > _FAN_IN:
            few, self._runs = self._runs[:_FAN_IN], self._runs[_FAN_IN:]
            self._runs.append(self._written(_merged([_batches(run) for run in few]), self._folder))
            for run in few:
                _discard(run)
        self._marked_runs = self._marked_rows = 0
        yield from _merged([_batches(run) for run in [*self._runs, self._sorted(self._rows)]])

    def _flush(self) -> None:
        """The rows held become a run; those that are to stay become one of their own, so that the others can go."""
        kept, fresh = self._rows[: self._marked_rows], self._rows[self._marked_rows :]
        self._rows, self._marked_rows = [], 0
        if kept:
            self._runs.insert(self._marked_runs, self._stored(self._sorted(kept)))
            self._marked_runs += 1
        if fresh:
            self._runs.append(self._stored(self._sorted(fresh)))

    def _sorted(self, rows: list[tuple[Any, ...]]) -> pa.Table:
        columns = list(zip(*rows, strict=True)) or [()] * len(self.schema)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, self.schema, strict=True)]
        return in_order(pa.Table.from_arrays(arrays, schema=self.schema))

    def _stored(self, table: pa.Table) -> Run:
        return self._written(iter([table]), self._folder) if self._folder else table

    def _written(self, tables: Iterator[pa.Table], folder: Path) -> Path:
        path = folder / f"{uuid.uuid4().hex}.arrow"
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with writing(folder, self._source):
            folder.mkdir(parents=True, exist_ok=True)
            with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, self.schema, options=options) as stream:
                for table in tables:
                    stream.write_table(table, max_chunksize=_BATCH)
        return path


def in_order(table: pa.Table) -> pa.Table:
    """A table sorted by key, then by the order of adding."""
    return table.take(pc.sort_indices(table, [(KEY, "ascending"), (ADDED, "ascending")]))


class _Head:
    """What is at hand of a run: one batch, of which the first rows may be gone."""

    def __init__(self, run: Iterator[pa.Table]) -> None:
        self._run = run
        self._batch: Any = None
        self._at = 0
        self.places: list[tuple[Any, int]] = []
        self.next_batch()

    def next_batch(self) -> None:
        """The next batch; none behind the last."""
        self._at, self._batch = 0, next(self._run, None)
        columns = [] if self._batch is None else [self._batch.column(name).to_pylist() for name in (KEY, ADDED)]
        self.places = list(zip(*columns, strict=True))

    def up_to(self, least: tuple[Any, int]) -> pa.Table:
        """The rows up to this place, which are gone then."""
        start, self._at = self._at, bisect_right(self.places, least, self._at)
        table = self._batch.slice(start, self._at - start)
        if self._at == len(self.places):
            self.next_batch()
        return table


def _merged(runs: list[Iterator[pa.Table]]) -> Iterator[pa.Table]:
    """Each round gives what surely comes next: all rows up to the least of the last rows at hand."""
    heads = [_Head(run) for run in runs]
    while heads := [head for head in heads if head.places]:
        least = min(head.places[-1] for head in heads)
        yield in_order(pa.concat_tables([head.up_to(least) for head in heads]))


def _batches(run: Run) -> Iterator[pa.Table]:
    if isinstance(run, Path):
        with pa.OSFile(str(run)) as file, pa.ipc.open_stream(file) as stream:
            yield from (pa.Table.from_batches([batch]) for batch in stream if batch.num_rows)
    else:
        yield from (run.slice(at, _BATCH) for at in range(0, run.num_rows, _BATCH))


def _discard(run: Run) -> None:
    if isinstance(run, Path):
        run.unlink(missing_ok=True)
