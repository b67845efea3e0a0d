"""The files that the sample deployment ships are those that the simulator writes: cell by cell, and small.

To write them anew after a change of the sample: `python -m tests.support.sample_files`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from connectors.simulator.inbox import WARNING, write_inbox
from tests.support.sample_files import INBOX, forms, parts

MOST_BYTES = 1_000_000


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("inbox")
    write_inbox(root, 2024, forms())
    return root


def cells(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every cell of every sheet by value, type, format and lock, and what is merged."""
    book = load_workbook(path)
    return {
        sheet.title: [
            (cell.coordinate, cell.value, cell.data_type, cell.number_format, cell.protection.locked)
            for row in sheet.iter_rows()
            for cell in row
        ]
        + [("merged", *sorted(str(area) for area in sheet.merged_cells.ranges))]
        for sheet in book
    }


def test_the_shipped_files_are_what_the_simulator_writes(written: Path) -> None:
    """Cell by cell; files whose parts are the same bytes need no closer look."""
    shipped = sorted(path.relative_to(INBOX) for path in INBOX.rglob("*") if path.is_file())
    assert shipped == sorted(path.relative_to(written) for path in written.rglob("*") if path.is_file())
    assert len(shipped) == 1 + 11 + 31
    for name in shipped:
        if parts(INBOX / name) != parts(written / name):
            assert name.suffix == ".xlsx", name
            assert cells(INBOX / name) == cells(written / name), name


def test_the_shipped_files_are_small() -> None:
    assert sum(path.stat().st_size for path in INBOX.rglob("*") if path.is_file()) < MOST_BYTES


def test_no_cell_is_a_formula_and_every_file_says_that_it_is_made_up() -> None:
    for path in (one for one in INBOX.rglob("*") if one.is_file()):
        content = b"".join(parts(path).values())
        assert WARNING.encode() in content, path.name
        assert b"<f>" not in content, path.name


def test_a_year_that_the_sample_does_not_have() -> None:
    with pytest.raises(ValueError, match="2021"):
        write_inbox(Path("nowhere"), 2021, forms())
