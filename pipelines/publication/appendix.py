"""The decision's annex, filled in: one row per indicator with what was declared, collected, appraised and given.

The columns are those that an agency and the council argue about, in that order; every figure is the release's, exact.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.sheets.outgoing import escaped, fit_to_paper, put_text, set_height
from pipelines.groups import GROUPS
from pipelines.publication.docx import settled
from pipelines.publication.wording import day
from pipelines.sql import fill
from pipelines.warehouse import Ranking, is_simulated, query
from rulesets.scoring.explain import REASONS

TITLES = (
    *("Cơ quan", "Mã", "Chỉ số", "Điểm tối đa", "Điểm tự chấm", "Số liệu tự khai", "Số liệu hệ thống"),
    *("Thẩm định", "Điểm cuối", "Tài liệu kiểm chứng", "Lý do, căn cứ"),
)
_WIDTHS = (18, 7, 38, 8, 8, 14, 14, 14, 8, 26, 30)
_RANK_TITLES = ("Hạng", "Cơ quan", "Tổng điểm", "Điểm tối đa", "Tỷ lệ", "Xếp loại", "Đủ số liệu", "Phải có")
_WORDS = {"yes": "có", "no": "không"}

_FIGURES = """
with parts as (
    select agency_id, indicator_code, stage, part, item,
        max(value) filter (role = 'numerator') as numerator, max(value) filter (role = 'denominator') as denominator,
        string_agg(value, '; ' order by role, metric) filter (role not in ('numerator', 'denominator')) as value
    from indicator_figures
    where ruleset_id = {ruleset} and assessment_year = {year} and period = {period}
    group by all
)
select agency_id, indicator_code, stage, string_agg(
        coalesce(value, coalesce(numerator, '–') || '/' || coalesce(denominator, '–')), '; ' order by part, item
    ) as figure
from parts
group by all
"""
_ROWS = """
select s.agency_id, a.name_vi as agency, s.indicator_code as code, i.name_vi as name, i.main_index_code,
    s.max_points, s.points, s.status, s.reason, s.article, c.points_claimed, c.evidence,
    e.points as entered, coalesce(e.reason, p.reason) as why, coalesce(e.document, p.document) as document,
    coalesce(e.decided_on, p.decided_on) as decided_on, x.reason as exempt_why, x.document as exempt_document
from indicator_scores as s
inner join agencies as a using (agency_id)
inner join indicators as i using (ruleset_id, indicator_code)
left join claimed_points as c using (ruleset_id, agency_id, assessment_year, period, indicator_code)
left join entered_scores as e on e.ruleset_id = s.ruleset_id and e.agency_id = s.agency_id
    and e.assessment_year = s.assessment_year and e.period = s.period and e.code = s.indicator_code
left join (
    select * from appraisals qualify row_number() over (
        partition by ruleset_id, agency_id, assessment_year, period, code order by decided_on desc) = 1
) as p on p.ruleset_id = s.ruleset_id and p.agency_id = s.agency_id and p.assessment_year = s.assessment_year
    and p.period = s.period and p.code = s.indicator_code
left join exceptions as x on x.ruleset_id = s.ruleset_id and x.agency_id = s.agency_id
    and x.assessment_year = s.assessment_year and x.indicator_code = s.indicator_code and x.article = s.article
inner join rankings as r on r.ruleset_id = s.ruleset_id and r.agency_id = s.agency_id
    and r.assessment_year = s.assessment_year and r.period = s.period
where s.ruleset_id = {ruleset} and s.agency_group = {group} and s.assessment_year = {year} and s.period = {period}
    and ({agency} is null or s.agency_id = {agency})
order by r.rank nulls last, a.name_vi, i.position
"""


def appendix_rows(found: Ranking, agency_id: str | None = None) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of `TITLES`, agencies by rank, indicators as in the decision; of one agency, or of all."""
    key: dict[str, str | int | None] = {"ruleset": found.ruleset_id, "year": found.year, "period": found.period}
    figures = {
        (row["agency_id"], row["indicator_code"], row["stage"]): row["figure"]
        for row in query(found.release, fill(_FIGURES, **key))
    }
    for row in query(found.release, fill(_ROWS, group=found.group, agency=agency_id, **key)):
        stages = [figures.get((row["agency_id"], row["code"], stage)) for stage in ("declared", "collected")]
        appraised = figures.get((row["agency_id"], row["code"], "appraised"))
        if row["entered"] is not None:
            appraised = f"{_plain(row['entered'])} điểm"
        yield (
            *(row["agency"], row["code"], row["name"], _short(row["max_points"]), row["points_claimed"]),
            *(_figure(one) for one in (*stages, appraised)),
            *(_short(row["points"]), row["evidence"], _why(row)),
        )


def workbook(found: Ranking, agency_id: str | None = None) -> bytes:
    """The ranking and the annex of a group, or the annex of one agency, as XLSX; the same release, the same bytes."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    moment = datetime.fromisoformat(found.release.as_of)
    _looks(book)
    book.properties.creator = "dti"
    book.properties.created = moment.replace(tzinfo=None)
    if agency_id is None:
        ranks = book.create_sheet("Xếp hạng")
        _table(ranks, found, _RANK_TITLES, (8, 40, 12, 12, 10, 14, 10, 10), _rank_rows(found))
    _table(book.create_sheet(_annex(found)), found, TITLES, _WIDTHS, appendix_rows(found, agency_id))
    buffer = io.BytesIO()
    book.save(buffer)
    return settled(buffer.getvalue(), moment)


def _annex(found: Ranking) -> str:
    """`Phụ lục I`, as the decision calls it; a sheet's name holds 31 characters."""
    reference = query(found.release, fill(_ANNEX, ruleset=found.ruleset_id))
    name = reference[0]["annex"] if reference else ""
    return (name or "Phụ lục")[:31]


_ANNEX = """
select regexp_extract(reference, 'Phụ lục [IVX]+') as annex from indicators where ruleset_id = {ruleset} limit 1
"""


def _rank_rows(found: Ranking) -> Iterator[tuple[Any, ...]]:
    for row in found.rows:
        yield (
            *(row["rank"], row["name_vi"], _short(row["total"]), _short(row["max_total"]), _short(row["share"])),
            *(row["grade"], row["covered"], row["assessed"]),
        )


def _table(
    sheet: Any,
    found: Ranking,
    titles: tuple[str, ...],
    widths: tuple[int, ...],
    rows: Iterator[tuple[Any, ...]],
) -> None:
    """The lines above, the titles (repeated on every printed page), the rows; A4, as wide as the paper."""
    from openpyxl.utils import get_column_letter

    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    above = _above(found)
    sheet.freeze_panes = f"A{len(above) + 2}"
    fit_to_paper(sheet, len(above) + 1)
    for line in above:
        sheet.append([_cell(sheet, line, "above")])
    cells = _Cells(sheet)
    for number, row in enumerate(_with_titles(titles, rows), len(above) + 1):
        set_height(sheet, number, row, widths)
        sheet.append(cells.row(row, "title" if number == len(above) + 1 else "body"))
    sheet.auto_filter.ref = f"A{len(above) + 1}:{get_column_letter(len(titles))}{number}"


def _with_titles(titles: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    yield titles
    yield from rows


def _looks(book: Any) -> None:
    """The looks of cells, as the workbook's named styles: given by name they cost next to nothing per cell."""
    from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side

    side = Side(style="thin", color="999999")
    framed: dict[str, Any] = {
        "alignment": Alignment(wrap_text=True, vertical="top"),
        "border": Border(side, side, side, side),
    }
    for look in (
        NamedStyle("above", font=Font(bold=True)),
        NamedStyle("title", font=Font(bold=True), fill=PatternFill("solid", fgColor="DDE6F0"), **framed),
        NamedStyle("body", **framed),
        NamedStyle("count", alignment=Alignment(horizontal="center", vertical="top"), border=framed["border"]),
        NamedStyle("points", number_format="#,##0.00", **framed),
    ):
        book.add_named_style(look)


class _Cells:
    """The cells of one row after the other. A sheet that is only written has done with a cell when its row is in it, so
    that each look needs one cell per column, not one per figure."""

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self._made: dict[tuple[int, str, type], Any] = {}

    def row(self, values: tuple[Any, ...], look: str) -> list[Any]:
        return [self._one(column, value, look) for column, value in enumerate(values)]

    def _one(self, column: int, value: Any, look: str) -> Any:
        key = (column, look, type(value))
        cell = self._made.get(key)
        if cell is None:
            cell = self._made[key] = _cell(self._sheet, value, look)
        elif isinstance(value, str):
            cell.value = escaped(value)
            cell.data_type = "s"
        else:
            cell.value = value
        return cell


def _cell(sheet: Any, value: Any, look: str) -> Any:
    """A cell; text stays text, points show two decimals and hold all."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, None if isinstance(value, str) else value)
    cell.style = "points" if isinstance(value, Decimal) else "count" if isinstance(value, int) else look
    if isinstance(value, str):
        put_text(cell, value)
    return cell


def _above(found: Ranking) -> list[str]:
    """What the table is, whether it is official, and of which release: nobody should have to guess it from a file."""
    known = datetime.fromisoformat(found.release.as_of)
    state = f"đã chốt, lần {found.revision}" if found.revision is not None else "DỰ THẢO, kết quả tạm tính"
    simulated = is_simulated(found.release, found.year)
    return [
        f"Kết quả {GROUPS[found.group].vi}, kỳ {found.period} – {found.ruleset_id} – {state}",
        f"Bản phát hành {found.release.number}, số liệu biết đến {known:%H:%M} ngày {day(known.date())}",
        *(["SỐ LIỆU TỪ HỆ THỐNG MÔ PHỎNG để minh họa phần mềm – không phải kết quả chính thức"] if simulated else []),
    ]


def _why(row: dict[str, Any]) -> str | None:
    """Why the points are what they are, where a person decided or something is missing."""
    said = []
    if row["why"] or row["document"]:
        decided = f" ngày {day(row['decided_on'])}" if row["decided_on"] else ""
        said.append(f"Thẩm định: {row['why']} ({row['document']}{decided})")
    if row["article"]:
        said.append(f"Điều {row['article']}: {row['exempt_why'] or ''} ({row['exempt_document'] or ''})")
    if row["reason"]:
        said.append(REASONS[row["reason"]].vi if row["reason"] in REASONS else row["reason"])
    return "; ".join(said) or None


def _figure(value: str | None) -> str | None:
    return None if value is None else "; ".join(_WORDS.get(part, part) for part in value.split("; "))


def _plain(value: str) -> str:
    return value.replace(".", ",")


def _short(value: Decimal | None) -> Decimal | None:
    """The exact figure without the zeros behind it."""
    if value is None:
        return None
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
