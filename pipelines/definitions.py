"""Table of contents: every asset, check, job and schedule of a deployment, in the order of the data."""

from __future__ import annotations

from dagster import AssetSelection, Definitions, define_asset_job, definitions

from connectors import load_sources
from pipelines.assets.indicators import indicator_assets
from pipelines.assets.landing import landing_assets
from pipelines.assets.publication import frozen_years_asset, publication_asset, site_asset
from pipelines.assets.reference import accepted_assets, pulls_asset, reference
from pipelines.assets.scores import score_assets
from pipelines.checks import check_definitions
from pipelines.dagster_home import executor_of
from pipelines.resources import Refresh
from pipelines.schedules import nightly, notices
from pipelines.settings import Deployment


def build_definitions(deployment: Deployment) -> Definitions:
    """The whole pipeline of one deployment."""
    sources = list(load_sources(deployment.sources).values())
    refresh_job = define_asset_job(
        "refresh",
        selection=AssetSelection.all(),
        description="Pull the chosen years, rebuild all years, check, publish.",
    )
    rebuild_job = define_asset_job(
        "rebuild",
        selection=AssetSelection.all() - AssetSelection.groups("landing"),
        description="Rebuild all years from the pulls that are here, check, publish. Nothing is asked of a source.",
    )
    return Definitions(
        assets=[
            *landing_assets(deployment, sources),  # source systems → landing/
            pulls_asset(sources),  # what is in use; stops here when nothing is new
            *accepted_assets(sources),  # landing/ → relations
            reference,  # registers, rulesets, catalogue
            indicator_assets(),  # dbt: staging → intermediate → indicator_values
            *score_assets(),  # indicator scores → main indices → pillars → rankings
            frozen_years_asset(),  # official results stay what they are
            publication_asset(),  # a new release, shown in one step
            *([site_asset()] if deployment.settings.site else []),  # pages of it
        ],
        asset_checks=check_definitions(),
        jobs=[refresh_job, rebuild_job],
        schedules=[nightly(deployment, refresh_job)],
        sensors=[notices(deployment)],  # people are told what no run could tell them
        resources={"refresh": Refresh(data=str(deployment.root))},
        executor=executor_of(deployment),
    )


@definitions
def defs() -> Definitions:
    """What Dagster loads: the deployment that `DTI_DATA` names."""
    return build_definitions(Deployment.at())
