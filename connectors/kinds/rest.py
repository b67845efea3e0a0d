"""Kind `rest`: a source that is asked over HTTP, as its YAML describes it."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from common.errors import SourceError, Text
from connectors.agencies import AgencyCode
from connectors.auth import authorization
from connectors.auth_model import OAuth2
from connectors.contract import Mark, Reading
from connectors.credentials import Reveal, authorities, client_files, reveal
from connectors.findings import Place
from connectors.kinds.rest_answers import Document, check_envelope, page_facts, parser_of, pointer_prefix, records
from connectors.kinds.rest_calls import build_call, facts_of
from connectors.paging import Page, PageFacts, Position, RawListing, Way, first_position, read_pages
from connectors.rest_model import SIMULATOR, Listing, Period, RestSource
from connectors.session import Line, StrictSession
from connectors.vetting import reach
from connectors.windows import Window, parts_of, window_of

Progress = Callable[[Text], None]
Sleep = Callable[[float], None]


@contextlib.contextmanager
def address_of(source: RestSource, year: int, moment: datetime) -> Iterator[str]:
    """The address to ask: the source's own, or that of its simulator, which runs while the block lasts.

    A simulator of a system that knows only the present is asked about a past year as of its last second: as it would
    have been asked then.
    """
    if not source.simulated:
        yield source.base_url
        return
    from connectors.simulator import serve

    if source.knows_only_now:
        moment = min(moment, datetime(year, 12, 31, 23, 59, 59, tzinfo=ZoneInfo(source.timezone)))
    with serve(moment, system=source.base_url.removeprefix(SIMULATOR)) as address:
        yield address


def line_of(source: RestSource, address: str) -> Line:
    """How the source is reached. Raises `ConfigurationError` for a credential or a key file that is not in order."""
    token = source.auth.access_token_url if isinstance(source.auth, OAuth2) else "/"
    own = [address] if token.startswith("/") else [address, token]
    known = _reveal_for(source)
    return Line(
        authorization(source.auth, address, known),
        {name: known(value) for name, value in source.headers.items()},
        reach(own, source.allowed_hosts, source.allowed_networks),
        authorities(source.tls),
        client_files(source.tls),
    )


def _reveal_for(source: RestSource) -> Reveal:
    """How credentials are read: those that a simulator publishes are for its sources only."""
    if not source.simulated:
        return reveal
    from connectors.simulator.systems import sample_secrets

    return partial(reveal, published=sample_secrets(source.base_url.removeprefix(SIMULATOR)))


def open_session(source: RestSource, address: str, line: Line, sleep: Sleep = time.sleep) -> StrictSession:
    return StrictSession(address, source.limits, source.endpoint.media_types, sleep, line)


def read_listings(
    source: RestSource,
    year: int,
    address: str,
    reading: Reading,
    line: Line,
    *,
    progress: Progress | None = None,
    sleep: Sleep = time.sleep,
) -> list[RawListing]:
    """Ask for every list and period of a year; `reading` judges each page as it comes.

    Raises `SourceError`; then nothing of the pull is usable.
    """
    listings = []
    with open_session(source, address, line, sleep) as session:
        for listing in source.requests:
            for period in listing.periods:
                raw = _read_listing(session, source, (listing, period, year), reading)
                listings.append(raw)
                if progress:
                    progress(_told(source, raw))
    return listings


def first_page(
    session: StrictSession, source: RestSource, asked: tuple[Listing, Period, int], agencies: Sequence[AgencyCode]
) -> Page:
    """The first page of one list and period; where each agency is asked for, that of the first agency."""
    listing, period, year = asked
    place = Place(source.name, listing.name, period.name(year))
    agency = _asked_for(listing, period, agencies)[0]
    part = parts_of(window_of(period, year), source.endpoint.window.most_days)[0]
    facts = facts_of(source, listing, period, year, agency=agency, part=part)
    return replace(_ask_page(session, source, facts, place, first_position(source.paginator)), agency=agency)


@dataclass
class _Judged:
    """Rows of one list, judged page by page; where the list is walked again, what was made of it before is undone."""

    reading: Reading
    place: Place
    prefix: str
    window: Window
    before: Mark | None = None

    def begin(self) -> None:
        if self.before is not None:
            self.reading.rewind(self.before)
        self.before = self.reading.mark()

    def take(self, page: Page) -> None:
        page = replace(page, agency=self.place.agency)
        self.reading.take(self.place.request, self.place.period, page, self.prefix, self.window)


def _read_listing(
    session: StrictSession, source: RestSource, asked: tuple[Listing, Period, int], reading: Reading
) -> RawListing:
    listing, period, year = asked
    name, window = period.name(year), window_of(period, year)
    pages: list[PageFacts] = []
    findings = []
    parts = parts_of(window, source.endpoint.window.most_days)
    for agency, part in product(_asked_for(listing, period, list(reading.agencies.values())), parts):
        place = Place(source.name, listing.name, name, agency)
        facts = facts_of(source, listing, period, year, agency=agency, part=part)

        def ask(position: Position, facts: dict[str, Any] = facts, place: Place = place) -> Page:
            return _ask_page(session, source, facts, place, position)

        judged = _Judged(reading, place, pointer_prefix(source.endpoint.data_selector), window)
        way = Way(source.paginator, source.contract.fields.keys(), place, source.limits.pages, reading.scratch)
        found, odd = read_pages(way, ask, judged)
        pages += found
        findings += odd
    facts = facts_of(source, listing, period, year, agency="{agency_code}" if listing.for_each else "")
    facts |= {"from": "{from}", "to": "{to}"} if len(parts) > 1 else {}
    first = build_call(source, {**facts, **first_position(source.paginator).facts})
    described = {"method": first.method, "path": first.path, "params": first.params, "form": first.form}
    if first.document is not None:
        described["json"] = first.document.decode()
    return RawListing(listing.name, name, period.groups, described, tuple(pages), tuple(findings), window)


def _asked_for(listing: Listing, period: Period, agencies: Sequence[AgencyCode]) -> list[str]:
    """Codes to ask for one by one; a single empty one where the list comes for all agencies at once."""
    if not listing.for_each:
        return [""]
    return sorted(agency.code for agency in agencies if agency.group in period.groups) or [""]


def _ask_page(
    session: StrictSession, source: RestSource, facts: dict[str, Any], place: Place, position: Position
) -> Page:
    """One page of one list, parsed, its records selected."""
    call = build_call(source, {**facts, **position.facts}, position.url)
    parse = parser_of(source, place)

    def read(body: bytes) -> tuple[list[Any], Document]:
        document = parse(body)
        check_envelope(document, source.endpoint, place)
        return records(document, source.endpoint, place), document

    try:
        answer = session.ask(call, place, read)
    except SourceError as error:
        if error.code != "Empty":
            raise
        return Page(position.number, [], hashlib.sha256(b"").hexdigest(), 0)  # held by the gates, unless others came
    rows, document = answer.parsed
    headers: Mapping[str, str] = answer.headers
    said = page_facts(source.paginator, document, headers, (position, answer.url), place)
    sha256 = hashlib.sha256(answer.body).hexdigest()
    return Page(position.number, rows, sha256, len(answer.body), answer.troubles, **said)


def _told(source: RestSource, raw: RawListing) -> Text:
    rows = sum(page.rows for page in raw.pages)
    tries = sum(len(page.troubles) for page in raw.pages)
    again = (f", thử lại {tries} lần", f", {tries} retries") if tries else ("", "")
    place = f"{source.name}/{raw.request}/{raw.period}"
    return Text(f"{place}: {rows} dòng{again[0]}", f"{place}: {rows} rows{again[1]}")
