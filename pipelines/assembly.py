"""Assembling a release: the published tables of the build file copied into a file of their own, and read back."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from common.durable import sha256_file
from common.errors import GateError, Text
from pipelines import approvals, build, releases
from pipelines.column_words import word_for
from pipelines.content_hash import checksum, table_hash
from pipelines.copying import STORAGE, Schema, copy_tables
from pipelines.freshness import source_states
from pipelines.guard import basis_of
from pipelines.inputs import Inputs, code_hash, lock_hash
from pipelines.releases import Release
from pipelines.settings import Deployment, now
from pipelines.sql import literal

# In this order in the file; all of them are results or what explains results.
PUBLISHED = (
    "agencies",
    "agency_codes",
    "exceptions",
    "appraisals",
    "corrections",
    "rulesets",
    "ruleset_years",
    "main_indices",
    "pillars",
    "indicators",
    "indicator_inputs",
    "grades",
    "exception_articles",
    "metrics",
    "metric_values",
    "indicator_figures",
    "indicator_values",
    "figure_differences",
    "entered_scores",
    "claimed_points",
    "indicator_scores",
    "main_index_scores",
    "pillar_scores",
    "rankings",
    "frozen_years",
    "frozen_differences",
    "approvals",
    "pulls",
    "quarantine",
    "check_results",
    "source_states",
    "releases",
)
_MOMENTS = {"releases", "frozen_years", "source_states", "approvals"}  # say when, not what: not part of the content
_STATES = {
    "state": "fresh, stale, held, failed, never or past: a past year is not asked for any more",
    "confirmed_at": "When its figures in use were last seen at the source",
    "pull_id": "The pull in use; see `pulls`",
    "missing": "Agencies without a row in the pull in use",
}


def assemble(deployment: Deployment, inputs: Inputs) -> Release:
    """Copy, close, read back and commit the next release; the analysts' path is not touched."""
    number = releases.next_number(deployment)
    workshop = deployment.releases / f".{number}.building"
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(parents=True)
    with build.connect(deployment) as con:
        _still_current(con, inputs)
        _write_source_states(con, deployment, inputs)
        years = [row[0] for row in con.execute("select distinct assessment_year from rankings order by 1").fetchall()]
        draft = _draft(number, inputs, years)
        _write_releases(con, deployment, draft)
        _write_approvals(con, deployment)
        _copy(con, workshop / releases.FILE)
        built = {table: checksum(con, table) for table in PUBLISHED}
    file = workshop / releases.FILE
    content = _read_back(file, built)
    done = Release(
        **{
            **draft.manifest(),
            "sha256": sha256_file(file),
            "rows": {table: rows for table, (rows, _) in content.items()},
            "hashes": {table: digest for table, (_, digest) in content.items()},
        }
    )
    return releases.commit(deployment, workshop, done)


def _still_current(con: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
    """A release says what it was made of; raise `GateError` (exit 5) where that changed while it was being built."""
    if build.made_of(con) != inputs.basis:
        raise GateError(
            "inputs-changed",
            Text("đầu vào đã thay đổi trong lúc dựng", "the inputs have changed during the build"),
            hint=Text("chạy lại: dti refresh", "run this again: dti refresh"),
        )


def _draft(number: int, inputs: Inputs, years: list[int]) -> Release:
    engines = {name: version(name) for name in ("duckdb", "dbt-core", "dagster", "great-expectations", "pyarrow")}
    return Release(
        number=number,
        as_of=inputs.as_of.isoformat(),
        assembled_at=now().isoformat(),
        fingerprint=inputs.fingerprint,
        status="provisional",
        sha256="",
        rows={},
        hashes={},
        pulls=[pull.pull_id for pull in inputs.pulls],
        versions={"code": code_hash(), "lock": lock_hash(), **engines},
        basis=basis_of(inputs, years),
    )


def _write_releases(con: duckdb.DuckDBPyConnection, deployment: Deployment, draft: Release) -> None:
    """`releases`: every release that still stands, and this one."""
    con.execute(
        "create or replace table releases (release integer, as_of timestamp, assembled_at timestamp, status varchar, "
        "fingerprint varchar, pulls varchar, versions varchar)"
    )
    build.comment(con, "releases", "Các bản phát hành còn giữ, và bản này. One row per release.", {})
    for one in [*releases.readable(deployment), draft]:
        con.execute(
            "insert into releases values (?, ?, ?, ?, ?, ?, ?)",
            [
                one.number,
                build.local_time(datetime.fromisoformat(one.as_of)),
                build.local_time(datetime.fromisoformat(one.assembled_at)),
                one.status,
                one.fingerprint,
                "; ".join(one.pulls),
                json.dumps(one.versions, sort_keys=True),
            ],
        )


def _write_source_states(con: duckdb.DuckDBPyConnection, deployment: Deployment, inputs: Inputs) -> None:
    """`source_states`: what readers of the release should know of its sources, held and failed pulls included."""
    con.execute(
        "create or replace table source_states (source varchar, title_vi varchar, title_en varchar, "
        "assessment_year integer, state varchar, confirmed_at timestamp, pull_id varchar, missing integer)"
    )
    build.comment(con, "source_states", "Các nguồn khi lập bản này. Sources when this release was made.", _STATES)
    titles = {name: source.title for name, source in inputs.sources.items()}
    rows = [
        [
            one.source, titles[one.source].vi, titles[one.source].en, one.year, one.state,
            build.local_time(datetime.fromisoformat(one.confirmed_at)) if one.confirmed_at else None,
            one.in_use, len(one.missing),
        ]
        for one in source_states(deployment)
        if one.source in titles
    ]  # fmt: skip
    build.insert_rows(con, "source_states", rows)


def _write_approvals(con: duckdb.DuckDBPyConnection, deployment: Deployment) -> None:
    """`approvals`: the ledger, with what each signature let through."""
    con.execute(
        "create or replace table approvals (number integer, signed_at timestamp, subject varchar, signed_by varchar, "
        "reason varchar, changes varchar, before varchar, content_hash varchar)"
    )
    build.comment(con, "approvals", "Sổ phê duyệt. One row per signature: who let which change through, and why.", {})
    rows = [
        [
            one.number, build.local_time(datetime.fromisoformat(one.at)), one.subject, one.by, one.reason,
            "\n".join(one.changes), one.before, one.content_hash,
        ]
        for one in approvals.read(deployment)
    ]  # fmt: skip
    build.insert_rows(con, "approvals", rows)


def _copy(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Write the tables with their comments in the fixed storage format, checkpointed and closed."""
    con.execute(f"attach {literal(str(file))} as release (storage_version '{STORAGE}')")
    source = con.execute("select current_database()").fetchall()[0][0]
    con.execute("begin")  # one flush to the disk in the place of one per statement
    copy_tables(con, Schema(source), Schema("release"), PUBLISHED)
    _comment_the_rest(con)
    con.execute("set wal_autocheckpoint = '1KB'")  # straight into the file, and not first into one beside it
    con.execute("commit")
    con.execute("checkpoint release")
    con.execute("detach release")


def _comment_the_rest(con: duckdb.DuckDBPyConnection) -> None:
    """Columns that no contract describes get the words of the common vocabulary."""
    bare = con.execute(
        "select table_name, column_name from duckdb_columns() where database_name = 'release' and comment is null"
    ).fetchall()
    for table, column in bare:
        text = word_for(table, column)
        if text:
            con.execute(f'comment on column release.main.{table}."{column}" is {literal(text)}')


def _read_back(file: Path, built: dict[str, str]) -> dict[str, tuple[int, str]]:
    """Open the closed file as a reader would, hold every table against what was built, return rows and hash of each.

    The hashes are those of what readers read. Raises `GateError` (exit 5).
    """
    if file.with_name(file.name + ".wal").exists():
        raise GateError("release-wal", Text("còn tệp .wal", "a .wal file is left"), where=str(file))
    with duckdb.connect(str(file), read_only=True) as con:
        wrong = [table for table, value in built.items() if checksum(con, table) != value]
        content = {table: table_hash(con, table) for table in built if table not in _MOMENTS}
    if wrong:
        names = ", ".join(wrong)
        raise GateError(
            "release-read-back",
            Text(f"đọc lại thấy khác: {names}", f"read back differently: {names}"),
            hint=Text("kiểm tra đĩa rồi chạy lại", "check the disk, then run this again"),
            where=str(file),
        )
    return content
