"""Opening an appeal: who may say what until when, its number, its dossier, and its first line in the ledger."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from common.errors import Text, UsageError
from pipelines.appeals import ledger
from pipelines.appeals.ledger import Appeal, Asked
from pipelines.explanation import explain
from pipelines.lock import writing
from pipelines.releases import Release
from pipelines.settings import Deployment, now

if TYPE_CHECKING:
    from pipelines.whatif.answer import WhatIf

# What has no place in a ledger that is kept for good: addresses of people, and numbers long enough to be theirs.
_PERSONAL = re.compile(r"[\w.+-]+@[\w-]+\.\w+|(?<![\d/.,])(?:\+84|0)(?:[ .]?\d){9}(?!\d)|(?<!\d)\d{12}(?!\d)")


@dataclass(frozen=True)
class Request:
    """What an agency's letter says. `author` is an office, not a person; `received` the day it came in."""

    agency: str
    indicator: str
    year: int
    text: str
    document: str
    author: str
    received: date
    asked: Asked
    period: str = ""


def open_appeal(deployment: Deployment, release: Release, request: Request) -> tuple[Appeal, WhatIf | None]:
    """Open an appeal with its dossier; returns it and what granting it would do, where it says what it asks for.

    Raises `UsageError` for what an appeal cannot be; nothing is left then.
    """
    from pipelines.appeals.dossier import write_dossier

    check_words({"text": request.text, "document": request.document, "by": request.author})
    _check_day(request)
    found = explain(release, request.agency, request.indicator, request.year, request.period)
    deadline = deployment.settings.cycle.dates(request.year)["appeal"]
    with writing(deployment.lock, "dti appeal new"):
        known = ledger.appeals(deployment)
        _check_new(known, found)
        appeal = Appeal(
            appeal_id=f"KN-{request.year}-{1 + sum(one.year == request.year for one in known):03d}",
            year=request.year,
            period=found["period"],
            ruleset_id=found["ruleset_id"],
            agency_id=found["agency_id"],
            agency_name=found["agency_name"],
            indicator=request.indicator,
            received=request.received.isoformat(),
            deadline=deadline.isoformat(),
            late=request.received > deadline,
            text=request.text,
            document=request.document,
            author=request.author,
            asked=request.asked,
            dossier="",
        )
        effect = effect_of(deployment, release, appeal, appeal.asked) if appeal.asked else None
        shutil.rmtree(ledger.folder_of(deployment, appeal.appeal_id), ignore_errors=True)  # of a killed run, unledgered
        appeal = replace(appeal, dossier=write_dossier(deployment, release, appeal, found, effect))
        ledger.opened(deployment, appeal)
    return appeal, effect


def effect_of(deployment: Deployment, release: Release, appeal: Appeal, asked: Asked) -> WhatIf:
    """What would move if the appeal were granted so: the figure or points stand as the council's."""
    from pipelines.whatif.answer import what_if
    from pipelines.whatif.words import Wish

    where = f"{appeal.agency_id}:{appeal.indicator}"
    if asked.points:
        wish = Wish("points", appeal.agency_id, appeal.indicator, where, points=asked.points)
    else:
        figure = {name: getattr(asked, name) or None for name in ("numerator", "denominator", "value")}
        wish = Wish("set", appeal.agency_id, appeal.indicator, where, **figure)
    return what_if(deployment, release, appeal.year, [wish], period=appeal.period, stage="appraised")


def check_words(said: Mapping[str, str]) -> None:
    """What is said with each option is there, and holds no address or number of a person."""
    for option, text in said.items():
        if not text.strip():
            raise UsageError(
                "appeal-incomplete",
                Text(f"thiếu --{option}", f"--{option} is missing"),
                hint=Text("ghi nội dung, văn bản và chức danh", "give the text, the document and the office"),
                where=f"--{option}",
            )
        if match := _PERSONAL.search(text):
            raise UsageError(
                "personal-data",
                Text(f"có dữ liệu cá nhân: '{match[0][:3]}…'", f"there is personal data: '{match[0][:3]}…'"),
                hint=Text("chỉ ghi chức danh, đơn vị", "name the office only"),
                where=f"--{option}",
            )


def _check_day(request: Request) -> None:
    if request.received > now().date():
        raise UsageError(
            "appeal-day",
            Text(f"ngày nhận {request.received} chưa đến", f"the day {request.received} has not come"),
            hint=Text("--received NGÀY-NHẬN", "--received DAY"),
            where="--received",
        )


def _check_new(known: list[Appeal], found: dict[str, Any]) -> None:
    key = (found["agency_id"], found["indicator_code"], found["period"], found["ruleset_id"])
    for one in known:
        if one.state == "open" and (one.agency_id, one.indicator, one.period, one.ruleset_id) == key:
            raise UsageError(
                "appeal-open",
                Text(f"{one.appeal_id} về chỉ số này còn mở", f"{one.appeal_id} about this indicator is still open"),
                hint=Text(f"dti appeal show {one.appeal_id}", f"dti appeal show {one.appeal_id}"),
                where=f"{one.agency_id}:{one.indicator}",
            )
