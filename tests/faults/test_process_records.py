"""K18, K22–K25: clocks that lie, and what Dagster and dbt can and cannot spoil."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigurationError
from pipelines import dagster_home, machine
from pipelines.environment import environment
from pipelines.settings import CODE, Deployment, now
from tests.support.deployments import dti_json
from tests.support.process_bench import Bench


def at(shift: str, deployment: Deployment, *words: str) -> subprocess.CompletedProcess[str]:
    """`dti` as a process whose clock is shifted (libfaketime)."""
    command = ["faketime", "-f", shift, sys.executable, "-m", "pipelines.cli.main", *words]
    return subprocess.run(
        [*command, "--data", str(deployment.root)], cwd=CODE, capture_output=True, text=True, check=False, timeout=300
    )


def test_K18_the_clock_went_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten days behind the last record a refresh is refused before it begins anything, with both moments and the way
    out; a minute, as clocks are put right by, is not."""
    deployment = bench.copy()
    lines = deployment.journal.read_text()
    done = at("-10d", deployment, "refresh", "--year", "2025", "--json")
    assert done.returncode == 3, done.stderr
    assert "ClockWentBack" in done.stdout
    assert "--clock-is-right" in done.stdout
    assert bench.assert_whole(deployment) == bench.new
    assert deployment.journal.read_text().startswith(lines)
    deployment = bench.copy()
    last = max(entry["at"] for entry in bench.journal(deployment))
    for behind, refused in ((timedelta(minutes=1), False), (timedelta(minutes=3), True)):
        monkeypatch.setattr(machine, "now", lambda behind=behind: type(now()).fromisoformat(last) - behind)
        if refused:
            with pytest.raises(ConfigurationError, match="ClockWentBack"):
                machine.require_forward_clock(deployment)
        else:
            machine.require_forward_clock(deployment)


@pytest.mark.slow
def test_K18_a_year_ahead_and_back(bench: Bench) -> None:
    """A refresh a year ahead passes with the same result; with the right clock again the next is refused, until a
    person says that it is right: then what is made is seen, although the other claims later knowledge."""
    deployment = bench.copy()
    ahead = at("+1y", deployment, "refresh", "--year", "2025", "--rebuild")
    assert ahead.returncode == 0, ahead.stderr
    assert bench.assert_whole(deployment) == bench.new
    code, answer = dti_json(deployment, "refresh", "--year", "2025", "--rebuild")
    assert (code, answer["error"]["code"]) == (3, "ClockWentBack")
    code, answer = dti_json(deployment, "refresh", "--year", "2025", "--rebuild", "--clock-is-right")
    assert (code, answer["data"]["current"]) == (0, True), answer
    assert bench.assert_whole(deployment) == bench.new


@pytest.mark.slow
def test_K22_a_run_that_dagster_still_shows_as_running(bench: Bench) -> None:
    """A run is killed: Dagster shows it as started for ever. The next run marks it as failed, and passes."""
    deployment = bench.built()
    killed = bench.do("refresh", deployment, strike=[40, 0, False], kinds=["build file"])
    assert killed.ended == -9
    assert bench.do("runs", deployment).error["statuses"] == ["STARTED"]
    again = bench.do("refresh", deployment)
    assert again.ended == 0, again.error
    assert bench.do("runs", deployment).error["statuses"] == ["SUCCESS", "FAILURE"]
    bench.assert_recovered(deployment)


@pytest.mark.slow
def test_K23_steps_retried_after_they_wrote(bench: Bench) -> None:
    """Dagster retries steps of which each failed once after writing: the same result, nothing doubled in it."""
    deployment = bench.built()
    done = bench.do("retried", deployment, dagster_in_memory=True)
    assert done.ended == 0, done.error
    bench.assert_recovered(deployment)


def test_K24_dagsters_home_is_locked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process keeps Dagster's records to itself: the command line does without them."""
    deployment = bench.built()
    monkeypatch.setattr(dagster_home, "_PATIENCE", 0.1)
    home = environment(DAGSTER_HOME=str(deployment.dagster_home))
    with home, dagster_home.open_instance(deployment) as instance:
        assert not instance.is_ephemeral
        instance.get_runs()
    files = list(deployment.dagster_home.rglob("runs.db"))
    with closing(sqlite3.connect(files[0])) as other:
        other.execute("begin exclusive")
        with environment(DAGSTER_HOME=str(deployment.dagster_home)), dagster_home.open_instance(deployment) as instance:
            assert instance.is_ephemeral


@pytest.mark.slow
def test_K24_without_dagsters_home(bench: Bench) -> None:
    """Dagster's home is gone, and a file stands in its place: a refresh runs, and the journal has it."""
    deployment = bench.built()
    deployment.dagster_home.write_text("not a folder")
    done = bench.do("refresh", deployment)
    assert done.ended == 0, done.error
    assert bench.journal(deployment)[-1]["event"] == "refresh-done"
    bench.assert_recovered(deployment)


def break_model(project: Path) -> str:
    model = project / "models" / "intermediate" / "int_portal_766__metrics.sql"
    model.write_text(model.read_text() + "\nwhere no_such_column > 0\n")
    return model.stem


def add_failing_test(project: Path) -> str:
    (project / "tests" / "fails_by_order.sql").write_text("select 1 as a from {{ ref('indicator_values') }}\n")
    return "fails_by_order"


@pytest.mark.slow
@pytest.mark.parametrize("spoil", [break_model, add_failing_test])
def test_K25_dbt_fails(bench: Bench, spoil: Any) -> None:
    """A model cannot be built, or a data test fails: nothing is published, the exit code is 5, and it is named."""
    deployment, project = bench.built(), bench.place / "dbt_project"
    shutil.copytree(CODE / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs"))
    name = spoil(project)
    done = bench.do("broken_dbt", deployment, project=str(project), dagster_in_memory=True)
    assert (done.ended, done.error["code"]) == (5, "dbt-failed"), done
    assert name in str(done.error["findings"])
    assert bench.assert_whole(deployment) == bench.old
    assert bench.journal(deployment)[-1]["event"] == "refresh-failed"
