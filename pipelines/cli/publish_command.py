"""`dti publish`: the results site of a release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.answers import Answer, Screen, answers
from pipelines.settings import Deployment


@answers
def publish(
    deployment: Deployment,
    release: Annotated[
        int | None, typer.Option("--release", help="Số bản (mặc định: bản đang công bố). Number of a release.")
    ] = None,
    out: Annotated[str, typer.Option("--out", help="Thư mục nhận trang, để mang đi. A folder to carry.")] = "",
) -> Answer:
    """Trang kết quả để mọi người xem, mở được từ đĩa. The results site, as pages that open from a disk."""
    from pipelines import warehouse
    from pipelines.lock import writing
    from pipelines.publication.site import build

    found = warehouse.find(deployment, number=release)
    if out:
        made = build.publish_to(deployment, found, Path(out).absolute())
    else:
        with writing(deployment.lock, "dti publish"):
            made = build.publish(deployment, found)
    place = deployment.site if made.shown else made.folder
    data = {
        "folder": place,
        "release": made.release,
        "pages": made.pages,
        "files": made.files,
        "digest": made.digest,
        "current": made.shown,
    }

    def text(screen: Screen) -> None:
        screen.line(
            f"Đã lập trang kết quả của bản {made.release}: {made.pages} trang, {place / 'index.html'}",
            f"Made the site of release {made.release}: {made.pages} pages, {place / 'index.html'}",
        )

    return Answer(data, text)
