"""How points are judged: rounding, ranks, grades by bands, levels by minima."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem
from rulesets.indicators import Code
from rulesets.numbers import Exact, Share
from rulesets.rule_base import Strict


class Rounding(Strict):
    digits: int = Field(ge=0, le=6)
    mode: Literal["half_up", "half_even", "truncate"] = "half_up"


class RoundingAt(Strict):
    """Where points are rounded before they are used further; nothing is rounded where nothing is given."""

    indicator: Rounding | None = None
    main_index: Rounding | None = None
    pillar: Rounding | None = None
    total: Rounding | None = None


class Ranking(Strict):
    """Who is ranked against whom, by what, and what equal totals mean."""

    ranked: bool = True
    by: Literal["rounded", "exact"] = "exact"
    """Whether the total's own rounding is applied before it is compared."""
    ties: Literal["competition", "dense", "ordinal"] = "competition"
    """1, 2, 2, 4; 1, 2, 2, 3; or 1, 2, 3, 4 by `tie_break`."""
    tie_break: list[Code] = Field(default_factory=list)
    """Main indices compared in turn, more points first; what is still equal goes by `agency_id`."""
    within: Literal["group", "parent"] = "group"
    """`parent`: communes within their district."""

    @model_validator(mode="after")
    def _tie_break_fits(self) -> Ranking:
        if (self.ties == "ordinal") != bool(self.tie_break):
            raise FieldProblem(
                "tie-break",
                Text("'ordinal' và 'tie_break' phải đi cùng nhau", "'ordinal' and 'tie_break' belong together"),
                Text("nêu các chỉ số chính dùng để phân hạng", "name the main indices that decide"),
                at=("ties",),
            )
        return self


class GradeBand(Strict):
    grade: str = Field(min_length=1)
    grade_en: str = ""
    from_: Annotated[Exact, Field(alias="from", ge=0)]


class Grades(Strict):
    """Grades (xếp loại) by bands: the highest band whose limit is reached; the lowest band starts at 0."""

    by: Literal["total", "share"] = "total"
    bands: list[GradeBand] = Field(min_length=2)

    @model_validator(mode="after")
    def _complete(self) -> Grades:
        limits = [band.from_ for band in self.bands]
        if limits != sorted(limits, reverse=True) or len(set(limits)) < len(limits):
            raise FieldProblem(
                "grades-order",
                Text("các mức phải giảm dần", "the bands must descend"),
                Text("xếp từ cao xuống thấp, không trùng nhau", "order them from high to low, each once"),
                at=("bands",),
            )
        if limits[-1] != 0:
            raise FieldProblem(
                "grades-lowest",
                Text("mức thấp nhất phải bắt đầu từ 0", "the lowest band must start at 0"),
                Text("thêm mức cuối với 'from: 0'", "add a last band with 'from: 0'"),
                at=("bands", len(limits) - 1, "from"),
            )
        return self


def _or_number(schema: dict[str, Any]) -> None:
    """The editors' schema also takes the plain number."""
    body = dict(schema)
    schema.clear()
    schema["anyOf"] = [{"type": "number"}, body]


class Minimum(Strict):
    """A minimum in points, `842.5`, or as a share of the part's maximum, `{share: 0.9}`."""

    model_config = ConfigDict(json_schema_extra=_or_number)
    points: Annotated[Exact, Field(ge=0)] | None = None
    share: Share | None = None

    @model_validator(mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        return value if isinstance(value, dict | Minimum) else {"points": value}

    @model_validator(mode="after")
    def _one_form(self) -> Minimum:
        if (self.points is None) == (self.share is None):
            raise FieldProblem(
                "minimum-form",
                Text("cần số điểm hoặc 'share'", "a minimum is a number of points or a 'share'"),
                Text("viết như 842.5 hoặc {share: 0.9}", "write it as 842.5 or {share: 0.9}"),
            )
        return self

    def of(self, maximum: Fraction) -> Fraction:
        """The minimum in points where the part can reach `maximum`."""
        return self.points if self.points is not None else (self.share or Fraction(0)) * maximum


class Level(Strict):
    """A level (mức độ) is reached when the total and every stated part reach their minima."""

    level: str = Field(min_length=1)
    name_vi: str = ""
    name_en: str = ""
    total: Minimum | None = None
    pillars: dict[Code, Minimum] = Field(default_factory=dict)
    main_indices: dict[Code, Minimum] = Field(default_factory=dict)


class Levels(Strict):
    """Levels from the highest down; whoever reaches none is not ranked, or keeps a rank without a level."""

    levels: list[Level] = Field(min_length=1)
    below: Literal["not_ranked", "ranked"] = "not_ranked"
