"""One edXML message, read strictly, with all that is personal left behind.

What is wrong with a message sets that message aside: a folder holds thousands, of many senders.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from common.errors import SourceError
from connectors.edxml.model import NAMESPACE, SIGNED, EdxmlLayout
from connectors.findings import PassingTrouble, Place, SourceFinding, finding
from connectors.sheets.inbox import Arrival, showable
from connectors.strict_xml import parse_xml
from connectors.texts import showable_name
from connectors.values import show

_CODES = {f"{number:02}" for number in range(1, 17)}
_ENVELOPE, _HEADER = "edXMLEnvelope", "edXMLHeader"
_FROM, _TRACE, _BUSSINESS = "MessageHeader.From", "TraceHeaderList.TraceHeader", "TraceHeaderList.Bussiness"

# What the standard has and no row keeps: dropped without a word. Names beyond it are told, without their values.
_STANDARD = (
    "MessageHeader TraceHeaderList Signature DigitalSignature Status MessageStatus From To Code PromulgationInfo "
    "DocumentType Subject Content SignerInfo DueDate ToPlaces OtherInfo ResponseFor SteeringType DocumentId "
    "OrganId OrganizationInCharge OrganName OrganAdd Email Telephone Fax Website CodeNumber CodeNotation Place "
    "PromulgationDate Type TypeName TypeDetail Priority SphereOfPromulgation TyperNotation PromulgationAmount "
    "PageAmount Appendixes Direction TraceHeader Timestamp Bussiness BussinessDocType BussinessDocReason "
    "BussinessDocumentInfo StaffInfo Paper ReplacementInfoList StatusCode Description "
    "@id @version @mustUnderstand @actor"
)
_DROPPED = frozenset(_STANDARD.split())


class Receiver(NamedTuple):
    """One organisation that a message is addressed to: its code, and its element as far as a row keeps it."""

    code: str
    element: dict[str, Any]


class Replaced(NamedTuple):
    """A document that a replacement names, and for whom; nobody named means for all."""

    document: str
    receivers: frozenset[str]


@dataclass(frozen=True)
class Message:
    """One message. `act`: new | revoke | update | replace | status. `row` holds what the contract lists."""

    name: str
    sha256: str
    size: int
    act: str
    moment: datetime
    sender: str
    document: str
    row: dict[str, Any] = field(default_factory=dict)
    receivers: tuple[Receiver, ...] = ()
    targets: tuple[str, ...] = ()
    replaced: tuple[Replaced, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    answers: str = ""
    troubles: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[datetime, str, str]:
        """By its own time, then by its file's name."""
        return self.moment, self.name, self.sha256


class FaultyMessage(NamedTuple):
    """A message that is set aside."""

    name: str
    sha256: str
    size: int
    finding: SourceFinding
    troubles: tuple[str, ...] = ()


class _Unfit(Exception):
    def __init__(self, code: str, path: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.path, self.facts = code, path, facts


def read_message(
    arrival: Arrival, layout: EdxmlLayout, listed: Collection[str], place: Place, depth: int
) -> Message | FaultyMessage:
    """The message of a file, or why it is set aside. `listed` are the paths that the contract keeps."""
    at = place._replace(agency="")
    size = len(arrival.content)
    known: dict[str, Any] = {"sha256": arrival.sha256, "size": size, "troubles": arrival.troubles}
    try:
        header = _header(parse_xml(arrival.content, at, depth=depth, namespace=NAMESPACE))
        status = _status(header)
        read = _document(header, layout, listed) if status is None else _answer(status, layout)
        return Message(arrival.name, **known, **read)
    except _Unfit as unfit:
        fault = finding(unfit.code, at._replace(field=unfit.path), **unfit.facts)
    except PassingTrouble as trouble:
        fault = finding(trouble.code, at, **trouble.facts)
    except SourceError as error:
        fault = SourceFinding(error.code, error.message, error.hint, str(at), *at)
    return FaultyMessage(arrival.name, **known, finding=fault)


def pointer_of(name: str, path: str) -> str:
    """Where a row comes from, for the quarantine and the landed table: the file, then the element."""
    return f"{showable(name)}/{path.replace('.', '/')}"


def _header(document: dict[str, Any]) -> dict[str, Any]:
    root = document.get("edXML", document)
    envelope = root.get(_ENVELOPE) if isinstance(root, dict) else None
    header = envelope.get(_HEADER) if isinstance(envelope, dict) else None
    if not isinstance(header, dict):
        raise _Unfit("MissingField", _HEADER)
    return header


def _status(header: dict[str, Any]) -> dict[str, Any] | None:
    """The element of a status message: one of its own, or a message header with a status code."""
    for name in ("Status", "MessageStatus", "MessageHeader"):
        part = header.get(name)
        if isinstance(part, dict) and "StatusCode" in part:
            return part
    return None


def _document(header: dict[str, Any], layout: EdxmlLayout, listed: Collection[str]) -> dict[str, Any]:
    code = _text(header, f"{_BUSSINESS}.BussinessDocType")
    if code not in layout.acts:
        raise _Unfit("UnknownValue", f"{_BUSSINESS}.BussinessDocType", shown=show(code))
    sender, document = _text(header, f"{_FROM}.OrganId"), _text(header, "MessageHeader.DocumentId")
    trace = _first_trace(header, sender)
    bussiness = _element(header, _BUSSINESS)
    row = _kept({**header, "TraceHeaderList": {**header["TraceHeaderList"], "TraceHeader": trace}}, "", listed)
    added, removed = _changed(bussiness)
    return {
        "act": layout.acts[code],
        "moment": _moment(_text(trace, "Timestamp", f"{_TRACE}."), layout, f"{_TRACE}.Timestamp"),
        "sender": sender,
        "document": document,
        "row": {**row, SIGNED: "1" if _signed(header) else "0"},
        "receivers": _receivers(header, listed),
        "targets": tuple(dict.fromkeys(one for name in layout.targets for one in _named(header, name))),
        "replaced": _replaced(bussiness),
        "added": added,
        "removed": removed,
    }


def _answer(status: dict[str, Any], layout: EdxmlLayout) -> dict[str, Any]:
    """A status message: what a receiver says about a document of another."""
    code, time = _text(status, "StatusCode", "Status."), _text(status, "Timestamp", "Status.")
    if code not in _CODES:
        raise _Unfit("UnknownValue", "Status.StatusCode", shown=show(code))
    return {
        "act": "status",
        "moment": _moment(time, layout, "Status.Timestamp"),
        "sender": _text(status, "From.OrganId", "Status."),
        "document": _text(status, "ResponseFor.DocumentId", "Status."),
        "answers": _text(status, "ResponseFor.OrganId", "Status."),
        "row": {"StatusCode": code, "Timestamp": time},
    }


def _first_trace(header: dict[str, Any], sender: str) -> dict[str, Any]:
    """Where the message began: the trace that the sender left, else the first."""
    traces = [one for one in _list(_element(header, "TraceHeaderList").get("TraceHeader")) if isinstance(one, dict)]
    if not traces:
        raise _Unfit("MissingField", _TRACE)
    return next((one for one in traces if one.get("OrganId") == sender), traces[0])


def _receivers(header: dict[str, Any], listed: Collection[str]) -> tuple[Receiver, ...]:
    found: dict[str, Receiver] = {}
    for one in _list(_element(header, "MessageHeader").get("To")):
        code = _text({"To": one}, "To.OrganId", "MessageHeader.")
        found.setdefault(code, Receiver(code, _kept(one, "MessageHeader.To", listed)))
    return tuple(found.values())


def _named(header: dict[str, Any], where: str) -> list[str]:
    """The documents that a message names in one of the places where it may name the one that it acts on."""
    if where == "own":
        return [_text(header, "MessageHeader.DocumentId")]
    parts = _list(_element(header, "MessageHeader").get("ResponseFor"))
    if where == "bussiness":
        parts = [_element(header, _BUSSINESS)]
    return [one["DocumentId"] for one in parts if isinstance(one, dict) and _filled(one.get("DocumentId"))]


def _replaced(bussiness: dict[str, Any]) -> tuple[Replaced, ...]:
    listing = bussiness.get("ReplacementInfoList")
    found = []
    for one in _list(listing.get("ReplacementInfo")) if isinstance(listing, dict) else []:
        if isinstance(one, dict) and _filled(one.get("DocumentId")):
            names = one.get("OrganIdList")
            codes = _list(names.get("OrganId")) if isinstance(names, dict) else []
            found.append(Replaced(one["DocumentId"], frozenset(code for code in codes if _filled(code))))
    return tuple(found)


def _changed(bussiness: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Receivers that an update adds (ReceiverType 1) and takes away (0)."""
    changes: dict[str, list[str]] = {"1": [], "0": []}
    for info in _list(bussiness.get("BussinessDocumentInfo")):
        listing = info.get("ReceiverList") if isinstance(info, dict) else None
        for one in _list(listing.get("Receiver")) if isinstance(listing, dict) else []:
            if isinstance(one, dict) and _filled(one.get("OrganId")) and one.get("ReceiverType") in changes:
                changes[one["ReceiverType"]].append(one["OrganId"])
    return tuple(changes["1"]), tuple(changes["0"])


def _signed(header: dict[str, Any]) -> bool:
    """Whether the message carries a signature's value. It is not verified here: the certificates are not ours."""
    open_parts = [header.get("Signature"), header.get("DigitalSignature")]
    while open_parts:
        part = open_parts.pop()
        if isinstance(part, dict):
            value = part.get("SignatureValue")
            if _filled(value) or (isinstance(value, dict) and _filled(value.get("#text"))):
                return True
            open_parts += part.values()
    return False


def _kept(part: dict[str, Any], above: str, listed: Collection[str]) -> dict[str, Any]:
    """The listed elements below `above`; of elements beyond the standard only that they are there."""
    kept: dict[str, Any] = {}
    for name, value in part.items():
        path = f"{above}.{name}" if above else name
        if path in listed:
            kept[name] = value
        elif isinstance(value, dict) and any(one.startswith(f"{path}.") for one in listed):
            kept[name] = _kept(value, path, listed)
        elif name not in _DROPPED:
            kept[showable_name(name)] = ""
    return kept


def _element(part: dict[str, Any], path: str, above: str = "") -> dict[str, Any]:
    """The one element at a path; `above` completes the path for messages."""
    found: Any = part
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    if isinstance(found, dict):
        return found
    if found in (None, ""):
        raise _Unfit("MissingField", f"{above}{path}")
    raise _Unfit("WrongType", f"{above}{path}", expected="one element", got=type(found).__name__)


def _text(part: dict[str, Any], path: str, above: str = "") -> str:
    parent, _, name = path.rpartition(".")
    value = (_element(part, parent, above) if parent else part).get(name)
    if value in (None, ""):
        raise _Unfit("MissingField" if value is None else "EmptyValue", f"{above}{path}")
    if not isinstance(value, str):
        raise _Unfit("WrongType", f"{above}{path}", expected="text", got=type(value).__name__)
    return value


def _filled(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _list(value: Any) -> list[Any]:
    """The elements of a name: none, one, or several."""
    if value in (None, ""):
        return []
    return value if isinstance(value, list) else [value]


def _moment(text: str, layout: EdxmlLayout, path: str) -> datetime:
    """A local time, written exactly as declared."""
    try:
        moment = datetime.strptime(text, layout.timestamp)  # noqa: DTZ007 - local by the standard
    except (ValueError, OverflowError):
        raise _Unfit("DateFormat", path, format=layout.timestamp) from None
    if moment.strftime(layout.timestamp) != text:
        raise _Unfit("DateFormat", path, format=layout.timestamp)
    return moment
