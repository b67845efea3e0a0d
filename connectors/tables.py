"""The Parquet files of a pull: typed, written by us, in canonical order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from common.durable import fsync_file
from connectors.contract_model import Contract, FieldContract

_DIGITS = 18
_ROW_GROUP = 2**16
_AGENCY = ("request", "period", "agency_code")

QUARANTINE_SCHEMA = pa.schema(
    [
        pa.field(name, pa.string(), nullable=False)
        for name in (
            "request",
            "period",
            "body_sha256",
            "pointer",
            "agency_code",
            "agency_name",
            "field",
            "reason",
            "message_vi",
            "message_en",
        )
    ]
)


def contract_schema(contract: Contract) -> pa.Schema:
    """Columns of the landed table: where from, then the contract's fields under our names."""
    head = [pa.field(name, pa.string(), nullable=False) for name in ("request", "period")]
    fields = [pa.field(name, _type(field), nullable=not field.required) for name, field in contract.columns.items()]
    tail = [pa.field(name, pa.string(), nullable=False) for name in ("body_sha256", "pointer")]
    return pa.schema([*head, *fields, *tail])


@contextmanager
def rows_written(path: Path | None, schema: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    """Write a Parquet file table by table, in row groups of one size, flushed to disk at the end; nothing without a
    path. The same rows give the same bytes, however they are cut into tables."""
    if path is None:
        yield lambda _: None
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        rows = _RowGroups(writer, schema.empty_table())
        yield rows.add
        rows.end()
    fsync_file(path)


class _RowGroups:
    """Holds rows back until a row group is full."""

    def __init__(self, writer: pq.ParquetWriter, empty: pa.Table) -> None:
        self._writer = writer
        self._held = empty
        self._written = False

    def add(self, table: pa.Table) -> None:
        self._held = pa.concat_tables([self._held, table])
        while self._held.num_rows >= _ROW_GROUP:
            self._write(self._held.slice(0, _ROW_GROUP))
            self._held = self._held.slice(_ROW_GROUP)

    def end(self) -> None:
        if self._held.num_rows or not self._written:
            self._write(self._held)

    def _write(self, table: pa.Table) -> None:
        self._writer.write_table(table.combine_chunks(), row_group_size=_ROW_GROUP)
        self._written = True


class AgencyRows:
    """One row for each request, period and agency, as plain dicts: what is compared between pulls.

    With `several` rows per agency there is nothing to compare but their `count`, beside request, period, agency_code.
    """

    def __init__(self, several: bool) -> None:
        self.columns = list(_AGENCY) if several else None
        self._rows: dict[tuple[str, ...], dict[str, Any]] = {}

    def add(self, table: pa.Table) -> None:
        if self.columns:
            counted = table.select(self.columns).group_by(self.columns).aggregate([([], "count_all")])
            table = counted.rename_columns({"count_all": "count"})
        for row in table.to_pylist():
            key = tuple(row[name] for name in _AGENCY)
            if self.columns and key in self._rows:
                self._rows[key]["count"] += row["count"]
            else:
                self._rows[key] = row

    @property
    def rows(self) -> list[dict[str, Any]]:
        return list(self._rows.values())


def landed_agencies(path: Path, several: bool) -> list[dict[str, Any]]:
    """The `AgencyRows` of a landed file, read piece by piece."""
    found = AgencyRows(several)
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROW_GROUP, columns=found.columns):
            found.add(pa.Table.from_batches([batch]))
    return found.rows


def read_table(path: Path) -> pa.Table:
    """Read a landed Parquet file whole."""
    return pq.read_table(path)


def _type(field: FieldContract) -> pa.DataType:
    if field.type == "decimal":
        return pa.decimal128(_DIGITS, field.places)
    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "date": pa.date32(),
        "moment": pa.timestamp("us"),
        "boolean": pa.bool_(),
    }
    return types[field.type]
