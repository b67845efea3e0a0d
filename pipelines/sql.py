"""SQL text with values in it, where a parameter of the driver will not do.

DuckDB's Python driver imports pandas and pyarrow as soon as one value is passed as a parameter: half a second for
commands that answer in a tenth of that. DDL and paths take no parameters either.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb


def literal(value: str | int | None) -> str:
    """A value as a SQL literal. In DuckDB's plain strings a doubled quote is the only escape there is."""
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(int(value))
    if "\0" in value:
        raise ValueError("a SQL literal cannot hold a NUL character")
    return "'" + value.replace("'", "''") + "'"


def fill(sql: str, **values: str | int | None) -> str:
    """`{name}` in the text becomes the literal of that value."""
    return sql.format_map({name: literal(value) for name, value in values.items()})


def records(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """The rows of a query, each by the names of its columns."""
    cursor = con.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def ranges(counted: Iterable[tuple[str, int]], size: int) -> list[tuple[str, str]]:
    """First and last of neighbours whose counts add up to at most `size`; who has more stands alone."""
    found: list[tuple[str, str]] = []
    room = 0
    for name, count in counted:
        if count > room:
            found.append((name, name))
            room = size
        found[-1] = (found[-1][0], name)
        room -= count
    return found
