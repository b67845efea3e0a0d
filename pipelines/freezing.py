"""Freezing a year, and keeping it: writes revisions, and puts frozen rows in the place of rebuilt ones."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from common.durable import fsync_file, fsync_folder, sha256_file, write_json
from common.errors import DifferenceError, Finding, GateError, Text, UsageError
from pipelines import approvals, build, frozen, journal
from pipelines.approvals import REGISTERS, SOFTWARE
from pipelines.frozen import RESULTS, FrozenYear
from pipelines.frozen_causes import DIFFERENCES, differences
from pipelines.guard import basis_of, check_official, register_hash
from pipelines.inputs import Inputs, code_hash, lock_hash, software_hash
from pipelines.settings import CODE, Deployment, now
from pipelines.sql import literal

_ENGINES = ("duckdb", "dbt-core", "dbt-duckdb", "dagster", "great-expectations", "pyarrow")


@dataclass(frozen=True)
class Freeze:
    """The wish to freeze a year: who wants it, and why."""

    year: int
    reason: str
    by: str


def settle_years(
    con: duckdb.DuckDBPyConnection, deployment: Deployment, inputs: Inputs, wish: Freeze | None
) -> list[dict[str, Any]]:
    """Keep every frozen year as it was published, freeze the one that is wished for, and write `frozen_years` and
    `frozen_differences`. Returns the differences that were kept out. Needs the lock."""
    con.execute(f"create or replace table frozen_differences ({DIFFERENCES})")
    _sign_earlier_years(deployment)
    kept: list[dict[str, Any]] = []
    for one in frozen.in_force(deployment, inputs.as_of):
        frozen.verify_files(one)
        if wish and wish.year == one.year:
            continue
        with _frozen_tables(con, one):
            found = differences(con, one, inputs)
            kept += found
            for table in RESULTS:
                con.execute(f"delete from {table} where assessment_year = {one.year}")
                con.execute(f"insert into {table} by name select {_shared(con, table)} from _frozen_{table}")
    _write_differences(con, kept)
    _check_software(deployment, kept)
    if wish:
        check_official(deployment, inputs, wish.year, wish.by)
        freeze(con, deployment, inputs, wish)
    _write_years(con, deployment, inputs)
    return kept


@contextmanager
def _frozen_tables(con: duckdb.DuckDBPyConnection, one: FrozenYear) -> Iterator[None]:
    """The frozen rows of a year as views `_frozen_<table>` while the block lasts."""
    for table in RESULTS:
        con.execute(
            f"create or replace temp view _frozen_{table} as from read_parquet({literal(str(one.table(table)))})"
        )
    try:
        yield
    finally:
        for table in RESULTS:
            con.execute(f"drop view if exists _frozen_{table}")


def _shared(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """Columns that the frozen rows and today's table have in common: a later version may have added some."""
    own = [row[0] for row in con.execute(f"describe {table}").fetchall()]
    then = {row[0] for row in con.execute(f"describe _frozen_{table}").fetchall()}
    return ", ".join(f'"{name}"' for name in own if name in then)


def freeze(con: duckdb.DuckDBPyConnection, deployment: Deployment, inputs: Inputs, wish: Freeze) -> FrozenYear:
    """Write the next revision of a year from the build; raise for a year without results, and when nothing differs."""
    before = frozen.newest(deployment, wish.year)
    if not con.execute(f"select count(*) from rankings where assessment_year = {wish.year}").fetchall()[0][0]:
        raise UsageError(
            "nothing-to-freeze",
            Text(f"năm {wish.year} chưa có kết quả", f"there are no results of {wish.year}"),
            hint=Text(f"dti refresh --year {wish.year}", f"dti refresh --year {wish.year}"),
        )
    changed: list[dict[str, Any]] = []
    if before:
        with _frozen_tables(con, before):
            changed = differences(con, before, inputs)
        _check_software(deployment, changed)
        if not changed and _same_tables(con, before):
            raise GateError(
                "nothing-to-revise",
                Text(f"kết quả năm {wish.year} không đổi từ {before.name}", f"nothing differs from {before.name}"),
                hint=Text("không cần bản mới", "no revision is needed"),
            )
    revision = before.revision + 1 if before else 1
    place = frozen.home(deployment) / str(wish.year)
    work = place / f".{revision}.freezing"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    hashes = _write_results(con, work / "results", wish.year)
    _copy_inputs(deployment, inputs, work)
    files = {p.relative_to(work).as_posix(): sha256_file(p) for p in sorted(work.rglob("*")) if p.is_file()}
    done = FrozenYear(
        year=wish.year,
        revision=revision,
        frozen_at=now().isoformat(),
        by=wish.by,
        reason=wish.reason,
        as_of=inputs.as_of.isoformat(),
        pulls=[pull.pull_id for pull in inputs.pulls],
        rulesets={one.ruleset_id: one.content_hash for one in inputs.rulesets},
        registers=inputs.registers.content_hash,
        versions={"code": code_hash(), **{name: version(name) for name in _ENGINES}},
        basis={REGISTERS: register_hash(inputs.registers, wish.year), "lock": lock_hash()},
        rows={table: rows for table, (rows, _) in hashes.items()},
        hashes={table: digest for table, (_, digest) in hashes.items()},
        files=files,
        changed=changed,
    )
    return _sign(deployment, inputs, _commit(deployment, work, done))


def _sign(deployment: Deployment, inputs: Inputs, done: FrozenYear) -> FrozenYear:
    """An official year is a line of the ledger, which signs for all that judged it."""
    judging = basis_of(inputs, [done.year])[str(done.year)]["rulesets"].values()
    basis = {**dict(judging), REGISTERS: register_hash(inputs.registers)}
    changes = [_told(row) for row in done.changed if row["what"] == "rank"]
    approvals.append(deployment, done.name, done.digest, by=done.by, reason=done.reason, changes=changes, basis=basis)
    return done


def _told(row: dict[str, Any]) -> str:
    return f"{row['agency_id']} {row['period']}: {row['frozen_value']} → {row['rebuilt_value']} ({row['cause']})"


def _sign_earlier_years(deployment: Deployment) -> None:
    """Years that became official before there was a ledger, or whose line a crash kept out."""
    signed = {one.subject for one in approvals.read(deployment)}
    for one in frozen.all_frozen(deployment):
        if one.name not in signed:
            approvals.append(deployment, one.name, one.digest, by=one.by, reason=one.reason, basis=dict(one.rulesets))


def _check_software(deployment: Deployment, kept: list[dict[str, Any]]) -> None:
    """Software that gives an official year other results is refused until somebody signs the differences."""
    mine = [row for row in kept if row["cause"] == "code"]
    if mine and approvals.newest(approvals.read(deployment)).get(SOFTWARE) != software_hash():
        years = ", ".join(sorted({str(row["assessment_year"]) for row in mine}))
        raise GateError(
            "SoftwareChanged",
            Text(
                f"phần mềm này cho năm đã chốt {years} kết quả khác ở {len(mine)} chỗ",
                f"this software gives the official {years} other results in {len(mine)} places",
            ),
            hint=Text(
                "dùng lại phiên bản cũ (requirements.lock của năm đã chốt), hoặc dti approve software --reason …",
                "go back to the version of the official year (its requirements.lock), or dti approve software "
                "--reason …",
            ),
            findings=[Finding("software", Text(_told(row), _told(row)), where=row["what"]) for row in mine[:20]],
        )


def _same_tables(con: duckdb.DuckDBPyConnection, before: FrozenYear) -> bool:
    return all(frozen.year_hash(con, table, before.year)[1] == before.hashes[table] for table in ("rankings", "pulls"))


def _write_results(con: duckdb.DuckDBPyConnection, folder: Path, year: int) -> dict[str, tuple[int, str]]:
    """Parquet and CSV of every results table, rows in a fixed order; returns rows and content hash of each."""
    folder.mkdir()
    for table in RESULTS:
        rows = f"(from {table} where assessment_year = {year} order by all)"
        con.execute(f"copy {rows} to {literal(str(folder / f'{table}.parquet'))} (format parquet, compression zstd)")
        con.execute(f"copy {rows} to {literal(str(folder / f'{table}.csv'))} (format csv, header)")
    return {table: frozen.year_hash(con, table, year) for table in RESULTS}


def _copy_inputs(deployment: Deployment, inputs: Inputs, work: Path) -> None:
    """All that the results follow from besides the pulls, as it stands now."""
    for loaded in inputs.rulesets:
        target = work / "rulesets" / f"{loaded.ruleset_id}.yaml"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(loaded.path, target)
    for folder in reversed(deployment.ruleset_folders):
        if (folder / "metrics.yaml").exists():
            shutil.copyfile(folder / "metrics.yaml", work / "rulesets" / "metrics.yaml")
    for name in ("registers", "sources"):
        shutil.copytree(deployment.root / name, work / name)
    shutil.copyfile(deployment.root / "dti.yaml", work / "dti.yaml")
    if (CODE / "requirements.lock").exists():
        shutil.copyfile(CODE / "requirements.lock", work / "requirements.lock")


def _commit(deployment: Deployment, work: Path, done: FrozenYear) -> FrozenYear:
    """Flush everything, write the manifest last, give the folder its number in one step."""
    for path in _paths(work):
        fsync_file(path)
    write_json(work / frozen.MANIFEST, done.manifest())
    for path in (p for p in _paths(work) if p.is_dir()):
        fsync_folder(path)
    fsync_folder(work)
    final = work.with_name(str(done.revision))
    if final.exists():
        raise DifferenceError(
            "revision-taken",
            Text(f"{done.name} đã có", f"there is a {done.name} already"),
            hint=Text("dti release verify", "dti release verify"),
            where=str(final),
        )
    work.rename(final)
    for folder in (final.parent, final.parent.parent, deployment.releases):
        fsync_folder(folder)
    journal.record(deployment.journal, "freeze", year=done.year, revision=done.revision, reason=done.reason, by=done.by)
    return frozen.read(final)


def _paths(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*"))


def _write_differences(con: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]) -> None:
    build.insert_rows(con, "frozen_differences", [list(row.values()) for row in rows])
    build.comment(
        con,
        "frozen_differences",
        "Khác biệt giữa kết quả đã chốt và kết quả dựng lại. What a rebuild would change of a frozen year, and why.",
        {},
    )


def _write_years(con: duckdb.DuckDBPyConnection, deployment: Deployment, inputs: Inputs) -> None:
    con.execute(
        "create or replace table frozen_years (assessment_year integer, revision integer, as_of timestamp, "
        "frozen_at timestamp, frozen_by varchar, reason varchar)"
    )
    build.comment(con, "frozen_years", "Năm đã chốt, bản đang có hiệu lực. Frozen years, the revision in force.", {})
    rows = [
        [
            one.year, one.revision, build.local_time(datetime.fromisoformat(one.as_of)),
            build.local_time(datetime.fromisoformat(one.frozen_at)), one.by, one.reason,
        ]
        for one in frozen.in_force(deployment, inputs.as_of)
    ]  # fmt: skip
    build.insert_rows(con, "frozen_years", rows)
