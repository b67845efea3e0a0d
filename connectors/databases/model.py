"""What a database must be able to do to be read from, and the one who knows how for each driver."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from common.errors import ConfigurationError, Text
from connectors.credentials import authorities, client_files, reveal
from connectors.deadline import Watchdog
from connectors.findings import Place, SourceFinding
from connectors.source_model import Limits
from connectors.sql_model import DRIVERS, SqlSource
from connectors.vetting import Reach, reach

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


@dataclass(frozen=True)
class Account:
    """Who we are and which authorities we trust; `repr` shows none of it."""

    username: str = field(default="", repr=False)
    password: str | None = field(default=None, repr=False)
    authorities: str | None = field(default=None, repr=False)
    certificate: tuple[str, str] | None = field(default=None, repr=False)
    reach: Reach = field(default_factory=lambda: reach([]))


class Database(Protocol):
    """One kind of database.

    The connection that an engine makes is one that the watchdog can cut when the time is up.
    """

    def engine(self, source: SqlSource, account: Account, watchdog: Watchdog) -> Engine:
        """An engine whose transactions only read and see one state of the data."""

    def begin(self, connection: Connection, source: SqlSource, place: Place) -> str:
        """Set the bounds of this transaction, and prove that it only reads. Returns how the line is protected.

        Raises `SourceError` if the database will not hold us to reading.
        """

    def powers(self, connection: Connection, place: Place) -> list[SourceFinding] | None:
        """What the account could do beyond reading; None where the database knows no accounts.

        Raises `SourceError` for an account whose powers reach beyond a read-only transaction.
        """

    def named(self, error: BaseException, place: Place, limits: Limits) -> Exception:
        """The trouble behind an exception: `PassingTrouble` or `SourceError`. Its text is never passed on."""


def account_of(source: SqlSource) -> Account:
    """Who we are. Raises `ConfigurationError` for a credential or a key file that is not in order."""
    connection = source.connection
    trusted = authorities(source.tls)
    return Account(
        reveal(connection.username) if connection.username is not None else "",
        reveal(connection.password) if connection.password is not None else None,
        trusted if isinstance(trusted, str) else None,
        client_files(source.tls),
        reach([], networks=source.allowed_networks),
    )


def database_of(source: SqlSource) -> Database:
    """The one who knows this source's database. Raises `ConfigurationError` if its driver is not installed."""
    driver = source.connection.drivername
    try:
        if driver == "sqlite":
            from connectors.databases.sqlite import Sqlite

            return Sqlite()
        from connectors.databases.postgresql import Postgresql

        return Postgresql()
    except ImportError:
        package = DRIVERS[driver] or "sqlalchemy"
        raise ConfigurationError(
            "driver-missing",
            Text(f"chưa cài trình điều khiển của '{driver}'", f"the driver of '{driver}' is not installed"),
            hint=Text(f"pip install '{package}'", f"pip install '{package}'"),
            where=source.name,
        ) from None
