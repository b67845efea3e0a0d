"""The catalogue of metrics: what is counted, in which unit, and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem, parse_model, read_yaml
from rulesets.rule_base import MetricId, Strict

CATALOGUE = Path(__file__).parent / "metrics.yaml"

Unit = Literal["count", "points", "share", "percent", "vnd", "yes_no", "category", "list", "text"]


class Metric(Strict):
    """One metric. `source` names the system, register or form that yields it.

    `within_days` belongs to what counts only if it was seen lately: so many days, at most, before the end of the period
    or, where that comes first, before the day whose knowledge it is.
    """

    id: MetricId
    unit: Unit
    meaning_vi: str = Field(min_length=1)
    meaning_en: str = Field(min_length=1)
    source: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    within_days: int | None = Field(default=None, ge=1, le=366)


class Catalogue(Strict):
    metrics: list[Metric] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> Catalogue:
        seen: set[str] = set()
        for index, metric in enumerate(self.metrics):
            if metric.id in seen:
                raise FieldProblem(
                    "metric-twice",
                    Text(f"chỉ tiêu '{metric.id}' xuất hiện hai lần", f"metric '{metric.id}' is given twice"),
                    Text("xóa một dòng", "remove one of them"),
                    at=("metrics", index, "id"),
                )
            seen.add(metric.id)
        return self


def load_metrics(path: Path = CATALOGUE) -> dict[str, Metric]:
    """The catalogue by metric id; raise `ConfigurationError` with every finding at its place."""
    catalogue = parse_model(read_yaml(path), Catalogue)
    return {metric.id: metric for metric in catalogue.metrics}
