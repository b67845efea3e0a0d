"""Rules on words instead of figures: yes or no, ordered categories, checklists."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem
from rulesets.numbers import Share, plain
from rulesets.rule_base import MetricId, Rule, Strict


class YesNo(Rule):
    """Yes: m; no: 0."""

    kind: Literal["yes_no"]
    figure: ClassVar = "words"


class Categories(Rule):
    """Each category is worth a stated share of m."""

    kind: Literal["categories"]
    shares: dict[str, Share] = Field(min_length=2)
    figure: ClassVar = "words"


class ChecklistItem(Strict):
    name_vi: str = Field(min_length=1)
    share: Share
    metric: MetricId | None = None


class Checklist(Rule):
    """The sum of the shares of the items that hold; with `count`, k of n items of equal worth."""

    kind: Literal["checklist"]
    items: list[ChecklistItem] = Field(default_factory=list)
    count: int | None = Field(default=None, ge=1, le=100)
    figure: ClassVar = "words"

    @model_validator(mode="after")
    def _one_form(self) -> Checklist:
        if bool(self.items) == (self.count is not None):
            raise FieldProblem(
                "checklist-form",
                Text("danh mục cần 'items' hoặc 'count'", "a checklist needs either 'items' or 'count'"),
                Text("giữ lại một trong hai", "keep one of the two"),
            )
        if (total := sum((item.share for item in self.items), Fraction(0))) > 1:
            raise FieldProblem(
                "checklist-shares",
                Text(
                    f"tổng các phần là {plain(total)}, lớn hơn 1", f"the shares add up to {plain(total)}, more than 1"
                ),
                Text("các phần cộng lại không quá 1", "let them add up to at most 1"),
                at=("items",),
            )
        return self
