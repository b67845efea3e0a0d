"""Expected failures cross Dagster as one readable line with all their facts, and come out as what they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagster import DagsterEvent, Failure, JsonMetadataValue, MetadataValue

from common.errors import DtiError, Finding, Text

_FACTS = "error"
_first: list[DtiError] = []
"""The first expected failure of the run in this process: Dagster gives it to nobody who could write it down."""


@contextmanager
def for_people() -> Iterator[None]:
    """Turn a `DtiError` of the block into a failure of the step that is never retried: waiting does not mend it."""
    try:
        yield
    except DtiError as error:
        remember(error)
        lines = [str(error), *(finding.line("en") for finding in error.findings)]
        if error.hint.en:
            lines.append(f"Next: {error.hint.en}")
        facts = MetadataValue.json(_to_facts(error))
        raise Failure("\n".join(lines), metadata={_FACTS: facts}, allow_retries=False) from error


def remember(error: DtiError) -> None:
    """Keep an expected failure, or a blocking check that failed, for the end of the run."""
    if not _first:
        _first.append(error)


def take_first() -> DtiError | None:
    """What this run failed of, if it was expected; forgotten then."""
    return _first.pop() if _first else None


def expected_error(event: DagsterEvent) -> DtiError | None:
    """The error that `for_people` sent through a step failure; None for a failure that nobody expected."""
    sent = event.step_failure_data.user_failure_data
    facts = (sent.metadata if sent else {}).get(_FACTS)
    return _from_facts(facts.value) if isinstance(facts, JsonMetadataValue) else None


def _to_facts(error: DtiError) -> dict[str, Any]:
    return {
        "exit_code": error.exit_code,
        "code": error.code,
        "message": list(error.message),
        "hint": list(error.hint),
        "where": error.where,
        "findings": [[one.code, list(one.message), list(one.hint), one.where] for one in error.findings],
    }


def _from_facts(facts: Any) -> DtiError:
    error = DtiError(
        facts["code"],
        Text(*facts["message"]),
        hint=Text(*facts["hint"]),
        where=facts["where"],
        findings=[
            Finding(code, Text(*message), Text(*hint), where) for code, message, hint, where in facts["findings"]
        ],
    )
    error.exit_code = facts["exit_code"]
    return error
