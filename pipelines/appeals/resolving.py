"""Resolving an appeal: refusing it, or granting it with a row in the council's register of appraisals.

The ledger comes first and holds the very row, the register second: what a crash leaves between the two is finished by
the next command (`finish`). The register is checked as a refresh would check it before it is replaced in one step.
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from dataclasses import astuple, dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from common.durable import write_whole
from common.errors import DtiError, Text, UsageError
from pipelines.appeals import ledger
from pipelines.appeals.ledger import Appeal, Asked
from pipelines.appeals.opening import check_words, effect_of
from pipelines.lock import writing
from pipelines.registers import Appraisal, read_registers
from pipelines.releases import Release
from pipelines.settings import Deployment, now
from pipelines.sql import fill
from pipelines.warehouse import query

if TYPE_CHECKING:
    from pipelines.whatif.answer import WhatIf

REGISTER = "appraisals.csv"
_ITEMS = """
select count(distinct (part, item)) as items from indicator_inputs
where ruleset_id = {ruleset} and indicator_code = {indicator}
"""


@dataclass(frozen=True)
class Resolution:
    """What the council decided: granted with a figure or points, or refused; `author` is an office."""

    granted: bool
    reason: str
    document: str
    author: str
    decided_on: date
    figure: Asked = field(default_factory=Asked)


def resolve(
    deployment: Deployment, release: Release, appeal_id: str, resolution: Resolution
) -> tuple[Appeal, WhatIf | None]:
    """Record the decision, and put it into the register where it grants; returns the appeal and the effect.

    Raises `UsageError` for an appeal that is resolved already, for a grant without a figure, and for one that a
    refresh would not count.
    """
    check_words({"reason": resolution.reason, "document": resolution.document, "by": resolution.author})
    with writing(deployment.lock, "dti appeal resolve"):
        finish(deployment)
        appeal = ledger.appeal_of(deployment, appeal_id)
        _check_open(appeal, resolution)
        said = {
            "reason": resolution.reason,
            "document": resolution.document,
            "author": resolution.author,
            "decided_on": resolution.decided_on.isoformat(),
        }
        if not resolution.granted:
            ledger.append(deployment, "refused", appeal_id, **said)
            return ledger.appeal_of(deployment, appeal_id), None
        figure = resolution.figure or appeal.asked
        _check_figure(release, appeal, figure)
        _check_earlier(deployment, appeal, resolution, figure)
        effect = effect_of(deployment, release, appeal, figure)
        row = _row(appeal, resolution, figure)
        content = _with_row(deployment, row)
        totals = {
            change.agency_id: [change.total_before, change.total_after, change.rank_before, change.rank_after]
            for change in effect.changes
        }
        told = {name: [None if cell is None else str(cell) for cell in cells] for name, cells in totals.items()}
        ledger.append(deployment, "granted", appeal_id, **said, row=vars(row), effect=told)
        write_whole(deployment.registers / REGISTER, content)
        return ledger.appeal_of(deployment, appeal_id), effect


def finish(deployment: Deployment) -> list[str]:
    """Put into the register what the ledger granted and a crash kept out of it; returns the appeals. Needs the lock."""
    done = []
    for appeal_id, row in unregistered(deployment):
        write_whole(deployment.registers / REGISTER, _with_row(deployment, row))
        done.append(appeal_id)
    return done


def unregistered(deployment: Deployment) -> list[tuple[str, Appraisal]]:
    """Grants of the ledger whose row is not in the register."""
    granted = [(one.appeal_id, Appraisal(**one.decision["row"])) for one in _granted(deployment)]
    if not granted:
        return []
    there = set(read_registers(deployment.registers).appraisals)
    return [(appeal_id, row) for appeal_id, row in granted if row not in there]


def _granted(deployment: Deployment) -> list[Appeal]:
    return [one for one in ledger.appeals(deployment) if one.state == "granted"]


def _check_open(appeal: Appeal, resolution: Resolution) -> None:
    if appeal.state != "open":
        raise UsageError(
            "appeal-resolved",
            Text(f"{appeal.appeal_id} đã được giải quyết", f"{appeal.appeal_id} is resolved already"),
            hint=Text(f"dti appeal show {appeal.appeal_id}", f"dti appeal show {appeal.appeal_id}"),
        )
    if not date.fromisoformat(appeal.received) <= resolution.decided_on <= now().date():
        raise UsageError(
            "appeal-day",
            Text(
                f"ngày quyết định {resolution.decided_on} trước ngày nhận hoặc chưa đến",
                f"the day {resolution.decided_on} lies before the appeal or has not come",
            ),
            hint=Text("--on NGÀY", "--on DAY"),
            where="--on",
        )


def _check_figure(release: Release, appeal: Appeal, figure: Asked) -> None:
    """A grant needs something to count; a list of several figures can only be appraised in points."""
    if not figure:
        raise UsageError(
            "appeal-figure",
            Text("chấp nhận giá trị nào?", "which figure is granted?"),
            hint=Text("--set n/d, --set GIÁ-TRỊ hoặc --points ĐIỂM", "--set n/d, --set VALUE or --points POINTS"),
        )
    items = query(release, fill(_ITEMS, ruleset=appeal.ruleset_id, indicator=appeal.indicator))[0]["items"]
    if items > 1 and not figure.points:
        raise UsageError(
            "appeal-figure",
            Text(f"{appeal.indicator} gồm nhiều số liệu", f"{appeal.indicator} consists of several figures"),
            hint=Text("quyết định bằng điểm: --points ĐIỂM", "decide in points: --points POINTS"),
        )


def _check_earlier(deployment: Deployment, appeal: Appeal, resolution: Resolution, figure: Asked) -> None:
    """Of two decisions the later counts, and points count before a figure: a grant that would not count is none."""
    key = (appeal.ruleset_id, appeal.period, appeal.agency_id, appeal.indicator)
    rows = read_registers(deployment.registers).appraisals
    same = [row for row in rows if (row.ruleset_id, row.period, row.agency_id, row.code) == key]
    later = [row for row in same if row.decided_on >= resolution.decided_on.isoformat()]
    in_points = [row for row in same if row.points and not figure.points]
    for row in [*later, *in_points]:
        raise UsageError(
            "appeal-decided",
            Text(
                f"{row.document} ngày {row.decided_on} đã quyết định và sẽ được tính thay",
                f"{row.document} of {row.decided_on} has decided and would count instead",
            ),
            hint=Text("ngày sau đó (--on), hoặc quyết định bằng --points", "a later day (--on), or decide in --points"),
            where=str(deployment.registers / REGISTER),
        )


def _row(appeal: Appeal, resolution: Resolution, figure: Asked) -> Appraisal:
    return Appraisal(
        ruleset_id=appeal.ruleset_id,
        assessment_year=str(appeal.year),
        period=appeal.period,
        agency_id=appeal.agency_id,
        code=appeal.indicator,
        numerator=figure.numerator,
        denominator=figure.denominator,
        value=figure.value,
        points=figure.points,
        decided_on=resolution.decided_on.isoformat(),
        document=resolution.document,
        author=resolution.author,
        reason=f"{resolution.reason} ({appeal.appeal_id})",
    )


def _with_row(deployment: Deployment, row: Appraisal) -> bytes:
    """The register with one more row, after a refresh's own checks of it; what stands there stays, byte for byte."""
    from pipelines.inputs import check_appraisals
    from rulesets.load import resolve as load

    path = deployment.registers / REGISTER
    header = (",".join(one.name for one in fields(Appraisal)) + "\n").encode()
    before = path.read_bytes() if path.exists() else header
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n" if before.endswith(b"\r\n") else "\n").writerow(astuple(row))
    content = before + (b"" if before.endswith(b"\n") else b"\n") + line.getvalue().encode()
    with tempfile.TemporaryDirectory(prefix="dti-appeal-") as folder:
        trial = Path(folder) / "registers"
        shutil.copytree(deployment.registers, trial)
        (trial / REGISTER).write_bytes(content)
        rulesets = [load(name, deployment.ruleset_folders) for name in deployment.settings.rulesets]
        try:
            check_appraisals(read_registers(trial), rulesets, trial)
        except DtiError as error:
            raise UsageError(
                "appeal-row",
                Text(f"sổ thẩm định không nhận: {error.message.vi}", f"the register refuses it: {error.message.en}"),
                hint=Text("dti doctor; hoặc chọn ngày khác bằng --on", "dti doctor; or another day by --on"),
                where=str(path),
                findings=error.findings,
            ) from None
    return content
