"""A process that has loaded everything and forks a child for each piece of work, so that a refresh costs no cold start.

It has no threads of its own and no file of a deployment open, so that its children begin as a fresh command does.
Asked by JSON lines on stdin, it answers with one JSON line each: what the child's calls were, how it ended, and the
error that the command would have shown.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import pickle
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.errors import DtiError
from tests.support.syscalls import Call, Strike, Watched, watch

CODE = Path(__file__).resolve().parents[2]
MOMENT = "2025-10-16"
# Calls that need room on the disk; cutting a file off needs none, and DuckDB relies on that when a commit fails.
FILLING = (
    *("write", "pwrite64", "writev", "pwritev", "sendfile", "copy_file_range", "fallocate", "mkdir"),
    *("mkdirat", "symlink", "symlinkat", "link", "linkat", "open", "openat", "creat"),
)


@dataclass(frozen=True)
class Done:
    """The child's calls, exit code (or minus the signal), the call that was struck, and the error it reported."""

    calls: list[Call]
    ended: int
    struck: Call | None
    error: dict[str, Any]
    stage: str
    seconds: float
    waited: float


class Zygote:
    """Ask the process to do pieces of work."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.zygote"],
            cwd=CODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(CODE)},
        )  # fmt: skip
        self._answer()

    def close(self) -> None:
        self._process.communicate("", timeout=60)

    def do(self, job: str, root: Path, **asked: Any) -> Done:
        """Run a job of `JOBS` on a deployment. `strike` = (at, errno or 0, stays), `watched` without it only counts;
        `names` and `kinds` narrow what counts, `kill_after` seconds kills it unwatched, `memory_left` and `files`
        bound its address space and open files, `mutant` takes a guard away."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"job": job, "root": str(root), **asked}) + "\n")
        self._process.stdin.flush()
        said = self._answer()
        calls = [Call(**one) for one in said["calls"]]
        struck = Call(**said["struck"]) if said["struck"] else None
        return Done(calls, said["ended"], struck, said["error"], said["stage"], said["seconds"], said["waited"])

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"the zygote ended: {self._process.wait()}")
        return json.loads(line)


def kind_of(path: str, root: Path) -> str:
    """Which file of a deployment a path is."""
    inside = Path(path).relative_to(root) if Path(path).is_relative_to(root) else Path(path)
    parts, name = inside.parts, inside.name
    top = parts[0] if parts else "."
    if top == "landing":
        manifest = name.removeprefix(".").removesuffix(".tmp") in {"pull.json", "decision.json"}
        return "pull manifest" if manifest else "pull file" if name.endswith(".parquet") else "landing folder"
    if top == "build":
        return "build file"
    if top == "releases":
        if name.startswith((".release.json", "release.json")):
            return "release manifest"
        return "release file" if ".duckdb" in name else "releases folder"
    known = {".lock": "lock", "journal.jsonl": "journal", ".dagster": "Dagster's home", ".": "deployment folder"}
    return "warehouse link" if "warehouse" in top else known.get(top, "other")


def land(root: Path, asked: dict[str, Any]) -> None:
    """One pull of the portal, as `dti source pull` makes it."""
    from connectors import load_sources
    from pipelines.lock import writing
    from pipelines.machine import require_ready
    from pipelines.moments import parse_moment
    from pipelines.pulling import pull_year
    from pipelines.settings import Deployment

    deployment = Deployment(root)
    with writing(deployment.lock, "land"):
        require_ready(deployment)
        pull_year(deployment, load_sources(deployment.sources)["portal_766"], 2025, parse_moment(MOMENT))


def publish(root: Path, asked: dict[str, Any]) -> None:
    """What a refresh does once the build file is complete: recover, assemble, publish, prune."""
    from pipelines.assembly import assemble
    from pipelines.inputs import gather
    from pipelines.lock import writing
    from pipelines.moments import parse_moment
    from pipelines.releases import prune, recover
    from pipelines.releases import publish as show
    from pipelines.settings import Deployment

    deployment = Deployment(root)
    with writing(deployment.lock, "publish"):
        recover(deployment)
        show(deployment, assemble(deployment, gather(deployment, parse_moment(MOMENT))))
        prune(deployment)


def refresh(root: Path, asked: dict[str, Any]) -> None:
    """The whole, as `dti refresh` runs it."""
    import pipelines.refresh as run
    from pipelines.settings import Deployment

    if asked.get("dagster_in_memory"):
        run.open_instance = _in_memory  # type: ignore[assignment]
    run.refresh(Deployment(root), [2025], as_of=MOMENT, rebuild=asked.get("rebuild", True), reason="dti refresh")


@contextlib.contextmanager
def _in_memory(_: Any) -> Any:
    from dagster import DagsterInstance

    with DagsterInstance.ephemeral() as instance:
        yield instance


def retried(root: Path, asked: dict[str, Any]) -> None:
    """A whole refresh under a retry policy of Dagster, whose steps each fail once after they have written."""
    from dagster import RetryPolicy

    import pipelines.definitions as table
    from pipelines import assembly, build
    from pipelines.assets import publication

    define, failed = table.define_asset_job, set[str]()

    def once(target: Any, name: str, key: Callable[..., str]) -> None:
        original = getattr(target, name)

        def run(*given: Any, **named: Any) -> Any:
            result, what = original(*given, **named), key(*given)
            if what not in failed:
                failed.add(what)
                raise RuntimeError(f"made to fail after {what}")
            return result

        setattr(target, name, run)

    policy = RetryPolicy(max_retries=3)
    table.define_asset_job = lambda *given, **named: define(*given, op_retry_policy=policy, **named)
    once(build, "sizes", lambda _, tables: f"sizes of {list(tables)}")
    once(assembly, "sha256_file", lambda _: "writing the release")
    once(publication, "publish", lambda *_: "publishing")
    refresh(root, asked)
    assert len(failed) > 6, failed


def broken_dbt(root: Path, asked: dict[str, Any]) -> None:
    """A whole refresh with another dbt project."""
    from pipelines import dbt_project
    from pipelines.assets import indicators

    dbt_project.PROJECT = Path(asked["project"])
    dbt_project.MANIFEST = indicators.MANIFEST = dbt_project.PROJECT / "target" / "manifest.json"
    dbt_project._PARSED = dbt_project.PROJECT / "target" / "partial_parse.msgpack"
    refresh(root, asked)


def runs(root: Path, asked: dict[str, Any]) -> None:
    """The statuses of the runs in Dagster's home, newest first."""
    from dagster import DagsterInstance

    from pipelines.environment import environment

    with environment(DAGSTER_HOME=str(root / ".dagster")), DagsterInstance.get() as instance:
        raise Told({"statuses": [run.status.value for run in instance.get_runs()]})


def verify(root: Path, asked: dict[str, Any]) -> None:
    """What a build does first: hold the pulls in use against their manifests."""
    from pipelines.inputs import gather, verify_pulls
    from pipelines.moments import parse_moment
    from pipelines.releases import newest_known_at
    from pipelines.settings import Deployment

    deployment, moment = Deployment(root), parse_moment(MOMENT)
    verify_pulls(deployment, gather(deployment, moment).pulls, newest_known_at(deployment, moment))


def together(root: Path, asked: dict[str, Any]) -> None:
    """Several processes publish at the same moment; their exit codes go into the report as an error's would."""
    children = []
    for _ in range(asked["processes"]):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                publish(root, asked)
                code = 0
            except DtiError as error:
                code = error.exit_code
            finally:
                os._exit(code)
        children.append(child)
    raise Told({"codes": [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]})


class Told(Exception):
    """What a job has to say."""

    def __init__(self, facts: dict[str, Any]) -> None:
        super().__init__(str(facts))
        self.facts = facts


JOBS: dict[str, Callable[[Path, dict[str, Any]], None]] = {
    "land": land,
    "publish": publish,
    "refresh": refresh,
    "together": together,
    "verify": verify,
    "retried": retried,
    "broken_dbt": broken_dbt,
    "runs": runs,
}


def _work(asked: dict[str, Any], report: Path) -> int:
    """In the child: the job; its error goes into the report, and beside it what it was doing last. Returns the exit
    code of the command."""
    from common.storage import storage_told
    from pipelines import progress

    progress.listen(lambda text: report.with_suffix(".stage").write_text(text.en))
    if asked.get("memory_left"):
        most = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + asked["memory_left"]
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    if asked.get("files"):
        resource.setrlimit(resource.RLIMIT_NOFILE, (asked["files"], asked["files"]))
    if asked.get("mutant"):
        from tests.support.process_mutants import PROCESS_MUTANTS

        PROCESS_MUTANTS[asked["mutant"]].remove(setattr)
    if asked.get("room"):
        usage = shutil.disk_usage(asked["root"])._replace(free=asked["room"])
        shutil.disk_usage = lambda _: usage
    root = Path(asked["root"])
    try:
        with storage_told(root):
            JOBS[asked["job"]](root, asked)
    except DtiError as error:
        report.write_text(json.dumps(error.as_dict("en"), default=str))
        return error.exit_code
    except Told as told:
        report.write_text(json.dumps(told.facts))
    except Exception as error:  # noqa: BLE001  what the command line calls unexpected
        report.write_text(json.dumps({"code": "escaped", "message": repr(error), "where": ""}))
        return 1
    return 0


def _unwatched(work: Callable[[], int], seconds: float | None, number: int) -> tuple[Watched, float]:
    """Run the child in peace, and send it a signal after so many seconds if told. Returns also how long it took to end
    from then on."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = work()
        finally:
            os._exit(code)
    started = time.monotonic()
    if seconds is not None:
        time.sleep(seconds)
        started = time.monotonic()
        os.kill(child, number)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return Watched(ended=ended), time.monotonic() - started


def _answer(asked: dict[str, Any], report: Path) -> dict[str, Any]:
    root = Path(asked["root"])
    names, which = asked.get("names"), asked.get("kinds")

    def wanted(call: Call) -> bool:
        return (not names or call.name in names) and (not which or kind_of(call.path, root) in which)

    stage = report.with_suffix(".stage")
    for path in (report, stage):
        path.unlink(missing_ok=True)
    started, waited = time.monotonic(), 0.0
    if not asked.get("watched", asked.get("strike")):
        number = asked.get("signal", signal.SIGKILL)
        found, waited = _unwatched(lambda: _work(asked, report), asked.get("kill_after"), number)
    else:
        strike = Strike(*asked["strike"]) if asked.get("strike") else None
        found = watch(
            lambda: _work(asked, report),
            root,
            wanted,
            strike,
            reads=asked.get("reads", False),
            contents="contents" in asked,
        )
        if "contents" in asked:
            Path(asked["contents"]).write_bytes(pickle.dumps(found.calls))
            found.calls.clear()
    error = json.loads(report.read_text()) if report.exists() else {}
    calls = found.calls if asked.get("calls", asked.get("watched")) else []
    return {**Watched(calls, found.ended, found.struck).as_json(), "error": error,
            "stage": stage.read_text() if stage.exists() else "", "seconds": time.monotonic() - started,
            "waited": waited}  # fmt: skip


def main() -> None:
    import dbt.cli.main
    import great_expectations
    import pyarrow.parquet

    import pipelines.dbt_project
    import pipelines.definitions
    import pipelines.refresh  # noqa: F401

    del dbt, great_expectations, pyarrow
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print does not belong among the answers
    random.seed(0)
    gc.freeze()
    print("{}", file=out, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            print(json.dumps(_answer(json.loads(line), Path(folder) / "error.json")), file=out, flush=True)


if __name__ == "__main__":
    main()
