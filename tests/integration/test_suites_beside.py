"""The process that loads the suites' library beside dbt: the same answers, and nothing depends on it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from common.errors import ConfigurationError
from pipelines import suites_beside
from pipelines.settings import CODE, Deployment
from pipelines.suites import _run, run_suite

SUITE = """suite: small
index: [agency]
expectations:
  - expect_column_values_to_not_be_null: {column: agency}
  - expect_column_values_to_be_between: {column: points, min_value: 0, max_value: 10}
"""
ROWS = 20_000
"""More than a pipe holds."""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SUITE, encoding="utf-8")
    return path


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A second process, although other tests have loaded the library here; its number."""
    monkeypatch.setattr(suites_beside, "LIBRARY", "loaded nowhere")
    with suites_beside.beside():
        suites_beside.load()
        process = suites_beside._second._process
        assert process is not None
        yield process.pid
    assert process.returncode is not None
    assert suites_beside.ask(Path("any"), pd.DataFrame()) is None


def frame(most: int) -> pd.DataFrame:
    return pd.DataFrame({"agency": [f"a-{n}" for n in range(ROWS)], "points": [n % most for n in range(ROWS)]})


@pytest.mark.usefixtures("second")
def test_the_second_process_answers_as_this_one_would(suite: Path) -> None:
    for rows, unexpected in (
        (frame(11), [0, 0]),
        (frame(12), [0, ROWS // 12]),
        (frame(11).assign(agency=None), [ROWS, 0]),
    ):
        answered = suites_beside.ask(suite, rows)
        assert answered is not None
        assert answered == run_suite(suite, rows) == _run(suite, rows)
        assert [one.unexpected for one in answered] == unexpected


def test_a_second_process_that_died_is_not_missed(suite: Path, second: int) -> None:
    os.kill(second, signal.SIGKILL)
    assert [one.unexpected for one in run_suite(suite, frame(12))] == [0, ROWS // 12]


@pytest.mark.usefixtures("second")
def test_what_is_wrong_with_a_suite_is_told_as_ever(suite: Path) -> None:
    suite.write_text(SUITE.replace("between", "amid"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="no expectation") as refused:
        run_suite(suite, frame(10))
    assert refused.value.where.endswith("small.yaml:5:5")
    suite.write_text(SUITE, encoding="utf-8")
    assert suites_beside.ask(suite, frame(10)) is not None, "it goes on answering"


def test_without_a_run_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites_beside, "LIBRARY", "loaded nowhere")
    suites_beside.load()
    assert suites_beside.ask(Path("any"), pd.DataFrame()) is None


def test_it_ends_with_the_process_that_asked_however_that_ends() -> None:
    """Killed while the library loads: there is nobody to tell it, but its end of the pipe closes."""
    begin = (
        "import time; from pipelines import suites_beside as s\n"
        "with s.beside():\n    s.load(); print(s._second._process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", begin], cwd=CODE, stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdout is not None
        pid = int(asking.stdout.readline())
        watched = os.pidfd_open(pid)
        asking.kill()
    try:
        assert select.select([watched], [], [], 60)[0], "it outlived the process that asked"
    finally:
        os.close(watched)


def test_a_refresh_of_its_own_loads_the_library_there_only(own_copy: Deployment) -> None:
    """As the command does it: all suites are run, and this process never had to load their library."""
    refreshed = (
        "import sys; from pathlib import Path; from pipelines.refresh import refresh\n"
        "from pipelines.settings import Deployment\n"
        "refresh(Deployment(Path(sys.argv[1])), [], rebuild=True)\n"
        "print('great_expectations' in sys.modules)"
    )
    words = [sys.executable, "-c", refreshed, str(own_copy.root)]
    done = subprocess.run(words, cwd=CODE, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
    with duckdb.connect(str(own_copy.warehouse), read_only=True) as con:
        asked = "select count(*), bool_and(passed) from check_results where engine = 'great_expectations'"
        assert con.execute(asked).fetchall() == [(19, True)]
