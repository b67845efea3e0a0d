"""Runs that Dagster still shows as running although their process is gone."""

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

_RUNNING = [DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]


def end_orphans(instance: DagsterInstance, own: str) -> list[str]:
    """Mark every started run but `own` as failed; returns their ids. Needs the lock: who holds it is the only one
    running, so that the others were killed, or are just being refused."""
    found = instance.get_runs(filters=RunsFilter(statuses=_RUNNING))
    orphans = [run for run in found if run.run_id != own]
    for run in orphans:
        instance.report_run_failed(run, "its process is gone; a later run found it")
    return [run.run_id for run in orphans]
