"""The Parquet files of a pull: typed, written by us, in canonical order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from common.durable import fsync_file
from connectors.contract import Reading
from connectors.contract_model import Contract, FieldContract

_DIGITS = 18

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


def accepted_table(reading: Reading) -> pa.Table:
    """Accepted rows, sorted by request, period, agency code."""
    rows: list[dict[str, Any]] = [
        {
            "request": row.request,
            "period": row.period,
            **row.values,
            "body_sha256": row.body_sha256,
            "pointer": row.pointer,
        }
        for row in reading.sorted_rows()
    ]
    return pa.Table.from_pylist(rows, schema=contract_schema(reading.source.contract))


def quarantine_table(reading: Reading) -> pa.Table:
    """One row per reason: a row with two faults stands twice, under the same pointer."""
    rows = [
        {
            "request": one.finding.request,
            "period": one.finding.period,
            "body_sha256": one.body_sha256,
            "pointer": one.pointer,
            "agency_code": one.finding.agency,
            "agency_name": one.agency_name,
            "field": one.finding.field_name,
            "reason": one.finding.code,
            "message_vi": one.finding.message.vi,
            "message_en": one.finding.message.en,
        }
        for one in reading.sorted_quarantine()
    ]
    return pa.Table.from_pylist(rows, schema=QUARANTINE_SCHEMA)


def write_table(path: Path, table: pa.Table) -> None:
    """Write Parquet and flush it to disk; the same table gives the same bytes."""
    pq.write_table(table, path, compression="zstd")
    fsync_file(path)


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
