"""Kind `files`: workbooks, CSV files and edXML messages of an inbox or an SFTP folder, read strictly and held against
the same contracts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from common.errors import SourceError, Text
from connectors.contract import Reading
from connectors.edxml.model import EdxmlLayout
from connectors.files_model import Asked, FileListing, FilesSource, asked_for, name_pattern
from connectors.findings import source_error
from connectors.kinds.file_messages import Mailbox, read_mailbox, take_messages
from connectors.kinds.file_tables import read_tables
from connectors.paging import RawListing
from connectors.rest_model import Period
from connectors.sheets.inbox import Arrival, Folder, LocalFolder, Patience, new_arrivals

Progress = Callable[[Text], None]


def receive(
    source: FilesSource,
    year: int,
    inbox: Path,
    reading: Reading,
    *,
    progress: Progress | None = None,
    patience: Patience | None = None,
) -> list[RawListing]:
    """Read every file of a year and hold every row against the contract. `inbox` is the deployment's.

    Raises `SourceError`; then nothing of the pull is usable. Raises `ConfigurationError` for a credential that is
    missing. Files are never changed, moved or removed.
    """
    listings = []
    with open_folder(source, inbox, patience or Patience()) as folder:
        files = Files(source, year, folder)
        for listing in source.requests:
            for period in files.periods(listing):
                listings.append(files.read(listing, period, reading))
                if progress:
                    progress(_told(source, listings[-1]))
    return listings


@contextlib.contextmanager
def open_folder(source: FilesSource, inbox: Path, patience: Patience) -> Iterator[Folder]:
    """The folder that the files arrive in. Raises `ConfigurationError` for a credential that is missing."""
    if source.sftp is None:
        yield LocalFolder(inbox / source.folder, source.limits.body_bytes, patience)
        return
    from connectors.sftp.credentials import login_of
    from connectors.sftp.folder import SftpFolder

    with SftpFolder(source.sftp, login_of(source.sftp), source.limits, patience) as folder:
        yield folder


class Files:
    """The files of one source and year. Messages of a pattern are read once, however many periods they are for."""

    def __init__(self, source: FilesSource, year: int, folder: Folder) -> None:
        self._source = source
        self._year = year
        self._folder = folder
        self._mailboxes: dict[str, Mailbox] = {}

    def periods(self, listing: FileListing) -> list[Period]:
        """The periods to read. Where the listing says so, those whose file has not come yet are left out, as long as
        one is there. Raises `SourceError`."""
        found, missing = [], None
        for period in listing.periods:
            try:
                self.names(listing, period)
            except SourceError as error:
                if error.code != "FileMissing" or listing.missing_periods == "fail":
                    raise
                missing = error
            else:
                found.append(period)
        if missing and not found:
            raise missing
        return found

    def names(self, listing: FileListing, period: Period) -> list[str]:
        """The files of a list and period. Raises `SourceError` (`FileMissing`, `UnsafeName`, `LimitExceeded`)."""
        asked = asked_for(self._source, listing, period, self._year)
        wanted = name_pattern(asked.pattern)
        names = self._folder.names(lambda name: wanted.fullmatch(name) is not None, asked.place)
        if not names:
            raise source_error("FileMissing", asked.place, pattern=asked.pattern)
        if len(names) > self._source.limits.pages:
            raise source_error("LimitExceeded", asked.place, limit="pages", value=self._source.limits.pages)
        return names

    def read(self, listing: FileListing, period: Period, reading: Reading) -> RawListing:
        """Hand the rows of a list and period to the reading. Raises `SourceError`."""
        asked, layout = asked_for(self._source, listing, period, self._year), listing.layout
        if not isinstance(layout, EdxmlLayout):
            return read_tables(self._source, layout, self._arrivals(asked, period), reading, asked)
        if asked.pattern not in self._mailboxes:
            arrivals = self._arrivals(asked, period)
            self._mailboxes[asked.pattern] = read_mailbox(self._source, layout, arrivals, asked.place)
        return take_messages(layout, self._mailboxes[asked.pattern], reading, asked)

    def _arrivals(self, asked: Asked, period: Period) -> Iterator[tuple[Arrival, str]]:
        names = self.names(asked.listing, period)
        return new_arrivals((self._folder.read(name, asked.place) for name in names), [])


def _told(source: FilesSource, listing: RawListing) -> Text:
    rows, files = sum(page.rows for page in listing.pages), len(listing.pages)
    place = f"{source.name}/{listing.request}/{listing.period}"
    return Text(f"{place}: {rows} dòng, {files} tệp", f"{place}: {rows} rows, {files} files")
