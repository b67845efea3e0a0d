"""Writes `docs/faults.md`: the cases, their tests and the guards that each of them was seen to need.

Read from the test files and the mutants themselves: `python -m tests.faults.make_table`. A test fails while the table
is not current.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from tests.support.mutants import MUTANTS
from tests.support.sheet_mutants import SHEET_MUTANTS

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "docs" / "faults.md"
GROUPS = {
    "H": "HTTP transport",
    "A": "Authentication",
    "P": "Pagination",
    "V": "Schema and values",
    "T": "Text, dates, time",
    "S": "Spreadsheets",
    "X": "Security, as far as connectors go",
}
ELSEWHERE = {
    "V14": "the figures arrive as they are; marking small numbers is a ruleset's matter: no guard to remove",
    "V25": "no test here: whether a self-reported value is late is decided by a ruleset from its date",
    "T14": "here: the year has ended in Vietnam; the time zone of partitions and schedules is the pipelines' matter",
}
HEAD = """# What goes wrong, and what is done about it

<!-- Written by `python -m tests.faults.make_table`; edit the tests instead. -->

Every case is a test named by its ID (`pytest tests/faults -k H07`). Whole pulls run against raw servers on loopback,
and after each of them the same invariants are checked (`tests/support/probe.py`): the last good pull is still in use,
byte for byte; a folder without manifest does not exist; received = accepted + quarantined + exact duplicates, also in
the Parquet files; the number of requests is bounded; every attempt has left one record; and no canary, secret or
personal, stands in any byte written, logged or printed, be it plain, base64, URL-encoded or in hexadecimal.

A test that cannot fail proves nothing. So each guard is taken away in turn (`tests/support/mutants.py`), and the cases
named beside it must then fail (`pytest tests/faults/test_mutants.py`; for spreadsheets
`pytest tests/faults/test_spreadsheets.py -k guard`).
"""


def cases() -> dict[str, list[tuple[str, str]]]:
    """ID → (test, what it shows), from the test files."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in sorted(HERE.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            name = getattr(node, "name", "")
            if isinstance(node, ast.FunctionDef) and name[5:6] in GROUPS and name[6:8].isdigit():
                text = " ".join((ast.get_docstring(node) or "").split())
                found[name[5:8]].append((f"{path.name}::{name}", text))
    return found


def table() -> str:
    """The whole document."""
    found = cases()
    guards = defaultdict(list)
    for name, mutant in (MUTANTS | SHEET_MUTANTS).items():
        for case in mutant.cases:
            guards[case].append(f"{mutant.gone} (`{name}`)")
    lines = [HEAD.rstrip()]
    for letter, title in GROUPS.items():
        lines += [
            f"\n## {letter}: {title}\n",
            "| ID | what is done, and what must be seen | fails when |",
            "|---|---|---|",
        ]
        for case in sorted({*found, *ELSEWHERE}):
            if case[0] == letter:
                shown = " ".join(text for _, text in found[case]) or "–"
                why = "; ".join(guards[case]) or "–"
                note = f" ({ELSEWHERE[case]})" if case in ELSEWHERE else ""
                lines.append(f"| {case} | {(shown + note).replace('|', chr(92) + '|')} | {why} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
