"""The warehouse as a DuckLake: its catalog in PostgreSQL, its tables as Parquet in the shared store.

One release is one snapshot, written in one transaction: all of its tables are replaced, read back and compared with the
release's file, and committed with its manifest. A release of later knowledge than the current one is what `main` shows;
one of earlier knowledge goes to `earlier`, so that the head of `main` is always the current release. Old releases are
read at their snapshot. If two ever committed at once, replacing the same tables is a conflict: the catalog refuses one.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from common.errors import ConfigurationError, DtiError, GateError, Text
from connectors.credentials import reveal
from pipelines.copying import STORAGE, Schema, copy_tables
from pipelines.sharing.central import address, unreachable
from pipelines.sharing.model import Cluster
from pipelines.sql import literal

if TYPE_CHECKING:
    import duckdb

    from pipelines.releases import Release

CURRENT, EARLIER = Schema("lake"), Schema("lake", "earlier")
_MESSAGE = "release "
_OWN = ("host", "port", "dbname", "user", "password")  # these go into DuckDB's secret, not into the address


@dataclass(frozen=True)
class Shelved:
    """A release as the lake has it."""

    number: int
    snapshot: int
    schema: Schema
    manifest: dict[str, Any]

    @property
    def as_of(self) -> str:
        return str(self.manifest["as_of"])


@contextmanager
def opened(cluster: Cluster, *, at: int | None = None, write: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the lake attached as `lake`, now or at a snapshot."""
    import duckdb

    with duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}) as con:
        for name in ("postgres_scanner", "ducklake", *(["httpfs"] if cluster.in_objects else [])):
            con.execute(f"load {literal(_packaged(name))}")
        _secrets(con, cluster)
        path = " ".join(f"{key}={literal(value)}" for key, value in address(cluster).items() if key not in _OWN)
        options = [f"data_path {literal(cluster.lake_path)}", "meta_secret 'catalog'", "data_inlining_row_limit 0"]
        if at is not None:
            options.append(f"snapshot_version {at}")
        if not write:
            options.append("read_only")
        try:
            con.execute(f"attach {literal(f'ducklake:postgres:{path}')} as lake ({', '.join(options)})")
            yield con
        except duckdb.Error as error:
            raise _trouble(cluster, error) from None


def _packaged(name: str) -> str:
    """The extension's file in its package. Nothing is ever downloaded. Raises `ConfigurationError`."""
    import duckdb

    try:
        package = importlib.import_module(f"duckdb_extension_{name}")
        file = Path(str(package.__file__)).parent / f"extensions/v{duckdb.__version__}/{name}.duckdb_extension"
        if file.is_file():
            return str(file)
    except ImportError:
        pass
    raise ConfigurationError(
        "extension-missing",
        Text(
            f"thiếu phần mở rộng {name} cho DuckDB {duckdb.__version__}",
            f"DuckDB {duckdb.__version__} lacks its extension {name}",
        ),
        hint=Text("cài đặt phụ kiện 'cluster' của gói dti", "install the extra 'cluster' of the package dti"),
        where="cluster",
    )


def _secrets(con: duckdb.DuckDBPyConnection, cluster: Cluster) -> None:
    """Credentials as DuckDB's own secrets: they then stand in no address, message or list of databases."""
    known = address(cluster)
    words = {"dbname": "database"}
    parts = ", ".join(f"{words.get(key, key)} {literal(known[key])}" for key in _OWN if key in known)
    con.execute(f"create secret catalog (type postgres, {parts})")
    if cluster.s3:
        place = urlsplit(cluster.s3.endpoint)
        con.execute(
            f"create secret store (type s3, key_id {literal(reveal(cluster.s3.key_id))}, "
            f"secret {literal(reveal(cluster.s3.secret_key))}, endpoint {literal(place.netloc)}, url_style 'path', "
            f"use_ssl {str(place.scheme == 'https').lower()}, region {literal(cluster.s3.region)}, "
            f"scope {literal(cluster.lake_path)})"
        )


def _trouble(cluster: Cluster, error: Exception) -> DtiError:
    text = str(error).strip()
    if "onflict" in text:
        return GateError(
            "overtaken",
            Text("một tiến trình khác vừa công bố trước", "another worker has published first"),
            hint=Text("chạy lại: dti refresh", "run this again: dti refresh"),
            where=cluster.store,
        )
    return unreachable(cluster, RuntimeError(" ".join(text.split())))


def shelf(con: duckdb.DuckDBPyConnection) -> list[Shelved]:
    """Every release that the lake has, by number."""
    rows = con.execute(
        "select snapshot_id, commit_extra_info from lake.snapshots() "
        f"where starts_with(commit_message, {literal(_MESSAGE)}) order by snapshot_id"
    ).fetchall()
    found = []
    for snapshot, text in rows:
        said = json.loads(text)
        found.append(Shelved(said["manifest"]["number"], snapshot, Schema("lake", said["schema"]), said["manifest"]))
    return sorted(found, key=lambda one: one.number)


def current_of(found: list[Shelved]) -> Shelved | None:
    """The release that `main` shows."""
    return max((one for one in found if one.schema == CURRENT), key=lambda one: one.snapshot, default=None)


def publish(cluster: Cluster, release: Release, file: Path, worker: str) -> None:
    """Put a finished release into the lake, all of it or nothing; does nothing where it is there already."""
    from datetime import datetime

    from pipelines.content_hash import table_hash

    with opened(cluster, write=True) as con:
        con.execute(f"attach {literal(str(file))} as release (read_only)")
        con.execute("begin")
        there = shelf(con)
        if any(one.number == release.number for one in there):
            con.execute("rollback")
            return
        standing = current_of(there)
        newer = standing is None or datetime.fromisoformat(standing.as_of) <= datetime.fromisoformat(release.as_of)
        schema = CURRENT if newer else EARLIER
        con.execute("create schema if not exists lake.earlier")
        tables = _tables(con, Schema("release"))
        copy_tables(con, Schema("release"), schema, tables)
        for gone in set(_tables(con, schema)) - set(tables):
            con.execute(f"drop table {schema.table(gone)}")
        wrong = [
            table
            for table, digest in release.hashes.items()
            if table_hash(con, schema.table(table)) != (release.rows[table], digest)
        ]
        if wrong:
            raise _read_back(wrong, cluster)
        said = json.dumps({"schema": schema.name, "manifest": release.manifest()}, ensure_ascii=False, sort_keys=True)
        message = f"{_MESSAGE}{release.number}"
        con.execute(
            f"call lake.set_commit_message({literal(worker)}, {literal(message)}, extra_info => {literal(said)})"
        )
        con.execute("commit")


def _read_back(wrong: list[str], cluster: Cluster) -> GateError:
    names = ", ".join(wrong)
    return GateError(
        "lake-read-back",
        Text(f"đọc lại từ kho chung thấy khác: {names}", f"read back from the lake differently: {names}"),
        hint=Text("kiểm tra nơi lưu chung rồi chạy lại", "check the shared store, then run this again"),
        where=cluster.lake_path,
    )


def _tables(con: duckdb.DuckDBPyConnection, schema: Schema) -> list[str]:
    """The tables of a schema, in the order in which they were made."""
    sql = (
        f"select table_name from duckdb_tables() where database_name = {literal(schema.database)} "
        f"and schema_name = {literal(schema.name)} order by table_oid"
    )
    return [row[0] for row in con.execute(sql).fetchall()]


def fetch(cluster: Cluster, one: Shelved, file: Path) -> None:
    """Copy a release out of the lake into a file, as it was at its snapshot. Raises `GateError` where it differs from
    its manifest."""
    from pipelines.content_hash import table_hash

    with opened(cluster, at=one.snapshot) as con:
        con.execute(f"attach {literal(str(file))} as release (storage_version '{STORAGE}')")
        copy_tables(con, one.schema, Schema("release"), _tables(con, one.schema))
        hashes, rows = one.manifest["hashes"], one.manifest["rows"]
        wrong = [t for t, digest in hashes.items() if table_hash(con, f"release.main.{t}") != (rows[t], digest)]
        if wrong:
            raise _read_back(wrong, cluster)
        con.execute("checkpoint release")
        con.execute("detach release")


def forget(cluster: Cluster, numbers: list[int]) -> None:
    """Let releases go that the retention no longer keeps. Their files go a day later, when nobody reads them any more;
    so do those of a worker that was killed while it wrote."""
    with opened(cluster, write=True) as con:
        head = con.execute("select id from lake.current_snapshot()").fetchall()[0][0]
        gone = [one.snapshot for one in shelf(con) if one.number in numbers and one.snapshot != head]
        if gone:
            con.execute(f"call ducklake_expire_snapshots('lake', versions => {gone})")
        for what in ("cleanup_old_files", "delete_orphaned_files"):
            con.execute(f"call ducklake_{what}('lake', older_than => now()::timestamp - interval 1 day)")
