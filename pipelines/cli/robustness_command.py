"""`dti robustness`: how firm the ranks of a group are, for the council."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.errors import Text, UsageError
from pipelines.cli.answers import Answer, Screen, answers, number, target
from pipelines.cli.read import AsOf, Group, Period, Year, newest_year
from pipelines.cli.why_commands import Revision
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from pipelines.robustness.answer import Firmness, Robustness
    from rulesets.robustness.assumptions import Assumptions

_COLUMNS = ("rank", "agency_id", "name_vi", "total", "low", "high", "middle", "best", "worst", "same")


@answers
def robustness(  # noqa: PLR0917  typer passes options by name
    deployment: Deployment,
    group: Group,
    year: Year = None,
    draws: Annotated[int, typer.Option("--draws", help="Số lần rút (mặc định 10000). Draws.")] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Hạt giống; cùng số, cùng kết quả. Seed.")] = -1,
    assumptions: Annotated[
        str, typer.Option("--assumptions", help="Tệp YAML giả định (mặc định: robustness.yaml). Assumptions.")
    ] = "",
    csv_out: Annotated[str, typer.Option("--csv", help="Ghi bảng ra tệp CSV. Also write a CSV file.")] = "",
    period: Period = "",
    as_of: AsOf = "",
    revision: Revision = None,
) -> Answer:
    """Thứ hạng vững đến đâu khi trọng số và số liệu có sai số. How firm ranks are; for the council."""
    from pipelines import warehouse
    from pipelines.robustness.answer import robustness as asked
    from pipelines.whatif.board import open_board

    stated = _assumptions(deployment, assumptions, draws, seed)
    release, shown = warehouse.find(deployment, as_of), year or newest_year(deployment)
    board = open_board(deployment, release, shown, [group], period=period, revision=revision)
    found = asked(board, group, stated)
    if csv_out:
        from common.durable import write_whole

        write_whole(target(csv_out), _csv(found).encode("utf-8-sig"))
    data = {
        "release": release.number,
        "revision": board.revision,
        "group": group,
        "year": shown,
        "period": board.periods[group],
        "public": deployment.settings.publish_robustness,
        "assumptions": stated.model_dump(mode="json"),
        "not_drawn": found.certain,
        "agencies": [asdict(row) for row in found.rows],
    }
    return Answer(data, lambda screen: _print(screen, found, stated, data))


def _assumptions(deployment: Deployment, file: str, draws: int, seed: int) -> Assumptions:
    from pipelines.robustness.stated import stated_assumptions

    changed = {**({"draws": draws} if draws else {}), **({"seed": seed} if seed >= 0 else {})}
    if not 0 <= draws <= 1_000_000:
        raise UsageError(
            "robustness-draws",
            Text(f"không rút {draws} lần được", f"{draws} draws are not possible"),
            hint=Text("từ 1 đến 1000000", "1 to 1000000"),
            where="--draws",
        )
    return stated_assumptions(deployment, file).model_copy(update=changed)


def _csv(found: Robustness) -> str:
    from connectors.sheets.outgoing import safe_text

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*_COLUMNS, "left_out", "policies"])
    for row in found.rows:
        cells = [safe_text(cell) if isinstance(cell := getattr(row, name), str) else cell for name in _COLUMNS]
        writer.writerow([*cells, _told(row.left_out), _told(row.policies)])
    return out.getvalue()


def _told(moved: dict[str, int]) -> str:
    return "; ".join(f"{name}={place}" for name, place in moved.items())


def _print(screen: Screen, found: Robustness, stated: Assumptions, data: dict[str, Any]) -> None:
    from pipelines.groups import GROUPS
    from pipelines.robustness.stated import CERTAIN

    group = GROUPS[data["group"]]
    kept = Text("", "") if data["public"] else Text(", không công bố", ", not for publication")
    screen.title(
        f"Thứ hạng vững đến đâu: {group.vi}, kỳ {data['period']} – dành cho hội đồng{kept.vi}",
        f"How firm ranks are: {group.en}, {data['period']} – for the council{kept.en}",
    )
    screen.line(
        f"Giả định: trọng số ±{_share(stated.weights)}; số tự khai ±{_share(stated.figures.declared)}, số hệ thống "
        f"±{_share(stated.figures.collected)}; câu trả lời lệch một bậc: tự khai {_share(stated.answers.declared)}, hệ "
        f"thống {_share(stated.answers.collected)}. {found.draws} lần rút, hạt giống {stated.seed}.",
        f"Assumed: weights ±{_share(stated.weights)}; declared figures ±{_share(stated.figures.declared)}, collected "
        f"±{_share(stated.figures.collected)}; answers one step off: declared {_share(stated.answers.declared)}, "
        f"collected {_share(stated.answers.collected)}. {found.draws} draws, seed {stated.seed}.",
    )
    heads = [("Hạng", "Rank"), ("Cơ quan", "Agency"), ("Tổng", "Total"), (f"{CERTAIN} % số lần", f"{CERTAIN} %")]
    heads += [("Giữa", "Middle"), ("Cao nhất–thấp nhất", "Extremes"), ("Đúng hạng", "Same rank")]
    heads += [("Bỏ một chỉ số", "Without one"), ("Cách tính khác", "Otherwise judged")]
    screen.table(heads, [_row(row, screen) for row in found.rows], numeric=(0, 2))
    if found.certain:
        listed = ", ".join(found.certain)
        screen.line(f"Không rút số liệu của: {listed}.", f"Figures not drawn: {listed}.")


def _row(row: Firmness, screen: Screen) -> list[Any]:
    return [
        row.rank,
        row.name_vi,
        number(row.total, 2, screen.lang),
        f"{row.low}–{row.high}",
        row.middle,
        f"{row.best}–{row.worst}",
        f"{row.same / 10:.0f} %",
        _range(row.rank, row.left_out),
        _range(row.rank, row.policies),
    ]


def _range(rank: int, moved: dict[str, int]) -> str:
    """The ranks that variants give, with the one that moves it furthest."""
    if not moved:
        return "–"
    places = [rank, *moved.values()]
    furthest = max(moved, key=lambda name: (abs(moved[name] - rank), name))
    return f"{min(places)}–{max(places)} ({furthest.partition(':')[2]}: {moved[furthest]})"


def _share(share: Any) -> str:
    return f"{float(share) * 100:g} %"
