"""The ledger of appeals: `appeals.jsonl`, one line per event, each naming the hash of the one before it.

A line that is changed, moved or taken away breaks the chain; one that is cut off at the end is missed by the journal,
which knows the newest. A torn last line of a crash is passed over, as its event left no other trace.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from common.durable import append_line
from common.errors import DifferenceError, Text, UsageError
from pipelines import journal
from pipelines.settings import Deployment, now

_WORDS = {"yes": "có", "no": "không"}
FIRST = "0" * 64
JOURNAL_EVENT = "appeal"


@dataclass(frozen=True)
class Asked:
    """The figure or the points that should count, as an appraisal has them: one of the three forms, or nothing."""

    numerator: str = ""
    denominator: str = ""
    value: str = ""
    points: str = ""

    def __bool__(self) -> bool:
        return bool(self.points or self.value or (self.numerator and self.denominator))

    @property
    def words(self) -> Text:
        if self.points:
            return Text(f"{self.points} điểm", f"{self.points} points")
        text = self.value or f"{self.numerator}/{self.denominator}"
        return Text(_WORDS.get(text, text), text) if self else Text("chưa nêu", "not stated")


@dataclass(frozen=True)
class Appeal:
    """One appeal as its events leave it; `state` is open, granted or refused."""

    appeal_id: str
    year: int
    period: str
    ruleset_id: str
    agency_id: str
    agency_name: str
    indicator: str
    received: str
    deadline: str
    late: bool
    text: str
    document: str
    author: str
    asked: Asked
    dossier: str
    """SHA-256 of the dossier's manifest."""
    state: str = "open"
    decision: dict[str, Any] = field(default_factory=dict)


def path_of(deployment: Deployment) -> Path:
    return deployment.root / "appeals.jsonl"


def folder_of(deployment: Deployment, appeal_id: str) -> Path:
    return deployment.root / "appeals" / appeal_id


def events(deployment: Deployment) -> list[dict[str, Any]]:
    """Every event, oldest first; raises `DifferenceError` (exit 6) at the line where the chain breaks."""
    path = path_of(deployment)
    known: list[dict[str, Any]] = []
    previous = FIRST
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if entry.get("previous") != previous or entry.get("hash") != _hash(entry):
            raise _broken(f"{path}:{number}")
        previous = entry["hash"]
        known.append(entry)
    told = [entry["hash"] for entry in journal.read(deployment.journal, JOURNAL_EVENT)]
    if told and told[-1] not in {entry["hash"] for entry in known}:
        raise _broken(f"{path}:{len(lines) + 1}")
    return known


def _broken(where: str) -> DifferenceError:
    return DifferenceError(
        "appeals-altered",
        Text("sổ kiến nghị đã bị sửa hoặc thiếu dòng", "the ledger of appeals was altered or lacks lines"),
        hint=Text("khôi phục appeals.jsonl từ bản sao lưu", "restore appeals.jsonl from a backup"),
        where=where,
    )


def _hash(entry: dict[str, Any]) -> str:
    body = {name: value for name, value in entry.items() if name != "hash"}
    return hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def append(deployment: Deployment, event: str, appeal_id: str, **facts: Any) -> dict[str, Any]:
    """Append one event to the chain and tell the journal its hash. Needs the lock."""
    before = events(deployment)
    entry = {
        "at": now().isoformat(),
        "event": event,
        "appeal_id": appeal_id,
        "previous": before[-1]["hash"] if before else FIRST,
        **facts,
    }
    entry["hash"] = _hash(entry)
    append_line(path_of(deployment), entry)
    journal.record(deployment.journal, JOURNAL_EVENT, appeal=appeal_id, what=event, hash=entry["hash"])
    return entry


def opened(deployment: Deployment, appeal: Appeal) -> None:
    """Record that an appeal was opened."""
    body = {name: value for name, value in asdict(appeal).items() if name not in {"state", "decision", "appeal_id"}}
    append(deployment, "opened", appeal.appeal_id, **body)


def appeals(deployment: Deployment) -> list[Appeal]:
    """Every appeal as it stands, oldest first."""
    found: dict[str, Appeal] = {}
    for entry in events(deployment):
        facts = {name: value for name, value in entry.items() if name not in _CHAIN}
        if entry["event"] == "opened":
            facts["asked"] = Asked(**facts["asked"])
            found[entry["appeal_id"]] = Appeal(appeal_id=entry["appeal_id"], **facts)
        else:
            standing = found[entry["appeal_id"]]
            found[entry["appeal_id"]] = Appeal(
                **{**vars(standing), "state": entry["event"], "decision": {**facts, "at": entry["at"]}}
            )
    return list(found.values())


def appeal_of(deployment: Deployment, appeal_id: str) -> Appeal:
    """One appeal by its id; raises `UsageError` naming those that there are."""
    known = {one.appeal_id: one for one in appeals(deployment)}
    if appeal_id not in known:
        listed = ", ".join(known) or "–"
        raise UsageError(
            "unknown-appeal",
            Text(f"không có kiến nghị '{appeal_id}'", f"there is no appeal '{appeal_id}'"),
            hint=Text(f"có: {listed}", f"there are: {listed}"),
        )
    return known[appeal_id]


_CHAIN = {"at", "event", "appeal_id", "previous", "hash"}
