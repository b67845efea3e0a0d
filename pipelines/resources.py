"""What a run needs besides its inputs: the deployment, locked for writing, and how this refresh was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from dagster import ConfigurableResource, InitResourceContext
from pydantic import Field

from pipelines import journal, progress, releases, sharing
from pipelines.freezing import Freeze
from pipelines.lock import writing
from pipelines.moments import parse_moment
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

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator[Refresh]:
        run = f" (run {context.run.run_id[:8]})" if context.run else ""
        command = self.reason + run
        with writing(self.deployment.lock, command), sharing.claiming(self.deployment, [], command):
            journal.record(
                self.deployment.journal, "refresh", as_of=self.as_of, rebuild=self.rebuild, reason=self.reason
            )
            for done in releases.recover(self.deployment):
                progress.say(f"khôi phục: {done}", f"recovered: {done}")
            yield self

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
