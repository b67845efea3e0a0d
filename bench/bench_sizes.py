"""A refresh at real sizes against hand-written scripts, from the same landing to the same ranking.

    .venv/bin/python bench/bench_sizes.py [province] [communes] [nation] [--rounds 3] [--folder SCRATCH]

Rows are documents of an e-document system and cases with a deadline (dossiers, citizens' reports), one row each, in
landed pulls that are written here; two indicators judge them. The scripts read the same Parquet files, count, score and
rank; the one in DuckDB also writes a DuckDB file, the one in pandas a CSV. Every measurement is a process of its own,
in turns. The pipeline's own work is what a size takes beyond the same refresh of almost no rows: imports, definitions
and dbt's start cost the same whatever the size.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.bench_refresh import parts_of  # noqa: E402  the same parts of a refresh
from connectors import Landing  # noqa: E402
from pipelines.settings import Deployment  # noqa: E402

MOMENT = "2024-12-31T23:59:59+07:00"
RULESET = """title_vi: Bộ chỉ số đo kích thước
decision: {number: 1/QĐ-BENCH, date: 2020-01-01, authority_vi: Không của ai, reference: bench}
valid: {from: 2020-01-01}
groups: [commune]
structure: {main_indices: 1, indicators: 2, points: 20}
main_indices: [{code: "1", name_vi: Hoạt động, points: 20, indicators: 2}]
indicators:
  - {code: "1.1", main_index: "1", name_vi: Văn bản, max_points: 10, rule: {kind: proportional}, basis: assumption,
     inputs: {numerator: e_document.documents_fully_online, denominator: e_document.documents},
     zero_denominator: zero, reference: bench, why: bench}
  - {code: "1.2", main_index: "1", name_vi: Hạn xử lý, max_points: 10, rule: {kind: proportional}, basis: assumption,
     inputs: {numerator: feedback.handled_on_time, denominator: feedback.due},
     zero_denominator: zero, reference: bench, why: bench}
"""
SETTINGS = """name: bench
title: {{vi: Đo kích thước, en: Sizes}}
environment: sample
years: {years}
rulesets: [bench/size]
"""
DOCUMENTS = """select 'documents' as request, '{year}' as period,
  'B' || lpad((i % {agencies})::varchar, 5, '0') as agency_code,
  lpad(to_hex(i), 24, '0') as forwarding_id, if(i % 2 = 0, 'incoming', 'outgoing') as flow,
  (i % 9973)::varchar || '/VB' as document_code, date '{year}-01-01' + (i % 360)::integer as promulgated_on,
  'thường' as confidentiality, hash(i) % 10 < 8 as signed, (if(hash(i + 7) % 10 < 7, 0, 1))::bigint as paper_copies,
  '{sha}' as body_sha256, '/content/' || (i % 100) as pointer
from range({rows}) as t(i)"""
CASES = """select 'requests' as request, '{year}' as period,
  'B' || lpad((i % {agencies})::varchar, 5, '0') as agency_code,
  'Đơn vị ' || (i % {agencies}) as agency_name, 'HS-' || i as report_id,
  if(hash(i) % 20 < 19, 'closed', 'open') as status,
  timestamp '{year}-01-01' + to_hours((i % 8000)::integer) as requested_at,
  timestamp '{year}-01-01' + to_hours((i % 8000 + 100)::integer) as due_at,
  if(hash(i) % 20 < 19, timestamp '{year}-01-01' + to_hours((i % 8000 + hash(i + 3) % 130)::integer), null)
    as closed_at,
  '{sha}' as body_sha256, '/' || (i % 100) as pointer
from range({rows}) as t(i)"""
SCRIPT = """
import sys, duckdb
landing, registers, target = sys.argv[1:4]
con = duckdb.connect(target)
con.execute(f"create table codes as from read_csv('{registers}/agency_codes.csv', all_varchar = true)")
con.execute(f'''
create table rankings as
with documents as (
    select agency_code, period, count(*) as d, count(*) filter (where signed and paper_copies = 0) as n
    from read_parquet('{landing}/e_document_documents/*/*/documents.parquet') group by all
), cases as (
    select agency_code, period, count(*) as d, count(*) filter (where status = 'closed' and closed_at <= due_at) as n
    from read_parquet('{landing}/feedback_reports/*/*/reports.parquet')
    where year(due_at) = period::integer and due_at <= timestamp '2024-12-31 23:59:59'
    group by all
), totals as (
    select codes.agency_id, documents.period,
        10 * documents.n / documents.d::decimal(18, 0) + 10 * cases.n / cases.d::decimal(18, 0) as total
    from codes inner join documents on documents.agency_code = codes.code
    inner join cases on cases.agency_code = codes.code and cases.period = documents.period
)
select *, rank() over (partition by period order by round(total, 9) desc) as rank from totals
''')
con.close()
"""
PANDAS = """
import glob, sys
import pandas as pd
landing, registers, target = sys.argv[1:4]
codes = pd.read_csv(f"{registers}/agency_codes.csv", dtype=str)
def share(files, columns, flag):
    made = []
    for path in sorted(glob.glob(files)):
        rows = pd.read_parquet(path, columns=columns)
        rows["n"], rows["d"] = flag(rows)
        made.append(rows.groupby(["agency_code", "period"])[["n", "d"]].sum())
    found = pd.concat(made).groupby(level=[0, 1]).sum()
    return found["n"] / found["d"]
documents = share(f"{landing}/e_document_documents/*/*/documents.parquet",
    ["agency_code", "period", "signed", "paper_copies"], lambda r: (r.signed & (r.paper_copies == 0), True))
def judged(r):
    due = (r.due_at.dt.year == r.period.astype(int)) & (r.due_at <= "2024-12-31 23:59:59")
    return due & (r.status == "closed") & (r.closed_at <= r.due_at), due
cases = share(f"{landing}/feedback_reports/*/*/reports.parquet",
    ["agency_code", "period", "status", "due_at", "closed_at"], judged)
total = (10 * documents + 10 * cases).round(9).rename("total").reset_index()
total["rank"] = total.groupby("period")["total"].rank(method="min", ascending=False).astype(int)
total = total.merge(codes, left_on="agency_code", right_on="code")
total[["agency_id", "period", "total", "rank"]].to_csv(target, index=False)
"""
REFRESH = """
import sys
from pipelines.refresh import refresh
from pipelines.settings import Deployment
refresh(Deployment.at(sys.argv[1]), [], rebuild=True, reason="bench")
"""


@dataclass(frozen=True)
class Size:
    """So many agencies and years, documents and cases a year."""

    agencies: int
    years: int
    documents: int
    cases: int


SIZES = {
    "smoke": Size(31, 1, 3_000, 2_000),
    "province": Size(31, 1, 1_500_000, 600_000),
    "communes": Size(460, 5, 3_000_000, 1_200_000),
    "nation": Size(12_500, 1, 1, 100_000_000),
}
NOTHING = 31


@dataclass
class Run:
    seconds: float
    cpu: float
    peak: int
    """Megabytes."""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("sizes", nargs="*", default=["province"], choices=[*SIZES, []])
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--folder", type=Path)
    words = asked.parse_args()
    for name in words.sizes:
        with tempfile.TemporaryDirectory(dir=words.folder) as folder:
            measure(name, SIZES[name], Path(folder), words.rounds)


def measure(name: str, size: Size, folder: Path, rounds: int) -> None:
    """Make both deployments, run everything in turns, compare the rankings, print the table."""
    big, small = folder / "big", folder / "small"
    deployment = make(big, size)
    make(small, Size(size.agencies, size.years, size.agencies, size.agencies))
    rows = size.years * (size.documents + size.cases)
    runs: dict[str, list[Run]] = {}
    parts: dict[str, list[float]] = {}
    for turn in range(rounds):
        for what, words in ways(big, small, folder, turn, with_pandas=rows < 50_000_000).items():
            runs.setdefault(what, []).append(run(words))
        for part, seconds in parts_of(deployment.journal).items():
            parts.setdefault(part, []).append(seconds)
    same_ranks(deployment.warehouse, folder / "duckdb0.duckdb")
    report(name, size, rows, runs, parts)
    if name == "province":
        one_night(size, big, rounds)


def ways(big: Path, small: Path, folder: Path, turn: int, with_pandas: bool = True) -> dict[str, list[str]]:
    script = [str(big / "landing"), str(big / "registers")]
    found = {
        "pipeline": [sys.executable, "-c", REFRESH, str(big)],
        "DuckDB script": [sys.executable, "-c", SCRIPT, *script, str(folder / f"duckdb{turn}.duckdb")],
        "pipeline, no rows": [sys.executable, "-c", REFRESH, str(small)],
    }
    if with_pandas:
        found["pandas script"] = [sys.executable, "-c", PANDAS, *script, str(folder / f"pandas{turn}.csv")]
    return found


def run(words: list[str]) -> Run:
    """One process: wall seconds, CPU seconds, and its own peak memory."""
    started = time.perf_counter()
    process = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{words[:3]} failed")
    return Run(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)


def make(root: Path, size: Size) -> Deployment:
    """A deployment whose pulls are landed already."""
    years = list(range(2025 - size.years, 2025))
    (root / "sources").mkdir(parents=True)
    (root / "rulesets" / "bench").mkdir(parents=True)
    (root / "rulesets" / "bench" / "size.yaml").write_text(RULESET, encoding="utf-8")
    (root / "dti.yaml").write_text(SETTINGS.format(years=years), encoding="utf-8")
    shutil.copytree(ROOT / "data" / "registers", root / "registers")
    for path in (root / "registers").glob("*.csv"):
        path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    _register(root / "registers", size.agencies)
    for name in ("e_document_documents", "feedback_reports"):
        text = (ROOT / "data" / "sources" / f"{name}.yaml").read_text(encoding="utf-8")
        (root / "sources" / f"{name}.yaml").write_text(
            text.replace("{scheme: mau}", "{scheme: bench}"), encoding="utf-8"
        )
    for year in years:
        land(root, "e_document_documents", "documents", year, DOCUMENTS, (size.documents, size.agencies))
        land(root, "feedback_reports", "reports", year, CASES, (size.cases, size.agencies))
    return Deployment(root)


def _register(registers: Path, agencies: int) -> None:
    for name, columns in (("agencies", 7), ("agency_codes", 5)):
        with (registers / f"{name}.csv").open("a", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            for n in range(agencies):
                own = [f"b-{n}", f"Đơn vị {n}", "commune"] if columns == 7 else [f"b-{n}", "bench", f"B{n:05}"]
                writer.writerow([*own, *[""] * (columns - len(own))])


def land(  # noqa: PLR0917  one pull is just that many things
    root: Path, source: str, table: str, year: int, sql: str, counts: tuple[int, int], sequence: int = 1
) -> None:
    """One accepted pull, as the connectors land it."""
    import duckdb
    import pyarrow.parquet as pq

    from connectors.tables import QUARANTINE_SCHEMA

    rows, agencies = counts
    landing = Landing(root / "landing")
    digest = hashlib.sha256(f"{source} {year} {rows} {sequence}".encode()).hexdigest()
    with landing.working(source, year) as work:
        work.mkdir(parents=True)
        made = sql.format(year=year, rows=rows, agencies=agencies, sha=digest)
        with duckdb.connect() as con:
            con.execute("set preserve_insertion_order = true; set memory_limit = '2GB'")
            con.execute(f"copy ({made}) to '{work / table}.parquet' (format parquet, codec zstd, row_group_size 65536)")
        pq.write_table(QUARANTINE_SCHEMA.empty_table(), work / "quarantine.parquet")
        manifest = {
            **_EMPTY,
            "source": source,
            "table": table,
            "assessment_year": year,
            "sequence": sequence,
            "content_hash": digest,
            "counts": {"received": rows, "accepted": rows, "quarantined": 0, "exact_duplicates": 0},
            "pull_id": f"20241231T235959-{digest[:8]}",
        }
        landing.write(manifest, work, {f"{table}.parquet": rows, "quarantine.parquet": 0})


_EMPTY: dict[str, Any] = {
    "kind": "rest",
    "moment": MOMENT,
    "pulled_at": MOMENT,
    "status": "accepted",
    "simulated": True,
    "contract_version": 1,
    "contract_hash": "0" * 64,
    "quarantine_hash": "",
    "requests": [],
    "pages": [],
    "coverage": [],
    "new_fields": [],
    "excluded": 0,
    "reasons": [],
    "notes": [],
}


def same_ranks(warehouse: Path, target: Path) -> None:
    """A benchmark of two different results would mean nothing."""
    import duckdb

    with duckdb.connect() as con:
        con.execute(f"attach '{warehouse}' as ours (read_only); attach '{target}' as theirs (read_only)")
        columns = "agency_id, period, rank"
        for one, other in (("ours", "theirs"), ("theirs", "ours")):
            rest = con.execute(f"select {columns} from {one}.rankings except select {columns} from {other}.rankings")
            found = rest.fetchall()
            assert found == [], f"{one} says what {other} does not: {found[:3]}"
        assert con.execute("select count(*) > 0 from ours.rankings where rank is not null").fetchall() == [(True,)]


def one_night(size: Size, big: Path, rounds: int) -> None:
    """A night in which 1/365 more came in, against the rebuild before it."""
    full = statistics.median(run([sys.executable, "-c", REFRESH, str(big)]).cpu for _ in range(rounds))
    more = (size.documents + size.documents // 365, size.cases + size.cases // 365)
    land(big, "e_document_documents", "documents", 2024, DOCUMENTS, (more[0], size.agencies), 2)
    land(big, "feedback_reports", "reports", 2024, CASES, (more[1], size.agencies), 2)
    night = statistics.median(run([sys.executable, "-c", REFRESH, str(big)]).cpu for _ in range(rounds))
    print(f"  a night with 1/365 more rows: {night:.1f} s CPU, a rebuild {full:.1f} s CPU: ratio {night / full:.2f}\n")


def report(name: str, size: Size, rows: int, runs: dict[str, list[Run]], parts: dict[str, list[float]]) -> None:
    def middle(what: str, field: str) -> float:
        return statistics.median(getattr(one, field) for one in runs[what])

    print(f"{name}: {size.agencies:,} agencies, {size.years} years, {rows:,} rows")
    print(f"  {'':22}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}")
    for what in runs:
        print(f"  {what:22}{middle(what, 'seconds'):>9.2f}{middle(what, 'cpu'):>9.2f}{middle(what, 'peak'):>9.0f}")
    script = middle("DuckDB script", "cpu"), middle("DuckDB script", "seconds")
    own = [middle("pipeline", field) - middle("pipeline, no rows", field) for field in ("cpu", "seconds")]
    whole = middle("pipeline", "cpu"), middle("pipeline", "seconds")
    for word, mine, base, all_in in zip(("CPU", "wall"), own, script, whole, strict=True):
        print(f"  {word}: own work {mine:.2f} s, ratio to the script {mine / base:.2f}; end to end {all_in / base:.1f}")
    if "pandas script" in runs:
        print(f"  end to end to pandas: {whole[0] / middle('pandas script', 'cpu'):.1f} (CPU)")
    told = ", ".join(f"{part} {statistics.median(seconds):.2f}" for part, seconds in parts.items())
    print(f"  parts of the pipeline, wall s: {told}", flush=True)


if __name__ == "__main__":
    main()
