"""`dti init`: a new deployment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from common.errors import Text, UsageError
from pipelines.cli.answers import Answer, Screen, answers

_RULESET = "national/766-2022"


@answers
def init(
    folder: Annotated[str, typer.Argument(help="Thư mục mới hoặc trống. A new or empty folder.", metavar="FOLDER")],
    *,
    name: Annotated[str, typer.Option("--name", help="Tên ngắn (mặc định: theo thư mục). Short name.")] = "",
    title: Annotated[str, typer.Option("--title", help="Tên đầy đủ, ví dụ Tỉnh Nghệ An. Title.")] = "",
    years: Annotated[str, typer.Option("--years", help="Các năm, ví dụ 2024..2026 (mặc định: năm nay). Years.")] = "",
    ruleset: Annotated[
        list[str] | None, typer.Option("--ruleset", help="Bộ chỉ số dùng, có thể nêu nhiều lần. Rulesets in use.")
    ] = None,
    environment: Annotated[
        str, typer.Option("--environment", help="Môi trường: test, production … Environment.")
    ] = "test",
) -> Answer:
    """Lập thư mục triển khai cho một tỉnh: cấu hình, sổ đăng ký, một nguồn, hướng dẫn. A deployment for a province."""
    from pipelines.settings import now
    from pipelines.starting import Wish, make, name_of

    path = Path(folder)
    chosen = _years(years) if years else [now().year]
    own = name or name_of(path)
    written = make(path, Wish(own, title or own, chosen, ruleset or [_RULESET], environment))

    def text(screen: Screen) -> None:
        screen.line(f"Đã lập {path}:", f"Made {path}:")
        for one in written:
            screen.line(f"  {one}")
        screen.line(
            f"Tiếp theo: đọc {path / 'README.md'}; dti doctor --data {path}",
            f"Next: read {path / 'README.md'}; dti doctor --data {path}",
        )

    return Answer({"folder": str(path.resolve()), "name": own, "years": chosen, "written": written}, text)


def _years(text: str) -> list[int]:
    first, dots, last = text.partition("..")
    if not first.isdigit() or (dots and not last.isdigit()) or int(last or first) < int(first):
        raise UsageError(
            "years",
            Text(f"'{text}' không phải khoảng năm", f"'{text}' is not a range of years"),
            hint=Text("ví dụ: --years 2024..2026", "for example: --years 2024..2026"),
        )
    return list(range(int(first), int(last or first) + 1))
