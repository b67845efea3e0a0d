"""What Dagster is shown: assets described, grouped by stage, in the one-writer pool; a schedule by Vietnam's clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from dagster import AssetKey, Definitions, build_schedule_context

from pipelines.definitions import build_definitions
from pipelines.resources import POOL
from pipelines.settings import CODE, Deployment

STAGES = {"landing", "reference", "accepted", "staging", "intermediate", "marts", "scores", "publication"}


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return build_definitions(Deployment(CODE / "data"))


def test_every_asset_is_described_grouped_and_in_the_pool(definitions: Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    assert len(nodes) >= 20
    assert {node.group_name for node in nodes} == STAGES
    assert [node.key.to_user_string() for node in nodes if not node.description] == []
    assert [node.key.to_user_string() for node in nodes if node.pools != {POOL}] == []


def test_pulls_are_partitioned_by_year_and_nothing_else_is(definitions: Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    partitioned = {key for key in graph.get_all_asset_keys() if graph.get(key).is_partitioned}
    names = {path.name.split(".")[0] for path in (CODE / "data" / "sources").glob("*.yaml")}
    assert partitioned == {AssetKey(["landing", name]) for name in names}
    for landing in partitioned:
        assert graph.get(landing).partitions_def.get_partition_keys() == ["2018", "2022", "2023", "2024", "2025"]
        assert graph.get(landing).backfill_policy.max_partitions_per_run is None, "a backfill is one run"


def test_the_release_waits_for_every_blocking_check(definitions: Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    blocking = {
        (key.asset_key.to_user_string(), key.name)
        for key in graph.asset_check_keys
        if graph.get_check_spec(key).blocking
    }
    assert blocking >= {
        ("landing/portal_766", "gates"),
        ("indicator_values", "indicator_values_suite"),
        ("rankings", "rankings_suite"),
        ("rankings", "scoring_invariants"),
    }
    release = graph.get(AssetKey("release"))
    assert {"rankings", "indicator_values"} <= {key.to_user_string() for key in release.parent_keys}


def test_the_nightly_schedule_goes_by_the_clock_of_vietnam(definitions: Definitions) -> None:
    schedule = definitions.resolve_schedule_def("nightly")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 1 * * *", "Asia/Ho_Chi_Minh")
    night = datetime(2025, 11, 1, 1, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    context = build_schedule_context(scheduled_execution_time=night, repository_def=definitions.get_repository_def())
    (request,) = schedule.evaluate_tick(context).run_requests
    assert request.partition_key == "2025"


@pytest.mark.parametrize(
    ("night", "due"),
    [((2025, 9, 2), True), ((2025, 11, 30), True), ((2025, 12, 2), False), ((2025, 12, 1), True), ((2026, 3, 9), True)],
)
def test_outside_the_season_a_refresh_runs_on_mondays(
    definitions: Definitions, night: tuple[int, int, int], due: bool
) -> None:
    schedule = definitions.resolve_schedule_def("nightly")
    moment = datetime(*night, 1, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    context = build_schedule_context(scheduled_execution_time=moment, repository_def=definitions.get_repository_def())
    tick = schedule.evaluate_tick(context)
    assert bool(tick.run_requests) is due
    assert due or "Monday" in (tick.skip_message or "")
