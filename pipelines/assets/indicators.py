"""Indicators: the dbt project, from accepted rows to `metric_values` and `indicator_values`, in one invocation.

dbt runs inside this process on the manifest that set-up parsed: parsing again would cost more than all the SQL. Its
tests appear as asset checks; a failed one stops the run.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dagster import AssetCheckResult, AssetExecutionContext, AssetKey, AssetsDefinition, MaterializeResult
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from pipelines import build, progress
from pipelines.assets.errors import for_people
from pipelines.check_results import CheckResult, write_check_results
from pipelines.dbt_project import MANIFEST, DbtResult, ensure_manifest, run_dbt
from pipelines.resources import POOL, Refresh


class Translator(DagsterDbtTranslator):
    """Models are grouped by their stage; `source('reference', x)` is our asset `x`."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            name = dbt_resource_props["name"]
            schema = dbt_resource_props["source_name"]
            return AssetKey([name]) if schema == "reference" else AssetKey([schema, name])
        return AssetKey([dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return str(dbt_resource_props["fqn"][1])


def indicator_assets() -> AssetsDefinition:
    """All dbt models as one step; parses the project first where set-up has not done so."""
    ensure_manifest()

    @dbt_assets(
        manifest=MANIFEST,
        dagster_dbt_translator=Translator(settings=DagsterDbtTranslatorSettings(enable_asset_checks=True)),
        name="dbt",
        pool=POOL,
    )
    def models(
        context: AssetExecutionContext,  # noqa: ARG001  the decorator passes it
        refresh: Refresh,
    ) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        progress.say("dbt: từ số liệu thô đến giá trị chỉ số", "dbt: from raw figures to indicator values")
        with for_people():
            results = run_dbt(refresh.deployment)
            with build.step(refresh.deployment) as con:
                write_check_results(con, "dbt", _check_rows(results))
        yield from _events(results)
        with for_people():
            results.raise_if_failed()

    return models


def _check_rows(results: DbtResult) -> list[CheckResult]:
    return [
        CheckResult("dbt", test.asset or "dbt", test.name, "dbt", test.ok, unexpected=test.failures)
        for test in results.tests
    ]


def _events(results: DbtResult) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
    for model in results.models:
        if model.ok:
            yield MaterializeResult(asset_key=AssetKey([model.name]), metadata={"dagster/row_count": model.rows})
    for test in results.tests:
        if test.asset is not None:
            yield AssetCheckResult(
                asset_key=AssetKey([test.asset]),
                check_name=test.name,
                passed=test.ok,
                metadata={"failures": test.failures, "message": test.message},
            )
