"""What waits for a signature, and signing it: the state of a ruleset, of the registers, of the software."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from common.errors import Text, UsageError
from pipelines import approvals, releases
from pipelines.approvals import REGISTERS, SOFTWARE, Approval
from pipelines.guard import register_hash
from pipelines.inputs import software_hash
from pipelines.lock import writing
from pipelines.register_changes import register_changes
from pipelines.registers import read_registers
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from rulesets.load import LoadedRuleset

_MOST = 200


@dataclass(frozen=True)
class State:
    """One thing that can be signed: what stands there now, what was signed last (empty: nothing), what differs."""

    subject: str
    content_hash: str
    signed: str
    changes: list[str] = field(default_factory=list)


def states(deployment: Deployment) -> list[State]:
    """Everything that can be signed, with today's content."""
    signed = approvals.newest(approvals.read(deployment))
    found = [
        State(one.ruleset_id, one.content_hash, signed.get(one.ruleset_id, ""), _ruleset_changes(deployment, one))
        for one in _rulesets(deployment)
    ]
    registers = register_hash(read_registers(deployment.registers))
    found.append(State(REGISTERS, registers, signed.get(REGISTERS, ""), _register_changes(deployment)))
    found.append(State(SOFTWARE, software_hash(), signed.get(SOFTWARE, ""), _software_changes(deployment)))
    return found


def sign(deployment: Deployment, subject: str, reason: str, by: str) -> Approval:
    """Sign what stands there now. Raises `UsageError` (exit 2) for a subject that there is not, or signed already."""
    with writing(deployment.lock, f"dti approve {subject}"):
        there = {one.subject: one for one in states(deployment)}
        if subject not in there:
            raise UsageError(
                "unknown-subject",
                Text(f"không có '{subject}' để duyệt", f"there is no '{subject}' to sign"),
                hint=Text(f"một trong: {', '.join(there)}", f"one of: {', '.join(there)}"),
            )
        one = there[subject]
        if one.signed == one.content_hash:
            raise UsageError(
                "signed-already",
                Text(f"{subject} đã được duyệt đúng như hiện nay", f"{subject} is signed just as it stands"),
                hint=Text("dti approve", "dti approve"),
            )
        return approvals.append(
            deployment, subject, one.content_hash, by=by, reason=reason, before=one.signed, changes=one.changes
        )


def _rulesets(deployment: Deployment) -> list[LoadedRuleset]:
    from rulesets.load import resolve

    return [resolve(name, deployment.ruleset_folders) for name in deployment.settings.rulesets]


def _ruleset_changes(deployment: Deployment, loaded: LoadedRuleset) -> list[str]:
    """Against the copy in the newest official year that was judged by another content of it."""
    from pipelines import frozen
    from rulesets.diff import KINDS, diff
    from rulesets.load import load_ruleset

    for one in reversed(frozen.all_frozen(deployment)):
        copy = one.folder / "rulesets" / f"{loaded.ruleset_id}.yaml"
        if copy.exists() and one.rulesets.get(loaded.ruleset_id) != loaded.content_hash:
            old = load_ruleset(copy, [one.folder / "rulesets"])
            found = diff(old.ruleset, loaded.ruleset)
            return [f"{KINDS[c.kind].vi} {c.code}: {c.before} → {c.after}" for c in found][:_MOST]
    return []


def _register_changes(deployment: Deployment) -> list[str]:
    """Against the published release, for each year that it shows."""
    standing = releases.current(deployment)
    if standing is None:
        return []
    registers, lines = read_registers(deployment.registers), []
    for year in sorted(map(int, standing.basis)):
        lines += [f"{year}: {line.vi}" for line in register_changes(standing, registers, year)]
    return lines[:_MOST]


def _software_changes(deployment: Deployment) -> list[str]:
    """What the last build, refused or not, would have changed of official years through the software alone."""
    if not deployment.build_file.exists():
        return []
    try:
        with duckdb.connect(str(deployment.build_file), read_only=True) as con:
            rows = con.execute(
                "select concat_ws(' ', assessment_year, agency_id, period, what, code) || ': ' || "
                "coalesce(frozen_value, '–') || ' → ' || coalesce(rebuilt_value, '–') "
                "from frozen_differences where cause = 'code' order by 1"
            ).fetchall()
    except duckdb.Error:
        return []
    return [row[0] for row in rows][:_MOST]
