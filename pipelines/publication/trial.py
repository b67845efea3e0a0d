"""Rules as spreadsheet formulas, so that an agency sees in its own workbook what its figures would earn.

Only a trial: spreadsheets reckon with binary floats and know nothing of the other agencies. A rule that needs them, or
lists of words, has no formula, and the workbook says so. The engine alone decides.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from rulesets.indicators import Indicator
from rulesets.judgement import Rounding
from rulesets.models import Ruleset
from rulesets.rules import (
    AllOrNothing,
    Bands,
    BestOf,
    Floor,
    Goalposts,
    PerItem,
    Pooled,
    Proportional,
    SumOf,
    Target,
    Threshold,
    YesNo,
)

CellOf = Callable[[str], str]
"""The address of the cell with the figure of a metric; raises `LookupError` for one that the form does not ask."""

YES, NO = "Có", "Không"
ABOVE, NO_DENOMINATOR = "Tử số lớn hơn mẫu số", "Mẫu số bằng 0"
_RATIOS = (Proportional, Pooled, Target, Threshold, Floor, AllOrNothing)


def formula(indicator: Indicator, ruleset: Ruleset, cell_of: CellOf) -> str:
    """What stands in the cell, with its `=`; "" where the rule cannot be reckoned within one workbook."""
    try:
        made = _points(indicator, indicator.max_points, cell_of)
    except LookupError:
        return ""
    rounding = ruleset.rounding.indicator
    return f"={_rounded(made, rounding)}" if rounding and made else f"={made}" if made else ""


def _rounded(made: str, rounding: Rounding) -> str:
    function = "TRUNC" if rounding.mode == "truncate" else "ROUND"  # half to even differs in ties only
    return f"IFERROR({function}({made},{rounding.digits}),{made})"


def _points(one: Indicator, m: Fraction, cell_of: CellOf) -> str:
    rule, inputs = one.rule, one.inputs
    if isinstance(rule, BestOf | SumOf):
        return ""  # parts have inputs of their own; no decision in use scores by them from a form
    if isinstance(rule, YesNo) and inputs.value:
        cell = cell_of(inputs.value)
        return f'IF({cell}="{YES}",{_n(m)},IF({cell}="{NO}",0,""))'
    if isinstance(rule, _RATIOS):
        return _of_ratio(one, m, cell_of)
    if isinstance(rule, Bands):
        return _of_bands(one, rule, m, cell_of)
    if isinstance(rule, PerItem | Goalposts) and inputs.value:
        cell = cell_of(inputs.value)
        worth = f"MIN({_n(m)},{_n(rule.points)}*{cell})" if isinstance(rule, PerItem) else _goalposts(rule, m, cell)
        return f'IF({cell}="","",{worth})'
    return ""


def _goalposts(rule: Goalposts, m: Fraction, cell: str) -> str:
    return f"MAX(0,MIN({_n(m)},({cell}-{_n(rule.lower)})/({_n(rule.upper - rule.lower)})*{_n(m)}))"


def _of_ratio(one: Indicator, m: Fraction, cell_of: CellOf) -> str:
    pair = _pair(one, cell_of)
    if pair is None:
        return ""
    (n, d), blank = pair
    worth = _of_share(one, m, f"{n}/{d}", f"{n}={d}")
    excess = _n(m) if one.above_one == "cap" else f'"{ABOVE}"'
    zero = {"full": _n(m), "zero": "0"}.get(one.zero_denominator, '""')
    return f'IF({blank},"",IF({d}=0,IF({n}=0,{zero},"{NO_DENOMINATOR}"),IF({n}>{d},{excess},{worth})))'


def _pair(one: Indicator, cell_of: CellOf) -> tuple[tuple[str, str], str] | None:
    """Numerator and denominator as terms, and the condition that one of them is blank."""
    inputs = one.inputs
    if inputs.numerator and inputs.denominator:
        ratios = [(cell_of(inputs.numerator), cell_of(inputs.denominator))]
    else:
        ratios = [(cell_of(pool.numerator), cell_of(pool.denominator)) for pool in inputs.pools]
    if not ratios:
        return None
    blank = ",".join(f'{cell}=""' for ratio in ratios for cell in ratio)
    n, d = ("+".join(terms) for terms in zip(*ratios, strict=True))
    return ((n, d) if len(ratios) == 1 else (f"({n})", f"({d})")), f"OR({blank})"


def _of_share(one: Indicator, m: Fraction, r: str, whole: str) -> str:
    rule = one.rule
    if isinstance(rule, Target):
        return f"MIN({_n(m)},{_n(m)}*{r}/{_n(rule.target)})"
    if isinstance(rule, Threshold):
        return f"IF({r}>={_n(rule.threshold)},{_n(m)},{_n(m)}*{r})"
    if isinstance(rule, Floor):
        return f"IF({r}<{_n(rule.floor)},0,{_n(m)}*{r})"
    return f"IF({whole},{_n(m)},0)" if isinstance(rule, AllOrNothing) else f"{_n(m)}*{r}"


def _of_bands(one: Indicator, rule: Bands, m: Fraction, cell_of: CellOf) -> str:
    if rule.of == "share":
        pair = _pair(one, cell_of)
        if pair is None:
            return ""
        (n, d), blank = pair
        banded = _banded(rule, m, f"{n}/{d}")
        excess = banded if one.above_one == "cap" else f'"{ABOVE}"'
        zero = {"full": _n(m), "zero": "0"}.get(one.zero_denominator, '""')
        made = f'IF({blank},"",IF({d}=0,IF({n}=0,{zero},"{NO_DENOMINATOR}"),IF({n}>{d},{excess},{banded})))'
    elif one.inputs.value:
        cell = cell_of(one.inputs.value)
        made = f'IF({cell}="","",{_banded(rule, m, cell)})'
    else:
        return ""
    if rule.gate is None:
        return made
    if rule.gate is True:
        return ""
    gate = cell_of(rule.gate)
    return f'IF({gate}="{NO}",0,IF({gate}="{YES}",{made},""))'


def _banded(rule: Bands, m: Fraction, x: str) -> str:
    made = "0"
    for band in rule.sorted_bands:
        limit, excluded = band.limit
        worth = band.points if band.points is not None else (band.share or 0) * m
        made = f"IF({x}{'>' if excluded else '>='}{_n(limit)},{_n(worth)},{made})"
    return made


def _n(value: Fraction | int) -> str:
    """A number as every spreadsheet reads it: a decimal, or a quotient where decimals do not end."""
    from rulesets.numbers import plain

    text = plain(Fraction(value))
    return f"({text})" if "/" in text else text
