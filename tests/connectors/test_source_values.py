"""Values under a contract: exact, or refused with the reason; never coerced."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract_model import Contract, FieldContract
from connectors.rules import broken_rules
from connectors.values import UnfitError, read_code, read_value

NUMBER = FieldContract(name="n", type="decimal", places=2, minimum=Decimal(0), maximum=Decimal(100))
WHOLE = FieldContract(name="n", type="integer", minimum=Decimal(0))
OPEN = FieldContract(name="n", type="decimal", places=3)
DAY = FieldContract(name="d", type="date", format="%d/%m/%Y")
TEXT = FieldContract(name="t", type="text")
OPTIONAL = FieldContract(name="n", type="decimal", places=2, required=False)
MOMENT = FieldContract(name="m", type="moment", format="iso8601")
LOCAL = FieldContract(name="m", type="moment", format="%d/%m/%Y %H:%M", timezone="Asia/Ho_Chi_Minh")
FLAG = FieldContract(name="f", type="boolean")


@pytest.mark.parametrize(
    ("raw", "field", "value"),
    [
        ("98.5", NUMBER, Decimal("98.50")),
        ("0", NUMBER, Decimal("0.00")),
        ("100", NUMBER, Decimal("100.00")),
        ("-0.5", OPEN, Decimal("-0.500")),
        ("1000", WHOLE, 1000),
        ("31/12/2024", DAY, date(2024, 12, 31)),
        ("2024-12-31T18:00:00Z", MOMENT, datetime.fromisoformat("2025-01-01T01:00")),
        ("2024-03-05T17:00:00.250+07:00", MOMENT, datetime.fromisoformat("2024-03-05T17:00:00.250")),
        ("05/03/2024 17:30", LOCAL, datetime.fromisoformat("2024-03-05T17:30")),
        ("true", FLAG, True),
        ("false", FLAG, False),
        ("Sở Nội vụ", TEXT, "Sở Nội vụ"),
        ("So\u031b\u0309 No\u0323\u0302i vu\u0323", TEXT, "Sở Nội vụ"),
        ("  Sở Nội vụ ", TEXT, "Sở Nội vụ"),
        (None, OPTIONAL, None),
        ("", OPTIONAL, None),
    ],
)
def test_exact_values(raw: Any, field: FieldContract, value: Any) -> None:
    assert read_value(raw, field, "strings") == value


@pytest.mark.parametrize(
    ("raw", "field", "code"),
    [
        ("2024-03-05", MOMENT, "DateFormat"),
        ("2024-03-05T17:00:00", MOMENT, "NaiveTime"),
        ("9999-12-31T23:59:59Z", MOMENT, "DateFormat"),
        ("1", FLAG, "WrongType"),
        ("True", FLAG, "WrongType"),
        (True, FLAG, "WrongType"),
        (None, NUMBER, "EmptyValue"),
        ("", NUMBER, "EmptyValue"),
        (98.5, NUMBER, "WrongType"),
        (98, NUMBER, "WrongType"),
        (True, NUMBER, "WrongType"),
        (["1"], NUMBER, "WrongType"),
        ("98,5", NUMBER, "DecimalComma"),
        ("1.234", NUMBER, "AmbiguousNumber"),
        ("1.234,5", NUMBER, "AmbiguousNumber"),
        ("1,234", NUMBER, "AmbiguousNumber"),
        ("1 234", NUMBER, "AmbiguousNumber"),
        ("1\u00a0234", NUMBER, "AmbiguousNumber"),
        ("98.555", NUMBER, "AmbiguousNumber"),
        ("98.5555", NUMBER, "TooManyDecimals"),
        ("12.7", WHOLE, "TooManyDecimals"),
        ("-1", NUMBER, "BelowMinimum"),
        ("100.01", NUMBER, "AboveMaximum"),
        ("9" * 30, WHOLE, "TooManyDigits"),
        ("9" * 5000, WHOLE, "TooManyDigits"),
        *((text, NUMBER, "NotANumber") for text in ("NaN", "Infinity", "1e3", "1e999", "0x1F", "1_000", " 12 ")),
        *((text, NUMBER, "NotANumber") for text in ("+5", "007", ".5", "5.", "１２", "٣", "12%")),
        *((text, NUMBER, "NotANumber") for text in ("#N/A", "#DIV/0!", "-", "N/A", "true")),
        ("3/4/2024", DAY, "DateFormat"),
        ("2024-04-03", DAY, "DateFormat"),
        ("30/02/2024", DAY, "DateFormat"),
        ("45292", DAY, "DateFormat"),
        (7, TEXT, "WrongType"),
        ("   ", TEXT, "EmptyValue"),
        ("Bé T\u00ad ph¸p", TEXT, "LegacyEncoding"),
        ("Boä Tö phaùp", TEXT, "LegacyEncoding"),
        ("Bá»™ TÆ° phÃ¡p", TEXT, "Mojibake"),
        ("Ðồng Tháp", TEXT, "SuspectText"),
        ("Sở\u200bNội vụ", TEXT, "SuspectText"),
        ("Sở\u00a0Nội vụ", TEXT, "SuspectText"),
        ("Sở\x00", TEXT, "SuspectText"),
        ("\ud800", TEXT, "SuspectText"),
        ("\u202eabc", TEXT, "SuspectText"),
        ("x" * 2001, TEXT, "WrongType"),
    ],
)  # fmt: skip
def test_refused_values(raw: Any, field: FieldContract, code: str) -> None:
    with pytest.raises(UnfitError) as caught:
        read_value(raw, field, "strings")
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("raw", "field", "expected"),
    [
        (5, WHOLE, 5),
        (Decimal("98.5"), NUMBER, Decimal("98.50")),
        (5, NUMBER, Decimal("5.00")),
        ("5", WHOLE, "WrongType"),
        (True, WHOLE, "WrongType"),
        (True, FLAG, True),
        (0, FLAG, "WrongType"),
        ("true", FLAG, "WrongType"),
        (Decimal("1E+999"), NUMBER, "NotANumber"),
        (Decimal("1E-999"), NUMBER, "TooManyDecimals"),
        (2**63, WHOLE, "TooManyDigits"),
    ],
)
def test_native_numbers(raw: Any, field: FieldContract, expected: Any) -> None:
    if isinstance(expected, str):
        with pytest.raises(UnfitError) as caught:
            read_value(raw, field, "native")
        assert caught.value.code == expected
    else:
        assert read_value(raw, field, "native") == expected


@given(st.decimals(min_value=0, max_value=100, places=2))
def test_every_plain_number_within_bounds_is_exact(number: Decimal) -> None:
    value = read_value(f"{number:f}", NUMBER, "strings")
    assert value == number
    assert isinstance(value, Decimal)
    assert value.as_tuple().exponent == -2


@given(st.text(alphabet="0123456789.,- eE+\u00a0_xNa", max_size=12))
def test_any_text_is_exact_or_refused(text: str) -> None:
    try:
        value = read_value(text, OPEN, "strings")
    except UnfitError:
        return
    assert value == Decimal(text)
    assert text.lstrip("-")[0].isdigit()


@pytest.mark.parametrize("code", ["H01.113", "000.00.00.H37", "NA", "001", "1E5"])
def test_codes_are_taken_as_they_are(code: str) -> None:
    assert read_code(code) == code


@pytest.mark.parametrize("code", ["Н29", "H29 ", " H29", "Ｈ29", "H\u200b29", "H01/02", "H" * 41])
def test_codes_that_can_be_confused_are_refused(code: str) -> None:
    with pytest.raises(UnfitError) as caught:
        read_code(code)
    assert caught.value.code == "ConfusableCode"


def test_a_sum_is_compared_exactly_within_its_tolerance() -> None:
    fields = {key: {"name": f"f_{key}", "type": "decimal", "places": 2, "required": False} for key in "abt"}
    body = {
        "version": 1,
        "table": "x",
        "values": "strings",
        "agency": {"field": "c", "scheme": "s"},
        "fields": {"c": {"name": "agency_code", "type": "text"}, **fields},
        "rules": [{"sum": {"of": ["a", "b"], "equals": "t", "tolerance": Decimal("0.01")}}],
    }
    contract = Contract.model_validate(body)
    third = Decimal("0.1")
    assert list(broken_rules({"a": third, "b": Decimal("0.2"), "t": Decimal("0.3")}, contract, None)) == []
    assert list(broken_rules({"a": third, "b": Decimal("0.2"), "t": Decimal("0.31")}, contract, None)) == []
    assert list(broken_rules({"a": third, "b": None, "t": Decimal("9")}, contract, None)) == []
    broken = list(broken_rules({"a": third, "b": Decimal("0.2"), "t": Decimal("0.32")}, contract, None))
    assert [(name, unfit.code) for name, unfit in broken] == [("t", "SumMismatch")]
