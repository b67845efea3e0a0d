"""`dti export`: the results of a year as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from common.errors import Text, UsageError
from pipelines.cli.answers import Answer, Screen, answers
from pipelines.cli.read import AsOf
from pipelines.settings import Deployment


@answers
def export(  # noqa: PLR0917  typer passes options by name
    deployment: Deployment,
    year: Annotated[int, typer.Option("--year", help="Năm đánh giá. Assessment year.")],
    out: Annotated[Path, typer.Option("--out", help="Thư mục mới sẽ được tạo. Folder that will be made.")],
    group: Annotated[str, typer.Option("--group", help="Chỉ một nhóm cơ quan. One group only.")] = "",
    form: Annotated[str, typer.Option("--format", help="csv | xlsx | parquet | json.")] = "csv",
    release: Annotated[int | None, typer.Option("--release", help="Bản phát hành số mấy. Which release.")] = None,
    as_of: AsOf = "",
    bom: Annotated[bool, typer.Option("--bom/--no-bom", help="CSV có dấu UTF-8 cho Excel. Mark for Excel.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Thay bản xuất cũ. Replace an earlier export.")] = False,
) -> Answer:
    """Xuất kết quả một năm ra tệp, kèm giải thích từng cột. A year's results as files that explain themselves."""
    from pipelines import warehouse
    from pipelines.exporting import FORMATS, Wanted
    from pipelines.exporting import export as write

    if form not in FORMATS:
        raise UsageError(
            "unknown-format",
            Text(f"không có dạng '{form}'", f"there is no format '{form}'"),
            hint=Text(" | ".join(FORMATS), " | ".join(FORMATS)),
        )
    found = warehouse.find(deployment, as_of, release)
    done = write(deployment, found, Wanted(year, out.absolute(), group, form, bom, force))
    data = {
        "folder": str(done.folder),
        "release": done.release,
        "files": done.files,
        "rows": done.rows,
        "stale_sources": [text._asdict() for text in done.stale],
    }

    def text(screen: Screen) -> None:
        count, rows = len(done.files), sum(done.rows.values())
        screen.line(
            f"Đã xuất bản {done.release}: {rows} dòng, {count} tệp: {done.folder}",
            f"Exported release {done.release}: {rows} rows, {count} files: {done.folder}",
        )
        screen.line(f"  {', '.join(done.files)}")

    return Answer(data, text, warnings=done.stale)
