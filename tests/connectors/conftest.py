"""Fixtures of the connector tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors import AgencyCode, Landing, PullOutcome, RestSource, pull
from connectors.simulator import faults as simulator_faults
from tests.support.portal import at, portal, register


@pytest.fixture(autouse=True)
def _no_faults_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(simulator_faults.VARIABLE, raising=False)


@pytest.fixture
def source() -> RestSource:
    return portal()


@pytest.fixture
def agencies() -> list[AgencyCode]:
    return register()


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


@pytest.fixture
def pulled(landing: Landing, agencies: list[AgencyCode], monkeypatch: pytest.MonkeyPatch) -> Callable[..., PullOutcome]:
    """Pull the portal for 2025 as of a day of October, with a fault script."""
    import json

    def run(day: int = 16, faults: list[dict[str, Any]] | None = None, **changes: Any) -> PullOutcome:
        monkeypatch.setenv(simulator_faults.VARIABLE, json.dumps(faults or []))
        asked = changes.pop("source", None) or portal()
        known = changes.pop("agencies", agencies)
        year = changes.pop("year", 2025)
        return pull(asked, year, landing=landing, agencies=known, moment=at(day), **changes)

    return run
