"""Walking through the pages of one list: every page once, the end proven, no loop, and nothing lost on the way.

With a declared total the number of distinct rows must equal it; without one, a list of several pages is walked until
two walks in a row agree. Either way a list that will not stand still after three walks is told, and held.

Rows are handed on page by page and not kept: a walk remembers the facts of its pages and a digest of each.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from common.errors import SourceError
from connectors.findings import Place, SourceFinding, finding, source_error
from connectors.paginator_model import Counted, Offset, Paged, PageNumber
from connectors.runs import KEY, SortedRuns

_MOST_WALKS = 3
_DIGESTS = 2**128
_text = json.JSONEncoder(default=str, sort_keys=True).encode


@dataclass(frozen=True)
class Position:
    """Where a page is: its place in the walk, and either values of placeholders or a whole address."""

    number: int
    facts: dict[str, Any] = field(default_factory=dict)
    url: str | None = None

    @property
    def token(self) -> str:
        return self.url or json.dumps(self.facts, sort_keys=True, default=str)


@dataclass(frozen=True)
class PageFacts:
    """What is kept of a page: how many rows it had, the proof of its bytes, and what it took to get it."""

    number: int
    rows: int
    sha256: str
    size: int
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """One answer: its rows as the source sent them, the proof of its bytes, and what it says about the list.

    `total` rows, `total_pages`, whether `more` follows, and the `following` cursor or address, as far as declared.
    """

    number: int
    rows: list[Any]
    sha256: str
    size: int
    troubles: tuple[str, ...] = ()
    agency: str = ""
    total: int | None = None
    total_pages: int | None = None
    more: bool | None = None
    following: Position | None = None

    @property
    def facts(self) -> PageFacts:
        return PageFacts(self.number, len(self.rows), self.sha256, self.size, self.troubles)


@dataclass(frozen=True)
class RawListing:
    """One list for one period, as received: the request (never host or secrets), the facts of its pages, and what was
    odd: `findings` hold the pull, `notes` do not. The rows themselves were judged while they came."""

    request: str
    period: str
    groups: tuple[str, ...]
    asked: dict[str, Any]
    pages: tuple[PageFacts, ...]
    findings: tuple[SourceFinding, ...] = ()
    window: tuple[date, date] | None = None
    notes: tuple[SourceFinding, ...] = ()


AskPage = Callable[[Position], Page]


class Way(NamedTuple):
    """How a list is walked: its paging, the fields by which rows are compared, where it is, the most pages, and a
    folder for what would fill the memory."""

    paginator: Paged
    listed: Collection[str]
    place: Place
    most: int
    scratch: Path | None = None


class Taker(Protocol):
    """What takes the rows of a walk as they come."""

    def begin(self) -> None:
        """A walk begins: whatever an earlier walk of the same list gave is void."""

    def take(self, page: Page) -> None:
        """The rows of the next page."""


def first_position(paginator: Paged) -> Position:
    """Where every walk begins."""
    if isinstance(paginator, PageNumber):
        return Position(paginator.base_page, {"page": paginator.base_page})
    if isinstance(paginator, Offset):
        return Position(1, {"offset": 0})
    return Position(1, dict.fromkeys(paginator.offers))


def read_pages(way: Way, ask: AskPage, taker: Taker) -> tuple[list[PageFacts], list[SourceFinding]]:
    """Hand all pages of a list to `taker`; their facts, and a finding if the list would not stand still.

    Raises `SourceError` for a loop, a hole, or too many pages.
    """
    before: int | None = None
    for number in range(1, _MOST_WALKS + 1):
        taker.begin()
        walk = _walk(way, ask, taker)
        if walk.totals:
            distinct = walk.distinct()
            if walk.totals == {distinct}:
                return walk.pages, []
            if number == _MOST_WALKS:
                declared = ", ".join(str(total) for total in sorted(walk.totals))
                return walk.pages, [finding("TotalMismatch", way.place, total=declared, got=distinct, walks=number)]
            continue
        if walk.digest == before or sum(1 for page in walk.pages if page.rows) < 2:
            return walk.pages, []
        before = walk.digest
    return walk.pages, [finding("UnstableListing", way.place, walks=_MOST_WALKS)]


@dataclass
class _Walk:
    """What a walk remembers: the facts and two digests of each page (half a kilobyte a page), and sums. The marks of
    the rows of a list with a total go to sorted runs."""

    place: Place
    marks: SortedRuns
    pages: list[PageFacts] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    totals: set[int] = field(default_factory=set)
    last: int = 0
    digest: int = 0
    rows: int = 0

    def add(self, page: Page, digest: int, marks: list[bytes]) -> None:
        self.seen.add(digest)
        self.last = digest
        self.digest = (self.digest + digest) % _DIGESTS
        self.rows += len(page.rows)
        self.pages.append(page.facts)
        if page.total is not None:
            self.totals.add(page.total)
            for mark in marks:
                self.marks.add(mark)

    def distinct(self) -> int:
        """How many different rows came."""
        count, before = 0, None
        for table in self.marks.merged():
            for mark, _ in groupby(table.column(KEY).to_pylist()):
                count += mark != before
                before = mark
        self.marks.rewind()
        return count


def _walk(way: Way, ask: AskPage, taker: Taker) -> _Walk:
    place = way.place
    walk = _Walk(place, SortedRuns(pa.schema([]), way.scratch, place.source, pa.binary()))
    position = first_position(way.paginator)
    seen_positions = {_mark(position.token)}
    last: Page | None = None
    while len(walk.pages) < way.most:
        page = _ask_behind(way.paginator, ask, position, last, place)
        if page is None:
            return walk
        marks = row_marks(page.rows, way.listed)
        digest = rows_digest(marks)
        if page.rows and digest in walk.seen:
            if _repeats_last(way.paginator, page, digest, walk):
                return walk
            raise source_error("PaginationLoop", place, page=position.number)
        walk.add(page, digest, marks)
        taker.take(page)
        following = _following(way.paginator, position, page, walk)
        if following is None:
            return walk
        token = _mark(following.token)
        if token in seen_positions:
            raise source_error("PaginationLoop", place, page=following.number)
        seen_positions.add(token)
        position, last = following, replace(page, rows=[])
    raise source_error("LimitExceeded", place, limit="pages", value=way.most)


def _ask_behind(paginator: Paged, ask: AskPage, position: Position, last: Page | None, place: Place) -> Page | None:
    """The page, or None where the source answers 404 behind its last page and says so in its YAML."""
    try:
        return ask(position)
    except SourceError as error:
        if error.code != "NotFound" or last is None:
            raise
        unknown_end = last.total is None and last.more is None
        if isinstance(paginator, Counted) and paginator.after_last_page == "not_found" and unknown_end:
            return None
        raise source_error("PaginationInconsistent", place, page=position.number, detail="HTTP 404") from None


def _repeats_last(paginator: Paged, page: Page, digest: int, walk: _Walk) -> bool:
    """Whether this is the last page once more, from a source that is declared to do so. A second page that repeats a
    full first one may just as well be a source that ignores the position: that stays a loop."""
    if not isinstance(paginator, Counted) or paginator.after_last_page != "repeats":
        return False
    size = next(iter(value for name, value in paginator.facts().items() if name in {"page_size", "limit"}))
    if len(walk.pages) == 1 and len(page.rows) >= size:
        return False
    return walk.last == digest


def _following(paginator: Paged, position: Position, page: Page, walk: _Walk) -> Position | None:
    """The next position, or None at the end of the list."""
    if not isinstance(paginator, Counted):
        return page.following
    known = page.more is not None or page.total is not None or page.total_pages is not None
    ended = (
        page.more is False
        or (page.total is not None and walk.rows >= page.total)
        or (page.total_pages is not None and len(walk.pages) >= page.total_pages)
    )
    if ended or (not page.rows and not known):
        return None
    if not page.rows and not paginator.sparse:
        raise source_error("PaginationInconsistent", walk.place, page=position.number, detail="0")
    if isinstance(paginator, PageNumber):
        return Position(position.number + 1, {"page": position.number + 1})
    step = 0 if page.rows or not isinstance(paginator, Offset) else paginator.limit  # a hole: step over it
    return Position(position.number + 1, {"offset": max(walk.rows, position.facts["offset"] + step)})


def rows_digest(marks: list[bytes]) -> int:
    """The digest of a set of rows by the marks of each: their sum, so their order does not matter."""
    return sum(int.from_bytes(mark) for mark in marks) % _DIGESTS


def row_marks(rows: list[Any], listed: Collection[str]) -> list[bytes]:
    """A digest of each row by the listed fields, 16 bytes."""
    tops = {name.partition(".")[0] for name in listed} | set(listed)
    kept = ({name: row[name] for name in tops if name in row} if isinstance(row, dict) else row for row in rows)
    return [_mark(_text(row)) for row in kept]


def _mark(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
