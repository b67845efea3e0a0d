"""A hash of what a table says, whatever the order of its rows and columns, the machine, or DuckDB's version."""

from __future__ import annotations

import hashlib

import duckdb

_AT_ONCE = 10_000


def table_hash(con: duckdb.DuckDBPyConnection, table: str) -> tuple[int, str]:
    """Number of rows and SHA-256 of a table's content.

    Each cell is written as its length and its text (NULL as `-`), cells in the order of column names, rows in the order
    of their own hashes. Tables whose meaning is a moment (`releases`) are not hashed.
    """
    names = sorted(row[0] for row in con.execute(f"describe {table}").fetchall())
    cells = ", ".join(
        f"case when {_text(name)} is null then '-' else concat(length({_text(name)}), ':', {_text(name)}) end"
        for name in names
    )
    found = con.execute(f"select concat({cells}) from {table}")
    digests: list[bytes] = []
    while some := found.fetchmany(_AT_ONCE):  # Python's SHA-256 is the processor's own; DuckDB's is not
        digests += [hashlib.sha256(text.encode()).digest() for (text,) in some]
    digests.sort()
    whole = hashlib.sha256(b"".join(digests).hex().encode()).hexdigest()
    return len(digests), hashlib.sha256(("|".join(names) + whole).encode()).hexdigest()


def checksum(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """Whether two tables of one moment say the same, quickly: number of rows and sum of DuckDB's own hashes of them,
    whatever their order. Not to be kept: another version of DuckDB may count otherwise."""
    rows, total = con.execute(f"select count(*), sum(cast(hash(t) as hugeint)) from {table} as t").fetchall()[0]
    return f"{rows}:{total}"


def _text(name: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    return f"cast({quoted} as varchar)"
