"""A search for canaries that compression cannot hide anything from: every byte of every file as it is, and what files
hold once they are read as what they are (Parquet, DuckDB, SQLite, gzip, ZIP and what is inside).
"""

from __future__ import annotations

import gzip
import io
import sqlite3
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from tests.support.probe import forms_of

_DUCKDB_AT = slice(8, 12)


Contents = list[tuple[str, bytes]]


def places_in(contents: Contents, canaries: Sequence[str]) -> list[str]:
    """Where any of the canaries stands, in any form: `file: canary as form`."""
    wanted = [(canary, form) for canary in canaries for form in _all_forms(canary)]
    return [f"{name}: {canary} as {form!r}" for name, content in contents for canary, form in wanted if form in content]


def contents_of(roots: Sequence[Path], texts: Mapping[str, str] | None = None) -> Contents:
    """Every file below the folders by its name, its bytes and what is inside; and texts by their names."""
    return [*((name, text.encode()) for name, text in (texts or {}).items()), *_files(roots)]


def _all_forms(canary: str) -> set[bytes]:
    """Also with its letters taken apart (NFD)."""
    return {form for text in {canary, unicodedata.normalize("NFD", canary)} for form in forms_of(text)}


def _files(roots: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    for path in sorted(path for root in roots for path in root.rglob("*")):
        yield f"{path} (its name)", path.name.encode()
        if path.is_file():
            content = path.read_bytes()
            yield str(path), content
            yield from ((f"{path} {inside}", inner) for inside, inner in _inside(content, path))


def _inside(content: bytes, path: Path | None = None) -> Iterator[tuple[str, bytes]]:
    """What is to be read in a content: by its first bytes, not by its name. `path` is where it stands as a file."""
    if content.startswith(b"PAR1"):
        yield "(Parquet)", _of_parquet(content)
    elif path and content[_DUCKDB_AT] == b"DUCK":
        yield "(DuckDB)", _of_duckdb(path)
    elif path and content.startswith(b"SQLite format 3\0"):
        yield from _of_sqlite(path)
    elif content.startswith(b"PK\3\4"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield from _opened(f"(ZIP {name})", archive.read(name))
    elif content.startswith(b"\x1f\x8b"):
        yield from _opened("(gzip)", gzip.decompress(content))
    elif content[:1] == b"\x78":
        try:
            yield from _opened("(zlib)", zlib.decompress(content))
        except zlib.error:
            return


def _opened(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, content
    yield from ((f"{name} {inside}", inner) for inside, inner in _inside(content))


def _of_parquet(content: bytes) -> bytes:
    file = pq.ParquetFile(io.BytesIO(content))
    return _text([file.schema_arrow, file.metadata.metadata, file.metadata.to_dict(), *file.read().to_pylist()])


def _of_duckdb(path: Path) -> bytes:
    """Every value of every table and view, every name, comment and definition."""
    parts: list[Any] = []
    with duckdb.connect(str(path), read_only=True) as con:
        for catalogue in ("duckdb_tables()", "duckdb_views()", "duckdb_columns()", "duckdb_databases()"):
            parts += con.execute(f"from {catalogue} where database_name = current_database()").fetchall()
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() union all "
            "select schema_name, view_name from duckdb_views() where not internal"
        ).fetchall()
        for schema, table in tables:
            parts += con.execute(f'from "{schema}"."{table}"').fetchall()
    return _text(parts)


def _of_sqlite(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every value of every table; Dagster keeps some of its own compressed in a blob."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        for (table,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
            rows = connection.execute(f'select * from "{table}"').fetchall()
            yield f"(SQLite {table})", _text(rows)
            for blob in (value for row in rows for value in row if isinstance(value, bytes)):
                yield from _opened(f"(SQLite {table})", blob)


def _text(parts: Sequence[Any]) -> bytes:
    return "\n".join(map(str, parts)).encode("utf-8", "surrogatepass")
