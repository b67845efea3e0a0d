"""What a decision says about itself: number and date, years, dates, and the counts and points it publishes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem
from rulesets.numbers import Points
from rulesets.rule_base import Strict

MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]


class Decision(Strict):
    """The decision (quyết định) that the ruleset puts into data."""

    number: str = Field(min_length=1)
    date: date
    authority_vi: str = Field(min_length=1)
    authority_en: str = ""
    reference: str = ""
    """What was at hand: full text, announcement; never an address."""
    annex: str = ""
    """Heading of the annex that lists this ruleset's indicators, `Phụ lục I`, where the text has several."""
    replaces: list[str] = Field(default_factory=list)
    """Decisions that this one replaces: `02/QĐ-UBND ngày 03/01/2023`; numbers start anew each year."""


def _year_of(value: Any) -> Any:
    """A year, or the year of a date given as `2024-09-13`."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value).year
        except ValueError:
            raise FieldProblem(
                "not-a-year",
                Text(f"'{value}' không phải năm hay ngày", f"'{value}' is neither a year nor a date"),
                Text("viết như 2024 hoặc 2024-09-13", "write it as 2024 or 2024-09-13"),
            ) from None
    return value


Year = Annotated[
    int,
    BeforeValidator(_year_of),
    Field(ge=1990, le=2200),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "format": "date"}]}),
]


class Validity(Strict):
    """Assessment years, both included; a date counts as its year; open when `to` is absent."""

    year_from: Annotated[Year, Field(alias="from")]
    year_to: Annotated[Year | None, Field(alias="to")] = None

    @model_validator(mode="after")
    def _in_order(self) -> Validity:
        if self.year_to is not None and self.year_to < self.year_from:
            raise FieldProblem(
                "validity-order",
                Text("'to' trước 'from'", "'to' lies before 'from'"),
                Text(
                    "đổi lại hai năm, hoặc xóa 'to' nếu còn hiệu lực",
                    "swap the years, or remove 'to' while it is valid",
                ),
                at=("to",),
            )
        return self

    def covers(self, year: int) -> bool:
        return self.year_from <= year and (self.year_to is None or year <= self.year_to)


class Due(Strict):
    on: MonthDay
    year: Literal["same", "next"] = "same"
    """The assessment year itself, or the year after it."""


class Dates(Strict):
    """The period that is assessed, and by when reports and results are due."""

    period_from: MonthDay = "01-01"
    period_to: MonthDay = "12-31"
    report_before: Due | None = None
    publish_before: Due | None = None


Kind = Literal["foundation", "activity"]
"""Nhóm chỉ số nền tảng chung / nhóm chỉ số hoạt động, where the decision divides its main indices."""


class KindStructure(Strict):
    """What the decision publishes about one of the two kinds of main indices."""

    indicators: int = Field(ge=1)
    points: Annotated[Points, Field(gt=0)]


class Structure(Strict):
    """What the decision publishes about itself: how many main indices and indicators, and the points in all."""

    main_indices: int = Field(ge=1)
    indicators: int | None = Field(default=None, ge=1)
    """None where the decision does not say."""
    points: Annotated[Points, Field(gt=0)]
    by_kind: dict[Kind, KindStructure] = Field(default_factory=dict)
