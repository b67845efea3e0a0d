"""Guards against what operators do, that can be taken away one by one (see `tests/support/mutants.py`)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

# All at once: what is first imported while a guard is gone would keep the hole.
from pipelines import (
    approvals,
    backfill_plan,
    backfills,
    build,
    freezing,
    guard,
    inputs,
    judging,
    lock,
    missing,
    recomputing,
    refresh,
    registers,
    releases,
    resources,
)
from pipelines.assets import reference
from tests.support.mutants import Mutant, Patch


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _any_ruleset(patch: Patch) -> None:
    for module in (judging, inputs, backfill_plan):
        patch(module, "check_years", _nothing)
    patch(judging, "check_in_force", _nothing)


def _from_the_start(patch: Patch) -> None:
    for module in (backfills, resources, backfill_plan):
        patch(module, "done_before", lambda *_: {})


def _always_new(patch: Patch) -> None:
    gather = inputs.gather

    def another(*words: Any) -> Any:
        return replace(gather(*words), fingerprint=uuid.uuid4().hex)

    patch(reference, "gather", another)


def _unsigned(patch: Patch) -> None:
    patch(reference, "check_unchanged", _nothing)
    for module in (guard, freezing):
        patch(module, "check_official", _nothing)


def _any_environment(patch: Patch) -> None:
    for module in (refresh, resources):
        patch(module, "check_environment", _nothing)


def _on_that_day(patch: Patch) -> None:
    """Whoever existed at any time of a year belongs to it."""
    patch(registers, "_holds", lambda row, _: not row.valid_from or row.valid_from < "2025")


def _machine_time(patch: Patch) -> None:
    def local(moment: datetime) -> str:
        return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")

    patch(build, "local_time", local)


def _not_compared(patch: Patch) -> None:
    compare = recomputing._compare

    def compared(*words: Any) -> Any:
        return replace(compare(*words), differing={})

    patch(recomputing, "_compare", compared)


_MUTANTS = {
    "unsigned": ("nothing needs a signature", ("O01", "O07", "O12"), _unsigned),
    "any-ruleset": ("a ruleset judges any year", ("O02",), _any_ruleset),
    "second-writer": ("nobody is locked out", ("O03",), lambda patch: patch(lock.fcntl, "flock", _nothing)),
    "from-the-start": ("a backfill always begins anew", ("O04",), _from_the_start),
    "always-new": ("equal inputs are not noticed", ("O05",), _always_new),
    "any-register-day": ("agencies are not held against the day", ("O06",), _on_that_day),
    "no-ground": (
        "a decision needs no paper",
        ("O08",),
        lambda patch: patch(registers, "_check_appraisals", lambda *_: iter(())),
    ),
    "not-missed": (
        "nobody misses what is gone",
        ("O09",),
        lambda patch: patch(missing, "check_nothing_is_gone", _nothing),
    ),
    "any-environment": ("environments mix", ("O10",), _any_environment),
    "numbers-again": ("numbers start again", ("O11",), lambda patch: patch(releases, "next_number", lambda _: 1)),
    "any-software": ("any software will do", ("O13",), lambda patch: patch(freezing, "_check_software", _nothing)),
    "not-compared": ("a recomputed year is not compared", ("O14",), _not_compared),
    "machine-time": ("times are the machine's", ("O15",), _machine_time),
    "no-chain": ("the ledger is not checked", ("O01",), lambda patch: patch(approvals, "_seal", lambda one: one.seal)),
}

OPERATOR_MUTANTS = {name: Mutant(*parts) for name, parts in _MUTANTS.items()}
