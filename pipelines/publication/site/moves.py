"""What changed since the release before as a table to download: the proof of why an agency won or lost ranks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from pipelines.changes import REASONS, Change
from pipelines.publication.site.changing import Overnight
from pipelines.publication.tables import Cell, Column, Table

NAME = "changes"
_POINTS = "DECIMAL(38,10)"
_COLUMNS = (
    Column("release_before", "integer", "INTEGER", "Bản trước, dùng để so sánh"),
    Column("assessment_year", "integer", "INTEGER", "Năm đánh giá"),
    Column("period", "string", "VARCHAR", "Kỳ"),
    Column("agency_group", "string", "VARCHAR", "Nhóm cơ quan"),
    Column("agency_id", "string", "VARCHAR", "Mã cơ quan"),
    Column("agency", "string", "VARCHAR", "Tên cơ quan"),
    Column("rank_before", "integer", "INTEGER", "Hạng ở bản trước"),
    Column("rank_after", "integer", "INTEGER", "Hạng nay"),
    Column("total_before", "number", _POINTS, "Tổng điểm ở bản trước"),
    Column("total_after", "number", _POINTS, "Tổng điểm nay"),
    Column("code", "string", "VARCHAR", "Chỉ số có điểm đổi; trống: không chỉ số nào của cơ quan này, hoặc làm tròn"),
    Column("points_before", "number", _POINTS, "Điểm của chỉ số ở bản trước"),
    Column("points_after", "number", _POINTS, "Điểm của chỉ số nay"),
    Column("gain", "number", _POINTS, "Phần của thay đổi; các phần cộng lại đúng bằng thay đổi của tổng điểm"),
    Column(
        "reason", "string", "VARCHAR", f"Vì sao: {'; '.join(f'{name} = {text.vi}' for name, text in REASONS.items())}"
    ),
)


def tables(overnight: Overnight) -> Iterator[Table]:
    """One row per part of every change, at least one per agency, some agencies at a time; at least one table, none
    where there is no release to compare with."""
    if overnight.before is None:
        return
    meaning = f"Thay đổi so với bản {overnight.number}: một dòng cho mỗi phần của thay đổi, kèm lý do."
    for some in chain(overnight.batches(), [[]] if not overnight.parts else []):
        rows = [(overnight.number, *row) for change in some for row in _rows(change)]
        yield Table(NAME, meaning, _COLUMNS, sorted(rows, key=lambda row: tuple(str(cell) for cell in row)))


def _rows(change: Change) -> Iterator[tuple[Cell, ...]]:
    head: tuple[Cell, ...] = (
        *(change.assessment_year, change.period, change.agency_group, change.agency_id, change.name_vi),
        *(change.rank_before, change.rank_after, change.total_before, change.total_after),
    )
    for part in change.parts:
        yield (*head, part.code, part.points_before, part.points_after, part.gain, part.reason)
    if not change.parts:
        yield (*head, None, None, None, None, change.reason)
