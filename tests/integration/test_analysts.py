"""What analysts may do with a release, and what nobody can do through it (X03, X04 of the faults)."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest

from common.errors import UsageError
from pipelines import warehouse
from pipelines.analyst import analyst_connection, run_query
from pipelines.releases import Release
from pipelines.settings import CODE, Deployment
from tests.support.deployments import dti, dti_json


@pytest.fixture
def release(published: Path) -> Release:
    return warehouse.find(Deployment(published))


def test_a_query_is_answered_as_table_csv_and_json(published: Path) -> None:
    query = "select agency_group, count(*) as agencies from rankings where period = '2025-10' group by all order by all"
    code, answer = dti_json(published, "sql", query)
    assert (code, answer["data"]["rows"]) == (
        0,
        [{"agency_group": "department", "agencies": 15}, {"agency_group": "province", "agencies": 34}],
    )
    done = dti(published, "sql", query, "--csv")
    assert list(csv.reader(io.StringIO(done.stdout))) == [
        ["agency_group", "agencies"],
        ["department", "15"],
        ["province", "34"],
    ]
    assert "province" in dti(published, "sql", query).stdout
    assert "rankings" in dti(published, "sql", "show tables").stdout


def test_text_that_looks_like_a_formula_stays_text_in_csv(published: Path) -> None:
    done = dti(published, "sql", "select '=1+1' as x, -1 as y", "--csv")
    assert list(csv.reader(io.StringIO(done.stdout))) == [["x", "y"], ["'=1+1", "-1"]]


ATTEMPTS = {
    "read a file": "select * from read_csv('/etc/passwd')",
    "read a file as text": "select * from read_text('/etc/passwd')",
    "read a file by its name": "from '/etc/passwd.csv'",
    "read parquet": "select * from read_parquet('/tmp/x.parquet')",
    "list files": "select * from glob('/etc/*')",
    "attach": "attach '/tmp/other.duckdb' as other",
    "copy out": "copy (select 1) to '/tmp/out.csv'",
    "export": "export database '/tmp/out'",
    "install": "install httpfs",
    "load": "load httpfs",
    "read from the network": "select * from read_csv('https://127.0.0.1/x.csv')",
    "a setting": "set threads = 1",
    "unlock": "set lock_configuration = false",
    "reset": "reset enable_external_access",
    "a secret": "create secret s (type s3, key_id 'a', secret 'b')",
    "the environment": "select getenv('HOME')",
    "a write": "insert into rankings select * from rankings",
    "a table": "create table x as select 1",
    "a drop": "drop table rankings",
    "two statements": "select 1; drop table rankings",
    "a call": "call pragma_version()",
    "a Python variable": "select * from secret_frame",
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_x03_nothing_but_the_release_is_in_reach(release: Release, attempt: str) -> None:
    before = release.file.read_bytes()
    secret_frame = [1]
    with pytest.raises(UsageError) as caught:
        run_query(release, ATTEMPTS[attempt])
    assert caught.value.exit_code == 2
    assert caught.value.hint.vi
    assert release.file.read_bytes() == before
    assert secret_frame == [1]


def test_x03_the_locked_connection_holds_also_without_the_first_look(release: Release) -> None:
    """The statements that `run_query` does not even try are refused by the connection itself."""
    import duckdb

    refused = [name for name in ATTEMPTS if name not in {"two statements", "a call"}]
    with analyst_connection(release) as con:
        for name in refused:
            with pytest.raises(duckdb.Error):
                con.execute(ATTEMPTS[name]).fetchall()


def test_x04_a_query_without_end_is_interrupted(release: Release) -> None:
    endless = "select count(*) from range(10000000) a, range(10000000) b where a.range * b.range % 7 = 3"
    with pytest.raises(UsageError) as caught:
        run_query(release, endless, seconds=0.5)
    assert caught.value.code == "query-too-long"


def test_x04_a_query_that_wants_all_memory_is_stopped(release: Release) -> None:
    with pytest.raises(UsageError) as caught:
        run_query(release, "select list(range), list(range + 1) from range(50000000)", memory="50MB")
    assert caught.value.code == "query-too-large"


def test_a_mistake_is_told_in_one_line(published: Path) -> None:
    done = dti(published, "sql", "select totl from rankings")
    assert done.returncode == 2
    assert "totl" in done.stderr
    assert "Traceback" not in done.stderr


PAGE = (CODE / "docs" / "warehouse.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_every_query_of_the_documents_runs(release: Release, number: int) -> None:
    columns, _ = run_query(release, QUERIES[number])
    assert columns


def test_the_page_names_every_table_and_no_other(release: Release) -> None:
    named = set(re.findall(r"`([a-z_]+)`", "\n".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE))))
    _, rows = run_query(release, "select table_name from duckdb_tables()")
    assert named == {name for (name,) in rows}


def test_the_example_for_notebooks_runs_as_it_stands(published: Path) -> None:
    (block,) = [one for one in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "analyst_connection" in one]
    names: dict[str, Any] = {}
    exec(block.replace('"data"', repr(str(published))), names)
    assert names["columns"] == ["agencies"]
    assert len(names["frame"]) > 100


def test_every_published_column_has_a_meaning(release: Release) -> None:
    sql = "select table_name, column_name from duckdb_columns() where comment is null and not internal"
    _, rows = run_query(release, sql)
    assert rows == []
