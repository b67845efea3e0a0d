"""Guards of group K that can be taken away, and the cases that must then fail."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from common import durable, storage
from connectors import landing
from pipelines import build, dagster_home, dbt_project, failures, lock, machine, refresh, releases
from tests.support.mutants import Mutant, Patch


def nothing(*_: Any, **__: Any) -> None:
    return None


def _without(target: Any, name: str, instead: Any = nothing) -> Callable[[Patch], None]:
    return lambda patch: patch(target, name, instead)


def _nobody_is_locked_out(patch: Patch) -> None:
    patch(fcntl, "flock", nothing)


def _believed(path: Path) -> int:
    """A lock as many write it: the file's text decides."""
    if path.exists() and path.stat().st_size:
        pid = json.loads(path.read_text())["pid"]
        with contextlib.suppress(OSError):
            os.kill(int(pid), 0)
            raise lock._refusal(path)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)


def _overwritten(link: Path, target: Path) -> None:
    """Publishing as many do it: the new file is copied over the old one."""
    with link.open("r+b") as old, target.open("rb") as new:
        old.truncate(0)
        shutil.copyfileobj(new, old)


def _start_lightly(deployment: Any) -> None:
    deployment.build_file.unlink(missing_ok=True)


def _assembled_in_the_open(patch: Patch) -> None:
    """Pulls are written in a folder that can be taken for one."""
    patch(landing, "_WORK", "pulling-")


def _without_rmtree(patch: Patch) -> None:
    from pipelines import assembly

    patch(assembly, "shutil", type("shutil", (), {"rmtree": staticmethod(nothing)}))


def _without_orphans(patch: Patch) -> None:
    from pipelines import resources

    patch(resources, "end_orphans", nothing)


@contextlib.contextmanager
def _at_mercy(*_: Any) -> Iterator[None]:
    yield


PROCESS_MUTANTS: dict[str, Mutant] = {
    "pulled-in-the-open": Mutant("pulls are written where they are looked for", ("K01",), _assembled_in_the_open),
    "no-recovery": Mutant("what a killed run left stays", ("K02", "K14"), _without(releases, "recover", lambda _: [])),
    "no-leave": Mutant("a signal just ends the process", ("K03",), _without(refresh, "stoppable", _at_mercy)),
    "no-flush": Mutant("nothing is flushed", ("K04",), _without(durable.os, "fsync")),
    "disk-unnamed": Mutant("errors of the disk are like any other", ("K05", "K06"), _without(storage, "trouble_of")),
    "memory-unnamed": Mutant("errors of memory are like any other", ("K07",), _without(failures, "_MEMORY", ())),
    "no-lock": Mutant("the lock is not taken", ("K08",), _nobody_is_locked_out),
    "no-fencing": Mutant("whoever once had the lock may publish", ("K09",), _without(releases, "confirm")),
    "pid-file": Mutant("the lock is the text in its file", ("K10",), _without(lock, "_taken", _believed)),
    "copied-over": Mutant(
        "a release is copied over the last one", ("K11", "K12", "K13"), _without(releases, "point_link", _overwritten)
    ),
    "log-left": Mutant("the log beside a build file is left", ("K14",), _without(build, "start", _start_lightly)),
    "pulls-trusted": Mutant(
        "files of pulls are not looked at again", ("K15", "K16"), _without(landing.Landing, "verify")
    ),
    "releases-trusted": Mutant("files of releases are not looked at again", ("K17",), _without(releases, "verify")),
    "any-clock": Mutant("the clock is believed", ("K18",), _without(machine, "require_forward_clock")),
    "orphans-stay": Mutant("killed runs are left as started", ("K22",), _without_orphans),
    "no-clean-start": Mutant("a workshop is not cleared before use", ("K23",), _without_rmtree),
    "dagster-needed": Mutant("Dagster's records must be there", ("K24",), _without(dagster_home, "_require_unlocked")),
    "dbt-goes-on": Mutant("what dbt says is not asked", ("K25",), _without(dbt_project.DbtResult, "raise_if_failed")),
    "link-trusted": Mutant(
        "a lost link is not mended", ("K26",), _without(releases, "_leads_nowhere", lambda *_: False)
    ),
    "no-estimate": Mutant("room is not looked for", ("K27",), _without(machine, "require_room")),
}
