"""What all rules share: strict models, metrics that feed them, and what 0/0 and a ratio above 1 mean."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem


class Strict(BaseModel):
    """Every model of a ruleset: a key that is not known is an error, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


MetricId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)+$")]
"""A metric of the catalogue, `portal_766.TDGQ`: the system or register it comes from, then its name there."""


class Rule(Strict):
    """What all rules share: `figure` says what the rule reads.

    `ratio`: 0..1, `number`: 0 or more, `any_number`, `points`: 0..m, `words`: yes/no, categories or lists.
    """

    figure: ClassVar[Literal["ratio", "number", "any_number", "points", "words", "parts", "none"]]

    @property
    def rises(self) -> bool:
        """Whether a higher figure is never worth less; only then is the highest figure the best one."""
        return True


class Inputs(Strict):
    """Which metrics feed a rule: a ratio, or a value; `pools` for several ratios; `gate` for gated bands."""

    numerator: MetricId | None = None
    denominator: MetricId | None = None
    value: MetricId | None = None
    pools: list[Ratio] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_form(self) -> Inputs:
        if (self.numerator is None) != (self.denominator is None):
            raise FieldProblem(
                "half-a-ratio",
                Text("tỷ lệ cần cả 'numerator' và 'denominator'", "a ratio needs both 'numerator' and 'denominator'"),
                Text("thêm phần còn thiếu", "add the one that is missing"),
            )
        if sum((self.numerator is not None, self.value is not None, bool(self.pools))) > 1:
            raise FieldProblem(
                "inputs-form",
                Text("chỉ dùng một: tỷ lệ, 'value' hoặc 'pools'", "give one of: a ratio, 'value' or 'pools'"),
                Text("giữ lại dạng mà quy tắc đọc", "keep the form that the rule reads"),
            )
        return self


class Ratio(Strict):
    numerator: MetricId
    denominator: MetricId


ZeroDenominator = Literal["full", "zero", "not_applicable", "missing"]
"""What 0/0 means: all points ("no complaints"), none ("no dossiers"), left out and rescaled, or no value."""

AboveOne = Literal["invalid", "cap"]
"""What a ratio above 1 is: a value that never reaches a score, or a lawful excess that earns m."""
