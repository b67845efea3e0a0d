"""Steps of kind `files`: the folder, the files of the year, their layout, contract, agencies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from common.errors import SourceError, Text
from connectors.checks.steps import Step, agencies_step, contract_step, failed
from connectors.contract import Reading
from connectors.files_model import FileListing, FilesSource
from connectors.findings import Place
from connectors.kinds.files import arrived, listed, table_of, take_table
from connectors.rest_model import Period
from connectors.sheets.inbox import Arrival, showable

_SHOWN = 5


class _Found(NamedTuple):
    listing: FileListing
    period: Period
    place: Place
    arrivals: list[Arrival]


def file_steps(source: FilesSource, year: int, reading: Reading, inbox: Path) -> Iterator[Step]:
    """Steps in order, each as soon as it is known; ends after the first that fails. `inbox` is the deployment's.

    Lands nothing, and leaves the files as they are.
    """
    folder = inbox / source.folder
    found: list[_Found] = []
    steps = (
        lambda: _folder(folder),
        lambda: _files(source, year, folder, found),
        lambda: _layouts(source, year, found, reading),
    )
    for step in steps:
        done = step()
        yield done
        if done.status == "failed":
            return
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


def _files(source: FilesSource, year: int, folder: Path, found: list[_Found]) -> Step:
    """Every list and period has its files, each of them whole; they are left in `found`."""
    title = Text("Tệp của năm", "Files of the year")
    for listing in source.requests:
        try:
            for period, place, arrivals, _ in arrived(source, listing, year, folder):
                found.append(_Found(listing, period, place, arrivals))
        except SourceError as error:
            return failed("files", title, error)
    names = [showable(one.name) for each in found for one in each.arrivals]
    more = f" … (+{len(names) - _SHOWN})" if len(names) > _SHOWN else ""
    shown = ", ".join(names[:_SHOWN]) + more
    return Step("files", title, "ok", Text(shown, shown))


def _layouts(source: FilesSource, year: int, found: list[_Found], reading: Reading) -> Step:
    """Read every file by its layout and hand its rows to the reading."""
    title = Text("Bố cục", "Layout")
    rows = 0
    for listing, period, place, arrivals in found:
        for arrival in arrivals:
            try:
                table = table_of(source, listing, arrival, place)
            except SourceError as error:
                where = f"{showable(arrival.name)}: "
                detail = Text(where + error.message.vi, where + error.message.en)
                return Step("layout", title, "failed", detail, error.hint)
            if table.findings:  # a totals row that does not add up, say
                first = table.findings[0]
                return Step("layout", title, "failed", first.message, first.hint, tuple(table.findings))
            pattern = listing.pattern(period, year)
            one = listed(listing, period, year, (pattern, []), [(arrival, table)])
            take_table(reading, place, arrival, table, one)
            rows += len(table.rows)
    return Step("layout", title, "ok", Text(f"{rows} dòng đúng biểu mẫu", f"{rows} rows in their template"))
