"""A pull, from paged JSON to landed Parquet, against a script that saves the bodies and has DuckDB parse them: a ratio,
with its parts, and the most memory at ten, a hundred and a thousand pages.

    make bench

Both start as processes of their own, in turns, and ask the same server on loopback. The script checks nothing: no
completeness of bodies, no duplicate keys, types as DuckDB casts them, no personal data, quarantine, twins, gates or
hashes; it leaves the bodies, and in them the applicants, on disk. The parts tell what the ratio buys.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.bulk import serving_bulk, truth  # noqa: E402  a bench uses the tests' helper

ROUNDS = 3
PAGES = (10, 100, 1_000)
SIZE = 1_000

PULL = """
import json, re, sys, time
from pathlib import Path
from connectors import Landing, contract, pull, pulls
from connectors.kinds import rest_answers
from tests.support.bulk import YEAR, bulk, register

spent = {}

def timed(module, name, part):
    original = getattr(module, name)
    def call(*args, **named):
        started = time.process_time()
        try:
            return original(*args, **named)
        finally:
            spent[part] = spent.get(part, 0) + time.process_time() - started
    setattr(module, name, call)

timed(rest_answers, "parse_json", "read the JSON")
timed(contract.Reading, "take", "hold it against the contract")
timed(pulls, "settle", "settle: order, twins, hashes, Parquet")
started, cpu = time.perf_counter(), time.process_time()
done = pull(bulk(sys.argv[1]), YEAR, landing=Landing(Path(sys.argv[2])), agencies=register(), moment=pulls.now_here())
assert done.status == "accepted", [one.message.en for one in done.findings]
spent["whole"] = time.process_time() - cpu
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
seconds, rows = time.perf_counter() - started, done.counts["accepted"]
print(json.dumps({"seconds": seconds, "peak": peak, "rows": rows, "parts": spent}))
"""

SCRIPT = """
import json, re, sys, time
from pathlib import Path
import duckdb, requests

started = time.perf_counter()
folder, session, page, received, total = Path(sys.argv[2]), requests.Session(), 0, 0, 1
folder.mkdir()
while received < total:
    page += 1
    body = session.get(f"{sys.argv[1]}/rows", params={"page": page}).content
    (folder / f"{page}.json").write_bytes(body)
    found = json.loads(body)
    received, total = received + len(found["rows"]), found["total"]
con = duckdb.connect()
con.execute("set threads = 2")
con.execute("set enable_progress_bar = false")
con.execute(f'''
copy (
    select distinct r.agency as agency_code, r.agency_name, r.id as dossier, r.received::date as received_on,
        r.finished::date as finished_on, r.channel, r.steps::bigint as steps, r.rating::decimal(18, 2) as rating
    from read_json('{folder}/*.json', columns = {{rows: 'STRUCT(agency VARCHAR, agency_name VARCHAR, id VARCHAR,
        received VARCHAR, finished VARCHAR, channel VARCHAR, steps VARCHAR, rating VARCHAR)[]'}},
        maximum_object_size = 100000000), unnest(rows) as u(r)
    where try_cast(r.received as date) is not null
    order by agency_code, dossier
) to '{folder}/dossiers.parquet' (compression zstd)''')
rows = con.execute(f"select count(*) from '{folder}/dossiers.parquet'").fetchall()[0][0]
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(json.dumps({"seconds": time.perf_counter() - started, "peak": peak, "rows": rows}))
"""


def main() -> None:
    for pages in PAGES:
        rounds = ROUNDS if pages < max(PAGES) else 1
        known = truth(pages * SIZE, SIZE)
        ours, theirs = [], []
        with tempfile.TemporaryDirectory() as folder, serving_bulk(pages * SIZE, size=SIZE) as address:
            run(SCRIPT, address, Path(folder) / "warm")  # the server makes its pages once
            for turn in range(rounds):
                ours.append(run(PULL, address, Path(folder) / f"ours{turn}"))
                theirs.append(run(SCRIPT, address, Path(folder) / f"theirs{turn}"))
                assert ours[-1]["rows"] == known.accepted
                assert theirs[-1]["rows"] >= known.accepted
        report(pages, ours, theirs)


def run(script: str, address: str, folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", script, address, str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        stdout=subprocess.PIPE,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def report(pages: int, ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    whole, base = (statistics.median(one["seconds"] for one in runs) for runs in (ours, theirs))
    peaks = [max(one["peak"] for one in runs) / 1024 for runs in (ours, theirs)]
    print(
        f"{pages} pages of {SIZE} rows: pull {whole:.2f} s, {peaks[0]:.0f} MB; "
        f"save and parse with DuckDB {base:.2f} s, {peaks[1]:.0f} MB: ratio {whole / base:.1f} (medians of {len(ours)})"
    )
    if pages == max(PAGES):
        parts = ours[-1]["parts"]
        cpu = parts.pop("whole")
        for name, seconds in [*parts.items(), ("ask, compare walks, gates, manifest", cpu - sum(parts.values()))]:
            print(f"  {name:40} {seconds:6.2f} s of CPU  {seconds / cpu:5.0%}")


if __name__ == "__main__":
    main()
