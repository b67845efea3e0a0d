"""`dti refresh`, and how every run of the pipeline answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.answers import Answer, Screen, answers
from pipelines.cli.read import AsOf, Year, newest_year, print_changes
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from pipelines.refresh import Outcome

MOST_REASONS = 6

Rebuild = Annotated[
    bool, typer.Option("--rebuild", help="Dựng lại dù không có gì mới. Rebuild although nothing is new.")
]


@answers
def refresh(
    deployment: Deployment,
    year: Year = None,
    as_of: AsOf = "",
    rebuild: Rebuild = False,
    clock_is_right: Annotated[
        bool, typer.Option("--clock-is-right", help="Đồng hồ đúng, nhật ký đã chạy trước. The clock is right now.")
    ] = False,
) -> Answer:
    """Lấy số liệu, dựng lại, kiểm tra, công bố. Pull, rebuild, check, publish."""
    from pipelines import refresh as run

    outcome = run.refresh(
        deployment,
        [year or newest_year(deployment)],
        as_of=checked_moment(as_of),
        rebuild=rebuild,
        reason="dti refresh",
        clock_is_right=clock_is_right,
    )
    return outcome_answer(deployment, outcome)


def checked_moment(as_of: str) -> str:
    from pipelines.warehouse import moment_of

    if as_of:
        moment_of(as_of)
    return as_of


def outcome_answer(deployment: Deployment, outcome: Outcome) -> Answer:
    """What a run pulled, published and moved."""
    from pipelines import releases
    from pipelines.changes import between

    done = outcome.release
    earlier = [one for one in releases.readable(deployment) if done and one.number < done.number]
    moved = between(earlier[-1], done) if done and earlier else []
    data: dict[str, Any] = {
        "years": outcome.years,
        "pulls": outcome.pulls,
        "published": done is not None,
        "release": done.manifest() if done else None,
        "current": outcome.shown,
        "recovered": outcome.recovered,
        "site": None if outcome.site_error is None else outcome.site_error.as_dict("vi"),
        "continued": outcome.continued,
        "changed": {
            "totals": sum(c.total_before != c.total_after for c in moved),
            "ranks": sum(c.moved for c in moved),
        },
    }

    def text(screen: Screen) -> None:
        _print_troubles(screen, outcome)
        if done is None:
            standing = releases.current(deployment)
            kept = screen.t("chưa có bản nào", "none yet") if standing is None else str(standing.number)
            screen.line(
                f"Không có gì mới; không công bố gì (đang công bố: {kept}).",
                f"Nothing new; nothing was published (published: {kept}).",
            )
            return
        where = deployment.warehouse if outcome.shown else done.file
        screen.line(f"Đã công bố bản {done.number}: {where}", f"Published release {done.number}: {where}")
        if outcome.site_error:
            message = outcome.site_error.message
            screen.line(f"✗ không lập được trang kết quả: {message.vi}", f"✗ the site could not be made: {message.en}")
            screen.line("  → dti publish")
        if earlier:
            print_changes(screen, moved)

    return Answer(data, text, exit_code=outcome.exit_code)


def _print_troubles(screen: Screen, outcome: Outcome) -> None:
    """Why pulls are held or failed, a line each, and what to do."""
    for pull in outcome.pulls:
        if pull["status"] not in {"failed", "held"}:
            continue
        words = {"held": ("bị giữ lại", "held"), "failed": ("không lấy được", "failed")}[pull["status"]]
        name = f"{pull['source']} {pull['year']}"
        screen.line(f"✗ {name} {words[0]} ({pull['pull_id']}):", f"✗ {name} {words[1]} ({pull['pull_id']}):")
        for reason in pull["reasons"][:MOST_REASONS]:
            screen.line(f"    {reason['where']}: {reason['message']}", f"    {reason['where']}: {reason['message_en']}")
        rest = len(pull["reasons"]) - MOST_REASONS
        if rest > 0:
            screen.line(f"    … và {rest} lý do nữa: dti pull list", f"    … and {rest} more: dti pull list")
        if pull["status"] == "held":
            screen.line(f"  → dti pull accept|reject {pull['pull_id']} --reason …")
        else:
            screen.line(f"  → dti source check {pull['source']} --year {pull['year']}")
