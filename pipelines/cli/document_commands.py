"""Commands that write papers: the notice of a ranking, and the decision's annex filled in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.errors import Text, UsageError
from pipelines.cli.answers import Answer, answers, day_of, target
from pipelines.cli.read import AsOf, Group, Period, Year, newest_year
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from pipelines.warehouse import Ranking

Out = Annotated[str, typer.Option("--out", help="Tệp nhận kết quả. File to write.")]


@answers
def notice(  # noqa: PLR0917  typer passes options by name
    deployment: Deployment,
    group: Group,
    out: Out,
    year: Year = None,
    period: Period = "",
    as_of: AsOf = "",
    number: Annotated[str, typer.Option("--number", help="Số văn bản, khi đã có. Its number, once given.")] = "",
    day: Annotated[str, typer.Option("--date", help="Ngày ban hành, ví dụ 2025-01-30. Its day, once given.")] = "",
) -> Answer:
    """Thông báo xếp hạng và phụ lục, DOCX hoặc PDF theo đuôi tệp. The notice of a ranking, by the file's suffix."""
    from pipelines.publication.notice import Issue
    from pipelines.publication.notice import notice as written

    path, found = target(out), _ranking(deployment, group, year, period, as_of)
    data = written(deployment, found, Issue(number, day_of(day) if day else None))
    return _written(path, _document(deployment, path, data, found), found)


@answers
def appendix(  # noqa: PLR0917  typer passes options by name
    deployment: Deployment,
    group: Group,
    out: Out,
    agency: Annotated[str, typer.Option("--agency", help="Chỉ một cơ quan. One agency only.")] = "",
    year: Year = None,
    period: Period = "",
    as_of: AsOf = "",
) -> Answer:
    """Phụ lục của quyết định với số liệu từng chỉ số, XLSX. The decision's annex filled in, as a workbook."""
    from pipelines.explanation import find_agency
    from pipelines.publication.appendix import workbook

    path, found = target(out), _ranking(deployment, group, year, period, as_of)
    if path.suffix != ".xlsx":
        raise _suffix(path, ".xlsx")
    who = find_agency(found.release, agency, found.year)["agency_id"] if agency else None
    if who and who not in {row["agency_id"] for row in found.rows}:
        raise UsageError(
            "other-group",
            Text(f"{who} không thuộc nhóm {group}", f"{who} is not of group {group}"),
            hint=Text("chọn nhóm khác bằng --group", "choose another --group"),
        )
    return _written(path, workbook(found, who), found)


def _ranking(deployment: Deployment, group: str, year: int | None, period: str, as_of: str) -> Ranking:
    from pipelines import warehouse

    release = warehouse.find(deployment, as_of)
    return warehouse.ranking(release, year or newest_year(deployment), group, period)


def _document(deployment: Deployment, path: Path, data: dict[str, Any], found: Ranking) -> bytes:
    moment = datetime.fromisoformat(found.release.as_of)
    if path.suffix == ".docx":
        from pipelines.publication.docx import docx

        return docx(deployment, "notice.docx", data, moment)
    if path.suffix == ".pdf":
        from pipelines.publication.pdf import pdf

        return pdf("notice.typ", data, moment)
    raise _suffix(path, ".docx, .pdf")


def _suffix(path: Path, known: str) -> UsageError:
    return UsageError(
        "suffix",
        Text(f"không ghi được loại tệp '{path.suffix}'", f"'{path.suffix}' is not a kind of file written here"),
        hint=Text(f"đuôi tệp: {known}", f"suffixes: {known}"),
        where=str(path),
    )


def _written(path: Path, content: bytes, found: Ranking) -> Answer:
    from common.durable import write_whole

    write_whole(path, content)
    draft = found.revision is None
    data = {"file": path, "bytes": len(content), "release": found.release.number, "draft": draft}
    warnings = [Text("kết quả tạm tính: văn bản là DỰ THẢO", "provisional: the paper is a draft")] if draft else []
    return Answer(data, lambda s: s.line(f"Đã ghi {path}", f"Wrote {path}"), warnings=warnings)
