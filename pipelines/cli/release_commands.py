"""Commands about releases and frozen years."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from common.errors import DifferenceError, GateError, Text, UsageError
from pipelines.cli.answers import Answer, Screen, answers
from pipelines.cli.read import AsOf
from pipelines.settings import Deployment

_MOST_SHOWN = 20
By = Annotated[str, typer.Option("--by", help="Người chịu trách nhiệm (mặc định: DTI_BY, tài khoản). Who acts.")]
_FIRST_YEAR = 1900  # release numbers stay below, assessment years above


@answers
def list_releases(deployment: Deployment) -> Answer:
    """Các bản phát hành. Releases, oldest first."""
    from pipelines import releases

    found = releases.all_of(deployment)
    standing = releases.current(deployment)

    def text(screen: Screen) -> None:
        rows = [
            [
                ("* " if standing and one.number == standing.number else "  ") + str(one.number),
                one.status,
                one.as_of[:16],
                one.assembled_at[:16],
                one.sha256[:12],
            ]
            for one in found
        ]
        heads = [("Bản", "Release"), ("Trạng thái", "Status"), ("Biết đến", "As of"), ("Lúc", "Assembled")]
        screen.table([*heads, ("sha256", "sha256")], rows)

    body = [{**one.manifest(), "current": bool(standing and one.number == standing.number)} for one in found]
    return Answer(body, text)


@answers
def build(
    deployment: Deployment,
    year: Annotated[int, typer.Argument(help="Năm đánh giá cần chốt. The assessment year to freeze.")],
    reason: Annotated[str, typer.Option("--reason", help="Lý do, được ghi lại. The reason, kept on record.")],
    as_of: AsOf = "",
    by: By = "",
) -> Answer:
    """Chốt kết quả chính thức của một năm, hoặc ra bản sửa đổi. Freeze a year, or revise it with a reason."""
    from pipelines import approvals, frozen
    from pipelines import refresh as run
    from pipelines.cli.run_commands import checked_moment
    from pipelines.freezing import Freeze
    from pipelines.warehouse import moment_of

    if not reason.strip():
        message = Text("thiếu lý do", "the reason is missing")
        raise UsageError("reason-missing", message, hint=Text("--reason …", "--reason …"))
    checked_moment(as_of)
    run.check_asked(deployment, [year])
    _nothing_held(deployment, year)
    _nothing_flagged(deployment, year, moment_of(as_of) if as_of else None)
    wish = Freeze(year, reason.strip(), approvals.person(by))
    outcome = run.refresh(deployment, [], as_of=as_of, reason=f"dti release build {year}", freeze=wish)
    done = frozen.all_frozen(deployment, year)[-1]
    shown = {"release": outcome.release.number if outcome.release else None, "current": outcome.shown}

    def text(screen: Screen) -> None:
        screen.line(f"Đã chốt năm {done.name}: {done.folder}", f"Frozen {done.name}: {done.folder}")
        rows, points = done.rows["rankings"], done.rows["indicator_scores"]
        screen.line(
            f"{rows} dòng xếp hạng, {points} điểm chỉ số; lý do: {done.reason}",
            f"{rows} rows of rankings, {points} indicator scores; reason: {done.reason}",
        )
        print_differences(screen, done.changed)
        screen.line(f"Kiểm chứng: dti release verify {year}", f"To verify: dti release verify {year}")

    return Answer({**done.manifest(), **shown}, text)


def _nothing_held(deployment: Deployment, year: int) -> None:
    """A year is not made official while somebody still has to decide about figures of it."""
    from connectors import Landing

    landing = Landing(deployment.landing)
    newest = {pull.source: pull for pull in landing.pulls(year=year)}
    held = [pull for pull in newest.values() if pull.status == "held"]
    if held:
        names = ", ".join(f"{pull.source} ({pull.pull_id})" for pull in held)
        raise GateError(
            "pull-held",
            Text(f"còn số liệu năm {year} bị giữ lại: {names}", f"figures of {year} are still held: {names}"),
            hint=Text("dti pull accept|reject … --reason …", "dti pull accept|reject … --reason …"),
        )


def _nothing_flagged(deployment: Deployment, year: int, as_of: datetime | None) -> None:
    """A year is not made official while a figure in use is flagged and nobody has looked at it."""
    from common.errors import Finding
    from connectors import Landing

    landing = Landing(deployment.landing)
    used = [landing.newest_accepted(name, year, as_of) for name in sorted({p.source for p in landing.pulls(year=year)})]
    flagged = {pull.pull_id: pull.flags for pull in used if pull and pull.flags}
    found = [Finding(one.code, one.message, one.hint, one.where) for flags in flagged.values() for one in flags]
    if found:
        count = len(found)
        each = "; ".join(f"dti pull accept {pull_id} --reason …" for pull_id in flagged)
        raise GateError(
            "figures-flagged",
            Text(
                f"{count} số liệu năm {year} cần người xem lại trước khi chốt",
                f"{count} figures of {year} have to be looked at before it is made official",
            ),
            hint=Text(f"nếu đúng: {each}; nếu sai: dti pull reject …", f"if right: {each}; if not: dti pull reject …"),
            findings=found[:_MOST_SHOWN],
        )


def print_differences(screen: Screen, rows: list[dict[str, Any]], most: int = 20) -> None:
    """What differs between two results of a year: ranks and totals first, then how many indicators, with causes."""
    from pipelines.frozen_causes import CAUSES

    wholes = [row for row in rows if row["what"] != "points"]
    if wholes:
        heads = [("Cơ quan", "Agency"), ("Nội dung", "What"), ("Đã chốt", "Frozen"), ("Dựng lại", "Rebuilt")]
        names = ("agency_id", "what", "frozen_value", "rebuilt_value")
        shown = [[*(row[name] for name in names), CAUSES[row["cause"]].in_(screen.lang)] for row in wholes[:most]]
        screen.table([*heads, ("Nguyên nhân", "Cause")], shown)
    points = len(rows) - len(wholes)
    if rows:
        screen.line(
            f"{len(wholes)} tổng, hạng, loại và {points} điểm chỉ số khác nhau.",
            f"{len(wholes)} totals, ranks or grades and {points} indicator scores differ.",
        )


@answers
def verify(
    deployment: Deployment,
    release: Annotated[
        int | None,
        typer.Argument(help="Số bản, hoặc năm đã chốt (mặc định: bản đang công bố). A release, or a frozen year."),
    ] = None,
    revision: Annotated[
        int | None, typer.Option("--revision", help="Lần chốt (mặc định: lần mới nhất). Revision of a frozen year.")
    ] = None,
) -> Answer:
    """So bản với bản kê; năm đã chốt thì tính lại từ số liệu gốc, so từng ô. Verify; recompute a frozen year."""
    if release is not None and release >= _FIRST_YEAR:
        return _verify_year(deployment, release, revision)
    from pipelines import releases, warehouse
    from pipelines.missing import check_nothing_is_gone

    found = warehouse.find(deployment, number=release)
    try:
        releases.verify(found)
    except DifferenceError as error:
        error.hint = _way_out(deployment, found.number)
        raise
    if release is None:
        check_nothing_is_gone(deployment)
    data = {"release": found.number, "sha256": found.sha256, "tables": found.hashes}
    vi = f"Bản {found.number}: {len(found.hashes)} bảng khớp với bản kê."
    return Answer(data, lambda s: s.line(vi, f"Release {found.number}: {len(found.hashes)} tables equal the manifest."))


def _way_out(deployment: Deployment, damaged: int) -> Text:
    """Which release to use in the place of a damaged one."""
    from pipelines import releases

    other = releases.sound(deployment, besides=damaged)
    if other is None:
        return Text("dựng lại: dti refresh --rebuild", "build it again: dti refresh --rebuild")
    return Text(
        f"bản {other.number} còn nguyên: dti release repair; hoặc dựng lại: dti refresh --rebuild",
        f"release {other.number} is sound: dti release repair; or build it again: dti refresh --rebuild",
    )


@answers
def repair(deployment: Deployment) -> Answer:
    """Dẫn warehouse.duckdb về bản mới nhất còn nguyên. Lead warehouse.duckdb to the newest sound release."""
    from pipelines import releases
    from pipelines.lock import writing

    with writing(deployment.lock, "dti release repair"):
        found = releases.repair(deployment)
    if found is None:
        raise DifferenceError(
            "no-sound-release",
            Text("không còn bản nào khớp với bản kê", "no release equals its manifest"),
            hint=Text("dựng lại: dti refresh --rebuild", "build it again: dti refresh --rebuild"),
            where=str(deployment.releases),
        )
    vi = f"{deployment.warehouse} dẫn tới bản {found.number}, biết đến {found.as_of[:16]}."
    en = f"{deployment.warehouse} leads to release {found.number}, as known at {found.as_of[:16]}."
    return Answer(found.manifest(), lambda screen: screen.line(vi, en))


def _verify_year(deployment: Deployment, year: int, revision: int | None) -> Answer:
    from pipelines import frozen
    from pipelines.recomputing import recompute

    there = frozen.all_frozen(deployment, year)
    one = next((one for one in reversed(there) if revision in {None, one.revision}), None)
    if one is None:
        name = f"{year} r{revision}" if revision else str(year)
        raise UsageError(
            "not-frozen",
            Text(f"năm {name} chưa được chốt", f"{name} is not frozen"),
            hint=Text(f"dti release build {year} --reason …", f"dti release build {year} --reason …"),
        )
    frozen.verify_files(one)
    found = recompute(deployment, one)
    if found.differing:
        tables = ", ".join(f"{table} ({count})" for table, count in found.differing.items())
        message = Text(
            f"{one.name}: tính lại khác ở {tables}; ví dụ: {found.example}",
            f"{one.name}: recomputing differs in {tables}; for example: {found.example}",
        )
        same = Text("số liệu gốc đã đổi từ khi chốt", "the pulls have changed since it was frozen")
        raise DifferenceError(
            "recomputed-differently", message, hint=same if found.same_code else found.other_code(one)
        )
    kept = {
        **{"rows": found.rows, "cells": found.cells, "same_code": found.same_code, "same_lock": found.same_lock},
        **{"hash": one.digest, "recomputed": found.digest},
    }
    pulls, cells, rows, short = len(one.pulls), found.cells, found.rows, one.digest[:12]
    vi = f"{one.name}: tính lại từ {pulls} lần lấy, {cells} ô của {rows} dòng khớp từng ô; mã băm {short}."
    en = f"{one.name}: recomputed from {pulls} pulls, {cells} cells of {rows} rows are equal; hash {short}."
    warnings = [] if found.same_code and found.same_lock else [found.other_code(one)]
    return Answer({"year": year, "revision": one.revision, **kept}, lambda screen: screen.line(vi, en), warnings)
