"""The rules of a contract between the fields of one row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.contract_model import Contract
from connectors.rules_model import Answer, CrossCheck, Excluded, Ratio, Sum
from connectors.values import UnfitError, Value

Values = dict[str, Value]  # by the source's field names
Broken = tuple[str, UnfitError]


def broken_rules(values: Values, contract: Contract, window: tuple[date, date] | None) -> Iterator[Broken]:
    """The broken rules of a row: the field to name and what is wrong. An empty optional field breaks none.

    `window` is the first and the last day of the period asked for.
    """
    for rule in contract.rules:
        found: Broken | None = None
        if rule.sum:
            found = _sum(values, rule.sum)
        elif rule.ratio:
            found = _ratio(values, rule.ratio)
        elif rule.in_window and window:
            found = _in_window(values, rule.in_window, window)
        elif rule.answer:
            found = _answer(values, rule.answer)
        if found:
            yield found


def differing_percentages(values: Values, contract: Contract) -> Iterator[str]:
    """Fields with a percentage of the source's own that does not follow from its counts.

    One real system reports 100 % on time when nothing was finished; that counts as a difference too.
    """
    for rule in contract.rules:
        if rule.cross_check and _percent_differs(values, rule.cross_check):
            yield rule.cross_check.percent


def excluded(raw: dict[str, Any], rows: tuple[Excluded, ...]) -> bool:
    """Whether the contract leaves this row out."""
    for one in rows:
        value = raw.get(one.field)
        if one.field in raw and ((one.blank and value in (None, "")) or value in one.values):
            return True
    return False


def _sum(values: Values, rule: Sum) -> Broken | None:
    numbers = _numbers(values, (*rule.of, rule.equals))
    if numbers is None:
        return None
    *parts, total = numbers
    if abs(sum(parts) - total) <= rule.tolerance:
        return None
    return rule.equals, UnfitError("SumMismatch", total=str(total), parts=str(sum(parts)))


def _ratio(values: Values, rule: Ratio) -> Broken | None:
    numbers = _numbers(values, (rule.numerator, rule.denominator))
    if numbers is None or numbers[0] <= numbers[1]:
        return None
    facts = {"numerator": str(numbers[0]), "denominator": str(numbers[1]), "other": rule.denominator}
    return rule.numerator, UnfitError("NumGtDen", **facts)


def _in_window(values: Values, name: str, window: tuple[date, date]) -> Broken | None:
    day = values.get(name)
    if isinstance(day, datetime):
        day = day.date()
    if not isinstance(day, date) or window[0] <= day <= window[1]:
        return None
    return name, UnfitError("OutsideWindow", first=window[0].isoformat(), last=window[1].isoformat())


def _answer(values: Values, rule: Answer) -> Broken | None:
    expected = rule.fields.get(str(values.get(rule.by)))
    odd = [name for name in rule.fields.values() if values.get(name) is not None and name != expected]
    return (odd[0], UnfitError("OtherAnswer", expected=expected or "–")) if odd else None


def _percent_differs(values: Values, rule: CrossCheck) -> bool:
    numbers = _numbers(values, (rule.percent, rule.numerator, rule.denominator))
    if numbers is None:
        return False
    percent, numerator, denominator = numbers
    return denominator == 0 or abs(percent - 100 * numerator / denominator) > rule.tolerance


def _numbers(values: Values, names: tuple[str, ...]) -> list[Decimal] | None:
    found = [values.get(name) for name in names]
    numbers = [Decimal(number) for number in found if isinstance(number, int | Decimal)]
    return numbers if len(numbers) == len(found) else None
