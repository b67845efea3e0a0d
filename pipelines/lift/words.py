"""Steps in words: what an agency would have to do, in the units of its own figures."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from common.errors import Text

if TYPE_CHECKING:
    from rulesets.indicators import Indicator
    from rulesets.lift.moves import Said
    from rulesets.lift.steps import Step
    from rulesets.metrics import Metric


def step_words(indicator: Indicator, step: Step, metrics: dict[str, Metric]) -> list[Text]:
    """One sentence per figure that a step moves."""
    return [_words(one, _meaning(indicator, metrics)) for one in step.said]


def _meaning(indicator: Indicator, metrics: dict[str, Metric]) -> Text:
    """What is counted: the metric of the numerator or value, else the indicator's own name."""
    inputs = indicator.inputs
    name = inputs.numerator or inputs.value or (inputs.pools[0].numerator if inputs.pools else None)
    metric = metrics.get(name) if name else None
    if metric is None:
        return Text(indicator.name_vi, indicator.name_en or indicator.name_vi)
    return Text(metric.meaning_vi, metric.meaning_en)


def _words(said: Said, meaning: Text) -> Text:
    if said.kind == "yes":
        return Text(f"chuyển thành có: {meaning.vi}", f"make it yes: {meaning.en}")
    if said.kind == "category":
        before = said.before or "–"
        return Text(f"từ mức “{before}” lên “{said.after}”", f"from “{before}” to “{said.after}”")
    more = Fraction(said.after) - Fraction(said.before)
    grown = f"{grouped(said.before)} → {grouped(said.after)}" + (f" / {grouped(said.of)}" if said.of else "")
    grown_en = grown.replace(".", "\0").replace(",", ".").replace("\0", ",")
    amount = grouped(_decimal(abs(more)))
    amount_en = amount.replace(".", "\0").replace(",", ".").replace("\0", ",")
    if said.kind == "periods":
        return Text(f"thêm {amount} kỳ đúng hạn ({grown})", f"{amount_en} more periods on time ({grown_en})")
    if said.kind == "items":
        return Text(f"thêm {amount} mục đạt ({grown})", f"{amount_en} more items done ({grown_en})")
    verb, verb_en = ("thêm", "more") if more > 0 else ("bớt", "less")
    unit = " điểm" if said.kind == "points" else ""
    return Text(f"{verb} {amount}{unit} ({grown}): {meaning.vi}", f"{amount_en} {verb_en} ({grown_en}): {meaning.en}")


def _decimal(number: Fraction) -> str:
    from rulesets.numbers import plain

    return plain(number)


def grouped(text: str) -> str:
    """Digits as people write them in Vietnamese: groups of three with points, a decimal comma."""
    whole, _, rest = text.partition(".")
    if not whole.lstrip("-").isdigit():
        return text
    return f"{int(whole):,}".replace(",", ".") + (f",{rest}" if rest else "")
