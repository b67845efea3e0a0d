"""One message: what is new and what is over for one channel, in Vietnamese with English beside it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from common.errors import Text
from common.one_line import one_line
from pipelines.alerts.ledger import Record
from pipelines.alerts.notices import Notice, as_json
from pipelines.settings import Deployment, now

_BY_ITSELF = Text("đã qua, báo muộn vì lúc đó không báo được", "over; told late, because it could not be told then")


@dataclass(frozen=True)
class Over:
    """Something that people were told of, or should have been, and that is over."""

    key: str
    title: Text


@dataclass(frozen=True)
class Digest:
    """A message for one channel. `closed` are keys whose end is not worth a line (another pull is held instead)."""

    channel: str
    deployment: str
    at: str
    new: list[Notice]
    over: list[Over]
    closed: list[str] = field(default_factory=list)
    number: int = 0

    def __bool__(self) -> bool:
        return bool(self.new or self.over)

    @property
    def message_id(self) -> str:
        """The same for the same news after the same messages: a repeated delivery can be recognised."""
        parts = [self.channel, str(self.number), *(one.key for one in self.new), "", *(one.key for one in self.over)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    @property
    def subject(self) -> str:
        new, over = len(self.new), len(self.over)
        said = [f"{new} việc cần xem"] * bool(new) + [f"{over} việc đã xong"] * bool(over)
        return one_line(f"[DTI] {self.deployment}: {', '.join(said)}", 150)

    @property
    def text(self) -> str:
        """The message for people."""
        blocks = [f"{self.deployment} – {self.at[:16].replace('T', ' ')}"]
        blocks += [_block(number, one) for number, one in enumerate(self.new, 1)]
        if self.over:
            ends = [f"  ✓ {one.title.vi} / {one.title.en}" for one in self.over]
            blocks.append("\n".join(["Đã xong (over):", *ends]))
        blocks.append("Xem: dti status")
        return "\n\n".join(blocks) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """The message for programs. `text` is what chat systems show."""
        return {
            "id": self.message_id,
            "deployment": self.deployment,
            "at": self.at,
            "new": [as_json(one) for one in self.new],
            "over": [{"key": one.key, "title": one.title._asdict()} for one in self.over],
            "subject": self.subject,
            "text": self.text,
        }

    def as_line(self) -> bytes:
        """The message as one line of JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=False, sort_keys=True).encode()


def _block(number: int, one: Notice) -> str:
    told = [
        ("Nguyên nhân (cause)", one.cause),
        ("Giữ nguyên (kept)", one.kept),
        ("Ghi chú (note)", _BY_ITSELF if one.ended else Text("", "")),
    ]
    lines = [f"{number}. {one.title.vi} / {one.title.en}"]
    for name, text in told:
        if text.vi:
            beside = f" / {text.en}" if text.en and text.en != text.vi else ""
            lines.append(f"   {name}: {text.vi}{beside}")
    if one.next:
        lines.append(f"   Việc cần làm (next): {one.next}")
    return "\n".join(lines)


def digest_for(deployment: Deployment, record: Record, current: list[Notice], *, ends: bool = True) -> Digest:
    """What a channel has not been told yet; false (empty) when nothing changed for it. Without `ends` nothing is called
    over: in the middle of a run nobody can tell."""
    new = [one for one in current if not record.knows(one.key) and not (one.ended and _is_over(record, one.key))]
    new = [one for one in new if one.lasting or not _is_over(record, one.key)]
    here = {one.key for one in current if not one.ended}
    about = {one.about for one in current if not one.ended}
    late = {one.key for one in new if one.ended}
    over, closed = [], []
    for key, told in record.known.items() if ends else ():
        if told.state == "over" or key in here | late:
            continue
        if not told.lasting or told.about in about:
            closed.append(key)
        else:
            over.append(Over(key, Text(**told.title)))
    title = one_line(deployment.settings.title.vi, 100)
    return Digest(record.channel, title, now().isoformat(), new, over, closed, record.delivered)


def _is_over(record: Record, key: str) -> bool:
    return key in record.known and record.known[key].state == "over"


def trial(deployment: Deployment, record: Record) -> Digest:
    """A message that only says that the channel works."""
    notice = Notice(
        "test",
        "test",
        Text("Thử kênh báo tin, không có việc gì", "A test of this channel; nothing is wrong"),
        lasting=False,
    )
    title = one_line(deployment.settings.title.vi, 100)
    return Digest(record.channel, title, now().isoformat(), [notice], [], number=record.delivered)
