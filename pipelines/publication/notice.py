"""The notice of a ranking and its annexes, as data: what DOCX and PDF both show, in the order of Decree 30/2020.

Every figure is the release's, rounded only for the eye; nothing is computed here that decides anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any

from pipelines.groups import GROUPS
from pipelines.publication.wording import BLANK, dated, day, figure, percent, when
from pipelines.settings import Deployment
from pipelines.sql import fill
from pipelines.warehouse import Ranking, is_simulated, query

NATION, MOTTO = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"
DRAFT = "DỰ THẢO"

_RULESET = "select decision, decided_on, authority, title_vi, digits from rulesets where ruleset_id = {ruleset}"
_EXCEPTIONS = """
select a.name_vi as agency, s.indicator_code as code, s.article, s.points, e.document, e.reason
from indicator_scores as s
inner join agencies as a using (agency_id)
left join exceptions as e using (ruleset_id, agency_id, assessment_year, indicator_code)
where s.article is not null and s.ruleset_id = {ruleset} and s.agency_group = {group}
    and s.assessment_year = {year} and s.period = {period}
order by a.name_vi, s.indicator_code
"""
_MISSING = """
select a.name_vi as agency, string_agg(s.indicator_code, '; ' order by i.position) as codes, count(*) as number
from indicator_scores as s
inner join agencies as a using (agency_id)
inner join indicators as i using (ruleset_id, indicator_code)
where s.status in ('missing', 'invalid') and s.ruleset_id = {ruleset} and s.agency_group = {group}
    and s.assessment_year = {year} and s.period = {period}
group by a.name_vi
order by a.name_vi
"""


@dataclass(frozen=True)
class Issue:
    """The number and day that the office gave the paper; both blank until then."""

    number: str = ""
    day: date | None = None


def notice(deployment: Deployment, found: Ranking, issue: Issue | None = None) -> dict[str, Any]:
    """Everything that the notice and its annexes say, as text, lists and flags.

    It is a draft, and says so, until the year is frozen.
    """
    issue = issue or Issue()
    draft = found.revision is None
    key: dict[str, str | int | None] = {
        "ruleset": found.ruleset_id,
        "group": found.group,
        "year": found.year,
        "period": found.period,
    }
    ruleset = query(found.release, fill(_RULESET, ruleset=found.ruleset_id))[0]
    group = GROUPS[found.group].vi
    decision = f"Quyết định số {ruleset['decision']} ngày {day(ruleset['decided_on'])} của {ruleset['authority']}"
    return {
        "nation": NATION,
        "motto": MOTTO,
        "draft": DRAFT if draft else "",
        **_head(deployment, issue, draft, found.year),
        "title": "THÔNG BÁO",
        "about": f"Kết quả đánh giá, xếp hạng mức độ chuyển đổi số {when(found.period)} của các {group}",
        "short_about": f"Xếp hạng mức độ chuyển đổi số {when(found.period)} – {group}",
        "basis": f"Căn cứ {decision} ({ruleset['title_vi']});",
        "opening": _opening(found, group),
        "findings": list(_findings(found)),
        "graded": any(row["grade"] for row in found.rows),
        "rows": [_row(row) for row in found.rows],
        "main_indices": [_main_index(one) for one in found.main_indices],
        "parts": [_parts(row, found.main_indices) for row in found.rows],
        "exceptions": [_exception(row) for row in query(found.release, fill(_EXCEPTIONS, **key))],
        "missing": [_texts(row) for row in query(found.release, fill(_MISSING, **key))],
        "simulated": is_simulated(found.release, found.year),
        "proof": _proof(found),
    }


def _head(deployment: Deployment, issue: Issue, draft: bool, year: int) -> dict[str, Any]:
    office = deployment.settings.office
    sign = office.sign or f"TB-{BLANK}"
    issued = issue.day.year if issue.day else year + 1
    place = BLANK if draft or not office.place else office.place
    return {
        "parent": office.parent.upper() or BLANK,
        "body": office.name.upper() or BLANK,
        "number": f"Số: {issue.number or BLANK}/{sign}",
        "dated": f"{place}, {dated(issue.day, issued)}",
        "attached": f"(Kèm theo Thông báo số {issue.number or BLANK}/{sign} {dated(issue.day, issued)} "
        f"của {office.name or BLANK})",
        "signer": office.signer.upper() or BLANK,
        "recipients": list(office.recipients),
    }


def _opening(found: Ranking, group: str) -> str:
    ranked = sum(1 for row in found.rows if row["rank"] is not None)
    return (
        f"Kết quả đánh giá, xếp hạng mức độ chuyển đổi số {when(found.period)} của {len(found.rows)} {group} "
        f"({ranked} cơ quan được xếp hạng) như sau:"
    )


def _findings(found: Ranking) -> Iterator[str]:
    """What a reader wants to know first: best, middle, last, and how much is known."""
    ranked = [row for row in found.rows if row["rank"] is not None]
    if ranked:
        best = [row["name_vi"] for row in ranked if row["rank"] == 1]
        totals = sorted(row["total"] for row in ranked)
        yield f"Điểm cao nhất: {', '.join(best)}, {figure(totals[-1])}/{figure(ranked[0]['max_total'], 0)} điểm."
        yield f"Điểm trung vị của nhóm: {figure(median(totals))}; thấp nhất: {figure(totals[0])} điểm."
    covered, assessed = (sum(row[name] for row in found.rows) for name in ("covered", "assessed"))
    gap = "đủ số liệu" if covered == assessed else f"còn {assessed - covered} chưa có số liệu, nêu tại Phụ lục III"
    yield f"Số liệu: {figure(covered, 0)}/{figure(assessed, 0)} lượt chỉ số ({gap})."
    unranked = [row for row in found.rows if row["rank"] is None]
    if unranked:
        yield f"Không xếp hạng: {', '.join(row['name_vi'] for row in unranked)}."


def _row(row: dict[str, Any]) -> dict[str, str]:
    return {
        "rank": str(row["rank"] or "–"),
        "agency": row["name_vi"],
        "total": figure(row["total"]),
        "share": percent(row["share"]),
        "grade": row["grade"] or "",
        "covered": f"{row['covered']}/{row['assessed']}",
    }


def _main_index(one: dict[str, Any]) -> dict[str, str]:
    """A heading: `6. Hoạt động chính quyền số (135)`. Codes that a decision does not print are ours, and left out."""
    printed = one["main_index_code"][0].isdigit()
    name = f"{one['main_index_code']}. {one['name_vi']}" if printed else str(one["name_vi"])
    return {"name": name, "max": figure(one["max_points"], 0)}


def _parts(row: dict[str, Any], order: list[dict[str, Any]]) -> dict[str, Any]:
    points = [figure(row["main_indices"][one["main_index_code"]]) for one in order]
    return {"rank": str(row["rank"] or "–"), "agency": row["name_vi"], "points": points, "total": figure(row["total"])}


def _exception(row: dict[str, Any]) -> dict[str, str]:
    return _texts({**row, "points": figure(row["points"]), "article": f"Điều {row['article']}"})


def _texts(row: dict[str, Any]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in row.items()}


def _proof(found: Ranking) -> str:
    release = found.release
    frozen = f", năm {found.year} chốt lần {found.revision}" if found.revision is not None else " (tạm tính)"
    known = datetime.fromisoformat(release.as_of)
    return (
        f"Bản phát hành {release.number}{frozen}, số liệu biết đến {known:%H:%M} ngày {day(known.date())}; "
        f"mã kiểm chứng sha256 {release.sha256}"
    )
