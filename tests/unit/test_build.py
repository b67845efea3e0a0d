"""The build file: bounded in memory, and begun anew whatever a killed run left."""

from __future__ import annotations

from pathlib import Path

import duckdb

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
