"""Running the refresh job in this process, without a daemon: the very assets that Dagster schedules and shows."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from common.errors import DtiError, Text, UsageError
from common.storage import storage_told
from connectors import load_sources
from pipelines import journal, progress, releases, sharing
from pipelines.alerts.telling import telling_afterwards
from pipelines.backfills import TAG
from pipelines.dagster_home import open_instance
from pipelines.environment import environment
from pipelines.environments import check_environment
from pipelines.failures import cause, failed_site
from pipelines.lock import writing
from pipelines.machine import accept_clock, bytes_needed, require_ready
from pipelines.settings import Deployment
from pipelines.stopping import stoppable

if TYPE_CHECKING:
    from pipelines.freezing import Freeze
    from pipelines.releases import Release


@dataclass(frozen=True)
class Outcome:
    """What a refresh did. `release` is None when nothing was new; `shown` tells whether analysts see it now."""

    years: list[int]
    pulls: list[dict[str, Any]]
    release: Release | None
    shown: bool
    recovered: list[str] = field(default_factory=list)
    site_error: DtiError | None = None
    """Why the results site of the release could not be made."""
    continued: list[str] = field(default_factory=list)
    """What an interrupted backfill had pulled before: `portal_766 2025`."""

    @property
    def exit_code(self) -> int:
        """0, or 4 when a source failed, 5 when a gate holds a pull, 1 without a site: the release stands, but somebody
        must look."""
        states = {entry["status"] for entry in self.pulls}
        return 4 if "failed" in states else 5 if "held" in states else 1 if self.site_error else 0


def refresh(
    deployment: Deployment,
    years: Sequence[int],
    *,
    as_of: str = "",
    rebuild: bool = False,
    reason: str = "dti refresh",
    freeze: Freeze | None = None,
    backfill: bool = False,
    clock_is_right: bool = False,
) -> Outcome:
    """Pull the years, rebuild, check, publish; without years only rebuild, check, publish.

    With `freeze` that year becomes official on the way; a `backfill` goes on where it was interrupted. Raises
    `LockedError` at once when another command writes, and `StorageError` where the disk is too full or fails.
    `clock_is_right` ends a past in which the clock was ahead.
    """
    check_asked(deployment, years)
    with (
        telling_afterwards(deployment),
        writing(deployment.lock, reason),
        stoppable(reason, lambda error: _record_failure(deployment, error)),
        sharing.claiming(deployment, years, reason),
    ):
        before = sum(1 for _ in journal.read(deployment.journal))
        try:
            with storage_told(deployment.root, bytes_needed(deployment)):
                if clock_is_right:
                    accept_clock(deployment)
                require_ready(deployment)
                asked = {"as_of": as_of, "rebuild": rebuild or freeze is not None, "reason": reason, **_wish(freeze)}
                seconds, site_error = _execute(deployment, years, asked, backfill)
                journal.record(deployment.journal, "refresh-done", seconds=seconds)
        except DtiError as error:
            _record_failure(deployment, error)
            raise
    entries = [entry for entry in list(journal.read(deployment.journal))[before:] if journal.own(entry)]
    published = [entry for entry in entries if entry["event"] == "publish"]
    release = releases.read(deployment.releases / str(published[-1]["release"])) if published else None
    return Outcome(
        years=list(years),
        pulls=[entry for entry in entries if entry["event"] == "pull"],
        release=release,
        shown=bool(published and published[-1]["current"]),
        recovered=[done for entry in entries if entry["event"] == "recover" for done in entry["done"]],
        site_error=site_error,
        continued=[done for entry in entries if entry["event"] == "continue" for done in entry["done"]],
    )


def check_asked(deployment: Deployment, years: Sequence[int]) -> None:
    """The years are in `dti.yaml` (`UsageError`); a ruleset judges each of its years, and its sources are of its
    environment (`ConfigurationError`)."""
    from pipelines import judging
    from rulesets.load import resolve

    settings = deployment.settings
    unknown = [year for year in years if year not in settings.years]
    if unknown:
        listed = ", ".join(map(str, settings.years))
        raise UsageError(
            "unknown-year",
            Text(
                f"năm {unknown[0]} không có trong dti.yaml ({listed})",
                f"year {unknown[0]} is not in dti.yaml ({listed})",
            ),
            hint=Text("thêm năm vào 'years' của dti.yaml", "add the year to 'years' in dti.yaml"),
        )
    judging.check_years(deployment, [resolve(name, deployment.ruleset_folders) for name in settings.rulesets])
    check_environment(deployment, load_sources(deployment.sources).values())


def _record_failure(deployment: Deployment, error: DtiError) -> None:
    """The outcome in the journal; a disk that cannot take even that must not hide the error itself."""
    told = error.as_dict("vi") | {"message_en": error.message.en}
    with suppress(OSError):
        journal.record(deployment.journal, "refresh-failed", error=told)


def _wish(freeze: Freeze | None) -> dict[str, Any]:
    return {} if freeze is None else {f"freeze_{name}": value for name, value in asdict(freeze).items()}


def _execute(
    deployment: Deployment, years: Sequence[int], asked: dict[str, Any], backfill: bool
) -> tuple[dict[str, float], DtiError | None]:
    """Run the job; returns the seconds that each part took, and why there is no site if only that failed."""
    started = time.monotonic()
    progress.say("nạp Dagster và dbt …", "loading Dagster and dbt …")
    logging.getLogger("dagster").addHandler(logging.NullHandler())  # what people need to see is said by `progress`
    home = {"DAGSTER_HOME": str(deployment.dagster_home), "DTI_DATA": str(deployment.root)}
    with environment(**home), open_instance(deployment) as instance:
        from pipelines.definitions import build_definitions

        job = build_definitions(deployment).resolve_job_def("refresh" if years else "rebuild")
        loaded = time.monotonic()
        settings = {"data": str(deployment.root), **asked}
        result = job.execute_in_process(
            instance=instance,
            tags=_partition_tags(years, backfill) if years else None,
            run_config={
                "resources": {"refresh": {"config": settings}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            raise_on_error=False,
        )
    site_error = None if result.success else failed_site(result)
    if not result.success and site_error is None:
        raise cause(result, deployment)
    steps = {
        event.step_key or "?": event.step_success_data.duration_ms / 1000
        for event in result.all_events
        if event.is_step_success
    }
    return {"load": loaded - started, **steps, "whole": time.monotonic() - started}, site_error


def _partition_tags(years: Sequence[int], backfill: bool) -> dict[str, str]:
    """A run over a range of partitions, which is how Dagster says a backfill in a single run."""
    return {
        **({TAG: "true"} if backfill else {}),
        "dagster/asset_partition_range_start": str(min(years)),
        "dagster/asset_partition_range_end": str(max(years)),
    }
