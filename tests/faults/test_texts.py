"""Group T, text, dates and time: encodings of the past, look-alikes, zones, and years that are not calendar years."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors import PullOutcome, pull
from connectors.contract_model import FieldContract
from connectors.rest_model import Period, WindowFormat
from connectors.tables import read_table
from connectors.values import UnfitError, read_value
from connectors.windows import window_facts, window_of
from tests.support.judging import FIELDS, codes, landed, reasons, sent, set_aside
from tests.support.portal import answer, faulty
from tests.support.probe import (
    GOOD,
    YEAR,
    Trial,
    assert_invariants,
    body,
    probe,
    register,
    rows,
    serving,
    with_values,
)

HERE = "Asia/Ho_Chi_Minh"
WITH_NOTE = {"contract__fields": {**FIELDS, "note": {"name": "note", "type": "text", "required": False}}}


def dated(form: str, **more: Any) -> FieldContract:
    return FieldContract.model_validate({"name": "day", "type": "date", "format": form, **more})


def period(name: str, **more: Any) -> Period:
    return Period.model_validate({"period": name, "groups": ["department"], **more})


def test_T01_decomposed_name(trial: Trial) -> None:
    """NFD: the same name after NFC, whatever form it came in."""
    decomposed = [{**row, "name": unicodedata.normalize("NFD", row["name"])} for row in rows()]
    assert decomposed[0]["name"] != rows()[0]["name"]
    assert sent(trial, decomposed).status == "unchanged"


def test_T02_two_spellings(trial: Trial) -> None:
    """hòa and hoà are both NFC and differ: agencies are matched by code, the name is only noted."""
    outcome = sent(trial, with_values("A1", name="Sở Hoà"))
    other = sent(trial, with_values("A1", name="Sở Hòa"))
    assert outcome.status == other.status == "accepted"
    assert "NameChanged" in {note.code for note in other.notes}


@pytest.mark.parametrize("name", ["Sở Ðồng Tháp", "Sở\u200b số 1", "Sở\u00a0số 1"])
def test_T03_look_alikes(trial: Trial, name: str) -> None:
    """Ð for Đ, zero-width and no-break spaces: refused in codes, noted in a display name, refused in other texts."""
    outcome = sent(trial, with_values("A1", name=name))
    assert outcome.status == "accepted"
    assert "OddName" in {note.code for note in outcome.notes}
    trial.good = None
    assert reasons(sent(trial, with_values("A1", code="A1\u200b"))) == {("ConfusableCode", "code")}
    assert reasons(sent(trial, with_values("A1", note=name), **WITH_NOTE)) == {("SuspectText", "note")}


@pytest.mark.parametrize("text", ["Bé T\u00ad ph¸p", "Së Tµi nguyªn", "Uû ban nh©n d©n"])
def test_T04_tcvn3(trial: Trial, text: str) -> None:
    """TCVN3 bytes read as Latin-1."""
    set_aside(trial, "LegacyEncoding", "name", text)


@pytest.mark.parametrize("text", ["Boä Tö phaùp", "caù nhaân", "Sôû Noäi vuï"])
def test_T05_vni(trial: Trial, text: str) -> None:
    """VNI read as Latin-1, also where every letter happens to be a Vietnamese one."""
    set_aside(trial, "LegacyEncoding", "name", text)


@pytest.mark.parametrize("text", ["Tuần lễ quốc gia", "Quốc hội khóa XV", "Thuế", "Nguyên Giáp", "Ủy ban", "hoà, thuỷ"])
def test_T05_vietnamese_is_no_vni(text: str) -> None:
    """Good Vietnamese is not taken for an old encoding."""
    assert read_value(text, FieldContract(name="t", type="text"), "strings") == text


def test_T06_mojibake(trial: Trial) -> None:
    """UTF-8 read as Windows-1252."""
    set_aside(trial, "Mojibake", "name", "Bá»™ TÆ° phÃ¡p")


UTF_8, UTF_16 = b'[{"code": "\xff"}]', '[{"a": "Sở"}]'.encode("utf-16")


@pytest.mark.parametrize(
    ("raw", "charset", "code"),
    [
        (UTF_8, "utf-8", "BadEncoding"),
        (body(rows()), "windows-1258", "BadEncoding"),
        (body(rows()), "utf-16", "BadEncoding"),
        (UTF_16, "utf-16", "BadEncoding"),
        (UTF_16, "utf-8", "UnexpectedContent"),
    ],
)
def test_T07_not_utf8(trial: Trial, raw: bytes, charset: str, code: str) -> None:
    """Invalid UTF-8, UTF-16, or another charset declared: refused, no character is ever replaced."""
    with faulty(answer(raw, f"Content-Type: application/json; charset={charset}")) as server:
        outcome = trial.pull(probe(server.address))
        assert (outcome.status, codes(outcome)) == ("failed", {code})
        assert_invariants(trial, outcome, server, most=1)


def test_T08_byte_order_mark(trial: Trial) -> None:
    """A BOM before the JSON."""
    assert sent(trial, b"\xef\xbb\xbf" + body(rows())).status == "unchanged"


@pytest.mark.parametrize("text", ["\\ud800", "Sở\\u0000", "Sở\\u202e1", "Sở\\u0007"])
def test_T09_control_characters(trial: Trial, text: str) -> None:
    """A lone surrogate, NUL, a change of direction, a bell: also in a name that is only displayed."""
    outcome = sent(trial, body(rows()).replace("Sở số 1".encode(), text.encode()))
    assert reasons(outcome) == {("SuspectText", "name")}


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("03/04/2024", "%d/%m/%Y", date(2024, 4, 3)),
        ("2024-04-03", "%Y-%m-%d", date(2024, 4, 3)),
        ("3/4/2024", "%d/%m/%Y", None),
        ("2024-04-03", "%d/%m/%Y", None),
        ("04/13/2024", "%d/%m/%Y", None),
    ],
)
def test_T10_day_or_month_first(text: str, form: str, day: date | None) -> None:
    """03/04/2024 is read as declared; another form in the same column is refused."""
    if day:
        assert read_value(text, dated(form), "strings") == day
    else:
        with pytest.raises(UnfitError, match="DateFormat"):
            read_value(text, dated(form), "strings")


@pytest.mark.parametrize(
    "text", ["30/02/2024", "00/13/2024", "29/02/2023", "03/04/2567", "45292", "03/04/24", "3.4.2024"]
)
def test_T11_no_such_day(text: str) -> None:
    """Days that do not exist, Buddhist years, Excel's serial numbers."""
    with pytest.raises(UnfitError, match="DateFormat"):
        read_value(text, dated("%d/%m/%Y"), "strings")


def test_T12_the_year_begins_in_vietnam() -> None:
    """18:00 UTC on 31 December is 1 January in Vietnam, whatever zone the moment is written in."""
    moment = dated("iso8601")
    assert read_value("2024-12-31T18:00:00Z", moment, "strings") == date(2025, 1, 1)
    assert read_value("2024-12-31T18:00:00.000+07:00", moment, "strings") == date(2024, 12, 31)
    assert read_value("2024-12-31T16:59:59Z", moment, "strings") == date(2024, 12, 31)
    zoned = dated("%Y-%m-%d %H:%M:%S%z")
    assert read_value("2024-12-31 18:00:00+0000", zoned, "strings") == date(2025, 1, 1)


def test_T13_moment_without_zone() -> None:
    """A naive moment is refused, unless the contract says which zone it is in."""
    with pytest.raises(UnfitError, match="NaiveTime"):
        read_value("2024-12-31T18:00:00", dated("iso8601"), "strings")
    assert read_value("2024-12-31T18:00:00", dated("iso8601", timezone="UTC"), "strings") == date(2025, 1, 1)
    assert read_value("2024/12/31 18:00:00", dated("%Y/%m/%d %H:%M:%S", timezone=HERE), "strings") == date(2024, 12, 31)
    with pytest.raises(ValueError, match="timezone"):
        dated("%Y/%m/%d %H:%M:%S")


def of_days(trial: Trial, text: str, form: str, **more: Any) -> PullOutcome:
    """A pull in which one agency's day is this text, and all others are in order."""
    field = {"name": "day", "type": "date", "format": form, **more}
    good = "2024-06-30T08:00:00+07:00" if form == "iso8601" else datetime(2024, 6, 30, tzinfo=UTC).strftime(form)
    content = [{**row, "day": text if row["code"] == "A1" else good} for row in rows()]
    return sent(trial, content, contract__fields={**FIELDS, "day": field})


def test_T10_two_forms_in_one_column(trial: Trial) -> None:
    """Both forms in one column of a pull: the row in the other form is set aside, the pull held."""
    outcome = of_days(trial, "2024-06-30", "%d/%m/%Y")
    assert (outcome.status, reasons(outcome)) == ("held", {("DateFormat", "day")})
    assert outcome.counts["accepted"] == 5


@pytest.mark.parametrize("text", ["30/02/2024", "45292"])
def test_T11_a_row_with_no_such_day(trial: Trial, text: str) -> None:
    """Such a day in a pull: its row is set aside, the others are kept."""
    outcome = of_days(trial, text, "%d/%m/%Y")
    assert (outcome.status, reasons(outcome)) == ("held", {("DateFormat", "day")})
    assert outcome.counts["accepted"] == 5


def test_T12_landed_as_a_day_of_vietnam(trial: Trial) -> None:
    """The pull's Parquet holds the day in Vietnam as a date, so that no time zone of a reader can move it."""
    outcome = of_days(trial, "2024-12-31T18:00:00Z", "iso8601")
    assert outcome.pull
    assert (outcome.status, str(read_table(outcome.pull.table).schema.field("day").type)) == ("accepted", "date32[day]")
    assert landed(outcome, "day")["A1"] == date(2025, 1, 1)


def test_T13_a_row_with_a_naive_moment(trial: Trial) -> None:
    """A moment without a zone in a pull: its row is set aside; with the contract's zone it lands."""
    outcome = of_days(trial, "2024-12-31T18:00:00", "iso8601")
    assert (outcome.status, reasons(outcome)) == ("held", {("NaiveTime", "day")})
    declared = of_days(trial, "2024-12-31T18:00:00", "iso8601", timezone="UTC")
    assert landed(declared, "day")["A1"] == date(2025, 1, 1)


@pytest.mark.parametrize(("hour", "status"), [(16, "accepted"), (18, "held")])
def test_T14_night_of_the_new_year(empty: Trial, hour: int, status: str) -> None:
    """Half past one on 1 January in Vietnam: the year that is pulled has ended, so its figures should stand still."""
    moments = [datetime(2024, 12, 30, tzinfo=UTC), datetime(2024, 12, 31, hour, 30, tzinfo=UTC)]
    outcomes = []
    for moment, content in zip(moments, [rows(), with_values("A1", finished=53)], strict=True):
        with faulty(answer(body(content))) as server:
            source = probe(server.address)
            clock = {"moment": moment, "clock": lambda at=moment: at}
            outcomes.append(pull(source, 2024, landing=empty.landing, agencies=register(), **clock))
    assert [one.status for one in outcomes] == ["accepted", status]
    assert outcomes[1].pull
    assert outcomes[1].pull.manifest["moment"].startswith("2025-01-01T01:30" if hour == 18 else "2024-12-31T23:30")


def test_T15_leap_day_week_53_other_years() -> None:
    """Leap days, week 53, and a year that begins in September, all by contract."""
    assert read_value("29/02/2024", dated("%d/%m/%Y"), "strings") == date(2024, 2, 29)
    assert read_value("2020-W53-7", dated("%G-W%V-%u"), "strings") == date(2021, 1, 3)
    with pytest.raises(UnfitError):
        read_value("2023-W53-1", dated("%G-W%V-%u"), "strings")
    assert window_of(period("{year}-02"), 2024) == (date(2024, 2, 1), date(2024, 2, 29))
    school = period("{year}", first_day="{last_year}-09-01", last_day="{year}-05-31")
    assert window_of(school, 2024) == (date(2023, 9, 1), date(2024, 5, 31))


WINDOWS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "year": ("{year}", {}, {"from": "2024-01-01", "to": "2024-12-31"}),
    "quarter": ("{year}-Q3", {"format": "%d/%m/%Y"}, {"from": "01/07/2024", "to": "30/09/2024", "quarter": "3"}),
    "half": ("{year}-H2", {"end": "next_day"}, {"from": "2024-07-01", "to": "2025-01-01", "half": "2"}),
    "month": ("{year}-10", {"format": "%Y%m%d"}, {"from": "20241001", "to": "20241031", "month": "10"}),
    "local midnight with a Z": (
        "{year}",
        {"format": "%Y-%m-%dT%H:%M:%S.%3fZ", "end": "last_millisecond"},
        {"from": "2024-01-01T00:00:00.000Z", "to": "2024-12-31T23:59:59.999Z"},
    ),
    "the same moment in UTC": (
        "{year}",
        {"format": "%Y-%m-%dT%H:%M:%S.000Z", "timezone": "UTC", "end": "last_second"},
        {"from": "2023-12-31T17:00:00.000Z", "to": "2024-12-31T16:59:59.000Z"},
    ),
}


@pytest.mark.parametrize("form", WINDOWS)
def test_T15_windows_are_sent_as_declared(form: str) -> None:
    """Year, quarter, half, month, from and to: names, format and zone as the source wants them."""
    name, written, facts = WINDOWS[form]
    assert window_facts(period(name), WindowFormat(**written), HERE, 2024) == facts


def test_a_window_reaches_the_server(trial: Trial) -> None:
    window = {"format": "%Y-%m-%dT%H:%M:%S.000Z"}
    endpoint = {"path": "/rows/{year}", "params": {"from-date": "{from}", "to-date": "{to}"}, "window": window}
    with serving(lambda _: GOOD) as server:
        assert trial.pull(probe(server.address, endpoint=endpoint)).counts["accepted"] == 6
        assert server.asked[0].path == f"/rows/{YEAR}"
        dates = {"from-date": f"{YEAR}-01-01T00:00:00.000Z", "to-date": f"{YEAR}-12-31T00:00:00.000Z"}
        assert server.asked[0].query == dates
