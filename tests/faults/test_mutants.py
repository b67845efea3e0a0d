"""Every guard is taken away in turn, and the tests of the cases that need it must then fail.

Each mutant runs the fault tests of its cases in a pytest of its own inside this process.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import pytest

from tests.faults.make_table import WHOLE, cases
from tests.support.mutants import VARIABLE
from tests.support.outcomes import OUTCOMES

pytestmark = pytest.mark.slow  # make test-all and CI

HERE = Path(__file__).parent
TESTS = cases()


class Results:
    """Collects which cases ran and which failed. Of a case that has failed the rest of its tests is left out."""

    def __init__(self) -> None:
        self.ran: set[str] = set()
        self.failed: set[str] = set()

    def pytest_runtest_protocol(self, item: Any) -> bool | None:
        return True if _case(item.nodeid) in self.failed else None

    def pytest_runtest_logreport(self, report: Any) -> None:
        case = _case(report.nodeid)
        if report.when == "call":
            self.ran.add(case)
            if report.failed:
                self.failed.add(case)


def _case(nodeid: str) -> str:
    return nodeid.partition("::test_")[2][:3]


def run(cases: tuple[str, ...], folder: Path) -> Results:
    results = Results()
    files = sorted({str(HERE / test.partition("::")[0]) for case in cases for test, _ in TESTS[case]})
    chosen = " or ".join(f"test_{case}_" for case in cases)
    words = [*files, "-q", "-k", chosen, "-p", "no:xdist", "-p", "no:cacheprovider", f"--basetemp={folder}", "--tb=no"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        pytest.main(words, plugins=[results])
    return results


@pytest.fixture(autouse=True)
def _not_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails without a guard is no outcome of this run."""
    monkeypatch.delenv(OUTCOMES, raising=False)


def test_with_all_guards_nothing_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The control: run in the same way, with every guard in place, the cases pass."""
    monkeypatch.delenv(VARIABLE, raising=False)
    cases = ("H07", "H31", "A01", "A08", "P05", "V12", "T08", "X05")
    results = run(cases, tmp_path / "inner")
    assert (results.ran, results.failed) == (set(cases), set())


@pytest.mark.parametrize("name", WHOLE)
def test_without_its_guard_a_case_fails(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, name)
    results = run(WHOLE[name].cases, tmp_path / "inner")
    assert results.ran == set(WHOLE[name].cases)
    assert results.failed == results.ran
