"""Walking through the pages of one list: every page once, the end proven, no loop, and nothing lost on the way.

With a declared total the number of distinct rows must equal it; without one, a list of several pages is walked until
two walks in a row agree. Either way a list that will not stand still after three walks is told, and held.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from common.errors import SourceError
from connectors.findings import Place, SourceFinding, finding, source_error
from connectors.paginator_model import Counted, Offset, Paged, PageNumber

_MOST_WALKS = 3


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


@dataclass(frozen=True)
class RawListing:
    """One list for one period, as received: the request (never host or secrets), its pages, and what was odd."""

    request: str
    period: str
    groups: tuple[str, ...]
    asked: dict[str, Any]
    pages: tuple[Page, ...]
    findings: tuple[SourceFinding, ...] = ()
    window: tuple[date, date] | None = None


AskPage = Callable[[Position], Page]


def first_position(paginator: Paged) -> Position:
    """Where every walk begins."""
    if isinstance(paginator, PageNumber):
        return Position(paginator.base_page, {"page": paginator.base_page})
    if isinstance(paginator, Offset):
        return Position(1, {"offset": 0})
    return Position(1, dict.fromkeys(paginator.offers))


def read_pages(
    paginator: Paged, ask: AskPage, listed: Collection[str], place: Place, most: int
) -> tuple[list[Page], list[SourceFinding]]:
    """All pages of a list, and a finding if it would not stand still. `listed` are the fields compared.

    Raises `SourceError` for a loop, a hole, or too many pages.
    """
    before: str | None = None
    for walk in range(1, _MOST_WALKS + 1):
        pages = _walk(paginator, ask, listed, place, most)
        totals = {page.total for page in pages if page.total is not None}
        rows = [row for page in pages for row in page.rows]
        if totals:
            distinct = len(set(_row_texts(rows, listed)))
            if totals == {distinct}:
                return pages, []
            if walk == _MOST_WALKS:
                declared = ", ".join(str(total) for total in sorted(totals))
                return pages, [finding("TotalMismatch", place, total=declared, got=distinct, walks=walk)]
            continue
        digest = rows_digest(rows, listed)
        if digest == before or sum(1 for page in pages if page.rows) < 2:
            return pages, []
        before = digest
    return pages, [finding("UnstableListing", place, walks=_MOST_WALKS)]


def _walk(paginator: Paged, ask: AskPage, listed: Collection[str], place: Place, most: int) -> list[Page]:
    pages: list[Page] = []
    seen_rows: set[str] = set()
    position = first_position(paginator)
    seen_positions = {position.token}
    while len(pages) < most:
        page = _ask_behind(paginator, ask, position, pages, place)
        if page is None:
            return pages
        digest = rows_digest(page.rows, listed)
        if page.rows and digest in seen_rows:
            if _repeats_last(paginator, page, pages, listed):
                return pages
            raise source_error("PaginationLoop", place, page=position.number)
        seen_rows.add(digest)
        pages.append(page)
        following = _following(paginator, position, pages, place)
        if following is None:
            return pages
        if following.token in seen_positions:
            raise source_error("PaginationLoop", place, page=following.number)
        seen_positions.add(following.token)
        position = following
    raise source_error("LimitExceeded", place, limit="pages", value=most)


def _ask_behind(paginator: Paged, ask: AskPage, position: Position, pages: list[Page], place: Place) -> Page | None:
    """The page, or None where the source answers 404 behind its last page and says so in its YAML."""
    try:
        return ask(position)
    except SourceError as error:
        if error.code != "NotFound" or not pages:
            raise
        unknown_end = pages[-1].total is None and pages[-1].more is None
        if isinstance(paginator, Counted) and paginator.after_last_page == "not_found" and unknown_end:
            return None
        raise source_error("PaginationInconsistent", place, page=position.number, detail="HTTP 404") from None


def _repeats_last(paginator: Paged, page: Page, pages: list[Page], listed: Collection[str]) -> bool:
    """Whether this is the last page once more, from a source that is declared to do so. A second page that repeats a
    full first one may just as well be a source that ignores the position: that stays a loop."""
    if not isinstance(paginator, Counted) or paginator.after_last_page != "repeats":
        return False
    size = next(iter(value for name, value in paginator.facts().items() if name in {"page_size", "limit"}))
    if len(pages) == 1 and len(page.rows) >= size:
        return False
    return rows_digest(pages[-1].rows, listed) == rows_digest(page.rows, listed)


def _following(paginator: Paged, position: Position, pages: list[Page], place: Place) -> Position | None:
    """The next position, or None at the end of the list."""
    page = pages[-1]
    if not isinstance(paginator, Counted):
        return page.following
    received = sum(len(one.rows) for one in pages)
    known = page.more is not None or page.total is not None or page.total_pages is not None
    ended = (
        page.more is False
        or (page.total is not None and received >= page.total)
        or (page.total_pages is not None and len(pages) >= page.total_pages)
    )
    if ended or (not page.rows and not known):
        return None
    if not page.rows and not paginator.sparse:
        raise source_error("PaginationInconsistent", place, page=position.number, detail="0")
    if isinstance(paginator, PageNumber):
        return Position(position.number + 1, {"page": position.number + 1})
    step = 0 if page.rows or not isinstance(paginator, Offset) else paginator.limit  # a hole: step over it
    return Position(position.number + 1, {"offset": max(received, position.facts["offset"] + step)})


def rows_digest(rows: list[Any], listed: Collection[str]) -> str:
    """SHA-256 of a set of rows by the listed fields, whatever their order."""
    return hashlib.sha256("\n".join(sorted(_row_texts(rows, listed))).encode("utf-8", "surrogatepass")).hexdigest()


def _row_texts(rows: list[Any], listed: Collection[str]) -> list[str]:
    tops = {name.partition(".")[0] for name in listed} | set(listed)
    return [
        json.dumps(
            {key: row[key] for key in row if key in tops} if isinstance(row, dict) else row, default=str, sort_keys=True
        )
        for row in rows
    ]
