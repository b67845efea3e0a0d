"""What the reading process hands over: the cells of one sheet, and everything about it that can mislead a reader.

Knows the standard library only, so that the reading process starts quickly and holds nothing worth attacking.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple


class Refusal(Exception):
    """A file that must not be read: the code of the message catalogue and its facts."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


@dataclass(frozen=True)
class SheetLimits:
    """Bounds of one file. `ratio` is inflated bytes per compressed byte, counted from 1 MiB inflated on."""

    file_bytes: int = 64 * 2**20
    inflated_bytes: int = 256 * 2**20
    ratio: int = 100
    entries: int = 1_000
    rows: int = 200_000
    cells: int = 2_000_000
    text_bytes: int = 64 * 2**20
    memory_bytes: int = 2**30
    cpu_seconds: int = 60
    seconds: int = 120


class Cell(NamedTuple):
    """One cell that is not empty. `kind`: number | text | boolean | error | date (ISO 8601).

    `text` is what the file stores; `look` is percent | date | "" by the cell's number format. A formula without a
    stored result has `text` None.
    """

    kind: str
    text: str | None
    look: str = ""
    formula: str | None = None


@dataclass
class Grid:
    """One sheet: its cells by row and column (from 1), and what is merged, hidden or filtered on it."""

    title: str
    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    filtered: str = ""
    hidden_sheets: list[str] = field(default_factory=list)
    from_1904: bool = False

    def pointer(self, row: int, column: int) -> str:
        """The address of a cell as people write it: `Sheet1!E17`."""
        return f"{self.title}!{letters(column)}{row}"

    def as_json(self) -> dict[str, Any]:
        rows = [[row, [[column, *cell] for column, cell in cells.items()]] for row, cells in self.rows.items()]
        return {**asdict(self), "rows": rows}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Grid:
        rows = {row: {column: Cell(*cell) for column, *cell in cells} for row, cells in value["rows"]}
        columns = [(first, last) for first, last in value["hidden_columns"]]
        return cls(**{**value, "rows": rows, "hidden_columns": columns})


def letters(column: int) -> str:
    """1 → A, 27 → AA."""
    text = ""
    while column:
        column, digit = divmod(column - 1, 26)
        text = chr(65 + digit) + text
    return text


def column_number(text: str) -> int:
    """A → 1, AA → 27."""
    number = 0
    for character in text:
        number = number * 26 + ord(character) - 64
    return number
