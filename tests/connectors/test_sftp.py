"""Kind `files` over SFTP, against a genuine server: what is read, what is refused, and what a fault leaves behind."""

from __future__ import annotations

import copy
import hashlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paramiko import Transport

from common.errors import ConfigurationError, SourceError
from common.yaml_files import YamlFile, parse_model
from connectors import check_source
from connectors.checks import files as checks
from connectors.files_model import FilesSource
from connectors.findings import Place
from connectors.kinds import files
from connectors.sftp.credentials import login_of
from connectors.sftp.folder import SftpFolder
from connectors.sheets.inbox import Patience
from tests.support.probe import CODES, YEAR, Trial, register
from tests.support.servers import free_port
from tests.support.servers.sftp import PASSPHRASE, PASSWORD, SftpServer, new_key, sftp_server
from tests.support.sftp_mutants import SFTP_MUTANTS
from tests.support.sftp_probe import DOCUMENT, NAME, VARIABLE, Bench, row, table

QUICK = Patience(quiet_seconds=0)
PLACE = Place("probe", "list", str(YEAR))
ATTEMPTS = 5


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    with sftp_server(tmp_path_factory.mktemp("sftp")) as running:
        yield running


@pytest.fixture
def bench(
    server: SftpServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> Bench:
    """A landing with good figures, and a server with an empty folder. All that is logged or printed is searched."""
    caplog.set_level(logging.DEBUG)
    printed: list[str] = []

    def texts() -> str:
        printed.extend(capsys.readouterr())
        return "\n".join([*printed, *(record.getMessage() for record in caplog.records)])

    def use(patience: Patience) -> None:
        for module in (files, checks):
            monkeypatch.setattr(module, "Patience", lambda: patience)

    monkeypatch.setenv(VARIABLE, PASSWORD)
    monkeypatch.setenv("DTI_TEST_PASSPHRASE", PASSPHRASE)
    monkeypatch.delenv("DTI_SECRETS", raising=False)
    use(QUICK)
    server.reset()
    made = Bench(server, Trial(tmp_path / "deployment", texts), use)
    made.start()
    return made


def by_key(bench: Bench, path: Path | None = None, **more: Any) -> dict[str, Any]:
    return {"password": None, "private_key": str(path or bench.server.client_key.path), **more}


# What is read


def test_a_file_lands_as_a_local_one_does(bench: Bench) -> None:
    """Every row, the file's SHA-256 in the manifest; one connection, one login, nothing changed on the server."""
    content = table()
    path = bench.put(content)
    before = path.stat().st_mtime_ns
    outcome = bench.pull()
    assert bench.codes(outcome) == list(CODES)
    assert outcome.counts == {"received": 6, "accepted": 6, "quarantined": 0, "exact_duplicates": 0}
    assert outcome.pull
    told = outcome.pull.manifest["requests"][0]["files"][0]
    assert (told["name"], told["sha256"]) == (NAME, hashlib.sha256(content).hexdigest())
    assert outcome.pull.manifest["pages"][0]["bytes"] == len(content)
    assert [len(bench.server.events(one)) for one in ("connection", "login", "list", "open")] == [1, 1, 2, 1]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (content, before)


@pytest.mark.parametrize("kind", ["ed25519", "locked"])
def test_login_by_key(kind: str, bench: Bench, tmp_path: Path) -> None:
    """By a key of our own, locked by a passphrase or not; the password is not tried."""
    bench.put(table())
    settings = by_key(bench)
    if kind == "locked":
        locked = relocked(bench, tmp_path / "locked")
        settings = by_key(bench, locked, passphrase={"secret": "DTI_TEST_PASSPHRASE"})
    assert bench.codes(bench.pull(**settings)) == list(CODES)
    assert bench.server.events("login", proof="password") == []
    assert bench.server.events("login", good=True)


def relocked(bench: Bench, path: Path) -> Path:
    """The client's key under a passphrase."""
    from cryptography.hazmat.primitives import serialization as form

    key = form.load_ssh_private_key(bench.server.client_key.path.read_bytes(), None)
    lock = form.BestAvailableEncryption(PASSPHRASE.encode())
    path.write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, lock))
    path.chmod(0o600)
    return path


def test_a_fingerprint_pins_the_key_too(bench: Bench) -> None:
    bench.put(table())
    assert bench.codes(bench.pull(host_key=bench.source().sftp.fingerprint)) == list(CODES)  # type: ignore[union-attr]


def test_the_same_content_twice_is_one_file(bench: Bench) -> None:
    """S16: by content, as in the inbox."""
    bench.put(table(*CODES[:2]))
    bench.put(table(*CODES[:2]), f"so_lieu_{YEAR}_1.csv")
    bench.put(table(*CODES[2:]), f"so_lieu_{YEAR}_2.csv")
    outcome = bench.pull()
    assert bench.codes(outcome) == list(CODES)
    assert outcome.pull
    assert outcome.pull.manifest["requests"][0]["same"] == [[f"so_lieu_{YEAR}_1.csv", NAME]]


def test_hidden_and_other_files_are_left_alone(bench: Bench) -> None:
    bench.put(table())
    bench.put(b"half", f".so_lieu_{YEAR}.csv.part")
    bench.put(b"other", "ghi_chu.txt")
    assert bench.codes(bench.pull()) == list(CODES)
    assert {one["name"] for one in bench.server.events("open")} == {f"/out/{NAME}"}


# Whose server it is, and who we are


def test_another_key_than_the_pinned_one(bench: Bench) -> None:
    """The server's key was changed, or another server answers: told with both fingerprints, nothing about us sent, and
    not tried again."""
    bench.put(table())
    said = bench.failed("HostKeyDiffers", port=bench.server.other_port)
    assert said.count("SHA256:") == 2
    assert len(bench.server.events("connection")) == 1
    assert bench.server.events("user") == []


def test_the_wrong_key_pinned(bench: Bench) -> None:
    """The same by fingerprint, and by a key of the same type."""
    for pin in ("SHA256:" + "A" * 43, bench.server.other_key.line):
        bench.put(table())
        bench.failed("HostKeyDiffers", host_key=pin)
    assert bench.server.events("user") == []


def test_a_key_of_another_type_pinned(bench: Bench, tmp_path: Path) -> None:
    """The server has no key of the pinned type: no agreement, nothing sent."""
    pinned = new_key(tmp_path / "ecdsa", "ecdsa").line
    assert "host key" in bench.failed("SshTooOld", host_key=pinned)
    assert bench.server.events("user") == []


def test_old_algorithms(bench: Bench) -> None:
    """CBC and SHA-1 are not spoken, whatever the library would still do."""
    bench.put(table())
    bench.failed("SshTooOld", port=bench.server.old_port)
    assert len(bench.server.events("connection")) == 1
    assert bench.server.events("user") == []


def test_a_wrong_password(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tried once: a second time would only lock the account. Nor are keys of the machine tried instead."""
    home = bench.trial.root / "home"
    (home / ".ssh").mkdir(parents=True)
    own = home / ".ssh" / "id_ed25519"
    own.write_bytes(bench.server.client_key.path.read_bytes())
    own.chmod(0o600)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv(VARIABLE, PASSWORD[::-1])
    bench.put(table())
    outcome = bench.pull()
    own.unlink()
    assert [one.code for one in outcome.findings] == ["LoginRefused"]
    bench.assert_invariants(outcome)
    assert PASSWORD[::-1] not in bench.trial.texts()
    assert [one["proof"] for one in bench.server.events("login")] == ["password"]


def test_no_agent_is_asked(bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp_path / "agent"))
        agent.listen()
        agent.settimeout(0)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        bench.put(table())
        assert bench.codes(bench.pull(**by_key(bench))) == list(CODES)
        with pytest.raises(BlockingIOError):
            agent.accept()


def test_a_key_that_is_not_known(bench: Bench, tmp_path: Path) -> None:
    bench.put(table())
    bench.failed("LoginRefused", **by_key(bench, new_key(tmp_path / "unknown").path))
    assert bench.server.events("login", good=True) == []


def test_a_login_that_is_cut_off(bench: Bench) -> None:
    """Not tried again: it may have been a refusal."""
    bench.put(table())
    bench.server.fault("hang_up_at_login", times=9)
    assert "closed" in bench.failed("LoginRefused")
    assert len(bench.server.events("connection")) == 1


@pytest.mark.parametrize(
    ("value", "code"), [(None, "secret-missing"), ("", "secret-empty"), ("a\nb", "secret-line-break")]
)
def test_a_secret_that_is_not_in_order(
    value: str | None, code: str, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused at the start, by name, before anything is sent."""
    if value is None:
        monkeypatch.delenv(VARIABLE)
    else:
        monkeypatch.setenv(VARIABLE, value)
    assert refused(bench) == code
    assert bench.server.events("connection") == []


def refused(bench: Bench, **sftp: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        bench.pull(**sftp)
    assert caught.value.exit_code == 3
    return caught.value.code


def test_a_key_file_that_is_not_in_order(bench: Bench, tmp_path: Path) -> None:
    """Open to others, missing, locked, no key at all: refused before anything is sent."""
    key = new_key(tmp_path / "key")
    key.path.chmod(0o640)
    locked = new_key(tmp_path / "locked", passphrase="another")
    text = tmp_path / "text"
    text.write_text("no key")
    text.chmod(0o600)
    passphrase = {"secret": "DTI_TEST_PASSPHRASE"}
    assert refused(bench, **by_key(bench, key.path)) == "secret-file-open"
    assert refused(bench, **by_key(bench, tmp_path / "none")) == "secret-file-missing"
    assert refused(bench, **by_key(bench, locked.path)) == "private-key"
    assert refused(bench, **by_key(bench, locked.path, passphrase=passphrase)) == "private-key"
    assert refused(bench, **by_key(bench, text)) == "private-key"
    assert bench.server.events("connection") == []


# Where it may lead


def test_private_addresses_only_when_listed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for kind `rest`: by the address that the name leads to, before any connection."""
    assert "10.20.0.5" in bench.failed("UnsafeAddress", host="10.20.0.5")
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.168.7.9", 22))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    bench.failed("UnsafeAddress", host="sftp.example.gov.vn", allowed_networks=["10.20.0.0/16"])
    reached: list[Any] = []

    def connect(address: Any, timeout: Any) -> Any:
        reached.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", connect)
    bench.failed("SourceUnavailable", host="sftp.example.gov.vn", allowed_networks=["192.168.0.0/16"])
    assert reached == [("192.168.7.9", bench.server.port)] * ATTEMPTS


def test_nobody_there(bench: Bench) -> None:
    assert f"after {ATTEMPTS} attempts" in bench.failed("SourceUnavailable", port=free_port())


def test_a_server_that_says_nothing(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        said = bench.failed("SourceUnavailable", {"read_seconds": 0.3, "attempts": 2}, port=port)
    assert "no SSH greeting" in said


# The folder and its names


def test_a_missing_folder(bench: Bench) -> None:
    assert "/none" in bench.failed("FolderMissing", folder="/none")
    assert len(bench.server.events("connection")) == 1


def test_no_file_of_the_year(bench: Bench) -> None:
    bench.put(table(), "so_lieu_1999.csv")
    bench.failed("FileMissing")
    assert bench.server.events("open") == []


def link(path: Path) -> None:
    path.symlink_to("/etc/hostname")


@pytest.mark.parametrize("make", [link, os.mkfifo, Path.mkdir], ids=["link", "fifo", "folder"])
def test_what_is_no_file(make: Callable[[Path], None], bench: Bench) -> None:
    """S17: refused when listed, wanted or not; nothing is opened."""
    bench.put(table())
    make(bench.server.root / "out" / "khac.csv")
    bench.failed("UnsafeName")
    assert bench.server.events("open") == []


@pytest.mark.parametrize("name", [b"=cmd.csv", b"@x.csv", b"a\nb.csv", "a\u202evsc.csv".encode(), b"\xff\xfe.csv"])
def test_odd_names(name: bytes, bench: Bench) -> None:
    """S17: names that read as a formula, that forge a line, that are not UTF-8: refused, not repeated."""
    bench.put(table())
    (bench.server.root / "out" / os.fsdecode(name)).write_bytes(b"x")
    assert name.decode("latin-1") not in bench.failed("UnsafeName")
    assert bench.server.events("open") == []


def test_a_file_that_turns_into_a_link(bench: Bench) -> None:
    """Between the list and the reading: the file's own type is looked at again."""
    path = bench.put(table())
    source = bench.source()
    assert source.sftp
    with SftpFolder(source.sftp, login_of(source.sftp), source.limits, QUICK) as folder:
        assert folder.names(lambda _: True, PLACE) == [NAME]
        path.rename(path.with_name(".moved"))
        path.symlink_to(".moved")
        with pytest.raises(SourceError) as caught:
            folder.read(NAME, PLACE)
    assert caught.value.code == "UnsafeName"
    assert bench.server.events("open") == []


# How much, how whole, how long


def test_an_oversized_file(bench: Bench) -> None:
    """Refused by what the server declares: not one byte is read."""
    bench.put(b"x" * 2000)
    assert "body_bytes = 1024" in bench.failed("LimitExceeded", {"body_bytes": 1024})
    assert bench.server.events("read") == []


def test_a_file_that_does_not_end(bench: Bench) -> None:
    """Declared small, sent without an end: left as soon as more has come than was declared."""
    bench.put(table())
    bench.server.fault("endless", times=10**6)
    assert "declares" in bench.failed("FileUnreadable", {"request_seconds": 1, "attempts": 1})
    assert len(bench.server.events("read")) == 1


def test_fewer_bytes_than_declared(bench: Bench) -> None:
    """The server ends the file early: once, and it is read again; always, and nothing of it is used."""
    bench.put(table())
    bench.server.fault("short", times=2, after=20)
    outcome = bench.pull()
    assert bench.codes(outcome) == list(CODES)
    assert outcome.pull
    assert outcome.pull.manifest["pages"][0]["troubles"] == ["Truncated"]
    bench.trial.keep(outcome)
    bench.put(table("A1"))
    bench.server.fault("short", times=99, after=20)
    assert "20 of" in bench.failed("Truncated")
    assert len(bench.server.events("open")) == 2 + ATTEMPTS
    assert len(bench.server.events("connection")) == 2 + ATTEMPTS


def test_a_connection_that_drops(bench: Bench) -> None:
    """In the middle of a file: opened again and read from its start; for ever: bounded, with no half file used."""
    rows = "".join(f"A{n % 6 + 1},{n}\r\n" for n in range(20_000))
    bench.put(("code,received\r\n" + rows).encode())
    bench.put(table(), f"so_lieu_{YEAR}_2.csv")
    bench.server.fault("drop", times=99, after=40_000)
    assert f"{ATTEMPTS} attempts" in bench.failed("SourceUnavailable")
    assert len(bench.server.events("connection")) == ATTEMPTS
    assert {one["name"] for one in bench.server.events("open")} == {f"/out/{NAME}"}
    bench.put(table(*CODES[:3]))
    bench.put(table(*CODES[3:]), f"so_lieu_{YEAR}_2.csv")
    bench.server.fault("drop", times=2, after=0)
    outcome = bench.pull()
    assert bench.codes(outcome) == list(CODES)
    assert outcome.pull
    assert [page["troubles"] for page in outcome.pull.manifest["pages"]] == [["SourceUnavailable"] * 2, []]


def test_the_runs_budget_of_retries(bench: Bench) -> None:
    bench.put(table())
    bench.server.fault("drop", times=99, after=0)
    bench.failed("RetryBudgetSpent", {"retries": 2})
    assert len(bench.server.events("connection")) == 3


def test_a_list_that_is_cut_off(bench: Bench) -> None:
    """No name is lost: half a list is no list."""
    for number in range(200):
        bench.put(table(CODES[number % 6]), f"so_lieu_{YEAR}_{number}.csv")
    bench.server.fault("drop_in_list", after=150)
    outcome = bench.pull()
    assert bench.codes(outcome) == list(CODES)
    assert outcome.pull
    told = outcome.pull.manifest["requests"][0]
    assert len(told["files"]) + len(told["same"]) == 200
    assert len(bench.server.events("connection")) == 2


def test_a_slow_drip(bench: Bench) -> None:
    """A byte now and then never meets a timeout of reads: the deadline of the whole attempt does."""
    bench.put(table())
    bench.server.fault("drip", times=10**6, seconds=0.03)
    bench.failed("DeadlineExceeded", {"request_seconds": 0.6, "attempts": 2})
    assert len(bench.server.events("connection")) == 2


def test_the_time_of_the_whole_source(bench: Bench) -> None:
    bench.put(table())
    bench.server.fault("drip", times=10**6, seconds=0.03)
    assert "1 s for probe" in bench.failed("DeadlineExceeded", {"source_seconds": 1})


def test_silence(bench: Bench) -> None:
    bench.put(table())
    bench.server.fault("silent", times=2)
    bench.failed("Timeout", {"read_seconds": 1.5, "request_seconds": 5, "attempts": 1})


def test_a_copy_in_progress(bench: Bench) -> None:
    """S16: a file that is not the same after the quiet time is waited for, and read whole."""
    whole = table()
    path = bench.put(whole[:40])
    bench.use(Patience(quiet_seconds=1, seconds=60, sleep=lambda _: path.write_bytes(whole) and None))
    assert bench.codes(bench.pull()) == list(CODES)
    assert len(bench.server.events("open")) == 1


def test_a_file_that_grows_while_it_is_read(bench: Bench) -> None:
    """Read again, whole; a file that never stands still is not used."""
    bench.put(table(*CODES[:5]))
    bench.server.fault("grow", text=row(CODES[5]))
    outcome = bench.pull()
    assert bench.codes(outcome) == list(CODES)
    bench.trial.keep(outcome)
    bench.put(table("A1"))
    bench.server.fault("grow", times=10**6, text="x")
    ticks = iter(range(100))
    bench.use(Patience(quiet_seconds=0, seconds=3, sleep=lambda _: None, clock=lambda: next(ticks)))
    assert "still being copied" in bench.failed("StillChanging")


def test_nothing_is_logged_by_the_library(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Not the user's name, nor a file's, nor a stack trace."""
    for thread in threading.enumerate():  # of earlier connections
        if isinstance(thread, Transport):
            thread.join(10)
    logging.getLogger("paramiko").setLevel(logging.NOTSET)
    bench.put(table())
    assert bench.codes(bench.pull()) == list(CODES)
    assert [one for one in caplog.records if one.name.startswith("paramiko")] == []


# The check, step by step


def steps(bench: Bench, **sftp: Any) -> list[tuple[str, str]]:
    found = list(check_source(bench.source(**sftp), YEAR, register(), moment_now(), bench.trial.root / "inbox"))
    bench.assert_invariants(bench.pull())
    return [(step.name, step.status) for step in found]


def moment_now() -> Any:
    from datetime import datetime

    return datetime.now().astimezone()


ORDER = ["address", "host_key", "login", "folder", "files", "layout", "contract", "agencies"]


def test_a_check_goes_step_by_step(bench: Bench) -> None:
    bench.put(table())
    assert steps(bench) == [(name, "ok") for name in ORDER]


@pytest.mark.parametrize(
    ("failing", "settings"),
    [
        ("address", {"port": free_port()}),
        ("address", {"host": "10.20.0.5"}),
        ("host_key", {"host_key": "SHA256:" + "A" * 43}),
        ("login", {"username": "other"}),
        ("folder", {"folder": "/none"}),
    ],
)
def test_the_step_that_fails_ends_the_check(failing: str, settings: dict[str, Any], bench: Bench) -> None:
    bench.put(table())
    at = ORDER.index(failing)
    assert steps(bench, **settings) == [*((name, "ok") for name in ORDER[:at]), (failing, "failed")]


# The YAML

PASTED = "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary-pasted\n-----END OPENSSH PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"password": "canary-pasted"}, "secret-in-file"),
        ({"password": None, "private_key": PASTED}, "secret-in-file"),
        ({"password": None}, "missing-key"),
        ({"private_key": "/etc/dti/key"}, "missing-key"),
        ({"passphrase": {"secret": "X"}}, "missing-key"),
        ({"host_key": "canary-pasted"}, "invalid-value"),
        ({"host_key": "ssh-dss AAAAB3NzaC1kc3MAAAABAA=="}, "invalid-value"),
        ({"host_key": "ssh-ed25519 AAAAC3NzaC1yc2EAAAADAQAB"}, "invalid-value"),
        ({"host_key": "SHA256:short"}, "invalid-value"),
        ({"host_key": None}, "missing-key"),
        ({"host": "sftp://example.gov.vn"}, "invalid-value"),
        ({"folder": "/out/../etc"}, "invalid-value"),
        ({"allowed_networks": ["10.20.0.5/16"]}, "invalid-value"),
        ({"verify": False}, "unknown-key"),
    ],
)
def test_mistakes_in_the_yaml(settings: dict[str, Any], code: str, bench: Bench) -> None:
    """Told by their place; what was pasted where a reference belongs is not repeated."""
    with pytest.raises(ConfigurationError) as caught:
        bench.source(**settings)
    told = caught.value.findings or (caught.value,)
    assert code in {one.code for one in told}, [(one.code, one.message.en) for one in told]
    assert "canary-pasted" not in str([(one.message, one.hint, one.where) for one in told])


def test_the_inbox_or_a_server_not_both(bench: Bench) -> None:
    document = {**copy.deepcopy(DOCUMENT), "inbox": "probe", "sftp": bench.source().sftp.model_dump()}  # type: ignore[union-attr]
    with pytest.raises(ConfigurationError) as caught:
        parse_model(YamlFile(Path("probe.yaml"), document, {}), FilesSource)
    assert {one.code for one in caught.value.findings} | {caught.value.code} >= {"invalid-value"}


# Each guard is needed

PROOFS: dict[str, Callable[..., None]] = {
    "host-key": test_the_wrong_key_pinned,
    "algorithms": test_old_algorithms,
    "login-once": test_a_login_that_is_cut_off,
    "own-keys": test_a_wrong_password,
    "key-mode": test_a_key_file_that_is_not_in_order,
    "secrets": test_a_secret_that_is_not_in_order,
    "addresses": test_private_addresses_only_when_listed,
    "kinds": test_what_is_no_file,
    "names": test_odd_names,
    "declared-size": test_an_oversized_file,
    "actual-size": test_a_file_that_does_not_end,
    "whole": test_fewer_bytes_than_declared,
    "list-end": test_a_list_that_is_cut_off,
    "attempts": test_a_connection_that_drops,
    "budget": test_the_runs_budget_of_retries,
    "deadline": test_a_slow_drip,
    "silence": test_silence,
    "standing-still": test_a_copy_in_progress,
    "looked-at-again": test_a_file_that_grows_while_it_is_read,
    "logs": test_nothing_is_logged_by_the_library,
}
MORE: dict[str, Callable[[Bench, pytest.MonkeyPatch, Path, pytest.LogCaptureFixture], tuple[Any, ...]]] = {
    "own-keys": lambda bench, patch, *_: (bench, patch),
    "key-mode": lambda bench, _, path, __: (bench, path),
    "secrets": lambda bench, patch, *_: ("", "secret-empty", bench, patch),
    "addresses": lambda bench, patch, *_: (bench, patch),
    "kinds": lambda bench, *_: (link, bench),
    "names": lambda bench, *_: (b"=cmd.csv", bench),
    "logs": lambda bench, _, __, caplog: (bench, caplog),
}


@pytest.mark.parametrize("name", SFTP_MUTANTS)
def test_each_guard_is_needed(
    name: str, bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With its guard gone, the test that it protects fails."""
    SFTP_MUTANTS[name].remove(monkeypatch.setattr)
    given = MORE.get(name, lambda bench, *_: (bench,))(bench, monkeypatch, tmp_path, caplog)
    with pytest.raises((Exception, pytest.fail.Exception)):
        PROOFS[name](*given)


def test_every_guard_has_a_proof() -> None:
    assert PROOFS.keys() == SFTP_MUTANTS.keys()
