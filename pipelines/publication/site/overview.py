"""The pages that speak of the whole release: the front page, the quality of the data, the method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.errors import Text
from pipelines.changes import REASONS, Change
from pipelines.freshness import WORDS
from pipelines.frozen_causes import CAUSES
from pipelines.groups import GROUPS
from pipelines.publication.site import places, reading
from pipelines.publication.site.pages import Site
from pipelines.publication.site.reading import Board, Row
from pipelines.publication.site.render import chunks, page_links
from pipelines.sql import literal, records
from rulesets.scoring.explain import POLICIES, RULES, STATUSES
from rulesets.scoring.explain import REASONS as WHY_NOT

MOST = 150
"""Lines of a list that only grows with trouble; the rest is counted, and whole in the downloads."""
INDICATORS = 70
MOVED = 40
"""Agencies on the front page that won or lost ranks; all of them are one click away."""
MISSING = {"zero": "0 điểm", "leave_out": "bỏ ra, quy đổi phần còn lại", "unranked": "0 điểm, không xếp hạng"}


def home(site: Site) -> None:
    """The front page: every ranking, what moved, how current the figures are."""
    boards = site.boards
    present = {one.group for one in boards}
    groups = [*(name for name in GROUPS if name in present), *sorted(present - GROUPS.keys())]
    periods = list(dict.fromkeys(one.period for one in boards))
    changes = [(board, one) for board in boards for one in _of_board(site, board)]
    moved = [(board, one) for board, one in changes if one.places_won]
    checks = records(site.con, "select count(*) as checks, count(*) filter (passed) as passed from check_results")
    site.write.page(
        places.HOME,
        "home.html",
        boards=boards,
        groups=[GROUPS.get(name, Text(name, name)) for name in groups],
        seasons=[
            (period, [[b for b in boards if (b.period, b.group) == (period, g)] for g in groups]) for period in periods
        ],
        waiting=_waiting(site),
        overnight=site.overnight,
        reasons=REASONS,
        changed=len(changes),
        moved=len(moved),
        largest=sorted(moved, key=lambda pair: -abs(pair[1].places_won))[:MOVED],
        checks=checks[0],
        sources=_troubled(site),
        quarantined=records(site.con, "select count(distinct (source, pull_id, pointer)) as n from quarantine")[0]["n"],
    )


def _of_board(site: Site, board: Board) -> list[Change]:
    return list(site.overnight.by_board.get((board.group, board.year, board.period), {}).values())


def _waiting(site: Site) -> list[Row]:
    """Rulesets whose annex is not here, so that they rank nobody."""
    sql = """select y.assessment_year as year, y.agency_group, r.decision from ruleset_years as y
        inner join rulesets as r using (ruleset_id) where not r.public order by all"""
    have = {(one.year, one.group) for one in site.boards}
    rows = [row for row in records(site.con, sql) if (row["year"], row["agency_group"]) not in have]
    return [{**row, "name": GROUPS[row["agency_group"]].vi if row["agency_group"] in GROUPS else ""} for row in rows]


def _troubled(site: Site) -> list[Row]:
    """Sources of which figures are old, held, missing or failed, in the release's own words."""
    sql = "from source_states where state not in ('fresh', 'past') order by assessment_year desc, source"
    return [{**row, "told": WORDS[row["state"]].vi} for row in records(site.con, sql)]


_STATUSES = """
select ruleset_id, agency_group, period, status, count(*) as number from indicator_scores group by all
"""
_GAPS = """
select s.ruleset_id, s.agency_group, s.period, s.agency_id, a.name_vi, s.indicator_code, s.status, s.reason
from indicator_scores as s inner join agencies as a using (agency_id)
where s.status in ('missing', 'invalid')
order by s.assessment_year desc, s.period desc, a.name_vi, s.agency_id, s.indicator_code
"""
_PULLS = """
select coalesce(p.source, s.source) as source, coalesce(p.assessment_year, s.assessment_year) as assessment_year,
    p.pull_id, p.as_of, p.simulated, p.received, p.accepted, p.quarantined, p.duplicates, s.title_vi, s.state,
    s.confirmed_at, s.missing
from pulls as p full join source_states as s on s.source = p.source and s.assessment_year = p.assessment_year
order by 2 desc, 1
"""
_QUARANTINE = """
select source, assessment_year, field, reason, count(distinct (pull_id, request, pointer)) as number
from quarantine group by all order by assessment_year desc, source, reason, field
"""
_CHECKS = """
select stage, engine, count(*) as checks, count(*) filter (passed) as passed, count(*) filter (blocking) as blocking
from check_results group by all order by all
"""
_DIFFERENCES = """
select d.*, a.name_vi, m.meaning_vi, s.agency_group
from figure_differences as d
inner join agencies as a using (agency_id)
left join metrics as m using (metric)
left join (select distinct ruleset_id, agency_id, period, agency_group from rankings) as s
    using (ruleset_id, agency_id, period)
order by d.assessment_year desc, d.period desc, a.name_vi, d.agency_id, d.indicator_code, d.metric
"""
_FROZEN = """
select y.assessment_year, y.revision, y.frozen_at, y.reason, count(d.what) as differing,
    count(*) filter (d.what <> 'points') as totals, count(*) filter (d.what = 'points') as points,
    list_sort(list_distinct(list(d.cause))) as causes
from frozen_years as y left join frozen_differences as d using (assessment_year)
group by all order by y.assessment_year desc
"""


def quality(site: Site) -> None:
    """Coverage, sources, quarantine, checks, differences: counts and names of agencies, no content of rows."""
    con = site.con
    links = {(one.ruleset_id, one.group, one.period): one for one in site.boards}
    statuses: dict[tuple[str, str, str], dict[str, int]] = {}
    for row in records(con, _STATUSES):
        key = (row["ruleset_id"], row["agency_group"], row["period"])
        statuses.setdefault(key, {})[row["status"]] = row["number"]
    gaps, gaps_more = _some(site, _GAPS)
    pulls, pulls_more = _some(site, _PULLS)
    failed, failed_more = _some(site, "from check_results where not passed order by all")
    differences, differences_more = _some(site, _DIFFERENCES)
    site.write.page(
        places.QUALITY,
        "quality.html",
        boards=site.boards,
        statuses=statuses,
        gaps=[
            (links[row["ruleset_id"], row["agency_group"], row["period"]], {**row, "told": _why(row)}) for row in gaps
        ],
        gaps_more=gaps_more,
        pulls=[{**row, "told": WORDS[row["state"]].vi if row["state"] else "–"} for row in pulls],
        pulls_more=pulls_more,
        quarantine=records(con, _QUARANTINE)[:MOST],
        checks=records(con, _CHECKS),
        failed=failed,
        failed_more=failed_more,
        differences=[(links.get((row["ruleset_id"], row["agency_group"], row["period"])), row) for row in differences],
        differences_more=differences_more,
        frozen=[_frozen(row) for row in records(con, _FROZEN)],
    )


def _some(site: Site, sql: str) -> tuple[list[Row], int]:
    """The first rows of a query, and how many more there are."""
    count = site.con.execute(f"select count(*) from ({sql})").fetchall()[0][0]
    return records(site.con, f"{sql} limit {MOST}"), max(count - MOST, 0)


def _why(row: Row) -> str:
    reason = WHY_NOT.get(row["reason"] or "")
    return f"{STATUSES[row['status']].vi}: {reason.vi}" if reason else STATUSES[row["status"]].vi


def _frozen(row: Row) -> Row:
    causes = [CAUSES[cause].vi for cause in row["causes"] or [] if cause in CAUSES]
    return {**row, "causes": ", ".join(causes)}


def method(site: Site) -> None:
    """One page of all rulesets, and one or more of each."""
    con = site.con
    counts = {row["ruleset_id"]: row for row in records(con, _COUNTS)}
    rulesets = [
        _ruleset(row, counts.get(row["ruleset_id"], {})) for row in records(con, "from rulesets order by ruleset_id")
    ]
    site.write.page(places.METHOD, "methods.html", rulesets=rulesets)
    for one in rulesets:
        _ruleset_pages(site, one)


_COUNTS = """
select ruleset_id, count(*) as known, count(*) filter (basis = 'assumption') as assumed from indicators group by all
"""
_USED = """
select e.*, a.name_vi from exceptions as e inner join agencies as a using (agency_id)
where e.ruleset_id = {ruleset} order by e.assessment_year desc, a.name_vi, e.indicator_code
"""


def _ruleset(row: Row, counts: Row) -> Row:
    years = f"từ {row['year_from']}" if row["year_to"] is None else f"{row['year_from']}–{row['year_to']}"
    names = ", ".join(GROUPS[group].vi if group in GROUPS else group for group in row["groups"])
    found = {"known": counts.get("known", 0), "assumed": counts.get("assumed", 0)}
    return {
        **row,
        **found,
        "years": years,
        "group_names": names,
        "address": f"method/{places.slug(row['ruleset_id'])}.html",
    }


def _ruleset_pages(site: Site, one: Row) -> None:
    con, own = site.con, f"where ruleset_id = {literal(one['ruleset_id'])}"
    indicators: Sequence[Row] = reading.indicators(con, one["ruleset_id"])
    links = page_links(one["address"], len(indicators), INDICATORS)
    shared: dict[str, Any] = {
        "one": one,
        "boards": [board for board in site.boards if board.ruleset_id == one["ruleset_id"]],
        "mains": records(con, f"from main_indices {own} order by position"),
        "pillars": records(con, f"from pillars {own} order by position"),
        "grades": records(con, f"from grades {own} order by position"),
        "articles": records(con, f"from exception_articles {own} order by article"),
        "used": records(con, _USED.format(ruleset=literal(one["ruleset_id"]))),
        "feeds": reading.inputs(con, one["ruleset_id"]),
        "pages": links,
    }
    for number, rows in chunks(indicators, INDICATORS):
        words = {"policies": POLICIES, "rules": RULES, "missing": MISSING}
        at = places.numbered(one["address"], number)
        site.write.page(at, "method.html", indicators=rows, number=number, **words, **shared)
