"""Which decision judges a group in a year: two of one authority may not both claim it unless one replaces the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from common.errors import Text
from rulesets.decision import Decision, Validity
from rulesets.lints import Remark
from rulesets.lints.names import authority
from rulesets.load import LoadedRuleset

LAST = 9999


def check(target: LoadedRuleset, others: Sequence[LoadedRuleset]) -> Iterator[Remark]:
    """Years that another ruleset of the same authority and group covers as well."""
    mine = target.ruleset
    for other in others:
        theirs = other.ruleset
        if other.ruleset_id == target.ruleset_id or authority(other.ruleset_id) != authority(target.ruleset_id):
            continue
        groups = [group for group in mine.groups if group in theirs.groups]
        first, last = _common(mine.valid, theirs.valid)
        if not groups or first > last:
            continue
        if _replaces(mine.decision, theirs.decision) or _replaces(theirs.decision, mine.decision):
            continue
        years = str(first) if first == last else f"{first}–{'…' if last == LAST else last}"
        yield Remark(
            "error",
            ("valid",),
            "validity-overlaps",
            Text(
                f"{other.ruleset_id} cũng đánh giá {', '.join(groups)} năm {years}",
                f"{other.ruleset_id} judges {', '.join(groups)} in {years} as well",
            ),
            Text(
                "đặt 'to' cho bộ cũ, hoặc ghi nó vào 'decision.replaces' của bộ mới",
                "give the older one a 'to', or name it in 'decision.replaces' of the newer",
            ),
        )
    if any(_names(entry, mine.decision) for entry in mine.decision.replaces):
        message = Text("quyết định thay thế chính nó", "the decision replaces itself")
        yield Remark("error", ("decision", "replaces"), "replaces-itself", message, Text("xóa mục này", "remove it"))


def _common(one: Validity, other: Validity) -> tuple[int, int]:
    return max(one.year_from, other.year_from), min(one.year_to or LAST, other.year_to or LAST)


def _replaces(newer: Decision, older: Decision) -> bool:
    return newer.date > older.date and any(_names(entry, older) for entry in newer.replaces)


def _names(entry: str, decision: Decision) -> bool:
    """Whether `02/QĐ-UBND ngày 03/01/2023`, or the number alone, means this decision."""
    return entry in (decision.number, f"{decision.number} ngày {decision.date:%d/%m/%Y}")
