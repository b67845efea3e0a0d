"""`dti backfill`: several years again, with the plan before it and the continuation of one that was interrupted."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.errors import Text, UsageError
from pipelines.cli.answers import Answer, Screen, answers
from pipelines.cli.read import AsOf
from pipelines.cli.run_commands import Rebuild, checked_moment, outcome_answer
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from pipelines.backfill_plan import YearPlan

_WHY_NOT = {
    "not offered": Text("nguồn không có năm này", "not offered"),
    "not asked": Text("không hỏi lại cho một ngày đã qua", "a past day is not asked for"),
    "only now": Text("nguồn chỉ biết hiện tại", "the source knows only now"),
    "done": Text("đã lấy trước khi bị ngắt", "done before it was interrupted"),
}


@answers
def backfill(
    deployment: Deployment,
    years: Annotated[str, typer.Argument(help="Các năm, ví dụ 2022..2024. Years.", metavar="Y1..Y2")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Chỉ nói sẽ làm gì. Only say what would be done.")] = False,
    as_of: AsOf = "",
    rebuild: Rebuild = False,
) -> Answer:
    """Lấy lại nhiều năm rồi dựng lại một lần; bị ngắt thì chạy lại để tiếp tục. Pull years again, rebuild once."""
    chosen = _years(deployment, years)
    if dry_run:
        return _plan(deployment, chosen, checked_moment(as_of))
    from pipelines import refresh as run

    outcome = run.refresh(
        deployment,
        chosen,
        as_of=checked_moment(as_of),
        rebuild=rebuild,
        reason=f"dti backfill {years}",
        backfill=True,
    )
    return outcome_answer(deployment, outcome)


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


def _plan(deployment: Deployment, years: list[int], as_of: str) -> Answer:
    from pipelines.backfill_plan import plan
    from pipelines.moments import parse_moment

    made = plan(deployment, years, as_of, parse_moment(as_of) if as_of else None)
    data: dict[str, Any] = {
        "dry_run": True,
        "years": [
            {
                "year": one.year,
                "register_as_of": one.register_as_of,
                "frozen": one.revision,
                "rankings": [
                    {**asdict(ranking), "reason": ranking.reason.vi, "reason_en": ranking.reason.en}
                    for ranking in one.rankings
                ],
            }
            for one in made
        ],
        "plan": [asdict(source) for one in made for source in one.sources],
    }
    return Answer(data, lambda screen: _print(screen, made))


def _print(screen: Screen, plans: list[YearPlan]) -> None:
    for one in plans:
        state = screen.t("tạm tính", "provisional")
        if one.revision is not None:
            state = screen.t(
                f"đã chốt lần {one.revision}: kết quả giữ nguyên, khác biệt vào frozen_differences",
                f"frozen, r{one.revision}: the result stays, differences go to frozen_differences",
            )
        screen.title(
            f"Năm {one.year} – {state}; sổ đăng ký tính đến {one.register_as_of}",
            f"{one.year} – {state}; register as of {one.register_as_of}",
        )
        _print_rankings(screen, one)
        _print_sources(screen, one)
    asked = sum(source.pull for one in plans for source in one.sources)
    screen.line()
    screen.line(
        f"Sẽ hỏi nguồn {asked} lần, rồi dựng lại mọi năm một lần.",
        f"{asked} pulls will be made, then all years are rebuilt once.",
    )


def _print_rankings(screen: Screen, one: YearPlan) -> None:
    from pipelines.groups import GROUPS

    heads = [("Nhóm", "Group"), ("Cơ quan", "Agencies"), ("Bộ chỉ số", "Ruleset"), ("So với năm trước", "Year before")]
    rows = [
        [
            GROUPS[ranking.group].in_(screen.lang),
            ranking.agencies,
            ranking.ruleset,
            screen.t("so sánh được", "comparable") if ranking.comparable else ranking.reason.in_(screen.lang),
        ]
        for ranking in one.rankings
    ]
    screen.table(heads, rows, numeric=(1,))


def _print_sources(screen: Screen, one: YearPlan) -> None:
    yes = screen.t("có", "yes")
    rows = [
        [
            source.source,
            yes if source.pull else _WHY_NOT[source.why_not].in_(screen.lang),
            source.in_use or "–",
            source.held or "",
        ]
        for source in one.sources
        if source.why_not != "not offered" or source.in_use
    ]
    if not rows:
        screen.line("  không nguồn nào có năm này", "  no source has figures of this year")
        return
    heads = [("Nguồn", "Source"), ("Lấy", "Pull"), ("Đang dùng", "In use"), ("Bị giữ", "Held")]
    screen.table(heads, rows)
