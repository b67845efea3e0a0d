"""A cell without end is refused at its line, also where a library has lifted Python's limit for the whole process."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common.csv_cells import MOST_CHARACTERS, refuse_endless
from common.errors import DtiError
from pipelines.register_lines import csv_lines
from pipelines.whatif.words import from_file
from rulesets.annex_cells import read_sheet
from rulesets.scoring.values_file import read_values
from tests.support.engine import indicator, loaded, ruleset_of

RULES = loaded("x/one", ruleset_of(indicator("1.1", "yes_no")))
ENDLESS = "x" * (MOST_CHARACTERS + 1)


@pytest.fixture(autouse=True)
def _lifted_by_a_library() -> Iterator[None]:
    before = csv.field_size_limit(sys.maxsize)
    yield
    csv.field_size_limit(before)


def test_the_longest_cell_is_taken_and_a_longer_one_not() -> None:
    refuse_endless([ENDLESS[1:], None, 3])
    with pytest.raises(csv.Error, match="131072"):
        refuse_endless(["a", ENDLESS])


@pytest.mark.parametrize(
    ("text", "read", "line"),
    [
        (f"a,b\n1,2\n{ENDLESS},2\n", lambda path: list(csv_lines(path, ["a", "b"])), 3),
        (f"Mã,Tên\n{ENDLESS},2\n", read_sheet, 2),
        (f"agency,indicator,value\nA,1.1,{ENDLESS}\n", lambda path: read_values(RULES, path), 2),
        (f"agency,indicator,value,numerator,denominator,status,article,points\nA,1.1,{ENDLESS},,,,,\n", from_file, 2),
    ],
    ids=["register", "annex", "values", "what-if"],
)
def test_every_reader_of_csv_refuses_it_at_its_line(
    tmp_path: Path, text: str, read: Callable[[Path], object], line: int
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DtiError) as caught:
        read(path)
    assert f"a.csv:{line}" in caught.value.where
