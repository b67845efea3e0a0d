"""PostgreSQL by psycopg 3: verified TLS to a vetted address, a read-only snapshot, nothing taken from the environment.

libpq reads `PG*` variables, `~/.pgpass`, services and `~/.postgresql` on its own, unless it is told otherwise.
"""

from __future__ import annotations

import contextlib
import math
import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy
from psycopg.adapt import AdaptersMap
from psycopg.types.datetime import DateLoader, TimestampLoader, TimestamptzLoader
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from sqlalchemy.pool import NullPool

from connectors.databases.postgresql_troubles import named_trouble
from connectors.findings import Place, SourceFinding, finding, source_error
from connectors.texts import showable_name
from connectors.vetting import is_loopback

if TYPE_CHECKING:
    from connectors.databases.model import Account
    from connectors.deadline import Watchdog
    from connectors.source_model import Limits
    from connectors.sql_model import SqlSource

_NO_SUCH_FILE = f"{os.devnull}/none"
_ENVIRONMENT = threading.Lock()
_SHOWN = 5

_BEGIN = sqlalchemy.text("""
    SELECT set_config('statement_timeout', :milliseconds, true), set_config('lock_timeout', :milliseconds, true),
           set_config('idle_in_transaction_session_timeout', :whole, true),
           set_config('TimeZone', :zone, true), set_config('DateStyle', 'ISO, YMD', true),
           current_setting('transaction_read_only'), current_setting('transaction_isolation')""")
_UNBOUND = sqlalchemy.text("""
    SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolsuper)
        OR EXISTS (SELECT FROM pg_catalog.pg_roles AS power
                   WHERE power.rolname IN ('pg_write_server_files', 'pg_execute_server_program')
                     AND pg_has_role(power.oid, 'MEMBER'))""")
_WRITABLE = sqlalchemy.text("""
    SELECT space.nspname, relation.relname
    FROM pg_catalog.pg_class AS relation JOIN pg_catalog.pg_namespace AS space ON space.oid = relation.relnamespace
    WHERE relation.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND space.nspname <> 'information_schema' AND left(space.nspname, 3) <> 'pg_'
      AND has_schema_privilege(space.oid, 'USAGE')
      AND (has_table_privilege(relation.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
           OR has_any_column_privilege(relation.oid, 'INSERT, UPDATE'))
    ORDER BY 1, 2""")


class Postgresql:
    """PostgreSQL 11 and later."""

    def engine(self, source: SqlSource, account: Account, watchdog: Watchdog) -> sqlalchemy.Engine:
        def connect() -> psycopg.Connection[Any]:
            arguments = _arguments(source, account)
            with _no_environment():
                connection = psycopg.connect(**arguments, context=_adapters(), prepare_threshold=None)
            watchdog.follow(connection)
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            return connection

        return sqlalchemy.create_engine(
            "postgresql+psycopg://",
            creator=connect,
            poolclass=NullPool,
            use_native_hstore=False,
            hide_parameters=True,
        )

    def begin(self, connection: sqlalchemy.Connection, source: SqlSource, place: Place) -> str:
        limits = source.limits
        bounds = {
            "milliseconds": str(math.ceil(limits.request_seconds * 1000)),
            "whole": str(math.ceil(limits.source_seconds * 1000)),
            "zone": source.timezone,
        }
        *_, read_only, isolation = connection.execute(_BEGIN, bounds).one()
        if (read_only, isolation) != ("on", "repeatable read"):
            raise source_error("ReadOnlyNotEnforced", place, detail=f"{read_only}, {isolation}")
        driver: Any = connection.connection.driver_connection
        return "TLS" if driver.pgconn.ssl_in_use else ""

    def powers(self, connection: sqlalchemy.Connection, place: Place) -> list[SourceFinding] | None:
        if connection.execute(_UNBOUND).scalar():
            raise source_error("AccountTooPowerful", place)
        writable = [".".join(showable_name(part) for part in row) for row in connection.execute(_WRITABLE)]
        if not writable:
            return []
        more = f" … (+{len(writable) - _SHOWN})" if len(writable) > _SHOWN else ""
        return [finding("AccountCanWrite", place, count=len(writable), tables=", ".join(writable[:_SHOWN]) + more)]

    def named(self, error: BaseException, place: Place, limits: Limits) -> Exception:
        return named_trouble(error, place, limits)


def _arguments(source: SqlSource, account: Account) -> dict[str, Any]:
    """Everything that libpq would otherwise look up for itself. Raises `UnsafeAddressError`, `OSError`."""
    connection = source.connection
    host = connection.host or ""
    addresses = account.reach.resolve(host, connection.port)
    plain = is_loopback(host) and account.authorities is None
    certificate, key = account.certificate or (None, None)
    return {
        "host": ",".join([host] * len(addresses)),  # the name, for the certificate
        "hostaddr": ",".join(addresses),  # where it leads: the very addresses that were vetted
        "port": connection.port,
        "dbname": connection.database,
        "user": account.username,
        "password": account.password,
        "passfile": _NO_SUCH_FILE,
        "sslmode": "disable" if plain else "verify-full",
        "sslrootcert": account.authorities or DEFAULT_CA_BUNDLE_PATH,
        "sslcertmode": "allow" if certificate else "disable",
        "sslcert": certificate,
        "sslkey": key,
        "gssencmode": "disable",
        "connect_timeout": math.ceil(source.limits.connect_seconds),
        "client_encoding": "utf8",
        "application_name": "dti",
    }


@contextlib.contextmanager
def _no_environment() -> Iterator[None]:
    """libpq without `PG*` variables: a password, service or option from there must not decide what we read."""
    with _ENVIRONMENT:
        held = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PG")}
        try:
            yield
        finally:
            os.environ.update(held)


def _adapters() -> AdaptersMap:
    """Values as the driver gives them; a day that Python has no date for (`infinity`, the year 12025) stays text, so
    that its row is set aside instead of the whole list."""
    adapters = AdaptersMap(psycopg.adapters)
    for name, loader in (("date", DateLoader), ("timestamp", TimestampLoader), ("timestamptz", TimestamptzLoader)):
        adapters.register_loader(name, _or_text(loader))
    return adapters


def _or_text(loader: type[Any]) -> type[Any]:
    class OrText(loader):  # type: ignore[misc]
        def load(self, data: Any) -> Any:
            try:
                return super().load(data)
            except psycopg.DataError:
                return bytes(data).decode("ascii")

    return OrText
