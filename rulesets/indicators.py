"""One indicator of a decision: its text, its maximum, what feeds it, the rule, and on what the rule stands."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem
from rulesets.numbers import Exact, Points, plain
from rulesets.rule_base import AboveOne, Inputs, MetricId, Strict, ZeroDenominator
from rulesets.rules import AnyRule, Periods

Code = Annotated[str, Field(pattern=r"^[0-9A-Za-z_]+([.\-][0-9A-Za-z_]+)*$", max_length=40)]
"""A code as the decision prints it; text, so that 6.10 is not 6.1."""

Stage = Literal["appraised", "collected", "declared"]
OUTSIDE_MAXIMUM = ("not_scored", "bonus", "penalty")


class Stages(Strict):
    """Which of the values that stand side by side is scored, and how far declared and collected may lie apart."""

    precedence: list[Stage] = Field(default=["appraised", "collected", "declared"], min_length=1)
    tolerance: Annotated[Exact, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _each_once(self) -> Stages:
        if len(set(self.precedence)) < len(self.precedence):
            raise FieldProblem(
                "stage-twice",
                Text("một giai đoạn xuất hiện hai lần", "a stage is given twice"),
                Text("giữ lại một", "keep one of them"),
                at=("precedence",),
            )
        return self


class Indicator(Strict):
    """An indicator (chỉ số thành phần), keyed by its code; the name is word for word that of the decision."""

    code: Code
    main_index: Code | None = None
    name_vi: str = Field(min_length=1)
    name_en: str = ""
    name_variants: list[str] = Field(default_factory=list)
    max_points: Points
    inputs: Inputs = Inputs()
    rule: AnyRule
    zero_denominator: ZeroDenominator = "missing"
    above_one: AboveOne = "invalid"
    missing: Literal["zero", "leave_out", "unranked"] = "zero"
    """No value: 0 points; left out and rescaled; or 0 points and no rank. The status is `missing` in each case."""
    unit: Literal["one", "percent"] = "one"
    """Unit of a plain `value` of a ratio rule: 0.85, or 85 when `percent`."""
    stages: Stages | None = None
    basis: Literal["decision", "assumption"]
    reference: str = Field(min_length=1)
    """The article or annex that gives the rule, or that leaves it open."""
    why: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Indicator:
        kind = self.rule.kind
        if self.basis == "assumption" and not self.why:
            raise FieldProblem(
                "assumption-why",
                Text("giả định cần lý do", "an assumption needs a reason"),
                Text("thêm 'why: …' một dòng", "add 'why: …' in one line"),
                at=("basis",),
            )
        outside = kind in OUTSIDE_MAXIMUM
        if outside != (self.max_points == 0):
            raise FieldProblem(
                "max-points",
                Text(
                    f"'{kind}' với điểm tối đa {plain(self.max_points)}",
                    f"'{kind}' with {plain(self.max_points)} points",
                ),
                Text("0 điểm tối đa khi nằm ngoài thang điểm, ngược lại lớn hơn 0", "0 outside the maximum, else more"),
                at=("max_points",),
            )
        if self.main_index is None and kind not in ("bonus", "penalty"):
            raise FieldProblem(
                "main-index",
                Text("thiếu 'main_index'", "'main_index' is missing"),
                Text("thêm mã chỉ số chính", "add the code of its main index"),
            )
        if self.main_index is not None and kind in ("bonus", "penalty"):
            raise FieldProblem(
                "main-index",
                Text("điểm thưởng, điểm trừ cộng vào tổng điểm", "bonus and penalty count towards the total only"),
                Text("xóa 'main_index'", "remove 'main_index'"),
                at=("main_index",),
            )
        if isinstance(self.rule, Periods) and self.rule.count * self.rule.on_time > self.max_points:
            raise FieldProblem(
                "periods-exceed",
                Text("các kỳ cộng lại vượt điểm tối đa", "the periods add up to more than the maximum"),
                Text(
                    f"{self.rule.count} kỳ đúng hạn được nhiều nhất {plain(self.max_points)} điểm",
                    f"{self.rule.count} periods on time may earn {plain(self.max_points)} points",
                ),
                at=("rule", "on_time"),
            )
        return self


class GeneralItem(Strict):
    """An item of the general information (thông tin chung): asked for, never scored, kept as a metric.

    Without a metric it is personal data, such as the name of the person who answers: asked for and never stored.
    """

    code: Code
    name_vi: str = Field(min_length=1)
    name_en: str = ""
    metric: MetricId | None = None
