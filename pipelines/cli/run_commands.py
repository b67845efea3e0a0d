"""Commands that run the pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.errors import Text, UsageError
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
def refresh(deployment: Deployment, year: Year = None, as_of: AsOf = "", rebuild: Rebuild = False) -> Answer:
    """Lấy số liệu, dựng lại, kiểm tra, công bố. Pull, rebuild, check, publish."""
    from pipelines import refresh as run

    outcome = run.refresh(
        deployment,
        [year or newest_year(deployment)],
        as_of=checked_moment(as_of),
        rebuild=rebuild,
        reason="dti refresh",
    )
    return _outcome_answer(deployment, outcome)


@answers
def backfill(
    deployment: Deployment,
    years: Annotated[str, typer.Argument(help="Các năm, ví dụ 2022..2024. Years.", metavar="Y1..Y2")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Chỉ nói sẽ làm gì. Only say what would be done.")] = False,
    rebuild: Rebuild = False,
) -> Answer:
    """Lấy lại nhiều năm rồi dựng lại một lần. Pull several years again, then rebuild once."""
    chosen = _years(deployment, years)
    if dry_run:
        return _plan(deployment, chosen)
    from pipelines import refresh as run

    outcome = run.refresh(deployment, chosen, rebuild=rebuild, reason=f"dti backfill {years}")
    return _outcome_answer(deployment, outcome)


def _years(deployment: Deployment, text: str) -> list[int]:
    first, dots, last = text.partition("..")
    if not first.isdigit() or (dots and not last.isdigit()):
        raise UsageError(
            "years",
            Text(f"'{text}' không phải khoảng năm", f"'{text}' is not a range of years"),
            hint=Text("ví dụ: dti backfill 2022..2024", "for example: dti backfill 2022..2024"),
        )
    wanted = range(int(first), int(last or first) + 1)
    have = deployment.settings.years
    chosen = [year for year in have if year in wanted]
    if not chosen:
        listed = ", ".join(map(str, have))
        raise UsageError(
            "years",
            Text(
                f"không có năm nào trong {text}; dti.yaml có: {listed}", f"no year of {text} is in dti.yaml: {listed}"
            ),
            hint=Text("thêm năm vào 'years' của dti.yaml", "add years to 'years' in dti.yaml"),
        )
    return chosen


def _plan(deployment: Deployment, years: list[int]) -> Answer:
    from connectors import Landing, load_sources

    landing = Landing(deployment.landing)
    rows = []
    for year in years:
        for source in load_sources(deployment.sources).values():
            last = landing.newest_accepted(source.name, year)
            offered = source.offers(year)
            rows.append(
                {"year": year, "source": source.name, "pull": offered, "in_use": last.pull_id if last else None}
            )

    def text(screen: Screen) -> None:
        heads = [("Năm", "Year"), ("Nguồn", "Source"), ("Lấy lại", "Pull"), ("Đang dùng", "In use")]
        yes, no = screen.t("có", "yes"), screen.t("không: nguồn không có năm này", "no: not offered")
        screen.table(heads, [[r["year"], r["source"], yes if r["pull"] else no, r["in_use"] or "–"] for r in rows])
        screen.line("Sau đó dựng lại mọi năm một lần.", "Then all years are rebuilt once.")

    return Answer({"plan": rows, "dry_run": True}, text)


def checked_moment(as_of: str) -> str:
    from pipelines.warehouse import moment_of

    if as_of:
        moment_of(as_of)
    return as_of


def _outcome_answer(deployment: Deployment, outcome: Outcome) -> Answer:
    from pipelines import releases
    from pipelines.changes import between

    done = outcome.release
    earlier = [one for one in releases.all_of(deployment) if done and one.number < done.number]
    moved = between(earlier[-1], done) if done and earlier else []
    data: dict[str, Any] = {
        "years": outcome.years,
        "pulls": outcome.pulls,
        "published": done is not None,
        "release": done.manifest() if done else None,
        "current": outcome.shown,
        "recovered": outcome.recovered,
        "site": None if outcome.site_error is None else outcome.site_error.as_dict("vi"),
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
