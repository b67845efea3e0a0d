"""Scores: rulesets applied to indicator values. Each step is set-based in DuckDB and persists its own table."""

from dagster import AssetsDefinition, MaterializeResult, asset

from pipelines import build, progress
from pipelines.assets.errors import for_people
from pipelines.resources import POOL, Refresh
from pipelines.scoring_steps import STEPS


def _score_asset(table: str, deps: list[str], description: str) -> AssetsDefinition:
    @asset(name=table, group_name="scores", kinds={"duckdb"}, deps=deps, description=description, pool=POOL)
    def scores(refresh: Refresh) -> MaterializeResult[None]:
        progress.say(f"tính {table}", f"computing {table}")
        with for_people(), build.step(refresh.deployment) as con:
            STEPS[table](con)
            rows = build.sizes(con, [table])[table]
        return MaterializeResult(metadata={"dagster/row_count": rows})

    return scores


def score_assets() -> list[AssetsDefinition]:
    """indicator_scores → main_index_scores and pillar_scores → rankings."""
    return [
        _score_asset(
            "indicator_scores",
            ["indicator_values", "entered_scores", "roster", "indicators"],
            "Points of each indicator per agency, with the rule, the article and a trace that recomputes them.",
        ),
        _score_asset(
            "main_index_scores",
            ["indicator_scores", "entered_scores", "main_indices"],
            "Points of each main index (chỉ số chính) per agency.",
        ),
        _score_asset(
            "pillar_scores",
            ["main_index_scores", "pillars"],
            "Points of each pillar (trụ cột) per agency; pillars may share main indices.",
        ),
        _score_asset(
            "rankings",
            ["main_index_scores", "pillar_scores", "rulesets"],
            "Total, rank and grade of each agency in its group, with the change against the year before "
            "where both years are comparable.",
        ),
    ]
