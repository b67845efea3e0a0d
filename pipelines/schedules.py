"""When the pipeline runs by itself."""

from dagster import (
    DefaultSensorStatus,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SensorDefinition,
    SkipReason,
    schedule,
    sensor,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from common.errors import DtiError
from pipelines.alerts.telling import tell
from pipelines.nights import night_is_due
from pipelines.settings import ZONE, Deployment


def nightly(deployment: Deployment, job: UnresolvedAssetJobDefinition) -> ScheduleDefinition:
    """The newest assessment year every night of the season and every Monday otherwise, by the clock of Vietnam whatever
    the machine's is."""

    @schedule(
        name="nightly",
        cron_schedule=deployment.settings.schedule,
        execution_timezone="Asia/Ho_Chi_Minh",
        job=job,
        description="Pull the newest assessment year, rebuild all years, check, publish what changed. "
        "Every night from the cycle's opening to publication (dti.yaml), on Mondays otherwise.",
    )
    def nightly_refresh(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
        night = context.scheduled_execution_time.astimezone(ZONE).date()
        if not night_is_due(deployment.settings.cycle, night):
            return SkipReason(f"{night} lies outside the season; the next refresh is on Monday")
        year = str(deployment.settings.years[-1])
        return RunRequest(run_key=context.scheduled_execution_time.isoformat(), partition_key=year)

    return nightly_refresh


def notices(deployment: Deployment) -> SensorDefinition:
    """Tells people, while the daemon lives, what no run could: one that was killed, and a night without any."""

    @sensor(
        name="notices",
        minimum_interval_seconds=15 * 60,
        default_status=DefaultSensorStatus.RUNNING,
        description="Every quarter of an hour: tell the channels of dti.yaml what they do not know yet. "
        "Starts no run. `dti alerts send` does the same without the daemon.",
    )
    def tell_people() -> SkipReason:
        try:
            told = [one for one in tell(deployment) if not one.silent]
        except DtiError as error:
            return SkipReason(str(error))
        failed = ", ".join(one.channel for one in told if one.error)
        return SkipReason(f"failed: {failed}" if failed else f"{len(told)} channels were told something")

    return tell_people
