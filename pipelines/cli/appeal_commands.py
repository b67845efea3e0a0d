"""`dti appeal`: open, list, show and resolve appeals against a score."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.errors import Text, UsageError
from pipelines.cli.answers import Answer, Screen, answers, day_of
from pipelines.cli.read import AsOf, Period, Year, newest_year, print_changes
from pipelines.cli.score_commands import AgencyName, IndicatorCode
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from pipelines.appeals.ledger import Appeal, Asked
    from pipelines.whatif.answer import WhatIf

AppealId = Annotated[str, typer.Argument(help="Mã kiến nghị, ví dụ KN-2024-001. Id of an appeal.", metavar="ID")]
Document = Annotated[str, typer.Option("--document", help="Số, ngày văn bản. The document.")]
By = Annotated[str, typer.Option("--by", help="Chức danh, đơn vị; không ghi tên người. An office, no person.")]
Figure = Annotated[str, typer.Option("--set", help="Giá trị đề nghị: n/d, số, có/không. The figure.")]
Points = Annotated[str, typer.Option("--points", help="Số điểm đề nghị. The points.")]
STATES = {
    "open": Text("đang mở", "open"),
    "granted": Text("chấp nhận", "granted"),
    "refused": Text("không chấp nhận", "refused"),
}


@answers
def new(  # noqa: PLR0917  typer passes options by name
    deployment: Deployment,
    agency: AgencyName,
    indicator: IndicatorCode,
    text: Annotated[str, typer.Option("--text", help="Nội dung kiến nghị. What the appeal says.")],
    document: Document,
    by: By,
    year: Year = None,
    period: Period = "",
    set_: Figure = "",
    points: Points = "",
    received: Annotated[str, typer.Option("--received", help="Ngày nhận (mặc định hôm nay). Day received.")] = "",
    as_of: AsOf = "",
) -> Answer:
    """Mở kiến nghị về một điểm và lập hồ sơ. Open an appeal and assemble its dossier."""
    from pipelines import warehouse
    from pipelines.appeals.ledger import folder_of
    from pipelines.appeals.opening import Request, open_appeal

    asked = _figure(set_, points)
    request = Request(
        agency, indicator, year or newest_year(deployment), text, document, by, _day(received), asked, period
    )
    appeal, effect = open_appeal(deployment, warehouse.find(deployment, as_of), request)
    folder = folder_of(deployment, appeal.appeal_id)

    def show(screen: Screen) -> None:
        screen.line(f"Đã mở {appeal.appeal_id}; hồ sơ: {folder}", f"Opened {appeal.appeal_id}; dossier: {folder}")
        _print_effect(screen, effect, "Nếu chấp nhận", "If it is granted")
        screen.line(
            f"Giải quyết: dti appeal resolve {appeal.appeal_id} --grant|--refuse --reason … --document … --by …",
            f"To resolve: dti appeal resolve {appeal.appeal_id} --grant|--refuse --reason … --document … --by …",
        )

    return Answer({**_data(appeal), "folder": folder, "effect": _effect(effect)}, show, warnings=_late([appeal]))


@answers
def list_appeals(
    deployment: Deployment,
    only_open: Annotated[bool, typer.Option("--open", help="Chỉ kiến nghị đang mở. Open ones only.")] = False,
) -> Answer:
    """Các kiến nghị. Appeals, oldest first."""
    from pipelines.appeals.ledger import appeals
    from pipelines.appeals.resolving import unregistered

    found = [one for one in appeals(deployment) if one.state == "open" or not only_open]

    def show(screen: Screen) -> None:
        heads = [("Mã", "Id"), ("Cơ quan", "Agency"), ("Chỉ số", "Indicator"), ("Kỳ", "Period")]
        rows = [
            [
                *(one.appeal_id, one.agency_name, one.indicator, one.period, one.received),
                screen.t("trễ hạn", "late") if one.late else one.deadline,
                STATES[one.state].in_(screen.lang),
            ]
            for one in found
        ]
        screen.table([*heads, ("Nhận", "Received"), ("Hạn", "Deadline"), ("Tình trạng", "State")], rows)

    left = [_left(name) for name, _ in unregistered(deployment)]
    return Answer([_data(one) for one in found], show, warnings=left)


def _left(name: str) -> Text:
    return Text(
        f"{name} chưa vào sổ thẩm định: dti appeal finish", f"{name} is not in the register yet: dti appeal finish"
    )


@answers
def finish(deployment: Deployment) -> Answer:
    """Ghi nốt quyết định còn dở sau sự cố vào sổ thẩm định. Finish what a crash left half done."""
    from pipelines.appeals.resolving import finish as finished
    from pipelines.lock import writing

    with writing(deployment.lock, "dti appeal finish"):
        done = finished(deployment)
    listed = ", ".join(done) or "–"
    return Answer(done, lambda screen: screen.line(f"Đã ghi nốt: {listed}", f"Finished: {listed}"))


@answers
def show(deployment: Deployment, appeal_id: AppealId) -> Answer:
    """Một kiến nghị và hồ sơ của nó. One appeal and its dossier."""
    from pipelines.appeals.dossier import altered
    from pipelines.appeals.ledger import appeal_of, folder_of

    appeal = appeal_of(deployment, appeal_id)
    folder, wrong = folder_of(deployment, appeal_id), altered(deployment, appeal)

    def text(screen: Screen) -> None:
        screen.title(
            f"{appeal.appeal_id} – {appeal.agency_name}, {appeal.indicator}, kỳ {appeal.period}",
            f"{appeal.appeal_id} – {appeal.agency_name}, {appeal.indicator}, {appeal.period}",
        )
        screen.line(f"{STATES[appeal.state].in_(screen.lang)}; {appeal.received} (≤ {appeal.deadline})")
        screen.line(f"{appeal.document} ({appeal.author}): {appeal.text}")
        screen.line(f"Đề nghị: {appeal.asked.words.vi}", f"Asked: {appeal.asked.words.en}")
        if appeal.decision:
            one = appeal.decision
            screen.line(f"{one['decided_on']}, {one['document']} ({one['author']}): {one['reason']}")
        screen.line(f"Hồ sơ: {folder}", f"Dossier: {folder}")

    warned = Text(f"hồ sơ đã bị sửa: {wrong}", f"the dossier was altered: {wrong}")
    warnings = [*_late([appeal]), *([warned] if wrong else [])]
    data = {**_data(appeal), "folder": folder, "altered": wrong}
    return Answer(data, text, warnings=warnings, exit_code=6 if wrong else 0)


@answers
def resolve(  # noqa: PLR0917  typer passes options by name
    deployment: Deployment,
    appeal_id: AppealId,
    reason: Annotated[str, typer.Option("--reason", help="Lý do. The reason.")],
    document: Document,
    by: By,
    grant: Annotated[bool, typer.Option("--grant", help="Chấp nhận. Grant it.")] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="Không chấp nhận. Refuse it.")] = False,
    set_: Figure = "",
    points: Points = "",
    on: Annotated[str, typer.Option("--on", help="Ngày quyết định (mặc định hôm nay). Day of the decision.")] = "",
) -> Answer:
    """Giải quyết kiến nghị; chấp nhận thì ghi vào sổ thẩm định. Resolve an appeal; a grant enters the register."""
    from pipelines import warehouse
    from pipelines.appeals.resolving import Resolution
    from pipelines.appeals.resolving import resolve as resolved

    figure = _figure(set_, points)
    if grant == refuse or (refuse and figure):
        raise UsageError(
            "appeal-decision",
            Text("chọn đúng một: --grant hoặc --refuse", "choose one: --grant or --refuse"),
            hint=Text("--set, --points chỉ đi cùng --grant", "--set and --points go with --grant only"),
        )
    decision = Resolution(grant, reason.strip(), document.strip(), by.strip(), _day(on), figure)
    appeal, effect = resolved(deployment, warehouse.find(deployment), appeal_id, decision)

    def text(screen: Screen) -> None:
        state = STATES[appeal.state]
        screen.line(f"{appeal_id}: {state.vi}.", f"{appeal_id}: {state.en}.")
        _print_effect(screen, effect, "Sẽ đổi ở lần chốt sau", "What the next revision will change")
        if effect:
            command = f'dti release build {appeal.year} --reason "{appeal_id}"'
            screen.line(f"Đã ghi sổ thẩm định. Tiếp theo: {command}", f"In the register. Next: {command}")

    return Answer({**_data(appeal), "effect": _effect(effect)}, text)


def _figure(set_: str, points: str) -> Asked:
    from pipelines.appeals.ledger import Asked
    from pipelines.whatif.words import ratio_of

    if set_ and points:
        raise UsageError(
            "appeal-figure",
            Text("chỉ dùng một: --set hoặc --points", "use one: --set or --points"),
            hint=Text("giữ lại một", "keep one of them"),
        )
    ratio = ratio_of(set_)
    return Asked(*ratio) if ratio else Asked(value=set_.strip(), points=points.strip())


def _day(text: str) -> date:
    from pipelines.settings import now

    return day_of(text) if text else now().date()


def _data(appeal: Appeal) -> dict[str, Any]:
    return asdict(appeal)


def _effect(effect: WhatIf | None) -> list[dict[str, Any]]:
    return [asdict(change) for change in effect.changes] if effect else []


def _late(found: list[Appeal]) -> list[Text]:
    return [
        Text(
            f"{one.appeal_id} nhận ngày {one.received}, sau hạn {one.deadline}",
            f"{one.appeal_id} came on {one.received}, after the deadline {one.deadline}",
        )
        for one in found
        if one.late
    ]


def _print_effect(screen: Screen, effect: WhatIf | None, vi: str, en: str) -> None:
    from pipelines.whatif.answer import WORDS

    if effect is not None:
        screen.title(vi, en)
        print_changes(screen, effect.changes, every=True, words=WORDS)
