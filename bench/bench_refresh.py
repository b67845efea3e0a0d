"""The refresh, end to end, against one hand-written DuckDB script on the same landing: a ratio, with its parts.

    make bench

Both start as processes of their own, in turns. The script reads the accepted Parquet files, adds, ranks and writes a
DuckDB file; it has no contract, quarantine, checks, traces, lineage, comments or safe publication. The parts tell what
the ratio buys.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.deployments import fresh_deployment  # noqa: E402  a bench uses the tests' helper

ROUNDS = 5

SCRIPT = """
import sys, duckdb
files, registers, target = sys.argv[1], sys.argv[2], sys.argv[3]
con = duckdb.connect(target)
con.execute(f"create table codes as from read_csv('{registers}/agency_codes.csv', all_varchar = true)")
con.execute(f"create table agencies as from read_csv('{registers}/agencies.csv', all_varchar = true)")
con.execute(f'''
create table rankings as
select agency_id, agency_group, period, total,
    rank() over (partition by agency_group, period order by total desc) as rank
from (
    select c.agency_id, a.agency_group, s.period,
        progress + satisfaction + digitisation + online_payment + online_services + transparency as total
    from read_parquet('{files}') as s
    inner join codes as c on c.code = s.agency_code and c.scheme = 'dvcqg'
    inner join agencies as a using (agency_id)
)''')
con.close()
"""

PARTS = {
    "imports and definitions": ("load",),
    "pull": ("landing__",),
    "checks": ("indicator_values_indicator_values_suite", "rankings_checks"),
    "reference tables": ("pulls", "accepted__", "reference"),
    "dbt": ("dbt",),
    "scores": ("indicator_scores", "main_index_scores", "pillar_scores", "rankings"),
    "frozen years": ("frozen_years",),
    "publish": ("release",),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        deployment = fresh_deployment(Path(folder) / "data")
        env = {**os.environ, "DTI_DATA": str(deployment.root)}
        dti = [sys.executable, "-m", "pipelines.cli.main"]
        timed([*dti, "refresh", "--year", "2025"], env)
        script = [sys.executable, "-c", SCRIPT, str(deployment.landing / "*/*/*/scores.parquet")]
        ours, theirs, parts = [], [], defaultdict(list)
        for turn in range(ROUNDS):
            ours.append(timed([*dti, "refresh", "--year", "2025", "--rebuild"], env))
            target = Path(folder) / f"script{turn}.duckdb"
            theirs.append(timed([*script, str(deployment.registers), str(target)], env))
            for part, seconds in parts_of(deployment.journal).items():
                parts[part].append(seconds)
        same_ranks(deployment.warehouse, target)
    report(ours, theirs, parts)


def timed(words: list[str], env: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(words, env=env, check=True, capture_output=True)
    return time.perf_counter() - started


def parts_of(journal: Path) -> dict[str, float]:
    """The seconds of the last refresh by part, as its journal has them."""
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    seconds = [event["seconds"] for event in events if event["event"] == "refresh-done"][-1]
    found: dict[str, float] = defaultdict(float)
    for step, value in seconds.items():
        if step == "whole":
            continue
        found[next((name for name, keys in PARTS.items() if step.startswith(keys)), step)] += value
    found["orchestration"] = seconds["whole"] - sum(found.values())
    return found


def same_ranks(warehouse: Path, target: Path) -> None:
    """A benchmark of two different results would mean nothing."""
    import duckdb

    columns = "agency_id, agency_group, period, total, rank"
    with duckdb.connect() as con:
        con.execute(f"attach '{warehouse}' as ours (read_only); attach '{target}' as theirs (read_only)")
        for one, other in (("ours", "theirs"), ("theirs", "ours")):
            rest = con.execute(f"select {columns} from {one}.rankings except select {columns} from {other}.rankings")
            assert rest.fetchall() == [], f"{one} says what {other} does not"


def report(ours: list[float], theirs: list[float], parts: dict[str, list[float]]) -> None:
    whole, base = statistics.median(ours), statistics.median(theirs)
    print(f"refresh {whole:.2f} s, hand-written script {base:.2f} s: ratio {whole / base:.1f} (medians of {ROUNDS})")
    inside = sum(statistics.median(values) for values in parts.values())
    rows = [(name, statistics.median(values)) for name, values in parts.items()]
    for name, seconds in [*rows, ("start and end of the process", whole - inside)]:
        print(f"  {name:30} {seconds:6.2f} s  {seconds / whole:5.0%}")


if __name__ == "__main__":
    main()
