"""Rules of a contract between the fields of one row, and the rows that it leaves out."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem
from connectors.parts import Part, option


class Sum(Part):
    """The parts add up to a total within a tolerance."""

    of: tuple[str, ...] = Field(min_length=2)
    equals: str
    tolerance: Decimal = Field(default=Decimal(0), ge=0)


class Ratio(Part):
    """A count out of another: never more than it."""

    numerator: str
    denominator: str


class CrossCheck(Part):
    """A percentage that the source computed itself, held against the counts it came from. A difference is noted; the
    vendor's figure is stored under a name that begins with `cross_check_` and never used."""

    percent: str
    numerator: str
    denominator: str
    tolerance: Decimal = Field(default=Decimal("0.1"), ge=0, description="in percentage points")


class Answer(Part):
    """One field says how the row answers, such as 'Số' or 'Có/Không'; of the fields for answers, only the one that it
    names may be filled. None filled is a missing answer, and no fault."""

    by: str
    fields: dict[str, str] = Field(min_length=2, description="value of 'by': the field for that kind of answer")


class Rule(Part):
    """One rule between the fields of one row."""

    sum: Sum | None = None
    ratio: Ratio | None = option(description="numerator ≤ denominator")
    cross_check: CrossCheck | None = option(description="noted, never a reason to hold")
    in_window: str | None = option(description="date field that must lie within the period asked for")
    answer: Answer | None = option(description="only the field for this kind of answer is filled")

    @model_validator(mode="after")
    def _exactly_one(self) -> Rule:
        rules = (self.sum, self.ratio, self.cross_check, self.in_window, self.answer)
        if sum(rule is not None for rule in rules) != 1:
            raise FieldProblem(
                "invalid-value",
                Text("mỗi mục của 'rules' là đúng một quy tắc", "each item of 'rules' is exactly one rule"),
            )
        return self

    def fields(self) -> list[tuple[tuple[str | int, ...], str]]:
        """Every field that the rule names, with its place in the YAML."""
        if self.sum:
            parts = [(("sum", "of", i), name) for i, name in enumerate(self.sum.of)]
            return [*parts, (("sum", "equals"), self.sum.equals)]
        if self.in_window:
            return [(("in_window",), self.in_window)]
        if self.answer:
            columns = [(("answer", "fields", kind), name) for kind, name in self.answer.fields.items()]
            return [(("answer", "by"), self.answer.by), *columns]
        kind = "ratio" if self.ratio else "cross_check"
        body = (self.ratio or self.cross_check or self).model_dump(exclude={"tolerance"})
        return [((kind, key), str(name)) for key, name in body.items()]


class Excluded(Part):
    """Rows that the contract leaves out, such as roll-up rows with a blank agency code: counted, not stored."""

    field: str
    blank: bool = False
    values: tuple[str, ...] = ()


class Total(Part):
    """A roll-up row that the contract leaves out, and what it is the total of: all agencies, or those of a group."""

    field: str
    value: str = Field(min_length=1)
    group: str | None = Field(default=None, description="the agencies of this group; without it all of the list")
    of: tuple[str, ...] = Field(min_length=1, description="fields whose sum the row shows")
