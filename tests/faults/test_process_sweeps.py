"""K01, K05, K06: every system call that changes storage is one place to be killed or refused. Swept, not sampled.

Landing, build and publication are killed at every call; a full disk and a failing one take turns at their calls, and
with `DTI_SWEEP=all` are met at every one. Dagster's home is written by Dagster some nine thousand times in the same
few ways, and nothing is ever read from it that decides a result: with `DTI_SWEEP=all` the first and a late call of
each way are tried, in a home that is being made and in one that is there.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable

import pytest

from connectors import Landing
from pipelines.settings import Deployment
from tests.support.process_bench import Bench
from tests.support.syscalls import Call
from tests.support.zygote import FILLING, Done

ALL = os.environ.get("DTI_SWEEP") == "all"
TURNS = {0: slice(None), errno.ENOSPC: slice(0, None, 2), errno.EIO: slice(1, None, 2)}
FULL = {"names": FILLING}
SPREAD = 4
"""DuckDB flushes from several threads and now and then needs a call or two less than the time before."""
CODES = {errno.ENOSPC: "DiskFull", errno.EIO: "DiskFailed"}
Copy = Callable[[], Deployment]


def in_turn(calls: list[Call], number: int) -> list[int]:
    return list(range(1, len(calls) + 1))[slice(None) if ALL else TURNS[number]]


def first_and_late(calls: list[Call]) -> list[tuple[str, int]]:
    """Of each way of writing; how often Dagster writes differs by some hundredths from run to run."""
    ways = Counter(call.name for call in calls)
    return [(name, at) for name, count in ways.items() for at in sorted({1, count - count // 10})]


def assert_told(done: Done, deployment: Deployment, number: int) -> None:
    """I11: refused by the disk, a command says what and where, with its exit code; or it did without that call."""
    if done.ended:
        assert (done.ended, done.error["code"]) == (3, CODES[number]), done
        assert done.error["where"].startswith(str(deployment.root)), done
        assert done.error["hint"]


def sweep(bench: Bench, job: str, copy: Copy, number: int, after: Callable[[Deployment], None]) -> int:
    """Strike a job at each of its calls, on a fresh copy each time; then look, and do it again in peace."""
    narrowed = FULL if number == errno.ENOSPC else {}
    bench.thorough = False
    first = copy()
    calls = bench.do(job, first, watched=True, **narrowed).calls
    bench.gone(first)
    places = in_turn(calls, number)
    struck = 0
    for at in reversed(places):  # what is wrong shows near the end, where most has been written
        deployment = copy()
        done = bench.do(job, deployment, strike=[at, number, number == errno.ENOSPC], **narrowed)
        if number:
            assert_told(done, deployment, number)
        else:
            short = not struck and at > len(calls) - SPREAD and done.ended == 0
            assert short or done.ended == -9, f"point {at} was not reached: {done}"
        struck += bool(done.struck)
        bench.assert_whole(deployment)
        again = bench.do(job, deployment)
        assert again.ended == 0, f"after {done.struck}: {again.error}"
        after(deployment)
        bench.gone(deployment)
    assert struck > len(places) - SPREAD
    return struck


def sweep_landing(bench: Bench, number: int) -> int:
    def after(deployment: Deployment) -> None:
        bench.assert_whole(deployment)
        assert bench.leftovers(deployment) == []
        assert [pull.pull_id for pull in Landing(deployment.landing).pulls()] == bench.pulls

    return sweep(bench, "land", bench.landed, number, after)


def sweep_publication(bench: Bench, number: int) -> int:
    return sweep(bench, "publish", bench.built, number, bench.assert_recovered)


def sweep_build(bench: Bench, number: int) -> int:
    """Strike whole refreshes in their scratch, one after the other on one deployment: each begins with what the last
    one left, and the last is done in peace."""
    narrowed = {**(FULL if number == errno.ENOSPC else {}), "kinds": ["build file"], "dagster_in_memory": True}
    deployment = bench.built()
    places, struck = in_turn(bench.do("refresh", deployment, watched=True, **narrowed).calls, number), 0
    for at in places:
        done = bench.do("refresh", deployment, strike=[at, number, number == errno.ENOSPC], **narrowed)
        if number:
            assert_told(done, deployment, number)
            assert done.error.get("code") != "DiskFull" or done.error["data"]["needed"] > 0
        struck += bool(done.struck)
        assert bench.assert_whole(deployment) == bench.new
    again = bench.do("refresh", deployment)
    assert again.ended == 0, again.error
    bench.assert_recovered(deployment)
    assert struck > len(places) - SPREAD
    return struck


def sweep_home(bench: Bench, number: int) -> int:
    """Strike whole refreshes in Dagster's home, each on a copy that has none yet, and then one after the other in one
    that is there; each is done again in peace."""
    struck = tried = 0
    for there in (False, True):
        deployment = bench.built()
        if there:
            assert bench.do("refresh", deployment).ended == 0
        calls = bench.do("refresh", deployment, watched=True, kinds=["Dagster's home"]).calls
        for name, at in first_and_late(calls):
            deployment = deployment if there else bench.built()
            done = bench.do("refresh", deployment, strike=[at, number, False], names=[name], kinds=["Dagster's home"])
            tried, struck = tried + 1, struck + bool(done.struck)
            bench.assert_whole(deployment)
            again = bench.do("refresh", deployment)
            assert again.ended == 0, f"after {done.struck}: {again.error}"
            bench.assert_recovered(deployment)
    assert struck > tried - SPREAD
    return struck


@pytest.mark.slow
@pytest.mark.parametrize("stage", [sweep_landing, sweep_publication])
def test_K01_killed_at_every_call(bench: Bench, stage: Callable[[Bench, int], int]) -> None:
    """SIGKILL at every write, flush, rename, link, unlink and creation of landing and of publication, and through the
    scratch of the build: what is seen is the old or the new, and the next run passes with nobody's help."""
    print(f"{stage.__name__}: killed at {stage(bench, 0)} system calls")


@pytest.mark.slow
@pytest.mark.parametrize("stage", [sweep_build, *([sweep_home] if ALL else [])])
def test_K01_killed_in_the_scratch_of_a_build(bench: Bench, stage: Callable[[Bench, int], int]) -> None:
    """What the build file and Dagster's home were left in does not matter to the next run."""
    print(f"{stage.__name__}: killed at {stage(bench, 0)} system calls")


@pytest.mark.slow
@pytest.mark.parametrize("stage", [sweep_landing, sweep_publication])
def test_K05_full_at_every_call(bench: Bench, stage: Callable[[Bench, int], int]) -> None:
    """The disk is full from any call on that needs room (ENOSPC): `DiskFull` names the path and, for a refresh, the
    bytes needed; nothing is destroyed, and once there is room the next run passes."""
    print(f"{stage.__name__}: full at {stage(bench, errno.ENOSPC)} system calls")


@pytest.mark.slow
def test_K05_full_in_the_build(bench: Bench) -> None:
    """The same in the scratch of a whole refresh, with the bytes that it needs."""
    print(f"build: full at {sweep_build(bench, errno.ENOSPC)} system calls")


@pytest.mark.slow
@pytest.mark.parametrize("stage", [sweep_landing, sweep_publication])
def test_K06_failing_at_every_call(bench: Bench, stage: Callable[[Bench, int], int]) -> None:
    """Any one call fails (EIO), a flush among them: `DiskFailed` names the path; a file that could not be flushed is
    written anew by the next run."""
    print(f"{stage.__name__}: failing at {stage(bench, errno.EIO)} system calls")


@pytest.mark.slow
def test_K06_failing_in_the_build(bench: Bench) -> None:
    """The same in the scratch of a whole refresh."""
    print(f"build: failing at {sweep_build(bench, errno.EIO)} system calls")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EROFS, "ReadOnlyDisk"),
        (errno.EACCES, "NotPermitted"),
        (errno.EDQUOT, "DiskFull"),
        (errno.EIO, "DiskFailed"),
    ],
)
def test_K06_other_refusals_are_told_by_name(bench: Bench, number: int, code: str) -> None:
    """A read-only disk, missing permissions, a used-up quota: each has its name and its way out, and the pull in use
    stays."""
    deployment = bench.landed()
    done = bench.do("land", deployment, strike=[1, number, True], kinds=["pull file"], names=FILLING)
    assert (done.ended, done.error["code"]) == (3, code)
    bench.assert_whole(deployment)


def test_K06_an_error_while_reading_is_told(bench: Bench) -> None:
    """A pull that the disk no longer gives back (EIO on read) stops the work and is named."""
    deployment = bench.copy()
    done = bench.do("land", deployment, strike=[1, errno.EIO, True], kinds=["pull file"], names=["read"], reads=True)
    assert (done.ended, done.error["code"]) == (3, "DiskFailed"), done
    assert done.error["where"].endswith(".parquet")
    bench.assert_whole(deployment)


def test_K06_too_few_files_may_be_open(bench: Bench) -> None:
    """`ulimit -n 6`: told by name, with what to do."""
    deployment = bench.built()
    done = bench.do("publish", deployment, files=6)
    assert (done.ended, done.error["code"]) == (3, "TooManyFiles"), done
    assert "ulimit" in done.error["hint"]
    bench.assert_whole(deployment)
