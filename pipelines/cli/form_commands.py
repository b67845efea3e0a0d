"""The command that hands out the forms in which agencies assess themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.answers import Answer, answers
from pipelines.cli.ruleset_commands import RulesetName
from pipelines.settings import Deployment


@answers
def forms(
    deployment: Deployment,
    name: RulesetName,
    *,
    year: Annotated[int, typer.Option("--year", help="Năm đánh giá. Assessment year.")],
    scheme: Annotated[str, typer.Option("--scheme", help="Hệ mã cơ quan ghi trong phiếu. Scheme of the codes.")],
    to: Annotated[str, typer.Option("--to", help="Thư mục nhận các phiếu. Folder for the forms.")],
) -> Answer:
    """Ghi phiếu tự đánh giá trống, mỗi cơ quan một tệp. Write blank self-assessment forms, one per agency."""
    from pipelines.forms import write_forms
    from pipelines.registers import read_registers
    from rulesets.lint import catalogue_of
    from rulesets.load import resolve

    folders = deployment.ruleset_folders
    loaded, registers = resolve(name, folders), read_registers(deployment.registers)
    written = write_forms(loaded, catalogue_of(folders), registers, (year, scheme), Path(to))
    data = {"ruleset": loaded.ruleset_id, "written": [path.name for path in written]}
    vi, en = f"Đã ghi {len(written)} phiếu vào {to}", f"Wrote {len(written)} forms into {to}"
    return Answer(data, lambda s: s.line(vi, en))
