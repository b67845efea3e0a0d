"""Steps of kind `files`: the folder or the SFTP server, the files of the year, their layout, contract, agencies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from common.errors import SourceError, Text
from connectors.checks.steps import Step, agencies_step, contract_step, failed
from connectors.contract import Reading
from connectors.files_model import FileListing, FilesSource
from connectors.kinds.files import Files, open_folder
from connectors.rest_model import Period
from connectors.sheets.inbox import Folder, Patience, showable

_SHOWN = 5


class _Found(NamedTuple):
    listing: FileListing
    period: Period
    names: list[str]


def file_steps(source: FilesSource, year: int, reading: Reading, inbox: Path) -> Iterator[Step]:
    """Steps in order, each as soon as it is known; ends after the first that fails. `inbox` is the deployment's.

    Lands nothing, and leaves the files as they are. Raises `ConfigurationError` for a credential that is missing.
    """
    with open_folder(source, inbox, Patience()) as folder:
        for step in _steps(source, year, reading, (folder, inbox / source.folder)):
            yield step
            if step.status == "failed":
                return


def _steps(source: FilesSource, year: int, reading: Reading, at: tuple[Folder, Path]) -> Iterator[Step]:
    folder, path = at
    files = Files(source, year, folder)
    found: list[_Found] = []
    if source.sftp:
        from connectors.checks.sftp import sftp_steps

        yield from sftp_steps(source, source.sftp)
    else:
        yield _folder(path)
    yield _files(source, files, found)
    yield _layouts(files, found, reading)
    yield contract_step(reading)
    groups = {group for one in found for group in one.period.groups}
    yield agencies_step(reading, groups, year, Text("các tệp này", "in these files"), more=False)


def _folder(folder: Path) -> Step:
    title = Text("Thư mục nhận", "Inbox")
    shown = f"{folder.parent.name}/{folder.name}"
    if folder.is_dir():
        return Step("folder", title, "ok", Text(shown, shown))
    hint = Text(f"tạo thư mục {folder}", f"make the folder {folder}")
    return Step("folder", title, "failed", Text(f"không có thư mục {shown}", f"there is no folder {shown}"), hint)


def _files(source: FilesSource, files: Files, found: list[_Found]) -> Step:
    """Every list and period has its files; their names are left in `found`."""
    title = Text("Tệp của năm", "Files of the year")
    for listing in source.requests:
        try:
            found += [_Found(listing, period, files.names(listing, period)) for period in files.periods(listing)]
        except SourceError as error:
            return failed("files", title, error)
    names = [showable(name) for one in found for name in one.names]
    more = f" … (+{len(names) - _SHOWN})" if len(names) > _SHOWN else ""
    shown = ", ".join(names[:_SHOWN]) + more
    return Step("files", title, "ok", Text(shown, shown))


def _layouts(files: Files, found: list[_Found], reading: Reading) -> Step:
    """Read every file, whole, by its layout and hand its rows to the reading."""
    title = Text("Bố cục", "Layout")
    rows = 0
    for one in found:
        try:
            listing = files.read(one.listing, one.period, reading)
        except SourceError as error:
            where = f"{error.where.rpartition('/')[2]}: "
            detail = Text(where + error.message.vi, where + error.message.en)
            return Step("layout", title, "failed", detail, error.hint)
        if listing.findings:  # a totals row that does not add up, say
            first = listing.findings[0]
            return Step("layout", title, "failed", first.message, first.hint, listing.findings)
        rows += sum(page.rows for page in listing.pages)
    return Step("layout", title, "ok", Text(f"{rows} dòng đúng biểu mẫu", f"{rows} rows in their template"))
