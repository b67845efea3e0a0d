"""When the pipeline runs by itself."""

from dagster import RunRequest, ScheduleDefinition, ScheduleEvaluationContext, SkipReason, schedule
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from pipelines.settings import ZONE, Deployment

_MONDAY = 0


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
        if not deployment.settings.cycle.in_season(night) and night.weekday() != _MONDAY:
            return SkipReason(f"{night} lies outside the season; the next refresh is on Monday")
        year = str(deployment.settings.years[-1])
        return RunRequest(run_key=context.scheduled_execution_time.isoformat(), partition_key=year)

    return nightly_refresh
