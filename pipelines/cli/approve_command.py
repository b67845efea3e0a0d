"""`dti approve`: what waits for a signature, the ledger, and signing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.answers import Answer, Screen, answers
from pipelines.cli.release_commands import By
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from pipelines.approvals import Approval
    from pipelines.signing import State


@answers
def approve(
    deployment: Deployment,
    subject: Annotated[
        str, typer.Argument(help="Mã bộ chỉ số, registers, hoặc software. A ruleset's id, registers or software.")
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="Lý do, được ghi lại. The reason, kept on record.")] = "",
    by: By = "",
) -> Answer:
    """Duyệt một thay đổi; không nêu gì thì cho xem sổ phê duyệt. Sign a change; alone it shows the ledger."""
    from pipelines import approvals, signing

    if not subject:
        found, ledger = signing.states(deployment), approvals.read(deployment)
        data = {"states": [asdict(one) for one in found], "ledger": [asdict(one) for one in ledger]}
        return Answer(data, lambda screen: _print(screen, found, ledger))
    done = signing.sign(deployment, subject, reason, approvals.person(by))

    def text(screen: Screen) -> None:
        name = f"{done.subject} {done.content_hash[:12]}"
        screen.line(f"Đã duyệt {name} ({done.by}): {done.reason}", f"Signed {name} ({done.by}): {done.reason}")
        for change in done.changes:
            screen.line(f"  {change}")
        screen.line("Tiếp theo: dti refresh", "Next: dti refresh")

    return Answer(asdict(done), text)


def _print(screen: Screen, found: list[State], ledger: list[Approval]) -> None:
    words = {True: screen.t("đúng như đã duyệt", "as signed"), False: screen.t("đã đổi", "changed")}
    rows = [
        [
            one.subject,
            one.content_hash[:12],
            words[one.signed == one.content_hash] if one.signed else screen.t("chưa duyệt", "not signed"),
        ]
        for one in found
    ]
    screen.table([("Đối tượng", "Subject"), ("Mã băm", "Hash"), ("Trạng thái", "State")], rows)
    heads = [("Số", "No."), ("Lúc", "At"), ("Đối tượng", "Subject"), ("Người", "By"), ("Lý do", "Reason")]
    screen.table(heads, [[one.number, one.at[:16], one.subject, one.by, one.reason] for one in ledger], numeric=(0,))
