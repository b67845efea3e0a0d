"""The cells of one sheet, by events: styled empty rows cost nothing, and figures stay the text that the file stores."""

from __future__ import annotations

import re
from collections.abc import Iterable

from connectors.sheets.grid import Cell, Grid, Refusal, SheetLimits, column_number
from connectors.sheets.parts import parse, refuse_reaching, unescaped

_ADDRESS = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII)
_RANGE = re.compile(rf"{_ADDRESS.pattern}(:{_ADDRESS.pattern})?", re.ASCII)
_MOST_COLUMNS, _MOST_ROWS = 16_384, 1_048_576
_KINDS = {"n": "number", "s": "text", "str": "text", "inlineStr": "text", "b": "boolean", "e": "error", "d": "date"}
_HELD = {"v", "f", "t"}


class SheetEvents:
    """Builds a `Grid` from the events of a sheet's XML. Rows and cells must come in order, each once."""

    def __init__(self, grid: Grid, texts: list[str], looks: list[str], limits: SheetLimits) -> None:
        self.grid = grid
        self._texts, self._looks, self._limits = texts, looks, limits
        self._row = self._column = self._cells = self._size = 0
        self._cell: dict[str, str] | None = None
        self._content: dict[str, str] = {}
        self._pending: list[str] | None = None
        self._hidden = self._aid = False
        self._row_cells: dict[int, Cell] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._cell, self._content = attributes, {}
            self._column = self._place(attributes.get("r"))
        elif name == "row":
            self._start_row(attributes)
        elif self._cell is not None:
            self._aid = self._aid or name == "rPh"
            if name in _HELD and not self._aid:
                self._pending = []
                self._content.setdefault(name, "")
        elif name == "mergeCell":
            self.grid.merged.append(self._range(attributes.get("ref", "")))
        elif name == "col":
            self._column_facts(attributes)
        elif name == "filterColumn":
            self.grid.filtered = self.grid.filtered or "autoFilter"

    def text(self, data: str) -> None:
        if self._pending is not None:
            self._pending.append(data)

    def end(self, name: str) -> None:
        if self._pending is not None and name in _HELD:
            self._content[name] += "".join(self._pending)
            self._pending = None
        elif name == "rPh":
            self._aid = False
        elif name == "c" and self._cell is not None:
            self._end_cell(self._cell)
            self._cell = None
        elif name == "row":
            self._end_row()

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = int(attributes.get("r", self._row + 1))
        if not self._row < number <= _MOST_ROWS:
            raise Refusal("UnsafeFile", detail="rows out of order")
        self._row, self._column, self._row_cells = number, 0, {}
        self._hidden = attributes.get("hidden") in {"1", "true"} or _zero(attributes.get("ht"))

    def _end_row(self) -> None:
        if not self._row_cells:
            return
        self.grid.rows[self._row] = self._row_cells
        if len(self.grid.rows) > self._limits.rows:
            raise Refusal("LimitExceeded", limit="rows", value=self._limits.rows)
        if self._hidden:
            self.grid.hidden_rows.append(self._row)

    def _place(self, address: str | None) -> int:
        if address is None:
            return self._column + 1
        match = _ADDRESS.fullmatch(address)
        column = column_number(match[1]) if match else 0
        if not match or int(match[2]) != self._row or not self._column < column <= _MOST_COLUMNS:
            raise Refusal("UnsafeFile", detail="cells out of order")
        return column

    def _end_cell(self, attributes: dict[str, str]) -> None:
        cell = self._read(attributes)
        if cell is None:
            return
        self._cells += 1
        self._size += len(cell.text or "") + len(cell.formula or "")
        if self._cells > self._limits.cells:
            raise Refusal("LimitExceeded", limit="cells", value=self._limits.cells)
        if self._size > self._limits.text_bytes:
            raise Refusal("LimitExceeded", limit="text_bytes", value=self._limits.text_bytes)
        self._row_cells[self._column] = cell

    def _read(self, attributes: dict[str, str]) -> Cell | None:
        kind = attributes.get("t", "n")
        stored = self._content.get("t" if kind == "inlineStr" else "v", "")
        formula = self._content.get("f")
        if formula is not None:
            refuse_reaching(formula)
            if not stored and kind != "str":
                return Cell("number", None, "", formula)
        if kind == "s":
            stored = self._shared(stored)
        elif kind in {"str", "inlineStr"}:
            stored = unescaped(stored)
        if kind not in _KINDS:
            raise Refusal("UnsafeFile", detail="an unknown type of cell")
        if not stored.strip() and formula is None:
            return None
        style = int(attributes.get("s", "0"))
        look = self._looks[style] if style < len(self._looks) else ""
        return Cell(_KINDS[kind], stored, look, formula)

    def _shared(self, index: str) -> str:
        try:
            return self._texts[int(index)] if index else ""
        except (IndexError, ValueError):
            raise Refusal("UnsafeFile", detail="a text that the workbook does not hold") from None

    @staticmethod
    def _range(text: str) -> str:
        if not _RANGE.fullmatch(text):
            raise Refusal("UnsafeFile", detail="damaged merged cells")
        return text

    def _column_facts(self, attributes: dict[str, str]) -> None:
        if attributes.get("hidden") in {"1", "true"} or _zero(attributes.get("width")):
            self.grid.hidden_columns.append((int(attributes["min"]), int(attributes["max"])))


def read_sheet(pieces: Iterable[bytes], grid: Grid, texts: list[str], looks: list[str], limits: SheetLimits) -> None:
    """Fill the grid from a sheet's XML. Raises `Refusal`."""
    events = SheetEvents(grid, texts, looks, limits)
    try:
        parse(pieces, events.start, events.end, events.text)
    except (KeyError, ValueError):
        raise Refusal("UnsafeFile", detail="damaged sheet") from None


def check_formulas(pieces: Iterable[bytes]) -> None:
    """The formulas of a sheet that is not read: people who open the file run them all the same."""
    pending: list[str] | None = None

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal pending
        pending = [] if name == "f" else pending

    def text(data: str) -> None:
        if pending is not None:
            pending.append(data)

    def end(name: str) -> None:
        nonlocal pending
        if name == "f" and pending is not None:
            refuse_reaching("".join(pending))
            pending = None

    parse(pieces, start, end, text)


def _zero(measure: str | None) -> bool:
    """A height or width of nothing hides as well as `hidden` does."""
    return measure is not None and float(measure) == 0
