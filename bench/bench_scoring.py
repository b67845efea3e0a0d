"""Scoring a country against hand-written SQL for just this case: as a ratio in one run, peak memory, growth.

    .venv/bin/python bench/bench_scoring.py

N agencies × 65 ratio indicators × 5 years. The hand-written SQL knows this one ruleset: it computes in binary floats,
writes points, main indices, totals and ranks, and has no statuses, exceptions, traces, checks or exactness. Each
measurement is a process of its own, so that peak memory is its own.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from rulesets.load import LoadedRuleset

SIZES = (31, 500, 12500)
RULES = (
    {"kind": "proportional"},
    {"kind": "target", "target": "4/5"},
    {"kind": "threshold", "threshold": "3/4"},
    {"kind": "floor", "floor": "1/2"},
    {"kind": "all_or_nothing"},
)
ROSTER = """CREATE TABLE roster AS SELECT 'bench/country' AS ruleset_id, (2021 + y)::INTEGER AS assessment_year,
  (2021 + y)::VARCHAR AS period, 'district' AS agency_group, 'a' || lpad(i::VARCHAR, 6, '0') AS agency_id,
  NULL::VARCHAR AS parent_id FROM range({agencies}) a(i), range(5) t(y)"""
VALUES = """CREATE TABLE indicator_values AS SELECT r.ruleset_id, agency_id, assessment_year, period, indicator_code,
  (hash(agency_id, assessment_year, indicator_code) % 1000)::HUGEINT AS numerator,
  1000::HUGEINT + (hash(agency_id, indicator_code) % 977)::HUGEINT AS denominator, NULL::VARCHAR AS value,
  'reported' AS status, NULL::VARCHAR AS article FROM roster r, indicators"""
BY_HAND = """CREATE TABLE points AS SELECT agency_id, assessment_year, indicator_code, main_index_code,
  CASE (position - 1) % 5 WHEN 0 THEN 10 * numerator::BIGINT / denominator::BIGINT
    WHEN 1 THEN least(10, 10 * numerator::BIGINT / denominator::BIGINT / 0.8)
    WHEN 2 THEN CASE WHEN numerator >= 0.75 * denominator THEN 10 ELSE 10 * numerator::BIGINT / denominator::BIGINT END
    WHEN 3 THEN CASE WHEN numerator < 0.5 * denominator THEN 0 ELSE 10 * numerator::BIGINT / denominator::BIGINT END
    ELSE CASE WHEN numerator = denominator THEN 10 ELSE 0 END END AS points
FROM indicator_values JOIN indicators USING (ruleset_id, indicator_code);
CREATE TABLE mains AS
SELECT agency_id, assessment_year, main_index_code, sum(points) AS points FROM points GROUP BY ALL;
CREATE TABLE totals AS SELECT *, rank() OVER (PARTITION BY assessment_year ORDER BY total DESC) AS rank
FROM (SELECT agency_id, assessment_year, sum(points) AS total FROM mains GROUP BY ALL)"""
OPEN = """SELECT (SELECT count(*) FROM _results WHERE lo <> hi AND stored(lo) <> stored(hi)),
  (SELECT count(*) FROM _main_index_points WHERE lo <> hi AND stored(lo) <> stored(hi)),
  (SELECT count(*) FROM _total_points WHERE lo <> hi AND stored(lo) <> stored(hi))"""


def country() -> LoadedRuleset:
    """65 indicators of 10 points in five main indices, the rules in turn."""
    from common.yaml_files import YamlFile
    from rulesets.load import LoadedRuleset
    from rulesets.models import Ruleset

    codes = [(f"{n // 13 + 1}", f"{n // 13 + 1}.{n % 13 + 1}") for n in range(65)]
    fixed = {"name_vi": "x", "max_points": 10, "zero_denominator": "zero", "basis": "decision", "reference": "x"}
    body = {
        "title_vi": "x",
        "decision": {"number": "1", "date": "2020-01-01", "authority_vi": "x"},
        "valid": {"from": 2020},
        "groups": ["district"],
        "structure": {"main_indices": 5, "indicators": 65, "points": 650},
        "main_indices": [{"code": str(n), "name_vi": "x", "points": 130} for n in range(1, 6)],
        "indicators": [
            {"code": code, "main_index": main, "rule": RULES[n % 5], **fixed} for n, (main, code) in enumerate(codes)
        ],
    }
    return LoadedRuleset("bench/country", Ruleset.model_validate(body), YamlFile(Path("x.yaml"), {}, {}))


def measure(way: str, agencies: int) -> None:
    """Score once and print seconds by step, peak memory, and how many decisions needed fractions."""
    import duckdb

    from rulesets.scoring import rank, score_indicators, score_main_indices, score_pillars, write_reference

    con = duckdb.connect(config={"threads": 2})
    write_reference(con, [country()])
    con.execute(ROSTER.format(agencies=agencies))
    con.execute(VALUES)
    start = time.perf_counter()
    steps: dict[str, float] = {}
    if way == "by hand":
        con.execute(BY_HAND)
    else:
        for step in (score_indicators, score_main_indices, score_pillars, rank):
            began = time.perf_counter()
            step(con)
            steps[step.__name__] = round(time.perf_counter() - began, 2)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": seconds, "steps": steps, "peak": peak, "open": _open(con, way)}))


def _open(con: DuckDBPyConnection, way: str) -> list[int]:
    return [] if way == "by hand" else list(con.execute(OPEN).fetchall()[0])


def run(way: str, agencies: int, rounds: int) -> dict[str, Any]:
    found = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, __file__, way, str(agencies)], capture_output=True, text=True, check=True
        )
        found.append(json.loads(done.stdout))
    middle = statistics.median(one["seconds"] for one in found)
    return {**found[-1], "seconds": middle, "peak": max(one["peak"] for one in found)}


def main() -> None:
    heads = ("agencies", "scores", "by hand", "engine", "ratio", "MB hand", "MB engine", "to fractions")
    print("{:>9}{:>11}{:>10}{:>10}{:>8}{:>9}{:>11}  {}".format(*heads))
    for agencies in SIZES:
        rounds = 1 if agencies > 500 else 3
        hand, engine = run("by hand", agencies, 3), run("engine", agencies, rounds)
        ratio = engine["seconds"] / hand["seconds"]
        print(
            f"{agencies:>9}{agencies * 65 * 5:>11,}{hand['seconds']:>9.2f}s{engine['seconds']:>9.2f}s{ratio:>8.1f}"
            f"{hand['peak']:>9}{engine['peak']:>11}  {engine['open']}"
        )
    print("steps of the largest:", engine["steps"])


if __name__ == "__main__":
    main() if len(sys.argv) == 1 else measure(sys.argv[1], int(sys.argv[2]))
