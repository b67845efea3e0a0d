"""Two workers at once, each with a folder of its own: they share a PostgreSQL and a place for files, pull different
years, and what they publish is what one machine would have published."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines import journal, releases
from pipelines.dagster_home import prepare_home
from pipelines.refresh import refresh
from pipelines.releases import Release
from pipelines.settings import CODE, Deployment
from pipelines.settings_file import Cluster
from pipelines.sharing import lake
from tests.support.cluster import DAGSTER_YAML, Shared, workers_of
from tests.support.deployments import dti, dti_json, sample_deployment, start_dti
from tests.support.servers.postgres import Postgres
from tests.support.servers.s3 import BUCKET, s3

pytestmark = pytest.mark.slow

DAY, YEARS = "2025-10-16", (2024, 2025)
QUERIES = re.findall(r"```sql\n(.*?)```", (CODE / "docs" / "warehouse.md").read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """What one machine publishes of both years: the default, one file."""
    made = sample_deployment(tmp_path_factory.mktemp("alone") / "data")
    done = refresh(made, YEARS, as_of=DAY, reason="tests").release
    assert done is not None
    return done


@pytest.fixture
def on_s3(postgres_server: Postgres, tmp_path: Path) -> Iterator[Shared]:
    with s3() as endpoint, workers_of(postgres_server, "two", f"s3://{BUCKET}/{tmp_path.name}", endpoint) as made:
        yield made


@pytest.fixture
def on_a_folder(postgres_server: Postgres, tmp_path: Path) -> Iterator[Shared]:
    (tmp_path / "store").mkdir()
    with workers_of(postgres_server, "two", str(tmp_path / "store")) as made:
        yield made


def start(worker: Deployment, year: int, shared: Shared) -> subprocess.Popen[str]:
    return start_dti(worker, "refresh", "--year", str(year), "--as-of", DAY, env=shared.env)


def finish(process: subprocess.Popen[str]) -> None:
    _, said = process.communicate(timeout=600)
    assert process.returncode == 0, said


def assert_same_results(release: Release, alone: Release) -> None:
    """Every table has the same content; pulls were only made at another time of day."""
    assert release.fingerprint == alone.fingerprint
    different = {table for table, digest in alone.hashes.items() if release.hashes.get(table) != digest}
    assert different <= {"pulls"}
    assert release.hashes.keys() == alone.hashes.keys()
    columns = "select * exclude (pulled_at) from {} order by all"
    with duckdb.connect() as con:
        for name, one in (("here", release), ("there", alone)):
            con.execute(f"attach '{one.file}' as {name} (read_only)")
        here, there = (con.execute(columns.format(f"{name}.pulls")).fetchall() for name in ("here", "there"))
    assert here == there


def test_two_workers_at_once_publish_what_one_machine_does(
    alone: Release, on_s3: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = on_s3.join(sample_deployment(tmp_path / "first"))
    second = on_s3.another(first, tmp_path / "second")
    reader = on_s3.another(first, tmp_path / "reader")
    processes = [start(first, 2024, on_s3), start(second, 2025, on_s3)]
    for process in processes:
        finish(process)

    # A third machine, which never pulled anything, reads what both made.
    code, status = dti_json(reader, "status", env=on_s3.env)
    assert code == 0
    assert status["data"]["release"]["number"] == 2
    _, answer = dti_json(reader, "sql", "select count(*) as n from rankings", env=on_s3.env)
    assert answer["data"]["rows"] == [{"n": alone.rows["rankings"]}]
    assert dti(reader, "rank", "--year", "2024", "--group", "department", env=on_s3.env).returncode == 0
    code, why = dti_json(reader, "explain", "an-giang-cu-so-y-te", "6.7", "--year", "2024", env=on_s3.env)
    assert code == 0, why
    assert dti(reader, "release", "verify", env=on_s3.env).returncode == 0
    published = releases.current(reader)
    assert published is not None
    assert_same_results(published, alone)

    # Analysts ask the lake itself: the queries of docs/warehouse.md give what they give on the file.
    for name, value in on_s3.env.items():
        monkeypatch.setenv(name, value)
    with lake.opened(_cluster(first)) as con, duckdb.connect(str(alone.file), read_only=True) as file:
        con.execute("use lake")
        for query in QUERIES:
            assert sorted(map(str, con.execute(query).fetchall())) == sorted(map(str, file.execute(query).fetchall()))

    # Both runs stand in Dagster's PostgreSQL; nothing of them in the folders.
    assert on_s3.dagster("select status, count(*) from runs group by status") == [("SUCCESS", 2)]
    assert not list(first.dagster_home.rglob("*.db"))
    assert {entry["worker"] for entry in journal.read(reader.journal)} == {
        f"{_host()}:{worker.root}" for worker in (first, second)
    }


def test_a_killed_worker_holds_nobody_up_and_finishes_later(
    alone: Release, on_a_folder: Shared, tmp_path: Path
) -> None:
    first = on_a_folder.join(sample_deployment(tmp_path / "first"))
    second = on_a_folder.another(first, tmp_path / "second")
    killed = start(first, 2024, on_a_folder)
    assert killed.stderr is not None
    for line in killed.stderr:  # it has its year and its turn, and a build that nobody has seen
        if "kiểm tra kết quả" in line:
            break
    refused = dti(second, "refresh", "--year", "2024", "--as-of", DAY, env=on_a_folder.env)
    assert refused.returncode == 7, refused.stderr
    other = start(second, 2025, on_a_folder)
    assert other.stderr is not None
    for line in other.stderr:
        if "chờ" in line:  # for its turn
            break
    killed.kill()
    killed.communicate()
    finish(other)
    published = releases.current(second)
    assert published is not None
    assert_same_results(published, alone)  # the pulls of the killed one were handed over before it died

    finish(start(first, 2024, on_a_folder))
    again = releases.current(first)
    assert again is not None
    assert_same_results(again, alone)


KILL = """
import os, signal, sys
from pathlib import Path
from pipelines import content_hash, releases
from pipelines.settings import Deployment
from pipelines.sharing import lake

deployment = Deployment(Path(sys.argv[1]))
release = releases.current(deployment)
content_hash.table_hash = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # all is written, nothing committed
lake.publish(deployment.settings.cluster, release, release.file, "killed")
"""


def test_killed_while_it_writes_into_the_lake_nothing_is_seen(
    own_copy: Deployment, on_a_folder: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = on_a_folder.join(own_copy)
    for name, value in on_a_folder.env.items():
        monkeypatch.setenv(name, value)
    with lake.opened(_cluster(worker), write=True):
        pass
    died = subprocess.run([sys.executable, "-c", KILL, str(worker.root)], cwd=CODE, check=False)
    assert died.returncode == -9
    assert list(Path(_cluster(worker).lake_path).rglob("*.parquet"))
    with lake.opened(_cluster(worker)) as con:
        assert lake.shelf(con) == []
        assert con.execute("select count(*) from duckdb_tables() where database_name = 'lake'").fetchall() == [(0,)]
    release = releases.current(worker)
    assert release is not None
    lake.publish(_cluster(worker), release, release.file, "again")
    with lake.opened(_cluster(worker)) as con:
        assert [one.number for one in lake.shelf(con)] == [release.number]


def test_every_step_in_a_process_of_its_own(own_copy: Deployment, on_a_folder: Shared, tmp_path: Path) -> None:
    """Another executor by configuration: steps take turns at the build file, and the release is the same."""
    alone = releases.current(own_copy)
    assert alone is not None
    worker = on_a_folder.join(own_copy)
    path = worker.root / "dti.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "  executor: dagster.multiprocess_executor\n", encoding="utf-8")
    (worker.root / "dagster.yaml").write_text(f"{DAGSTER_YAML}concurrency: {{pools: {{granularity: op}}}}\n")
    worker = Deployment(worker.root)
    prepare_home(worker)
    settings = {"data": str(worker.root), "rebuild": True, "as_of": alone.as_of}
    (tmp_path / "job.yaml").write_text(json.dumps({"resources": {"refresh": {"config": settings}}}), encoding="utf-8")
    words = ["-m", "dagster", "job", "execute", "-m", "pipelines.definitions", "-j", "rebuild"]
    env = {**os.environ, **on_a_folder.env, "DTI_DATA": str(worker.root), "DAGSTER_HOME": str(worker.dagster_home)}
    done = subprocess.run(
        [sys.executable, *words, "-c", str(tmp_path / "job.yaml")],
        cwd=CODE, env=env, capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    processes = on_a_folder.dagster("select count(*) from event_logs where dagster_event_type = 'STEP_WORKER_STARTED'")
    assert processes[0][0] > 5
    release = releases.all_of(worker)[-1]
    assert release.number > alone.number
    assert {name for name, digest in alone.hashes.items() if release.hashes[name] != digest} == set()


def _cluster(deployment: Deployment) -> Cluster:
    cluster = deployment.settings.cluster
    assert cluster is not None
    return cluster


def _host() -> str:
    import socket

    return socket.gethostname()
