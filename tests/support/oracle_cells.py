"""The slow, plain reading of each rule: one agency, one indicator at a time, every figure an exact fraction.

Shares nothing with the engine but the models of a ruleset.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rulesets.indicators import Indicator
from rulesets.judgement import Rounding
from rulesets.models import Ruleset
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
    NotScored,
    Part,
    Penalty,
    Periods,
    PerItem,
    Pooled,
    Proportional,
    RelativeToBest,
    SumOf,
    Target,
    Threshold,
    YesNo,
)

YES = {"yes", "có", "true", "1"}
NO = {"no", "không", "false", "0"}
PERIOD_WORDS = {
    **dict.fromkeys(("on_time", "on time", "đúng hạn"), "on_time"),
    **dict.fromkeys(("late", "trễ hạn", "trễ", "quá hạn"), "late"),
    **dict.fromkeys(("none", "no", "không", "không có"), "none"),
}
HAS_POINTS = ("reported", "partial")


class Missing(Exception):
    """There is no value."""


class Invalid(Exception):
    """There is a value that must not reach a score."""


class LeftOut(Exception):
    """0/0 where the ruleset says: not applicable."""


@dataclass
class Cell:
    """Points of one agency on one indicator."""

    status: str
    points: Fraction = Fraction(0)
    figure: Fraction | None = None


def round_to(value: Fraction, digits: int, mode: str = "half_up") -> Fraction:
    scaled = abs(value) * 10**digits
    whole = scaled.numerator // scaled.denominator
    rest = scaled - whole
    if mode != "truncate" and (
        rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (mode == "half_up" or whole % 2 == 1))
    ):
        whole += 1
    return Fraction(whole if value >= 0 else -whole, 10**digits)


def rounded(value: Fraction, rounding: Rounding | None) -> Fraction:
    return value if rounding is None else round_to(value, rounding.digits, rounding.mode)


def word(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split()).lower()


def number(text: str) -> Fraction:
    if not re.fullmatch(r"[+-]?[0-9]{1,19}(\.[0-9]{1,18})?", text):
        raise Invalid(text)
    return Fraction(text)


def yes_no(text: str) -> bool:
    if word(text) in YES:
        return True
    if word(text) in NO:
        return False
    raise Invalid(text)


@dataclass
class Given:
    """What a cell holds for one rule: two columns, or items of text."""

    n: Fraction | None
    d: Fraction | None
    items: list[str]
    percent: bool = False


def entered_cell(text: str, most: Fraction | None) -> Cell:
    if not text.strip():
        return Cell("missing")
    try:
        value = number(text.strip())
    except Invalid:
        return Cell("invalid")
    return Cell("invalid") if value < 0 or (most is not None and value > most) else Cell("entered", value)


def score_column(ruleset: Ruleset, indicator: Indicator, agencies: list[str], rows: dict[Any, Any]) -> dict[str, Cell]:
    given = {agency: rows.get((agency, indicator.code)) for agency in agencies}
    own = {a: row for a, row in given.items() if row and (row["status"] or "reported") == "reported"}
    best = _best_figures(indicator, own)
    column: dict[str, Cell] = {}
    for agency, row in own.items():
        column[agency] = _own_cell(ruleset, indicator, row, best)
    for agency, row in given.items():
        if row is None or row["status"] == "missing":
            column[agency] = Cell("not_scored" if isinstance(indicator.rule, NotScored) else "missing")
    peers = [column[a] for a in own]
    for agency, row in given.items():
        if row is not None and row["status"] == "exempt":
            column[agency] = _exempt_cell(ruleset, indicator, row["article"], peers)
    return column


def _own_cell(ruleset: Ruleset, indicator: Indicator, row: dict[str, Any], best: dict[int, Fraction]) -> Cell:
    rule = indicator.rule
    if isinstance(rule, NotScored):
        return Cell("not_scored")
    try:
        if row["numerator"] is None and row["denominator"] is None and not (row["value"] or "").strip():
            raise Missing
        if isinstance(rule, BestOf | SumOf):
            status, value, figure = *_composite(indicator, rule, row, best), None
        else:
            given = _given_whole(indicator, row)
            status, value, figure = _part(rule, _maximum(indicator), indicator, given, best.get(0))
    except Missing:
        return Cell("missing")
    except Invalid:
        return Cell("invalid")
    except LeftOut:
        return Cell("not_applicable")
    sign = -1 if isinstance(rule, Penalty) else 1
    return Cell(status, rounded(sign * value, ruleset.rounding.indicator), figure)


def _maximum(indicator: Indicator) -> Fraction:
    rule = indicator.rule
    return rule.limit if isinstance(rule, Bonus | Penalty) else indicator.max_points


def _composite(
    indicator: Indicator, rule: BestOf | SumOf, row: dict[str, Any], best: dict[int, Fraction]
) -> tuple[str, Fraction]:
    texts = (row["value"] or "").split(";") if (row["value"] or "").strip() else [""] * len(rule.parts)
    if len(texts) != len(rule.parts):
        raise Invalid
    outcomes: list[tuple[str, Fraction]] = []
    wrong = False
    for place, (part, text) in enumerate(zip(rule.parts, texts, strict=True)):
        try:
            status, value, _ = _part(part.rule, part.max_points, part, _given_part(part, text), best.get(place))
            outcomes.append((status, min(value, part.cap or part.max_points)))
        except Missing:
            outcomes.append(("missing", Fraction(0)))
        except Invalid:
            wrong = True
    if wrong:
        raise Invalid
    states = [status for status, _ in outcomes]
    if all(state == "missing" for state in states):
        raise Missing
    values = [value for _, value in outcomes]
    if isinstance(rule, SumOf):
        gap = any(state != "reported" for state in states)
        return ("partial" if gap else "reported"), min(sum(values, Fraction(0)), indicator.max_points)
    gap = not any(state == "reported" for state in states)
    return ("partial" if gap else "reported"), min(max(values), indicator.max_points)


def _given_whole(indicator: Indicator, row: dict[str, Any]) -> Given:
    text = row["value"]
    single = isinstance(indicator.rule, YesNo | Categories)
    items = [] if text is None or not text.strip() else [text] if single else text.split(";")
    n, d = (None if row[key] is None else number(str(row[key])) for key in ("numerator", "denominator"))
    return Given(n, d, items, indicator.unit == "percent")


def _given_part(part: Part, text: str) -> Given:
    single = isinstance(part.rule, YesNo | Categories)
    return Given(None, None, [] if not text.strip() else [text] if single else text.split("|"))


def _part(
    rule: Any, m: Fraction, of: Any, given: Given, best: Fraction | None
) -> tuple[str, Fraction, Fraction | None]:
    """Status, points and figure of one rule."""
    if isinstance(rule, YesNo | Categories | Checklist | Periods):
        return (*_words(rule, m, given.items), None)
    if isinstance(rule, Pooled):
        n, d = _pool(of, given)
    else:
        n, d = _figure(rule, of, given)
    if _gate(rule, given) is False:
        return "reported", Fraction(0), None
    zero = d == 0 or (isinstance(rule, RelativeToBest) and best == 0)
    if zero:
        if of.zero_denominator == "missing":
            raise Missing
        if of.zero_denominator == "not_applicable":
            raise LeftOut
        return "reported", (m if of.zero_denominator == "full" else Fraction(0)), (n / d if d else None)
    figure = n / d
    return "reported", _points(rule, m, figure, best), figure


def _is_ratio(rule: Any) -> bool:
    ratios = Proportional | Pooled | Target | Threshold | Floor | AllOrNothing
    return isinstance(rule, ratios) or (isinstance(rule, Bands) and rule.of == "share")


def _figure(rule: Any, of: Any, given: Given) -> tuple[Fraction, Fraction]:
    gated = isinstance(rule, Bands) and bool(rule.gate)
    in_columns = given.n is not None and (given.d is not None or not _is_ratio(rule))
    wanted = (0 if in_columns else 1) + (1 if gated else 0)
    if given.items and len(given.items) != wanted and (not in_columns or gated):
        raise Invalid
    if in_columns:
        assert given.n is not None
        return _checked(rule, of, given.n, given.d if given.d is not None else Fraction(1))
    if not given.items or not given.items[0].strip():
        if gated and len(given.items) == 2 and given.items[1].strip():
            yes_no(given.items[1])
        raise Missing
    text = given.items[0].strip()
    if "/" in text:
        first, second = (side.strip() for side in text.split("/", 1))
        values = [number(side) if side else None for side in (first, second)]
        if values[0] is None or values[1] is None:
            raise Missing
        return _checked(rule, of, values[0], values[1])
    scale = Fraction(1, 100) if given.percent and _is_ratio(rule) else Fraction(1)
    return _checked(rule, of, number(text) * scale, Fraction(1))


def _checked(rule: Any, of: Any, n: Fraction, d: Fraction) -> tuple[Fraction, Fraction]:
    if d < 0 or (n < 0 and not isinstance(rule, Goalposts)):
        raise Invalid
    if d == 0 and n != 0:
        raise Invalid
    if d == 0:
        return n, d
    if _is_ratio(rule) and of.above_one == "invalid" and n > d:
        raise Invalid
    most = of.max_points
    if isinstance(rule, Delivered) and n / d > most:
        raise Invalid
    return n, d


def _gate(rule: Any, given: Given) -> bool | None:
    if not (isinstance(rule, Bands) and rule.gate):
        return None
    text = given.items[-1].strip() if given.items else ""
    if not text:
        raise Missing
    return yes_no(text)


def _pool(of: Any, given: Given) -> tuple[Fraction, Fraction]:
    if given.n is not None and given.d is not None:
        return _checked(Pooled(kind="pooled"), of, given.n, given.d)
    if not given.items:
        raise Missing
    n, d, blank = Fraction(0), Fraction(0), False
    for item in given.items:
        if not item.strip():
            blank = True
            continue
        if "/" not in item:
            raise Invalid
        sides = [side.strip() for side in item.split("/", 1)]
        if not all(sides):
            raise Invalid
        one, other = _checked(Pooled(kind="pooled"), of, number(sides[0]), number(sides[1]))
        n, d = n + one, d + other
    if blank:
        raise Missing
    return n, d


def _words(rule: Any, m: Fraction, items: list[str]) -> tuple[str, Fraction]:
    if not items:
        raise Missing
    if isinstance(rule, YesNo):
        return "reported", m if yes_no(items[0]) else Fraction(0)
    if isinstance(rule, Categories):
        for name, share in rule.shares.items():
            if word(name) == word(items[0]):
                return "reported", share * m
        raise Invalid
    if isinstance(rule, Periods):
        return _list([{"on_time": rule.on_time, "late": rule.late, "none": Fraction(0)}] * rule.count, items)
    shares = [item.share for item in rule.items] or [Fraction(1, rule.count)] * rule.count
    count = items[0].strip()
    if len(shares) > 1 and len(items) == 1 and len(set(shares)) == 1 and re.fullmatch("[0-9]{1,3}", count):
        if int(count) > len(shares):
            raise Invalid
        return "reported", int(count) * shares[0] * m
    return _list([{"yes": share * m, "no": Fraction(0)} for share in shares], items)


def _list(worth: list[dict[str, Fraction]], items: list[str]) -> tuple[str, Fraction]:
    """A list with one word per place; a blank place is a gap, a list of blanks is missing."""
    if len(items) != len(worth):
        raise Invalid
    points = [_one_word(worths, item) for worths, item in zip(worth, items, strict=True) if item.strip()]
    if not points:
        raise Missing
    return ("partial" if len(points) < len(items) else "reported"), sum(points, Fraction(0))


def _one_word(worths: dict[str, Fraction], item: str) -> Fraction:
    if "yes" in worths:
        return worths["yes" if yes_no(item) else "no"]
    if word(item) not in PERIOD_WORDS:
        raise Invalid
    return worths[PERIOD_WORDS[word(item)]]


def _points(rule: Any, m: Fraction, f: Fraction, best: Fraction | None) -> Fraction:
    """Points of a figure, as scoring.md words each rule."""
    match rule:
        case Proportional() | Pooled():
            return min(m, f * m)
        case Target():
            return min(m, m * f / rule.target)
        case Threshold():
            return m if f >= rule.threshold else f * m
        case Floor():
            return Fraction(0) if f < rule.floor else min(m, f * m)
        case AllOrNothing():
            return m if f >= 1 else Fraction(0)
        case Bands():
            reached = [b for b in rule.bands if (f >= b.from_ if b.from_ is not None else f > b.above)]
            if not reached:
                return Fraction(0)
            top = max(reached, key=lambda b: (b.from_ if b.from_ is not None else b.above, b.above is not None))
            return top.points if top.points is not None else top.share * m
        case PerItem():
            return min(m, rule.points * f)
        case Bonus() | Penalty():
            return min(rule.limit, rule.points * f)
        case RelativeToBest():
            assert best is not None
            return f / best * m
        case Goalposts():
            return max(Fraction(0), min(Fraction(1), (f - rule.lower) / (rule.upper - rule.lower))) * m
        case Delivered():
            return f
    raise AssertionError(rule)


def _best_figures(indicator: Indicator, own: dict[str, Any]) -> dict[int, Fraction]:
    """The highest figure of the group for each part that is relative to it."""
    rule = indicator.rule
    found: dict[int, Fraction] = {}
    parts: list[tuple[int, Any]] = [(0, None)] if isinstance(rule, RelativeToBest) else []
    if isinstance(rule, BestOf | SumOf):
        parts = [(n, p) for n, p in enumerate(rule.parts) if isinstance(p.rule, RelativeToBest)]
    for place, part in parts:
        for row in own.values():
            try:
                if part is None:
                    given = _given_whole(indicator, row)
                else:
                    texts = (row["value"] or "").split(";")
                    if len(texts) != len(rule.parts):  # type: ignore[union-attr]  # parts are there
                        continue
                    given = _given_part(part, texts[place])
                n, d = _figure(rule if part is None else part.rule, indicator if part is None else part, given)
            except (Missing, Invalid):
                continue
            if d:
                found[place] = max(found.get(place, n / d), n / d)
    return found


def _exempt_cell(ruleset: Ruleset, indicator: Indicator, article: str | None, peers: list[Cell]) -> Cell:
    rules = [e for e in ruleset.exceptions if e.article == article]
    if not rules or (rules[0].indicators is not None and indicator.code not in rules[0].indicators):
        return Cell("invalid")
    policy = rules[0].policy
    if policy == "full_points":
        return Cell("exempt", indicator.max_points)
    if policy == "leave_out_and_rescale":
        return Cell("not_applicable")
    scored = [cell for cell in peers if cell.status in HAS_POINTS]
    if policy == "group_highest_figure" and _has_best_figure(indicator.rule):
        scored = [cell for cell in scored if cell.figure is not None]
        if not scored:
            return Cell("missing")
        less_is_better = isinstance(indicator.rule, Goalposts) and indicator.rule.lower > indicator.rule.upper
        key = (lambda c: -c.figure) if less_is_better else (lambda c: c.figure)
        return Cell("exempt", max(scored, key=key).points)
    return Cell("exempt", max(c.points for c in scored)) if scored else Cell("missing")


def _has_best_figure(rule: Any) -> bool:
    if isinstance(rule, YesNo | Categories | Checklist | Periods | BestOf | SumOf | NotScored):
        return False
    if isinstance(rule, Bands):
        worth = [
            (b.points, b.share)
            for b in sorted(
                rule.bands, key=lambda b: (b.from_ if b.from_ is not None else b.above, b.above is not None)
            )
        ]
        mixed = len({points is None for points, _ in worth}) > 1
        rises = not mixed and worth == sorted(worth, key=lambda w: w[0] if w[0] is not None else w[1])
        return rises and not rule.gate
    return True
