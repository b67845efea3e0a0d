"""Rules turned into rows: what the one SQL statement for all rules reads.

Every rule with a figure f (a ratio or a number) is a function that is linear between limits, so it becomes
*segments*: from a limit on, points = slope·f + intercept. Every rule on words (yes/no, categories, lists) becomes
*worths*: item and word → points. Nothing else is left of a rule's kind when points are computed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

from rulesets.indicators import Indicator
from rulesets.numbers import plain
from rulesets.rule_base import Inputs, Rule
from rulesets.rules import (
    AllOrNothing,
    Bands,
    BestOf,
    Bonus,
    Categories,
    Checklist,
    Delivered,
    Floor,
    Goalposts,
    Part,
    Penalty,
    Periods,
    PerItem,
    Pooled,
    RelativeToBest,
    SumOf,
    Target,
    Threshold,
    word,
)

ZERO, ONE = Fraction(0), Fraction(1)
WIDE = 10**37
"""No product of the scoring statement exceeds this: DuckDB's HUGEINT holds 1.7·10³⁸. Beyond, a value is refused."""
NARROW = 4 * 10**18
"""Products below this are taken in BIGINT, which is many times faster."""


@dataclass(frozen=True)
class Segment:
    """From `start` on (excluded when `open_`), points = slope·f + intercept.

    `before` and `after` stand around the figure in the formula of the trace; `fixed` formulas do not show it.
    """

    start: Fraction | None
    slope: Fraction
    intercept: Fraction
    before: str
    after: str = ""
    open_: bool = False
    fixed: bool = False
    capped: bool = False


@dataclass(frozen=True)
class Worth:
    """What a word at one place of a list is worth."""

    item: int
    word: str
    points: Fraction
    formula: str


@dataclass(frozen=True)
class CompiledPart:
    """One part of an indicator; an indicator without parts is its own only part."""

    number: int
    takes: str
    """`figure`, `pool` (several ratios), `words`, or `none`."""
    maximum: Fraction
    cap: Fraction
    zero_denominator: str
    lowest: Fraction | None = ZERO
    highest: Fraction | None = None
    ratio: bool = False
    gated: bool = False
    relative: bool = False
    percent: bool = False
    vocabulary: str = ""
    items: int = 1
    countable: bool = False
    negative: bool = False
    best_by: str = "score"
    """What the best agency is found by where an exception refers to the highest figure: highest, lowest or score."""
    segments: list[Segment] = field(default_factory=list)
    worths: list[Worth] = field(default_factory=list)
    inputs: Inputs = field(default_factory=Inputs)

    @property
    def worth_denominator(self) -> int:
        return lcm(*(worth.points.denominator for worth in self.worths)) if self.worths else 1

    def limits(self, headroom: int) -> tuple[int, int]:
        """The largest numerator and denominator of a figure for which every product stays within the headroom."""
        n = [1, self.highest.denominator if self.highest is not None else 1]
        d = [1, self.highest.numerator if self.highest is not None else 1]
        for segment in self.segments:
            a, b, c = whole_coefficients(segment)
            n += [abs(a), segment.start.denominator if segment.start is not None else 1]
            d += [abs(b), c * 10**8, abs(segment.start.numerator) if segment.start is not None else 1]
        return headroom // max(n), headroom // max(d)


def whole_coefficients(segment: Segment) -> tuple[int, int, int]:
    """Integers a, b, c with slope = a/c and intercept = b/c: points of n/d are (a·n + b·d)/(c·d)."""
    c = lcm(segment.slope.denominator, segment.intercept.denominator)
    return int(segment.slope * c), int(segment.intercept * c), c


def compile_indicator(indicator: Indicator) -> list[CompiledPart]:
    """The parts of an indicator in order; raises nothing, as the models have checked everything."""
    rule = indicator.rule
    if isinstance(rule, BestOf | SumOf):
        return [
            _part(p, p.rule, p.max_points, number=n, cap=p.cap or p.max_points, percent=False)
            for n, p in enumerate(rule.parts, start=1)
        ]
    maximum = rule.limit if isinstance(rule, Bonus | Penalty) else indicator.max_points
    return [_part(indicator, rule, maximum, number=1, cap=maximum, percent=indicator.unit == "percent")]


def _part(of: Indicator | Part, rule: Rule, m: Fraction, *, number: int, cap: Fraction, percent: bool) -> CompiledPart:
    ratio = rule.figure == "ratio" or (isinstance(rule, Bands) and rule.of == "share")
    highest = m if isinstance(rule, Delivered) else ONE if ratio and of.above_one == "invalid" else None
    worths = _worths(rule, m)
    takes = "pool" if isinstance(rule, Pooled) else {"words": "words", "none": "none"}.get(rule.figure, "figure")
    gated = isinstance(rule, Bands) and bool(rule.gate)
    best_by = "score"
    if takes in {"figure", "pool"} and not gated:
        best_by = "highest" if rule.rises else "lowest" if isinstance(rule, Goalposts) else "score"
    return CompiledPart(
        number=number,
        takes=takes,
        maximum=m,
        cap=cap,
        zero_denominator=of.zero_denominator,
        lowest=None if rule.figure == "any_number" else ZERO,
        highest=highest,
        ratio=ratio,
        gated=gated,
        relative=isinstance(rule, RelativeToBest),
        percent=percent and ratio,
        vocabulary=_vocabulary(rule),
        items=max((worth.item for worth in worths), default=1),
        countable=isinstance(rule, Checklist) and len({w.points for w in worths if w.word == "yes"}) == 1,
        negative=isinstance(rule, Penalty),
        best_by=best_by,
        segments=_segments(rule, m),
        worths=worths,
        inputs=of.inputs,
    )


def _vocabulary(rule: Rule) -> str:
    """Which words are alike: `có` and `yes` for yes/no, `đúng hạn` and `on_time` for periods, none for categories."""
    if isinstance(rule, Categories):
        return "categories"
    return "periods" if isinstance(rule, Periods) else "yes_no"


def _worths(rule: Rule, m: Fraction) -> list[Worth]:
    most = plain(m)
    if isinstance(rule, Categories):
        return [Worth(1, word(name), share * m, f"{most} * {plain(share)}") for name, share in rule.shares.items()]
    if isinstance(rule, Periods):
        periods = range(1, rule.count + 1)
        states = (("on_time", rule.on_time), ("late", rule.late), ("none", ZERO))
        return [Worth(n, state, points, plain(points)) for n in periods for state, points in states]
    if isinstance(rule, Checklist):
        shares = [item.share for item in rule.items] or [Fraction(1, rule.count or 1)] * (rule.count or 1)
        return [
            worth
            for n, share in enumerate(shares, start=1)
            for worth in (Worth(n, "yes", share * m, f"{most} * {plain(share)}"), Worth(n, "no", ZERO, "0"))
        ]
    if rule.figure == "words":
        return [Worth(1, "yes", m, most), Worth(1, "no", ZERO, "0")]
    return []


def _segments(rule: Rule, m: Fraction) -> list[Segment]:
    most = plain(m)
    straight = Segment(None, m, ZERO, f"{most} * ")
    beyond_one = Segment(ONE, ZERO, m, f"{most} * min(1, ", ")", open_=True, capped=True)
    nothing = Segment(None, ZERO, ZERO, "0", fixed=True)
    match rule:
        case Target():
            after = f" / {_bracketed(rule.target)}"
            above = Segment(rule.target, ZERO, m, f"min({most}, {most} * ", f"{after})", open_=True, capped=True)
            return [Segment(None, m / rule.target, ZERO, f"{most} * ", after), above]
        case Threshold():
            return [straight, Segment(rule.threshold, ZERO, m, most, fixed=True)]
        case Floor():
            return [nothing, Segment(rule.floor, m, ZERO, f"{most} * "), beyond_one]
        case AllOrNothing():
            return [nothing, Segment(ONE, ZERO, m, most, fixed=True)]
        case Bands():
            return [nothing, *_band_segments(rule, m)]
        case PerItem():
            return _per_item(rule.points, m)
        case Bonus() | Penalty():
            return _per_item(rule.points, rule.limit)
        case RelativeToBest():
            return [straight]
        case Goalposts():
            return _goalposts(rule, m)
        case Delivered():
            return [Segment(None, ONE, ZERO, "")]
    return [straight, beyond_one] if rule.figure == "ratio" else []


def _bracketed(value: Fraction) -> str:
    """A number as it can stand after any sign of a formula."""
    text = plain(value)
    return f"({text})" if "/" in text or text.startswith("-") else text


def _band_segments(rule: Bands, m: Fraction) -> list[Segment]:
    segments = []
    for band in rule.sorted_bands:
        start, open_ = band.limit
        points = band.share * m if band.share is not None else band.points or ZERO
        formula = plain(points) if band.share is None else f"{plain(m)} * {plain(band.share)}"
        segments.append(Segment(start, ZERO, points, formula, open_=open_, fixed=True))
    return segments


def _per_item(points: Fraction, most: Fraction) -> list[Segment]:
    each = f"{plain(points)} * "
    above = Segment(most / points, ZERO, most, f"min({plain(most)}, {each}", ")", open_=True, capped=True)
    return [Segment(None, points, ZERO, each), above]


def _goalposts(rule: Goalposts, m: Fraction) -> list[Segment]:
    lower, upper = rule.lower, rule.upper
    slope = m / (upper - lower)
    after = f" - {_bracketed(lower)}) / ({_bracketed(upper)} - {_bracketed(lower)})"
    clipped = f"{plain(m)} * max(0, min(1, ("
    low, high = min(lower, upper), max(lower, upper)
    at_low, at_high = (ZERO, m) if lower < upper else (m, ZERO)
    return [
        Segment(None, ZERO, at_low, clipped, f"{after}))", capped=True),
        Segment(low, slope, -slope * lower, f"{plain(m)} * (", after),
        Segment(high, ZERO, at_high, clipped, f"{after}))", open_=True, capped=True),
    ]
