"""Recomputing a frozen year from its pulls, with its own rulesets and registers, and comparing it cell by cell."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from common.errors import DifferenceError, Text
from connectors import Landing
from pipelines import build, frozen
from pipelines.frozen import RESULTS, FrozenYear
from pipelines.inputs import gather, lock_hash, software
from pipelines.settings import Deployment
from pipelines.sql import literal


@dataclass
class Recomputed:
    """What the comparison found: rows and cells compared, and rows that differ by table."""

    rows: int = 0
    cells: int = 0
    same_code: bool = True
    same_lock: bool = True
    digest: str = ""
    """The hash of the recomputed year: equal to that of the frozen one where both have the same columns."""
    differing: dict[str, int] = field(default_factory=dict)
    example: str = ""

    def other_code(self, one: FrozenYear) -> Text:
        """The hint that the software is not the one that froze the year."""
        then = one.versions.get("code", "?")[:12]
        return Text(
            f"phần mềm khác với khi chốt ({then}); cài lại đúng bộ đó: {one.folder / 'requirements.lock'}",
            f"the software differs from the one that froze it ({then}); to install that again: "
            f"{one.folder / 'requirements.lock'}",
        )


def recompute(deployment: Deployment, one: FrozenYear) -> Recomputed:
    """Build the year again in a folder of its own, from the very pulls that the manifest names, and compare.

    Raises `SourceError` for a pull that was altered, `DifferenceError` for one that is gone.
    """
    with tempfile.TemporaryDirectory(prefix="dti-verify-") as folder:
        again = _deployment_of(deployment, one, Path(folder))
        _check_pulls(again, one)
        _build(again, one)
        with build.connect(again) as con:
            return _compare(con, one)


def _deployment_of(deployment: Deployment, one: FrozenYear, folder: Path) -> Deployment:
    """A deployment of the frozen inputs, with the landing folder of today to read from."""
    for name in ("registers", "sources", "rulesets"):
        shutil.copytree(one.folder / name, folder / name)
    shutil.copyfile(one.folder / "dti.yaml", folder / "dti.yaml")
    (folder / "landing").symlink_to(deployment.landing.resolve())
    return Deployment(folder)


def _check_pulls(again: Deployment, one: FrozenYear) -> None:
    landing = Landing(again.landing)
    there = {pull.pull_id: pull for pull in landing.pulls()}
    for pull_id in one.pulls:
        if pull_id not in there:
            raise DifferenceError(
                "pull-gone",
                Text(f"lần lấy {pull_id} không còn", f"pull {pull_id} is gone"),
                hint=Text("khôi phục thư mục landing/ từ bản sao lưu", "restore landing/ from a backup"),
                where=str(again.landing.resolve()),
            )
        landing.verify(there[pull_id])


def _build(again: Deployment, one: FrozenYear) -> None:
    """From the pulls to the rankings, by the same functions that the assets call."""
    from pipelines.dbt_project import accepted_columns, run_dbt
    from pipelines.reference_tables import write_reference_tables
    from pipelines.scoring_steps import STEPS

    inputs = gather(again, datetime.fromisoformat(one.as_of))
    wanted = set(one.pulls)
    pulls = [pull for pull in Landing(again.landing).pulls() if pull.pull_id in wanted]
    build.start(again)
    with build.connect(again) as con:
        build.write_pulls(con, pulls)
        build.accept_nothing(con, {n: c for n, c in accepted_columns().items() if n not in inputs.sources})
        for source in inputs.sources.values():
            build.accept(con, source, [pull for pull in pulls if pull.source == source.name])
        write_reference_tables(con, again, inputs)
    run_dbt(again).raise_if_failed()
    with build.connect(again) as con:
        for step in STEPS.values():
            step(con)


def _compare(con: duckdb.DuckDBPyConnection, one: FrozenYear) -> Recomputed:
    found = Recomputed(
        same_code=all(one.versions.get(name, today) == today for name, today in software().items()),
        same_lock=one.basis.get("lock", lock_hash()) == lock_hash(),
        digest=frozen.digest_of({table: frozen.year_hash(con, table, one.year)[1] for table in RESULTS}),
    )
    for table in RESULTS:
        path = literal(str(one.table(table)))
        then = [row[0] for row in con.execute(f"describe from read_parquet({path})").fetchall()]
        now = {row[0] for row in con.execute(f"describe {table}").fetchall()}
        shared = [name for name in then if name in now]
        names = ", ".join(f'"{name}"' for name in shared)
        frozen_rows = f"select {names} from read_parquet({path})"
        built = f"select {names} from {table} where assessment_year = {int(one.year)}"
        rows = con.execute(f"select count(*) from ({frozen_rows})").fetchall()[0][0]
        found.rows += rows
        found.cells += rows * len(shared)
        off = con.execute(
            f"select * from ({frozen_rows} except all {built}) "
            f"union all by name select * from ({built} except all {frozen_rows}) order by all"
        ).fetchall()
        if off:
            found.differing[table] = len(off)
            found.example = found.example or f"{table}: {off[0]}"
    return found
