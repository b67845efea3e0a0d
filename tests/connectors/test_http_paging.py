"""Walking through pages: no loop, no lost row, no silent end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from common.errors import SourceError
from connectors.findings import Place
from connectors.paginator_model import PageNumber, SinglePage
from connectors.paging import Page, Position, Way, read_pages, row_marks, rows_digest

PLACE = Place("probe", "list", "2025")
BY_NUMBER = PageNumber(type="page_number", base_page=1, page_size=2)
Rows = list[dict[str, str]]


def digest(some: list[Any], listed: set[str]) -> int:
    return rows_digest(row_marks(some, listed))


def rows(*keys: str) -> Rows:
    return [{"k": key} for key in keys]


def asking(answers: Callable[[int], Rows]) -> Callable[[Position], Page]:
    return lambda at: Page(at.number, answers(at.number), f"sha-{at.number}", 0)


def walks(*versions: dict[int, Rows]) -> Callable[[Position], Page]:
    """A list that changes from walk to walk (a walk begins at page 1)."""
    current: Iterator[dict[int, Rows]] = iter(versions)
    now: dict[int, Rows] = {}

    def answers(number: int) -> Rows:
        nonlocal now
        if number == 1:
            now = next(current)
        return now.get(number, [])

    return asking(answers)


class Taken(list[dict[str, str]]):
    """The rows of the walk that counted."""

    def begin(self) -> None:
        self.clear()

    def take(self, page: Page) -> None:
        self += page.rows


def read(ask: Callable[[Position], Page], most: int = 100) -> tuple[list[str], list[str]]:
    taken = Taken()
    pages, findings = read_pages(Way(BY_NUMBER, {"k"}, PLACE, most), ask, taken)
    assert sum(page.rows for page in pages) == len(taken)
    return [row["k"] for row in taken], [one.code for one in findings]


def test_a_single_page_is_asked_once() -> None:
    asked: list[int] = []

    def ask(at: Position) -> Page:
        asked.append(at.number)
        return Page(at.number, rows("a"), "sha", 0)

    pages, findings = read_pages(Way(SinglePage(type="single_page"), {"k"}, PLACE, 100), ask, Taken())
    assert (len(pages), findings, asked) == (1, [], [1])


def test_a_short_page_does_not_end_the_list() -> None:
    """P11: the server gives fewer rows than asked for."""
    pages = {1: rows("a"), 2: rows("b"), 3: rows("c")}
    assert read(walks(pages, pages)) == (["a", "b", "c"], [])


def test_numbering_may_start_at_zero() -> None:
    paginator = PageNumber(type="page_number", base_page=0, page_size=2)
    ask = asking(lambda number: rows("a") if number == 0 else [])
    pages, _ = read_pages(Way(paginator, {"k"}, PLACE, 100), ask, Taken())
    assert [page.number for page in pages] == [0, 1]


@pytest.mark.parametrize("cycle", [1, 2])
def test_a_page_that_comes_again_is_a_loop(cycle: int) -> None:
    """P01–P03: the page number is ignored, or pages go round."""
    with pytest.raises(SourceError) as caught:
        read(asking(lambda number: rows("a", "b") if cycle == 1 or number % 2 else rows("c")))
    assert caught.value.code == "PaginationLoop"
    assert "{page}" in caught.value.hint.en


def test_pages_without_end_are_limited() -> None:
    """P13."""
    with pytest.raises(SourceError) as caught:
        read(asking(lambda number: rows(f"a{number}")), most=10)
    assert caught.value.code == "LimitExceeded"


def test_a_row_that_moves_between_pages_is_seen_by_walking_again() -> None:
    """P05, P06: in the first walk a row slips from page 2 to page 1 and is lost."""
    torn = {1: rows("a", "b"), 2: rows("d")}
    whole = {1: rows("a", "b"), 2: rows("c", "d")}
    assert read(walks(torn, whole, whole)) == (["a", "b", "c", "d"], [])


def test_a_list_that_never_stands_still_is_told() -> None:
    """P07, P08."""
    versions = [{1: rows("a"), 2: rows(f"b{n}")} for n in range(3)]
    assert read(walks(*versions))[1] == ["UnstableListing"]


def test_order_and_unlisted_fields_do_not_count_as_movement() -> None:
    """P14: and a row number of the source's own may differ from walk to walk."""
    one = [{"k": "a", "n": "1"}, {"k": "b", "n": "2"}]
    other = [{"k": "b", "n": "1"}, {"k": "a", "n": "2"}]
    assert digest(one, {"k"}) == digest(other, {"k"})
    assert digest(one, {"k", "n"}) != digest(other, {"k", "n"})


def test_rows_that_are_no_objects_can_be_compared_too() -> None:
    odd: list[Any] = [1, "a", None, ["x"], "\ud800"]
    assert digest(odd, {"k"}) == digest(odd[::-1], {"k"}) != digest(odd[1:], {"k"})
