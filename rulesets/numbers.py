"""Exact numbers as people write them in a ruleset: `10`, `0.35`, or `1/3` where decimals cannot say it."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from common.errors import Text
from common.yaml_files import FieldProblem

MAX_DECIMALS = 4
"""Decimals of any number in a ruleset: with 15 digits before the point, products stay within 128-bit integers."""

_RATIO = re.compile(r"([0-9]{1,4})/([1-9][0-9]{0,3})$")


def exact(value: Any) -> Fraction:
    """A number of a ruleset as a fraction; raises `FieldProblem` for what is not an exact number."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, str) and (match := _RATIO.match(value.strip())):
        return Fraction(int(match[1]), int(match[2]))
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise FieldProblem(
            "not-a-number",
            Text(f"cần một số, không phải {value!r}", f"a number is needed, not {value!r}"),
            Text('viết như 10, 0.35 hoặc "1/3"', 'write it as 10, 0.35 or "1/3"'),
        )
    decimals = -int(value.as_tuple().exponent) if isinstance(value, Decimal) else 0
    if decimals > MAX_DECIMALS or abs(value) >= 10**12:
        raise FieldProblem(
            "too-many-digits",
            Text(f"{value} có quá nhiều chữ số", f"{value} has too many digits"),
            Text(
                f"tối đa {MAX_DECIMALS} chữ số thập phân; phân số viết như 1/3",
                f"at most {MAX_DECIMALS} decimals; write fractions as 1/3",
            ),
        )
    return Fraction(value)


def plain(value: Fraction) -> str:
    """The shortest exact text of a fraction: `10`, `0.35`, or `1/3` when decimals do not end."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    places = max(twos, fives)
    digits = f"{abs(value.numerator) * 10**places // value.denominator:0{places + 1}d}"
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def _decimal(value: Fraction) -> Fraction:
    if (10**MAX_DECIMALS * value).denominator != 1:
        raise FieldProblem(
            "points-not-decimal",
            Text(f"điểm {plain(value)} không phải số thập phân", f"{plain(value)} points are not a decimal number"),
            Text("dùng 'share' cho phân số", "use 'share' for a fraction"),
        )
    return value


_SCHEMA = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^[0-9]{1,4}/[1-9][0-9]{0,3}$"}]}
_EXACT = (BeforeValidator(exact), PlainSerializer(plain, return_type=str), WithJsonSchema(_SCHEMA))

Exact = Annotated[Fraction, *_EXACT]
"""Any exact number."""

Share = Annotated[Fraction, *_EXACT, Field(ge=0, le=1)]
"""A part of a whole, 0..1."""

Points = Annotated[Fraction, *_EXACT, Field(ge=0, lt=100_000), AfterValidator(_decimal)]
"""Points, 0 or more, as a decimal."""
