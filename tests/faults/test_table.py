"""The table of cases in the documentation is the one that a run gives, and no case of the catalogue is missing."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.faults import make_table
from tests.faults.make_table import ALL_MUTANTS, TABLE, Results, cases, main, results_of, table
from tests.support.data_mutants import DATA_MUTANTS
from tests.support.mutants import MUTANTS
from tests.support.operator_mutants import OPERATOR_MUTANTS
from tests.support.outcomes import Recorder, read_outcomes
from tests.support.process_mutants import PROCESS_MUTANTS
from tests.support.security_mutants import SECURITY_MUTANTS
from tests.support.sheet_mutants import SHEET_MUTANTS
from tests.support.sql_mutants import SQL_MUTANTS

CATALOGUE = {
    *(f"H{n:02}" for n in range(1, 35)),
    *(f"A{n:02}" for n in range(1, 12)),
    *(f"P{n:02}" for n in range(1, 15)),
    *(f"V{n:02}" for n in range(1, 26)),
    *(f"T{n:02}" for n in range(1, 16)),
    *(f"S{n:02}" for n in range(1, 19)),
    *(f"Q{n:02}" for n in range(1, 22)),
    *(f"K{n:02}" for n in range(1, 28)),
    *(f"D{n:02}" for n in range(1, 15)),
    *(f"O{n:02}" for n in range(1, 16)),
    *("X01", "X02", "X05", "X06", "X07", "X08", "X10", "X11", "X13"),
}
# The same results everywhere are no single guard's doing.
WHOLE_SYSTEM = {"K19", "K20", "K21"}
HTTP = "tests/faults/test_http.py::"
WITHOUT = "tests/faults/test_mutants.py::test_without_its_guard_a_case_fails"
SHEETS = "tests/faults/test_spreadsheets.py::test_each_guard_is_needed"


def killed_by_all() -> Results:
    """What a run shows in which every mutant was noticed."""
    results = Results()
    for name, mutant in ALL_MUTANTS.items():
        for case in mutant.cases:
            results.killed[case].add(name)
    return results


def test_the_table_is_current_but_for_its_counts() -> None:
    """The counts need a whole run; CI compares them with its own (`make_table --check`)."""
    written = re.sub(r"\| [1-9]\d* \|(?= [^|]*\|$)", "| 0 |", TABLE.read_text(encoding="utf-8"), flags=re.M)
    assert written == table(killed_by_all()), "run: python -m tests.faults.make_table"


def test_every_case_is_a_test() -> None:
    assert cases().keys() == CATALOGUE


def test_every_case_has_a_guard_whose_loss_is_seen() -> None:
    assert {case for mutant in ALL_MUTANTS.values() for case in mutant.cases} == CATALOGUE - WHOLE_SYSTEM


def test_no_two_guards_have_one_name() -> None:
    every = (MUTANTS, DATA_MUTANTS, OPERATOR_MUTANTS, SHEET_MUTANTS, SQL_MUTANTS, SECURITY_MUTANTS, PROCESS_MUTANTS)
    assert len(ALL_MUTANTS) == sum(map(len, every))


def test_every_case_says_what_it_shows() -> None:
    assert [name for tests in cases().values() for name, text in tests if not text] == []


def test_results_are_read_from_outcomes() -> None:
    """Passed tests count for their case; a mutant counts where its test passed, that is: where its cases failed."""
    results = results_of(
        {
            f"{HTTP}test_H24_redirect_without_tls": "passed",
            f"{HTTP}test_H23_redirect[301-{{other}}]": "passed",
            f"{HTTP}test_H23_redirect[307-{{other}}]": "passed",
            f"{HTTP}test_the_credential_goes_into_its_header_only": "passed",
            f"{WITHOUT}[redirects]": "passed",
            f"{SHEETS}[unsafe-types-S08]": "passed",
        }
    )
    assert results.passed == Counter({"H23": 2, "H24": 1})
    assert dict(results.killed) == {"H23": {"redirects"}, "H24": {"redirects"}, "S08": {"unsafe-types"}}
    assert results.others == []
    assert results_of({f"{WITHOUT}[redirects]": "failed"}).others == [f"{WITHOUT}[redirects]: failed"]


@pytest.mark.parametrize(("changed", "code"), [("", 0), ("count", 1), ("mutant", 1), ("failed", 1)])
def test_a_table_that_differs_from_the_run_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str, code: int
) -> None:
    outcomes = {f"{HTTP}test_H23_redirect[{status}]": "passed" for status in (301, 307)}
    outcomes[f"{WITHOUT}[redirects]"] = "passed"
    monkeypatch.setattr(make_table, "TABLE", tmp_path / "faults.md")
    (tmp_path / "faults.md").write_text(table(results_of(outcomes)), encoding="utf-8")
    if changed == "mutant":
        del outcomes[f"{WITHOUT}[redirects]"]
    elif changed:
        outcomes[f"{HTTP}test_H23_redirect[308]"] = "passed" if changed == "count" else "failed"
    lines = [json.dumps({"test": test, "outcome": outcome}) for test, outcome in outcomes.items()]
    (tmp_path / "outcomes").write_text("\n".join(lines))
    assert main(["--check", str(tmp_path / "outcomes")]) == code


def test_outcomes_of_a_run_are_written_down(tmp_path: Path) -> None:
    """Of every phase the worst counts, and of two workers too."""
    (tmp_path / "test_x.py").write_text(
        "import pytest\n"
        "@pytest.fixture\ndef broken():\n    yield\n    assert False\n"
        "def test_good(): pass\n"
        "def test_bad(): assert False\n"
        "def test_torn(broken): pass\n"
        "@pytest.mark.skip\ndef test_left_out(): pass\n"
    )
    path = tmp_path / "outcomes.jsonl"
    words = [
        str(tmp_path),
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        f"--rootdir={tmp_path}",
        "-c",
        "/dev/null",
    ]
    pytest.main(words, plugins=[Recorder(path)])
    assert {test.partition("::")[2]: outcome for test, outcome in read_outcomes(path).items()} == {
        "test_good": "passed",
        "test_bad": "failed",
        "test_torn": "failed",
        "test_left_out": "skipped",
    }
