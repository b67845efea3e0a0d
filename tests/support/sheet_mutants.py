"""Guards of group S that can be taken away, and the cases that must then fail.

Guards of the reading process are taken away with its work done in this process, where they can be reached.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.sheets import cells, child, container, inbox, layout, outgoing, parts, workbooks, worksheet
from connectors.sheets.grid import Refusal, SheetLimits
from tests.support.mutants import Mutant, Patch


def nothing(*_: Any, **__: Any) -> None:
    return None


def in_this_process(content: bytes, sheet: str | None, limits: SheetLimits) -> dict[str, Any]:
    """The reading process's work, done here."""
    try:
        return {"grid": child.read(content, sheet, limits).as_json()}
    except Refusal as refused:
        return {"refused": refused.code, "facts": refused.facts}


def _without(target: Any, name: str, instead: Any = nothing) -> Callable[[Patch], None]:
    def remove(patch: Patch) -> None:
        patch(workbooks, "_ask_child", in_this_process)
        patch(target, name, instead)

    return remove


def _bounds(**wider: Any) -> Callable[[Patch], None]:
    """The reading process gets the default bounds, some of them wider, whatever it is told."""
    ask = workbooks._ask_child
    limits = replace(SheetLimits(), **wider)
    return lambda patch: patch(workbooks, "_ask_child", lambda content, sheet, _: ask(content, sheet, limits))


def _as_the_library_does(cell: Any, text: str) -> None:
    cell.value = text


def _keep_empty_rows(events: worksheet.SheetEvents) -> None:
    events.grid.rows[events._row] = events._row_cells


SHEET_MUTANTS: dict[str, Mutant] = {
    "merged-cells": Mutant("merged cells", ("S01",), _without(layout, "check_merged")),
    "formulas": Mutant("formulas without a result, or not allowed", ("S02", "S03"), _without(layout, "check_formulas")),
    "hidden": Mutant("hidden rows, columns, sheets and filters", ("S04",), _without(layout, "check_hidden")),
    "percent-format": Mutant("the number format", ("S05",), _without(parts, "look_of", lambda *_: "")),
    "float-noise": Mutant("15 digits", ("S05",), _without(cells, "exact", Decimal)),
    "number-as-text": Mutant(
        "types as stored",
        ("S06",),
        _without(cells, "_number", lambda cell, _: Decimal(cell.text.strip(" %").replace(",", "."))),
    ),
    "error-cells": Mutant("error cells", ("S07",), _without(layout, "raw_value", lambda cell, *_: cell.text)),
    "unsafe-parts": Mutant("parts by name", ("S08",), _without(container, "check_parts")),
    "unsafe-types": Mutant("parts and relations by type", ("S08", "S09"), _without(child, "check_types")),
    "reaching-formulas": Mutant("formulas that reach out", ("S09",), _without(worksheet, "refuse_reaching")),
    "declared-size": Mutant("declared sizes and their ratio", ("S10",), _without(container, "check_declared")),
    "actual-size": Mutant("the actual size", ("S10",), _without(container, "check_actual")),
    "overlap": Mutant("entries that share a body", ("S10",), _without(container, "_check_overlap")),
    "process-bounds": Mutant("memory, CPU and time of the reading process", ("S10",), _bounds()),
    "text-bound": Mutant("what shared texts come to", ("S10",), _bounds(text_bytes=2**40)),
    "declarations": Mutant("DTD and entities", ("S11",), _without(parts, "refuse_declaration")),
    "entry-names": Mutant("names of ZIP entries", ("S12",), _without(container, "check_names")),
    "directory": Mutant("the size of the directory", ("S12",), _without(container, "_check_directory")),
    "header": Mutant("the header's row", ("S13",), _without(layout, "_refuse_header")),
    "totals": Mutant("the sum of the totals row", ("S13",), _without(layout._Sums, "differing", lambda *_: ())),
    "below-the-table": Mutant("content under the table", ("S13",), _without(layout, "is_note", lambda _: True)),
    "empty-rows": Mutant(
        "the last row that is not empty", ("S14",), _without(worksheet.SheetEvents, "_end_row", _keep_empty_rows)
    ),
    "date-system": Mutant(
        "the workbook's own date system", ("S15",), _without(cells, "_EPOCH_1904", date(1899, 12, 30))
    ),
    "standing-still": Mutant("waiting for a copy to end", ("S16",), _without(inbox, "_state", lambda _: (0, 0, 0, 0))),
    "inbox-kinds": Mutant("links, devices, folders", ("S17",), _without(inbox, "check_kind")),
    "inbox-names": Mutant("names", ("S17",), _without(inbox, "check_name")),
    "csv-text": Mutant("the mark of text", ("S18",), _without(outgoing, "safe_text", str)),
    "xlsx-text": Mutant("the type text", ("S18",), _without(outgoing, "put_text", _as_the_library_does)),
    "xlsx-characters": Mutant("characters that XML loses", ("S18",), _without(outgoing, "escaped", str)),
}
