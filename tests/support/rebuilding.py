"""Builds a deployment once more in a process of its own and prints the content hash of every table.

`python -m tests.support.rebuilding FOLDER MOMENT THREADS WAY SEED`: with so many threads of DuckDB; by `cli` (the
command line), `job` (the job that a schedule starts) or `backfill` (a range of partitions, as Dagster launches it, that
pulls again first). A seed other than 0 puts the rows of every landed file, and the files, into an order of its own.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import build, releases
from pipelines.assets import reference
from pipelines.settings import Deployment


def limit_threads(threads: int) -> None:
    """Every connection of this process, dbt's too, works with so many threads."""
    connect = duckdb.connect

    def connected(*words: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        return connect(*words, **options | {"config": {**(options.get("config") or {}), "threads": threads}})

    duckdb.connect = connected


def shuffle(deployment: Deployment, seed: int) -> None:
    """Rows of every landed table in another order, and pulls handed over in another order. Their seals would notice."""
    chance = random.Random(seed)
    for path in sorted(deployment.landing.glob("*/*/*/*.parquet")):
        table = pq.read_table(path)
        order = pa.array(chance.sample(range(table.num_rows), table.num_rows), pa.int64())
        pq.write_table(table.take(order), path, row_group_size=max(1, table.num_rows // 3))
    accept = build.accept

    def accepted(con: Any, source: Any, pulls: Sequence[Any]) -> int:
        return accept(con, source, chance.sample(list(pulls), len(pulls)))

    build.accept = accepted
    reference.verify_pulls = lambda *_: None


def run(deployment: Deployment, moment: str, way: str) -> None:
    """Build anew, in one of the ways in which that is started."""
    from dagster import DagsterInstance

    from pipelines.definitions import build_definitions
    from pipelines.refresh import refresh

    if way == "cli":
        refresh(deployment, [], as_of=moment, rebuild=True, reason="tests")
        return
    settings = {"data": str(deployment.root), "as_of": moment, "rebuild": True}
    first, last = (str(deployment.settings.years[at]) for at in (0, -1))
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    job = build_definitions(deployment).resolve_job_def("rebuild" if way == "job" else "refresh")
    with DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance,
            tags={} if way == "job" else {**tags, "dagster/backfill": "tests"},
            run_config={"resources": {"refresh": {"config": settings}}},
        )
    assert result.success


def main(words: list[str]) -> int:
    folder, moment, threads, way, seed = words
    deployment = Deployment(Path(folder))
    limit_threads(int(threads))
    if int(seed):
        shuffle(deployment, int(seed))
    run(deployment, moment, way)
    made = releases.current(deployment)
    assert made is not None
    print(json.dumps(made.hashes))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
