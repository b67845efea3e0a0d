"""Files that are edXML messages: each row a document in its final state, every message accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.contract import Reading
from connectors.edxml.folding import Document, Folded, Part, fold
from connectors.edxml.message import FaultyMessage, Message, Receiver, pointer_of, read_message
from connectors.edxml.model import FIRST_SENT, RECEIVER, SENDER, STATUS, EdxmlLayout
from connectors.files_model import Asked, FilesSource
from connectors.findings import Place, SourceFinding, finding
from connectors.flattening import shape_of
from connectors.paging import Page, PageFacts, RawListing
from connectors.sheets.inbox import Arrival, showable

Row = dict[str, Any]


@dataclass(frozen=True)
class Mailbox:
    """The messages of a folder, read once: those that are sound, those that are not, and copies by (name, earlier)."""

    messages: list[Message]
    faulty: list[FaultyMessage]
    same: list[tuple[str, str]]
    folded: Folded


def read_mailbox(
    source: FilesSource, layout: EdxmlLayout, arrivals: Iterable[tuple[Arrival, str]], place: Place
) -> Mailbox:
    """Read every message; each is reduced to what the contract lists before the next is read. Raises `SourceError`."""
    listed = shape_of(source.contract).listed
    messages: list[Message] = []
    faulty: list[FaultyMessage] = []
    same: list[tuple[str, str]] = []
    for arrival, earlier in arrivals:
        if earlier:
            same.append((arrival.name, earlier))
            continue
        read = read_message(arrival, layout, listed, place, source.limits.depth)
        if isinstance(read, Message):
            messages.append(read)
        else:
            faulty.append(read)
    return Mailbox(messages, faulty, same, fold(messages, source.contract.agency.field == RECEIVER))


def take_messages(layout: EdxmlLayout, mailbox: Mailbox, reading: Reading, asked: Asked) -> RawListing:
    """Hand the documents of a period to the reading: those that were first sent in it. A message that is faulty could
    belong to any period, so it is set aside in each."""
    place, window = asked.place, asked.window
    fates = {one.sha256: fate for fate, messages in mailbox.folded.fates.items() for one in messages}
    rows: Counter[str] = Counter()
    for document in mailbox.folded.documents:
        for part in document.parts:
            sha256 = part.message.sha256
            if not window[0] <= _day_of(document) <= window[1]:
                fates[sha256] = "other_period"
                continue
            found = list(_rows(document, part, layout, reading))
            fates[sha256] = "documents" if found else "elsewhere"
            rows[sha256] = len(found)
            page = Page(1, [row for _, row in found], sha256, part.message.size)
            pointers = [pointer for pointer, _ in found]
            reading.take(place.request, place.period, page, "", window, pointers=pointers)
    for one in mailbox.faulty:
        fates[one.sha256] = "quarantined"
        rows[one.sha256] = 1
        fault = one.finding
        there = place._replace(field=fault.field_name)
        told = SourceFinding(fault.code, fault.message, fault.hint, str(there), *there)
        reading.set_aside(place, (one.sha256, showable(one.name)), [told])
    return _listed(mailbox, asked, fates, rows)


def _day_of(document: Document) -> date:
    """The local day on which it was first sent: what is done to it later does not move it."""
    return document.first.moment.date()


def _rows(document: Document, part: Part, layout: EdxmlLayout, reading: Reading) -> Iterator[tuple[str, Row]]:
    """The rows of one part, with their pointers: one for its sender, or one for each receiver, if they are ours."""
    message, ours = part.message, f".{layout.within}"
    row = {**message.row, FIRST_SENT: document.first.moment.strftime(layout.timestamp)}
    if reading.source.contract.agency.field == SENDER:
        if message.sender.endswith(ours):
            yield pointer_of(message.name, SENDER), row
        return
    for number, receiver in enumerate(part.receivers):
        if receiver.code.endswith(ours):
            addressed = _addressed(document, receiver, row, reading.shape.listed)
            yield pointer_of(message.name, f"MessageHeader.To.{number}"), addressed


def _addressed(document: Document, receiver: Receiver, row: Row, listed: Collection[str]) -> Row:
    """The row of one receiver, with its newest word on the document."""
    header = {**row.get("MessageHeader", {}), "To": receiver.element}
    said = document.statuses.get(receiver.code)
    status = {name: value for name, value in said.row.items() if f"{STATUS}.{name}" in listed} if said else {}
    return {**row, "MessageHeader": header, **({STATUS: status} if status else {})}


def _listed(mailbox: Mailbox, asked: Asked, fates: dict[str, str], rows: Counter[str]) -> RawListing:
    """The listing as the manifest has it: what became of each file, and the sums, which add up to all of them."""
    listing, place, pattern, groups, window = asked
    read: list[Message | FaultyMessage] = [*mailbox.messages, *mailbox.faulty]
    ordered = sorted(read, key=lambda one: (one.name, one.sha256))
    counts = Counter(fates[one.sha256] for one in ordered)
    files = [{"name": showable(one.name), "sha256": one.sha256, "is": fates[one.sha256]} for one in ordered]
    told: dict[str, Any] = {
        "file": pattern,
        "messages": {"received": len(ordered) + len(mailbox.same), "same": len(mailbox.same), **counts},
        "files": files,
    }
    if mailbox.same:
        told["same"] = [[showable(name), showable(earlier)] for name, earlier in mailbox.same]
    pages = tuple(
        PageFacts(number, rows[one.sha256], one.sha256, one.size, one.troubles) for number, one in enumerate(ordered, 1)
    )
    unmatched = counts["unmatched"]
    notes = (finding("MessagesWithoutDocument", place, count=unmatched),) if unmatched else ()
    return RawListing(listing.name, place.period, groups, told, pages, (), window, notes)
