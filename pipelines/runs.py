"""The runs of the journal: how each one ended, also those that were killed, and the nights on which none started."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipelines.nights import missed_since

if TYPE_CHECKING:
    from pipelines.settings_file import Settings

GRACE = timedelta(hours=2)
"""A night's run may start late, and its line stands in the journal only then."""

BETWEEN_STEPS = timedelta(hours=1)

_ENDS = {"refresh-end", "refresh-done", "refresh-failed"}


@dataclass
class Run:
    """One refresh. `result`: published | nothing new | failed | killed | running."""

    at: str
    reason: str
    result: str = "killed"
    ended_at: str | None = None
    release: int | None = None
    error: dict[str, Any] | None = None
    pulls: dict[str, int] = field(default_factory=dict)
    """How many pulls came to which status."""
    run: str = ""
    """Dagster's id of the run."""
    seen: str = ""

    def reopen(self, at: str) -> None:
        """Another step of it has begun: how it ends is open again."""
        self.seen, self.ended_at = at, None
        if self.result == "failed" and self.error is None:
            self.result = "killed"

    @property
    def seconds(self) -> int | None:
        """How long it took; None for one that has not ended by itself."""
        if self.ended_at is None:
            return None
        return int((datetime.fromisoformat(self.ended_at) - datetime.fromisoformat(self.at)).total_seconds())

    @property
    def good(self) -> bool:
        return self.result in {"published", "nothing new"}


def runs_of(events: Iterable[dict[str, Any]], running: bool = False) -> list[Run]:
    """Every run, oldest first, also those of other workers. The last one of this folder is `running`, not killed, while
    somebody holds the lock."""
    found: list[Run] = []
    newest: dict[str, Run] = {}
    for event in events:
        worker = event.get("worker", "")
        run = newest.get(worker)
        if event["event"] == "refresh":
            if run is not None and run.run and run.run == event.get("run"):  # its next step, in a process of its own
                run.reopen(event["at"])
                continue
            newest[worker] = Run(event["at"], event["reason"], run=event.get("run", ""), seen=event["at"])
            found.append(newest[worker])
        elif run is not None:
            run.seen = event["at"]
            _note(run, event)
    own = newest.get("")
    if own is not None and running and own.result == "killed":
        own.result = "running"
    return found


def unsettled(run: Run, moment: datetime) -> bool:
    """Whether the next step of a run that Dagster spreads over processes may still come."""
    return bool(run.run) and moment - datetime.fromisoformat(run.seen) < BETWEEN_STEPS


def _note(run: Run, event: dict[str, Any]) -> None:
    kind = event["event"]
    if run.ended_at is not None and kind not in _ENDS:  # a pull by hand belongs to no run
        return
    if kind == "publish":
        run.result, run.release = "published", event["release"]
    elif kind == "nothing-new":
        run.result = "nothing new"
    elif kind == "pull":
        run.pulls[event["status"]] = run.pulls.get(event["status"], 0) + 1
    if kind in _ENDS:
        run.ended_at = event["at"]
        run.error = event.get("error") or run.error
        if run.result == "killed" or event.get("error"):
            run.result = "failed"


def missed_nights(settings: Settings, runs: list[Run], moment: datetime) -> list[datetime]:
    """The nights since the last run on which one was due and none started. Empty before the first run ever, and while
    one is running."""
    if not runs or runs[-1].result == "running":
        return []
    return missed_since(settings, datetime.fromisoformat(runs[-1].at), moment - GRACE)
