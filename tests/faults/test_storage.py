"""K04, K11–K17, K26, K27: power cuts, readers, leftovers, altered files, a lost link, a disk that is nearly full."""

from __future__ import annotations

import os
import pickle
import random
import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from common.errors import DifferenceError, SourceError, StorageError
from connectors import Landing
from connectors.manifest import read_pull
from pipelines import build, machine, releases
from pipelines.lock import writing
from pipelines.releases import Release
from pipelines.settings import Deployment
from tests.support.deployments import dti_json
from tests.support.power import Disk
from tests.support.process_bench import Bench

READER = Path(__file__).parents[1] / "support" / "reader.py"
FLIPS = int(os.environ.get("DTI_FLIPS", "10000"))
AS_OF = "2025-10-16T23:59:59+07:00"
Usage = namedtuple("Usage", "total used free")
PUBLICATIONS = int(os.environ.get("DTI_PUBLICATIONS", "1000"))


def cut_at_every_call(bench: Bench, job: str, copy: Callable[[], Deployment]) -> int:
    """Record a job, then replay it call by call; after each that matters cut the power, look, and run it again."""
    bench.thorough = False
    origin, recorded = copy(), bench.place / "calls"
    disk, root = Disk(origin.root), origin.root
    assert bench.do(job, origin, watched=True, contents=str(recorded)).ended == 0
    bench.gone(origin)
    cuts = 0
    for call in pickle.loads(recorded.read_bytes()):
        if not disk.apply(call):
            continue
        for names in (False, True):
            disk.found_again(root, names=names)
            bench.assert_whole(Deployment(root))
            again = bench.do(job, Deployment(root))
            assert again.ended == 0, f"after a cut at {call.name} {call.path}: {again.error}"
            bench.assert_whole(Deployment(root))
            assert bench.leftovers(Deployment(root)) == []
            shutil.rmtree(root)
            cuts += 1
    return cuts


@pytest.mark.slow
@pytest.mark.parametrize("job", ["land", "publish"])
def test_K04_power_cut(bench: Bench, job: str) -> None:
    """The power goes after any call: bytes that were not flushed are gone, names too or only the bytes. What a manifest
    names is there in full, the old or the new is seen, and the next run passes."""
    print(f"{job}: {cut_at_every_call(bench, job, bench.landed if job == 'land' else bench.built)} power cuts")


def prepared(bench: Bench) -> tuple[Deployment, list[Release]]:
    """A deployment whose retention is short, and two finished releases to publish again and again."""
    deployment = bench.copy()
    with (deployment.root / "dti.yaml").open("a") as settings:
        settings.write("retention: {releases: 30, days: 0}\n")
    return Deployment(deployment.root), releases.all_of(deployment)


def publish_again(deployment: Deployment, release: Release, number: int) -> None:
    """One publication through the real code: flushed, renamed, the link moved, old releases removed."""
    workshop = deployment.releases / f".{number}.building"
    workshop.mkdir()
    shutil.copyfile(release.file, workshop / releases.FILE)
    releases.publish(deployment, releases.commit(deployment, workshop, replace(release, number=number, as_of=AS_OF)))
    releases.prune(deployment)


@contextmanager
def kept_apart(made: list[Release], place: Path) -> Iterator[list[Release]]:
    """The files of releases where no retention reaches them."""
    for release in made:
        shutil.copytree(release.folder, place / str(release.number))
    yield [replace(release, folder=place / str(release.number)) for release in made]


def test_K11_a_reader_holds_its_release(bench: Bench) -> None:
    """An analyst keeps a release open through 20 publications with a retention that removes its file: the answers stay
    the same, and publishing goes on."""
    deployment, made = prepared(bench)
    text = (deployment.root / "dti.yaml").read_text().replace("releases: 30", "releases: 1")
    (deployment.root / "dti.yaml").write_text(text)
    deployment = Deployment(deployment.root)
    question = "select assessment_year, agency_id, period, total from rankings order by all"
    with (
        kept_apart(made, bench.place / "kept") as two,
        duckdb.connect(str(deployment.warehouse), read_only=True) as con,
    ):
        before = con.execute(question).fetchall()
        with writing(deployment.lock, "test"):
            for number in range(3, 23):
                publish_again(deployment, two[number % 2], number)
        assert not made[1].file.exists(), "the retention has removed the file that is being read"
        assert con.execute(question).fetchall() == before
        assert con.execute("select count(*) from indicator_scores").fetchall()[0][0] > 0
    assert (releases.current(deployment) or made[0]).number == 22


@pytest.mark.slow
def test_K12_readers_in_a_loop(bench: Bench) -> None:
    """16 analysts open the warehouse, read two tables that must fit together and close it, again and again, through
    1,000 publications of two releases in turn: no error, no mixture."""
    deployment, made = prepared(bench)
    reports = [bench.place / f"reader-{one}" for one in range(16)]
    words = ["nice", "-n", "15", sys.executable, str(READER), str(deployment.warehouse)]  # publishing goes first
    with ExitStack() as ends:
        readers = [subprocess.Popen([*words, str(report)], stderr=subprocess.PIPE) for report in reports]
        for reader in readers:
            ends.callback(reader.kill)  # whatever happens, none outlives the test
        with kept_apart(made, bench.place / "kept") as two, writing(deployment.lock, "test"):
            for number in range(3, 3 + PUBLICATIONS):
                publish_again(deployment, two[number % 2], number)
        for reader in readers:
            reader.terminate()
        assert [reader.communicate(timeout=300)[1] for reader in readers] == [b""] * len(readers)
    found = [report.read_text().split(";") for report in reports]
    reads, errors = sum(int(one[0]) for one in found), sum(int(one[1]) for one in found)
    assert errors == 0
    assert reads > len(readers)
    assert {release for one in found for release in one[2].split(",")} == {"1", "2"}, "both were seen"
    print(f"{PUBLICATIONS} publications, {reads} reads by {len(readers)} readers, errors 0, mixed 0")


def test_K13_a_long_lived_process_reconnects(bench: Bench) -> None:
    """A notebook that connects again after a publication sees the new release, also while its old connection, which
    keeps its own, is open."""
    deployment = bench.built()
    question = "select max(release) from releases"
    with duckdb.connect(str(deployment.warehouse), read_only=True) as old:
        assert old.execute(question).fetchall() == [(1,)]
        assert bench.do("publish", deployment).ended == 0
        with duckdb.connect(str(deployment.warehouse), read_only=True) as new:
            assert new.execute(question).fetchall() == [(2,)]
        assert old.execute(question).fetchall() == [(1,)]


def test_K14_leftovers_of_killed_runs(bench: Bench) -> None:
    """A log of changes (`.wal`) beside the build file, unfinished workshops, links and manifests: removed, never read.
    A release with a log beside it is refused."""
    deployment = bench.built()
    with duckdb.connect(str(bench.place / "other.duckdb")) as con:
        con.execute("set checkpoint_threshold = '1TB'")
        con.execute("create table intruder as select 1 as a")
        shutil.copy(bench.place / "other.duckdb.wal", deployment.build / "dti.duckdb.wal")
    build.start(deployment)
    assert list(deployment.build.iterdir()) == []
    deployment = bench.built()
    for name in (".7.building", ".3.removed"):
        (deployment.releases / name).mkdir()
        (deployment.releases / name / "dti.duckdb").write_bytes(b"half")
    deployment.root.joinpath(".warehouse.duckdb.tmp").symlink_to("releases/9/dti.duckdb")
    work = deployment.landing / "portal_766" / "2025" / ".pulling-dead"
    work.mkdir()
    (work / "pull.json").write_text("{}")
    assert bench.do("land", deployment).ended == 0
    assert bench.do("publish", deployment).ended == 0
    bench.assert_recovered(deployment)
    standing = releases.current(deployment)
    assert standing is not None
    standing.file.with_name("dti.duckdb.wal").write_bytes(b"x")
    with pytest.raises(DifferenceError, match="release-wal"):
        releases.verify(standing)


def refused(check: Callable[[], object]) -> bool:
    try:
        check()
    except SourceError:
        return True
    return False


def test_K15_every_flipped_bit_is_noticed(bench: Bench, tmp_path: Path) -> None:
    """10,000 single bits of a pull's files flipped, one at a time: each is noticed, by seal or hash."""
    deployment = bench.copy()
    landing, chance = Landing(deployment.landing), random.Random(15)
    landing.decide(bench.pulls[0], "reject", "thử", "kiểm thử")
    pull = landing.find(bench.pulls[0])
    sizes = {path: path.stat().st_size for path in sorted(pull.folder.iterdir())}
    missed = []
    for _ in range(FLIPS):
        path = chance.choices(list(sizes), list(sizes.values()))[0]
        at, bit = chance.randrange(sizes[path]), chance.randrange(8)
        with path.open("r+b") as file:
            file.seek(at)
            before = file.read(1)
            file.seek(at)
            file.write(bytes([before[0] ^ 1 << bit]))
            file.flush()
            if not refused(lambda: landing.verify(read_pull(pull.folder))):
                missed.append((path.name, at, bit))
            file.seek(at)
            file.write(before)
    assert missed == []
    landing.verify(read_pull(pull.folder))


@pytest.mark.parametrize("spoil", ["flip", "truncate", "remove", "swap", "add", "remove all"])
def test_K15_an_altered_pull_stops_the_build(bench: Bench, spoil: str) -> None:
    """One bit flipped, the end cut off, a file or a whole pull removed, exchanged with another's, or added: the build
    stops at that file, and what is published stays."""
    deployment = bench.copy()
    folders = [deployment.landing / "portal_766" / "2025" / pull_id for pull_id in bench.pulls]
    table = next(path for path in folders[-1].glob("*.parquet") if path.name != "quarantine.parquet")
    content = table.read_bytes()
    if spoil == "flip":
        table.write_bytes(content[:50] + bytes([content[50] ^ 4]) + content[51:])
    elif spoil == "truncate":
        table.write_bytes(content[:-1])
    elif spoil == "remove":
        table.unlink()
    elif spoil == "swap":
        shutil.copy(folders[0] / table.name, table)
    elif spoil == "add":
        (folders[-1] / "more.parquet").write_bytes(content)
    else:
        shutil.rmtree(folders[-1])
    done = bench.do("verify", deployment)
    assert done.ended in {2, 4}, done
    assert done.error["code"] in {"FileAltered", "UnknownPull"}
    assert bench.pulls[-1] in done.error["where"] + done.error["message"]


def test_K16_half_a_file_is_never_referred_to(bench: Bench) -> None:
    """Half a Parquet file without a manifest is not read and is cleared away; with one the pull was altered."""
    deployment = bench.copy()
    home = deployment.landing / "portal_766" / "2025"
    table = next(path for path in (home / bench.pulls[-1]).glob("*.parquet") if path.name != "quarantine.parquet")
    half = table.read_bytes()[: table.stat().st_size // 2]
    for name in (".pulling-half", "20251017T000000-00000000"):
        (home / name).mkdir()
        (home / name / table.name).write_bytes(half)
    landing = Landing(deployment.landing)
    assert [pull.pull_id for pull in landing.pulls()] == bench.pulls
    assert bench.do("land", deployment).ended == 0
    assert not (home / ".pulling-half").exists()
    table.write_bytes(half)
    assert bench.do("verify", deployment).error["code"] == "FileAltered"


def test_K17_a_flipped_bit_of_a_release(bench: Bench) -> None:
    """`dti release verify` fails at any bit of a published file and names the release to use; `repair` leads there."""
    deployment, chance = bench.copy(), random.Random(17)
    standing = releases.current(deployment)
    assert standing is not None
    content = standing.file.read_bytes()
    for _ in range(8):
        at = chance.randrange(len(content))
        standing.file.write_bytes(content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :])
        with pytest.raises(DifferenceError):
            releases.verify(standing)
    code, answer = dti_json(deployment, "release", "verify", "--lang", "en")
    assert code == 6
    assert "release 1 is sound" in answer["error"]["hint"]
    code, answer = dti_json(deployment, "release", "repair")
    assert (code, answer["data"]["number"]) == (0, 1)
    assert bench.assert_whole_but(deployment, standing.number) == bench.old


@pytest.mark.parametrize("spoil", ["missing", "dangling", "garbled", "elsewhere"])
def test_K26_the_link_is_lost(bench: Bench, spoil: str) -> None:
    """The analysts' path is gone, leads nowhere, is a file of its own or leads elsewhere: commands say so and name the
    way out, `repair` leads it to the newest sound release, and a refresh does so by itself."""
    deployment = bench.copy()
    link = deployment.warehouse
    link.unlink()
    if spoil == "dangling":
        link.symlink_to("releases/99/dti.duckdb")
    elif spoil == "garbled":
        link.write_bytes(b"not a database")
    elif spoil == "elsewhere":
        link.symlink_to("/etc/hostname")
    code, answer = dti_json(deployment, "rank", "--year", "2025", "--group", "province")
    assert (code, answer["error"]["code"]) == (6, "warehouse-link")
    assert "dti release repair" in answer["error"]["hint"]
    spoiled = bench.place / "spoiled"
    shutil.copytree(deployment.root, spoiled, symlinks=True)
    code, answer = dti_json(deployment, "release", "repair")
    assert (code, answer["data"]["number"]) == (0, 2)
    assert bench.assert_whole(deployment) == bench.new
    assert bench.do("publish", Deployment(spoiled)).ended == 0
    assert bench.assert_whole(Deployment(spoiled)) == bench.new
    kept = list(spoiled.glob("warehouse.duckdb.aside-*"))
    assert [path.read_bytes() for path in kept] == ([b"not a database"] if spoil == "garbled" else [])


def test_K26_without_any_sound_release_the_error_says_so(bench: Bench) -> None:
    """Where every release is damaged `repair` leaves nothing at the path and says how to build one."""
    deployment = bench.copy()
    for release in releases.all_of(deployment):
        release.file.write_bytes(b"x")
    code, answer = dti_json(deployment, "release", "repair")
    assert (code, answer["error"]["code"]) == (6, "no-sound-release")
    assert not os.path.lexists(deployment.warehouse)
    assert bench.do("publish", deployment).ended == 0
    standing = releases.current(deployment)
    assert standing is not None
    assert standing.number == 3


def test_K27_a_disk_that_is_nearly_full(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less room than a run is likely to take: refused before anything is begun, with the estimate; the estimate covers
    what a run really writes."""
    deployment = bench.built()
    needed = machine.bytes_needed(deployment)
    before = sum(path.stat().st_size for path in deployment.root.rglob("*") if path.is_file())
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: Usage(100 * needed, 99 * needed, needed - 1))
    with pytest.raises(StorageError) as caught:
        machine.require_room(deployment)
    assert (caught.value.code, caught.value.exit_code) == ("DiskLow", 3)
    assert str(needed) in caught.value.message.vi
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: Usage(100 * needed, 99 * needed, needed))
    machine.require_room(deployment)
    monkeypatch.undo()
    done = bench.do("refresh", deployment, room=needed - 1)
    assert (done.ended, done.error["code"]) == (3, "DiskLow")
    assert bench.assert_whole(deployment) == bench.old
    assert bench.do("publish", deployment).ended == 0
    after = sum(path.stat().st_size for path in deployment.root.rglob("*") if path.is_file())
    assert after - before < needed
