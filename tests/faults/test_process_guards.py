"""Each guard of group K is taken away in turn, from the process that works and from this one: its cases must fail."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from common.errors import DtiError
from tests.faults import test_process_kills as kills
from tests.faults import test_process_records as records
from tests.faults import test_process_sweeps as sweeps
from tests.faults import test_storage as storage
from tests.support.process_bench import Bench
from tests.support.process_mutants import PROCESS_MUTANTS

pytestmark = pytest.mark.slow

FAILURES = (AssertionError, DtiError, OSError, LookupError, pytest.fail.Exception)
Check = Callable[[Bench, pytest.MonkeyPatch], object]


def killed_while_publishing(bench: Bench, _: object) -> None:
    """K02 at one of its places."""
    deployment = bench.built()
    bench.do("publish", deployment, strike=[1, 0, False], names=["symlink"])
    bench.do("publish", deployment)
    bench.assert_recovered(deployment)


def starved(bench: Bench, _: object) -> None:
    """K07 at one of its places."""
    done = bench.do("refresh", bench.built(), memory_left=250 * 1024**2, dagster_in_memory=True)
    assert done.error["code"] == "OutOfMemory", done


CHECKS: dict[str, Check] = {
    "K01": lambda bench, _: sweeps.sweep_landing(bench, 0),
    "K02": killed_while_publishing,
    "K03": lambda bench, _: kills.test_K03_stopped_by_a_person_or_the_system(bench),
    "K04": lambda bench, _: storage.cut_at_every_call(bench, "land", bench.landed),
    "K05": lambda bench, _: sweeps.sweep_publication(bench, errno.ENOSPC),
    "K06": lambda bench, _: sweeps.test_K06_other_refusals_are_told_by_name(bench, errno.EROFS, "ReadOnlyDisk"),
    "K07": starved,
    "K08": lambda bench, _: kills.test_K08_only_one_of_several_publishes(bench),
    "K09": lambda bench, _: kills.test_K09_woken_after_another_took_over(bench),
    "K10": lambda bench, _: kills.test_K10_lock_file_of_a_dead_process(bench),
    "K11": lambda bench, _: storage.test_K11_a_reader_holds_its_release(bench),
    "K12": lambda bench, _: storage.test_K12_readers_in_a_loop(bench),
    "K13": lambda bench, _: storage.test_K13_a_long_lived_process_reconnects(bench),
    "K14": lambda bench, _: storage.test_K14_leftovers_of_killed_runs(bench),
    "K15": lambda bench, _: storage.test_K15_an_altered_pull_stops_the_build(bench, "flip"),
    "K16": lambda bench, _: storage.test_K16_half_a_file_is_never_referred_to(bench),
    "K17": lambda bench, _: storage.test_K17_a_flipped_bit_of_a_release(bench),
    "K18": records.test_K18_the_clock_went_back,
    "K22": lambda bench, _: records.test_K22_a_run_that_dagster_still_shows_as_running(bench),
    "K23": lambda bench, _: records.test_K23_steps_retried_after_they_wrote(bench),
    "K24": records.test_K24_dagsters_home_is_locked,
    "K25": lambda bench, _: records.test_K25_dbt_fails(bench, records.add_failing_test),
    "K26": lambda bench, _: storage.test_K26_the_link_is_lost(bench, "garbled"),
    "K27": storage.test_K27_a_disk_that_is_nearly_full,
}


@pytest.mark.parametrize(
    ("name", "case"), [(name, case) for name, mutant in PROCESS_MUTANTS.items() for case in mutant.cases]
)
def test_each_guard_is_needed(name: str, case: str, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.mutant = name
    monkeypatch.setattr(storage, "PUBLICATIONS", 40)
    with monkeypatch.context() as patch:
        PROCESS_MUTANTS[name].remove(patch.setattr)
        with pytest.raises(FAILURES):
            CHECKS[case](bench, monkeypatch)
