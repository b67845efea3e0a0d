"""The commands for the forms in which agencies assess themselves: handed out, and checked when they come back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import Text, UsageError
from pipelines.cli.answers import Answer, Screen, answers, number
from pipelines.cli.ruleset_commands import RulesetName
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from pipelines.form_check import FormCheck
    from pipelines.form_score import Provisional


@answers
def write(
    deployment: Deployment,
    name: RulesetName,
    *,
    year: Annotated[int, typer.Option("--year", help="Năm đánh giá. Assessment year.")],
    scheme: Annotated[str, typer.Option("--scheme", help="Hệ mã cơ quan ghi trong phiếu. Scheme of the codes.")],
    to: Annotated[str, typer.Option("--to", help="Thư mục nhận các phiếu. Folder for the forms.")],
) -> Answer:
    """Ghi phiếu tự đánh giá, mỗi cơ quan một tệp, điền sẵn số hệ thống đã có. Write self-assessment forms, one each."""
    from pipelines import releases
    from pipelines.forms import known_figures, write_forms
    from pipelines.judging import check_in_force
    from pipelines.registers import read_registers
    from rulesets.lint import catalogue_of
    from rulesets.load import resolve

    folders, release = deployment.ruleset_folders, releases.current(deployment)
    loaded, registers = resolve(name, folders), read_registers(deployment.registers)
    check_in_force(loaded, year, folders)
    known = known_figures(release, year) if release else {}
    written = write_forms(loaded, catalogue_of(folders), registers, (year, scheme), Path(to), known)
    filled = sum(len(figures) for figures in known.values())
    data = {"ruleset": loaded.ruleset_id, "written": [path.name for path in written], "known_figures": filled}
    vi, en = f"Đã ghi {len(written)} phiếu vào {to}", f"Wrote {len(written)} forms into {to}"
    none = Text("chưa có số liệu hệ thống nào của năm này", "no system has figures of this year yet")
    return Answer(data, lambda s: s.line(vi, en), warnings=[] if filled else [none])


@answers
def check(
    deployment: Deployment,
    files: Annotated[list[str], typer.Argument(help="Phiếu đã điền. Forms that were filled in.", metavar="FILE…")],
    *,
    year: Annotated[int, typer.Option("--year", help="Năm đánh giá. Assessment year.")],
) -> Answer:
    """Đọc thử phiếu đã điền: mỗi lỗi kèm địa chỉ ô, không lưu gì. Try out forms; each error names its cell."""
    from pipelines.form_check import check_form

    checked = [check_form(deployment, Path(name), year) for name in files]
    scores = [_provisional(deployment, one, year) for one in checked]
    wrong = sum(len(one.errors) for one in checked)
    data = [{**one.as_dict(), "provisional": score and vars(score)} for one, score in zip(checked, scores, strict=True)]

    def text(screen: Screen) -> None:
        for one, score in zip(checked, scores, strict=True):
            _print(screen, one, score)

    return Answer(data, text, exit_code=5 if wrong else 0)


def _provisional(deployment: Deployment, one: FormCheck, year: int) -> Provisional | None:
    """What the form would earn, where its agency is ranked already and the form can be read."""
    from pipelines import releases
    from pipelines.form_score import provisional

    release = releases.current(deployment)
    if release is None or not one.ruleset_id or not one.figures:
        return None
    try:
        return provisional(deployment, release, one, year, one.agency_group)
    except UsageError:  # the group has no ranking yet
        return None


def _print(screen: Screen, one: FormCheck, score: Provisional | None) -> None:
    screen.title(f"{one.name} – {one.agency or '?'}", f"{one.name} – {one.agency or '?'}")
    screen.line(
        f"{one.answered}/{one.asked} câu có trả lời, {one.claimed} chỉ số có điểm tự chấm.",
        f"{one.answered} of {one.asked} questions answered, points claimed for {one.claimed} indicators.",
    )
    for error in one.errors:
        screen.line(f"✗ {error.line('vi')}", f"✗ {error.line('en')}")
    if not one.errors:
        screen.line("✓ Không có lỗi: phiếu nộp được.", "✓ No errors: the form can be handed in.")
    if score:
        after, before, most = (number(value, 2, screen.lang) for value in (score.after, score.before, score.max_total))
        rank = score.rank or "–"
        screen.line(
            f"Tạm tính với phiếu này: {after}/{most} điểm (đang có {before}), hạng {rank}/{score.agencies} "
            f"nếu các cơ quan khác giữ nguyên (bản {score.release}). Không phải kết quả chính thức.",
            f"Provisional with this form: {after} of {most} points (now {before}), rank {rank} of "
            f"{score.agencies} if the others stand still (release {score.release}). Not an official result.",
        )
