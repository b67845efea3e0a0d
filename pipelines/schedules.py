"""When the pipeline runs by itself."""

from dagster import RunRequest, ScheduleDefinition, ScheduleEvaluationContext, SkipReason, schedule
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from pipelines.settings import Deployment


def nightly(deployment: Deployment, job: UnresolvedAssetJobDefinition) -> ScheduleDefinition:
    """The newest assessment year every night, by the clock of Vietnam whatever the machine's is."""

    @schedule(
        name="nightly",
        cron_schedule=deployment.settings.schedule,
        execution_timezone="Asia/Ho_Chi_Minh",
        job=job,
        description="Pull the newest assessment year, rebuild all years, check, publish what changed.",
    )
    def nightly_refresh(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
        year = str(deployment.settings.years[-1])
        return RunRequest(run_key=context.scheduled_execution_time.isoformat(), partition_key=year)

    return nightly_refresh
