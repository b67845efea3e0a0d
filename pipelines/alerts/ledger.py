"""What was told on which channel: `alerts/ledger.jsonl`, one line per message, only ever appended to.

A line is written after its message was taken by the other side, so a process that dies in between tells once more (at
least once, never not at all). The second message carries the identity of the first, by which a receiver drops it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.durable import append_line
from common.errors import DtiError
from pipelines.alerts.notices import Notice
from pipelines.settings import Deployment, now

FILE = "ledger.jsonl"


@dataclass
class Told:
    """What one channel knows of one notice: `due` (a message with it could not be delivered), `told`, or `over`."""

    state: str
    title: dict[str, str]
    about: str
    lasting: bool
    at: str


@dataclass
class Record:
    """One channel's past."""

    channel: str
    known: dict[str, Told] = field(default_factory=dict)
    delivered: int = 0
    last_delivered_at: str | None = None
    failing_since: str | None = None
    failure: dict[str, str] | None = None

    def knows(self, key: str) -> bool:
        """Whether people were told of this, and that it is over has not been told since."""
        return key in self.known and self.known[key].state == "told"


def path_of(deployment: Deployment) -> Path:
    return deployment.alerts / FILE


def lines(deployment: Deployment) -> Iterator[dict[str, Any]]:
    """Every message and every failed delivery, oldest first. A line torn by a crash is passed over."""
    path = path_of(deployment)
    if not path.exists():
        return
    with path.open(encoding="utf-8") as text:
        for line in text:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            yield entry


def record_of(deployment: Deployment, channel: str) -> Record:
    """What a channel was told so far."""
    record = Record(channel)
    for line in lines(deployment):
        if line.get("channel") == channel:
            _add(record, line)
    return record


def _add(record: Record, line: dict[str, Any]) -> None:
    delivered = line["delivered"]
    if delivered:
        record.delivered += 1
        record.last_delivered_at, record.failing_since, record.failure = line["at"], None, line.get("error")
    else:
        record.failing_since = record.failing_since or line["at"]
        record.failure = line["error"]
    for one in line["told"]:
        if delivered or not record.knows(one["key"]):
            state = ("over" if one["ended"] else "told") if delivered else "due"
            record.known[one["key"]] = Told(state, one["title"], one["about"], one["lasting"], line["at"])
    for key in line["over"] if delivered else []:
        if key in record.known:
            record.known[key].state = "over"


def write(
    deployment: Deployment,
    message_id: str,
    channel: str,
    *,
    told: list[Notice],
    over: list[str],
    delivered: bool,
    error: DtiError | None,
) -> None:
    """Append what became of one message. An error beside a delivery is one of some receivers only."""
    deployment.alerts.mkdir(parents=True, exist_ok=True)
    entry = {
        "at": now().isoformat(),
        "channel": channel,
        "message": message_id,
        "delivered": delivered,
        "told": [
            {
                "key": one.key,
                "title": one.title._asdict(),
                "about": one.about,
                "lasting": one.lasting,
                "ended": one.ended,
            }
            for one in told
        ],
        "over": over,
    }
    if error is not None:
        entry["error"] = {"code": error.code, "message": error.message.vi, "message_en": error.message.en}
    append_line(path_of(deployment), entry)
