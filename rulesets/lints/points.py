"""Rules that jump, bands that nothing reaches, and maxima that cannot be earned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from common.errors import Text
from common.yaml_files import Loc
from rulesets.indicators import Indicator
from rulesets.lints import PlacedRule, Remark, rules_of
from rulesets.models import Ruleset
from rulesets.numbers import plain
from rulesets.rules import (
    Band,
    Bands,
    BestOf,
    Bonus,
    Categories,
    Checklist,
    Floor,
    Part,
    Penalty,
    Periods,
    SumOf,
    Target,
    Threshold,
    word,
)


def check(ruleset: Ruleset) -> Iterator[Remark]:
    """Every remark about how values become points."""
    for placed in rules_of(ruleset):
        yield from _jump(placed)
        yield from _same_as(placed)
        yield from _bands(placed)
        yield from _words(placed)
        yield from _reach(placed)
        yield from _caps(placed)


def _jump(placed: PlacedRule) -> Iterator[Remark]:
    """A rule that falls by a part of the maximum within a hair's breadth: as the decision has it, or by mistake?"""
    rule, jump, at = placed.rule, Fraction(0), ""
    if isinstance(rule, Threshold):
        jump, at = (1 - rule.threshold) * placed.most, "threshold"
    elif isinstance(rule, Floor):
        jump, at = rule.floor * placed.most, "floor"
    if not jump:
        return
    decided = isinstance(placed.of, Indicator) and placed.of.basis == "decision"
    limit = plain(getattr(rule, at))
    yield Remark(
        "note" if decided else "warning",
        (*placed.loc, at),
        "rule-jumps",
        Text(f"điểm nhảy {plain(jump)} tại {limit}", f"the points jump by {plain(jump)} at {limit}"),
        Text("nếu muốn liên tục, dùng 'kind: target'", "for a continuous rule use 'kind: target'")
        if at == "threshold"
        else Text("nếu muốn liên tục, dùng 'kind: proportional'", "for a continuous rule use 'kind: proportional'"),
    )


def _same_as(placed: PlacedRule) -> Iterator[Remark]:
    for kind, key in ((Target, "target"), (Threshold, "threshold")):
        if isinstance(placed.rule, kind) and getattr(placed.rule, key) == 1:
            message = Text(f"'{key}: 1' chính là 'proportional'", f"'{key}: 1' is the same as 'proportional'")
            yield Remark("note", (*placed.loc, key), "same-as-proportional", message)


def _bands(placed: PlacedRule) -> Iterator[Remark]:
    rule = placed.rule
    if not isinstance(rule, Bands):
        return
    places: dict[int, Loc] = {id(band): (*placed.loc, "bands", k) for k, band in enumerate(rule.bands)}
    for band in rule.bands:
        if rule.of == "share" and band.limit > (Fraction(1), False):
            hint = Text("tỷ lệ viết từ 0 đến 1, ví dụ 0.8", "write shares between 0 and 1, for example 0.8")
            yield _unreachable(places[id(band)], band, hint)
    for lower, upper in pairwise(rule.sorted_bands):
        if rule.of == "count" and not _whole_between(lower, upper):
            hint = Text("số đếm là số nguyên; gộp hai bậc", "counts are whole numbers; join the two bands")
            yield _unreachable(places[id(lower)], lower, hint)
        low, high = _worth(lower, placed.most), _worth(upper, placed.most)
        if high < low:
            message = Text("bậc cao hơn lại được ít điểm hơn", "a higher band earns less")
            hint = Text("kiểm tra thứ tự các bậc", "check the order of the bands")
            yield Remark("warning", places[id(upper)], "band-falls", message, hint)
        elif high == low:
            message = Text("bậc này được bằng điểm bậc dưới", "this band earns the same as the one below")
            yield Remark("warning", places[id(upper)], "band-no-effect", message, Text("xóa một bậc", "remove one"))


def _unreachable(loc: Loc, band: Band, hint: Text) -> Remark:
    limit = f"{'>' if band.limit[1] else '≥'} {plain(band.limit[0])}"
    message = Text(f"không giá trị nào rơi vào bậc {limit}", f"no value falls into the band {limit}")
    return Remark("error", loc, "band-unreachable", message, hint)


def _whole_between(lower: Band, upper: Band) -> bool:
    """Whether a whole number lies in the lower band."""
    (start, excluded), (end, end_excluded) = lower.limit, upper.limit
    first = int(start) if start == int(start) else int(start) + 1
    if excluded and first == start:
        first += 1
    return first <= end if end_excluded else first < end


def _worth(band: Band, most: Fraction) -> Fraction:
    return band.share * most if band.share is not None else band.points or Fraction(0)


def _words(placed: PlacedRule) -> Iterator[Remark]:
    """Words that are the same word once case and spaces are set aside."""
    rule = placed.rule
    if isinstance(rule, Categories):
        names, loc = list(rule.shares), (*placed.loc, "shares")
        places: list[Loc] = [(*loc, name) for name in names]
    elif isinstance(rule, Checklist):
        names = [item.name_vi for item in rule.items]
        places = [(*placed.loc, "items", k, "name_vi") for k in range(len(names))]
    else:
        return
    seen: Counter[str] = Counter()
    for name, place in zip(names, places, strict=True):
        seen[word(name)] += 1
        if seen[word(name)] == 2:
            message = Text(f"'{name}' trùng với một mục khác", f"'{name}' is the same as another entry")
            yield Remark("error", place, "word-twice", message, Text("mỗi mục một lần", "give each once"))


def _reach(placed: PlacedRule) -> Iterator[Remark]:
    """The most that a rule can earn is less than the maximum it is given."""
    rule, most = placed.rule, placed.most
    best = most
    if isinstance(rule, Categories):
        best = max(rule.shares.values()) * most
    elif isinstance(rule, Checklist) and rule.items:
        best = sum((item.share for item in rule.items), Fraction(0)) * most
    elif isinstance(rule, Bands):
        best = max(_worth(band, most) for band in rule.bands)
    elif isinstance(rule, Periods):
        best = rule.count * rule.on_time
    elif isinstance(rule, SumOf):
        best = sum((_part_most(part) for part in rule.parts), Fraction(0))
    elif isinstance(rule, BestOf):
        best = max(_part_most(part) for part in rule.parts)
    if best < most:
        message = Text(
            f"nhiều nhất chỉ được {plain(best)} trong {plain(most)} điểm",
            f"it earns at most {plain(best)} of {plain(most)} points",
        )
        hint = Text("kiểm tra các phần và điểm tối đa", "check the shares and the maximum")
        yield Remark("warning", placed.loc, "maximum-unreachable", message, hint)
    elif best > most:
        message = Text(
            f"các phần cộng lại {plain(best)}, chỉ tính {plain(most)} điểm",
            f"the parts make {plain(best)}, of which {plain(most)} count",
        )
        yield Remark("note", placed.loc, "parts-capped", message)


def _part_most(part: Part) -> Fraction:
    return min(part.max_points, part.cap or part.max_points)


def _caps(placed: PlacedRule) -> Iterator[Remark]:
    rule, of = placed.rule, placed.of
    if isinstance(of, Part) and of.cap is not None and of.cap >= of.max_points:
        message = Text("'cap' không thấp hơn 'max_points'", "'cap' is not below 'max_points'")
        loc: Loc = (*placed.loc[:-1], "cap")
        yield Remark("warning", loc, "no-effect", message, Text("xóa 'cap'", "remove 'cap'"))
    if isinstance(rule, Bonus | Penalty) and rule.limit < rule.points:
        message = Text("giới hạn nhỏ hơn điểm của một mục", "the limit is less than the points of one item")
        hint = Text("tăng 'limit' hoặc giảm 'points'", "raise 'limit' or lower 'points'")
        yield Remark("warning", (*placed.loc, "limit"), "limit-below-points", message, hint)
