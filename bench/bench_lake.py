"""Publishing and reading a release in a DuckLake (catalog in PostgreSQL, Parquet in a folder) against one DuckDB file.

    .venv/bin/python bench/bench_lake.py

Releases of 27 tables of which one holds N rows like `indicator_scores`. Both sides copy, read back with hashes, and
flush; both are asked for a ranking by agency from a process of its own. Rounds alternate; ratios are of the medians.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SIZES, ROUNDS, SMALL = (2_500, 250_000, 2_500_000), 3, 26
ROWS = """create table indicator_scores as select 'bench/country' as ruleset_id, 'a' || (i % 12500) as agency_id,
  (2021 + i % 5)::integer as assessment_year, (2021 + i % 5)::varchar as period, (i % 65)::varchar as indicator_code,
  (i % 997)::decimal(18, 10) / 100 as points, 'reported' as status from range({rows}) r(i)"""
RANK = "select agency_id, assessment_year, sum(points) as total from {} group by all order by total desc limit 10"
READ_FILE = "import duckdb, sys; duckdb.connect(sys.argv[1], read_only=True).execute(sys.argv[2]).fetchall()"
READ_LAKE = """import sys
from pathlib import Path
from pipelines.settings import Deployment
from pipelines.sharing import lake
with lake.opened(Deployment(Path(sys.argv[1])).settings.cluster) as con:
    con.execute(sys.argv[2]).fetchall()
"""


def main() -> None:
    import duckdb

    from pipelines.content_hash import table_hash
    from pipelines.copying import STORAGE, Schema, copy_tables
    from pipelines.releases import Release
    from pipelines.settings import Deployment
    from pipelines.sharing import lake
    from tests.support.cluster import workers_of
    from tests.support.deployments import fresh_deployment
    from tests.support.servers.postgres import postgres

    with tempfile.TemporaryDirectory() as name, postgres() as server:
        folder = Path(name)
        (folder / "store").mkdir()
        with workers_of(server, "bench", str(folder / "store")) as shared:
            os.environ.update(shared.env)
            deployment: Deployment = shared.join(fresh_deployment(folder / "data"))
            cluster = deployment.settings.cluster
            assert cluster is not None
            number = 0
            for rows in SIZES:
                source = folder / f"{rows}.duckdb"
                with duckdb.connect(str(source), config={"storage_compatibility_version": STORAGE}) as con:
                    con.execute(ROWS.format(rows=rows))
                    for at in range(SMALL):
                        con.execute(f"create table small_{at} as select i, 'x' || i as name from range(50) r(i)")
                    tables = ["indicator_scores", *(f"small_{at}" for at in range(SMALL))]
                    hashes = {table: table_hash(con, table) for table in tables}

                def into_file(source: Path = source, tables: list[str] = tables, hashes: dict = hashes) -> None:
                    target = folder / "copy.duckdb"
                    target.unlink(missing_ok=True)
                    with duckdb.connect() as con:
                        con.execute(f"attach '{source}' as build (read_only)")
                        con.execute(f"attach '{target}' as release (storage_version '{STORAGE}')")
                        copy_tables(con, Schema("build"), Schema("release"), tables)
                        con.execute("detach release")
                    with duckdb.connect(str(target), read_only=True) as con:
                        assert all(table_hash(con, table) == hashes[table] for table in tables)

                def into_lake(source: Path = source, hashes: dict = hashes) -> None:
                    nonlocal number
                    number += 1
                    release = Release(
                        number, f"2025-10-16T00:00:{number:02}+07:00", "", "", "provisional", "",
                        {table: count for table, (count, _) in hashes.items()},
                        {table: digest for table, (_, digest) in hashes.items()}, [],
                    )  # fmt: skip
                    lake.publish(cluster, release, source, "bench")

                told("publish", rows, into_file, into_lake)
                query = RANK.format("indicator_scores"), RANK.format("lake.main.indicator_scores")
                told(
                    "start, open, rank",
                    rows,
                    lambda source=source, q=query[0]: ask(READ_FILE, str(source), q),
                    lambda q=query[1]: ask(READ_LAKE, str(deployment.root), q),
                )


def ask(code: str, *words: str) -> None:
    subprocess.run([sys.executable, "-c", code, *words], check=True, cwd=ROOT)


def told(what: str, rows: int, file: Callable[[], None], lake: Callable[[], None]) -> None:
    """Run both in turn and print the medians and their ratio."""
    seconds: dict[str, list[float]] = {"file": [], "lake": []}
    for _ in range(ROUNDS):
        for name, run in (("file", file), ("lake", lake)):
            started = time.monotonic()
            run()
            seconds[name].append(time.monotonic() - started)
    one, other = (statistics.median(seconds[name]) for name in ("file", "lake"))
    print(f"{rows:>9,} rows  {what:<18} file {one:6.2f} s  lake {other:6.2f} s  ratio {other / one:5.1f}", flush=True)


if __name__ == "__main__":
    main()
