"""SQLite: a file that is opened for reading only. It knows no accounts and no network."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import sqlalchemy
from sqlalchemy.pool import NullPool

from connectors.findings import PassingTrouble, Place, SourceFinding, source_error

if TYPE_CHECKING:
    from connectors.databases.model import Account
    from connectors.deadline import Watchdog
    from connectors.source_model import Limits
    from connectors.sql_model import SqlSource

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_STEPS = 10_000  # of SQLite's machine, between two looks at the clock
_READ_ONLY = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH}


class Sqlite:
    """SQLite 3 with the driver of the standard library."""

    def engine(self, source: SqlSource, account: Account, watchdog: Watchdog) -> sqlalchemy.Engine:  # noqa: ARG002
        path = Path(source.connection.database).absolute()

        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(
                f"file:{quote(str(path))}?mode=ro",
                uri=True,
                timeout=source.limits.connect_seconds,
                isolation_level=None,  # BEGIN is ours to say: the driver would not, before a SELECT
            )
            connection.set_progress_handler(lambda: int(watchdog.barked), _STEPS)
            return connection

        engine = sqlalchemy.create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
        sqlalchemy.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        return engine

    def begin(self, connection: sqlalchemy.Connection, source: SqlSource, place: Place) -> str:  # noqa: ARG002
        connection.exec_driver_sql("PRAGMA query_only = ON")
        if connection.exec_driver_sql("PRAGMA query_only").scalar() != 1:
            raise source_error("ReadOnlyNotEnforced", place, detail="query_only")
        connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema")  # the snapshot is taken by the first read
        return ""

    def powers(self, connection: sqlalchemy.Connection, place: Place) -> list[SourceFinding] | None:  # noqa: ARG002
        return None

    def named(self, error: BaseException, place: Place, limits: Limits) -> Exception:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        detail = getattr(error, "sqlite_errorname", type(error).__name__)
        if code in _BUSY:
            return PassingTrouble("SourceUnavailable", place=place, detail=detail)
        if code == sqlite3.SQLITE_CANTOPEN:
            return source_error("DatabaseMissing", place)
        if code == sqlite3.SQLITE_INTERRUPT:
            return source_error("QueryTimeout", place, seconds=f"{limits.request_seconds:g}", detail=detail)
        return source_error("WriteRefused" if code in _READ_ONLY else "QueryRefused", place, detail=detail)
