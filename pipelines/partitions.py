"""Assessment years are the partitions of every pull. A backfill of several years is one run: it pulls each year, then
rebuilds once, because results are always rebuilt for all years."""

from __future__ import annotations

from dagster import BackfillPolicy, StaticPartitionsDefinition

from pipelines.settings import Deployment


def assessment_years(deployment: Deployment) -> StaticPartitionsDefinition:
    return StaticPartitionsDefinition([str(year) for year in deployment.settings.years])


ONE_RUN = BackfillPolicy.single_run()
