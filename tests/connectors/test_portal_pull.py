"""The national portal's published figures, through real HTTP into landing."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from common.errors import Finding, Text, UsageError
from connectors import AgencyCode, Landing, PullOutcome
from connectors.tables import read_table
from tests.support.portal import at, figures, portal, register

PARTS = ("transparency", "progress", "online_services", "online_payment", "satisfaction", "digitisation")
Pulled = Callable[..., PullOutcome]


def rows_of(outcome: PullOutcome) -> list[dict[str, Any]]:
    assert outcome.pull
    rows: list[dict[str, Any]] = read_table(outcome.pull.table).to_pylist()
    return rows


@pytest.mark.parametrize("day", [11, 16])
def test_all_185_figures_arrive_and_their_parts_sum_to_the_total(pulled: Pulled, day: int) -> None:
    outcome = pulled(day)
    assert outcome.status == "accepted"
    assert outcome.counts == {"received": 185, "accepted": 185, "quarantined": 0, "exact_duplicates": 0}
    rows = rows_of(outcome)
    assert Counter((row["request"], row["period"]) for row in rows) == {
        ("provinces", "2025"): 34,
        ("provinces", "2025-10"): 34,
        ("an_giang", "2025"): 102,
        ("an_giang", "2025-10"): 15,
    }
    assert [row for row in rows if sum(row[part] for part in PARTS) != row["total"]] == []


def test_every_figure_equals_the_published_one(pulled: Pulled) -> None:
    published = {
        (row["MA_COQUAN"], period): row
        for name, period in (
            ("provinces_2025_as_of_2025-10-16", "2025"),
            ("provinces_2025-10", "2025-10"),
            ("an_giang_communes_2025", "2025"),
            ("an_giang_departments_2025-10", "2025-10"),
        )
        for row in figures(name)
    }
    names = {field.name: key for key, field in portal().contract.fields.items() if field.type == "decimal"}
    rows = rows_of(pulled(16))
    assert len(rows) == len(published)
    for row in rows:
        there = published[row["agency_code"], row["period"]]
        assert {name: row[name] for name in names} == {name: Decimal(there[key]) for name, key in names.items()}


def test_columns_are_typed_and_only_those_of_the_contract(pulled: Pulled) -> None:
    outcome = pulled(16)
    assert outcome.pull
    schema = read_table(outcome.pull.table).schema
    types = {name: schema.field(name).type for name in schema.names}
    texts = ("request", "period", "agency_code", "agency_name", "agency_kind", "agency_level", "body_sha256", "pointer")
    assert types == {name: pa.string() for name in texts} | {name: pa.decimal128(18, 2) for name in (*PARTS, "total")}
    assert not any(field.nullable for field in schema)


def test_the_decomposed_name_is_served_as_published_and_lands_composed(pulled: Pulled) -> None:
    served = next(row["TEN"] for row in figures("an_giang_communes_2025") if row["MA_COQUAN"] == "H01.113")
    assert not unicodedata.is_normalized("NFC", served)
    rows = rows_of(pulled(16))
    landed = next(row["agency_name"] for row in rows if row["agency_code"] == "H01.113")
    assert landed == unicodedata.normalize("NFC", served) != served
    assert all(unicodedata.is_normalized("NFC", row["agency_name"]) for row in rows)


def test_pointers_lead_back_to_the_row_in_the_body(pulled: Pulled) -> None:
    rows = rows_of(pulled(16))
    first = next(row for row in rows if (row["request"], row["period"], row["pointer"]) == ("provinces", "2025", "/0"))
    assert first["agency_code"] == figures("provinces_2025_as_of_2025-10-16")[0]["MA_COQUAN"]


def test_the_hashes_of_known_pulls_stay(pulled: Pulled) -> None:
    """Ids of pulls follow from them: they were taken when all rows of a pull were still held in memory."""
    contradiction = {"ROW_STT": "999", "MDHL": "17.42", "TONG_SCORE": "83.88"}
    faults = [
        {"fault": "set_field", "code": "H05", "field": "TTTT", "value": "x"},
        {"fault": "repeat_row", "code": "H01.05", "with": contradiction},
        {"fault": "repeat_row", "code": "H01.06"},
    ]
    good, odd = pulled(16).pull, pulled(17, faults).pull
    assert good
    assert odd
    assert good.content_hash == "2941341015bfdb6326dd2735056e0db212b1ea3fb61fc4d82ad4db20d88a6f0d"
    assert odd.content_hash == "d5d297e921a0e5e26e7fc4b5640001b1e5a6a0836ec10e9cf157c7baf6b94aaa"
    quarantine = odd.manifest["quarantine_hash"]
    assert quarantine == "18fc10fed48236a8682a58f9b594aab41f9935fa8f307cbd8c7f59461d2ac450"
    assert odd.counts == {"received": 187, "accepted": 182, "quarantined": 4, "exact_duplicates": 1}


def test_two_moments_stand_side_by_side_and_differ_as_the_snapshots_do(pulled: Pulled, landing: Landing) -> None:
    earlier, later = pulled(11), pulled(16)
    assert earlier.pull
    assert later.pull
    assert [pull.pull_id for pull in landing.pulls("portal_766", 2025)] == [earlier.pull.pull_id, later.pull.pull_id]
    known = landing.newest_accepted("portal_766", 2025, as_of=at(11, 23))
    assert known
    assert known.pull_id == earlier.pull.pull_id
    totals = [
        {
            row["agency_code"]: row["total"]
            for row in rows_of(one)
            if (row["request"], row["period"]) == ("provinces", "2025")
        }
        for one in (earlier, later)
    ]
    deltas = [abs(totals[1][code] - totals[0][code]) for code in totals[0]]
    assert len(deltas) == 34
    assert min(deltas) > 0
    assert max(deltas) == Decimal("7.32")
    assert [note.code for note in later.notes] == ["Restated"]
    assert "34 cơ quan" in later.notes[0].message.vi


def test_the_same_figures_again_make_no_new_folder(pulled: Pulled, landing: Landing) -> None:
    first, again = pulled(16), pulled(17)
    assert first.pull
    assert again.unchanged_as
    assert (again.status, again.pull, again.unchanged_as.pull_id) == ("unchanged", None, first.pull.pull_id)
    assert again.counts["accepted"] == 185
    assert len(landing.pulls()) == 1


def test_good_figures_after_a_held_pull_are_landed_anew(pulled: Pulled, landing: Landing) -> None:
    pulled(16)
    assert pulled(17, [{"fault": "zero_rows"}]).status == "held"
    assert pulled(18).status == "accepted"
    newest = landing.newest("portal_766", 2025)
    assert newest
    assert newest.status == "accepted"


def test_figures_that_somebody_accepted_are_not_held_again(pulled: Pulled, landing: Landing) -> None:
    pulled(11)
    swap = [{"fault": "swap_fields", "fields": ["TTTT", "CLGQ"]}]
    held = pulled(16, swap)
    assert held.status == "held"
    assert held.pull
    landing.decide(held.pull.pull_id, "accept", "đã đối chiếu", "tester")
    assert pulled(17, swap).status == "unchanged"


def test_the_same_figures_are_held_when_the_register_expects_more(pulled: Pulled, agencies: list[AgencyCode]) -> None:
    pulled(16)
    new = AgencyCode("id-new", "dvcqg", "H01.14", "Sở mới - tỉnh An Giang", "department")
    outcome = pulled(17, agencies=[*agencies, new])
    assert outcome.status == "held"
    assert [finding.where for finding in outcome.findings] == ["portal_766/an_giang/2025-10/H01.14/MA_COQUAN"]


def test_neither_paging_nor_order_changes_the_content(landing: Landing, pulled: Pulled) -> None:
    whole = pulled(16)
    assert whole.pull
    paged = pulled(17, [{"fault": "reverse"}], source=portal(page_size=10))
    assert paged.unchanged_as
    assert paged.unchanged_as.pull_id == whole.pull.pull_id


def test_the_same_pull_has_the_same_id_on_any_machine(
    pulled: Pulled, agencies: list[AgencyCode], tmp_path: Any, source: Any
) -> None:
    from connectors import pull

    here = pulled(16)
    there = pull(source, 2025, landing=Landing(tmp_path / "elsewhere"), agencies=agencies[::-1], moment=at(16))
    assert here.pull
    assert there.pull
    assert here.pull.pull_id == there.pull.pull_id
    assert here.pull.pull_id.startswith("20251016T070000-")


def test_the_manifest_tells_what_was_asked_and_keeps_no_host(pulled: Pulled) -> None:
    outcome = pulled(16)
    assert outcome.pull
    text = (outcome.pull.folder / "pull.json").read_text(encoding="utf-8")
    assert "127.0.0.1" not in text
    assert "http:" not in text
    manifest = json.loads(text)
    asked = [json.loads(one["form"]["params"]) for one in manifest["requests"]]
    assert [(one["p_tinh_id"], one["p_nam"], one["p_thang"]) for one in asked] == [
        ("0", "2025", 0),
        ("0", "2025", 10),
        ("398126", "2025", 0),
        ("398126", "2025", 10),
    ]
    assert {part["group"]: (part["expected"], part["found"], part["missing"]) for part in manifest["coverage"]} == {
        "province": (34, 34, []),
        "commune": (102, 102, []),
        "department": (15, 15, []),
    }
    assert manifest["simulated"] is True
    assert manifest["moment"] == "2025-10-16T07:00:00+07:00"
    assert sum(page["rows"] for page in manifest["pages"]) == 185
    assert manifest["new_fields"] == []


def test_a_gate_of_the_caller_sees_both_tables_and_can_hold(pulled: Pulled) -> None:
    seen: list[tuple[int, int | None]] = []

    def gate(table: pa.Table, previous: pa.Table | None) -> list[Finding]:
        seen.append((table.num_rows, previous.num_rows if previous else None))
        return [Finding("OwnGate", Text("không ổn", "not right"))] if previous else []

    assert pulled(11, extra_gates=[gate]).status == "accepted"
    held = pulled(16, extra_gates=[gate])
    assert seen == [(185, None), (185, 185)]
    assert held.status == "held"
    assert held.pull
    assert [reason.code for reason in held.pull.reasons] == ["OwnGate"]


def test_another_year_is_empty_and_held(pulled: Pulled) -> None:
    outcome = pulled(16, year=2024)
    assert outcome.status == "held"
    assert {finding.code for finding in outcome.findings} == {"Empty"}


def test_a_past_year_that_is_restated_is_held(
    pulled: Pulled, landing: Landing, agencies: list[AgencyCode], monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors import pull

    pulled(11)
    next_year = datetime(2026, 2, 1, tzinfo=at(1).tzinfo)
    outcome = pull(portal(), 2025, landing=landing, agencies=agencies, moment=next_year)
    assert outcome.status == "held"
    assert [finding.code for finding in outcome.findings] == ["HistoryRestated"]
    assert "7.32" in outcome.findings[0].message.vi


def test_a_live_source_is_not_asked_for_another_moment(landing: Landing) -> None:
    from connectors import pull

    live = portal().model_copy(update={"base_url": "http://127.0.0.1:9"})
    with pytest.raises(UsageError) as caught:
        pull(live, 2025, landing=landing, agencies=register(), moment=at(16))
    assert caught.value.code == "other-moment"
    assert landing.pulls() == []
