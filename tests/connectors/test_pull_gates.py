"""What a source can get wrong, each caught before anything uses it: held with source, agency and field named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors import Landing, PullOutcome
from connectors.tables import read_table
from tests.support.portal import portal

Pulled = Callable[..., PullOutcome]
Faults = list[dict[str, Any]]
SWAP: Faults = [{"fault": "swap_fields", "fields": ["TTTT", "CLGQ"]}]


def put(code: str, field: str, value: Any) -> Faults:
    return [{"fault": "set_field", "code": code, "field": field, "value": value}]


TOTAL_OFF = [{"fault": "add_to_field", "code": "H05", "field": "TONG_SCORE", "by": "0.01"}]
OTHER_FIGURES = {"ROW_STT": "999", "MDHL": "17.42", "TONG_SCORE": "83.88"}
TWICE = [{"fault": "repeat_row", "code": "H01.05", "with": OTHER_FIGURES}]

# One row that breaks the contract: the fault, the reason, the agency and the field named.
ONE_ROW: dict[str, tuple[Faults, str, str, str]] = {
    "total off by 0.01": (TOTAL_OFF, "SumMismatch", "H05", "TONG_SCORE"),
    "above its maximum": (put("H01.10", "TTTT", "10.01"), "AboveMaximum", "H01.10", "TTTT"),
    "negative": (put("H01.10", "TTTT", "-1"), "BelowMinimum", "H01.10", "TTTT"),
    "unknown code": (put("H01.187", "MA_COQUAN", "H01.999"), "UnknownAgency", "H01.999", "MA_COQUAN"),
    "confusable code": (put("H29", "MA_COQUAN", "Н29"), "ConfusableCode", "", "MA_COQUAN"),
    "wrong group": (put("H05", "LOAI_COQUAN", "2"), "GroupMismatch", "H05", "LOAI_COQUAN"),
    "empty": (put("H05", "CKMB", ""), "EmptyValue", "H05", "CKMB"),
    "decimal comma": (put("H05", "CKMB", "15,64"), "DecimalComma", "H05", "CKMB"),
    "a number where text was promised": (put("H05", "CKMB", 15), "WrongType", "H05", "CKMB"),
    "not a number": (put("H05", "CKMB", "NaN"), "NotANumber", "H05", "CKMB"),
    "agency twice, different": (TWICE, "ConflictingDuplicate", "H01.05", "MDHL, TONG_SCORE"),
}


@pytest.mark.parametrize("case", ONE_ROW)
@pytest.mark.parametrize("first_pull", [True, False])
def test_one_bad_row_is_quarantined_and_the_pull_held(
    pulled: Pulled, landing: Landing, case: str, first_pull: bool
) -> None:
    faults, reason, agency, field = ONE_ROW[case]
    good = None if first_pull else pulled(11).pull
    outcome = pulled(16, faults)
    assert outcome.status == "held"
    assert outcome.pull
    quarantine = read_table(outcome.pull.quarantine).to_pylist()
    assert {(row["reason"], row["agency_code"], row["field"]) for row in quarantine} == {(reason, agency, field)}
    assert all(row["message_vi"] and row["message_en"] and row["pointer"] for row in quarantine)
    named = next(found for found in outcome.findings if found.code == reason)
    assert named.where.startswith("portal_766/")
    assert field in named.where
    assert agency in named.where
    counts = outcome.counts
    assert counts["received"] == counts["accepted"] + counts["quarantined"] + counts["exact_duplicates"]
    assert {"QuarantineLimit", "CoverageDrop"} <= {found.code for found in outcome.findings}
    used = landing.newest_accepted("portal_766", 2025)
    assert (used.pull_id if used else None) == (good.pull_id if good else None)


def test_both_rows_of_a_conflict_are_kept_as_evidence(pulled: Pulled) -> None:
    outcome = pulled(16, ONE_ROW["agency twice, different"][0])
    assert outcome.counts == {"received": 186, "accepted": 184, "quarantined": 2, "exact_duplicates": 0}


def test_every_row_of_a_conflict_is_set_aside_however_many(pulled: Pulled) -> None:
    outcome = pulled(16, [{"fault": "repeat_row", "code": "H01.05"}, TWICE[0]])
    assert outcome.counts == {"received": 188, "accepted": 184, "quarantined": 3, "exact_duplicates": 1}


def test_an_agency_sent_twice_alike_is_counted_once(pulled: Pulled) -> None:
    outcome = pulled(16, [{"fault": "repeat_row", "code": "H01.05", "with": {"ROW_STT": "999"}}])
    assert outcome.status == "accepted"
    assert outcome.counts == {"received": 186, "accepted": 185, "quarantined": 0, "exact_duplicates": 1}


def test_a_missing_agency_is_named(pulled: Pulled) -> None:
    outcome = pulled(16, [{"fault": "drop_rows", "codes": ["H01.187"]}])
    assert outcome.status == "held"
    (found,) = outcome.findings
    assert (found.code, found.where) == ("CoverageDrop", "portal_766/an_giang/2025/H01.187/MA_COQUAN")
    assert "101 trên 102" in found.message.vi


def test_a_lost_half_is_held_against_register_and_last_pull(pulled: Pulled) -> None:
    pulled(11)
    outcome = pulled(16, [{"fault": "drop_rows", "share": "0.5", "province": "0", "month": 10}])
    assert [found.code for found in outcome.findings] == ["CoverageDrop", "CoverageDrop"]
    assert {"17 of 34 agencies (the register)", "17 of 34 agencies (the last accepted pull)"} == {
        found.message.en.split(": ", 1)[1].split(";")[0] for found in outcome.findings
    }


@pytest.mark.parametrize("narrowed", [{}, {"province": "0", "month": 10}])
def test_no_rows_are_no_zeros(pulled: Pulled, landing: Landing, narrowed: dict[str, Any]) -> None:
    good = pulled(11).pull
    outcome = pulled(16, [{"fault": "zero_rows", **narrowed}])
    assert outcome.status == "held"
    assert "Empty" in {found.code for found in outcome.findings}
    used = landing.newest_accepted("portal_766", 2025)
    assert good
    assert used
    assert used.pull_id == good.pull_id


def test_a_page_of_html_with_status_200_fails_the_pull(pulled: Pulled, landing: Landing) -> None:
    outcome = pulled(16, [{"fault": "html_page", "province": "398126", "month": 0}])
    assert outcome.status == "failed"
    (found,) = outcome.findings
    assert (found.code, found.where) == ("UnexpectedContent", "portal_766/an_giang/2025")
    assert outcome.pull
    assert sorted(path.name for path in outcome.pull.folder.iterdir()) == ["pull.json"]
    assert outcome.counts == {"received": 0, "accepted": 0, "quarantined": 0, "exact_duplicates": 0}
    assert "Đăng nhập" not in (outcome.pull.folder / "pull.json").read_text(encoding="utf-8")


def test_swapped_columns_show_on_the_first_pull(pulled: Pulled) -> None:
    outcome = pulled(16, SWAP)
    assert outcome.status == "held"
    found = {(one.code, one.where) for one in outcome.findings}
    assert found == {
        ("OutsideTypical", "portal_766/provinces/2025/CLGQ"),
        ("OutsideTypical", "portal_766/provinces/2025-10/CLGQ"),
        ("OutsideTypical", "portal_766/an_giang/2025/CLGQ"),
    }
    assert outcome.counts["quarantined"] == 0


@pytest.mark.parametrize("month", [0, 10])
@pytest.mark.parametrize("province", ["0", "398126"])
def test_swapped_columns_show_in_any_list_against_the_last_pull(pulled: Pulled, province: str, month: int) -> None:
    pulled(11)
    outcome = pulled(16, [SWAP[0] | {"province": province, "month": month}])
    swapped = [found for found in outcome.findings if found.code == "ColumnsSwapped"]
    assert outcome.status == "held"
    assert len(swapped) == 1
    assert {"TTTT", "CLGQ"} <= set(swapped[0].message.en.replace(",", " ").split())
    assert "H" in swapped[0].message.en.split("e.g. ")[1]
    assert swapped[0].where.split("/")[0] == "portal_766"


def test_a_few_agencies_that_cross_are_no_swapped_columns(pulled: Pulled) -> None:
    pulled(11)
    codes = ("H50", "H56", "H21", "H26")
    outcome = pulled(16, [{**SWAP[0], "code": code, "province": "0", "month": 0} for code in codes])
    assert outcome.status == "accepted"


def test_restated_figures_are_no_swap(pulled: Pulled) -> None:
    pulled(11)
    assert pulled(16).status == "accepted"


def test_a_constant_column_that_fits_its_sums_is_held(pulled: Pulled) -> None:
    parts = ("CKMB", "TDGQ", "CLGQ", "TTTT", "MDHL", "MDSH")
    faults = [{"fault": "set_field", "field": part, "value": "1.5", "month": 10} for part in parts]
    faults.append({"fault": "set_field", "field": "TONG_SCORE", "value": "9", "month": 10})
    outcome = pulled(16, faults)
    constant = [one for one in outcome.findings if one.code == "ConstantColumn"]
    assert outcome.status == "held"
    assert [one.where for one in constant] == [
        f"portal_766/{request}/2025-10/{field}"
        for request in ("an_giang", "provinces")
        for field in (*parts, "TONG_SCORE")
    ]
    assert "1.50" in constant[0].message.vi


def test_a_constant_column_that_was_accepted_is_not_held_every_night(pulled: Pulled, landing: Landing) -> None:
    full = [{"fault": "set_field", "field": "MDHL", "value": "18", "province": "398126", "month": 0}]
    source = portal()
    contract = source.contract.model_copy(update={"rules": ()})
    loose = source.model_copy(update={"contract": contract})
    held = pulled(11, full, source=loose)
    assert [one.where for one in held.findings] == ["portal_766/an_giang/2025/MDHL"]
    assert held.pull
    landing.decide(held.pull.pull_id, "accept", "mọi xã đều đạt điểm tối đa", "tester")
    assert pulled(16, full, source=loose).status == "accepted"


@pytest.mark.parametrize(("by", "reason"), [("100", "AboveMaximum"), ("0.01", "TooManyDecimals")])
def test_another_unit_breaks_the_contract(pulled: Pulled, by: str, reason: str) -> None:
    outcome = pulled(16, [{"fault": "multiply", "fields": ["TTTT", "TONG_SCORE"], "by": by}])
    assert outcome.status == "held"
    assert reason in {one.code for one in outcome.findings}


def test_another_unit_within_the_bounds_is_seen_against_the_last_pull(pulled: Pulled) -> None:
    """A contract with wide bounds: only the medians tell."""
    source = portal()
    wide = {
        key: f.model_copy(update={"maximum": None, "places": 4})
        for key, f in source.contract.fields.items()
        if f.places
    }
    contract = source.contract.model_copy(update={"fields": {**source.contract.fields, **wide}})
    wide_source = source.model_copy(update={"contract": contract})
    pulled(11, source=wide_source)
    parts = ["CKMB", "TDGQ", "CLGQ", "TTTT", "MDHL", "MDSH", "TONG_SCORE"]
    outcome = pulled(16, [{"fault": "multiply", "fields": parts, "by": "100"}], source=wide_source)
    found = {one.where for one in outcome.findings if one.code == "UnitSuspect"}
    assert {f"portal_766/provinces/2025/{part}" for part in parts} <= found


def test_a_renamed_field_is_told_with_its_likely_new_name(pulled: Pulled) -> None:
    outcome = pulled(16, [{"fault": "rename_field", "field": "TONG_SCORE", "to": "TONGSCORE"}])
    missing = [one for one in outcome.findings if one.code == "FieldMissingEverywhere"]
    assert outcome.status == "held"
    assert len(missing) == 4
    assert "'TONGSCORE'" in missing[0].message.vi
    assert outcome.pull
    assert outcome.pull.manifest["new_fields"] == ["TONGSCORE"]


def test_a_new_field_is_dropped_and_only_its_name_recorded(pulled: Pulled) -> None:
    outcome = pulled(16, [{"fault": "set_field", "field": "NGUOI_NOP", "value": "canary-name-0123"}])
    assert outcome.status == "accepted"
    assert outcome.pull
    assert [(note.code, note.where) for note in outcome.notes] == [("NewField", "portal_766/NGUOI_NOP")]
    written = b"".join(path.read_bytes() for path in outcome.pull.folder.iterdir())
    assert b"NGUOI_NOP" in written
    assert b"canary-name" not in written


@pytest.mark.parametrize("canary", ["Nguyen Van Canary", "079012345678", "0912345678"])
def test_what_breaks_a_number_may_be_personal_and_is_not_written(pulled: Pulled, canary: str) -> None:
    outcome = pulled(16, [{"fault": "set_field", "code": "H05", "field": "TTTT", "value": canary}])
    assert outcome.status == "held"
    assert outcome.pull
    written = b"".join(path.read_bytes() for path in outcome.pull.folder.iterdir())
    assert canary.encode() not in written


def test_server_errors_that_pass_leave_the_same_content(pulled: Pulled) -> None:
    calm = pulled(11)
    stormy = pulled(16, [{"fault": "status", "status": 500, "times": 2}, {"fault": "delay", "seconds": 0.01}])
    assert calm.pull
    assert stormy.pull
    assert stormy.status == "accepted"
    assert stormy.pull.manifest["pages"][0]["troubles"] == ["SourceUnavailable", "SourceUnavailable"]
    plain = pulled(17)
    assert plain.status == "unchanged"


def test_server_errors_for_ever_fail_the_pull(pulled: Pulled, landing: Landing) -> None:
    good = pulled(11).pull
    outcome = pulled(16, [{"fault": "status", "status": 503}])
    assert outcome.status == "failed"
    assert "HTTP 503" in outcome.findings[0].message.vi
    assert "5 lần" in outcome.findings[0].message.vi
    newest, used = landing.newest("portal_766", 2025), landing.newest_accepted("portal_766", 2025)
    assert good
    assert newest
    assert used
    assert (newest.status, used.pull_id) == ("failed", good.pull_id)
