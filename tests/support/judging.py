"""Pulls of the probe with one thing changed in its answer, judged by what came of them."""

from __future__ import annotations

import json
from typing import Any

from connectors import PullOutcome
from connectors.tables import read_table
from tests.support.portal import answer, faulty
from tests.support.probe import Rows, Trial, assert_invariants, body, probe, with_values

FIELDS: dict[str, Any] = {
    "code": {"name": "agency_code", "type": "text"},
    "name": {"name": "agency_name", "type": "text"},
    "received": {"name": "received", "type": "integer", "minimum": 0},
    "finished": {"name": "finished", "type": "integer", "minimum": 0},
}


def sent(trial: Trial, content: Rows | bytes, known: dict[str, Any] | None = None, **changes: Any) -> PullOutcome:
    """A pull of these rows (or this very body), with the invariants checked."""
    raw = content if isinstance(content, bytes) else body(content)
    with faulty(answer(raw)) as server:
        outcome = trial.pull(probe(server.address, **changes), **(known or {}))
        assert_invariants(trial, outcome, server)
    return outcome


def reasons(outcome: PullOutcome) -> set[tuple[str, str]]:
    """Reason and field of everything in quarantine."""
    assert outcome.pull
    return {(row["reason"], row["field"]) for row in read_table(outcome.pull.quarantine).to_pylist()}


def landed(outcome: PullOutcome, column: str) -> dict[str, Any]:
    """One column of the accepted rows, by agency."""
    assert outcome.pull
    return {row["agency_code"]: row[column] for row in read_table(outcome.pull.table).to_pylist()}


def codes(outcome: PullOutcome) -> set[str]:
    return {one.code for one in outcome.findings}


def set_aside(trial: Trial, reason: str, field: str, value: Any, **changes: Any) -> None:
    """One value of one agency is wrong: its row is quarantined for that reason, the rest is kept, the pull held."""
    outcome = sent(trial, with_values("A1", **{field: value}), **changes)
    assert outcome.status == "held"
    assert reasons(outcome) == {(reason, field)}
    assert outcome.counts["accepted"] == 5


def of_type(field: str, **contract: Any) -> dict[str, Any]:
    """The contract with one field written anew (ratio rule dropped)."""
    return {"contract__fields": {**FIELDS, field: {"name": f"own_{field}", **contract}}, "contract__rules": []}


def as_text(rows: Rows) -> Rows:
    """Every figure as text, as some systems send it."""
    return json.loads(json.dumps(rows), parse_int=str)
