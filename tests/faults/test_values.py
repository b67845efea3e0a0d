"""Group V, schema and values: the contract is frozen, unknown values are never coerced."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import AgencyCode
from connectors.contract_model import FieldContract, Numbers
from connectors.values import UnfitError, read_value
from tests.support.engine import cell, indicator, ruleset_of, score_one
from tests.support.judging import FIELDS, as_text, codes, landed, of_type, reasons, sent, set_aside
from tests.support.probe import APPLICANT, CODES, VIETNAM, YEAR, Rows, Trial, body, register, rows, with_values

STRINGS = {"contract__values": "strings"}
COMMA = {**STRINGS, "contract__numbers": {"decimal": "comma", "group": "point"}}
RATE = of_type("received", type="decimal", places=2, minimum=0, maximum=1000)
WIDE = {"name": "own_received", "type": "decimal", "places": 2, "minimum": 0}


def test_V01_new_field(trial: Trial) -> None:
    """A field that the contract does not know: dropped in memory, only its name is recorded."""
    outcome = sent(trial, [{**row, "phone": APPLICANT["phone"]} for row in rows()])
    assert outcome.status == "unchanged"
    assert {note.where for note in outcome.notes} == {"probe/applicant", "probe/phone"}


def test_V01_names_of_new_fields_may_be_personal(trial: Trial) -> None:
    """A map keyed by a person's name or number: counted, its keys are not written."""
    outcome = sent(trial, [{**row, APPLICANT["fullName"]: 1, APPLICANT["identity"]: 2} for row in rows()])
    assert {note.field_name for note in outcome.notes if "characters" in note.where} == {
        f"({len(APPLICANT['fullName'])} characters)",
        "(12 characters)",
    }


def test_V02_required_field_missing_everywhere(trial: Trial) -> None:
    """A required field that no row has: held, not read as empty."""
    outcome = sent(trial, [{key: row[key] for key in row if key != "finished"} for row in rows()])
    assert outcome.status == "held"
    assert "FieldMissingEverywhere" in codes(outcome)
    assert outcome.counts["accepted"] == 0


@pytest.mark.parametrize(("allowed", "status"), [("0.2", "accepted"), ("0.1", "held")])
def test_V03_missing_in_some_rows(trial: Trial, allowed: str, status: str) -> None:
    """Missing in one row of six: that row is set aside; held where the share is above what the source allows."""
    some = [{key: row[key] for key in row if key != "finished" or row["code"] != "A1"} for row in rows()]
    gates = {"quarantine_share": Decimal(allowed), "coverage": {"of_register": Decimal("0.8"), "of_last_accepted": 0}}
    outcome = sent(trial, some, gates=gates)
    assert (outcome.status, reasons(outcome)) == (status, {("MissingField", "finished")})


@pytest.mark.parametrize("new", ["finishedCount", "Finished", "finish_ed"])
def test_V04_renamed_field(trial: Trial, new: str) -> None:
    """A field under another name: both are told together, with the likely new name."""
    outcome = sent(trial, [{new if key == "finished" else key: row[key] for key in row} for row in rows()])
    missing = [one for one in outcome.findings if one.code == "FieldMissingEverywhere"]
    assert outcome.status == "held"
    assert f"'{new}'" in missing[0].message.en


@pytest.mark.parametrize("value", ["98.5", "98", True, {"n": 1}, [98]])
def test_V05_type_changed(trial: Trial, value: Any) -> None:
    """A number that becomes text, or anything else: refused, not cast."""
    set_aside(trial, "WrongType", "received", value)


def test_V06_decimal_comma(trial: Trial) -> None:
    """`98,5`: `DecimalComma`, unless the contract says `decimal: comma`."""
    text = as_text(with_values("A1", received="98,5"))
    assert reasons(sent(trial, text, **STRINGS, **RATE)) == {("DecimalComma", "received")}
    declared = sent(trial, text, **COMMA, **RATE | {"contract__fields": {**FIELDS, "received": WIDE}})
    assert landed(declared, "own_received")["A1"] == Decimal("98.50")


@pytest.mark.parametrize("value", ["1.234", "1.234,5", "1 234", "1\u00a0234", "1,234", "1'234"])
def test_V07_ambiguous_number(trial: Trial, value: str) -> None:
    """Groups of digits: refused where the contract does not name the notation."""
    outcome = sent(trial, as_text(with_values("A1", received=value)), **STRINGS, **RATE)
    assert reasons(outcome) == {("AmbiguousNumber", "received")}


@given(st.decimals(min_value=-999_999, max_value=999_999, places=2), st.sampled_from(["point", "comma"]), st.booleans())
def test_V07_declared_notation_is_exact(number: Decimal, decimal: str, grouped: bool) -> None:
    """Whatever is written in the declared notation is read exactly; in the other one it is refused or equal."""
    other = "comma" if decimal == "point" else "point"
    signs = {"point": ".", "comma": ","}
    text = f"{number:{',' if grouped else ''}.2f}"
    text = text.translate(str.maketrans({",": signs[other], ".": signs[decimal]}))
    field = FieldContract(name="n", type="decimal", places=2)
    numbers = Numbers.model_validate({"decimal": decimal, "group": other if grouped else "none"})
    if text.startswith("-0") and number == 0:
        return
    assert read_value(text, field, "strings", numbers) == number
    wrong = Numbers.model_validate({"decimal": other, "group": decimal if grouped else "none"})
    with pytest.raises(UnfitError):
        read_value(text, field, "strings", wrong)


@pytest.mark.parametrize("value", ["1_000", "0x1F", "1e3", " 12 ", "12.7", "+5", "007", "１２"])
def test_V08_not_quite_an_integer(trial: Trial, value: str) -> None:
    """What DuckDB and Python would read as an integer and the contract would not."""
    outcome = sent(trial, as_text(with_values("A1", received=value)), **STRINGS, contract__rules=[])
    reason = "TooManyDecimals" if value == "12.7" else "NotANumber"
    assert reasons(outcome) == {(reason, "received")}


def test_V09_unit_in_one_row(trial: Trial) -> None:
    """98.5 in a column of shares: out of the contract's range."""
    share = of_type("received", type="decimal", places=3, minimum=0, maximum=1)
    all_shares = [{**row, "received": 0.9} for row in rows()]
    outcome = sent(trial, [{**row, "received": 98.5} if row["code"] == "A1" else row for row in all_shares], **share)
    assert reasons(outcome) == {("AboveMaximum", "received")}


def test_V09_unit_of_the_whole_source(empty: Trial) -> None:
    """A whole column a hundred times smaller than last time, within its range: `UnitSuspect`."""
    open_rate = of_type("received", type="decimal", places=3, minimum=0)
    percent = [{**row, "received": 90 + n} for n, row in enumerate(rows())]
    assert sent(empty, percent, **open_rate).status == "accepted"
    empty.good = None
    outcome = sent(empty, [{**row, "received": (90 + n) / 100} for n, row in enumerate(rows())], **open_rate)
    assert outcome.status == "held"
    assert "UnitSuspect" in codes(outcome)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", "#N/A", "#DIV/0!", "-", "N/A"])
def test_V10_not_a_number_as_text(trial: Trial, value: str) -> None:
    """NaN, Infinity, spreadsheet errors and dashes as text."""
    assert reasons(sent(trial, as_text(with_values("A1", received=value)), **STRINGS, contract__rules=[])) == {
        ("NotANumber", "received")
    }


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-Infinity"])
def test_V10_not_a_number_in_json(trial: Trial, value: bytes) -> None:
    """NaN and Infinity as JSON tokens are no JSON: the page is refused."""
    outcome = sent(trial, body(rows()).replace(b"101", value))
    assert (outcome.status, codes(outcome)) == ("failed", {"NotJson"})


def test_V10_too_large_in_json(trial: Trial) -> None:
    """1e999 is exact here, never infinity: set aside."""
    outcome = sent(trial, body(rows()).replace(b"101", b"1e999"))
    assert reasons(outcome) == {("NotANumber", "received")}


@pytest.mark.parametrize(
    ("value", "changes"), [(-1, {}), (-0.5, of_type("finished", type="decimal", places=1, minimum=0, maximum=1000))]
)
def test_V11_negative(trial: Trial, value: float, changes: dict[str, Any]) -> None:
    """A negative count, a negative rate."""
    set_aside(trial, "BelowMinimum", "finished", value, **changes)


def test_V12_numerator_above_denominator(trial: Trial) -> None:
    """More finished than received: `NumGtDen`, never clipped."""
    set_aside(trial, "NumGtDen", "finished", 102)


def test_V13_denominator_zero(trial: Trial) -> None:
    """0 of 0 is a count like any other (whether it is ranked is the ruleset's matter); n of 0 is refused."""
    outcome = sent(trial, with_values("A1", received=0, finished=0))
    assert (outcome.status, landed(outcome, "received")["A1"]) == ("accepted", 0)
    trial.good = None
    outcome = sent(trial, with_values("A1", received=0, finished=3))
    assert reasons(outcome) == {("NumGtDen", "finished")}


def test_V14_denominator_tiny(trial: Trial) -> None:
    """1 of 1 arrives as it is: flags for small numbers are the ruleset's."""
    outcome = sent(trial, with_values("A1", received=1, finished=1))
    assert (outcome.status, landed(outcome, "finished")["A1"]) == ("accepted", 1)


@pytest.mark.parametrize("nested", [False, True])
def test_V15_duplicate_key(trial: Trial, nested: bool) -> None:
    """A key twice in one object: the page is refused, the last one does not win."""
    text = body(rows()).replace(b'"finished": 52', b'"finished": 52, "finished": 53')
    if nested:
        text = body([{"x": 1, **row} for row in rows()]).replace(b'"x": 1', b'"x": {"k": 1, "k": 2}', 1)
    outcome = sent(trial, text)
    assert (outcome.status, codes(outcome)) == ("failed", {"DuplicateKey"})


@pytest.mark.parametrize(
    ("value", "reason"), [(True, "WrongType"), ("true", "WrongType"), (None, "EmptyValue"), ("", "EmptyValue")]
)
def test_V16_bool_null_empty(trial: Trial, value: Any, reason: str) -> None:
    """true, "true", null and "" for a count: refused with their reason, never 1 or 0."""
    set_aside(trial, reason, "finished", value)


@pytest.mark.parametrize(
    ("digits", "fits"), [("9007199254740993", True), ("9" * 18, True), ("9" * 19, False), ("9" * 5000, False)]
)
def test_V17_large_integers(trial: Trial, digits: str, fits: bool) -> None:
    """2^53+1 is exact; a row with more digits than a count can have is set aside, all others are kept."""
    outcome = sent(trial, body(rows()).replace(b"101", digits.encode()))
    if fits:
        assert landed(outcome, "received")["A1"] == int(digits)
    else:
        assert reasons(outcome) == {("TooManyDigits", "received")}
        assert (outcome.status, outcome.counts["accepted"]) == ("held", 5)


def test_V17_a_long_number_in_a_field_that_nobody_stores(trial: Trial) -> None:
    """A serial number of 30 digits beside the figures, and one where a text is promised: no reason to lose the page."""
    assert sent(trial, [{**row, "serial": 10**30} for row in rows()]).status == "unchanged"
    set_aside(trial, "WrongType", "name", 10**30)


@pytest.mark.parametrize("same", [True, False])
def test_V18_agency_twice(trial: Trial, same: bool) -> None:
    """The same row twice is counted as a duplicate; two different ones are both set aside."""
    outcome = sent(trial, [*rows(), {**rows("A3")[0], **({} if same else {"finished": 1})}])
    assert outcome.status == ("unchanged" if same else "held")
    assert (outcome.counts["exact_duplicates"], outcome.counts["quarantined"]) == ((1, 0) if same else (0, 2))


def test_V19_unknown_agency(trial: Trial) -> None:
    """A code that the register lacks: set aside, never created; the one it stands for counts as missing."""
    outcome = sent(trial, with_values("A1", code="A9"))
    assert reasons(outcome) == {("UnknownAgency", "code")}
    assert {"QuarantineLimit", "CoverageDrop"} <= codes(outcome)
    assert outcome.pull
    assert outcome.pull.coverage[0]["missing"] == ["A1"]


def test_V20_agency_absent(trial: Trial) -> None:
    """An expected agency is not there: `CoverageDrop` against the register, naming it."""
    outcome = sent(trial, rows("A1", "A2", "A3", "A4", "A5"))
    assert codes(outcome) == {"CoverageDrop"}
    assert outcome.findings[0].agency == "A6"


def test_V21_retired_code(trial: Trial) -> None:
    """A code of an agency that was merged: `RetiredAgency`, naming its successor."""
    old = AgencyCode("id-old", "probe", "B7", "Sở cũ", "department", retired=True, successor="A2")
    outcome = sent(trial, [*rows(), {**rows("A1")[0], "code": "B7"}], {"agencies": [*register(), old]})
    assert reasons(outcome) == {("RetiredAgency", "code")}
    assert "A2" in next(one for one in outcome.findings if one.code == "RetiredAgency").message.en


@pytest.mark.parametrize("code", ["А1", "A1 ", " A1", "Ａ1", "A\u200b1", "A1\n", "a1", "A01"])
def test_V22_confusable_code(trial: Trial, code: str) -> None:
    """A code with a Cyrillic letter, full-width digits, a space: never taken for the right one."""
    outcome = sent(trial, with_values("A1", code=code))
    plain = code in {"a1", "A01"}
    assert reasons(outcome) == {("UnknownAgency" if plain else "ConfusableCode", "code")}


@pytest.mark.parametrize("code", ["NA", "001", "1E5"])
def test_V22_codes_that_look_like_values(trial: Trial, code: str) -> None:
    """`NA`, `001` and `1E5` are codes, exactly as written."""
    known = [*register()[1:], AgencyCode("id-x", "probe", code, "Sở số 1", "department")]
    loose = {"coverage": {"of_last_accepted": 0}}
    outcome = sent(trial, with_values("A1", code=code), {"agencies": known}, gates=loose)
    assert code in landed(outcome, "received")


TODAY = datetime.now(VIETNAM).date()
DAY = {"contract__fields": {**FIELDS, "day": {"name": "day", "type": "date", "format": "%Y-%m-%d"}}}


def with_day(text: str) -> Rows:
    """Good rows of New Year's Day, one of another day."""
    return [{**row, "day": text if row["code"] == "A1" else f"{YEAR}-01-01"} for row in rows()]


@pytest.mark.parametrize(
    ("day", "good"),
    [
        (TODAY, True),
        (date(YEAR, 1, 1), True),
        (TODAY + timedelta(days=1), False),
        (date(YEAR + 1, 1, 1), False),
        (date(YEAR - 1, 12, 31), False),
    ],
)
def test_V23_outside_the_period(trial: Trial, day: date, good: bool) -> None:
    """A date in the future, or outside the year asked for."""
    outcome = sent(trial, with_day(day.isoformat()), **DAY, contract__rules=[{"in_window": "day"}])
    assert outcome.status == "accepted" if good else reasons(outcome) == {("OutsideWindow", "day")}


def test_V24_constant_column(trial: Trial) -> None:
    """One value for all agencies: `ConstantColumn`."""
    outcome = sent(trial, [{**row, "finished": 7} for row in rows()])
    assert outcome.status == "held"
    assert "ConstantColumn" in codes(outcome)


def test_V24_constant_column_seen_before(empty: Trial) -> None:
    """The same constant as in the last accepted pull was looked at then."""
    alike = [{**row, "finished": 7} for row in rows()]
    held = sent(empty, alike)
    assert held.pull
    empty.landing.decide(held.pull.pull_id, "accept", "đúng như vậy", "tester")
    assert sent(empty, alike).status == "unchanged"


DEADLINE = datetime(YEAR, 6, 30, 23, 59, 59)  # noqa: DTZ001 - as the clocks of Vietnam show it


@pytest.mark.parametrize(
    ("sent_at", "late"),
    [
        (f"{YEAR}-06-30T16:59:59Z", False),
        (f"{YEAR}-06-30T17:00:00Z", True),
        (f"{YEAR}-07-01T00:00:00+07:00", True),
        (f"{YEAR}-06-30T23:59:59.999+07:00", False),
    ],
)
def test_V25_later_than_the_deadline(trial: Trial, sent_at: str, late: bool) -> None:
    """A report sent after its deadline lands with its moment, and the ruleset gives it what lateness is worth."""
    moment = {"name": "sent_at", "type": "moment", "format": "iso8601"}
    content = [{**row, "sent": sent_at if row["code"] == "A1" else f"{YEAR}-03-01T08:00:00+07:00"} for row in rows()]
    outcome = sent(trial, content, contract__fields={**FIELDS, "sent": moment})
    assert outcome.status == "accepted"
    assert outcome.counts["quarantined"] == 0
    landed_at = landed(outcome, "sent_at")
    said = {code: "late" if at > DEADLINE.replace(microsecond=999_999) else "on_time" for code, at in landed_at.items()}
    rule = indicator("6.11", {"kind": "periods", "count": 1, "on_time": 1, "late": Decimal("0.25")}, most=1)
    points = score_one(ruleset_of(rule), [cell(code, "6.11", state) for code, state in said.items()])
    assert {row["agency_id"]: row["points"] for row in points.rows("indicator_scores")} == {
        code: Decimal("0.25") if late and code == "A1" else 1 for code in CODES
    }


def test_vendors_percentage_is_a_cross_check(trial: Trial) -> None:
    """100 % of nothing, and a percentage that does not follow from its counts: noted, stored as such, not used."""
    percent = {"name": "cross_check_on_time", "type": "decimal", "places": 2}
    rule = {"cross_check": {"percent": "pct", "numerator": "finished", "denominator": "received"}}
    content = [{**row, "pct": round(100 * row["finished"] / row["received"], 2)} for row in rows()]
    content[0] |= {"received": 0, "finished": 0, "pct": 100}
    content[1] |= {"pct": 99.5}
    outcome = sent(trial, content, contract__fields={**FIELDS, "pct": percent}, contract__rules=[rule])
    assert outcome.status == "accepted"
    note = next(one for one in outcome.notes if one.code == "CrossCheckDiffers")
    assert "2 rows" in note.message.en


@pytest.mark.parametrize("blank", ["", None])
def test_roll_up_rows_are_left_out_by_contract(trial: Trial, blank: str | None) -> None:
    """A row with a blank agency code sums up the others: left out and counted, so that nothing counts twice."""
    roll_up = {**rows("A1")[0], "code": blank, "received": 621}
    exclude = [{"field": "code", "blank": True}]
    outcome = sent(trial, [*rows(), roll_up], contract__exclude=exclude)
    assert (outcome.status, outcome.counts["accepted"]) == ("accepted", 6)
    assert outcome.pull
    assert outcome.pull.manifest["excluded"] == 1
    trial.good = None
    assert reasons(sent(trial, [*rows(), roll_up])) == {("EmptyValue", "code")}


AGENCY_BY_NAME = {
    "contract__agency": {"by": "name", "field": "name", "scheme": "probe", "name": None},
    "contract__fields": {"code": None},
}


def test_agency_by_name_only(trial: Trial) -> None:
    """Names match after NFC and white space; another spelling is set aside, an ambiguous name too."""
    spaced = with_values("A1", name=" Sở  số\u00a01 ")
    assert sent(trial, spaced, **AGENCY_BY_NAME).counts["accepted"] == 6
    trial.good = None
    near = sent(trial, with_values("A1", name="Sỡ số 1"), **AGENCY_BY_NAME)
    assert reasons(near) == {("UnknownAgencyName", "name")}
    twins = [one._replace(name="Sở số 1") if one.code == "A2" else one for one in register()]
    twice = sent(trial, rows(), {"agencies": twins}, **AGENCY_BY_NAME)
    assert reasons(twice) == {("AmbiguousAgency", "name"), ("UnknownAgencyName", "name")}


def test_agency_in_a_nested_field(trial: Trial) -> None:
    """`agency.code` reaches inside; what else stands there is not stored."""
    inner = [
        {**row, "agency": {"code": row["code"], "name": row["name"], "head": APPLICANT}, "code": "x"} for row in rows()
    ]
    inner.append({**rows("A1")[0], "agency": None, "received": 621})
    fields = {
        "agency.code": FIELDS["code"],
        "agency.name": FIELDS["name"],
        "received": FIELDS["received"],
        "finished": FIELDS["finished"],
    }
    agency = {"scheme": "probe", "field": "agency.code", "name": "agency.name"}
    changed = {"fields": fields, "agency": agency, "exclude": [{"field": "agency.code", "blank": True}]}
    outcome = sent(
        trial,
        inner,
        contract=changed,
        gates={"constant_from_rows": 99},
    )
    assert (outcome.status, outcome.counts["accepted"]) == ("accepted", len(CODES))
    named = {note.field_name for note in outcome.notes if note.code == "NewField"}
    assert named == {"agency.head", "applicant", "code", "name"}
