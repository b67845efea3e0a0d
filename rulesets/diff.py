"""What differs between two rulesets: indicators added, removed, renamed, recoded, re-weighted, rules changed.

Indicators are matched by name first and by code then, so that one new indicator in the middle does not look like
twenty renamed ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from common.errors import Text
from rulesets import words
from rulesets.indicators import Indicator
from rulesets.lints.names import fold
from rulesets.models import MainIndex, Ruleset
from rulesets.numbers import plain

Kind = Literal[
    "added",
    "removed",
    "recoded",
    "renamed",
    "moved",
    "reweighted",
    "rule",
    "inputs",
    "main_added",
    "main_removed",
    "main_renamed",
    "main_reweighted",
    "setting",
]

KINDS: dict[str, Text] = {
    "added": Text("thêm", "added"),
    "removed": Text("bỏ", "removed"),
    "recoded": Text("đổi mã", "recoded"),
    "renamed": Text("đổi tên", "renamed"),
    "moved": Text("chuyển chỉ số chính", "moved"),
    "reweighted": Text("đổi điểm", "re-weighted"),
    "rule": Text("đổi quy tắc", "rule changed"),
    "inputs": Text("đổi đầu vào", "inputs changed"),
    "main_added": Text("thêm chỉ số chính", "main index added"),
    "main_removed": Text("bỏ chỉ số chính", "main index removed"),
    "main_renamed": Text("đổi tên chỉ số chính", "main index renamed"),
    "main_reweighted": Text("đổi điểm chỉ số chính", "main index re-weighted"),
    "setting": Text("đổi cách tính chung", "setting changed"),
}


@dataclass(frozen=True)
class Change:
    """One difference. `code` is that of the newer ruleset, or the older one's where the newer has none."""

    kind: Kind
    code: str
    before: str
    after: str
    code_before: str = ""

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))


Match = tuple[Indicator | None, Indicator | None]


def diff(before: Ruleset, after: Ruleset) -> list[Change]:
    """Every difference that can change a score or a name, main indices and settings first."""
    changes = [*_main_indices(before, after), *_settings(before, after)]
    for old, new in matches(before, after):
        if old is None and new is not None:
            changes.append(Change("added", new.code, "", _headline(new)))
        elif new is None and old is not None:
            changes.append(Change("removed", old.code, _headline(old), "", old.code))
        elif old is not None and new is not None:
            changes += _indicator(old, new)
    return changes


def matches(before: Ruleset, after: Ruleset) -> list[Match]:
    """Indicators that are one and the same in both, in the order of the newer; then those that only the older has."""
    old = {i.code: i for i in before.indicator_list}
    by_name: dict[str, list[Indicator]] = {}
    for one in before.indicator_list:
        by_name.setdefault(fold(one.name_vi), []).append(one)
    paired: dict[str, Indicator] = {}
    for new in after.indicator_list:  # the same name; among several of that name the one with the same code
        like = [i for i in by_name.get(fold(new.name_vi), []) if i.code in old]
        if like:
            chosen = next((i for i in like if i.code == new.code), like[0])
            paired[new.code] = old.pop(chosen.code)
    for new in after.indicator_list:  # another name, but the same code
        if new.code not in paired and new.code in old:
            paired[new.code] = old.pop(new.code)
    found: list[Match] = [(paired.get(new.code), new) for new in after.indicator_list]
    return found + [(left, None) for left in old.values()]


def _headline(one: Indicator) -> str:
    return f"{one.name_vi} ({words.number(one.max_points)} điểm)"


def _indicator(old: Indicator, new: Indicator) -> Iterator[Change]:
    def change(kind: Kind, was: str, now: str) -> Change:
        return Change(kind, new.code, was, now, old.code)

    if old.code != new.code:
        yield change("recoded", old.code, new.code)
    if old.name_vi != new.name_vi:
        yield change("renamed", old.name_vi, new.name_vi)
    if old.main_index != new.main_index:
        yield change("moved", old.main_index or "", new.main_index or "")
    if old.max_points != new.max_points:
        yield change("reweighted", plain(old.max_points), plain(new.max_points))
    if _rule_part(old) != _rule_part(new):
        yield change("rule", words.indicator_rule(old).vi, words.indicator_rule(new).vi)
    if old.inputs != new.inputs:
        yield change("inputs", words.inputs(old.inputs), words.inputs(new.inputs))


RULE_KEYS = ("rule", "zero_denominator", "above_one", "missing", "unit", "stages")
"""What of an indicator decides how a value becomes points, besides its maximum."""


def _rule_part(one: Indicator) -> tuple[Any, ...]:
    return tuple(getattr(one, key) for key in RULE_KEYS)


def _main_indices(before: Ruleset, after: Ruleset) -> Iterator[Change]:
    old, new = ({m.code: m for m in ruleset.main_indices} for ruleset in (before, after))
    for code, main in new.items():
        if code not in old:
            yield Change("main_added", code, "", _main_headline(main))
            continue
        was = old[code]
        if was.name_vi != main.name_vi:
            yield Change("main_renamed", code, was.name_vi, main.name_vi, code)
        if was.points != main.points:
            yield Change("main_reweighted", code, _points(was.points), _points(main.points), code)
    for code in old.keys() - new.keys():
        yield Change("main_removed", code, _main_headline(old[code]), "", code)


def _main_headline(main: MainIndex) -> str:
    return f"{main.name_vi} ({_points(main.points)} điểm)"


def _points(points: Fraction | None) -> str:
    return "–" if points is None else plain(points)


SETTINGS = ("exceptions", "aggregation", "rounding", "ranking", "grades", "levels", "stages", "pillars")
"""Parts of a ruleset that decide totals, ranks and grades for all indicators together."""


def _settings(before: Ruleset, after: Ruleset) -> Iterator[Change]:
    if before.structure.points != after.structure.points:
        yield Change("setting", "points", plain(before.structure.points), plain(after.structure.points))
    for key in SETTINGS:
        was, now = (_plain(getattr(ruleset, key)) for ruleset in (before, after))
        if was != now:
            yield Change("setting", key, was, now)


def _plain(value: Any) -> str:
    """A part of a ruleset as one line, without what it leaves at its default."""
    if isinstance(value, list):
        return "; ".join(_plain(item) for item in value)
    if value is None:
        return ""
    body = value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return ", ".join(f"{key}: {item}" for key, item in body.items())
