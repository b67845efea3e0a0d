"""What a step costs: an effort that the deployment states, because no figure says how hard a thing is to do.

By default every indicator is worth the same effort from where it stands to its maximum, and a part of the way costs
that part. A YAML file of the deployment (`lift.yaml`) says otherwise.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from common.errors import Text
from common.yaml_files import parse_model, read_yaml
from rulesets.indicators import Code
from rulesets.lift.steps import Step
from rulesets.numbers import Exact
from rulesets.rule_base import Strict

MEASURES = {
    "gap_share": Text(
        "phần khoảng cách còn lại đến mức tối đa đã đi được, nhân hệ số công sức",
        "the share of the remaining gap to the maximum that is gone, times the effort",
    ),
    "units": Text("số đơn vị phải làm thêm, nhân hệ số công sức", "the units to be done, times the effort of one"),
}


class Effort(Strict):
    """How effort is measured; `efforts` by indicator, else `default_effort`; what is `fixed` cannot be changed.

    `units` gives the smallest step of an indicator whose figure is finer than anybody acts, such as money.
    """

    measure: Literal["gap_share", "units"] = "gap_share"
    default_effort: Annotated[Exact, Field(gt=0)] = Fraction(1)
    efforts: dict[Code, Annotated[Exact, Field(gt=0)]] = Field(default_factory=dict)
    units: dict[Code, Annotated[Exact, Field(gt=0)]] = Field(default_factory=dict)
    fixed: list[Code] = Field(default_factory=list)

    def cost(self, code: str, step: Step) -> Fraction:
        way = step.units / step.gap if self.measure == "gap_share" else step.units
        return way * self.efforts.get(code, self.default_effort)


def read_effort(path: Path) -> Effort:
    """Read and check a file of efforts; raises `ConfigurationError` with the place of every mistake."""
    return parse_model(read_yaml(path), Effort)
