"""How a value becomes points: the kinds of rules a decision can use, each with its own parameters and nothing else.

`m` below is the maximum of the indicator (or of the part), `r` a ratio numerator/denominator, `x` a number. A rule
with one figure (a ratio or a number) is a function of that figure alone; the others read words or lists.
"""

from __future__ import annotations

import difflib
import unicodedata
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem
from rulesets.numbers import Exact, Points, Share
from rulesets.rule_base import AboveOne, Inputs, MetricId, Rule, Strict
from rulesets.word_rules import Categories as Categories
from rulesets.word_rules import Checklist as Checklist
from rulesets.word_rules import YesNo as YesNo


class Proportional(Rule):
    """r·m."""

    kind: Literal["proportional"]
    figure: ClassVar = "ratio"


class Pooled(Rule):
    """(n1+n2+…)/(d1+d2+…)·m: the ratios of several systems taken together."""

    kind: Literal["pooled"]
    figure: ClassVar = "ratio"


class Target(Rule):
    """min(m, m·r/T): the target earns everything, and what is below it is rescaled; continuous."""

    kind: Literal["target"]
    target: Annotated[Exact, Field(gt=0, le=1)]
    figure: ClassVar = "ratio"


class Threshold(Rule):
    """r ≥ T: m; below it r·m, not rescaled: it jumps at T."""

    kind: Literal["threshold"]
    threshold: Annotated[Exact, Field(gt=0, le=1)]
    figure: ClassVar = "ratio"


class Floor(Rule):
    """r < L: 0; from L on r·m."""

    kind: Literal["floor"]
    floor: Annotated[Exact, Field(gt=0, le=1)]
    figure: ClassVar = "ratio"


class AllOrNothing(Rule):
    """r = 1: m; else 0."""

    kind: Literal["all_or_nothing"]
    figure: ClassVar = "ratio"


class Band(Strict):
    """From `from` on (included), or above `above` (excluded), up to the next band: a share of m, or points."""

    from_: Exact | None = Field(default=None, alias="from")
    above: Exact | None = None
    share: Share | None = None
    points: Points | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Band:
        if (self.from_ is None) == (self.above is None):
            raise FieldProblem(
                "band-limit",
                Text("mỗi bậc cần 'from' hoặc 'above'", "a band needs either 'from' or 'above'"),
                Text("'from' tính cả giới hạn, 'above' thì không", "'from' includes the limit, 'above' does not"),
            )
        if (self.share is None) == (self.points is None):
            raise FieldProblem(
                "band-worth",
                Text("mỗi bậc cần 'share' hoặc 'points'", "a band needs either 'share' or 'points'"),
                Text("'share' là phần của điểm tối đa, 'points' là số điểm", "'share' of the maximum, or 'points'"),
            )
        return self

    @property
    def limit(self) -> tuple[Exact, bool]:
        """The lower limit, and whether it is excluded: bands sort by it."""
        return (self.above, True) if self.above is not None else (self.from_, False)  # type: ignore[return-value]  # one is set: `_one_of_each`


class Bands(Rule):
    """A share or a count falls in a band; below the lowest band 0. With `gate`, a "no" there makes it 0."""

    kind: Literal["bands"]
    of: Literal["share", "count"]
    bands: list[Band] = Field(min_length=1)
    gate: MetricId | Literal[True] | None = None
    figure: ClassVar = "number"

    @model_validator(mode="after")
    def _distinct(self) -> Bands:
        limits = [band.limit for band in self.bands]
        for index, limit in enumerate(limits):
            if limit in limits[:index]:
                raise FieldProblem(
                    "band-twice",
                    Text("hai bậc có cùng giới hạn", "two bands have the same limit"),
                    Text("xóa một bậc", "remove one"),
                    at=("bands", index),
                )
        return self

    @property
    def rises(self) -> bool:
        worth = [(b.share is not None, b.share if b.share is not None else b.points or 0) for b in self.sorted_bands]
        return worth == sorted(worth) and len({kind for kind, _ in worth}) == 1

    @property
    def sorted_bands(self) -> list[Band]:
        return sorted(self.bands, key=lambda band: band.limit)


class PerItem(Rule):
    """`points` for each item, up to m."""

    kind: Literal["per_item"]
    points: Annotated[Points, Field(gt=0)]
    figure: ClassVar = "number"


class Periods(Rule):
    """For each of `count` periods: `on_time` points, `late` points, or 0 for none; summed."""

    kind: Literal["periods"]
    count: int = Field(ge=1, le=366)
    on_time: Annotated[Points, Field(gt=0)]
    late: Points
    figure: ClassVar = "words"

    @model_validator(mode="after")
    def _late_is_less(self) -> Periods:
        if self.late > self.on_time:
            raise FieldProblem(
                "late-is-more",
                Text("nộp trễ được nhiều điểm hơn đúng hạn", "late earns more than on time"),
                Text("đổi chỗ 'late' và 'on_time'", "swap 'late' and 'on_time'"),
                at=("late",),
            )
        return self


class RelativeToBest(Rule):
    """value / highest value of the agency's group · m."""

    kind: Literal["relative_to_best"]
    figure: ClassVar = "number"


class Goalposts(Rule):
    """(x − lower)/(upper − lower)·m, clipped; lower > upper where less is better."""

    kind: Literal["goalposts"]
    lower: Exact
    upper: Exact
    figure: ClassVar = "any_number"

    @model_validator(mode="after")
    def _apart(self) -> Goalposts:
        if self.lower == self.upper:
            raise FieldProblem(
                "goalposts-equal",
                Text("hai cột mốc bằng nhau", "the two goalposts are the same"),
                Text("'lower' được 0 điểm, 'upper' được điểm tối đa", "'lower' earns 0, 'upper' earns the maximum"),
                at=("upper",),
            )
        return self

    @property
    def rises(self) -> bool:
        return self.lower < self.upper


class Delivered(Rule):
    """The source delivers the points, 0..m, already scored."""

    kind: Literal["points"]
    figure: ClassVar = "points"


class NotScored(Rule):
    """Shown, 0 of 0 points."""

    kind: Literal["not_scored"]
    figure: ClassVar = "none"


class Bonus(Rule):
    """`points` for each item up to `limit`, added to the total outside the maximum."""

    kind: Literal["bonus"]
    points: Annotated[Points, Field(gt=0)]
    limit: Annotated[Points, Field(gt=0)]
    figure: ClassVar = "number"


class Penalty(Rule):
    """`points` for each item up to `limit`, taken off the total."""

    kind: Literal["penalty"]
    points: Annotated[Points, Field(gt=0)]
    limit: Annotated[Points, Field(gt=0)]
    figure: ClassVar = "number"


def _known_kind(value: Any) -> Any:
    """Name the nearest kind where the given one does not exist."""
    kind = value.get("kind") if isinstance(value, dict) else None
    if isinstance(kind, str) and kind not in KINDS:
        near = difflib.get_close_matches(kind, KINDS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(KINDS)}"
        hint_vi = f"có phải '{near[0]}'?" if near else f"các loại đã biết: {', '.join(KINDS)}"
        raise FieldProblem(
            "unknown-rule",
            Text(f"không có loại quy tắc '{kind}'", f"there is no rule kind '{kind}'"),
            Text(hint_vi, hint),
            at=("kind",),
        )
    return value


_Leaves = (
    YesNo
    | Categories
    | Checklist
    | Proportional
    | Pooled
    | Target
    | Threshold
    | Floor
    | AllOrNothing
    | Bands
    | PerItem
    | Periods
    | RelativeToBest
    | Goalposts
    | Delivered
)
LeafRule = Annotated[_Leaves, Field(discriminator="kind"), BeforeValidator(_known_kind)]
"""A rule that can also be a part of `best_of` and `sum_of`."""


class Part(Strict):
    """One part of `best_of` or `sum_of`: a rule with its own maximum, and a cap where that maximum is not reached."""

    name_vi: str = ""
    max_points: Annotated[Points, Field(gt=0)]
    cap: Annotated[Points, Field(gt=0)] | None = None
    rule: LeafRule
    inputs: Inputs = Inputs()
    zero_denominator: Literal["full", "zero", "missing"] = "missing"
    above_one: AboveOne = "invalid"


class BestOf(Rule):
    """The highest of its parts, up to m."""

    kind: Literal["best_of"]
    parts: list[Part] = Field(min_length=2)
    figure: ClassVar = "parts"


class SumOf(Rule):
    """The sum of its parts, each with its own maximum and cap, up to m."""

    kind: Literal["sum_of"]
    parts: list[Part] = Field(min_length=2)
    figure: ClassVar = "parts"


AnyRule = Annotated[
    _Leaves | NotScored | Bonus | Penalty | BestOf | SumOf, Field(discriminator="kind"), BeforeValidator(_known_kind)
]

KINDS = (
    *("yes_no", "categories", "checklist", "proportional", "pooled", "target", "threshold", "floor", "all_or_nothing"),
    *("bands", "per_item", "periods", "relative_to_best", "goalposts", "points", "best_of", "sum_of"),
    *("not_scored", "bonus", "penalty"),
)


def word(text: str) -> str:
    """A category or yes/no as it is compared: NFC, lower case, single spaces, no space at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).lower().split())
