"""What the morning screen knows: did it run, what is old or held, what is missing, what changed, may it be published.

Read from manifests, journal, ledger and release; nothing is asked of a source.
"""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from common.errors import DtiError
from pipelines import journal, releases
from pipelines.alerts.health import Health, health_of
from pipelines.appeals.standing import standing_of
from pipelines.freshness import SourceState, source_states
from pipelines.lock import holder
from pipelines.nights import next_due
from pipelines.publishable import Readiness, readiness_of
from pipelines.releases import Release
from pipelines.runs import Run, missed_nights, runs_of
from pipelines.season import Season, season_of
from pipelines.settings import Deployment, now


@dataclass(frozen=True)
class Status:
    """Everything that the morning screen shows."""

    deployment: str
    environment: str
    checked_at: str
    readiness: Readiness
    release: dict[str, Any] | None
    last_refresh: dict[str, Any] | None
    missed: list[str]
    """Nights since the last run on which one was due and none started."""
    next_refresh: str | None
    writing: dict[str, str] | None
    sources: list[SourceState]
    season: Season
    changed: dict[str, Any] | None
    """What the last published release says otherwise than the one before it; None without one before it."""
    held: list[dict[str, Any]]
    alerts: list[Health]
    disk_free_bytes: int
    appeals: dict[str, Any]

    @property
    def exit_code(self) -> int:
        """5 when a pull is held, 4 when a source failed or is stale or a night was missed, else 0."""
        states = {source.state for source in self.sources}
        old = bool(states & {"failed", "stale", "never"} or self.missed)
        return 5 if "held" in states else 4 if old else 0

    def as_dict(self) -> dict[str, Any]:
        """The status as JSON has it."""
        body = asdict(self)
        for points in (body["readiness"]["obstacles"], body["readiness"]["cautions"]):
            for point in points:
                point["message"], point["message_en"] = point.pop("text")
        return body


def gather_status(deployment: Deployment) -> Status:
    """Read everything once. Raises `DtiError` where the settings or the release's manifest cannot be read."""
    settings = deployment.settings
    events = list(journal.read(deployment.journal))
    standing, writer = releases.current(deployment), holder(deployment.lock)
    runs = runs_of(events, running=writer is not None)
    sources = source_states(deployment, events)
    season = season_of(deployment, standing)
    missed = missed_nights(settings, runs, now())
    due = next_due(settings, now())
    return Status(
        deployment=settings.title.vi,
        environment=settings.environment,
        checked_at=now().isoformat(),
        readiness=readiness_of(settings, standing, runs=runs, missed=missed, sources=sources, season=season),
        release=_shown(standing),
        last_refresh=_last(runs[-1]) if runs else None,
        missed=[night.isoformat() for night in missed],
        next_refresh=due.isoformat() if due else None,
        writing=writer,
        sources=sources,
        season=season,
        changed=_changed(deployment, standing),
        held=[_held(one) for one in sources if one.state == "held"],
        alerts=health_of(deployment),
        disk_free_bytes=shutil.disk_usage(deployment.root).free,
        appeals=standing_of(deployment),
    )


def _shown(standing: Release | None) -> dict[str, Any] | None:
    kept = ("number", "status", "as_of", "assembled_at")
    return {name: value for name, value in standing.manifest().items() if name in kept} if standing else None


def _last(run: Run) -> dict[str, Any]:
    """The last run of any kind, killed ones included."""
    return {**asdict(run), "seconds": run.seconds}


def _held(one: SourceState) -> dict[str, Any]:
    return {"pull_id": one.newest, "source": one.source, "year": one.year, "since": one.since, "next": one.next}


def _changed(deployment: Deployment, standing: Release | None) -> dict[str, Any] | None:
    """How many totals and ranks differ from the release before, by reason."""
    from pipelines.changes import REASONS, between

    try:
        earlier = [one for one in releases.all_of(deployment) if standing and one.number < standing.number]
    except DtiError:  # an older release that is damaged is `doctor`'s; today's screen does without
        return None
    if standing is None or not earlier:
        return None
    found = between(earlier[-1], standing)
    reasons = Counter(change.reason for change in found)
    return {
        "before": earlier[-1].number,
        "after": standing.number,
        "at": standing.assembled_at,
        "totals": sum(change.total_before != change.total_after for change in found),
        "ranks": sum(change.moved for change in found),
        "reasons": {name: reasons[name] for name in REASONS if reasons[name]},
    }
