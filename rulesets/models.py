"""A ruleset: one decision for one or several groups of agencies, as typed data.

The file says everything: who is assessed, main indices, pillars, indicators with their rules, exceptions, how points
add up, are rounded and ranked, grades and levels. The code knows no decision and no province.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem
from rulesets.decision import Dates, Decision, Kind, Structure, Validity
from rulesets.indicators import Code, GeneralItem, Indicator, Stages
from rulesets.judgement import Grades, Levels, Ranking, RoundingAt
from rulesets.numbers import Points, Share
from rulesets.rule_base import Strict

Group = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
"""A group of agencies that are ranked together: department, district, commune, province, …"""


def _word_or_list(known: str) -> BeforeValidator:
    """Read the one word that stands for "no list" as None; an empty list or nothing at all is an error."""

    def read(value: Any) -> Any:
        if value == known:
            return None
        if not value:
            raise FieldProblem(
                "empty-list",
                Text("danh sách trống", "the list is empty"),
                Text(f"nêu ít nhất một mục, hoặc viết '{known}'", f"give at least one, or write '{known}'"),
            )
        return value

    return BeforeValidator(read)


def _or_word(known: str) -> Callable[[dict[str, Any]], None]:
    """The editors' schema says the word where the model has None."""

    def extend(schema: dict[str, Any]) -> None:
        options = schema["anyOf"]
        options[options.index({"type": "null"})] = {"const": known}
        schema.pop("default", None)

    return extend


class Aggregation(Strict):
    """How parts become a whole: points summed, or a weighted mean of the shares of each part's maximum.

    A mean of shares is brought to the maximum of the whole. Weights are exact and add up to 1.
    """

    kind: Literal["sum", "weighted_arithmetic", "weighted_geometric"] = "sum"
    weights: dict[Code, Annotated[Share, Field(gt=0)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _weights_fit(self) -> Aggregation:
        if self.kind == "sum" and self.weights:
            raise FieldProblem(
                "weights-of-a-sum",
                Text("phép cộng không có trọng số", "a sum has no weights"),
                Text("xóa 'weights' hoặc đổi 'kind'", "remove 'weights' or change 'kind'"),
                at=("weights",),
            )
        if self.kind != "sum" and sum(self.weights.values(), Fraction(0)) != 1:
            raise FieldProblem(
                "weights-sum",
                Text("tổng trọng số khác 1", "the weights do not add up to 1"),
                Text('dùng phân số như "1/3" nếu cần', 'use fractions such as "1/3" where needed'),
                at=("weights",),
            )
        return self


class MainIndex(Strict):
    """A main index (chỉ số chính). Points and count are those that the decision prints, where it prints them."""

    code: Code
    name_vi: str = Field(min_length=1)
    name_en: str = ""
    name_variants: list[str] = Field(default_factory=list)
    points: Annotated[Points, Field(gt=0)] | None = None
    indicators: int | None = Field(default=None, ge=1)
    kind: Kind | None = None
    aggregation: Aggregation = Aggregation()


class Pillar(Strict):
    """A pillar (trụ cột), or a part of a method: a list of main indices. Pillars may overlap."""

    code: Code
    name_vi: str = Field(min_length=1)
    name_en: str = ""
    main_indices: list[Code] = Field(min_length=1)
    points: Annotated[Points, Field(gt=0)] | None = None
    indicators: int | None = Field(default=None, ge=1)
    aggregation: Aggregation = Aggregation()


class ExceptionRule(Strict):
    """An article that gives points without a figure of one's own; every use of it is declared and shown."""

    article: str = Field(min_length=1, max_length=40)
    policy: Literal["group_highest_score", "group_highest_figure", "full_points", "leave_out_and_rescale"]
    indicators: Annotated[list[Code] | None, _word_or_list("all"), Field(json_schema_extra=_or_word("all"))] = None
    """None for `all`."""
    who_vi: str = Field(min_length=1)
    who_en: str = ""
    why: str = ""


class Ruleset(Strict):
    """One decision for the groups it assesses. The id is the file's path; it is not repeated inside."""

    title_vi: str = Field(min_length=1)
    title_en: str = ""
    decision: Decision
    valid: Validity
    groups: list[Group] = Field(min_length=1)
    structure: Structure
    main_indices: list[MainIndex] = Field(default_factory=list)
    pillars: list[Pillar] = Field(default_factory=list)
    indicators: Annotated[
        list[Indicator] | None, _word_or_list("not_public"), Field(json_schema_extra=_or_word("not_public"))
    ]
    """None when the annex is `not_public`: then nothing but entered totals and group scores can be judged."""
    general_information: list[GeneralItem] = Field(default_factory=list)
    exceptions: list[ExceptionRule] = Field(default_factory=list)
    aggregation: Aggregation = Aggregation()
    rounding: RoundingAt = RoundingAt()
    ranking: Ranking = Ranking()
    grades: Grades | None = None
    levels: Levels | None = None
    stages: Stages = Stages()
    evidence_required: bool = False
    dates: Dates = Dates()
    notes: list[str] = Field(default_factory=list)

    @property
    def public(self) -> bool:
        """Whether the indicators are known."""
        return self.indicators is not None

    @property
    def indicator_list(self) -> list[Indicator]:
        return self.indicators or []

    def stages_of(self, indicator: Indicator) -> Stages:
        return indicator.stages or self.stages
