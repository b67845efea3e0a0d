"""Pulls of any length: every row accounted for under faults, and no more memory for many pages than for few."""

from __future__ import annotations

import os
import tracemalloc
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors import Landing, Pull, pull, runs
from connectors.contract import open_reading
from connectors.findings import Place
from connectors.paging import Page
from connectors.pulls import now_here
from connectors.settling import settle
from connectors.strict_json import parse_json
from tests.support.bulk import asked, body, bulk, register, serving_bulk, truth
from tests.support.probe import YEAR


def pulled(folder: Path, rows: int, size: int, *, share: float = 0) -> tuple[Pull, int]:
    """The pull of so many rows of which the server fails a share, and how many pages it was asked for."""
    with serving_bulk(rows, share=share, seed=20_251_016, size=size) as address:
        outcome = pull(bulk(address), YEAR, landing=Landing(folder), agencies=register(), moment=now_here())
        requests = asked(address)
    assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
    assert outcome.pull
    Landing(folder).verify(outcome.pull)
    assert not list(folder.rglob("*.arrow"))
    return outcome.pull, requests


def landed(one: Pull) -> Counter[str]:
    """What `truth` says of the good rows, read back from the landed file; keys stand once and in order."""
    found: Counter[str] = Counter()
    before = ""
    for batch in pq.ParquetFile(one.table).iter_batches(columns=["agency_code", "dossier", "steps", "rating"]):
        for agency, dossier, steps, rating in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            found[f"{agency} rows"] += 1
            found[f"{agency} steps"] += steps
            found[f"{agency} rating"] += int(rating * 100)
            assert before < (before := agency + dossier)
    return found


def reconciled(folder: Path, rows: int, size: int) -> None:
    known, needed = truth(rows, size), rows // size
    calm, requests = pulled(folder / "calm", rows, size)
    assert requests == needed
    stormy, requests = pulled(folder / "stormy", rows, size, share=0.3)
    assert needed < requests <= 1.5 * needed
    for one in (calm, stormy):
        assert one.counts == {
            "received": known.received,
            "accepted": known.accepted,
            "quarantined": known.quarantined,
            "exact_duplicates": known.exact_duplicates,
        }
        assert landed(one) == known.good
    assert (stormy.content_hash, stormy.manifest["quarantine_hash"]) == (
        calm.content_hash,
        calm.manifest["quarantine_hash"],
    )
    assert known.exact_duplicates
    assert known.quarantined


def test_every_row_is_accounted_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As below, with fewer rows, put aside in many small runs."""
    monkeypatch.setattr(runs, "_MOST_CELLS", 10_000)
    monkeypatch.setattr(runs, "_FAN_IN", 4)
    reconciled(tmp_path, 9_000, 100)


@pytest.mark.slow
def test_many_rows_are_accounted_for(tmp_path: Path) -> None:
    """30 % of all requests fail, in six ways: received = accepted + quarantined + duplicates, accepted = the truth, at
    most 1.5 times the requests needed, and the same content as without faults. `DTI_ROWS=1000000` takes minutes."""
    reconciled(tmp_path, int(os.environ.get("DTI_ROWS", "250000")), 1_000)


def peak(folder: Path, pages: int, spoilt: bool) -> tuple[int, int]:
    """The most bytes held while so many pages are judged and settled: in Python, and by Arrow."""
    pool = pa.default_memory_pool()
    arrow = pa.proxy_memory_pool(pool)
    reading = open_reading(bulk("https://example.org"), register(), scratch=folder / "scratch")
    pa.set_memory_pool(arrow)
    tracemalloc.start()
    try:
        for number in range(1, pages + 1):
            content = body(number, pages * 200, 200)
            rows = parse_json(content, Place("dossiers"), depth=9, digits=18)["rows"]
            if spoilt:
                rows = [{**row, "steps": None} for row in rows]
            reading.take("all", str(YEAR), Page(number, rows, f"{number:064}", len(content)), "/rows")
        settled = settle(reading, folder / "accepted.parquet", folder / "quarantine.parquet")
        held = tracemalloc.get_traced_memory()[1], arrow.max_memory()
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(pool)
    assert settled.counts["quarantined" if spoilt else "accepted"] > 0.9 * settled.counts["received"] >= pages * 180
    return held


@pytest.mark.parametrize("spoilt", [False, True])
def test_memory_does_not_grow_with_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoilt: bool) -> None:
    """Four times the pages, of good rows or of rows that are set aside, and what is held stays about the same."""
    monkeypatch.setattr(runs, "_MOST_CELLS", 5_000)
    monkeypatch.setattr(runs, "_FAN_IN", 4)
    monkeypatch.setattr(runs, "_BATCH", 100)
    monkeypatch.setattr("connectors.tables._ROW_GROUP", 500)
    monkeypatch.setattr("connectors.contract._REMEMBERED", 50)
    peak(tmp_path / "first", 1, spoilt)  # what is imported on the way stays
    few, many = peak(tmp_path / "few", 10, spoilt), peak(tmp_path / "many", 40, spoilt)
    assert many[0] < 1.3 * few[0]
    assert many[1] < 1.3 * few[1]
