"""The attempts of one pull: bounded per question and in all, spread out in time, and over when the source's time is.

A wait is what the source asked for, else full jitter: any time up to a doubling bound, so that clients spread out.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from common.errors import SourceError
from connectors.findings import PassingTrouble, Place, source_error
from connectors.source_model import Limits

T = TypeVar("T")


class Attempts:
    """Counts the retries and the time of one conversation with one source, which begins now."""

    def __init__(self, limits: Limits, sleep: Callable[[float], None] = time.sleep) -> None:
        self._limits = limits
        self._sleep = sleep
        self._ends_at = time.monotonic() + limits.source_seconds
        self._retries = 0

    def repeat(self, attempt: Callable[[], T], place: Place, most: int | None = None) -> tuple[T, tuple[str, ...]]:
        """What an attempt came to, and the troubles of those before it. Repeated on `PassingTrouble` only.

        Raises `SourceError` with the last trouble's code, `RetryBudgetSpent` or `DeadlineExceeded`.
        """
        troubles: list[str] = []

        def count(state: RetryCallState) -> None:
            trouble = state.outcome.exception() if state.outcome else None
            if isinstance(trouble, PassingTrouble):
                self._may_wait(trouble, state.upcoming_sleep, place)
                troubles.append(trouble.code)

        retrying = Retrying(
            stop=stop_after_attempt(min(most or self._limits.attempts, self._limits.attempts)),
            wait=self._wait,
            retry=retry_if_exception_type(PassingTrouble),
            before_sleep=count,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(attempt), tuple(troubles)
        except PassingTrouble as trouble:
            facts = {"detail": trouble.code, **trouble.facts, "attempts": len(troubles) + 1}
            raise source_error(trouble.code, trouble.place or place, **facts) from None

    def seconds(self, place: Place) -> float:
        """How long the next attempt may take. Raises `SourceError` when the time is up."""
        remaining = self._ends_at - time.monotonic()
        if remaining <= 0:
            raise self._out_of_time(place)
        return min(self._limits.request_seconds, remaining)

    def cut_short(self, seconds: float, place: Place) -> Exception:
        """What it means that an attempt was ended after `seconds`: the source's time is up, or this attempt's."""
        if time.monotonic() >= self._ends_at:
            return self._out_of_time(place)
        return PassingTrouble("DeadlineExceeded", seconds=f"{seconds:g}", scope=str(place))

    def _wait(self, state: RetryCallState) -> float:
        trouble = state.outcome.exception() if state.outcome else None
        if isinstance(trouble, PassingTrouble) and trouble.wait is not None:
            return trouble.wait
        bound = min(
            self._limits.backoff_maximum_seconds, self._limits.backoff_seconds * 2 ** (state.attempt_number - 1)
        )
        return random.uniform(0, bound)  # noqa: S311 - spreading load, not a secret

    def _may_wait(self, trouble: PassingTrouble, seconds: float, place: Place) -> None:
        self._retries += 1
        if self._retries > self._limits.retries:
            raise source_error("RetryBudgetSpent", place, retries=self._limits.retries, detail=trouble.code)
        if time.monotonic() + seconds > self._ends_at:
            raise self._out_of_time(place)

    def _out_of_time(self, place: Place) -> SourceError:
        return source_error("DeadlineExceeded", place, seconds=f"{self._limits.source_seconds:g}", scope=place.source)
