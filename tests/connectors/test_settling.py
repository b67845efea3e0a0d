"""How the rows of a pull are brought to their end, against a plain model that holds all of them in memory."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import runs, tables
from connectors.contract import Reading, open_reading
from connectors.paging import Page
from connectors.settling import Settled, settle
from connectors.tables import read_table
from tests.support.probe import Rows, probe, register

SOURCE = probe(
    contract__key=["id"],
    contract__fields={"id": {"name": "case_id", "type": "text"}},
    contract__rules=[],
)

rows = st.fixed_dictionaries(
    {
        "code": st.sampled_from(["A1", "A2", "A9"]),
        "name": st.sampled_from(["Sở số 1", 'Sở "số" 2\\', None]),
        "id": st.sampled_from(["a", "a b", "B", "é"]),
        "received": st.sampled_from([1, 2, -1]),
        "finished": st.sampled_from([0, 1]),
    }
)
pages = st.lists(st.lists(rows, max_size=8), max_size=8)
SIZES = st.sampled_from([(9, 1, 2), (40, 3, 2), (10**6, 1_000, 32)])


@dataclass
class Model:
    """The rule, written down plainly: of equal rows the first stays, of contradicting ones none."""

    accepted: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    refused: set[tuple[str, str]] = field(default_factory=set)
    aside: int = 0
    equal: int = 0

    def take(self, raw: dict[str, Any]) -> None:
        key = (raw["code"], raw["id"])
        if raw["code"] == "A9" or raw["received"] < 0 or raw["name"] is None or key in self.refused:
            self.aside += 1
        elif key not in self.accepted:
            self.accepted[key] = raw
        elif self.accepted[key] == raw:
            self.equal += 1
        else:
            del self.accepted[key]
            self.refused.add(key)
            self.aside += 2

    def content_hash(self) -> str:
        contract = SOURCE.contract.fields
        types = [[one.name, one.type, one.places] for one in contract.values()]
        lines = [
            ["list", "2025", *key, {one.name: str(raw[name]) for name, one in contract.items()}]
            for key, raw in sorted(self.accepted.items())
        ]
        text = json.dumps([types, lines], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def taken(some: list[Rows], reading: Reading) -> None:
    for number, page in enumerate(some):
        sha256 = hashlib.sha256(str(number).encode()).hexdigest()
        reading.take("list", "2025", Page(number, page, sha256, 0), "/rows")


def settled(some: list[Rows], folder: Path, sizes: tuple[int, int, int] = (10**6, 1_000, 32)) -> Settled:
    with pytest.MonkeyPatch.context() as patch:
        for name, size in zip(("_MOST_CELLS", "_BATCH", "_FAN_IN"), sizes, strict=True):
            patch.setattr(runs, name, size)
        reading = open_reading(SOURCE, register(), scratch=folder / "scratch")
        taken(some, reading)
        return settle(reading, folder / "accepted.parquet", folder / "quarantine.parquet")


@settings(deadline=None, max_examples=60)
@given(pages, SIZES)
def test_every_row_ends_where_the_model_says(
    tmp_path_factory: pytest.TempPathFactory, some: list[Rows], sizes: tuple[int, int, int]
) -> None:
    """However few rows are held at once: counts, hash, rows in order, and the evidence of what was set aside."""
    folder, model = tmp_path_factory.mktemp("settled"), Model()
    for page in some:
        for raw in page:
            model.take(raw)
    found = settled(some, folder, sizes)
    assert found.counts == {
        "received": sum(map(len, some)),
        "accepted": len(model.accepted),
        "quarantined": model.aside,
        "exact_duplicates": model.equal,
    }
    assert found.content_hash == model.content_hash()
    landed = read_table(folder / "accepted.parquet").to_pylist()
    assert [(row["agency_code"], row["case_id"]) for row in landed] == sorted(model.accepted)
    assert sum(row["count"] for row in found.rows) == len(landed)
    aside = read_table(folder / "quarantine.parquet").to_pylist()
    assert len({(row["body_sha256"], row["pointer"]) for row in aside}) == model.aside
    assert [one.code for one in found.aside] == [row["reason"] for row in aside][:20]


@settings(deadline=None, max_examples=30)
@given(pages, st.randoms(use_true_random=False))
def test_paging_and_order_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, some: list[Rows], chance: Any
) -> None:
    """The same rows, shuffled and cut anew: the same content."""
    flat = [raw for page in some for raw in page]
    one = settled([flat], tmp_path_factory.mktemp("one"))
    chance.shuffle(flat)
    other = settled([flat[at : at + 3] for at in range(0, len(flat), 3)], tmp_path_factory.mktemp("other"), (9, 1, 2))
    assert (one.content_hash, one.counts["accepted"]) == (other.content_hash, other.counts["accepted"])


def test_the_same_rows_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However they are held and cut: row groups have one size."""
    monkeypatch.setattr(tables, "_ROW_GROUP", 16)
    some = [{"code": "A1", "name": "Sở số 1", "id": f"{n:03}", "received": n, "finished": 0} for n in range(100)]
    for name, sizes in (("one", (9, 1, 2)), ("other", (10**6, 1_000, 32))):
        settled([some], tmp_path / name, sizes)
    one, other = ((tmp_path / name / "accepted.parquet").read_bytes() for name in ("one", "other"))
    assert one == other


def test_a_walk_that_is_undone_counts_for_nothing(tmp_path: Path) -> None:
    """Rows, reasons, counts and names of new fields."""
    good = {"code": "A1", "name": "Sở số 1", "id": "a", "received": 1, "finished": 0}
    reading = open_reading(SOURCE, register(), scratch=tmp_path / "scratch")
    taken([[good]], reading)
    mark = reading.mark()
    taken([[{**good, "id": "b", "other": 1}, {**good, "received": -1}, {**good, "finished": 9}]], reading)
    reading.rewind(mark)
    found = settle(reading)
    assert found.counts == {"received": 1, "accepted": 1, "quarantined": 0, "exact_duplicates": 0}
    assert (reading.new_fields, reading.quarantine.counts.causes) == (set(), {})
