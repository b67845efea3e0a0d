"""Reading releases side by side: each under its name, nothing else in reach, and what does not fit waits on disk."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.warehouse import beside


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "o'ne.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create table numbers as select range as number from range(4_000_000)")
    return path


def test_files_stand_under_their_names_and_are_only_read(file: Path) -> None:
    with beside(before=file, after=file) as con:
        sql = "select count(*) from before.numbers as b inner join after.numbers as a using (number)"
        assert con.execute(sql).fetchall() == [(4_000_000,)]
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            con.execute("delete from before.numbers")


@pytest.mark.parametrize(
    "sql",
    [
        "attach '{other}' as other",
        "from read_csv('{other}')",
        "copy (select 1) to '{other}'",
        "set memory_limit = '8GB'",
        "set enable_external_access = true",
        "load httpfs",
    ],
)
def test_nothing_else_is_in_reach(file: Path, tmp_path: Path, sql: str) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a\n1\n", encoding="utf-8")
    with beside(release=file) as con, pytest.raises(duckdb.Error, match=r"(?i)disabled|locked|not allowed|permission"):
        con.execute(sql.format(other=other))


def test_what_does_not_fit_waits_on_disk_and_is_gone_afterwards(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sorted_rows = "select repeat('x', 40) || number as text, number from {} order by text limit 3_900_000"
    sql = f"select count(*), max(number) from ({sorted_rows})"
    nowhere = {"memory_limit": "48MB", "temp_directory": ""}
    with duckdb.connect(str(file), config=nowhere) as con, pytest.raises(duckdb.OutOfMemoryException):
        con.execute(sql.format("numbers"))
    spill = tmp_path / "tmp"
    spill.mkdir()
    monkeypatch.setattr("pipelines.warehouse._MEMORY", "48MB")
    monkeypatch.setattr("tempfile.tempdir", str(spill))
    with beside(release=file) as con:
        assert con.execute(sql.format("release.numbers")).fetchall() == [(3_900_000, 3_999_999)]
        assert list(spill.iterdir())
    assert list(spill.iterdir()) == []
