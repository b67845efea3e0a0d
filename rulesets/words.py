"""A rule in words, in both languages: for the generated method pages and `dti ruleset show`."""

from __future__ import annotations

from fractions import Fraction

from common.errors import Text
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

ZERO_DENOMINATOR = {
    "full": Text("mẫu số 0: đủ điểm", "denominator 0: full points"),
    "zero": Text("mẫu số 0: 0 điểm", "denominator 0: no points"),
    "not_applicable": Text("mẫu số 0: không áp dụng, quy đổi phần còn lại", "denominator 0: left out and rescaled"),
    "missing": Text("mẫu số 0: thiếu số liệu", "denominator 0: missing"),
}
CAPPED = Text("trên 1: đủ điểm", "above 1: full points")


def number(value: Fraction, lang: str = "vi") -> str:
    """An exact number as it is written in Vietnamese (decimal comma) or English."""
    text = plain(value)
    return text if lang == "en" else text.replace(".", ",")


def percent(value: Fraction, lang: str = "vi") -> str:
    return f"{number(value * 100, lang)}%"


def indicator_rule(indicator: Indicator) -> Text:
    """The rule of an indicator with what a zero denominator and a ratio above 1 mean."""
    return Text(*(_with_policies(indicator, indicator.rule, indicator.max_points, lang) for lang in ("vi", "en")))


def inputs(of: Inputs) -> str:
    """The metrics that feed a rule, as `a / b` or `a`."""
    pairs = [(of.numerator, of.denominator), *((pool.numerator, pool.denominator) for pool in of.pools)]
    ratios = [f"`{over}` / `{under}`" for over, under in pairs if over]
    return "; ".join([*ratios, *([f"`{of.value}`"] if of.value else [])])


def _with_policies(of: Indicator | Part, rule: Rule, most: Fraction, lang: str) -> str:
    text = _words(rule, most).in_(lang)
    reads_ratio = rule.figure == "ratio" or (isinstance(rule, Bands) and rule.of == "share")
    if reads_ratio:
        text += f"; {ZERO_DENOMINATOR[of.zero_denominator].in_(lang)}"
        if of.above_one == "cap":
            text += f"; {CAPPED.in_(lang)}"
    return text


def _words(rule: Rule, most: Fraction) -> Text:
    m, em = number(most), number(most, "en")
    match rule:
        case YesNo():
            return Text(f"có: {m} điểm; không: 0", f"yes: {em} points; no: 0")
        case Proportional():
            return Text(f"{m} × tỷ lệ", f"{em} × ratio")
        case Pooled():
            return Text(f"{m} × (tổng tử số / tổng mẫu số)", f"{em} × (sum of numerators / sum of denominators)")
        case AllOrNothing():
            return Text(f"đạt 100%: {m} điểm; chưa đạt: 0", f"100%: {em} points; less: 0")
        case RelativeToBest():
            return Text(f"{m} × giá trị / giá trị cao nhất trong nhóm", f"{em} × value / highest value of the group")
        case Delivered():
            return Text(f"điểm do nguồn cung cấp, từ 0 đến {m}", f"points as the source delivers them, 0 to {em}")
        case NotScored():
            return Text("chỉ hiển thị, không tính điểm", "shown, not scored")
        case Categories() | Checklist() | Bands() | Periods():
            return _listed(rule, most)
        case BestOf() | SumOf():
            return _parts(rule, most)
    return _limits(rule, most)


def _limits(rule: Rule, most: Fraction) -> Text:
    m, em = number(most), number(most, "en")
    match rule:
        case Target():
            t, et = percent(rule.target), percent(rule.target, "en")
            return Text(f"{m} × tỷ lệ / {t}, từ {t} trở lên {m} điểm", f"{em} × ratio / {et}, from {et} on {em} points")
        case Threshold():
            t, et = percent(rule.threshold), percent(rule.threshold, "en")
            return Text(
                f"từ {t} trở lên {m} điểm; dưới đó {m} × tỷ lệ", f"from {et} on {em} points; below {em} × ratio"
            )
        case Floor():
            t, et = percent(rule.floor), percent(rule.floor, "en")
            return Text(f"dưới {t}: 0; từ {t} trở lên {m} × tỷ lệ", f"below {et}: 0; from {et} on {em} × ratio")
        case PerItem():
            p, ep = number(rule.points), number(rule.points, "en")
            return Text(f"{p} điểm mỗi mục, tối đa {m}", f"{ep} points for each, at most {em}")
        case Bonus():
            p, most_added = number(rule.points), number(rule.limit)
            return Text(
                f"cộng vào tổng {p} điểm mỗi mục, tối đa {most_added}",
                f"adds {number(rule.points, 'en')} for each to the total, at most {number(rule.limit, 'en')}",
            )
        case Penalty():
            p, most_taken = number(rule.points), number(rule.limit)
            return Text(
                f"trừ vào tổng {p} điểm mỗi mục, tối đa {most_taken}",
                f"takes {number(rule.points, 'en')} for each off the total, at most {number(rule.limit, 'en')}",
            )
        case Goalposts():
            low, high = number(rule.lower), number(rule.upper)
            return Text(
                f"từ {low} (0 điểm) đến {high} ({m} điểm), tăng đều",
                f"from {number(rule.lower, 'en')} (0 points) to {number(rule.upper, 'en')} ({em} points), evenly",
            )
    raise AssertionError(rule)  # every kind is named above; a test goes through all of them


def _listed(rule: Categories | Checklist | Bands | Periods, most: Fraction) -> Text:
    both = []
    for lang in ("vi", "en"):
        m = number(most, lang)
        if isinstance(rule, Categories):
            words = [f"{word}: {number(share * most, lang)}" for word, share in rule.shares.items()]
            both.append("; ".join(words))
        elif isinstance(rule, Checklist) and rule.items:
            both.append(" + ".join(f"{item.name_vi}: {number(item.share * most, lang)}" for item in rule.items))
        elif isinstance(rule, Checklist):
            both.append(Text(f"{m} × số mục đạt / {rule.count}", f"{m} × items that hold / {rule.count}").in_(lang))
        elif isinstance(rule, Periods):
            on, late = number(rule.on_time, lang), number(rule.late, lang)
            vi = f"{rule.count} kỳ, mỗi kỳ đúng hạn {on}, trễ {late}, không có 0"
            both.append(Text(vi, f"{rule.count} periods, each on time {on}, late {late}, none 0").in_(lang))
        else:
            both.append(_bands(rule, most, lang))
    return Text(*both)


def _bands(rule: Bands, most: Fraction, lang: str) -> str:
    words = []
    for band in reversed(rule.sorted_bands):
        value, excluded = band.limit
        limit = percent(value, lang) if rule.of == "share" else number(value, lang)
        points = band.share * most if band.share is not None else band.points or Fraction(0)
        words.append(f"{'>' if excluded else '≥'} {limit}: {number(points, lang)}")
    words.append(Text("còn lại: 0", "else: 0").in_(lang))
    if rule.gate:
        words.append(Text("điều kiện không đạt: 0", "condition not met: 0").in_(lang))
    return "; ".join(words)


def _parts(rule: BestOf | SumOf, most: Fraction) -> Text:
    both = []
    for lang in ("vi", "en"):
        parts = []
        for part in rule.parts:
            name = f"{part.name_vi}: " if part.name_vi else ""
            cap = f" (≤ {number(part.cap, lang)})" if part.cap is not None else ""
            parts.append(f"[{name}{_with_policies(part, part.rule, part.max_points, lang)}{cap}]")
        head = Text("cao nhất trong", "the highest of") if isinstance(rule, BestOf) else Text("tổng của", "the sum of")
        tail = Text("tối đa", "at most").in_(lang)
        both.append(f"{head.in_(lang)} {', '.join(parts)}, {tail} {number(most, lang)}")
    return Text(*both)
