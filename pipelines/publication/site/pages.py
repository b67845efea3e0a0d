"""The pages of a site, in order; each reads what it shows, writes, and forgets it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

import duckdb

from pipelines.changes import REASONS, Change
from pipelines.explanation import fold
from pipelines.publication.site import cards, charts, places, reading
from pipelines.publication.site.changing import Overnight
from pipelines.publication.site.firmness import firmness_of
from pipelines.publication.site.papers import Paper
from pipelines.publication.site.profiles import Group, Some, profile
from pipelines.publication.site.reading import Board, Row
from pipelines.publication.site.render import Writer, chunks, page_links
from pipelines.releases import Release
from pipelines.settings import Deployment
from pipelines.sql import literal, records
from rulesets.scoring.explain import STATUSES, card

ROWS = 110
"""Agencies on one page of a list: at this many the widest ranking stays below the weight of a page."""
CELLS = 1_500
BATCH = 50


@dataclass(frozen=True)
class Site:
    """What every page knows."""

    deployment: Deployment
    con: duckdb.DuckDBPyConnection
    write: Writer
    release: Release
    boards: list[Board]
    overnight: Overnight
    papers: dict[str, list[Paper]] = field(default_factory=dict)
    """Of each ranking, by its folder."""


def board_pages(site: Site, board: Board) -> None:
    """Everything about one ranking."""
    group = _group(site, board)
    _ranking(site, group)
    _comparison(site, group)
    if len(group.names) > ROWS:
        _by_name(site, group)
    _indicator_pages(site, group)
    _agency_pages(site, group)


def _group(site: Site, board: Board) -> Group:
    con = site.con
    order = reading.order(con, board)
    return Group(
        board=board,
        names={agency_id: name for agency_id, name, _ in order},
        ranks={agency_id: rank for agency_id, _, rank in order},
        main_spread=reading.spread(con, board, "main_index"),
        pillar_spread=reading.spread(con, board, "pillar"),
        spread=reading.spread(con, board, "indicator"),
        indicators=reading.indicators(con, board.ruleset_id),
        changes=site.overnight.by_board.get((board.group, board.year, board.period), {}),
        firm=firmness_of(site.deployment, site.release, board),
    )


def _some(site: Site, group: Group, size: int) -> Iterator[tuple[int, Some]]:
    """A ranking in batches of so many agencies, numbered from 1."""
    con, board = site.con, group.board
    for number, ids in chunks(list(group.names), size):
        rows = reading.ranks(con, board, ids)
        mains, pillars = (reading.parts(con, board, level, ids) for level in ("main_index", "pillar"))
        yield number, Some(rows, mains, pillars)


def _ranking(site: Site, group: Group) -> None:
    board = group.board
    links = page_links(board.home, len(group.names), ROWS)
    shared = {
        "board": board,
        "group": group,
        "others": _others(site, board),
        "pages": links,
        "overnight": site.overnight,
        "papers": site.papers.get(board.folder, []),
        "firm": group.firm,
    }
    for number, some in _some(site, group, ROWS):
        site.write.page(places.numbered(board.home, number), "ranking.html", some=some, number=number, **shared)


def _others(site: Site, board: Board) -> list[Board]:
    """The same group in other years and periods."""
    return [one for one in site.boards if one.group == board.group and one is not board]


def _by_name(site: Site, group: Group) -> None:
    """Where a ranking fills several pages, its agencies by name."""
    path = group.board.page("agencies.html")
    named = sorted(group.names, key=lambda one: (fold(group.names[one]), one))
    pages = list(chunks(named, ROWS * 3))
    links = [
        (places.numbered(path, number), _letters(group.names[ids[0]], group.names[ids[-1]])) for number, ids in pages
    ]
    for number, ids in pages:
        at = places.numbered(path, number)
        rows = reading.ranks(site.con, group.board, ids)
        site.write.page(at, "agencies.html", board=group.board, group=group, rows=rows, pages=links, number=number)


def _letters(first: str, last: str) -> str:
    return " – ".join(fold(name)[:12].title() for name in (first, last))


def _comparison(site: Site, group: Group) -> None:
    """Main indices and indicators of all agencies side by side; as many agencies a page as its weight allows."""
    board = group.board
    path = board.page("compare.html")
    size = max(10, min(ROWS, CELLS // max(len(group.indicators) + len(board.main_indices), 1)))
    links = page_links(path, len(group.names), size)
    for number, some in _some(site, group, size):
        at = places.numbered(path, number)
        scores = _score_matrix(site, board, [row["agency_id"] for row in some.rows])
        data = {"some": some, "scores": scores, "pages": links, "number": number}
        site.write.page(at, "compare.html", board=board, group=group, **data)


def _score_matrix(site: Site, board: Board, ids: list[str]) -> dict[str, dict[str, Row]]:
    chosen = ", ".join(literal(one) for one in ids) or "''"
    sql = f"select agency_id, indicator_code, points, max_points, status from indicator_scores where {board.rows()} "
    found: dict[str, dict[str, Row]] = {one: {} for one in ids}
    for row in records(site.con, f"{sql} and agency_id in ({chosen})"):
        found[row["agency_id"]][row["indicator_code"]] = row
    return found


def _indicator_pages(site: Site, group: Group) -> None:
    board = group.board
    shared = {"board": board, "group": group}
    site.write.page(board.page("indicators.html"), "indicators.html", **shared)
    feeds = reading.inputs(site.con, board.ruleset_id)
    for one in group.indicators:
        code = one["indicator_code"]
        path = board.indicator(code)
        points = reading.points_of(site.con, board, code)
        about = {
            "one": one,
            "feeds": feeds.get(code, []),
            "pages": page_links(path, len(points), ROWS),
            "bins": charts.bins(points, one["max_points"]),
            "statuses": STATUSES,
        }
        for number, rows in enumerate(reading.of_indicator(site.con, board, code, ROWS), start=1):
            at, told = places.numbered(path, number), [_figure(row) for row in rows]
            site.write.page(at, "indicator.html", rows=told, number=number, **about, **shared)


def _figure(row: Row) -> Row:
    """A score with its figure in the words of its card."""
    told = dict(card({"trace": row.pop("trace")}))
    return {**row, "figure": told.get("Số liệu", ""), "told": told["Tình trạng"]}


def _agency_pages(site: Site, group: Group) -> None:
    board, ids = group.board, list(group.names)
    place = {one: at for at, one in enumerate(ids)}
    names = {one["indicator_code"]: one["name_vi"] for one in group.indicators}
    names |= {one["main_index_code"]: one["name_vi"] for one in board.main_indices}
    links = {(one.ruleset_id, one.group, one.period): one for one in site.boards}
    for _, some in _some(site, group, BATCH):
        rows = {row["agency_id"]: row for row in some.rows}
        details = cards.of_agencies(site.con, board, list(rows))
        whole = site.overnight.whole((board.group, board.year, board.period), rows)
        for row in some.rows:
            at = place[row["agency_id"]]
            site.write.page(
                board.agency(row["agency_id"]),
                "agency.html",
                board=board,
                names=names,
                boards=links,
                reasons=REASONS,
                overnight=site.overnight,
                papers=site.papers.get(board.folder, []),
                above=ids[at - 1] if at else None,
                below=ids[at + 1] if at + 1 < len(ids) else None,
                ranks=group.ranks,
                timeline=charts.timeline(details[row["agency_id"]]["history"]),
                **profile(group, some, row, details[row["agency_id"]], whole.get(row["agency_id"])),
            )


def changes_pages(site: Site) -> None:
    """Who moved since the release before, all rankings; long lists go on."""
    listed = list(_changes(site))
    names = reading.names(site.con)
    links = page_links(places.CHANGES, len(listed), ROWS)
    for number, part in chunks(listed, ROWS):
        at = places.numbered(places.CHANGES, number)
        grouped = [(board, [one for _, one in mine]) for board, mine in groupby(part, key=lambda pair: pair[0])]
        data = {"grouped": grouped, "count": len(listed), "moved": sum(change.moved for _, change in listed)}
        site.write.page(
            at,
            "changes.html",
            pages=links,
            number=number,
            names=names,
            overnight=site.overnight,
            reasons=REASONS,
            **data,
        )


def _changes(site: Site) -> Iterator[tuple[Board, Change]]:
    """Moved ranks first, then totals; in the order of the rankings."""
    by_key = {(one.group, one.year, one.period): one for one in reversed(site.boards)}
    for moved in (True, False):
        for key, board in reversed(by_key.items()):
            for change in site.overnight.by_board.get(key, {}).values():
                if change.moved == moved:
                    yield board, change
