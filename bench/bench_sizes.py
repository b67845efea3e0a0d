"""A refresh at real sizes against hand-written scripts, from the same landing to the same ranking.

    .venv/bin/python bench/bench_sizes.py [province] [communes] [nation] [--rounds 3] [--folder SCRATCH] [--keep]

With `--keep` the landing stays in SCRATCH/SIZE and the next run uses it again.

Rows are documents of an e-document system and cases with a deadline (dossiers, citizens' reports), one row each, in
landed pulls that are written here; two indicators judge them. The scripts read the same Parquet files, count, score and
rank; the one in DuckDB also writes a DuckDB file, the one in pandas a CSV. Every measurement is a process of its own,
in turns. The pipeline's own work is what a size takes beyond the fixed start of the tools (imports, definitions, dbt's
start), and it is told twice: beyond a refresh of one agency in one year, which is all of it, and beyond a refresh of
the same agencies and years with almost no rows, which is what the rows cost. The script is told whole and beyond its
own start. The same is then measured inside one process that has imported everything, where the start hides
nothing. The results site is off (`site: false`): the scripts end at the ranking too, and `bench_site.py` measures it.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
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
site: false
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
import gc, sys
gc.set_threshold(100_000, 50, 100)  # as `dti` does
from pipelines.refresh import refresh
from pipelines.settings import Deployment
refresh(Deployment.at(sys.argv[1]), [], rebuild=True, reason="bench")
"""
# All of it in one process that has imported everything: what two whole processes differ by is lost in their start.
INSIDE = """
import gc, json, sys, time
gc.set_threshold(100_000, 50, 100)  # as `dti` does
from pathlib import Path
from pipelines.refresh import refresh
from pipelines.settings import Deployment
folder, rounds, script = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
def refreshed(name):
    refresh(Deployment.at(str(folder / name)), [], rebuild=True, reason="bench")
def scripted(name):
    target = folder / "inside.duckdb"
    target.unlink(missing_ok=True)
    sys.argv[1:4] = [str(folder / name / "landing"), str(folder / name / "registers"), str(target)]
    exec(compile(script, "script", "exec"), {})
def cpu(work, name):
    started = time.process_time()
    work(name)
    return time.process_time() - started
ways = {f"{work.__name__} {name}": (work, name) for work in (refreshed, scripted) for name in ("big", "small", "one")}
for work, name in ways.values():
    work(name)
print(json.dumps([{way: cpu(*words) for way, words in ways.items()} for _ in range(rounds)]))
"""
NIGHT = REFRESH.replace("rebuild=True", "rebuild=False")


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
    "nation": Size(12_500, 1, 12_500, 100_000_000),  # a document each: without one an agency has no total
}


@dataclass
class Run:
    seconds: float
    cpu: float
    peak: int
    """Megabytes, of the process and its children at once."""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("sizes", nargs="*", default=["province"], choices=[*SIZES, []])
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--folder", type=Path)
    asked.add_argument("--keep", action="store_true")
    words = asked.parse_args()
    for name in words.sizes:
        if words.keep and words.folder:
            measure(name, SIZES[name], words.folder / name, words.rounds)
            continue
        with tempfile.TemporaryDirectory(dir=words.folder) as folder:
            measure(name, SIZES[name], Path(folder), words.rounds)


def measure(name: str, size: Size, folder: Path, rounds: int) -> None:
    """Make the deployments, run everything in turns, compare the rankings, print the table."""
    big, small, one = folder / "big", folder / "small", folder / "one"
    make(small, Size(size.agencies, size.years, size.agencies, size.agencies))
    make(one, Size(1, 1, 1, 1))
    make(big, size)
    rows = size.years * (size.documents + size.cases)
    runs: dict[str, list[Run]] = {}
    parts: dict[str, dict[str, list[float]]] = {}
    for turn in range(rounds):
        for what, words in ways(folder, turn, with_pandas=rows < 50_000_000).items():
            runs.setdefault(what, []).append(run(words))
        for root in (big, small, one):
            for part, seconds in parts_of(Deployment(root).journal).items():
                parts.setdefault(part, {}).setdefault(root.name, []).append(seconds)
    same_ranks(Deployment(big).warehouse, folder / "duckdb0.duckdb")
    report(name, size, rows, runs, parts)
    inside(folder, 3 * rounds)
    if name in {"smoke", "province"}:
        one_night(size, big, rounds)


def ways(folder: Path, turn: int, with_pandas: bool = True) -> dict[str, list[str]]:
    def script(text: str, root: str, target: str) -> list[str]:
        made = folder / target
        made.unlink(missing_ok=True)
        inputs = (folder / root / "landing", folder / root / "registers")
        return [sys.executable, "-c", text, *map(str, inputs), str(made)]

    def pipeline(root: str) -> list[str]:
        return [sys.executable, "-c", REFRESH, str(folder / root)]

    found = {
        "pipeline": pipeline("big"),
        "DuckDB script": script(SCRIPT, "big", f"duckdb{turn}.duckdb"),
        "pipeline, no rows": pipeline("small"),
        "script, no rows": script(SCRIPT, "small", f"small{turn}.duckdb"),
        "pipeline, one agency": pipeline("one"),
        "script, one agency": script(SCRIPT, "one", f"one{turn}.duckdb"),
    }
    if with_pandas:
        found["pandas script"] = script(PANDAS, "big", f"pandas{turn}.csv")
    return found


def run(words: list[str]) -> Run:
    """One process: wall seconds, CPU seconds, and peak memory, with what it starts."""
    started = time.perf_counter()
    process = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
    seen, ended = [0], threading.Event()
    watch = threading.Thread(target=_watch, args=(process.pid, seen, ended))
    watch.start()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    ended.set()
    watch.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{words[:3]} failed")
    return Run(seconds, usage.ru_utime + usage.ru_stime, max(usage.ru_maxrss // 1024, seen[0]))


def _watch(pid: int, seen: list[int], ended: threading.Event) -> None:
    """The largest sum of resident memory of a process and all below it, every fifth of a second."""
    while not ended.wait(0.2):
        seen[0] = max(seen[0], _resident(pid))


def _resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        below = [text for one in Path(f"/proc/{pid}/task").iterdir() for text in (one / "children").read_text().split()]
    except (OSError, IndexError):
        return 0  # it has ended
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20 + sum(_resident(int(child)) for child in below)


def make(root: Path, size: Size) -> Deployment:
    """A deployment whose pulls are landed already; one that is whole from an earlier run stays."""
    if (root / "made").exists():
        return Deployment(root)
    shutil.rmtree(root, ignore_errors=True)
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
    (root / "made").touch()
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
    """A night in which 1/365 more came in, and one in which nothing did, against a rebuild, in turns.

    The next round rebuilds what the night left. The landing is another one then and is not used again.
    """
    (big / "made").unlink()
    more = (size.documents + size.documents // 365, size.cases + size.cases // 365)
    rebuild, night = [sys.executable, "-c", REFRESH, str(big)], [sys.executable, "-c", NIGHT, str(big)]
    runs: dict[str, list[Run]] = {}
    for turn in range(rounds):
        runs.setdefault("a rebuild", []).append(run(rebuild))
        land(big, "e_document_documents", "documents", 2024, DOCUMENTS, (more[0] + turn, size.agencies), turn + 2)
        land(big, "feedback_reports", "reports", 2024, CASES, (more[1] + turn, size.agencies), turn + 2)
        runs.setdefault("a night, 1/365 more rows", []).append(run(night))
        runs.setdefault("a night, nothing new", []).append(run(night))
    for what, made in runs.items():
        ratios = [one.cpu / full.cpu for one, full in zip(made, runs["a rebuild"], strict=True)]
        print(
            f"  {what:25}{spread([one.seconds for one in made])} wall s{spread([one.cpu for one in made])} CPU s",
            end="",
        )
        print(f"  to a rebuild {statistics.median(ratios):.2f} (CPU)", flush=True)


def spread(values: list[float], digits: int = 2) -> str:
    """The median, with the least and the most."""
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:>9.{digits}f} ({least:.{digits}f}-{most:.{digits}f})"


def report(
    name: str, size: Size, rows: int, runs: dict[str, list[Run]], parts: dict[str, dict[str, list[float]]]
) -> None:
    print(f"{name}: {size.agencies:,} agencies, {size.years} years, {rows:,} rows, {len(runs['pipeline'])} rounds")
    print(f"  {'median (least-most)':22}{'wall s':>24}{'CPU s':>24}{'peak MB':>9}")
    for what, made in runs.items():
        told = [f"{spread([getattr(one, field) for one in made]):>24}" for field in ("seconds", "cpu")]
        print(f"  {what:22}{''.join(told)}{max(one.peak for one in made):>9}")
    for field, word in (("cpu", "CPU"), ("seconds", "wall")):
        for without in ("one agency", "no rows"):
            own = _beyond(runs, "pipeline", without, field)
            whole = [getattr(one, field) for one in runs["DuckDB script"]]
            net = _beyond(runs, "DuckDB script", without, field)
            print(f"  {word} beyond {without:11}: own{spread(own)}, script{spread(whole)}, without start{spread(net)}")
            ratio, bare = (statistics.median(own) / statistics.median(base) for base in (whole, net))
            print(f"    ratio to the script {ratio:.2f}; without its start {bare:.2f}")
        for script in ("DuckDB script", "pandas script"):
            if script in runs:
                ratios = [
                    getattr(a, field) / getattr(b, field) for a, b in zip(runs["pipeline"], runs[script], strict=True)
                ]
                print(f"  {word} end to end to the {script}: {spread(ratios, 1).strip()}")
    print(f"  {'parts, wall s':32}{'all rows':>10}{'no rows':>10}{'one agency':>12}")
    for part, seconds in parts.items():
        told = [statistics.median(seconds.get(root, [0.0])) for root in ("big", "small", "one")]
        print(f"  {part:32}{told[0]:>10.2f}{told[1]:>10.2f}{told[2]:>12.2f}", flush=True)


def inside(folder: Path, rounds: int) -> None:
    """CPU seconds in one process, in turns, after a first time of each that does not count."""
    words = [sys.executable, "-c", INSIDE, str(folder), str(rounds), SCRIPT]
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True, check=True
    )
    turns: list[dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    print(f"  in one process, {rounds} rounds, CPU s")
    for way in turns[0]:
        print(f"    {way:20}{spread([turn[way] for turn in turns])}")
    for without in ("one", "small"):
        own, theirs = (
            [turn[f"{what} big"] - turn[f"{what} {without}"] for turn in turns] for what in ("refreshed", "scripted")
        )
        whole = [turn["scripted big"] for turn in turns]
        ratios = [statistics.median(own) / statistics.median(base) for base in (whole, theirs)]
        print(
            f"    beyond {without}: own{spread(own)}, script{spread(whole)}, beyond its own {without}{spread(theirs)}"
        )
        print(f"      ratio to the script {ratios[0]:.2f}; beyond its own {ratios[1]:.2f}", flush=True)


def _beyond(runs: dict[str, list[Run]], what: str, without: str, field: str) -> list[float]:
    """Round by round, what it took beyond its start."""
    start = runs[f"{what.removeprefix('DuckDB ')}, {without}"]
    return [getattr(a, field) - getattr(b, field) for a, b in zip(runs[what], start, strict=True)]


if __name__ == "__main__":
    main()
