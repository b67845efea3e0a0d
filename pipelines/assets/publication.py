"""Publication: a new release file, read back, then shown to analysts in one step."""

from collections.abc import Iterator

from dagster import AssetsDefinition, MaterializeResult, asset

from pipelines import build, journal, progress, sharing
from pipelines.assembly import PUBLISHED, assemble
from pipelines.assets.errors import for_people
from pipelines.freezing import settle_years
from pipelines.frozen import RESULTS as FROZEN
from pipelines.inputs import gather
from pipelines.releases import current, prune, publish
from pipelines.resources import POOL, Refresh

_NOT_ASSETS = {"quarantine", "check_results", "source_states", "releases", "frozen_differences", "approvals"}
RESULTS = [name for name in FROZEN if name not in _NOT_ASSETS]


def frozen_years_asset() -> AssetsDefinition:
    @asset(
        name="frozen_years",
        group_name="publication",
        kinds={"duckdb", "parquet"},
        deps=RESULTS,
        description="Years whose result is official: their frozen rows stand in the place of rebuilt ones, and what a "
        "rebuild would change is told in frozen_differences. Freezes a year when asked to.",
        pool=POOL,
    )
    def frozen_years(refresh: Refresh) -> MaterializeResult[None]:
        # No transaction: differences that are refused stay to be read by whoever may sign them.
        with for_people(), build.connect(refresh.deployment) as con:
            inputs = gather(refresh.deployment, refresh.moment)
            kept = settle_years(con, refresh.deployment, inputs, refresh.wish)
            count = build.sizes(con, ["frozen_years"])["frozen_years"]
        if kept:
            years = ", ".join(sorted({str(row["assessment_year"]) for row in kept}))
            progress.say(
                f"năm đã chốt {years}: dựng lại cho kết quả khác, kết quả đã chốt được giữ nguyên",
                f"frozen {years}: a rebuild differs, the frozen result stays",
            )
        return MaterializeResult(metadata={"dagster/row_count": count, "differences": len(kept)})

    return frozen_years


def publication_asset() -> AssetsDefinition:
    @asset(
        name="release",
        group_name="publication",
        kinds={"duckdb"},
        deps=[name for name in PUBLISHED if name not in _NOT_ASSETS],
        description="`releases/NUMBER/dti.duckdb`: all published tables, verified by reading them back; then "
        "warehouse.duckdb leads to it. Runs only when every blocking check passed.",
        pool=POOL,
    )
    def release(refresh: Refresh) -> Iterator[MaterializeResult[None]]:
        with for_people():
            deployment = refresh.deployment
            sharing.take_turn(deployment)
            inputs = gather(deployment, refresh.moment)
            done = assemble(deployment, inputs)
            build.let_go(deployment)
            shown = publish(deployment, done)
            sharing.forget(deployment, prune(deployment))
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


def site_asset() -> AssetsDefinition:
    @asset(
        name="site",
        group_name="publication",
        kinds={"html"},
        deps=["release"],
        description="The results site of the current release, shown in one step. It comes last: a fault of it leaves "
        "the release published and the earlier site in place.",
        pool=POOL,
    )
    def site(refresh: Refresh) -> MaterializeResult[None]:
        from pipelines.publication.site import build as pages

        deployment = refresh.deployment
        standing = current(deployment)
        if standing is None or pages.release_shown(deployment) == standing.number:
            return MaterializeResult(metadata={"built": False})
        try:
            with for_people():
                made = pages.publish(deployment, standing)
        except Exception as error:
            journal.record(deployment.journal, "site-failed", release=standing.number, error=str(error))
            raise
        progress.say(
            f"trang kết quả: {made.pages} trang, {deployment.site}", f"site: {made.pages} pages, {deployment.site}"
        )
        return MaterializeResult(metadata={"built": True, "pages": made.pages, "digest": made.digest})

    return site
