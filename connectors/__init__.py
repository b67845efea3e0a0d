"""How a source is read: strict HTTP, a contract for every field, quarantine, gates, and an immutable landing.

Knows no Dagster, DuckDB or dbt. Importing this package is light: what needs pydantic, requests or pyarrow is loaded
when it is first used, so that commands which only list pulls answer at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.agencies import AgencyCode
    from connectors.check import Step, check_source
    from connectors.landing import Landing
    from connectors.manifest import Decision, Pull
    from connectors.pulls import PullOutcome, pull
    from connectors.rest_model import RestSource
    from connectors.source import AnySource, load_source, load_sources, source_schema
    from connectors.source_model import Source

_HOMES = {
    "AgencyCode": "agencies",
    "AnySource": "source",
    "Decision": "manifest",
    "Landing": "landing",
    "Pull": "manifest",
    "PullOutcome": "pulls",
    "RestSource": "rest_model",
    "Source": "source_model",
    "Step": "check",
    "check_source": "check",
    "load_source": "source",
    "load_sources": "source",
    "pull": "pulls",
    "source_schema": "source",
}

__all__ = [
    "AgencyCode",
    "AnySource",
    "Decision",
    "Landing",
    "Pull",
    "PullOutcome",
    "RestSource",
    "Source",
    "Step",
    "check_source",
    "load_source",
    "load_sources",
    "pull",
    "source_schema",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'connectors' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"connectors.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
