"""A sheet held against its layout: the table is where it was promised, whole, and nothing beside it is lost or let in.

What breaks the layout fails the file, since rows could be read under wrong titles. What is wrong with one cell sets
its row aside.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, NoReturn

from common.errors import SourceError
from connectors.contract_model import FieldContract, Numbers
from connectors.findings import Place, SourceFinding, finding, source_error
from connectors.sheets.cells import Raw, raw_value
from connectors.sheets.grid import Cell, Grid, column_number, letters
from connectors.sheets.model import Layout, TotalsRow, XlsxLayout
from connectors.texts import folded, showable_name
from connectors.values import PLAIN, UnfitError, read_value

_SHOWN = 10
_RANGE = re.compile(r"([A-Z]{1,3})([0-9]+)(?::([A-Z]{1,3})([0-9]+))?", re.ASCII)


class Fault(NamedTuple):
    """What is wrong with one cell."""

    title: str
    pointer: str
    unfit: UnfitError


@dataclass(frozen=True)
class TableRow:
    """One row of the table: values by title, the address of each, and what is wrong with it."""

    number: int
    values: dict[str, Raw]
    pointers: dict[str, str]
    faults: tuple[Fault, ...] = ()


@dataclass
class Table:
    """The rows, what was odd about the whole, titles that the contract does not know, and formulas behind values."""

    title: str
    rows: list[TableRow] = field(default_factory=list)
    findings: list[SourceFinding] = field(default_factory=list)
    new_titles: list[str] = field(default_factory=list)
    formulas: dict[str, str] = field(default_factory=dict)
    notes: int = 0

    @property
    def faults(self) -> list[Fault]:
        return [fault for row in self.rows for fault in row.faults]


def read_table(
    grid: Grid,
    layout: Layout,
    fields: Mapping[str, FieldContract],
    place: Place,
    numbers: Numbers = PLAIN,
    *,
    ignore: Collection[str] = (),
) -> Table:
    """The table of a sheet. `fields` are the contract's, by title, `numbers` how text writes figures (CSV), `ignore`
    further titles that are known.

    Raises `SourceError`: `LayoutChanged`, `MergedCells`, `HiddenContent`, `UncalculatedFormula`, `FormulaRefused`.
    """
    columns, new = _columns(grid, layout, fields, place)
    rows, notes = _data_rows(grid, layout, set(columns.values()), place)
    totals = _totals_row(grid, layout.totals, columns, rows, place) if layout.totals else None
    if isinstance(layout, XlsxLayout):
        area = [*rows, *([totals] if totals else [])]
        check_merged(grid, layout.header_row, max(area, default=layout.header_row), place)
        check_hidden(grid, layout, place)
        check_formulas(grid, layout, area, columns, place)
    known = {folded(title) for title in ignore}
    table = Table(grid.title, new_titles=[showable_name(title) for title in new if title not in known], notes=notes)
    for number in rows:
        row = _row(grid, layout, fields, columns, number)
        table.rows.append(row)
        cells = grid.rows[number]
        table.formulas |= {
            row.pointers[t]: cells[c].formula or "" for t, c in columns.items() if _computed(cells.get(c))
        }
    if layout.totals and totals:
        sums = _Sums(grid, layout, columns, numbers)
        table.findings += [
            finding("TotalsRowDiffers", place._replace(field=title), total=total, sum=added)
            for title in layout.totals.of
            for total, added in sums.differing(title, fields[title], rows, totals)
        ]
    return table


def changed(place: Place, vi: str, en: str) -> SourceError:
    return source_error("LayoutChanged", place, detail_vi=vi, detail_en=en)


def _columns(
    grid: Grid, layout: Layout, fields: Mapping[str, FieldContract], place: Place
) -> tuple[dict[str, int], list[str]]:
    """Column by title; all titles of the contract stand once, in the row where they were promised and in no other."""
    wanted = {folded(title): title for title in fields}
    found = [row for row in sorted(grid.rows) if wanted.keys() <= _titles(grid, row, layout.header_rows).keys()]
    if found != [layout.header_row]:
        _refuse_header(grid, layout, wanted, found, place)
    titles = _titles(grid, layout.header_row, layout.header_rows)
    twice = sorted(title for title, columns in titles.items() if len(columns) > 1 and title in wanted)
    if twice:
        raise changed(place, f"hai cột cùng tên '{twice[0]}'", f"two columns called '{twice[0]}'")
    return {wanted[t]: titles[t][0] for t in wanted}, sorted(titles.keys() - wanted.keys())


def _refuse_header(grid: Grid, layout: Layout, wanted: dict[str, str], found: list[int], place: Place) -> NoReturn:
    row = layout.header_row
    if len(found) > 1:
        rows = ", ".join(map(str, found[:_SHOWN]))
        raise changed(place, f"dòng tiêu đề xuất hiện nhiều lần (dòng {rows})", f"several header rows (rows {rows})")
    if found:
        raise changed(
            place, f"dòng tiêu đề ở dòng {found[0]}, không phải {row}", f"titles in row {found[0]}, not {row}"
        )
    missing = sorted(wanted.keys() - _titles(grid, row, layout.header_rows).keys())
    names = ", ".join(f"'{wanted[title]}'" for title in missing[:_SHOWN])
    raise changed(place, f"dòng {row} thiếu cột {names}", f"row {row} lacks the columns {names}")


def _titles(grid: Grid, row: int, depth: int) -> dict[str, list[int]]:
    """Columns by title; of several header rows the upper ones reach across their merged cells."""
    levels = [{c: cell.text or "" for c, cell in grid.rows.get(n, {}).items()} for n in range(row - depth + 1, row + 1)]
    if depth > 1:
        for text in grid.merged:
            first_column, first_row, last_column, last_row = bounds(text)
            origin = grid.rows.get(first_row, {}).get(first_column)
            if origin and row - depth < first_row and last_row < row:
                level = levels[first_row - (row - depth + 1)]
                level.update(dict.fromkeys(range(first_column, last_column + 1), origin.text or ""))
    titles: dict[str, list[int]] = {}
    for column in sorted({c for level in levels for c in level}):
        title = " / ".join(folded(level[column]) for level in levels if level.get(column, "").strip())
        titles.setdefault(title, []).append(column)
    return titles


def _data_rows(grid: Grid, layout: Layout, columns: set[int], place: Place) -> tuple[list[int], int]:
    """Rows from the titles to the first row that is empty in all columns; below it only notes, where declared."""
    below = [row for row in sorted(grid.rows) if row > layout.header_row]
    rows: list[int] = []
    for row in below:
        if row != layout.header_row + len(rows) + 1 or not columns & grid.rows[row].keys():
            break
        rows.append(row)
    rest = below[len(rows) :]
    if layout.notes_below and len(columns) > 1:
        while rows and is_note(grid.rows[rows[-1]]):
            rest.insert(0, rows.pop())
    odd = [row for row in rest if not (layout.notes_below and is_note(grid.rows[row]))]
    if odd:
        cell = grid.pointer(odd[0], min(grid.rows[odd[0]]))
        raise changed(place, f"có nội dung dưới bảng, ở {cell}", f"content under the table, in {cell}")
    return rows, len(rest)


def is_note(cells: dict[int, Cell]) -> bool:
    """A single text in its row. Anything more could be data behind a gap."""
    return len(cells) == 1 and next(iter(cells.values())).kind == "text"


def check_merged(grid: Grid, header_row: int, last_row: int, place: Place) -> None:
    """Of merged cells only the first has the value: the agencies of the others would be lost."""
    inside = [text for text in grid.merged if (b := bounds(text))[3] > header_row and b[1] <= last_row]
    if inside:
        raise source_error("MergedCells", place, ranges=_some(inside))


def check_hidden(grid: Grid, layout: XlsxLayout, place: Place) -> None:
    """What people do not see when they check the file."""
    used = {column for cells in grid.rows.values() for column in cells}
    columns = [(a, b) for a, b in grid.hidden_columns if any(a <= column <= b for column in used)]
    found = {
        "rows": [str(row) for row in grid.hidden_rows],
        "columns": [letters(a) for a, _ in columns],
        "sheets": grid.hidden_sheets,
        "filter": [grid.filtered] if grid.filtered else [],
    }
    told = [f"{what} {_some(items)}" for what, items in found.items() if items and what not in layout.hidden]
    if told:
        raise source_error("HiddenContent", place, what="; ".join(told))


def check_formulas(grid: Grid, layout: XlsxLayout, rows: list[int], columns: Mapping[str, int], place: Place) -> None:
    """Formulas have a result, and the contract takes results."""
    places = [
        (row, column) for row in rows for column in sorted(columns.values()) if _computed(grid.rows[row].get(column))
    ]
    empty = [grid.pointer(row, column) for row, column in places if grid.rows[row][column].text is None]
    if empty:
        raise source_error("UncalculatedFormula", place, cells=_some(empty))
    if places and layout.formulas == "refuse":
        raise source_error("FormulaRefused", place, cells=_some([grid.pointer(*one) for one in places]))


def _row(
    grid: Grid, layout: Layout, fields: Mapping[str, FieldContract], columns: Mapping[str, int], number: int
) -> TableRow:
    cells = grid.rows[number]
    pointers = {title: grid.pointer(number, column) for title, column in columns.items()}
    values: dict[str, Raw] = {}
    faults: list[Fault] = []
    for title, column in columns.items():
        try:
            values[title] = _raw(cells.get(column), fields[title], grid, layout)
        except UnfitError as unfit:
            faults.append(Fault(title, pointers[title], unfit))
    return TableRow(number, values, pointers, tuple(faults))


def _raw(cell: Cell | None, contract: FieldContract, grid: Grid, layout: Layout) -> Raw:
    if isinstance(layout, XlsxLayout):
        return raw_value(cell, contract, grid.from_1904, layout.text_dates)
    return cell.text if cell else None


def _totals_row(grid: Grid, totals: TotalsRow, columns: Mapping[str, int], rows: list[int], place: Place) -> int:
    """Take the totals row, the last one, off the rows."""
    column = columns.get(totals.column)
    labels = [row for row in rows if column and _is_label(grid.rows[row].get(column), totals.label)]
    if not rows or labels != rows[-1:]:
        where = ", ".join(map(str, labels)) or "–"
        label = totals.label
        raise changed(
            place,
            f"dòng '{label}' phải là dòng cuối của bảng (thấy ở dòng {where})",
            f"the row '{label}' must be the last of the table (found in row {where})",
        )
    return rows.pop()


def _is_label(cell: Cell | None, label: str) -> bool:
    return cell is not None and cell.kind == "text" and folded(cell.text or "") == folded(label)


class _Sums(NamedTuple):
    """The totals row against the sum of all rows, those set aside included: what cannot be added is told too."""

    grid: Grid
    layout: Layout
    columns: Mapping[str, int]
    numbers: Numbers

    def differing(self, title: str, contract: FieldContract, rows: list[int], last: int) -> Iterator[tuple[str, str]]:
        tolerance = self.layout.totals.tolerance if self.layout.totals else Decimal(0)
        total = self._figure(title, contract, last)
        parts = [self._figure(title, contract, row) for row in rows]
        added = sum((part for part in parts if part is not None), Decimal(0))
        if total is None or None in parts or abs(total - added) > tolerance:
            yield ("?" if total is None else str(total), f"{added} + ?" if None in parts else str(added))

    def _figure(self, title: str, contract: FieldContract, row: int) -> Decimal | None:
        """The figure as it stands, its bounds left aside; an empty cell of an optional field counts as nothing."""
        free = contract.model_copy(update={"minimum": None, "maximum": None})
        wire = "native" if isinstance(self.layout, XlsxLayout) else "strings"
        try:
            raw = _raw(self.grid.rows[row].get(self.columns[title]), free, self.grid, self.layout)
            value = read_value(raw, free, wire, self.numbers)
        except UnfitError:
            return None
        return Decimal(0) if value is None else Decimal(str(value))


def bounds(text: str) -> tuple[int, int, int, int]:
    """First column, first row, last column, last row of a range such as `A1:B2`."""
    match = _RANGE.fullmatch(text)
    if not match:
        raise ValueError(text)  # the reading process lets none through
    column, row = column_number(match[1]), int(match[2])
    return column, row, column_number(match[3]) if match[3] else column, int(match[4] or row)


def _computed(cell: Cell | None) -> bool:
    return cell is not None and cell.formula is not None


def _some(items: list[str]) -> str:
    return ", ".join(items[:_SHOWN]) + (f" … ({len(items)})" if len(items) > _SHOWN else "")
