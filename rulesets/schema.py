"""JSON Schema of a ruleset file, so that an editor completes keys and marks mistakes while one types."""

from __future__ import annotations

from typing import Any

from rulesets.models import Ruleset


def ruleset_schema() -> dict[str, Any]:
    """The schema (2020-12); editors take it from a first line `# yaml-language-server: $schema=FILE`."""
    body = Ruleset.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **body, "title": "dti ruleset"}
