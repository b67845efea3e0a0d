"""edXML documents: what counts once, what no longer counts, and a fate for every message."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigurationError
from common.yaml_files import parse_model, parse_yaml
from connectors import AgencyCode, Landing, PullOutcome, pull
from connectors.edxml import folding, model
from connectors.edxml import message as messages
from connectors.files_model import FilesSource
from connectors.kinds import file_messages, files
from connectors.sheets.inbox import Patience
from connectors.tables import read_table
from tests.connectors.test_files_pull import NOW
from tests.support.edxml import ATTACHMENT, SUBJECT, document_id, message, status
from tests.support.probe import EMAIL, PERSON, PHONE, canaries_in

YAML = """
name: edocs
title: {vi: Văn bản điện tử, en: Electronic documents}
kind: files
requests:
  - name: documents
    file: "*.edxml"
    layout: {type: edxml, within: H41}
    periods: [{period: "{year}", groups: [department]}]
contract:
  version: 1
  table: documents
  values: strings
  agency: {field: MessageHeader.From.OrganId, scheme: qcvn102}
  key: [MessageHeader.DocumentId]
  fields:
    MessageHeader.From.OrganId: {name: agency_code, type: text}
    MessageHeader.DocumentId: {name: document_id, type: text}
    MessageHeader.PromulgationInfo.PromulgationDate: {name: promulgated_on, type: date, format: "%Y/%m/%d"}
    TraceHeaderList.Bussiness.BussinessDocType: {name: business_type, type: text, values: ["0", "2", "3"]}
    TraceHeaderList.Bussiness.Paper: {name: paper, type: integer, minimum: 0, maximum: 1}
    signed: {name: signed, type: integer}
    first_sent: {name: sent_on, type: date, format: "%Y/%m/%d %H:%M:%S", timezone: Asia/Ho_Chi_Minh}
gates: {coverage: {of_register: 0, of_last_accepted: 0}, quarantine_share: 1}
"""
BY_RECEIVER = (
    YAML.replace("MessageHeader.From.OrganId: {", "MessageHeader.To.OrganId: {")
    .replace("field: MessageHeader.From.OrganId", "field: MessageHeader.To.OrganId")
    .replace("    signed:", "    Status.StatusCode: {name: status, type: text, required: false}\n    signed:")
)
A, B, C = (f"000.00.0{n}.H41" for n in (1, 2, 3))
MINISTRY = "000.00.00.G22"
FIRST = document_id(A, 1)


def source(text: str = YAML) -> FilesSource:
    return parse_model(parse_yaml(text, Path("edocs.yaml")), FilesSource)


@pytest.fixture
def pulled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., PullOutcome]:
    """Pull these messages, each a file; unnamed ones are named in their order, backwards."""
    monkeypatch.setattr(files, "Patience", lambda: Patience(quiet_seconds=0))
    agencies = [AgencyCode(f"id-{code}", "qcvn102", code, f"Cơ quan {code}", "department") for code in (A, B, C)]

    numbers = itertools.count()

    def run(*found: bytes, text: str = YAML, year: int = 2025, **named: bytes) -> PullOutcome:
        inbox = tmp_path / "inbox" / "edocs"
        inbox.mkdir(parents=True, exist_ok=True)
        for path in inbox.iterdir():
            path.unlink()
        for number, content in enumerate(found):
            (inbox / f"m{999 - number}.edxml").write_bytes(content)
        for name, content in named.items():
            (inbox / f"{name}.edxml").write_bytes(content)
        landing = Landing(tmp_path / f"landing{next(numbers)}")  # a new one: nothing is 'unchanged'
        outcome = pull(source(text), year, landing=landing, agencies=agencies, moment=NOW, clock=lambda: NOW)
        _adds_up(outcome)
        return outcome

    return run


def _adds_up(outcome: PullOutcome) -> None:
    """Every message has one fate, and the rows received are those that the messages gave."""
    assert outcome.pull
    manifest = outcome.pull.manifest
    for told in manifest["requests"]:
        counts = dict(told["messages"])
        assert counts.pop("received") == sum(counts.values())
        assert Counter(one["is"] for one in told["files"]) == {k: v for k, v in counts.items() if k != "same" and v}
    assert outcome.counts["received"] == sum(page["rows"] for page in manifest["pages"])


def noted(outcome: PullOutcome) -> list[str]:
    """The notes, those about agencies that sent nothing left out."""
    return [note.code for note in outcome.notes if note.code != "AgenciesMissing"]


def fates(outcome: PullOutcome, period: int = 0) -> dict[str, int]:
    assert outcome.pull
    counts = dict(outcome.pull.manifest["requests"][period]["messages"])
    return {name: number for name, number in counts.items() if number and name != "received"}


def rows(outcome: PullOutcome, *columns: str) -> list[tuple[Any, ...]]:
    assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
    assert outcome.pull
    return [tuple(str(row[name]) for name in columns) for row in read_table(outcome.pull.table).to_pylist()]


def aside(outcome: PullOutcome) -> list[tuple[str, str, str]]:
    assert outcome.pull
    found = read_table(outcome.pull.quarantine).to_pylist()
    return [(row["reason"], row["field"], row["pointer"]) for row in found]


def new(
    number: int = 1, sender: str = A, to: tuple[str, ...] = (B,), at: str = "2025/03/01 08:00:00", **more: Any
) -> bytes:
    return message("0", sender, to, number, at, **more)


def act(kind: str, number: int = 1, sender: str = A, to: tuple[str, ...] = (B,), **more: Any) -> bytes:
    return message(kind, sender, to, number, more.pop("at", "2025/04/01 08:00:00"), **more)


# What a document is


def test_a_new_document_is_a_row(pulled: Callable[..., PullOutcome]) -> None:
    outcome = pulled(new(signed=True), new(2, paper="1", signed=False))
    names = ("agency_code", "document_id", "promulgated_on", "business_type", "paper", "signed", "sent_on", "pointer")
    assert rows(outcome, *names) == [
        (A, FIRST, "2025-03-01", "0", "0", "1", "2025-03-01", "m999.edxml/MessageHeader/From/OrganId"),
        (A, document_id(A, 2), "2025-03-01", "0", "1", "0", "2025-03-01", "m998.edxml/MessageHeader/From/OrganId"),
    ]
    assert fates(outcome) == {"documents": 2}
    assert outcome.counts == {"received": 2, "accepted": 2, "quarantined": 0, "exact_duplicates": 0}
    assert noted(outcome) == []


def test_nothing_personal_is_stored(pulled: Callable[..., PullOutcome], tmp_path: Path) -> None:
    """Signers, staff, telephones, subjects, receivers by name, certificates and attachments, of sound and of faulty
    messages alike; elements beyond the standard are told by name, without their values."""
    odd = f"<edXML:Nguoi_Ky>{PERSON}</edXML:Nguoi_Ky>"
    broken = new(3, more=odd).replace(b"<edXML:BussinessDocType>0", b"<edXML:BussinessDocType>8")
    outcome = pulled(new(more=odd), act("2"), broken, new(4)[:-20], status(B, FIRST, A, "03", "2025/03/02 08:00:00"))
    assert fates(outcome) == {"documents": 1, "superseded": 1, "quarantined": 2, "statuses": 1}
    assert noted(outcome) == []
    assert noted(pulled(new(more=odd))) == ["NewField"]
    canaries = (PERSON, PHONE, EMAIL, SUBJECT, ATTACHMENT.decode(), "GbVb8n9")
    assert canaries_in(tmp_path / "landing0", "", canaries) == canaries_in(tmp_path / "landing1", "", canaries) == []
    assert canaries_in(tmp_path / "inbox", "", canaries)


def test_documents_are_counted_by_agency(pulled: Callable[..., PullOutcome]) -> None:
    """Sent, and sent fully online (signed, no paper), as the metric wants them."""
    found = [new(n, signed=n != 2, paper="1" if n == 3 else "0") for n in (1, 2, 3, 4)]
    outcome = pulled(*found, new(5, sender=B, to=(A,)), new(6, sender=MINISTRY, to=(A, B)))
    counted = rows(outcome, "agency_code", "paper", "signed")
    assert Counter(code for code, *_ in counted) == {A: 4, B: 1}
    assert Counter(code for code, paper, signed in counted if (paper, signed) == ("0", "1")) == {A: 2, B: 1}
    assert fates(outcome) == {"documents": 5, "elsewhere": 1}


def test_by_receiver_there_is_a_row_for_each(pulled: Callable[..., PullOutcome]) -> None:
    """Each receiver of ours, with its newest word; those elsewhere have no row."""
    outcome = pulled(
        new(to=(B, C, MINISTRY)),
        new(2, sender=MINISTRY, to=(A,)),
        new(3, to=(MINISTRY,)),
        status(B, FIRST, A, "03", "2025/03/02 08:00:00"),
        status(B, FIRST, A, "06", "2025/03/03 08:00:00"),
        status(C, FIRST, A, "02", "2025/03/02 08:00:00"),
        status(C, FIRST, B, "13", "2025/03/09 08:00:00"),
        text=BY_RECEIVER,
    )
    assert rows(outcome, "agency_code", "document_id", "status", "pointer") == [
        (A, document_id(MINISTRY, 2), "None", "m998.edxml/MessageHeader/To/0"),
        (B, FIRST, "06", "m999.edxml/MessageHeader/To/0"),
        (C, FIRST, "02", "m999.edxml/MessageHeader/To/1"),
    ]
    assert fates(outcome) == {"documents": 2, "elsewhere": 1, "statuses": 4}
    assert noted(outcome) == []


# What acts on documents


@pytest.mark.parametrize("named", [{"target": FIRST}, {"response_for": FIRST}, {"document": FIRST}])
def test_a_revoked_document_no_longer_counts(named: dict[str, str], pulled: Callable[..., PullOutcome]) -> None:
    """Wherever the message names it: in Bussiness, in ResponseFor, or by carrying its id."""
    outcome = pulled(new(), new(2), act("1", 9, **named))
    assert rows(outcome, "document_id") == [(document_id(A, 2),)]
    assert fates(outcome) == {"documents": 1, "revoked": 1, "revocations": 1}


def test_an_updated_document_counts_once_as_it_is_now(pulled: Callable[..., PullOutcome]) -> None:
    """On the day on which it was first sent; the id of the update names it from then on."""
    again = act("2", 8, target=document_id(A, 7), signed=False, at="2025/04/02 08:00:00")
    outcome = pulled(new(), act("2", 7, target=FIRST, paper="1"), again)
    assert rows(outcome, "document_id", "business_type", "paper", "signed", "sent_on") == [
        (document_id(A, 8), "2", "0", "0", "2025-03-01")
    ]
    assert fates(outcome) == {"documents": 1, "superseded": 2}


def test_a_replacement_stands_for_what_it_replaces(pulled: Callable[..., PullOutcome]) -> None:
    """Two documents become one; by sender, whoever receives it."""
    replaced = [(FIRST, [B]), (document_id(A, 2), [])]
    outcome = pulled(new(to=(B, C)), new(2, at="2025/02/01 08:00:00"), act("3", 5, replaces=replaced))
    assert rows(outcome, "document_id", "business_type", "sent_on") == [(document_id(A, 5), "3", "2025-02-01")]
    assert fates(outcome) == {"documents": 1, "superseded": 2}


def test_a_replacement_for_some_receivers(pulled: Callable[..., PullOutcome]) -> None:
    """By receiver the others keep the old one."""
    outcome = pulled(new(to=(B, C)), act("3", 5, to=(B,), replaces=[(FIRST, [B])]), text=BY_RECEIVER)
    assert rows(outcome, "agency_code", "document_id") == [(B, document_id(A, 5)), (C, FIRST)]
    assert fates(outcome) == {"documents": 2}


def test_an_update_changes_the_receivers(pulled: Callable[..., PullOutcome]) -> None:
    changed = act("2", to=(MINISTRY,), document=FIRST, changes=[(B, "0"), (C, "1")])
    outcome = pulled(new(to=(A, B)), changed, text=BY_RECEIVER)
    assert rows(outcome, "agency_code", "business_type") == [(A, "2"), (C, "2")]


def test_a_document_that_is_sent_again_after_a_revocation_counts(pulled: Callable[..., PullOutcome]) -> None:
    again = new(at="2025/05/01 08:00:00")
    outcome = pulled(new(), act("1", target=FIRST), again)
    assert rows(outcome, "document_id", "sent_on") == [(FIRST, "2025-05-01")]
    assert fates(outcome) == {"documents": 1, "revoked": 1, "revocations": 1}


@pytest.mark.parametrize("kind", ["1", "2", "3"])
def test_acts_on_an_unknown_document_are_noted(kind: str, pulled: Callable[..., PullOutcome]) -> None:
    """Only a message of type new makes a document."""
    unknown = document_id(A, 77)
    outcome = pulled(new(), act(kind, 8, target=unknown, replaces=[(unknown, [])] if kind == "3" else []))
    assert rows(outcome, "document_id") == [(FIRST,)]
    assert fates(outcome) == {"documents": 1, "unmatched": 1}
    assert noted(outcome) == ["MessagesWithoutDocument"]


def test_nobody_acts_on_the_documents_of_others(pulled: Callable[..., PullOutcome]) -> None:
    outcome = pulled(new(), act("1", 9, sender=B, to=(A,), target=FIRST))
    assert rows(outcome, "document_id") == [(FIRST,)]
    assert fates(outcome) == {"documents": 1, "unmatched": 1}


def test_messages_act_in_the_order_of_their_times(pulled: Callable[..., PullOutcome]) -> None:
    """Whatever their files are called; at the same second by name."""
    outcome = pulled(act("2", document=FIRST, paper="1"), new())
    assert rows(outcome, "business_type") == [("2",)]
    same = "2025/04/01 08:00:00"
    first, second = act("2", document=FIRST, at=same), act("2", document=FIRST, at=same, paper="1")
    assert rows(pulled(new(), b=second, a=first), "paper") == [("1",)]
    assert rows(pulled(new(), a=second, b=first), "paper") == [("0",)]


def test_declared_acts_and_targets(pulled: Callable[..., PullOutcome]) -> None:
    """A dialect with other numbers, and where only one's own id names a document."""
    declared = '{type: edxml, within: H41, targets: [own], acts: {"0": new, "2": update, "5": revoke}}'
    text = YAML.replace("{type: edxml, within: H41}", declared)
    outcome = pulled(new(), new(2), act("5", 1), act("5", 9, target=document_id(A, 2)), act("1"), text=text)
    assert rows(outcome, "document_id") == [(document_id(A, 2),)]
    assert fates(outcome) == {"documents": 1, "revoked": 1, "revocations": 1, "unmatched": 1, "quarantined": 1}


# Copies, years, faults


def test_copies(pulled: Callable[..., PullOutcome]) -> None:
    """The same bytes are one file; the same document in two messages is a duplicate, or a contradiction."""
    once = pulled(new(), new(to=(C,)), a=new())
    assert fates(once) == {"documents": 2, "same": 1}
    assert once.counts == {"received": 2, "accepted": 1, "quarantined": 0, "exact_duplicates": 1}
    twice = pulled(new(), new(to=(C,), paper="1"))
    assert [one[0] for one in aside(twice)] == ["ConflictingDuplicate"] * 2


def test_a_document_belongs_to_the_year_in_which_it_was_sent(pulled: Callable[..., PullOutcome]) -> None:
    """By local time, to the second; what is done to it later changes it, not its year."""
    last, first = new(1, at="2025/12/31 23:59:59"), new(2, at="2026/01/01 00:00:00")
    later = act("2", 1, paper="1", at="2026/02/01 08:00:00")
    assert rows(pulled(last, first, later), "document_id", "paper") == [(FIRST, "1")]
    assert fates(pulled(last, first, later)) == {"documents": 1, "superseded": 1, "other_period": 1}


def test_months_share_their_messages(pulled: Callable[..., PullOutcome]) -> None:
    months = ", ".join(f'{{period: "{{year}}-{n:02}", groups: [department]}}' for n in (1, 2, 3))
    text = YAML.replace('{period: "{year}", groups: [department]}', months).replace(
        "gates: {", "gates: {minimum_rows: 1, "
    )
    found = [new(n, at=f"2025/0{n}/15 08:00:00") for n in (1, 2, 3)]
    outcome = pulled(*found, act("2", 1, at="2025/03/20 08:00:00"), text=text)
    assert rows(outcome, "period", "document_id", "business_type") == [
        ("2025-01", FIRST, "2"),
        ("2025-02", document_id(A, 2), "0"),
        ("2025-03", document_id(A, 3), "0"),
    ]
    assert [fates(outcome, n) for n in range(3)] == [{"documents": 1, "superseded": 1, "other_period": 2}] * 3


HEAD, BODY = b"<edXML:edXMLHeader>", b"</edXML:edXMLHeader>"


@pytest.mark.parametrize(
    ("code", "field", "content"),
    [
        ("NotXml", "", new()[:-30]),
        ("NotXml", "", b"%PDF-1.7"),
        ("BadEncoding", "", new().replace(b"An Giang", b"An Giang\xff")),
        ("DtdRefused", "", new().replace(b"<edXML xmlns", b'<!DOCTYPE x [<!ENTITY a "b">]><edXML xmlns', 1)),
        ("OtherNamespace", "", new().replace(b"TBT/QCVN_102_2016", b"TBT/QCVN_101_2015")),
        ("LimitExceeded", "", new().replace(b"An Giang", b"<a>" * 40 + b"</a>" * 40)),
        ("MissingField", "edXMLHeader", new().replace(HEAD, b"<edXML:x>").replace(BODY, b"</edXML:x>")),
        ("EmptyValue", "MessageHeader.DocumentId", new(document="")),
        ("MissingField", "TraceHeaderList.Bussiness", new().replace(b"Bussiness>", b"Business>")),
        ("UnknownValue", "TraceHeaderList.Bussiness.BussinessDocType", act("4")),
        ("EmptyValue", "MessageHeader.From.OrganId", new(sender="")),
        ("EmptyValue", "MessageHeader.To.OrganId", new(to=("",))),
        ("WrongType", "MessageHeader.From", new(more="<edXML:From><edXML:OrganId>x</edXML:OrganId></edXML:From>")),
        ("DateFormat", "TraceHeaderList.TraceHeader.Timestamp", new(at="01/03/2025 08:00:00")),
        ("DateFormat", "TraceHeaderList.TraceHeader.Timestamp", new(at="2025/3/1 8:00:00")),
        ("DateFormat", "TraceHeaderList.TraceHeader.Timestamp", new(at="2025/02/30 08:00:00")),
        ("UnknownValue", "Status.StatusCode", status(B, FIRST, A, "17", "2025/03/01 08:00:00")),
        ("EmptyValue", "Status.ResponseFor.DocumentId", status(B, "", A, "01", "2025/03/01 08:00:00")),
    ],
)
def test_a_faulty_message_is_set_aside(
    code: str, field: str, content: bytes, pulled: Callable[..., PullOutcome]
) -> None:
    """With its reason and its file; the others are used."""
    outcome = pulled(new(2), a=content)
    assert rows(outcome, "document_id") == [(document_id(A, 2),)]
    assert aside(outcome) == [(code, field, "a.edxml")]
    assert outcome.counts == {"received": 2, "accepted": 1, "quarantined": 1, "exact_duplicates": 0}
    assert fates(outcome) == {"documents": 1, "quarantined": 1}


def test_an_agency_that_is_not_known_is_set_aside(pulled: Callable[..., PullOutcome]) -> None:
    outcome = pulled(new(), new(2, sender="000.00.99.H41"))
    assert [one[0] for one in aside(outcome)] == ["UnknownAgency"]
    assert fates(outcome) == {"documents": 2}


def test_too_many_faulty_messages_hold_the_pull(pulled: Callable[..., PullOutcome]) -> None:
    text = YAML.replace("quarantine_share: 1", 'quarantine_share: "0.4"')
    assert pulled(new(), b"x", text=text).status == "held"
    assert pulled(new(), new(2), b"x", text=text).status == "accepted"


@pytest.mark.parametrize("seed", range(30))
def test_any_order_of_files_gives_the_same_documents(seed: int, pulled: Callable[..., PullOutcome]) -> None:
    """Never more documents than new ones, each message once; and the names of files decide nothing."""
    chance = random.Random(seed)
    times = [f"2025/0{1 + n // 9}/1{n % 9} 08:00:00" for n in range(18)]
    found = []
    for at in times:
        kind, number, other = chance.choice("00123"), chance.randint(1, 4), document_id(A, chance.randint(1, 4))
        if kind == "3":
            found.append(message(kind, A, (B, C), number, at, replaces=[(other, [])]))
        else:
            found.append(message(kind, A, (B,), number, at, target="" if kind == "0" else other))
    first = pulled(*found)
    chance.shuffle(found)
    second = pulled(*found)
    assert first.pull
    assert second.pull
    assert [first.pull.manifest[key] for key in ("content_hash", "quarantine_hash", "counts")] == [
        second.pull.manifest[key] for key in ("content_hash", "quarantine_hash", "counts")
    ]
    assert fates(first) == fates(second)
    assert fates(first).get("documents", 0) <= sum(b"DocType>0<" in one for one in found)
    assert sum(fates(first).values()) == len(found)


# The YAML


@pytest.mark.parametrize(
    ("old", "new_text", "code"),
    [
        ("within: H41", "within: h41", "invalid-value"),
        ("within: H41", 'within: H41, acts: {"0": make}', "invalid-value"),
        ("within: H41", "within: H41, targets: []", "invalid-value"),
        ("within: H41", 'within: H41, timestamp: "%H:%M"', "invalid-value"),
        ('"*.edxml"', '"{year}_*.edxml"', "unknown-placeholder"),
        ("values: strings", "values: native", "invalid-value"),
        ("  key: [MessageHeader.DocumentId]\n", "", "missing-key"),
        (
            "    signed:",
            "    MessageHeader.SignerInfo.FullName: {name: signer, type: text}\n    signed:",
            "unknown-field",
        ),
        ("    signed:", "    MessageHeader.Subject: {name: subject, type: text}\n    signed:", "unknown-field"),
        ("    signed:", "    MessageHeader.To.OrganId: {name: to, type: text}\n    signed:", "unknown-field"),
        ("    signed:", "    Status.StatusCode: {name: status, type: text}\n    signed:", "unknown-field"),
        ("MessageHeader.From.OrganId", "MessageHeader.OtherInfo.Priority", "invalid-value"),
    ],
)
def test_mistakes_in_the_yaml_are_told_by_line(old: str, new_text: str, code: str) -> None:
    assert old in YAML
    with pytest.raises(ConfigurationError) as caught:
        source(YAML.replace(old, new_text))
    places = [one.where for one in caught.value.findings] or [caught.value.where]
    assert all(place.startswith("edocs.yaml:") for place in places)
    assert code in {one.code for one in caught.value.findings} | {caught.value.code}, caught.value.findings


# Each guard is needed


def _by_id_alone(self: Any, _: str, document: str) -> Any:
    return next((one for (_, name), one in self.known.items() if name == document and one.parts), None)


Proof = Callable[[Callable[..., PullOutcome]], None]
GUARDS: dict[str, tuple[Any, str, Any, Proof]] = {
    "senders": (folding._State, "_alive", _by_id_alone, test_nobody_acts_on_the_documents_of_others),
    "order": (
        messages.Message,
        "order",
        property(lambda self: (self.name,)),
        test_messages_act_in_the_order_of_their_times,
    ),
    "namespace": (
        messages,
        "NAMESPACE",
        "",
        lambda pulled: test_a_faulty_message_is_set_aside(
            "OtherNamespace", "", new().replace(b"TBT/QCVN_102_2016", b"TBT/QCVN_101_2015"), pulled
        ),
    ),
    "aliases": (
        folding._State,
        "update",
        lambda self, one: self.folded.add("unmatched", [one]),
        test_an_updated_document_counts_once_as_it_is_now,
    ),
    "revocations": (
        folding._State,
        "revoke",
        lambda self, one: self.folded.add("unmatched", [one]),
        lambda pulled: test_a_revoked_document_no_longer_counts({"target": FIRST}, pulled),
    ),
    "replacements": (
        folding._State,
        "_take_away",
        lambda *_: None,
        test_a_replacement_stands_for_what_it_replaces,
    ),
    "first-day": (
        file_messages,
        "_day_of",
        lambda document: document.parts[-1].message.moment.date(),
        test_a_document_belongs_to_the_year_in_which_it_was_sent,
    ),
    "signature": (messages, "_signed", lambda _: True, test_a_new_document_is_a_row),
    "codes": (
        messages,
        "_CODES",
        {"17"},
        lambda pulled: test_a_faulty_message_is_set_aside(
            "UnknownValue", "Status.StatusCode", status(B, FIRST, A, "17", "2025/03/01 08:00:00"), pulled
        ),
    ),
}


@pytest.mark.parametrize("name", GUARDS)
def test_each_guard_is_needed(name: str, pulled: Callable[..., PullOutcome], monkeypatch: pytest.MonkeyPatch) -> None:
    """With its guard gone, the test that it protects fails."""
    target, attribute, instead, proof = GUARDS[name]
    proof(pulled)
    monkeypatch.setattr(target, attribute, instead)
    with pytest.raises((Exception, pytest.fail.Exception)):
        proof(pulled)


def test_what_may_be_listed_holds_no_free_text() -> None:
    """The words that name people, or that people write, are not among the paths that a contract may store."""
    barred = (
        "Subject",
        "Content",
        "Signer",
        "Staff",
        "Email",
        "Telephone",
        "Mobile",
        "Reason",
        "Description",
        "ToPlaces",
    )
    assert [path for path in model.LISTABLE if any(word in path for word in barred)] == []
