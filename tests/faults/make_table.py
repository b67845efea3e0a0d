"""Writes `docs/faults.md` from the results of a run: the cases, how many tests of each passed, and the guards without
which they were seen to fail.

`python -m tests.faults.make_table` runs the fault tests, mutants included, and writes the table. CI gives it the
outcomes of its own run (`--check FILE`, see `tests/support/outcomes.py`): where they say something else than the table,
it fails. What is shown of a case comes from the docstrings of its tests.
"""

from __future__ import annotations

import ast
import difflib
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.data_mutants import DATA_MUTANTS
from tests.support.mutants import MUTANTS
from tests.support.operator_mutants import OPERATOR_MUTANTS
from tests.support.outcomes import OUTCOMES, read_outcomes
from tests.support.process_mutants import PROCESS_MUTANTS
from tests.support.security_mutants import SECURITY_MUTANTS
from tests.support.sheet_mutants import SHEET_MUTANTS
from tests.support.sql_mutants import SQL_MUTANTS

# Mutants that are taken away for all their cases at once, by test_mutants.py.
WHOLE = MUTANTS | DATA_MUTANTS | OPERATOR_MUTANTS
ALL_MUTANTS = WHOLE | SHEET_MUTANTS | SQL_MUTANTS | SECURITY_MUTANTS | PROCESS_MUTANTS
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TABLE = ROOT / "docs" / "faults.md"
GROUPS = {
    "H": "HTTP transport",
    "A": "Authentication",
    "P": "Pagination",
    "V": "Schema and values",
    "T": "Text, dates, time",
    "S": "Spreadsheets",
    "Q": "Databases",
    "K": "Process and storage",
    "D": "Data",
    "O": "Operators",
    "X": "Security",
}
ELSEWHERE = {
    "V13": "a ratio without cases is a state of the scoring engine",
    "V14": "marking small numbers is a ruleset's matter",
    "T14": "the time zone of partitions and schedules is tested in `tests/integration/test_definitions.py`",
    "X01": "a whole refresh, Dagster and dbt included: `tests/integration/test_canaries.py`",
    "X02": "a whole refresh, Dagster and dbt included: `tests/integration/test_canaries.py`",
}
HEAD = """# What goes wrong, and what is done about it

<!-- Written by `python -m tests.faults.make_table` from the results of a run; edit the tests instead. -->

Every case is a test named by its ID (`pytest tests/faults -k H07`). Whole pulls run against raw servers on loopback,
over an inbox, or against a genuine PostgreSQL, and after each of them the same invariants are checked
(`tests/support/probe.py`): the last good pull is still in use, byte for byte; a folder without manifest does not exist;
received = accepted + quarantined + exact duplicates, also in the Parquet files; the number of requests is bounded;
every attempt has left one record; and no canary, secret or personal, stands in any byte written, logged or printed, be
it plain, base64, URL-encoded or in hexadecimal.

A test that cannot fail proves nothing. So each guard is taken away in turn (`tests/support/*mutants.py`), and the cases
named beside it must then fail (`pytest tests/faults/test_mutants.py`, `pytest tests/faults -k guard_is_needed`).
*passed* counts the tests of a case that passed, parameters included; *seen to fail when* lists the guards whose loss
its tests did notice, in the same run.
"""
_TEST = re.compile(r"tests/faults/\w+\.py::test_([A-Z]\d\d)_")
_MUTANT = re.compile(r"tests/faults/\w+\.py::test_(?:without_its_guard_a_case_fails|each_guard_is_needed)\[(.+)\]")


@dataclass
class Results:
    """What a run showed: passed tests by case, tests that did not pass, and case → mutants under which it failed."""

    passed: Counter[str] = field(default_factory=Counter)
    others: list[str] = field(default_factory=list)
    killed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


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


def results_of(outcomes: Mapping[str, str]) -> Results:
    """What the outcomes of single tests say about cases and mutants."""
    results = Results()
    for test, outcome in outcomes.items():
        case, mutant = _TEST.match(test), _MUTANT.match(test)
        if outcome != "passed":
            results.others.append(f"{test}: {outcome}")
        elif case:
            results.passed[case[1]] += 1
        elif mutant:
            name, _, one = mutant[1].rpartition("-") if mutant[1] not in WHOLE else (mutant[1], "", "")
            for killed in [one] if one else WHOLE[name].cases:
                results.killed[killed].add(name)
    return results


def table(results: Results) -> str:
    """The whole document."""
    found, mutants = cases(), ALL_MUTANTS
    lines = [HEAD.rstrip()]
    for letter, title in GROUPS.items():
        lines += [
            f"\n## {letter}: {title}\n",
            "| ID | what is done, and what must be seen | passed | seen to fail when |",
            "|---|---|---|---|",
        ]
        for case in sorted(one for one in found if one[0] == letter):
            shown = " ".join(dict.fromkeys(text for _, text in found[case]))
            note = f" ({ELSEWHERE[case]})" if case in ELSEWHERE else ""
            killers = [f"{mutants[name].gone} (`{name}`)" for name in mutants if name in results.killed[case]]
            text = (shown + note).replace("|", "\\|")
            lines.append(f"| {case} | {text} | {results.passed[case]} | {'; '.join(killers) or '–'} |")
    return "\n".join(lines) + "\n"


def run() -> Results:
    """Run all fault tests. Says what did not pass on standard error."""
    with tempfile.TemporaryDirectory() as folder:
        outcomes = Path(folder) / "outcomes.jsonl"
        left_out = f"--ignore={HERE / 'test_table.py'}"  # it holds the table against what is being made
        words = [sys.executable, "-m", "pytest", str(HERE), left_out, "-q", "-n", "auto", "--tb=short"]
        subprocess.run(words, cwd=ROOT, env={**os.environ, OUTCOMES: str(outcomes)}, check=False, stdout=sys.stderr)
        return results_of(read_outcomes(outcomes))


def main(words: list[str]) -> int:
    """Write the table, or with `--check FILE` hold it against the outcomes in a file."""
    results = results_of(read_outcomes(Path(words[1]))) if words[:1] == ["--check"] else run()
    if results.others:
        sys.stderr.write("\n".join(["did not pass:", *results.others]) + "\n")
        return 1
    made = table(results)
    if not words:
        TABLE.write_text(made, encoding="utf-8")
        return 0
    written = TABLE.read_text(encoding="utf-8")
    sys.stderr.writelines(difflib.unified_diff(written.splitlines(True), made.splitlines(True), "written", "this run"))
    return int(written != made)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
