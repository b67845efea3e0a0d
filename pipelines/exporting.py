"""`dti export`: the results of a year as files that explain themselves, whole or not there at all.

One folder: a table per file (XLSX: one workbook, a sheet per table), `README.md` for people and `datapackage.json` for
programs, both with what every column means. Each row says which release it is from and what of its year's sources was
stale then, because files travel without what stood beside them.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from common.durable import fsync_folder, write_whole
from common.errors import Text, UsageError
from pipelines.export_guide import PACKAGE, about, package, readme
from pipelines.freshness import stale_warnings
from pipelines.publication.tables import (
    Cell,
    Column,
    Table,
    csv_bytes,
    json_bytes,
    parquet_bytes,
    read_table,
    with_columns,
    xlsx_bytes,
)
from pipelines.releases import Release
from pipelines.settings import Deployment
from pipelines.sql import literal
from pipelines.warehouse import open_release

FORMATS = ("csv", "xlsx", "parquet", "json")

# What of each table belongs to a year and group: by the names of the columns that it has.
TABLES = {
    "rankings": "year group",
    "main_index_scores": "year group",
    "pillar_scores": "year group",
    "indicator_scores": "year group",
    "indicator_values": "year agency",
    "metric_values": "year agency",
    "figure_differences": "year agency",
    "exceptions": "year agency",
    "appraisals": "year agency",
    "frozen_years": "year",
    "pulls": "year",
    "source_states": "year",
    "agencies": "agency",
    "rulesets": "ruleset",
    "main_indices": "ruleset",
    "pillars": "ruleset",
    "indicators": "ruleset",
    "metrics": "",
}
_STAMPS = (
    Column("agency_name", "string", "VARCHAR", "Tên cơ quan. Name of the agency."),
    Column("release", "integer", "INTEGER", "Bản phát hành. Number of the release that the row is from."),
    Column("known_at", "string", "VARCHAR", "Số liệu biết đến lúc này. The moment whose knowledge it is."),
    Column(
        "stale_sources",
        "string",
        "VARCHAR",
        "Nguồn của năm này không còn mới, từ khi nào; trống: mọi nguồn đều mới. "
        "Sources of the year that were not fresh, since when; empty: all were.",
    ),
)


@dataclass(frozen=True)
class Wanted:
    """What is to be exported, how, and where to."""

    year: int
    out: Path
    group: str = ""
    format: str = "csv"
    bom: bool = True
    force: bool = False


@dataclass(frozen=True)
class Exported:
    """What stands in the folder: rows by table, and the sources that were stale."""

    folder: Path
    release: int
    files: list[str]
    rows: dict[str, int]
    stale: list[Text] = field(default_factory=list)


def export(deployment: Deployment, release: Release, wanted: Wanted) -> Exported:
    """Write the folder. Raises `UsageError` (exit 2) for a year or group without results and a folder in use."""
    _check_room(wanted)
    stale = stale_warnings(deployment, release, wanted.year)
    with open_release(release) as con:
        tables = _tables(con, release, wanted, "; ".join(text.vi for text in stale))
    facts = {
        "release": release.number,
        "known_at": release.as_of,
        "status": release.status,
        "assessment_year": wanted.year,
        "agency_group": wanted.group or None,
        "stale_sources": [text._asdict() for text in stale],
    }
    files = _contents(tables, facts, wanted)
    _write(files, wanted)
    rows = {table.name: len(table.rows) for table in tables}
    return Exported(wanted.out, release.number, sorted(files), rows, stale)


def _check_room(wanted: Wanted) -> None:
    """A folder that is there is only replaced on request, and only if it is an export."""
    out = wanted.out
    if not out.parent.is_dir() or (out.exists() and not out.is_dir()) or out.is_symlink():
        raise UsageError(
            "cannot-write",
            Text("không phải nơi có thể tạo thư mục", "no folder can be made here"),
            hint=Text("chọn một thư mục khác", "choose another folder"),
            where=str(out),
        )
    if not out.exists() or not any(out.iterdir()):
        return
    ours = (out / PACKAGE).exists()
    if not wanted.force or not ours:
        raise UsageError(
            "out-exists",
            Text("thư mục đã có tệp", "the folder is not empty"),
            hint=Text("thêm --force để thay bản xuất cũ", "add --force to replace the earlier export")
            if ours
            else Text("chọn thư mục khác: đây không phải bản xuất", "choose another folder: this is no export"),
            where=str(out),
        )


def _tables(con: duckdb.DuckDBPyConnection, release: Release, wanted: Wanted, stale: str) -> list[Table]:
    year, group = f"assessment_year = {int(wanted.year)}", literal(wanted.group)
    chosen = f"{year} and agency_group = {group}" if wanted.group else year
    if not con.execute(f"select 1 from rankings where {chosen} limit 1").fetchall():
        raise _nothing(con, wanted)
    conditions = {
        "year": year,
        "group": f"agency_group = {group}" if wanted.group else "true",
        "agency": f"agency_id in (select agency_id from rankings where {chosen})",
        "ruleset": f"ruleset_id in (select ruleset_id from rankings where {chosen})",
    }
    have = {row[0] for row in con.execute("select table_name from duckdb_tables()").fetchall()}
    names = dict(con.execute("select agency_id, any_value(name_vi) from agencies group by all").fetchall())
    found = []
    for name, words in TABLES.items():
        if name in have:
            where = " and ".join(conditions[word] for word in words.split()) or "true"
            found.append(_stamped(read_table(con, name, where), release, names, stale))
    return found


def _stamped(table: Table, release: Release, names: Mapping[str, str], stale: str) -> Table:
    """The table with the name of each row's agency, and with where the row is from."""
    values: dict[str, Callable[[Mapping[str, Cell]], Cell]] = {
        "agency_name": lambda row: names.get(str(row["agency_id"])),
        "release": lambda _: release.number,
        "known_at": lambda _: release.as_of,
        "stale_sources": lambda _: stale,
    }
    titles = set(table.titles)
    named = "agency_id" in titles and "name_vi" not in titles
    added = [(column, values[column.name]) for column in _STAMPS if column.name != "agency_name" or named]
    return with_columns(table, added)


def _nothing(con: duckdb.DuckDBPyConnection, wanted: Wanted) -> UsageError:
    have = con.execute("select distinct assessment_year, agency_group from rankings order by all").fetchall()
    listed = "; ".join(f"{year} {group}" for year, group in have) or "–"
    asked = f"{wanted.year} {wanted.group}".strip()
    return UsageError(
        "no-results",
        Text(f"không có kết quả {asked}", f"there are no results for {asked}"),
        hint=Text(f"hiện có: {listed}", f"there are: {listed}"),
    )


def _contents(tables: list[Table], facts: dict[str, Any], wanted: Wanted) -> dict[str, bytes]:
    """Name and bytes of every file but the package's own description."""
    if wanted.format == "xlsx":
        name = "-".join(["dti", str(wanted.year), *([wanted.group] if wanted.group else [])]) + ".xlsx"
        files = {name: xlsx_bytes(tables, about(facts))}
    else:
        write: dict[str, Callable[[Table], bytes]] = {
            "csv": lambda table: csv_bytes(table, bom=wanted.bom),
            "json": lambda table: json_bytes(table, facts),
            "parquet": lambda table: parquet_bytes(table, facts),
        }
        files = {f"{table.name}.{wanted.format}": write[wanted.format](table) for table in tables}
    described = package(tables, facts, files, bom=wanted.bom)
    return {
        **files,
        "README.md": readme(tables, facts, wanted.format).encode(),
        PACKAGE: (json.dumps(described, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode(),
    }


def _write(files: Mapping[str, bytes], wanted: Wanted) -> None:
    """All files into a folder of another name, which then takes the name asked for."""
    workshop = wanted.out.with_name(f".{wanted.out.name}.{os.getpid()}.building")
    earlier = wanted.out.with_name(f".{wanted.out.name}.{os.getpid()}.earlier")
    try:
        workshop.mkdir()
        for name, body in files.items():
            write_whole(workshop / name, body)
        if wanted.out.exists():
            wanted.out.rename(earlier)
        workshop.rename(wanted.out)
        fsync_folder(wanted.out.parent)
    except OSError as error:
        if earlier.exists() and not wanted.out.exists():
            earlier.rename(wanted.out)
        raise UsageError(
            "cannot-write",
            Text(f"không ghi được: {error.strerror}", f"cannot write: {error.strerror}"),
            where=str(wanted.out),
        ) from None
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
        shutil.rmtree(earlier, ignore_errors=True)
