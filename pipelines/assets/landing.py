"""Landing: each source is pulled per assessment year; what gates accept is what the build sees.

A pull that is held or fails does not stop the night: the last accepted one stays in use and the source is reported as
stale. Only a source and year without any accepted pull blocks what follows.
"""

from collections.abc import Iterator, Sequence

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    asset,
)

from common.errors import DtiError, GateError, SourceError, Text
from connectors import AnySource
from pipelines import sharing
from pipelines.assets.errors import for_people, remember
from pipelines.partitions import ONE_RUN, assessment_years
from pipelines.pulling import Pulled, pull_year
from pipelines.resources import POOL, Refresh
from pipelines.settings import Deployment


def landing_assets(deployment: Deployment, sources: Sequence[AnySource]) -> list[AssetsDefinition]:
    """One asset per source, partitioned by assessment year."""
    return [_landing_asset(deployment, source) for source in sources]


def _landing_asset(deployment: Deployment, source: AnySource) -> AssetsDefinition:
    key = AssetKey(["landing", source.name])

    @asset(
        key=key,
        group_name="landing",
        kinds={"python"},
        description=f"{source.title.vi} ({source.title.en}): immutable pulls in `landing/{source.name}/YEAR/PULL/`.",
        partitions_def=assessment_years(deployment),
        backfill_policy=ONE_RUN,
        pool=POOL,
        check_specs=[
            AssetCheckSpec(
                "gates",
                asset=key,
                blocking=True,
                description="The pull passed its contract and gates, or an accepted one stands in for it.",
            )
        ],
    )
    def landing(
        context: AssetExecutionContext, refresh: Refresh
    ) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        with for_people():
            years = [int(year) for year in context.partition_keys]
            sharing.claim(refresh.deployment, years)
            pulled = [_pull(refresh, source, year) for year in years]
        yield MaterializeResult(
            asset_key=key,
            metadata={
                "dagster/row_count": sum(result.rows for result in pulled),
                **{f"{result.year}": result.line("en") for result in pulled},
            },
            check_results=[_check(key, pulled)],
        )

    return landing


def _pull(refresh: Refresh, source: AnySource, year: int) -> Pulled:
    """Pull, unless this backfill had done so before it was interrupted."""
    if done := refresh.done(source.name, year):
        return Pulled(source.name, year, "done", pull_id=done, stands_in=done)
    return pull_year(refresh.deployment, source, year, refresh.moment)


def _check(key: AssetKey, pulled: Sequence[Pulled]) -> AssetCheckResult:
    """Passed when every pull is accepted; a warning while an older accepted pull stands in; an error without one."""
    blocked = [result for result in pulled if not result.usable]
    if blocked:
        remember(_nothing_to_use(blocked))
    return AssetCheckResult(
        asset_key=key,
        check_name="gates",
        passed=all(result.good for result in pulled),
        severity=AssetCheckSeverity.ERROR if blocked else AssetCheckSeverity.WARN,
        metadata={
            str(result.year): "\n".join([result.line("en"), *(finding.line("en") for finding in result.findings[:10])])
            for result in pulled
        },
    )


def _nothing_to_use(blocked: Sequence[Pulled]) -> DtiError:
    """Sources of which there is no accepted pull at all, as the error that the journal keeps."""
    names = ", ".join(f"{one.source} {one.year}" for one in blocked)
    held = any(one.status == "held" for one in blocked)
    return (GateError if held else SourceError)(
        "check-failed",
        Text(f"chưa có lần lấy nào dùng được: {names}", f"no pull can be used: {names}"),
        hint=Text("dti status cho biết lý do và việc cần làm", "dti status tells why and what to do"),
        where=names,
        findings=[finding for one in blocked for finding in one.findings],
    )
