"""What a run needs besides its inputs: the deployment, locked for writing, and how this refresh was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime

from dagster import ConfigurableResource, InitResourceContext
from pydantic import Field, PrivateAttr

from connectors import load_sources
from pipelines import build, journal, progress, releases, sharing, suites_beside
from pipelines.alerts.telling import tell_quietly
from pipelines.assets.errors import take_first
from pipelines.backfills import asked_of, done_before
from pipelines.environments import check_environment
from pipelines.freezing import Freeze
from pipelines.lock import held_here, writing
from pipelines.machine import require_ready
from pipelines.moments import parse_moment
from pipelines.orphans import end_orphans
from pipelines.settings import Deployment, now

POOL = "deployment"


class Refresh(ConfigurableResource["Refresh"]):
    """The deployment of this run. The lock is held from the first step to the last; what a killed run left is finished
    or cleared before the first."""

    data: str = Field(description="The deployment's folder.")
    as_of: str = Field(
        default="",
        description="Rebuild what was known at this day or moment (ISO); empty: all that is known now.",
    )
    rebuild: bool = Field(default=False, description="Rebuild although no input has changed.")
    reason: str = Field(default="dagster", description="Which command or schedule asked for it.")
    freeze_year: int = Field(default=0, description="Freeze this assessment year, as its next revision; 0: none.")
    freeze_reason: str = Field(default="", description="Why it is frozen or revised; kept on record.")
    freeze_by: str = Field(default="", description="Who freezes it; kept on record.")

    _done: dict[tuple[str, int], str] = PrivateAttr(default_factory=dict)

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator[Refresh]:
        run = f" (run {context.run.run_id[:8]})" if context.run else ""
        take_first()
        deployment, command = self.deployment, self.reason + run
        asked = asked_of(deployment, context.run.tags if context.run else {}, self.as_of)
        check_environment(deployment, load_sources(deployment.sources).values())
        with writing(deployment.lock, command), sharing.claiming(deployment, [], command):
            require_ready(deployment)
            if context.run and context.instance and deployment.settings.cluster is None:
                end_orphans(context.instance, context.run.run_id)
            self._done = done_before(deployment, asked)
            journal.record(
                deployment.journal,
                "refresh",
                as_of=self.as_of,
                rebuild=self.rebuild,
                reason=self.reason,
                years=asked.years,
                environment=deployment.settings.environment,
                backfill=asked.backfill,
                **self._spread(context),
            )
            for done in releases.recover(deployment):
                progress.say(f"khôi phục: {done}", f"recovered: {done}")
            self._say_continued()
            with build.kept_open(deployment), nullcontext() if self._spread(context) else suites_beside.beside():
                yield self
            failure = take_first()
            told = {"error": failure.as_dict("vi") | {"message_en": failure.message.en}} if failure else {}
            journal.record(self.deployment.journal, "refresh-end", **told)
        # From the command line `refresh` tells when it has written its end; a run of several processes ends elsewhere.
        if not held_here(self.deployment.lock) and not self._spread(context):
            tell_quietly(self.deployment)

    def _spread(self, context: InitResourceContext) -> dict[str, str]:
        """Dagster's id of a run that it spreads over processes: each of them then begins as a run of its own does."""
        return {"run": context.run.run_id} if context.run and self.deployment.settings.cluster else {}

    def _say_continued(self) -> None:
        if self._done:
            named = [f"{source} {year}" for source, year in sorted(self._done)]
            journal.record(self.deployment.journal, "continue", done=named)
            listed = ", ".join(named)
            progress.say(
                f"tiếp tục đợt lấy lại bị ngắt; không hỏi lại: {listed}",
                f"continuing the interrupted backfill; not asked again: {listed}",
            )

    def done(self, source: str, year: int) -> str:
        """The pull of a source and year that this backfill made before it was interrupted, else empty."""
        return self._done.get((source, year), "")

    @property
    def deployment(self) -> Deployment:
        return Deployment.at(self.data)

    @property
    def wish(self) -> Freeze | None:
        """The year to freeze, if any."""
        return Freeze(self.freeze_year, self.freeze_reason, self.freeze_by) if self.freeze_year else None

    @property
    def moment(self) -> datetime:
        """The moment whose knowledge is asked for: the end of the day given, or now."""
        return parse_moment(self.as_of) if self.as_of else now()
