"""Kind `sql`: a view of a database, read in one read-only snapshot, streamed in batches.

All lists of a pull come from one transaction and so from one state of the data. What breaks off is asked again from
the start, in a new snapshot, and everything that came before is forgotten.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from common.errors import SourceError, Text
from connectors.attempts import Attempts
from connectors.contract import Reading
from connectors.databases.model import Account, Database, account_of, database_of
from connectors.deadline import Watchdog
from connectors.findings import PassingTrouble, Place, SourceFinding, source_error
from connectors.flattening import Shape
from connectors.kinds.sql_queries import described, parameters_of, shape_statement, statement_of
from connectors.paging import Page, PageFacts, RawListing
from connectors.rest_model import Period
from connectors.source_model import Limits
from connectors.sql_model import SqlListing, SqlSource
from connectors.texts import showable_name
from connectors.vetting import UnsafeAddressError
from connectors.windows import window_of

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult

Progress = Callable[[Text], None]
Sleep = Callable[[float], None]
_MOST_ROWS, _BATCH_BYTES, _GROWTH = 2_000, 4 * 2**20, 8
_FIRST_ROWS = 500
_GRACE = 2.0  # seconds in which the database ends what took too long, in order, before we break it off
_EMPTY = hashlib.sha256(b"").hexdigest()


def receive_rows(
    source: SqlSource,
    year: int,
    reading: Reading,
    *,
    progress: Progress | None = None,
    sleep: Sleep = time.sleep,
) -> list[RawListing]:
    """Ask for every list and period of a year and hold every row against the contract.

    Raises `SourceError`; then nothing of the pull is usable. Raises `ConfigurationError` for a credential that is
    missing or a driver that is not installed.
    """
    database, account = database_of(source), account_of(source)
    attempts = Attempts(source.limits, sleep)
    start = reading.mark()

    def once() -> list[RawListing]:
        reading.rewind(start)
        with open_snapshot(source, database, account, attempts) as snapshot:
            findings = tuple(snapshot.powers() or ())
            listings = [
                _read_listing(snapshot, (listing, period, year), reading, progress)
                for listing in source.requests
                for period in listing.periods
            ]
        return [replace(listings[0], findings=findings), *listings[1:]]

    listings, troubles = attempts.repeat(once, Place(source.name))
    first = listings[0]
    pages = (replace(first.pages[0], troubles=troubles), *first.pages[1:])
    return [replace(first, pages=pages), *listings[1:]]


@dataclass(frozen=True)
class Watch:
    """Bounds whatever is done with a database in time, and names what goes wrong."""

    source: SqlSource
    database: Database
    attempts: Attempts
    watchdog: Watchdog

    @contextlib.contextmanager
    def over(self, place: Place) -> Iterator[None]:
        """Neither the database's own words nor its rows are passed on. Raises `SourceError`, `PassingTrouble`."""
        from sqlalchemy.exc import SQLAlchemyError

        seconds = self.attempts.seconds(place)
        try:
            with self.watchdog.limit(seconds + _GRACE):
                yield
        except UnsafeAddressError as unsafe:
            raise source_error("UnsafeAddress", place, detail=str(unsafe)) from None
        except (SQLAlchemyError, OSError) as error:
            raise self._named(error, seconds, place) from None

    def _named(self, error: Exception, seconds: float, place: Place) -> Exception:
        if self.watchdog.barked:
            late = self.attempts.cut_short(seconds, place)
            timeout = source_error("QueryTimeout", place, seconds=f"{seconds:g}")
            return late if isinstance(late, SourceError) else timeout
        if isinstance(error, OSError):
            return PassingTrouble("SourceUnavailable", place=place, detail="name not found")
        return self.database.named(getattr(error, "orig", None) or error, place, self.source.limits)


@dataclass
class Snapshot:
    """One connection to a database within one transaction. `protected` names the TLS in use, or is empty."""

    source: SqlSource
    connection: Connection
    watch: Watch
    protected: str = ""
    _columns: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)  # by name of the list

    def powers(self) -> list[SourceFinding] | None:
        """What the account could do beyond reading; None where there are no accounts. Raises `SourceError`."""
        place = Place(self.source.name)
        with self.watch.over(place):
            return self.watch.database.powers(self.connection, place)

    def batches(
        self, asked: tuple[SqlListing, Period, int], place: Place, shape: Shape, agency: str = ""
    ) -> Generator[Page]:
        """The rows of one query, batch by batch, as pages. Raises `SourceError`, `PassingTrouble`."""
        listing, period, year = asked
        parameters = parameters_of(listing, period, year, agency)
        with self.watch.over(place):
            columns, new = self._columns_of(listing, place, shape)
            result = self.connection.execution_options(stream_results=True).execute(
                statement_of(listing, columns, parameters)
            )
            with result:
                names = _distinct(list(result.keys()), place)
                for page in _pages(result, names, new, self.source.limits, place):
                    yield replace(page, agency=agency)

    def _columns_of(self, listing: SqlListing, place: Place, shape: Shape) -> tuple[list[str] | None, list[str]]:
        """Of a table: the columns that the contract names, and those that it does not know. No value of the latter
        ever leaves the database."""
        if listing.table is None:
            return None, []
        if listing.name not in self._columns:
            names = list(self.connection.execute(shape_statement(listing)).keys())
            wanted = [name for name in names if name in shape.listed or name in shape.inner]
            if not wanted:
                raise source_error("NoSuchColumns", place)
            new = [name for name in names if name not in wanted and name not in listing.where]
            self._columns[listing.name] = (wanted, new)
        return self._columns[listing.name]


@contextlib.contextmanager
def open_snapshot(source: SqlSource, database: Database, account: Account, attempts: Attempts) -> Iterator[Snapshot]:
    """Connect, begin a read-only transaction and prove that it is one. Raises `SourceError`, `PassingTrouble`."""
    _keep_rows_out_of_logs()
    place = Place(source.name)
    watch = Watch(source, database, attempts, Watchdog())
    engine = database.engine(source, account, watch.watchdog)
    try:
        with contextlib.ExitStack() as stack:
            with watch.over(place):
                connection = stack.enter_context(_closing(engine.connect()))
                protected = database.begin(connection, source, place)
            yield Snapshot(source, connection, watch, protected)
    finally:
        watch.watchdog.close()
        engine.dispose()


@contextlib.contextmanager
def _closing(connection: Connection) -> Iterator[Connection]:
    """Roll back and close; a connection that is gone cannot be, and that is no news."""
    try:
        yield connection
    finally:
        from sqlalchemy.exc import SQLAlchemyError

        with contextlib.suppress(SQLAlchemyError):
            connection.close()


def _read_listing(
    snapshot: Snapshot, asked: tuple[SqlListing, Period, int], reading: Reading, progress: Progress | None
) -> RawListing:
    listing, period, year = asked
    name = period.name(year)
    window = window_of(period, year)
    facts: list[PageFacts] = []
    for agency in _asked_for(listing, period, reading):
        place = Place(snapshot.source.name, listing.name, name, agency)
        for page in snapshot.batches(asked, place, reading.shape, agency):
            reading.take(listing.name, name, page, "", window)
            facts.append(replace(page.facts, number=len(facts) + 1))
    if progress:
        place = Place(snapshot.source.name, listing.name, name)
        rows = sum(page.rows for page in facts)
        progress(Text(f"{place}: {rows} dòng", f"{place}: {rows} rows"))
    parameters = parameters_of(listing, period, year, "{agency_code}")
    return RawListing(listing.name, name, period.groups, described(listing, parameters), tuple(facts), (), window)


def first_rows(snapshot: Snapshot, asked: tuple[SqlListing, Period, int], reading: Reading) -> tuple[list[Page], bool]:
    """The first rows of one list and period, some hundreds, and whether more may follow; where each agency is asked
    for, those of the first agency."""
    listing, period, year = asked
    agency = _asked_for(listing, period, reading)[0]
    place = Place(snapshot.source.name, listing.name, period.name(year), agency)
    pages: list[Page] = []
    with contextlib.closing(snapshot.batches(asked, place, reading.shape, agency)) as batches:
        for page in batches:
            pages.append(page)
            if sum(len(one.rows) for one in pages) >= _FIRST_ROWS:
                return pages, True
    return pages, bool(listing.for_each)


def _asked_for(listing: SqlListing, period: Period, reading: Reading) -> list[str]:
    """Codes to ask for one by one; a single empty one where the list comes for all agencies at once."""
    if not listing.for_each:
        return [""]
    return sorted(one.code for one in reading.agencies.values() if one.group in period.groups) or [""]


def _pages(result: CursorResult[Any], names: list[str], new: list[str], limits: Limits, place: Place) -> Iterator[Page]:
    """Batches of about the same size in bytes, so that wide rows take no more memory than narrow ones: the first is one
    row. At least one batch, which may be empty."""
    number = rows = size = 0
    wanted = 1
    while batch := result.fetchmany(wanted):
        values = [dict(zip(names, row, strict=True)) for row in batch]
        texts = [json.dumps(list(row.values()), ensure_ascii=False, default=str).encode() for row in values]
        number, rows, length = number + 1, rows + len(batch), sum(map(len, texts))
        size += length
        if rows > limits.rows:
            raise source_error("LimitExceeded", place, limit="rows", value=limits.rows)
        if size > limits.decoded_bytes:
            raise source_error("LimitExceeded", place, limit="decoded_bytes", value=limits.decoded_bytes)
        for row in values:
            row.update(dict.fromkeys(new))  # named, so that they are told; without a value
        yield Page(number, values, hashlib.sha256(b"\n".join(texts)).hexdigest(), length)
        wanted = max(1, min(_MOST_ROWS, wanted * _GROWTH, _BATCH_BYTES * len(batch) // max(length, 1)))
    if not number:
        yield Page(1, [], _EMPTY, 0)


def _distinct(names: list[str], place: Place) -> list[str]:
    for name in names:
        if names.count(name) > 1:
            raise source_error("DuplicateColumn", place, column=showable_name(name))
    return names


def _keep_rows_out_of_logs() -> None:
    """SQLAlchemy and psycopg log statements, parameters, rows and the server's notices when they are asked to: all of
    them may hold personal data. Our findings suffice."""
    for name in ("", ".engine", ".engine.Engine", ".pool", ".dialects.postgresql"):
        logging.getLogger(f"sqlalchemy{name}").setLevel(logging.CRITICAL)
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
