"""Commands that only read: they import neither Dagster nor dbt nor Great Expectations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.errors import Text
from pipelines.cli.answers import Answer, Screen, answers, number
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from pipelines.changes import Change
    from pipelines.warehouse import Ranking

Year = Annotated[int | None, typer.Option("--year", help="Năm đánh giá (mặc định: năm mới nhất). Assessment year.")]
Group = Annotated[str, typer.Option("--group", help="Nhóm cơ quan: province, department, commune … Agency group.")]
Period = Annotated[str, typer.Option("--period", help="Kỳ số liệu, ví dụ 2025 hoặc 2025-10. Period of the figures.")]
AsOf = Annotated[str, typer.Option("--as-of", help="Những gì đã biết đến ngày này. What was known on this day.")]


@answers
def rank(deployment: Deployment, group: Group, year: Year = None, period: Period = "", as_of: AsOf = "") -> Answer:
    """Bảng xếp hạng của một nhóm cơ quan. The ranking of a group of agencies."""
    from pipelines import warehouse
    from pipelines.freshness import stale_warnings

    release = warehouse.find(deployment, as_of)
    found = warehouse.ranking(release, year or newest_year(deployment), group, period)
    stale = stale_warnings(deployment, release, found.year)
    return Answer(ranking_data(found), lambda screen: print_ranking(screen, found), warnings=stale)


def newest_year(deployment: Deployment) -> int:
    return deployment.settings.years[-1]


def ranking_data(found: Ranking) -> dict[str, Any]:
    """A ranking as JSON."""
    return {
        "release": found.release.number,
        "as_of": found.release.as_of,
        "status": found.release.status if found.revision is None else "frozen",
        "revision": found.revision,
        "ruleset": found.ruleset_id,
        "group": found.group,
        "year": found.year,
        "period": found.period,
        "main_indices": found.main_indices,
        "agencies": found.rows,
        "exemptions": found.exemptions,
        "other_periods": found.other_periods,
    }


def print_ranking(screen: Screen, found: Ranking, most: int | None = None) -> None:
    """A ranking as a table, with where it comes from and what it covers."""
    from pipelines.groups import GROUPS

    release, group = found.release, GROUPS[found.group]
    screen.title(
        f"Xếp hạng {group.vi} – kỳ {found.period} – {found.ruleset_id}",
        f"Ranking of {group.en} – period {found.period} – {found.ruleset_id}",
    )
    codes = [one["main_index_code"] for one in found.main_indices]
    graded = any(row["grade"] for row in found.rows)
    gaps = any(row["covered"] < row["assessed"] for row in found.rows)
    columns = [("Hạng", "Rank"), ("Cơ quan", "Agency"), ("Tổng", "Total"), *((code, code) for code in codes)]
    columns += [("Xếp loại", "Grade")] * graded + [("Đủ số liệu", "Covered")] * gaps
    rows = [
        [
            row["rank"] or "–",
            row["name_vi"],
            number(row["total"], 2, screen.lang),
            *(number(row["main_indices"][code], 2, screen.lang) for code in codes),
            *([row["grade"] or "–"] * graded),
            *([f"{row['covered']}/{row['assessed']}"] * gaps),
        ]
        for row in found.rows[:most]
    ]
    screen.table(columns, rows, numeric=(0, *range(2, 3 + len(codes))))
    if most is not None and len(found.rows) > most:
        rest = len(found.rows) - most
        command = f"dti rank --year {found.year} --group {found.group}"
        screen.line(f"… và {rest} cơ quan nữa: {command}", f"… and {rest} more: {command}")
    state = screen.t("tạm tính", "provisional")
    if found.revision is not None:
        state = screen.t(f"năm {found.year} đã chốt, lần {found.revision}", f"{found.year} frozen, r{found.revision}")
    screen.line(
        f"Bản {release.number} ({state}), số liệu biết đến {release.as_of[:16]}; {len(found.rows)} cơ quan.",
        f"Release {release.number} ({state}), as known at {release.as_of[:16]}; {len(found.rows)} agencies.",
    )
    for one in found.exemptions:
        points = number(one["points"], 2, screen.lang)
        screen.line(
            f"Miễn áp dụng: {one['agency_id']} {one['indicator_code']} (Điều {one['article']}): {points} điểm.",
            f"Exempt: {one['agency_id']} {one['indicator_code']} (article {one['article']}): {points} points.",
        )
    if found.other_periods and most is None:
        others = ", ".join(found.other_periods)
        screen.line(f"Kỳ khác: {others} (--period).", f"Other periods: {others} (--period).")


@answers
def changes(  # noqa: PLR0917  typer passes options by name
    deployment: Deployment,
    group: Annotated[str, typer.Option("--group", help="Chỉ một nhóm. One group only.")] = "",
    year: Year = None,
    since: Annotated[
        str, typer.Option("--since", help="So với những gì đã biết đến ngày này (mặc định: bản trước). Compare with.")
    ] = "",
    as_of: AsOf = "",
    every: Annotated[bool, typer.Option("--all", help="Cả cơ quan không đổi hạng. Also unmoved ranks.")] = False,
) -> Answer:
    """Thứ hạng và điểm đã thay đổi thế nào, vì sao. What moved between two releases, and why."""
    from pipelines import releases, warehouse
    from pipelines.changes import between

    after = warehouse.find(deployment, as_of)
    if since:
        before = warehouse.find(deployment, since)
    else:
        earlier = [one for one in releases.all_of(deployment) if one.number < after.number]
        if not earlier:
            empty: dict[str, Any] = {"before": None, "after": after.number, "changes": []}
            return Answer(empty, lambda s: s.line("Chưa có bản trước để so sánh.", "There is no earlier release."))
        before = earlier[-1]
    found = [
        change
        for change in between(before, after)
        if (not group or change.agency_group == group) and (year is None or change.assessment_year == year)
    ]
    data = {"before": before.number, "after": after.number, "changes": [asdict(change) for change in found]}

    def text(screen: Screen) -> None:
        screen.title(
            f"Thay đổi từ bản {before.number} ({before.as_of[:10]}) đến bản {after.number} ({after.as_of[:10]})",
            f"Changes from release {before.number} ({before.as_of[:10]}) to {after.number} ({after.as_of[:10]})",
        )
        print_changes(screen, found, every)

    return Answer(data, text)


def print_changes(
    screen: Screen, found: list[Change], every: bool = False, words: Mapping[str, Text] | None = None
) -> None:
    """The agencies whose rank moved, with the reason in `words`; or all whose total changed."""
    from pipelines.changes import REASONS

    words = words or REASONS
    shown = [change for change in found if every or change.moved]
    rows = [
        [
            change.agency_group,
            change.period,
            change.name_vi,
            f"{change.rank_before or '–'} → {change.rank_after or '–'}",
            f"{number(change.total_before, 2, screen.lang)} → {number(change.total_after, 2, screen.lang)}",
            words[change.reason].in_(screen.lang),
            _largest_parts(change, screen),
        ]
        for change in shown
    ]
    if rows:
        heads = [("Nhóm", "Group"), ("Kỳ", "Period"), ("Cơ quan", "Agency"), ("Hạng", "Rank")]
        screen.table([*heads, ("Tổng", "Total"), ("Lý do", "Reason"), ("Trong đó", "Of which")], rows)
    totals = sum(change.total_before != change.total_after for change in found)
    moved = sum(change.moved for change in found)
    screen.line(
        f"{totals} cơ quan đổi tổng điểm, {moved} cơ quan đổi hạng.",
        f"{totals} totals changed, {moved} ranks moved.",
    )


def _largest_parts(change: Change, screen: Screen, most: int = 3) -> str:
    """The indicators that weigh most in a change, such as `MDSH +0,13; TDGQ −0,02`."""
    shown = []
    for part in change.largest(most):
        sign = "−" if part.gain < 0 else "+"
        shown.append(f"{part.code or '±'} {sign}{number(abs(part.gain), 2, screen.lang)}")
    return "; ".join([*shown, "…"] if len(change.parts) > most else shown)


@answers
def status(deployment: Deployment) -> Answer:
    """Buổi sáng: đã chạy chưa, nguồn nào cũ, gì bị giữ lại. The morning screen."""
    from pipelines.status import gather_status
    from pipelines.status_screen import print_status

    found = gather_status(deployment)
    return Answer(found.as_dict(), lambda screen: print_status(screen, found), exit_code=found.exit_code)


@answers
def doctor(deployment: Deployment) -> Answer:
    """Kiểm tra cấu hình, bản phát hành và máy; mỗi lỗi kèm cách sửa. Check everything."""
    from pipelines.doctor import examine

    findings = examine(deployment)

    def text(screen: Screen) -> None:
        for item in findings:
            mark = "✓" if item.ok else "✗" if item.exit_code else "!"
            screen.line(f"{mark} {item.name.vi}: {item.found.vi}", f"{mark} {item.name.en}: {item.found.en}")
            if not item.ok:
                screen.line(f"    → {item.hint.vi}", f"    → {item.hint.en}")

    bad = [item for item in findings if not item.ok and item.exit_code]
    return Answer([asdict(item) for item in findings], text, exit_code=bad[0].exit_code if bad else 0)
