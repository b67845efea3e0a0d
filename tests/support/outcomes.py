"""Writes down what became of every test of a run, where `DTI_OUTCOMES` names a file: one JSON line per test.

Workers of one run append to the same file, so a test may stand there twice, with the same outcome.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

OUTCOMES = "DTI_OUTCOMES"


class Recorder:
    """A plugin of pytest."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call" or report.outcome != "passed":
            line = json.dumps({"test": report.nodeid, "outcome": report.outcome})
            with self._path.open("a", encoding="utf-8") as handle:
                handle.write(line + "\n")


def record(config: Any) -> None:
    """Register the plugin if a file is named; to be called when pytest is configured."""
    path = os.environ.get(OUTCOMES)
    if path:
        config.pluginmanager.register(Recorder(Path(path)))


def read_outcomes(path: Path) -> dict[str, str]:
    """Test (`tests/x.py::test_y[z]`) → passed, failed or skipped. A test that failed in any phase has failed."""
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        if found.get(one["test"]) != "failed":
            found[one["test"]] = one["outcome"]
    return found
