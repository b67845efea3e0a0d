"""Reference: the fresh build file with the pulls in use, the registers and the rulesets."""

from collections.abc import Iterator, Sequence

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    asset,
    multi_asset,
)

from connectors import AnySource, Landing
from pipelines import build, journal, progress, releases, sharing, suites_beside
from pipelines.assets.errors import for_people
from pipelines.check_results import pull_checks, write_check_results
from pipelines.dbt_project import accepted_columns
from pipelines.guard import check_unchanged
from pipelines.inputs import gather, verify_pulls
from pipelines.reference_tables import TABLES, write_reference_tables
from pipelines.resources import POOL, Refresh

PULLS = AssetKey("pulls")


def pulls_asset(sources: Sequence[AnySource]) -> AssetsDefinition:
    """The first step of a build. When no input has changed since the last release it yields nothing, and Dagster
    skips all that follows."""

    @asset(
        key=PULLS,
        group_name="reference",
        kinds={"duckdb"},
        deps=[AssetKey(["landing", source.name]) for source in sources],
        description="The newest accepted pull of each source and year, as known at the refresh's moment. "
        "Starts the fresh build file; yields nothing when no input has changed.",
        output_required=False,
        pool=POOL,
    )
    def pulls(context: AssetExecutionContext, refresh: Refresh) -> Iterator[MaterializeResult[None]]:
        with for_people():
            deployment = refresh.deployment
            sharing.take_turn(deployment)
            inputs = gather(deployment, refresh.moment)
            standing = releases.newest_known_at(deployment, refresh.moment)
            if standing and standing.fingerprint == inputs.fingerprint and not refresh.rebuild:
                context.log.info(f"no input has changed since release {standing.number}: nothing to build")
                journal.record(deployment.journal, "nothing-new", release=standing.number)
                progress.say(
                    f"không có gì mới từ bản {standing.number}: không dựng lại, không công bố",
                    f"nothing new since release {standing.number}: nothing built, nothing published",
                )
                return
            check_unchanged(deployment, inputs)
            progress.say("dựng lại từ các lần lấy đã chấp nhận", "rebuilding from the accepted pulls")
            suites_beside.load()
            verify_pulls(deployment, inputs.pulls, standing)
            build.start(deployment)
            with build.step(deployment) as con:
                build.begin(con, inputs.basis)
                build.write_pulls(con, inputs.pulls)
                build.accept_nothing(con, {n: c for n, c in accepted_columns().items() if n not in inputs.sources})
                write_check_results(con, "landing", pull_checks(inputs.pulls))
        # Not an Output: its value, though None, would be pickled into Dagster's storage.
        yield MaterializeResult(metadata={"dagster/row_count": len(inputs.pulls), "fingerprint": inputs.fingerprint})

    return pulls


def accepted_assets(sources: Sequence[AnySource]) -> list[AssetsDefinition]:
    """Per source, the rows of the pulls in use, over all years."""
    return [_accepted_asset(source) for source in sources]


def _accepted_asset(source: AnySource) -> AssetsDefinition:
    @asset(
        key=AssetKey(["accepted", source.name]),
        group_name="accepted",
        kinds={"duckdb", "parquet"},
        deps=[PULLS, AssetKey(["landing", source.name])],
        description=f"Accepted rows of {source.title.en}, all years: a view over the very files of the pulls in use.",
        pool=POOL,
    )
    def accepted(refresh: Refresh) -> MaterializeResult[None]:
        with for_people(), build.step(refresh.deployment) as con:
            chosen = build.pulls_in_use(con, source.name)
            mine = [p for p in Landing(refresh.deployment.landing).pulls(source.name) if p.pull_id in chosen]
            rows = build.accept(con, source, mine)
        return MaterializeResult(metadata={"dagster/row_count": rows, "pulls": len(mine)})

    return accepted


@multi_asset(
    specs=[
        AssetSpec(table, deps=[PULLS], group_name="reference", kinds={"duckdb"}, description=meaning)
        for table, meaning in TABLES.items()
    ],
    pool=POOL,
)
def reference(refresh: Refresh) -> Iterator[MaterializeResult[None]]:
    """Registers, rulesets and catalogue as tables of the build file."""
    with for_people():
        inputs = gather(refresh.deployment, refresh.moment)
        with build.step(refresh.deployment) as con:
            write_reference_tables(con, refresh.deployment, inputs)
            rows = build.sizes(con, TABLES)
    for table, count in rows.items():
        yield MaterializeResult(asset_key=table, metadata={"dagster/row_count": count})
