"""How tables of the engine are made: filled in one statement, commented, and the few macros that scoring shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

GUARD_DIGITS = 15
"""Decimals that points are carried with, as integers of 10⁻¹⁵ in HUGEINT."""
STORED_DIGITS = 10
"""Decimals of points in the result tables: DECIMAL(18, 10), the exact value rounded half up."""
UNIT = 10**GUARD_DIGITS
POINTS_TYPE = f"DECIMAL(18, {STORED_DIGITS})"
_STEP: int = UNIT // 10**STORED_DIGITS

Column = tuple[str, str, str]
"""Name, type, comment."""

_MACROS = (
    # 128-bit division is done bit by bit; nearly all of our numbers fit 64 bits, where it is one instruction.
    """quotient(x, y) AS CASE WHEN x BETWEEN 0 AND 9000000000000000000 AND y <= 9000000000000000000
        THEN (x::BIGINT // y::BIGINT)::HUGEINT ELSE x // y END""",
    """remainder(x, y) AS CASE WHEN x BETWEEN 0 AND 9000000000000000000 AND y <= 9000000000000000000
        THEN (x::BIGINT % y::BIGINT)::HUGEINT ELSE x % y END""",
    "floored(x, y) AS CASE WHEN x >= 0 THEN quotient(x, y) ELSE -quotient(y - 1 - x, y) END",
    "ceiled(x, y) AS -floored(-x, y)",
    """rounded(x, u, mode) AS CASE WHEN x < 0 THEN -u ELSE u END * (quotient(abs(x), u)
        + CASE WHEN mode = 'truncate' THEN 0 WHEN 2 * remainder(abs(x), u) > u THEN 1
          WHEN 2 * remainder(abs(x), u) < u THEN 0 WHEN mode = 'half_up' THEN 1
          WHEN remainder(abs(x), 2 * u) >= u THEN 1 ELSE 0 END)""",
    f"""stored(x) AS CASE WHEN x >= 0 THEN quotient(x + {_STEP // 2}, {_STEP})
        ELSE -quotient({_STEP // 2} - x, {_STEP}) END""",
    f"as_points(x) AS (stored(x)::DECIMAL(18, 0) * {1 / Decimal(10**STORED_DIGITS):f})::{POINTS_TYPE}",
    "points_text(x) AS rtrim(rtrim(x::VARCHAR, '0'), '.')",
    "power_of_ten(k) AS ('1' || repeat('0', k))::HUGEINT",
    # A number as text: digits with at most one point; no exponent, no comma, no grouping, nothing that SQL would guess.
    r"""not_a_number(x) AS CASE WHEN regexp_full_match(x, '[+-]?[0-9]{1,19}([.][0-9]{1,18})?') THEN NULL
        WHEN x IS NULL OR x = '' THEN NULL WHEN regexp_full_match(x, '[+-]?[0-9]+([.][0-9]+)?') THEN 'too_many_digits'
        WHEN regexp_full_match(x, '[+-]?[0-9.]+,[0-9]+') THEN 'decimal_comma' ELSE 'not_a_number' END""",
    "decimals_of(x) AS CASE WHEN x <> '' AND not_a_number(x) IS NULL THEN length(split_part(x, '.', 2))::INTEGER END",
    "digits_of(x) AS CASE WHEN x <> '' AND not_a_number(x) IS NULL THEN replace(x, '.', '')::HUGEINT END",
    """decimal_text(x, k) AS CASE WHEN k = 0 THEN x::VARCHAR ELSE CASE WHEN x < 0 THEN '-' ELSE '' END
        || (abs(x) // power_of_ten(k))::VARCHAR || '.' || lpad((abs(x) % power_of_ten(k))::VARCHAR, k, '0') END""",
    r"cleaned(x) AS lower(nfc_normalize(trim(regexp_replace(x, '\s+', ' ', 'g'))))",
    """yes_or_no(x) AS CASE WHEN cleaned(x) IN ('yes', 'có', 'true', '1') THEN 'yes'
        WHEN cleaned(x) IN ('no', 'không', 'false', '0') THEN 'no' END""",
    """on_time_or_late(x) AS CASE WHEN cleaned(x) IN ('on_time', 'on time', 'đúng hạn') THEN 'on_time'
        WHEN cleaned(x) IN ('late', 'trễ hạn', 'trễ', 'quá hạn') THEN 'late'
        WHEN cleaned(x) IN ('none', 'no', 'không', 'không có') THEN 'none' END""",
)


def prepare(con: DuckDBPyConnection) -> None:
    """Define the macros for this connection; they leave nothing in the database file."""
    for macro in _MACROS:
        con.execute(f"CREATE OR REPLACE TEMP MACRO {macro}")


def fill(
    con: DuckDBPyConnection, name: str, comment: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]]
) -> None:
    """Create or replace a table from rows of Python values (text, integers, booleans, None, lists of text)."""
    body = ", ".join(f'"{column}" {kind}' for column, kind, _ in columns)
    con.execute(f"CREATE OR REPLACE TABLE {name} ({body})")
    lists = [list(values) for values in zip(*rows, strict=True)]
    if lists:
        picks = ", ".join(_pick(index, kind) for index, (_, kind, _) in enumerate(columns, start=1))
        con.execute(f"INSERT INTO {name} SELECT {picks}", [[_text(value) for value in values] for values in lists])
    describe(con, name, comment, {column: text for column, _, text in columns if text})


def bring(con: DuckDBPyConnection, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Create or replace a temporary table of rows worked out in Python; each column is `name TYPE`."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({', '.join(columns)})")
    lists = [[_text(value) for value in values] for values in zip(*rows, strict=True)]
    if lists:
        picks = ", ".join(_pick(n, column.split(" ", 1)[1]) for n, column in enumerate(columns, start=1))
        con.execute(f"INSERT INTO {name} SELECT {picks}", lists)


def describe(con: DuckDBPyConnection, name: str, comment: str, columns: Mapping[str, str]) -> None:
    """Attach a table's and its columns' comments: analysts read them beside the data."""
    con.execute(f"COMMENT ON TABLE {name} IS {_quoted(comment)}")
    for column, text in columns.items():
        con.execute(f'COMMENT ON COLUMN {name}."{column}" IS {_quoted(text)}')


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _pick(index: int, kind: str) -> str:
    column = f"unnest(${index}::VARCHAR[])"
    return f"string_split({column}, chr(31))" if kind == "VARCHAR[]" else f"{column}::{kind}"


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return chr(31).join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def has_table(con: DuckDBPyConnection, name: str) -> bool:
    return bool(con.execute("SELECT 1 FROM duckdb_columns() WHERE table_name = ? LIMIT 1", [name]).fetchone())


def column_types(con: DuckDBPyConnection, name: str) -> dict[str, str]:
    """Type of each column of a table or view, as DuckDB prints it; empty when there is none."""
    if not has_table(con, name):
        return {}
    return {row[0]: row[1] for row in con.execute(f"DESCRIBE {name}").fetchall()}
