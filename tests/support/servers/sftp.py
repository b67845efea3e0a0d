"""A genuine SFTP server: asyncssh over a folder, with users by password and by key, and faults on request."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.support.servers import free_port, running, servers_python

USER, PASSWORD, PASSPHRASE = "thu-thap", "canary-Sftp/+=7pQ", "canary-Passphrase/+=2w"
_PROCESS = Path(__file__).with_name("sftp_process.py")


@dataclass(frozen=True)
class KeyFile:
    """A key: its private file, and its line in a .pub file."""

    path: Path
    line: str


@dataclass
class SftpServer:
    """A running server. `port` shows `host_key`, `other_port` shows `other_key`, `old_port` speaks old algorithms."""

    work: Path
    host_key: KeyFile
    other_key: KeyFile
    client_key: KeyFile
    port: int = field(default_factory=free_port)
    other_port: int = field(default_factory=free_port)
    old_port: int = field(default_factory=free_port)
    _ids: Any = field(default_factory=itertools.count)

    @property
    def root(self) -> Path:
        return self.work / "root"

    @property
    def log(self) -> Path:
        return self.work / "log"

    @property
    def control(self) -> Path:
        return self.work / "control"

    def fault(self, name: str, times: int = 1, **facts: Any) -> None:
        """From now on this fault, so many times, and no other."""
        text = json.dumps({"fault": name, "times": times, "id": str(next(self._ids)), **facts})
        whole = self.control.with_suffix(".new")
        whole.write_text(text, encoding="utf-8")
        whole.replace(self.control)

    def events(self, event: str, **facts: Any) -> list[dict[str, Any]]:
        """What was logged since the last `reset`."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        found = [json.loads(line) for line in lines]
        return [one for one in found if one["event"] == event and all(one[key] == facts[key] for key in facts)]

    def reset(self) -> None:
        """An empty folder `out`, an empty log, no fault."""
        shutil.rmtree(self.root, ignore_errors=True)
        (self.root / "out").mkdir(parents=True)
        self.log.unlink(missing_ok=True)
        self.fault("none")


@contextmanager
def sftp_server(work: Path, *, password_allowed: bool = True) -> Iterator[SftpServer]:
    """Serve `work/root` while the block lasts."""
    python = servers_python()
    keys = [new_key(work / name) for name in ("host_key", "other_key", "client_key")]
    server = SftpServer(work, *keys)
    server.reset()
    listeners = [(server.host_key, server.port, ""), (server.other_key, server.other_port, "")]
    listeners.append((server.host_key, server.old_port, "old"))
    settings = {
        "root": str(server.root),
        "control": str(server.control),
        "log": str(server.log),
        "user": USER,
        "password": PASSWORD,
        "password_allowed": password_allowed,
        "client_key": server.client_key.line,
        "listeners": [(str(key.path), port, more) for key, port, more in listeners],
    }
    with running([python, _PROCESS, json.dumps(settings)], lambda: bool(server.events("ready")), cwd=work):
        yield server


def new_key(path: Path, kind: str = "ed25519", passphrase: str | None = None) -> KeyFile:
    """A new key in OpenSSH form, its file readable by its owner only."""
    key = Ed25519PrivateKey.generate() if kind == "ed25519" else generate_private_key(SECP256R1())
    lock = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, lock))
    path.chmod(0o600)
    return KeyFile(path, key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode())
