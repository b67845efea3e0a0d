"""Tables from one attached database into another, with what they and their columns mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import duckdb

from pipelines.sql import literal

# The storage format that every DuckDB since 1.4 can open.
STORAGE = "v1.4.0"


class Schema(NamedTuple):
    """A schema of an attached database."""

    database: str
    name: str = "main"

    def table(self, name: str) -> str:
        return f"{self.database}.{self.name}.{name}"


def copy_tables(con: duckdb.DuckDBPyConnection, source: Schema, target: Schema, tables: Sequence[str]) -> None:
    """Write tables anew in the target, in this order, with the comments that they have in the source."""
    for table in tables:
        con.execute(f"create or replace table {target.table(table)} as from {source.table(table)}")
    where = f"database_name = {literal(source.database)} and schema_name = {literal(source.name)}"
    comments = con.execute(
        f"select table_name, null, comment from duckdb_tables() where {where} and comment is not null "
        f"union all select table_name, column_name, comment from duckdb_columns() where {where} and comment is not null"
    ).fetchall()
    for table, column, text in comments:
        if table in tables:
            place = target.table(table)
            what = f"table {place}" if column is None else f'column {place}."{column}"'
            con.execute(f"comment on {what} is {literal(text)}")
