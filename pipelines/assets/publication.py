"""Publication: a new release file, read back, then shown to analysts in one step."""

from collections.abc import Iterator

from dagster import AssetsDefinition, MaterializeResult, asset

from pipelines import progress
from pipelines.assembly import PUBLISHED, assemble
from pipelines.assets.errors import for_people
from pipelines.inputs import gather
from pipelines.releases import prune, publish
from pipelines.resources import POOL, Refresh


def publication_asset() -> AssetsDefinition:
    @asset(
        name="release",
        group_name="publication",
        kinds={"duckdb"},
        deps=[name for name in PUBLISHED if name not in {"quarantine", "check_results", "releases"}],
        description="releases/<n>/dti.duckdb: all published tables, verified by reading them back; then "
        "warehouse.duckdb leads to it. Runs only when every blocking check passed.",
        pool=POOL,
    )
    def release(refresh: Refresh) -> Iterator[MaterializeResult[None]]:
        with for_people():
            deployment = refresh.deployment
            inputs = gather(deployment, refresh.moment)
            done = assemble(deployment, inputs)
            shown = publish(deployment, done)
            prune(deployment)
        where = str(deployment.warehouse if shown else done.file)
        progress.say(f"đã công bố bản {done.number}: {where}", f"published release {done.number}: {where}")
        yield MaterializeResult(
            metadata={
                "release": done.number,
                "current": shown,
                "as_of": done.as_of,
                "dagster/row_count": sum(done.rows.values()),
                **{f"rows/{table}": count for table, count in done.rows.items()},
            }
        )

    return release
