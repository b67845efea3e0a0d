"""The build file: one fresh DuckDB file per refresh, in which every stage persists its own tables.

It starts empty with the accepted pulls, registers and rulesets; dbt and the scoring engine add theirs; the published
tables are copied out of it. It is never read by anyone else, and stays until the next refresh, so that a step can be
run again and looked at alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import duckdb

from connectors import AnySource, Pull
from pipelines.corrections import Correction, plain
from pipelines.registers import Agency, Appraisal, Code, Exemption, Registers
from pipelines.settings import ZONE, Deployment
from pipelines.sql import literal

MEMORY = "1GB"
"""Of DuckDB for a build, dbt included; what needs more goes through a folder beside the build file."""
_SETTINGS = (
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    f"set memory_limit = '{MEMORY}'",
    "set wal_autocheckpoint = '1GB'",  # nothing needs to be kept of a build that ends half-way
)
_DATES = {"valid_from": "0001-01-01", "valid_to": "9999-12-31"}
_TYPES = {"valid_from": "date", "valid_to": "date", "assessment_year": "integer", "decided_on": "date"}
_kept: dict[str, duckdb.DuckDBPyConnection | None] = {}
_FROM_THE_PULL = {"source": "varchar", "assessment_year": "integer", "pull_id": "varchar", "as_of": "timestamp"}


def start(deployment: Deployment) -> None:
    """Remove the build file of an earlier run, whatever state it was left in."""
    let_go(deployment)
    deployment.build.mkdir(parents=True, exist_ok=True)
    for path in deployment.build.glob(deployment.build_file.name + "*"):
        if path.is_dir():  # where a killed build's large queries spilled
            shutil.rmtree(path)
        else:
            path.unlink()


def connect(deployment: Deployment) -> duckdb.DuckDBPyConnection:
    """A connection to the build file; connections of one process share it."""
    file = str(deployment.build_file)
    if file not in _kept:
        return _open(file)
    _kept[file] = kept = _kept[file] or _open(file)
    return kept.cursor()


@contextmanager
def step(deployment: Deployment) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose work is one transaction: a step that fails leaves nothing, and the disk is waited for once."""
    with connect(deployment) as con:
        con.begin()
        yield con
        con.commit()


def _open(file: str) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(file)
    for setting in _SETTINGS:
        con.execute(setting)
    return con


@contextmanager
def kept_open(deployment: Deployment) -> Iterator[None]:
    """The steps of one process share one open file: DuckDB compresses what is new whenever a connection of its own
    ends, and not when a cursor of one does."""
    file = str(deployment.build_file)
    _kept[file] = None
    try:
        yield
    finally:
        let_go(deployment)
        _kept.pop(file, None)


def let_go(deployment: Deployment) -> None:
    """Close the file that `kept_open` keeps. What was not compressed yet stays in the log beside it (`.wal`), which the
    next connection reads: seldom does anybody want to look."""
    file = str(deployment.build_file)
    con = _kept.get(file)
    if con is not None:
        with suppress(duckdb.Error):  # after a disk that failed it takes no words any more, and nothing is lost
            con.execute("pragma disable_checkpoint_on_shutdown")
        con.close()
        _kept[file] = None


def begin(con: duckdb.DuckDBPyConnection, basis: str) -> None:
    """Note what this build is made of, for `made_of`."""
    con.execute(f"create or replace table _basis as select {literal(basis)} as basis")


def made_of(con: duckdb.DuckDBPyConnection) -> str:
    """What `begin` noted."""
    return str(con.execute("select basis from _basis").fetchall()[0][0])


def write_pulls(con: duckdb.DuckDBPyConnection, pulls: Sequence[Pull]) -> None:
    """`pulls`: one row per pull in use; `quarantine`: the rows that they set aside, with reason and place."""
    columns = (
        "source varchar, assessment_year integer, pull_id varchar, as_of timestamp, pulled_at timestamp, "
        "status varchar, simulated boolean, received integer, accepted integer, quarantined integer, "
        "duplicates integer, contract_hash varchar, content_hash varchar"
    )
    con.execute(f"create or replace table pulls ({columns})")
    for pull in pulls:
        counts = pull.counts
        row = [
            pull.source, pull.assessment_year, pull.pull_id, local_time(pull.moment), local_time(pull.pulled_at),
            pull.status, pull.simulated, counts["received"], counts["accepted"], counts["quarantined"],
            counts["exact_duplicates"], pull.contract_hash, pull.content_hash,
        ]  # fmt: skip
        con.execute(f"insert into pulls values ({', '.join('?' * len(row))})", row)
    con.execute(
        "create or replace table quarantine (source varchar, assessment_year integer, pull_id varchar, "
        "request varchar, period varchar, body_sha256 varchar, pointer varchar, agency_code varchar, "
        "agency_name varchar, field varchar, reason varchar, message_vi varchar, message_en varchar)"
    )
    comment(con, "pulls", "Các lần lấy số liệu đang dùng. One row per pull in use.", {})
    comment(con, "quarantine", "Dòng bị cách ly và lý do. One row per reason why a row was set aside.", {})
    for pull in pulls:
        if pull.counts["quarantined"]:
            con.execute(
                "insert into quarantine by name select ? as source, ? as assessment_year, ? as pull_id, * "
                "from read_parquet(?)",
                [pull.source, pull.assessment_year, pull.pull_id, str(pull.quarantine)],
            )
    _write_periods(con, pulls)


def _write_periods(con: duckdb.DuckDBPyConnection, pulls: Sequence[Pull]) -> None:
    """`pull_periods`: each pull with its period, where the statistics of its Parquet file tell that all rows have the
    same one. What counts many rows groups them by less then (`counted_by_agency` among dbt's macros)."""
    con.execute(
        "create or replace table pull_periods (source varchar, assessment_year varchar, pull_id varchar, "
        "as_of varchar, period varchar)"
    )
    rows = [
        [pull.source, pull.assessment_year, pull.pull_id, local_time(pull.moment), _period_of_all(pull.table)]
        for pull in pulls
    ]
    insert_rows(con, "pull_periods", rows)


def _period_of_all(file: Path) -> str | None:
    """The period that all rows of a Parquet file have, as its statistics tell; None where they do not tell one."""
    from pyarrow.parquet import read_metadata

    metadata = read_metadata(file)
    names = metadata.schema.names
    if "period" not in names:
        return None
    column, found = names.index("period"), set()
    for group in range(metadata.num_row_groups):
        known = metadata.row_group(group).column(column).statistics
        if known is None or not known.has_min_max or not known.has_null_count or known.null_count:
            return None
        found |= {known.min, known.max}
    return str(found.pop()) if len(found) == 1 else None


def pulls_in_use(con: duckdb.DuckDBPyConnection, source: str) -> set[str]:
    """The ids that this build chose for a source."""
    return {row[0] for row in con.execute("select pull_id from pulls where source = ?", [source]).fetchall()}


def accept(con: duckdb.DuckDBPyConnection, source: AnySource, pulls: Sequence[Pull]) -> int:
    """The relation `accepted.<source>` over the source's pulls of all years; returns the number of its rows.

    It is a view over the very files of the pulls, named one by one: nothing that a manifest does not name is read.
    Without any pull it is an empty table of the contract's columns.
    """
    table = source.name
    con.execute("create schema if not exists accepted")
    con.execute(f"drop view if exists accepted.{table}")
    parts = [_part(pull) for pull in pulls] or [f"select * from ({_empty(con, source)})"]
    con.execute(f"create view accepted.{table} as {' union all by name '.join(parts)}")
    return int(con.execute(f"select count(*) from accepted.{table}").fetchall()[0][0])


def accept_nothing(con: duckdb.DuckDBPyConnection, columns: dict[str, dict[str, str]]) -> None:
    """Empty relations `accepted.<source>` for models of sources that this deployment does not have."""
    con.execute("create schema if not exists accepted")
    for source, types in columns.items():
        declared = ", ".join(f'"{name}" {kind}' for name, kind in {**types, **_FROM_THE_PULL}.items())
        con.execute(f'create or replace table accepted."{source}" ({declared})')


def _part(pull: Pull) -> str:
    """One pull's rows, with where they come from."""
    return (
        f"select *, {literal(pull.source)} as source, {int(pull.assessment_year)} as assessment_year, "
        f"{literal(pull.pull_id)} as pull_id, timestamp {literal(local_time(pull.moment))} as as_of "
        f"from read_parquet({literal(str(pull.table))})"
    )


def _empty(con: duckdb.DuckDBPyConnection, source: AnySource) -> str:
    from connectors.tables import contract_schema

    nothing = contract_schema(source.contract).empty_table()
    con.execute(f"create or replace table accepted._no_{source.name} as from nothing")
    del nothing
    return (
        "select *, null::varchar as source, null::integer as assessment_year, null::varchar as pull_id, "
        f"null::timestamp as as_of from accepted._no_{source.name}"
    )


def write_registers(con: duckdb.DuckDBPyConnection, registers: Registers) -> None:
    """`agencies`, `agency_codes`, `exceptions`, `appraisals`, `corrections`; open ends of validity are written out as
    the first and last day, what is left empty is NULL."""
    for table, kind, rows in (
        ("agencies", Agency, registers.agencies),
        ("agency_codes", Code, registers.codes),
        ("exceptions", Exemption, registers.exceptions),
        ("appraisals", Appraisal, registers.appraisals),
    ):
        names = [field.name for field in fields(kind)]
        types = [f"{name} {_TYPES.get(name, 'varchar')}" for name in names]
        con.execute(f"create or replace table {table} ({', '.join(types)})")
        if rows:
            cells = zip(names, zip(*map(attrgetter(*names), rows), strict=True), strict=True)
            _insert(con, table, [[cell or _DATES.get(name) for cell in column] for name, column in cells])
    _write_corrections(con, registers)


def _write_corrections(con: duckdb.DuckDBPyConnection, registers: Registers) -> None:
    names = [field.name for field in fields(Correction)]
    types = [f"{name} {_TYPES.get(name, 'varchar')}" for name in names]
    con.execute(f"create or replace table corrections ({', '.join(types)}, line integer, expired boolean)")
    rows = []
    for line, row, expired in registers.corrections:
        cells = {**vars(row), "expect": plain(row.expect), "value": plain(row.value)}
        rows.append([*(cells[name] or _DATES.get(name) for name in names), line, expired])
    insert_rows(con, "corrections", rows)


def insert_rows(con: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of a small table, all in one statement: one by one they take a thousand times as long."""
    columns = [[None if value is None else str(value) for value in column] for column in zip(*rows, strict=True)]
    if columns:
        _insert(con, table, columns)


def _insert(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[Sequence[str | None]]) -> None:
    import pyarrow as pa

    given = pa.table([pa.array(column, pa.string()) for column in columns], names=[*map(str, range(len(columns)))])
    con.execute(f"insert into {table} from given")
    del given  # DuckDB finds it by its name


def comment(con: duckdb.DuckDBPyConnection, table: str, text: str, columns: dict[str, str]) -> None:
    """Persist what a table and its columns mean in the file itself."""
    con.execute(f"comment on table {table} is {literal(text)}")
    for name, meaning in columns.items():
        con.execute(f"comment on column {table}.{name} is {literal(meaning)}")


def local_time(moment: datetime) -> str:
    """A moment as local time of Asia/Ho_Chi_Minh, the way tables show it."""
    return moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def sizes(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> dict[str, int]:
    """Number of rows by table."""
    return {table: con.execute(f"select count(*) from {table}").fetchall()[0][0] for table in tables}
