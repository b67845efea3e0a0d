"""Group X where the system runs: releases, Dagster's pages, files with secrets, command lines, pickles, journals."""

from __future__ import annotations

import fcntl
import json
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigurationError, DifferenceError
from pipelines import journal, releases
from pipelines.alerts.notices import notices
from pipelines.doctor_security import Caution, check_command_lines, check_files, check_pages
from pipelines.settings import Deployment
from tests.support.mutants import VARIABLE
from tests.support.security_mutants import SECURITY_MUTANTS
from tests.support.telling import configure, pulled

SECRET, NAME = "canary-Cmd/+=5tW", "DTI_TEST_COMMAND"
FORGED = '{"at": "2026-01-01T00:00:00+07:00", "event": "publish", "release": 99}'
PICKLE = pickle.dumps({"a": 1})
ENDS = ["\n", "\r", "\r\n", "\x85", "\u2028", "\u2029"]


@pytest.fixture(autouse=True)
def _all_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv(NAME, SECRET)


@pytest.mark.parametrize("what", ["bytes", "row", "manifest", "missing", "wal"])
def test_X08_altered_release(own_copy: Deployment, what: str) -> None:
    """A release whose file or manifest was altered: `release-altered`, whichever it is, and `doctor` fails."""
    import duckdb

    release = releases.current(own_copy)
    assert release is not None
    manifest = release.folder / "release.json"
    if what == "bytes":
        release.file.write_bytes(release.file.read_bytes() + b"\0")
    elif what == "row":
        with duckdb.connect(str(release.file)) as con:
            con.execute("update rankings set total = total + 1 where rank = 2")
    elif what == "manifest":
        body = json.loads(manifest.read_text(encoding="utf-8"))
        body["hashes"]["rankings"] = "0" * 64
        manifest.write_text(json.dumps(body), encoding="utf-8")
    elif what == "missing":
        manifest.unlink()
    else:
        release.file.with_suffix(".duckdb.wal").write_bytes(b"x")
    with pytest.raises(DifferenceError) as caught:
        releases.verify(releases.read(release.folder))
    assert caught.value.code in {"release-altered", "release-unreadable", "release-wal"}
    assert caught.value.exit_code == 6


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Starts harmless processes with a command line of one's choice; returns their pids. One test at a time, because
    doctor sees those of other workers too."""
    running: list[subprocess.Popen[bytes]] = []
    turn = (Path(tempfile.gettempdir()) / "dti-tests-processes.lock").open("w")
    fcntl.flock(turn, fcntl.LOCK_EX)

    def start(program: str, *words: str) -> int:
        path = tmp_path / program
        path.write_text("import time; print('here', flush=True); time.sleep(60)")
        process = subprocess.Popen([sys.executable, str(path), *words], stdout=subprocess.PIPE)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"  # before that, the kernel may not tell its command line yet
        return process.pid

    yield start
    for process in running:
        process.kill()
        process.communicate()
    turn.close()


@pytest.mark.parametrize("words", [["-h", "0.0.0.0"], ["--host", "::"], ["--host=10.0.0.5"]])
def test_X10_pages_open_to_the_network(own_copy: Deployment, started: Callable[..., int], words: list[str]) -> None:
    """Dagster's pages on another address than this machine's: a caution with the pid; on loopback none."""
    started("dagster-webserver", "-h", "127.0.0.1")
    check_pages(own_copy)
    pid = started("dagster-webserver", *words)
    with pytest.raises(Caution) as caught:
        check_pages(own_copy)
    assert f"pid {pid}" in caught.value.message.vi
    assert caught.value.exit_code == 0


def spoil(deployment: Deployment, what: str, patch: pytest.MonkeyPatch) -> None:
    """Open one file to others."""
    secrets = deployment.root / "secrets"
    secrets.write_text(f"X={SECRET}\n", encoding="utf-8")
    secrets.chmod(0o600)
    patch.setenv("DTI_SECRETS", str(secrets))
    check_files(deployment)
    if what == "secrets":
        secrets.chmod(0o644)
    elif what == ".env":
        (deployment.root / ".env").write_text(f"X={SECRET}\n", encoding="utf-8")
        (deployment.root / ".env").chmod(0o640)
    else:
        (deployment.root / what).chmod(0o666)


@pytest.mark.parametrize("what", ["secrets", ".env", "dti.yaml", "registers/agencies.csv"])
def test_X11_files_open_to_others(own_copy: Deployment, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """A file with secrets that others may read, or a configuration that others may write: `doctor` fails (exit 3)."""
    spoil(own_copy, what, monkeypatch)
    with pytest.raises(ConfigurationError) as caught:
        check_files(own_copy)
    assert caught.value.code in {"secret-file-open", "config-open"}
    assert caught.value.where.endswith(what)
    assert SECRET not in str(caught.value.as_dict("vi"))


def test_X11_secret_on_a_command_line(own_copy: Deployment, started: Callable[..., int]) -> None:
    """A secret that a channel names, on the command line of any process: named with its pid, its value not shown."""
    hook = {"type": "webhook", "name": "room", "url": "http://127.0.0.1:9/", "key": {"secret": NAME}}
    deployment = configure(own_copy, hook)
    check_command_lines(deployment)
    pid = started("report", f"--token={SECRET}")
    with pytest.raises(ConfigurationError) as caught:
        check_command_lines(deployment)
    assert caught.value.code == "secret-on-command-line"
    assert (NAME in caught.value.message.vi, f"pid {pid}" in caught.value.message.vi) == (True, True)
    assert SECRET not in str(caught.value.as_dict("vi"))


def test_no_pickle_on_disk(published: Path) -> None:
    """X12: nothing that the pipeline has written, Dagster's home included, is a pickle that could be tampered with."""
    files = [path for path in published.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 20
    bodies = ((path, path.read_bytes()) for path in files)
    assert [path for path, body in bodies if body[:1] == PICKLE[:1] and body[-1:] == PICKLE[-1:]] == []


@pytest.mark.parametrize("end", ENDS)
def test_X13_forged_lines_in_the_journal(own_copy: Deployment, end: str) -> None:
    """A name with a line end and a whole line of a journal behind it: one line, whichever characters a reader splits
    at; notices and the morning screen show it on theirs."""
    before = list(journal.read(own_copy.journal))
    name = f"Sở X{end}{FORGED}{end}"
    pulled(own_copy, "failed", name)
    text = own_copy.journal.read_text(encoding="utf-8")
    assert len(text.splitlines()) == len(before) + 4
    assert [one for one in journal.read(own_copy.journal, "publish") if one["release"] == 99] == []
    assert list(journal.read(own_copy.journal, "pull"))[-1]["reasons"][0]["message"] == name
    shown = [part for one in notices(own_copy) for part in (one.title.vi, one.cause.vi, one.kept.vi)]
    assert shown
    assert [part for part in shown if len(part.splitlines()) > 1] == []


PAIRS = [(name, case) for name, mutant in SECURITY_MUTANTS.items() for case in mutant.cases]


@pytest.mark.parametrize(("name", "case"), PAIRS)
def test_each_guard_is_needed(
    name: str,
    case: str,  # in the test's name, where the table of faults reads it
    own_copy: Deployment,
    started: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With its guard gone, the test that it protects fails."""
    proofs: dict[str, Callable[[], Any]] = {
        "release-hash": lambda: test_X08_altered_release(own_copy, "row"),
        "pages": lambda: test_X10_pages_open_to_the_network(own_copy, started, ["-h", "0.0.0.0"]),
        "file-modes": lambda: test_X11_files_open_to_others(own_copy, monkeypatch, "secrets"),
        "command-lines": lambda: test_X11_secret_on_a_command_line(own_copy, started),
        "journal-lines": lambda: test_X13_forged_lines_in_the_journal(own_copy, "\n"),
        "one-line": lambda: test_X13_forged_lines_in_the_journal(own_copy, "\n"),
    }
    SECURITY_MUTANTS[name].remove(monkeypatch.setattr)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        proofs[name]()
