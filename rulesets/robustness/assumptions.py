"""What is taken to be uncertain, and by how much: an assumption that the council states, never a finding.

Every share is the half-width of an even distribution around what stands there. What agencies declare about themselves
is taken to be less certain than what a system counted; what the council appraised is certain.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated

from pydantic import Field

from common.yaml_files import parse_model, read_yaml
from rulesets.indicators import Code
from rulesets.numbers import Exact
from rulesets.rule_base import Strict

Wide = Annotated[Exact, Field(ge=0, lt=1)]


class Stages(Strict):
    """A share for each stage that a figure can come from."""

    declared: Wide
    collected: Wide
    appraised: Wide = Fraction(0)

    def of(self, stage: str) -> Fraction:
        return {"declared": self.declared, "collected": self.collected}.get(stage, self.appraised)


class Assumptions(Strict):
    """`weights`: how far every maximum may be off; `figures`: how far a number; `answers`: how likely a yes, a category
    or an item of a list is one step off; `indicators`: other figures or answers for single indicators."""

    weights: Wide = Fraction(1, 10)
    figures: Stages = Stages(declared=Fraction(1, 20), collected=Fraction(1, 100))
    answers: Stages = Stages(declared=Fraction(1, 20), collected=Fraction(1, 100))
    indicators: dict[Code, Wide] = Field(default_factory=dict)
    draws: int = Field(default=10_000, ge=1, le=1_000_000)
    seed: int = Field(default=1, ge=0, lt=2**63)


def read_assumptions(path: Path) -> Assumptions:
    """Read and check a file of assumptions; raises `ConfigurationError` with the place of every mistake."""
    return parse_model(read_yaml(path), Assumptions)
