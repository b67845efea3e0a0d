"""The hash of a table's content: blind to order, sensitive to every cell."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.content_hash import table_hash


def hashed(sql: str) -> tuple[int, str]:
    with duckdb.connect() as con:
        con.execute(f"create table t as {sql}")
        return table_hash(con, "t")


ROWS = "select * from (values (1, 'Sở', 1.50::decimal(9, 2)), (2, null, 0.00)) v(a, b, c)"


@pytest.mark.parametrize(
    "same",
    [f"{ROWS} order by a desc", f"select c, b, a from ({ROWS})"],
)
def test_order_of_rows_and_columns_does_not_matter(same: str) -> None:
    assert hashed(ROWS) == hashed(same)


@pytest.mark.parametrize(
    "other",
    [
        ROWS.replace("'Sở'", "'Sỡ'"),
        ROWS.replace("null", "''"),
        ROWS.replace("null", "'-'"),
        ROWS.replace("1.50", "1.51"),
        f"{ROWS} union all {ROWS}",
        f"{ROWS} limit 1",
        f"select a, b as bb, c from ({ROWS})",
        f"select a, '' as b, c from ({ROWS})",
    ],
)
def test_every_difference_shows(other: str) -> None:
    assert hashed(ROWS) != hashed(other)


def test_neighbouring_cells_do_not_run_together() -> None:
    assert hashed("select 'ab' as a, 'c' as b") != hashed("select 'a' as a, 'bc' as b")


def test_an_empty_table_has_a_hash_of_its_columns() -> None:
    empty = f"{ROWS} limit 0"
    assert hashed(empty)[0] == 0
    assert hashed(empty) != hashed(f"select a, b from ({ROWS}) limit 0")
