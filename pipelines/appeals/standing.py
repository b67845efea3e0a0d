"""Appeals on the morning screen: how many are open, until when there may be more, and what is half done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from common.errors import DtiError
from pipelines.appeals import ledger
from pipelines.settings import Deployment, now

if TYPE_CHECKING:
    from pipelines.cli.answers import Screen


def standing_of(deployment: Deployment) -> dict[str, Any]:
    """`open` ids, `deadline` of the newest year and the days to it, `unregistered` grants, `trouble` of the ledger."""
    deadline = deployment.settings.cycle.dates(deployment.settings.years[-1])["appeal"]
    found: dict[str, Any] = {
        "open": [],
        "deadline": deadline.isoformat(),
        "in_days": (deadline - now().date()).days,
        "unregistered": [],
        "trouble": "",
    }
    if not ledger.path_of(deployment).exists():
        return found
    try:
        from pipelines.appeals.resolving import unregistered

        found["open"] = [one.appeal_id for one in ledger.appeals(deployment) if one.state == "open"]
        found["unregistered"] = [appeal_id for appeal_id, _ in unregistered(deployment)]
    except DtiError as error:
        found["trouble"] = f"{error.where}: {error.message.vi}"
    return found


def print_standing(screen: Screen, found: dict[str, Any]) -> None:
    """Nothing where no appeal needs anybody."""
    if found["open"]:
        listed, days = ", ".join(found["open"]), found["in_days"]
        left = screen.t(f"còn {days} ngày", f"{days} days left") if days >= 0 else screen.t("đã qua", "past")
        screen.line(
            f"{len(found['open'])} kiến nghị đang mở: {listed} (hạn kiến nghị {found['deadline']}, {left}).",
            f"{len(found['open'])} appeals are open: {listed} (deadline {found['deadline']}, {left}).",
        )
    for appeal_id in found["unregistered"]:
        screen.line(
            f"{appeal_id} đã chấp nhận nhưng chưa vào sổ thẩm định: dti appeal finish",
            f"{appeal_id} was granted and is not in the register yet: dti appeal finish",
        )
    if found["trouble"]:
        screen.line(f"Sổ kiến nghị: {found['trouble']}", f"Ledger of appeals: {found['trouble']}")
