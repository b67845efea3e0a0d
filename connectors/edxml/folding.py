"""What becomes of documents: messages in the order of their times, each acting on the earlier ones of its sender.

A document begins with a message of type new and counts once. An update or a replacement stands for what it changes; a
revoked document no longer counts; what acts on a document that is not known changes nothing. Every message has exactly
one fate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from connectors.edxml.message import Message, Receiver

_DocumentKey = tuple[str, str]  # the sender, and the document's id


class Part(NamedTuple):
    """The message whose content a document now has, and whom it is for."""

    message: Message
    receivers: tuple[Receiver, ...]


@dataclass(eq=False)
class Document:
    """A document: the message that it began with, and its present parts (the same document may be sent to several
    receivers in several messages); without parts it is no longer in force."""

    first: Message
    parts: list[Part]
    statuses: dict[str, Message] = field(default_factory=dict)


@dataclass
class Folded:
    """The documents in force, and what became of all other messages: superseded | revoked | revocations | statuses |
    unmatched."""

    documents: list[Document] = field(default_factory=list)
    fates: dict[str, list[Message]] = field(default_factory=dict)

    def add(self, fate: str, messages: Iterable[Message]) -> None:
        self.fates.setdefault(fate, []).extend(messages)


def fold(messages: Iterable[Message], by_receiver: bool) -> Folded:
    """The final state. With `by_receiver` a replacement that names receivers leaves the document to the others."""
    state = _State(Folded(), by_receiver)
    acts = {
        "new": state.begin,
        "update": state.update,
        "replace": state.replace,
        "revoke": state.revoke,
        "status": state.answer,
    }
    for message in sorted(messages, key=lambda one: one.order):
        acts[message.act](message)
    state.folded.documents = [document for document in state.folded.documents if document.parts]
    return state.folded


@dataclass
class _State:
    folded: Folded
    by_receiver: bool
    known: dict[_DocumentKey, Document] = field(default_factory=dict)

    def begin(self, message: Message) -> None:
        document = self._alive(message.sender, message.document)
        part = Part(message, message.receivers)
        if document:  # once more, or to further receivers; the contract tells a copy from a contradiction
            document.parts.append(part)
        else:
            self._enter(Document(message, [part]), message)

    def update(self, message: Message) -> None:
        document = self._target(message)
        if document is None:
            self.folded.add("unmatched", [message])
            return
        receivers = {one.code: one for part in document.parts for one in part.receivers}
        receivers |= {one.code: one for one in message.receivers}
        receivers |= {code: Receiver(code, {"OrganId": code}) for code in message.added if code not in receivers}
        left = tuple(one for code, one in receivers.items() if code not in message.removed)
        self.folded.add("superseded", (part.message for part in document.parts))
        document.parts = [Part(message, left)]
        self.known[message.sender, message.document] = document

    def replace(self, message: Message) -> None:
        named = [(self._alive(message.sender, one.document), one.receivers) for one in message.replaced]
        found = [(document, receivers) for document, receivers in named if document]
        target = None if message.replaced else self._target(message)
        replaced = found or ([(target, frozenset[str]())] if target else [])
        if not replaced:
            self.folded.add("unmatched", [message])
            return
        first = min((document.first for document, _ in replaced), key=lambda one: one.order)
        for document, receivers in replaced:
            self._take_away(document, receivers if self.by_receiver else frozenset())
        self._enter(Document(first, [Part(message, message.receivers)]), message)

    def revoke(self, message: Message) -> None:
        document = self._target(message)
        if document is None:
            self.folded.add("unmatched", [message])
            return
        self.folded.add("revoked", (part.message for part in document.parts))
        self.folded.add("revocations", [message])
        document.parts = []

    def answer(self, message: Message) -> None:
        """A receiver's newest word on a document; it does not decide whether the document counts."""
        document = self._alive(message.answers, message.document)
        if document:
            document.statuses[message.sender] = message
        self.folded.add("statuses", [message])

    def _target(self, message: Message) -> Document | None:
        """The document that a message acts on: one of the same sender, whoever else uses its id."""
        found = (self._alive(message.sender, one) for one in message.targets)
        return next((document for document in found if document), None)

    def _take_away(self, document: Document, receivers: frozenset[str]) -> None:
        """Take the document from these receivers, or from all where none is named."""
        left = []
        for part in document.parts:
            kept = tuple(one for one in part.receivers if receivers and one.code not in receivers)
            if kept:
                left.append(part._replace(receivers=kept))
            else:
                self.folded.add("superseded", [part.message])
        document.parts = left

    def _enter(self, document: Document, message: Message) -> None:
        self.folded.documents.append(document)
        self.known[message.sender, message.document] = document

    def _alive(self, sender: str, document: str) -> Document | None:
        found = self.known.get((sender, document))
        return found if found and found.parts else None
