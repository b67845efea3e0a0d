"""A connection for analysts: one release, read only, with nothing else in reach, bounded in time and memory.

What is not in the file cannot be touched: no other file, no network, no extension, no setting, no Python variable. A
query that does not end is interrupted.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from common.errors import Text, UsageError
from pipelines.releases import Release

MEMORY = "1GB"
SECONDS = 60.0
_CONFIG = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "memory_limit": MEMORY,
    "lock_configuration": "true",
}


@contextmanager
def analyst_connection(release: Release, *, memory: str = MEMORY) -> Iterator[duckdb.DuckDBPyConnection]:
    """A locked-down, read-only connection to a release."""
    config: dict[str, Any] = {**_CONFIG, "memory_limit": memory}
    with duckdb.connect(str(release.file), read_only=True, config=config) as con:
        yield con


def run_query(
    release: Release, sql: str, *, seconds: float = SECONDS, memory: str = MEMORY
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Names of columns and rows of one query. Raises `UsageError` (exit 2) in the words of a person for anything else
    than one readable query, for one that takes too long or too much."""
    with analyst_connection(release, memory=memory) as con:
        timer = threading.Timer(seconds, con.interrupt)
        try:
            _one_query(con, sql)
            timer.start()
            cursor = con.execute(sql)
            return [column[0] for column in cursor.description or []], cursor.fetchall()
        except duckdb.InterruptException:
            raise _refusal("query-too-long", f"quá {seconds:g} giây", f"took longer than {seconds:g} seconds") from None
        except duckdb.OutOfMemoryException:
            raise _refusal(
                "query-too-large", f"cần hơn {memory} bộ nhớ", f"needs more than {memory} of memory"
            ) from None
        except duckdb.Error as error:
            text = str(error).strip().splitlines()[0]
            raise _refusal("query-refused", text, text) from None
        finally:
            timer.cancel()


def _one_query(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Only a single statement that reads: nothing behind it, nothing that sets, loads, writes or attaches."""
    statements = con.extract_statements(sql)
    kinds = [statement.type for statement in statements]
    if kinds not in ([duckdb.StatementType.SELECT], [duckdb.StatementType.EXPLAIN]):
        raise _refusal("not-one-query", "chỉ nhận một câu truy vấn SELECT", "only one SELECT query is taken")


def _refusal(code: str, vi: str, en: str) -> UsageError:
    hint = Text('bảng và cột: dti sql "show tables", "describe rankings"', 'tables: dti sql "show tables"')
    return UsageError(code, Text(vi, en), hint=hint)
