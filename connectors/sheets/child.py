"""The process that reads one workbook: bounded in memory and CPU before it touches a byte, with nothing else in reach.

Standard input is the file, the first argument a JSON object `{"sheet": name or null, "limits": {…}}`; standard output
is one JSON object, `{"grid": …}` or `{"refused": code, "facts": {…}}`.
"""

from __future__ import annotations

import json
import resource
import sys

from connectors.sheets.container import inflate, open_container
from connectors.sheets.grid import Grid, Refusal, SheetLimits
from connectors.sheets.parts import Container, SheetPart, check_types, looks, shared_texts, workbook
from connectors.sheets.worksheet import check_formulas, read_sheet


def main() -> None:
    request = json.loads(sys.argv[1])
    limits = SheetLimits(**request["limits"])
    bound(limits)
    try:
        answer = json.dumps({"grid": read(sys.stdin.buffer.read(), request["sheet"], limits).as_json()})
    except Refusal as refusal:
        answer = json.dumps({"refused": refusal.code, "facts": refusal.facts})
    except MemoryError:
        facts = {"limit": "memory_bytes", "value": limits.memory_bytes}
        answer = json.dumps({"refused": "LimitExceeded", "facts": facts})
    sys.stdout.write(answer)


def bound(limits: SheetLimits) -> None:
    """What the operating system enforces, whatever the file makes this process do."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read(content: bytes, sheet: str | None, limits: SheetLimits) -> Grid:
    """The sheet of that name, or the first visible one. Raises `Refusal`."""
    archive = open_container(content, limits)
    for entry in archive.infolist():
        for _ in inflate(content, entry):  # every body is what it declares, also those that are not read
            pass
    container = Container.of(content, archive.infolist())
    check_types(container)
    book = workbook(container)
    chosen = choose(book.sheets, sheet)
    for other in book.sheets:
        if other is not chosen:
            check_formulas(container.pieces(other.part))
    hidden = [one.title for one in book.sheets if one.state != "visible"]
    grid = Grid(chosen.title, from_1904=book.from_1904, hidden_sheets=hidden)
    texts, styles = shared_texts(container, book.texts, limits), looks(container, book.styles)
    read_sheet(container.pieces(chosen.part), grid, texts, styles, limits)
    return grid


def choose(sheets: list[SheetPart], name: str | None) -> SheetPart:
    visible = [sheet for sheet in sheets if (sheet.state == "visible" if name is None else sheet.title == name)]
    if not visible:
        raise Refusal("SheetMissing", sheet=name or "(visible)")
    return visible[0]


if __name__ == "__main__":
    main()
