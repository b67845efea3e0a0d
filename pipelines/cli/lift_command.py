"""`dti lift`: the cheapest ways up for one agency, in real units."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.errors import Text, UsageError
from pipelines.cli.answers import Answer, Screen, answers, number
from pipelines.cli.read import AsOf, Period, Year, newest_year
from pipelines.cli.score_commands import AgencyName
from pipelines.cli.why_commands import Revision
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from pipelines.lift.planning import Lift, Plan
    from rulesets.lift.effort import Effort

OWN_EFFORT = "lift.yaml"
_SHOWN = 8


@answers
def lift(  # noqa: PLR0917  typer passes options by name
    deployment: Deployment,
    agency: AgencyName,
    year: Year = None,
    gain: Annotated[list[int], typer.Option("--gain", help="Số bậc muốn lên (mặc định 1, 3, 5). Ranks to gain.")] = [],  # noqa: B006  typer copies it
    only: Annotated[list[str], typer.Option("--only", help="Chỉ xét những chỉ số này. Only these indicators.")] = [],  # noqa: B006
    effort: Annotated[
        str, typer.Option("--effort", help="Tệp YAML về công sức (mặc định: lift.yaml của triển khai). Efforts.")
    ] = "",
    period: Period = "",
    as_of: AsOf = "",
    revision: Revision = None,
) -> Answer:
    """Làm gì ít tốn công nhất để lên hạng, cơ quan khác đứng yên. The cheapest way up, others standing still."""
    from pipelines import warehouse
    from pipelines.explanation import find_agency
    from pipelines.lift.planning import lift as planned
    from pipelines.lift.situation import situation_of
    from pipelines.whatif.asking import group_of
    from pipelines.whatif.board import open_board

    if wrong := [one for one in gain if one < 1]:
        raise UsageError(
            "lift-gain",
            Text(f"không thể lên {wrong[0]} bậc", f"{wrong[0]} ranks cannot be gained"),
            hint=Text("--gain 1", "--gain 1"),
            where="--gain",
        )
    shown_year = year or newest_year(deployment)
    release = warehouse.find(deployment, as_of)
    who = find_agency(release, agency, shown_year)
    group = group_of(release, who["agency_id"], shown_year, agency)
    board = open_board(deployment, release, shown_year, [group], period=period, revision=revision)
    stated = _effort(deployment, effort)
    _check_only(only, [one.code for one in board.ruleset_of(group).ruleset.indicator_list])
    situation = situation_of(board, who["agency_id"], group, stated, only)
    found = planned(situation, stated, sorted(set(gain)) or [1, 3, 5])
    data = _data(deployment, found, stated)
    return Answer(data, lambda screen: _print(screen, who["name_vi"], found, stated, data))


def _effort(deployment: Deployment, file: str) -> Effort:
    from rulesets.lift.effort import Effort, read_effort

    own = Path(file) if file else deployment.root / OWN_EFFORT
    return read_effort(own) if file or own.exists() else Effort()


def _check_only(only: list[str], codes: list[str]) -> None:
    unknown = [code for code in only if code not in codes]
    if unknown:
        listed = ", ".join(codes)
        raise UsageError(
            "unknown-indicator",
            Text(f"không có chỉ số '{unknown[0]}'", f"there is no indicator '{unknown[0]}'"),
            hint=Text(f"có: {listed}", f"there are: {listed}"),
            where="--only",
        )


def _data(deployment: Deployment, found: Lift, effort: Effort) -> dict[str, Any]:
    situation = found.situation
    board = situation.board
    return {
        "hypothetical": True,
        "release": board.release.number,
        "revision": board.revision,
        "agency_id": situation.agency,
        "group": situation.group,
        "year": board.year,
        "period": board.periods[situation.group],
        "ruleset": situation.ruleset_id,
        "rank": situation.rank,
        "total": situation.total,
        "effort": effort.model_dump(mode="json"),
        "plans": [_plan(deployment, found, plan) for plan in found.plans],
        "best": {"rank": found.best_rank, "total": found.best_total},
        "fixed": {code: own.why_not for code, own in situation.steps.items() if own.why_not},
        "units": {code: float(own.unit) for code, own in situation.steps.items() if own.unit != 1},
    }


def _plan(deployment: Deployment, found: Lift, plan: Plan) -> dict[str, Any]:
    from pipelines.lift.words import step_words
    from rulesets.lint import catalogue_of
    from rulesets.numbers import plain

    indicators, metrics = found.situation.indicators, catalogue_of(deployment.ruleset_folders)
    steps = []
    for taken in plan.steps:
        step = taken.worth.step
        words = step_words(indicators[taken.code], step, metrics)
        steps.append(
            {
                "indicator": taken.code,
                "name_vi": indicators[taken.code].name_vi,
                "words": {"vi": [one.vi for one in words], "en": [one.en for one in words]},
                "numerator": step.numerator,
                "denominator": step.denominator,
                "value": step.value,
                "cost": plain(taken.worth.cost),
                "points_before": taken.points_before,
                "points_after": taken.points_after,
            }
        )
    return {
        "gain": plan.gain,
        "outcome": plan.outcome,
        "proven": plan.proven,
        "cost": plain(plan.cost),
        "rank": plan.rank,
        "total": plan.total,
        "steps": steps,
    }


def _print(screen: Screen, name: str, found: Lift, effort: Effort, data: dict[str, Any]) -> None:
    from pipelines.groups import GROUPS
    from rulesets.lift.effort import MEASURES

    situation, group = found.situation, GROUPS[found.situation.group]
    total = number(situation.total, 2, screen.lang)
    screen.title(
        f"{name}: hạng {situation.rank}, {total} điểm ({group.vi}, kỳ {data['period']})",
        f"{name}: rank {situation.rank}, {total} points ({group.en}, {data['period']})",
    )
    screen.line(
        f"Cơ quan khác đứng yên. Công sức: {MEASURES[effort.measure].vi} (mặc định {float(effort.default_effort):g}).",
        f"Others stand still. Effort: {MEASURES[effort.measure].en} (by default {float(effort.default_effort):g}).",
    )
    for plan, told in zip(found.plans, data["plans"], strict=True):
        screen.line()
        _print_plan(screen, plan, told, found)
    _print_fixed(screen, data)
    _print_units(screen, found)


def _print_plan(screen: Screen, plan: Plan, told: dict[str, Any], found: Lift) -> None:
    if plan.outcome != "found":
        _print_not_found(screen, plan, found)
        return
    cost, total = f"{float(plan.cost):.3g}", number(plan.total, 2, screen.lang)
    cost = cost if screen.lang == "en" else cost.replace(".", ",")
    sure = "" if plan.proven else screen.t(", có thể còn cách rẻ hơn", ", there may be a cheaper way")
    screen.line(
        f"Lên {plan.gain} bậc (hạng {plan.rank}, {total} điểm), công sức {cost}{sure}:",
        f"Up {plan.gain} (rank {plan.rank}, {total} points), effort {cost}{sure}:",
    )
    for step in told["steps"]:
        gained = number(step["points_after"] - step["points_before"], 2, screen.lang)
        for words in step["words"][screen.lang]:
            screen.line(f"  {step['indicator']}  {words}  [+{gained}]")


def _print_not_found(screen: Screen, plan: Plan, found: Lift) -> None:
    best = found.best_rank or found.situation.rank
    total = number(found.best_total, 2, screen.lang)
    if plan.gain >= found.situation.rank:
        screen.line(
            f"Không thể lên {plan.gain} bậc: chỉ có {len(found.situation.ahead)} cơ quan đứng trước.",
            f"Up {plan.gain} is impossible: only {len(found.situation.ahead)} agencies are ahead.",
        )
    elif plan.outcome == "impossible":
        screen.line(
            f"Không thể lên {plan.gain} bậc: làm hết mọi việc có thể cũng chỉ đạt hạng {best} ({total} điểm).",
            f"Up {plan.gain} is impossible: all that can be done gives rank {best} ({total} points).",
        )
    else:
        screen.line(
            f"Lên {plan.gain} bậc: chưa tìm được cách nào trong giới hạn tìm kiếm; làm hết mọi việc đạt hạng {best}.",
            f"Up {plan.gain}: nothing was found within the limits of the search; all together gives rank {best}.",
        )


def _print_fixed(screen: Screen, data: dict[str, Any]) -> None:
    """What cannot be moved, and why: where figures are missing, reporting them comes first."""
    from pipelines.lift.situation import WHY_NOT

    by_reason: dict[str, list[str]] = {}
    for code, why in data["fixed"].items():
        by_reason.setdefault(why, []).append(code)
    screen.line()
    for why, codes in by_reason.items():
        listed = ", ".join(codes[:_SHOWN]) + (" …" if len(codes) > _SHOWN else "")
        screen.line(f"Không xét ({WHY_NOT[why].vi}): {listed}", f"Not considered ({WHY_NOT[why].en}): {listed}")


def _print_units(screen: Screen, found: Lift) -> None:
    """Figures that go a long way in round steps: a finer step was not looked at."""
    from pipelines.lift.words import grouped
    from rulesets.numbers import plain

    coarse = {code: grouped(plain(own.unit)) for code, own in found.situation.steps.items() if own.unit > 1}
    if coarse:
        vi = "; ".join(f"{code} mỗi bước {unit}" for code, unit in coarse.items())
        en = "; ".join(f"{code} by {unit.replace('.', ',')}" for code, unit in coarse.items())
        screen.line(
            f"Xét theo bước tròn (đổi ở units của {OWN_EFFORT}): {vi}.",
            f"Looked at in round steps (units in {OWN_EFFORT} changes them): {en}.",
        )
