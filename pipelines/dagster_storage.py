"""Dagster's SQLite storage with its connections kept.

Dagster makes an engine, opens, commits and closes a SQLite file for each of a run's thousand events, twice or three
times for those of assets, and the last one that closes a file writes its log back: a third of a refresh. Files, tables
and everything else are Dagster's own, so either storage reads what the other wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, Engine


class KeptEventLog(SqliteEventLogStorage):
    """The event log with one connection kept to the index and one to the run that was spoken of last."""

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._engine_of(shard).connect() as connection, connection.begin():
            yield connection

    def _engine_of(self, shard: str) -> Engine:
        """The engine of a file; by its inode, one that was taken away or made anew is noticed."""
        kept: dict[str, tuple[int, Engine]] = self.__dict__.setdefault("_kept", {})
        path = Path(self.path_for_shard(shard))
        inode = path.stat().st_ino if path.exists() else 0
        if shard in kept and kept[shard][0] == inode:
            return kept[shard][1]
        for name in [one for one in kept if one == shard or one != INDEX_SHARD_NAME]:
            kept.pop(name)[1].dispose()
        engine = create_engine(
            self.conn_string_for_shard(shard),
            pool_size=1,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
        )
        if shard not in self._initialized_dbs or not inode:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        kept[shard] = (path.stat().st_ino, engine)
        return engine

    def dispose(self) -> None:
        for _, engine in self.__dict__.pop("_kept", {}).values():
            engine.dispose()
        super().dispose()


class KeptStorage(DagsterSqliteStorage):
    """As Dagster's own, with that event log."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = KeptEventLog(self._event_log_storage._base_dir)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Any) -> KeptStorage:
        return cls(inst_data=inst_data, **config_value)
