"""The results site: the sample, and 12,500 agencies, against a script that writes one bare page per agency.

    .venv/bin/python bench/bench_site.py [DEPLOYMENT]      a deployment with the sample's releases, else one is made

Each runs as a process of its own, in turns. The script reads the points and writes name, total, rank and a list of
points per agency, all in memory; it has no cards, proofs, comparisons, indicators, method, downloads or safe switch.
The large release is the sample's with the departments of 2024 multiplied, and so is the one before it.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import duckdb  # noqa: E402

from pipelines import releases  # noqa: E402
from pipelines.publication.site import build  # noqa: E402
from pipelines.releases import Release  # noqa: E402
from pipelines.settings import Deployment  # noqa: E402
from tests.support.deployments import dti, sample_deployment  # noqa: E402  a bench uses the tests' helper

ROUNDS = 3
AGENCIES = 12_500
BOARD = "ruleset_id = 'an_giang/1407-2024/department' and assessment_year = 2024"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        deployment = Deployment(Path(sys.argv[1]).resolve()) if len(sys.argv) > 1 else demo(folder / "data")
        release = releases.current(deployment)
        if release is None:
            sys.exit(f"nothing is published in {deployment.root}")
        large, huge = multiplied(deployment, release, folder / "large")
        small_turns = [(site(deployment, release, folder), script(release, folder)) for _ in range(ROUNDS)]
        large_turns = [(site(large, huge, folder), script(huge, folder))]
    report("sample", small_turns)
    report(f"{AGENCIES:,} agencies", large_turns)


def demo(root: Path) -> Deployment:
    """The sample, as `make demo` leaves it."""
    made = sample_deployment(root)
    done = dti(made, "demo")
    if done.returncode:
        sys.exit(done.stderr)
    return made


def multiplied(deployment: Deployment, release: Release, folder: Path) -> tuple[Deployment, Release]:
    """A deployment whose release has the sample's 20 departments of 2024 many times over, as has the one before it."""
    root = folder / "data"
    left_out = shutil.ignore_patterns("landing", "build", "site*", ".dagster", "releases", "warehouse.duckdb")
    shutil.copytree(deployment.root, root, ignore=left_out, symlinks=True)
    numbers = sorted(one.number for one in releases.readable(deployment) if one.number <= release.number)[-2:]
    for number in numbers:
        place = root / "releases" / str(number)
        shutil.copytree(deployment.releases / str(number), place)
        multiply(place / releases.FILE)
    large = Deployment(root)
    return large, dataclasses.replace(release, folder=large.releases / str(release.number))


def multiply(file: Path) -> None:
    with duckdb.connect(str(file)) as con:
        ids = f"(select agency_id from rankings where {BOARD})"
        count = con.execute(f"select count(*) from {ids}").fetchall()[0][0]
        copies = f"(select range as copy from range(1, {AGENCIES // count}))"
        tables = con.execute("select table_name from duckdb_columns() where column_name = 'agency_id'").fetchall()
        for (table,) in tables:
            columns = {row[0] for row in con.execute(f"describe {table}").fetchall()}
            year = "and assessment_year = 2024" if "assessment_year" in columns else ""
            named = ", name_vi || ' ' || copy as name_vi" if table == "agencies" else ""
            con.execute(
                f"insert into {table} select * exclude (copy) replace (agency_id || '-' || copy as agency_id {named}) "
                f"from {table}, {copies} where agency_id in {ids} {year}"
            )


def site(deployment: Deployment, release: Release, folder: Path) -> tuple[float, float, int]:
    return measured(lambda: build.publish_to(deployment, release, folder / "site"), folder / "site")


def script(release: Release, folder: Path) -> tuple[float, float, int]:
    return measured(lambda: bare_pages(release, folder / "bare"), folder / "bare")


def bare_pages(release: Release, folder: Path) -> None:
    with duckdb.connect(str(release.file), read_only=True) as con:
        points: dict[tuple[str, str], list[str]] = {}
        for agency, period, code, got in con.execute(
            "select agency_id, period, indicator_code, points from indicator_scores order by all"
        ).fetchall():
            points.setdefault((agency, period), []).append(f"<li>{code}: {got}</li>")
        rows = con.execute(
            "select agency_id, period, name_vi, rank, total from rankings join agencies using (agency_id)"
        )
        folder.mkdir(exist_ok=True)
        for agency, period, name, rank, total in rows.fetchall():
            body = "".join(points.get((agency, period), []))
            page = f"<!doctype html><title>{name}</title><h1>{name}</h1><p>{rank}: {total}</p><ul>{body}</ul>"
            (folder / f"{period}-{agency}.html").write_text(page, encoding="utf-8")


def measured(work: object, folder: Path) -> tuple[float, float, int]:
    """Seconds, peak MB and pages of a piece of work in a process of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    started = time.perf_counter()
    child = os.fork()
    if child == 0:
        work()  # type: ignore[operator]
        os._exit(0)
    _, status, usage = os.wait4(child, 0)
    assert status == 0
    pages = sum(1 for _ in folder.rglob("*.html"))
    return time.perf_counter() - started, usage.ru_maxrss / 1024, pages


def report(name: str, turns: list[tuple[tuple[float, float, int], tuple[float, float, int]]]) -> None:
    ours, theirs = ([turn[side] for turn in turns] for side in (0, 1))
    seconds, memory = (statistics.median(one[at] for one in ours) for at in (0, 1))
    ratio = statistics.median(a[0] / b[0] for a, b in turns)
    pages, bare = ours[0][2], theirs[0][2]
    print(
        f"{name}: {pages} pages in {seconds:.1f} s ({1000 * seconds / pages:.1f} ms each), {memory:.0f} MB; "
        f"script: {bare} pages, {ratio:.1f} times faster in all, {statistics.median(o[1] for o in theirs):.0f} MB"
    )


if __name__ == "__main__":
    main()
