"""The build file: bounded in memory, and begun anew whatever a killed run left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines import build
from pipelines.settings import Deployment


def test_a_query_that_needs_more_than_the_limit_goes_through_the_disk(tmp_path: Path) -> None:
    """Two million long texts need more than 64 MB; whoever joins the connection, as dbt does, has the limit too."""
    deployment = Deployment(tmp_path)
    build.start(deployment)
    with build.connect(deployment) as con, duckdb.connect(str(deployment.build_file)) as joined:
        asked = "select current_setting('memory_limit')"
        assert joined.execute(asked).fetchall() == con.execute(asked).fetchall() == [("953.6 MiB",)]
        con.execute("set memory_limit = '64MB'; set threads = 2")
        made = "select sha256(i::varchar) as a, count(*) as n from range(2000000) as t(i) group by all"
        con.execute(f"create table counted as {made}")
        assert con.execute("select count(*), sum(n) from counted").fetchall() == [(2_000_000, 2_000_000)]


def test_what_a_killed_build_spilled_is_removed(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path)
    build.start(deployment)
    spilled = deployment.build / "dti.duckdb.tmp"
    spilled.mkdir()
    (spilled / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"half")
    (deployment.build / "dti.duckdb").write_bytes(b"half")
    build.start(deployment)
    assert list(deployment.build.iterdir()) == []


def test_steps_share_the_open_file_and_whoever_comes_later_finds_all_of_it(tmp_path: Path) -> None:
    """Temporary tables stay with the step that made them; a run that fails lets go of the file as well."""
    deployment = Deployment(tmp_path)

    def fails() -> None:
        with build.kept_open(deployment):
            build.start(deployment)
            with build.connect(deployment) as con:
                con.execute("create table t as from range(3); create temp table mine as from t")
            with build.connect(deployment) as con:
                assert con.execute("from t").fetchall() == [(0,), (1,), (2,)]
                assert con.execute("select table_name from duckdb_tables()").fetchall() == [("t",)]
                raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    asked = "import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).sql('from t').fetchall())"
    words = [sys.executable, "-c", asked, str(deployment.build_file)]  # the lock is this process's no more
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "[(0,), (1,), (2,)]\n"
    with build.connect(deployment) as con:
        con.execute("insert into t values (3)")
    with build.kept_open(deployment), build.connect(deployment) as con:
        assert con.execute("select count(*) from t").fetchall() == [(4,)]
