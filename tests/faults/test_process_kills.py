"""K02, K03, K07–K10: processes that are killed, stopped, starved, or in each other's way."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
from collections import Counter
from dataclasses import replace

import pytest

from common.errors import LockedError
from pipelines import releases
from pipelines.lock import holder, writing
from tests.support.deployments import start_dti
from tests.support.process_bench import Bench

KILLS = int(os.environ.get("DTI_KILLS", "15"))
SEED = int(os.environ.get("DTI_KILL_SEED", "2025"))
STAGES = {
    "pulling": "land",
    "portal_766": "reference",
    "rebuilding": "reference",
    "dbt:": "dbt",
    "computing": "scores",
    "checking": "checks and release",
    "published": "published",
    "recovered:": "recover",
}


def stage_of(line: str) -> str:
    """The stage that a line of progress begins."""
    return STAGES.get(line.split(" ", 1)[0], "load")


@pytest.mark.slow
def test_K02_killed_at_random_times(bench: Bench) -> None:
    """SIGKILL at random times of a whole refresh, one after the other on the same deployment, each begun with what the
    last one left: 0 lost, 0 doubled, 0 mixed, and a plain run gives the reference (`DTI_KILLS`: how many)."""
    deployment = bench.built()
    plain = bench.do("refresh", deployment)
    assert plain.ended == 0, plain.error
    chance, stages = random.Random(SEED), Counter[str]()
    bench.thorough = False
    for number in range(1, KILLS + 1):
        seconds = chance.uniform(0, 0.9 * plain.seconds)
        done = bench.do("refresh", deployment, kill_after=seconds, dagster_in_memory=number % 8 > 0)
        assert done.ended in {-9, 0}, done.error
        stages["done before" if done.ended == 0 else stage_of(done.stage)] += 1
        assert bench.assert_whole(deployment) == bench.new
        if number % 50 == 0:
            again = bench.do("refresh", deployment, dagster_in_memory=True)
            assert again.ended == 0, again.error
            bench.assert_recovered(deployment)
            print(f"{number} kills, {dict(stages)}", file=sys.stderr, flush=True)
    again = bench.do("refresh", deployment)
    assert again.ended == 0, again.error
    bench.thorough = True
    bench.assert_recovered(deployment)
    assert stages["done before"] < KILLS, "nothing was killed"
    assert len(stages) > 3 or KILLS < 100, stages  # a few may all fall into the longest stages of a busy machine
    print(f"{KILLS} kills, lost 0, doubled 0, mixed 0; while {dict(stages)}")


def test_K03_stopped_by_a_person_or_the_system(bench: Bench) -> None:
    """Ctrl-C and SIGTERM in the middle of a refresh: the process ends within 10 s, leaves its outcome in the journal
    and the lock free, no child outlives it, and the exit code is the shell's for that signal."""
    for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        deployment = bench.built()
        done = bench.do("refresh", deployment, kill_after=4.0, signal=int(number), dagster_in_memory=True)
        assert done.ended == code, done
        assert done.waited < 10
        last = bench.journal(deployment)[-1]
        assert (last["event"], last["error"]["code"]) == ("refresh-failed", "stopped")
        assert bench.assert_whole(deployment) == bench.old


@pytest.mark.slow
@pytest.mark.parametrize("left", [30, 64, 120, 250])
def test_K07_too_little_memory(bench: Bench, left: int) -> None:
    """The address space ends (RLIMIT_AS, so many MiB above what is loaded) at different places of a refresh: it fails,
    told as `OutOfMemory` where the libraries live to tell; nothing is published, and the next run passes."""
    deployment = bench.built()
    done = bench.do("refresh", deployment, memory_left=left * 1024**2, dagster_in_memory=True)
    assert done.ended != 0
    assert done.error.get("code", "OutOfMemory") == "OutOfMemory", done
    assert bench.assert_whole(deployment) == bench.old
    again = bench.do("refresh", deployment, dagster_in_memory=True)
    assert again.ended == 0, again.error
    bench.assert_recovered(deployment)


def test_K07_the_kernel_ends_it(bench: Bench) -> None:
    """The same from outside, as the kernel does it (SIGKILL) while the release is written: nothing is seen of it."""
    deployment = bench.built()
    done = bench.do("publish", deployment, strike=[5, 0, False], kinds=["release file"])
    assert done.ended == -9
    assert bench.assert_whole(deployment) == bench.old
    assert bench.do("publish", deployment).ended == 0
    bench.assert_recovered(deployment)


@pytest.mark.parametrize("others", [1, 7])
def test_K08_several_at_once(bench: Bench, others: int) -> None:
    """Two and eight refreshes at once: one has the lock, each of the others is refused with exit code 7, its pid and
    since when, before it has loaded anything heavy."""
    deployment = bench.built()
    with writing(deployment.lock, "dti refresh"):
        started = [start_dti(deployment, "refresh", "--year", "2025", "--json") for _ in range(others)]
        for one in started:
            out, err = one.communicate(timeout=120)
            assert one.returncode == 7, err
            error = json.loads(out)["error"]
            assert (error["code"], error["data"]["pid"]) == ("locked", str(os.getpid()))
            assert error["data"]["since"]
    assert bench.assert_whole(deployment) == bench.old


def test_K08_only_one_of_several_publishes(bench: Bench) -> None:
    """Processes that publish at the same moment: exactly as many releases as the journal tells of, none twice."""
    deployment = bench.built()
    done = bench.do("together", deployment, processes=4)
    codes = done.error["codes"]
    assert 0 in codes
    assert set(codes) <= {0, 7}
    bench.assert_recovered(deployment)


def test_K09_woken_after_another_took_over(bench: Bench) -> None:
    """A holder is suspended, somebody removes its lock file and another run publishes: woken up, the first publishes
    nothing."""
    deployment = bench.built()
    with writing(deployment.lock, "suspended"):
        workshop = deployment.releases / ".9.building"
        workshop.mkdir()
        standing = releases.current(deployment)
        assert standing is not None
        shutil.copy(standing.file, workshop)
        deployment.lock.unlink()
        assert bench.do("publish", deployment).ended == 0
        workshop.mkdir(exist_ok=True)
        shutil.copy(standing.file, workshop)
        with pytest.raises(LockedError, match="lock-lost"):
            releases.commit(deployment, workshop, replace(standing, number=9))
        with pytest.raises(LockedError, match="lock-lost"):
            releases.publish(deployment, standing)
    shutil.rmtree(workshop)
    bench.assert_recovered(deployment)


def test_K10_lock_file_of_a_dead_process(bench: Bench) -> None:
    """The lock file names a process that is gone, or one that lives and has nothing to do with it: it is taken."""
    deployment = bench.built()
    for pid in (2**22 - 1, os.getppid(), 1):
        deployment.lock.write_text(json.dumps({"pid": pid, "since": "2020-01-01", "command": "dti refresh"}))
        assert holder(deployment.lock) is None
        assert bench.do("publish", deployment).ended == 0
    bench.assert_recovered(deployment)
