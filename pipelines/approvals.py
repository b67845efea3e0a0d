"""The ledger of approvals, `approvals.jsonl`: who signed which state of a ruleset, of the registers or of the software,
or made which year official, when and why.

It only grows. Every line carries the seal of the line before it, so that a line that was altered, taken out or put in
shows; the journal knows the seals too, so that a shortened ledger shows. What needs a signature is in `guard.py`.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from typing import Any

from common.durable import append_line
from common.errors import DifferenceError, Text, UsageError
from pipelines import journal
from pipelines.settings import Deployment, now

REGISTERS = "registers"
SOFTWARE = "software"
VARIABLE = "DTI_BY"


@dataclass(frozen=True)
class Approval:
    """One line. `subject` is a ruleset's id, `registers`, `software`, or an official year (`2024 r1`); `content_hash`
    is what was signed of it, `before` what stood there; `changes` say in words what differs; `basis` holds, of an
    official year, the hashes of what judged it. `account` is the operating system's, whatever name `by` gives."""

    number: int
    at: str
    subject: str
    content_hash: str
    before: str
    by: str
    account: str
    reason: str
    changes: list[str]
    basis: dict[str, str]
    previous: str
    seal: str


def read(deployment: Deployment) -> list[Approval]:
    """All approvals, oldest first. Raises `DifferenceError` (exit 6) with the line where the chain does not hold."""
    path = deployment.approvals
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found: list[Approval] = []
    for at, line in enumerate(lines, start=1):
        try:
            one = Approval(**json.loads(line))
        except (ValueError, TypeError) as error:
            if at == len(lines):  # torn by a crash: it was never signed
                break
            raise _altered(f"{path}:{at}", str(error)) from None
        before = found[-1].seal if found else ""
        if (one.number, one.previous, one.seal) != (len(found) + 1, before, _seal(one)):
            raise _altered(f"{path}:{at}", one.subject)
        found.append(one)
    seals = {one.seal for one in found}
    for entry in journal.read(deployment.journal, "approve"):
        if entry["seal"] not in seals:
            raise _altered(str(path), f"{entry['subject']} ({entry['at']})")
    return found


def newest(ledger: list[Approval]) -> dict[str, str]:
    """The state of each subject that was signed last; an official year signs for what judged it."""
    signed: dict[str, str] = {}
    for one in ledger:
        signed |= {one.subject: one.content_hash, **one.basis}
    return signed


def append(
    deployment: Deployment,
    subject: str,
    content_hash: str,
    *,
    by: str,
    reason: str,
    before: str = "",
    changes: list[str] | None = None,
    basis: dict[str, str] | None = None,
) -> Approval:
    """Sign: one line more. Needs the lock. Raises `UsageError` without a reason or a person."""
    if not reason.strip() or not by.strip():
        raise UsageError(
            "reason-missing",
            Text("thiếu lý do hoặc người duyệt", "the reason or the person is missing"),
            hint=Text("--reason … --by …", "--reason … --by …"),
        )
    ledger = read(deployment)
    draft = Approval(
        number=len(ledger) + 1,
        at=now().isoformat(),
        subject=subject,
        content_hash=content_hash,
        before=before,
        by=by.strip(),
        account=getpass.getuser(),
        reason=reason.strip(),
        changes=changes or [],
        basis=basis or {},
        previous=ledger[-1].seal if ledger else "",
        seal="",
    )
    facts = asdict(draft) | {"seal": _seal(draft)}
    _drop_torn_line(deployment, len(ledger))
    append_line(deployment.approvals, facts)
    journal.record(deployment.journal, "approve", subject=subject, seal=facts["seal"], by=draft.by)
    return Approval(**facts)


def person(by: str = "") -> str:
    """Who acts: the name given, else `DTI_BY`, else the account of the operating system."""
    return by.strip() or os.environ.get(VARIABLE, "").strip() or getpass.getuser()


def _seal(one: Approval) -> str:
    facts: dict[str, Any] = asdict(one) | {"seal": ""}
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _drop_torn_line(deployment: Deployment, whole: int) -> None:
    """Cut off what a crash left of a line, before the next one is written."""
    path = deployment.approvals
    if path.exists():
        lines = path.read_bytes().splitlines(keepends=True)
        if len(lines) > whole:
            with path.open("r+b") as handle:
                handle.truncate(sum(map(len, lines[:whole])))


def _altered(where: str, detail: str) -> DifferenceError:
    return DifferenceError(
        "ledger-altered",
        Text(f"sổ phê duyệt bị sửa: {detail}", f"the ledger of approvals was altered: {detail}"),
        hint=Text("khôi phục approvals.jsonl từ bản sao lưu", "restore approvals.jsonl from a backup"),
        where=where,
    )
