"""A refresh as the operator runs it: nothing new, rebuilt, refused, half done."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import duckdb
import pytest

from pipelines import releases
from pipelines.lock import holder
from pipelines.refresh import refresh
from pipelines.releases import Release
from pipelines.settings import Deployment
from tests.support.deployments import RESULTS, dti, dti_json, fresh_deployment, start_dti


def test_a_second_refresh_with_nothing_new_publishes_nothing_and_says_so(own_copy: Deployment) -> None:
    before = releases.current(own_copy)
    done = dti(own_copy, "refresh", "--year", "2025")
    assert done.returncode == 0, done.stderr
    assert "Không có gì mới" in done.stdout
    assert releases.current(own_copy) == before


def test_a_forced_rebuild_gives_the_same_content_of_every_table(own_copy: Deployment) -> None:
    before = releases.current(own_copy)
    code, answer = dti_json(own_copy, "refresh", "--year", "2025", "--rebuild")
    after = releases.current(own_copy)
    assert (code, answer["ok"]) == (0, True)
    assert before is not None
    assert after is not None
    assert after.number == before.number + 1
    assert after.hashes.keys() >= set(RESULTS)
    assert after.hashes == before.hashes
    assert after.file != before.file
    assert before.file.exists(), "readers keep the file they opened"


def test_the_release_file_is_closed_portable_and_described(published: Path) -> None:
    release = releases.current(Deployment(published))
    assert release is not None
    assert not release.file.with_name("dti.duckdb.wal").exists()
    with duckdb.connect(str(published / "warehouse.duckdb"), read_only=True) as con:
        tags = con.execute("select tags from duckdb_databases() where not internal").fetchall()[0][0]
        silent = con.execute(
            "select table_name from duckdb_tables() where comment is null or comment = '' order by 1"
        ).fetchall()
        kinds = con.execute(
            "select distinct data_type from duckdb_columns() where not internal and data_type in ('DOUBLE', 'FLOAT')"
        ).fetchall()
    assert tags["storage_version"].startswith("v1.4")
    assert silent == [], "every table says what one row is"
    assert kinds == [], "no binary float decides anything"


def test_a_second_writer_is_refused_with_exit_code_7(own_copy: Deployment) -> None:
    first = start_dti(own_copy, "refresh", "--year", "2025", "--rebuild")
    try:
        deadline = time.monotonic() + 100
        while holder(own_copy.lock) is None and time.monotonic() < deadline:
            time.sleep(0.02)
        code, answer = dti_json(own_copy, "refresh", "--year", "2025")
        assert code == 7
        assert answer["ok"] is False
        assert answer["error"]["data"]["pid"] == str(first.pid)
    finally:
        _, err = first.communicate(timeout=300)
    assert first.returncode == 0, err


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The release of one plain refresh of a new deployment."""
    made = fresh_deployment(tmp_path_factory.mktemp("uninterrupted") / "data")
    refresh(made, [2025], as_of="2025-10-16", reason="tests")
    release = releases.current(made)
    assert release is not None
    return release


STAGES = ("lấy portal_766", "dbt:", "đã công bố")
"""The command as a process of its own; K01 and K02 kill everywhere between."""


@pytest.mark.parametrize("stage", STAGES)
def test_killed_at_a_stage_a_plain_re_run_gives_the_same_result(
    deployment: Deployment, uninterrupted: Release, stage: str
) -> None:
    words = ("refresh", "--year", "2025", "--as-of", "2025-10-16")
    process = start_dti(deployment, *words)
    assert process.stderr is not None
    for line in process.stderr:
        if stage in line:
            os.kill(process.pid, signal.SIGKILL)
            break
    else:
        pytest.fail(f"the refresh never said '{stage}'")
    process.communicate()
    done = dti(deployment, *words)
    assert done.returncode == 0, done.stderr
    release = releases.current(deployment)
    assert release is not None
    releases.verify(release)
    assert {table: release.hashes[table] for table in RESULTS} == {
        table: uninterrupted.hashes[table] for table in RESULTS
    }
    assert [path.name for path in deployment.releases.glob(".*")] == []
    assert [path.name for path in (deployment.landing / "portal_766" / "2025").glob(".*")] == []


def test_a_release_that_only_missed_the_last_step_is_finished(own_copy: Deployment) -> None:
    last = releases.current(own_copy)
    assert last is not None
    own_copy.warehouse.unlink()
    lines = own_copy.journal.read_text().splitlines(keepends=True)
    own_copy.journal.write_text("".join(line for line in lines if f'"release": {last.number}' not in line))
    done = dti(own_copy, "refresh", "--year", "2025")
    assert done.returncode == 0, done.stderr
    assert releases.current(own_copy) == last


def test_a_reader_in_a_loop_sees_whole_releases_through_ten_refreshes(own_copy: Deployment) -> None:
    """Each read opens the analysts' path anew; totals and scores of one read must belong to one release."""
    reader = os.fork()
    if reader == 0:
        _read_until_stopped(own_copy.warehouse, own_copy.root / "reader.txt")
    try:
        for _ in range(10):
            refresh(own_copy, [2025], rebuild=True, reason="test")
    finally:
        os.kill(reader, signal.SIGTERM)
        os.waitpid(reader, 0)
    reads, errors, seen = (own_copy.root / "reader.txt").read_text().split(";")
    assert errors == "0"
    assert int(reads) > 10
    assert len(seen.split(",")) > 1, "the reader saw several releases"


def _read_until_stopped(path: Path, report: Path) -> None:
    import subprocess
    import sys

    program = Path(__file__).parents[1] / "support" / "reader.py"
    os.execv(sys.executable, [sys.executable, str(program), str(path), str(report)])
    raise subprocess.SubprocessError


def test_an_exception_that_the_decision_does_not_know_stops_the_build_at_its_line(own_copy: Deployment) -> None:
    register = own_copy.registers / "exceptions.csv"
    row = "national/766-2022,2025,an-giang-thanh-tra,MDSH,7.4,BB-1,không liên quan"
    register.write_text(register.read_text() + row + "\n")
    before = releases.current(own_copy)
    code, answer = dti_json(own_copy, "refresh", "--year", "2025")
    assert code == 3
    assert answer["error"]["where"].endswith("exceptions.csv:2")
    assert releases.current(own_copy) == before


def test_an_unknown_year_names_the_years_there_are(own_copy: Deployment) -> None:
    code, answer = dti_json(own_copy, "refresh", "--year", "1999")
    assert code == 2
    assert "2024, 2025" in answer["error"]["message"]


def test_a_backfill_of_two_years_is_one_run(own_copy: Deployment) -> None:
    code, plan = dti_json(own_copy, "backfill", "2024..2025", "--dry-run")
    assert code == 0
    assert [(row["year"], row["pull"]) for row in plan["data"]["plan"]] == [(2024, False), (2025, True)]
    code, answer = dti_json(own_copy, "backfill", "2024..2025")
    assert (code, answer["data"]["published"]) == (0, False)
    assert answer["data"]["years"] == [2024, 2025]


def test_a_run_that_dagster_started_recovers_and_is_recorded_too(own_copy: Deployment) -> None:
    """The schedule's runs do not pass through the command line: what they need is in the job's own resource."""
    from dagster import DagsterInstance

    from pipelines.definitions import build_definitions

    (own_copy.releases / ".7.building").mkdir()
    job = build_definitions(own_copy).resolve_job_def("refresh")
    with DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(partition_key="2025", instance=instance)
    assert result.success
    assert not (own_copy.releases / ".7.building").exists()
    _, status = dti_json(own_copy, "status")
    assert (status["data"]["last_refresh"]["reason"], status["data"]["last_refresh"]["result"]) == (
        "dagster",
        "nothing new",
    )
