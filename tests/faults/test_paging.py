"""Group P, pagination: lists that loop, shift, shrink or never end; and every form of paging in order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors import PullOutcome
from tests.support.portal import Act, answer, faulty
from tests.support.probe import (
    CODES,
    SHORT,
    Request,
    Respond,
    Rows,
    Trial,
    assert_invariants,
    body,
    paged,
    probe,
    rows,
    serving,
)

BY_NUMBER: dict[str, Any] = {
    "paginator": {"type": "page_number", "page_size": 2},
    "endpoint": {"path": "/rows", "params": {"page": "{page}", "size": "{page_size}"}},
}
BY_CURSOR: dict[str, Any] = {
    "paginator": {"type": "cursor", "cursor_path": "next"},
    "endpoint": {"path": "/rows", "params": {"after": "{cursor}"}, "data_selector": "rows"},
}
BY_LINK: dict[str, Any] = {
    "paginator": {"type": "json_link", "next_url_path": "next"},
    "endpoint": {"path": "/rows", "data_selector": "rows"},
}


def total(**more: Any) -> dict[str, Any]:
    """Numbered pages inside `{"total": …, "rows": […]}`."""
    return {
        "paginator": {"type": "page_number", "page_size": 2, "total_path": "total", **more},
        "endpoint": {"path": "/rows", "params": {"page": "{page}"}, "data_selector": "rows"},
    }


def listing(declared: int | list[int], *pages: Rows) -> Respond:
    """Pages with a declared total; a list of totals declares another one in each walk."""
    walk = -1

    def respond(request: Request) -> Act:
        nonlocal walk
        number = int(request.query["page"])
        walk += number == 1
        said = declared if isinstance(declared, int) else declared[min(walk, len(declared) - 1)]
        return answer(body({"total": said, "rows": pages[number - 1] if number <= len(pages) else []}))

    return respond


def walks(*versions: list[Rows]) -> Respond:
    """A list without a total that changes from walk to walk."""
    walk = -1

    def respond(request: Request) -> Act:
        nonlocal walk
        walk += request.query["page"] == "1"
        return paged(*versions[min(walk, len(versions) - 1)])(request)

    return respond


def met(trial: Trial, respond: Respond, changes: dict[str, Any], most: int) -> PullOutcome:
    with serving(respond) as server:
        outcome = trial.pull(probe(server.address, **changes))
        assert_invariants(trial, outcome, server, most)
    return outcome


def codes(outcome: PullOutcome) -> set[str]:
    return {one.code for one in outcome.findings}


def all_there(outcome: PullOutcome) -> bool:
    return outcome.status in {"accepted", "unchanged"} and outcome.counts["accepted"] == len(CODES)


def test_P01_same_cursor_again(trial: Trial) -> None:
    """The next cursor is the one just used: `PaginationLoop` on the second page."""
    outcome = met(trial, lambda r: answer(body({"rows": rows(f"A{len(r.query) + 1}"), "next": "c"})), BY_CURSOR, most=2)
    assert codes(outcome) == {"PaginationLoop"}


@pytest.mark.parametrize("changes", [BY_CURSOR, BY_LINK])
def test_P02_cycle(trial: Trial, changes: dict[str, Any]) -> None:
    """A → B → A, by cursor and by link."""

    def respond(request: Request) -> Act:
        at = request.query.get("after", "a")
        after = "b" if at == "a" else "a"
        following = after if changes is BY_CURSOR else f"/rows?after={after}"
        return answer(body({"rows": rows("A1" if at == "a" else "A2"), "next": following}))

    assert codes(met(trial, respond, changes, most=4)) == {"PaginationLoop"}


@pytest.mark.parametrize("by", ["page", "offset"])
def test_P03_position_ignored(trial: Trial, by: str) -> None:
    """The server sends page 1 for ever: seen by the rows themselves."""
    changes = BY_NUMBER
    if by == "offset":
        changes = {
            "paginator": {"type": "offset", "limit": 2},
            "endpoint": {"path": "/rows", "params": {"offset": "{offset}"}},
        }
    assert codes(met(trial, lambda _: answer(body(rows("A1", "A2"))), changes, most=2)) == {"PaginationLoop"}


@pytest.mark.parametrize("sparse", [False, True])
def test_P04_empty_page_in_the_middle(trial: Trial, sparse: bool) -> None:
    """An empty page before the declared end: refused, unless the contract says that the list is sparse."""
    respond = listing(6, rows("A1", "A2", "A3"), [], rows("A4", "A5", "A6"))
    outcome = met(trial, respond, total(sparse=sparse), most=3)
    assert all_there(outcome) if sparse else codes(outcome) == {"PaginationInconsistent"}


def test_P05_row_inserted_while_paging(trial: Trial) -> None:
    """A row slips to the next page and comes twice, alike: counted as a duplicate, nothing lost."""
    respond = listing(6, rows("A1", "A2", "A3"), rows("A3", "A4"), rows("A5", "A6"))
    outcome = met(trial, respond, total(), most=3)
    assert all_there(outcome)
    assert outcome.counts["exact_duplicates"] == 1


def test_P06_row_lost_while_paging(trial: Trial) -> None:
    """Fewer rows than declared: the list is walked again, twice at most, then held as `TotalMismatch`."""
    respond = listing(6, rows("A1", "A2"), rows("A4", "A5", "A6"), [])
    outcome = met(trial, respond, total(total_pages_path="`2`"), most=6)
    assert outcome.status == "held"
    assert "TotalMismatch" in codes(outcome)


def test_P06_a_duplicate_does_not_hide_a_lost_row(trial: Trial) -> None:
    """One row twice and one missing: as many rows as declared, but not as many different ones."""
    respond = listing(6, rows("A1", "A2", "A3"), rows("A3", "A5", "A6"))
    assert "TotalMismatch" in codes(met(trial, respond, total(), most=6))


@pytest.mark.parametrize("settles", [True, False])
def test_P07_total_changes_while_paging(trial: Trial, settles: bool) -> None:
    """The total moves during a walk: passes once it stands still, else held."""
    calls: list[int] = []

    def respond(request: Request) -> Act:
        calls.append(1)
        said = 6 if settles and len(calls) > 2 else 6 + (request.query["page"] == "1")
        page = rows("A1", "A2", "A3") if request.query["page"] == "1" else rows("A4", "A5", "A6")
        return answer(body({"total": said, "rows": page}))

    outcome = met(trial, respond, total(), most=6)
    assert all_there(outcome) if settles else "TotalMismatch" in codes(outcome)


@pytest.mark.parametrize("settles", [True, False])
def test_P08_no_total(trial: Trial, settles: bool) -> None:
    """No total: two walks in a row must agree, else `UnstableListing`."""
    whole = [rows("A1", "A2"), rows("A3", "A4"), rows("A5", "A6")]
    torn = [[rows("A1", "A2"), rows(f"A{n}")] for n in (4, 5, 6)]
    outcome = met(trial, walks(torn[0], *([whole] if settles else torn[1:])), BY_NUMBER, most=11)
    assert all_there(outcome) if settles else "UnstableListing" in codes(outcome)


def test_P09_key_with_two_values(trial: Trial) -> None:
    """One agency on two pages with different figures: both set aside as evidence, held."""
    other = [{**rows("A3")[0], "finished": 1}]
    pages = [rows("A1", "A2", "A3"), [*other, *rows("A4", "A5", "A6")]]
    outcome = met(trial, paged(*pages), BY_NUMBER, most=6)
    assert outcome.status == "held"
    assert "ConflictingDuplicate" in codes(outcome)
    assert outcome.counts["quarantined"] == 2


@pytest.mark.parametrize("behind", ["empty", "not_found", "repeats"])
def test_P10_behind_the_last_page(trial: Trial, behind: str) -> None:
    """The last page is full, and the one behind it is empty, missing, or the last once more: the list has ended."""
    pages = [rows("A1", "A2"), rows("A3", "A4"), rows("A5", "A6")]

    def respond(request: Request) -> Act:
        number = int(request.query["page"])
        if number > 3 and behind != "repeats":
            return answer(body([])) if behind == "empty" else answer(b"", status="404 No")
        return answer(body(pages[min(number, 3) - 1]))

    changes = {**BY_NUMBER, "paginator": {"type": "page_number", "page_size": 2, "after_last_page": behind}}
    assert all_there(met(trial, respond, changes, most=8))


def test_P10_not_declared(trial: Trial) -> None:
    """404 behind a page, from a source that does not say so: not taken for the end."""
    pages = [rows("A1", "A2"), rows("A3", "A4")]
    respond: Respond = lambda r: paged(*pages)(r) if int(r.query["page"]) < 3 else answer(b"", status="404 No")  # noqa: E731
    assert codes(met(trial, respond, BY_NUMBER, most=3)) == {"PaginationInconsistent"}


@pytest.mark.parametrize("declared", [True, False])
def test_P11_page_size_capped(trial: Trial, declared: bool) -> None:
    """Asked for 1000, given 2: the offset moves on by the rows received."""

    def respond(request: Request) -> Act:
        at = int(request.query["offset"])
        assert request.query["limit"] == "1000"
        return answer(body({"total": 6, "rows": rows()[at : at + 2]}))

    paginator = {"type": "offset", "limit": 1000, **({"total_path": "total"} if declared else {})}
    params = {"offset": "{offset}", "limit": "{limit}"}
    changes = {"paginator": paginator, "endpoint": {"path": "/rows", "params": params, "data_selector": "rows"}}
    assert all_there(met(trial, respond, changes, most=3 if declared else 8))


@pytest.mark.parametrize("link", ["{other}/rows", "https://example.org/rows", "file:///etc/passwd", "//127.0.0.1:9/x"])
@pytest.mark.parametrize("where", ["body", "Link", "X-Next"])
def test_P12_next_link_elsewhere(trial: Trial, link: str, where: str) -> None:
    """A next link to another host, port or scheme: `UnsafeAddress`; neither request nor credential goes there."""
    with faulty(answer(body([]))) as other:
        target = link.format(other=other.address)
        headers = (
            [] if where == "body" else [f"Link: <{target}>; rel=next"] if where == "Link" else [f"X-Next: {target}"]
        )
        page = answer(body({"rows": rows("A1"), "next": target}), *headers)
        paginator = {"type": "json_link"} if where == "body" else {"type": "header_link", "header": where}
        outcome = met(trial, lambda _: page, {**BY_LINK, "paginator": paginator}, most=1)
        assert codes(outcome) == {"UnsafeAddress"}
        assert other.requests == []


def test_P13_pages_without_end(trial: Trial) -> None:
    """Ever new pages: `LimitExceeded`."""
    respond: Respond = lambda r: answer(body([{**rows("A1")[0], "finished": int(r.query["page"])}]))  # noqa: E731
    outcome = met(trial, respond, {**BY_NUMBER, "limits": {**SHORT, "pages": 7}}, most=7)
    assert codes(outcome) == {"LimitExceeded"}


def test_P14_pages_out_of_order(trial: Trial) -> None:
    """Rows in another order, cut differently: the same content."""
    shuffled = [rows("A6", "A2", "A4"), rows("A1", "A5", "A3")]
    outcome = met(trial, paged(*shuffled), BY_NUMBER, most=6)
    assert outcome.status == "accepted"  # another endpoint, so landed anew
    assert trial.good
    assert outcome.pull
    assert outcome.pull.content_hash == trial.good.content_hash


# Every form of paging: paginator, endpoint, and a server that speaks it in three pages.
def _sliced(position: int) -> Rows:
    return rows()[position * 2 : position * 2 + 2]


def _next(request: Request, name: str = "p") -> tuple[int, bool]:
    at = int(request.query.get(name, "0"))
    return at, at < 2


def _number_in_form(request: Request) -> Act:
    return answer(body(_sliced(json.loads(request.form["params"])["pageIndex"] - 1)))


def _number_in_json(request: Request) -> Act:
    return answer(
        body({"data": {"items": _sliced(request.json["page"]["number"]), "total": "6"}}), status="201 Created"
    )


def _slice(request: Request) -> Act:
    at = int(request.query["page"])
    return answer(body({"content": _sliced(at), "number": at, "size": 2, "last": at == 2}))


def _spring_page(request: Request) -> Act:
    at = int(request.query["page"])
    return answer(body({"content": _sliced(at), "totalElements": 6, "totalPages": 3}))


def _cursor(request: Request) -> Act:
    at, more = _next(request)
    return answer(body({"rows": _sliced(at), "meta": {"next": str(at + 1) if more else None}}))


def _header_cursor(request: Request) -> Act:
    at, more = _next(request)
    return answer(body(_sliced(at)), *([f"X-Next-Page: {at + 1}"] if more else ["X-Next-Page: "]))


def _link_header(request: Request) -> Act:
    at, more = _next(request)
    return answer(body(_sliced(at)), *([f'Link: </rows?p={at + 1}>; rel="next", </rows>; rel="first"'] if more else []))


def _own_header(request: Request) -> Act:
    at, more = _next(request)
    return answer(body(_sliced(at)), *([f"X-Next: http://{request.headers['host']}/rows?p={at + 1}"] if more else []))


def _link_in_body(request: Request) -> Act:
    at, more = _next(request)
    return answer(body({"rows": _sliced(at), "links": {"next": f"/rows?p={at + 1}" if more else None}, "count": 6}))


NUMBER, PATH = {"type": "page_number", "page_size": 2}, {"path": "/rows"}
FORMS: dict[str, tuple[dict[str, Any], dict[str, Any], Respond]] = {
    "number in a form": (
        NUMBER,
        {**PATH, "method": "POST", "form": {"params": {"pageIndex": "{page:int}"}}},
        _number_in_form,
    ),
    "number in JSON": (
        {**NUMBER, "base_page": 0, "total_path": "data.total"},
        {
            **PATH,
            "method": "POST",
            "json": {"page": {"number": "{page:int}", "size": "{page_size:int}"}},
            "data_selector": "data.items",
            "success_codes": [201],
        },
        _number_in_json,
    ),
    "Spring slice": (
        {**NUMBER, "base_page": 0, "has_more_path": "!last"},
        {**PATH, "params": {"page": "{page}", "spec": "slice"}, "data_selector": "content"},
        _slice,
    ),
    "Spring page": (
        {**NUMBER, "base_page": 0, "total_path": "totalElements", "total_pages_path": "totalPages"},
        {**PATH, "params": {"page": "{page}"}, "data_selector": "content"},
        _spring_page,
    ),
    "cursor": (
        {"type": "cursor", "cursor_path": "meta.next"},
        {**PATH, "params": {"p": "{cursor}"}, "data_selector": "rows"},
        _cursor,
    ),
    "cursor in a header": (
        {"type": "header_cursor", "cursor_key": "X-Next-Page"},
        {**PATH, "params": {"p": "{cursor}"}},
        _header_cursor,
    ),
    "Link header": ({"type": "header_link"}, PATH, _link_header),
    "header of its own": ({"type": "header_link", "header": "X-Next"}, PATH, _own_header),
    "link in the body": (
        {"type": "json_link", "next_url_path": "links.next", "total_path": "count"},
        {**PATH, "data_selector": "rows"},
        _link_in_body,
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_paging(trial: Trial, form: str) -> None:
    paginator, endpoint, respond = FORMS[form]
    outcome = met(trial, respond, {"paginator": paginator, "endpoint": endpoint}, most=8)
    assert all_there(outcome)


def test_a_slice_that_hides_its_end_is_refused(trial: Trial) -> None:
    paginator = {**NUMBER, "base_page": 0, "has_more_path": "!last"}
    endpoint = {**PATH, "params": {"page": "{page}"}, "data_selector": "content"}
    respond: Respond = lambda _: answer(body({"content": [], "last": False}))  # noqa: E731
    outcome = met(trial, respond, {"paginator": paginator, "endpoint": endpoint}, most=1)
    assert codes(outcome) == {"PaginationInconsistent"}
