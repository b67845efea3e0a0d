"""What several workers share, piece by piece: years, turns, folders, journal, and releases in the lake."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import duckdb
import pytest

from common.errors import ConfigurationError, DifferenceError, GateError, LockedError, SourceError
from connectors import Landing
from connectors.manifest import MANIFEST, sealed
from pipelines import journal, releases, sharing
from pipelines.releases import Release
from pipelines.settings import Deployment
from pipelines.settings_file import Cluster
from pipelines.sharing import lake
from pipelines.sharing.central import TURN, Session, address, connect
from pipelines.sharing.following import Following
from tests.support.cluster import CATALOG, Shared, workers_of
from tests.support.servers.postgres import Postgres
from tests.support.servers.s3 import BUCKET, client, s3

pytestmark = pytest.mark.skipif(
    not version("duckdb").startswith("1.5."), reason="the packaged extensions of a lake exist for DuckDB 1.5 only"
)


@pytest.fixture(scope="module")
def object_store() -> Iterator[str]:
    with s3() as endpoint:
        yield endpoint


@pytest.fixture(params=["folder", pytest.param("objects", marks=pytest.mark.slow)])
def shared(
    request: pytest.FixtureRequest, postgres_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shared]:
    """A place for files of either kind, with a database of its own."""
    if request.param == "folder":
        (tmp_path / "store").mkdir()
        place, endpoint = str(tmp_path / "store"), ""
    else:
        place, endpoint = f"s3://{BUCKET}/{tmp_path.name}", request.getfixturevalue("object_store")
    with workers_of(postgres_server, "pieces", place, endpoint) as made:
        for name, value in made.env.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def one(shared: Shared, own_copy: Deployment) -> Deployment:
    """A worker whose folder has two releases and their pulls, from the time before it shared."""
    return shared.join(own_copy)


@pytest.fixture
def other(shared: Shared, one: Deployment, tmp_path: Path) -> Deployment:
    """A second worker, with nothing in its folder."""
    return shared.another(one, tmp_path / "other")


def cluster_of(deployment: Deployment) -> Cluster:
    assert deployment.settings.cluster is not None
    return deployment.settings.cluster


def session_of(deployment: Deployment, command: str = "dti refresh") -> Session:
    cluster = cluster_of(deployment)
    return Session(cluster, command, connect(cluster, command))


def follow(deployment: Deployment) -> None:
    with connect(cluster_of(deployment), "dti") as connection:
        Following(deployment, cluster_of(deployment), connection).exchange()


def put(deployment: Deployment, release: Release) -> None:
    lake.publish(cluster_of(deployment), release, release.file, "a-worker")


def published(deployment: Deployment) -> Release:
    release = releases.current(deployment)
    assert release is not None
    return release


def test_a_year_has_one_writer_and_its_death_frees_it(one: Deployment) -> None:
    first, second = session_of(one), session_of(one, "dti backfill")
    first.claim([2024])
    second.claim([2025])
    with pytest.raises(LockedError) as caught:
        second.claim([2024, 2025])
    assert caught.value.exit_code == 7
    assert "dti refresh" in caught.value.message.vi
    assert "2024" in caught.value.message.vi
    first.close()
    second.claim([2024])  # at once: the next command does not wait until the server notices that the last one is gone
    third = session_of(one, "dti release build")
    second.connection.close()  # what the kernel does for a process that was killed
    patience = time.monotonic() + 60
    while True:
        try:
            third.claim([2024, 2025])
            break
        except LockedError:
            assert time.monotonic() < patience
            time.sleep(0.05)
    third.close()
    third.close()  # hanging up twice is no error


def test_a_turn_that_went_with_its_connection_is_not_believed_in(one: Deployment, shared: Shared) -> None:
    session = session_of(one)
    session.take_turn()
    session.assert_turn()
    assert session_of(one).holder(TURN)["command"].endswith("dti refresh")
    shared.server.run("select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%refresh'")
    with pytest.raises(SourceError, match="catalog-unreachable"):
        session.assert_turn()
    again = session_of(one)
    again.take_turn()
    again.connection.execute("select pg_advisory_unlock_all()")
    with pytest.raises(LockedError, match="turn-lost"):
        again.assert_turn()


def test_what_one_worker_did_the_other_brings_in(one: Deployment, other: Deployment) -> None:
    put_at_start = published(one)
    follow(one)
    put(one, put_at_start)
    follow(other)
    assert [pull.manifest for pull in Landing(other.landing).pulls()] == [
        pull.manifest for pull in Landing(one.landing).pulls()
    ]
    for pull in Landing(other.landing).pulls():
        Landing(other.landing).verify(pull)
    copied = published(other)
    assert (copied.number, copied.hashes) == (put_at_start.number, put_at_start.hashes)
    releases.verify(copied)
    with duckdb.connect(str(other.warehouse), read_only=True) as con, duckdb.connect(str(one.warehouse)) as origin:
        meaning = "select table_name, column_name, comment from duckdb_columns() where comment is not null order by all"
        assert con.execute(meaning).fetchall() == origin.execute(meaning).fetchall()
    brought = [entry for entry in journal.read(other.journal) if not journal.own(entry)]
    own = list(journal.read(one.journal))
    assert [{k: v for k, v in entry.items() if k not in {"worker", "line"}} for entry in brought] == own
    follow(one)  # nothing of it comes back as news
    assert list(journal.read(one.journal)) == own


def test_a_pull_is_decided_once(one: Deployment, other: Deployment) -> None:
    follow(one)
    follow(other)
    pull_id = Landing(one.landing).pulls()[0].pull_id
    Landing(one.landing).decide(pull_id, "reject", "wrong figures", "an")
    Landing(other.landing).decide(pull_id, "reject", "other words", "binh")
    follow(one)
    with pytest.raises(DifferenceError, match="decided-elsewhere"):
        follow(other)
    decided = Landing(other.landing).find(pull_id).decision
    assert decided is not None
    assert decided.by == "an"


@pytest.mark.slow
def test_a_pull_without_its_manifest_does_not_count(one: Deployment, other: Deployment, shared: Shared) -> None:
    """What a killed sender leaves: its files are there, its manifest is not."""
    follow(one)
    path = f"landing/{Landing(one.landing).pulls()[0].folder.relative_to(one.landing).as_posix()}"
    _remove(shared, cluster_of(one).store, f"{path}/{MANIFEST}")
    follow(other)
    assert len(Landing(other.landing).pulls()) == len(Landing(one.landing).pulls()) - 1
    if not cluster_of(one).in_objects:  # on a mounted folder a pull appears whole: only a person can do this to it
        shutil.rmtree(Path(cluster_of(one).store) / path)
    follow(one)  # the sender comes back and finishes
    follow(other)
    assert len(Landing(other.landing).pulls()) == len(Landing(one.landing).pulls())


def _remove(shared: Shared, store: str, path: str) -> None:
    if shared.endpoint:
        client(shared.endpoint).rm_file(f"{store}/{path}")
    else:
        (Path(store) / path).unlink()


@pytest.mark.slow
def test_an_altered_file_in_the_store_is_named_and_not_brought_in(
    one: Deployment, other: Deployment, shared: Shared
) -> None:
    follow(one)
    store = cluster_of(one).store
    if shared.endpoint:
        bucket = client(shared.endpoint)
        bucket.pipe_file(next(p for p in bucket.find(store) if "/scores.parquet" in p), b"PAR1")
    else:
        next(Path(store).rglob("scores.parquet")).write_bytes(b"PAR1")
    with pytest.raises(DifferenceError, match="scores") as caught:
        follow(other)
    assert caught.value.where.startswith(store)
    assert len(Landing(other.landing).pulls()) < len(Landing(one.landing).pulls())
    for pull in Landing(other.landing).pulls():
        Landing(other.landing).verify(pull)


@pytest.mark.slow
def test_the_first_of_two_senders_of_one_pull_wins(one: Deployment, other: Deployment) -> None:
    """The same pull of two workers has the same id; the manifest tells another time of day."""
    follow(one)
    first = Landing(one.landing).pulls()[0]
    folder = other.landing / first.folder.relative_to(one.landing)
    shutil.copytree(first.folder, folder)
    told = {key: value for key, value in first.manifest.items() if key != "manifest_sha256"}
    (folder / MANIFEST).write_text(json.dumps(sealed({**told, "pulled_at": "2025-10-17T01:00:00+07:00"})))
    with connect(cluster_of(other), "dti") as connection:
        following = Following(other, cluster_of(other), connection)
        following._store.files = lambda prefix: set()  # type: ignore[method-assign]  # asked before the first one sent
        following.hand_over()
    assert Landing(other.landing).find(first.pull_id).manifest == first.manifest


@pytest.mark.slow
def test_earlier_knowledge_goes_beside_the_current_release(one: Deployment, other: Deployment) -> None:
    follow(one)
    late, early = published(one), releases.read(one.releases / "1")
    put(one, late)
    backdated = replace(early, number=3)
    lake.publish(cluster_of(one), backdated, early.file, "a-worker")
    put(one, late)  # a second time does nothing
    with lake.opened(cluster_of(one)) as con:
        assert [(s.number, s.schema.name) for s in lake.shelf(con)] == [(2, "main"), (3, "earlier")]
        shown = con.execute("select max(release) from lake.main.releases").fetchall()
    assert shown == [(2,)]
    follow(other)
    assert published(other).number == 2
    assert releases.read(other.releases / "3").hashes == early.hashes


@pytest.mark.slow
def test_an_old_release_is_readable_until_it_is_let_go(one: Deployment) -> None:
    follow(one)
    first, second = releases.read(one.releases / "1"), published(one)
    put(one, first)
    put(one, second)
    cluster = cluster_of(one)
    total = "select sum(total) from {}rankings"
    with duckdb.connect(str(first.file), read_only=True) as con:
        expected = con.execute(total.format("")).fetchall()
    with lake.opened(cluster) as con:
        snapshot = lake.shelf(con)[0].snapshot
        at = f"select sum(total) from lake.main.rankings at (version => {snapshot})"
        assert con.execute(at).fetchall() == expected
        assert con.execute(total.format("lake.main.")).fetchall() != expected
    lake.forget(cluster, [1, 2])  # the head stays whatever the retention says
    with lake.opened(cluster) as con:
        assert [one.number for one in lake.shelf(con)] == [2]


@pytest.mark.slow
def test_of_two_that_publish_at_once_one_is_refused(one: Deployment) -> None:
    """The turn makes this impossible; should it be lost, the catalog does not let the second through."""
    follow(one)
    release, cluster = published(one), cluster_of(one)
    put(one, releases.read(one.releases / "1"))
    with lake.opened(cluster, write=True) as con:
        con.execute("begin")
        con.execute("create or replace table lake.main.rankings as select 1 as stalled")
        put(one, release)
        with pytest.raises(duckdb.Error, match="conflict"):
            con.execute("commit")
    with lake.opened(cluster) as con:
        assert con.execute("select count(*) from lake.main.rankings").fetchall()[0][0] == release.rows["rankings"]


def test_a_release_that_reads_back_otherwise_is_not_shown(one: Deployment) -> None:
    follow(one)
    release = published(one)
    with pytest.raises(GateError, match="rankings"):
        put(one, replace(release, hashes={**release.hashes, "rankings": "0" * 64}))
    with lake.opened(cluster_of(one)) as con:
        assert lake.shelf(con) == []
        assert con.execute("select count(*) from duckdb_tables() where database_name = 'lake'").fetchall() == [(0,)]


def test_a_reader_is_told_when_it_cannot_follow(one: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    follow(one)
    assert sharing.catch_up(one) == []
    monkeypatch.setenv(CATALOG, "postgresql://dti:secret-word@127.0.0.1:9/dti")
    (warning,) = sharing.catch_up(Deployment(one.root))
    assert "máy này" in warning.vi
    assert "secret-word" not in warning.vi
    assert published(one).number == 2


def test_the_doctor_looks_at_what_is_shared(one: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    follow(one)
    put(one, published(one))
    session = session_of(one)
    session.claim([2024])
    assert "1 releases; 2024: " in sharing.examine(one).en
    session.close()
    assert "nobody writes" in sharing.examine(one).en
    monkeypatch.setenv(CATALOG, "postgresql://dti:secret-word@127.0.0.1:9/dti")
    with pytest.raises(SourceError, match="catalog-unreachable"):
        sharing.examine(one)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("postgresql://dti:secret-word@db.example/dti", "sslmode=verify-full"),
        ("postgresql://dti:secret-word@db.example/dti?sslmode=require", "sslmode=verify-full"),
        ("secret-word", "PostgreSQL"),
    ],
)
def test_the_catalog_is_reached_over_verified_tls(given: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CATALOG, given)
    with pytest.raises(ConfigurationError, match="catalog-address") as caught:
        address(Cluster.model_validate({"catalog": {"secret": CATALOG}, "store": "/mnt/dti"}))
    assert said in caught.value.message.vi
    assert "secret-word" not in str(caught.value.as_dict("vi"))


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ("{catalog: {secret: A}, store: shared}", "store"),
        ("{catalog: {secret: A}, store: 's3://bucket/x'}", "store-s3"),
        ("{catalog: 'postgresql://dti:word@host/dti', store: /mnt}", "secret-in-file"),
        (
            "{catalog: {secret: A}, store: 's3://b-1/x', s3: {endpoint: 'http://s3.example', key_id: {secret: K}, "
            "secret_key: {secret: S}}}",
            "endpoint-without-tls",
        ),
        ("{catalog: {secret: A}, store: /mnt, executor: rm -rf}", "executor"),
    ],
)
def test_a_wrong_section_is_told_with_its_place(deployment: Deployment, section: str, code: str) -> None:
    with (deployment.root / "dti.yaml").open("a") as settings:
        settings.write(f"cluster: {section}\n")
    with pytest.raises(ConfigurationError) as caught:
        _ = Deployment(deployment.root).settings
    (finding,) = caught.value.findings
    assert finding.code == code
    assert "dti.yaml:" in finding.where
