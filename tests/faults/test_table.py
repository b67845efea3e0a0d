"""The table of cases in the documentation is the one that the tests give, and no case is missing."""

from __future__ import annotations

from tests.faults.make_table import ELSEWHERE, TABLE, cases, table
from tests.support.mutants import MUTANTS
from tests.support.sheet_mutants import SHEET_MUTANTS

CATALOGUE = {
    *(f"H{n:02}" for n in range(1, 35)),
    *(f"A{n:02}" for n in range(1, 12)),
    *(f"P{n:02}" for n in range(1, 15)),
    *(f"V{n:02}" for n in range(1, 26)),
    *(f"T{n:02}" for n in range(1, 16)),
    *(f"S{n:02}" for n in range(1, 19)),
    *("X01", "X02", "X05", "X06", "X07"),
}


def test_the_table_is_current() -> None:
    assert TABLE.read_text(encoding="utf-8") == table(), "run: python -m tests.faults.make_table"


def test_every_case_is_a_test_or_told_where_it_belongs() -> None:
    assert cases().keys() == CATALOGUE - {"V25"}
    assert "V25" in ELSEWHERE


def test_every_case_has_a_guard_whose_loss_is_seen() -> None:
    guarded = {case for mutant in (MUTANTS | SHEET_MUTANTS).values() for case in mutant.cases}
    assert guarded == CATALOGUE - {"V14", "V25"}


def test_every_case_says_what_it_shows() -> None:
    assert [name for tests in cases().values() for name, text in tests if not text] == []
