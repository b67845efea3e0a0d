"""Run by the interpreter of `.venv-servers`: asyncssh serving a folder over SFTP, with faults on request.

The settings come as JSON on the command line; faults stand in a JSON file that is read at every question; what was
asked goes, one JSON object a line, to a log.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncssh

SETTINGS = json.loads(sys.argv[1])
ROOT, CONTROL, LOG = (Path(SETTINGS[name]) for name in ("root", "control", "log"))
OLD = {"encryption_algs": ["aes256-cbc"], "mac_algs": ["hmac-sha1"]}
WRITING = ("write", "remove", "mkdir", "rmdir", "rename", "posix_rename", "symlink", "link", "setstat", "fsetstat")
done: Counter[str] = Counter()


def log(event: str, **facts: Any) -> None:
    with LOG.open("a", encoding="utf-8") as handle:
        handle.write(json.dumps({"event": event, **facts}) + "\n")


def fault(name: str) -> dict[str, Any] | None:
    """The fault of this name, if it is due; each is due `times` times after it was set."""
    wanted = json.loads(CONTROL.read_text(encoding="utf-8"))
    if wanted.get("fault") != name or done[wanted["id"]] >= wanted["times"]:
        return None
    return dict(wanted)


def count(due: dict[str, Any]) -> None:
    done[due["id"]] += 1


class Gate(asyncssh.SSHServer):
    """Who may come in: one user, by password or by key."""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        log("connection")

    def begin_auth(self, username: str) -> bool:
        log("user", name=username)
        return True

    def password_auth_supported(self) -> bool:
        return bool(SETTINGS["password_allowed"])

    def validate_password(self, username: str, password: str) -> bool:
        due = fault("hang_up_at_login")
        if due:
            count(due)
            log("login", proof="password", good=False)
            self._connection.abort()
        good = (username, password) == (SETTINGS["user"], SETTINGS["password"])
        log("login", proof="password", good=good)
        return good

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        good = key.export_public_key().split()[1].decode() == SETTINGS["client_key"].split()[1]
        log("login", proof="key", good=good)
        return username == SETTINGS["user"] and good


class Faulty(asyncssh.SFTPServer):
    """The folder, with faults."""

    def __init__(self, chan: Any) -> None:
        super().__init__(chan, chroot=str(ROOT).encode())
        for name in WRITING:
            setattr(self, name, self._refuse)

    def _refuse(self, *_: Any) -> None:
        log("changed")
        raise asyncssh.SFTPPermissionDenied("nobody changes this folder")

    def _drop(self) -> None:
        self.channel.get_connection().abort()
        raise asyncssh.SFTPConnectionLost("dropped")

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        log("list")
        due = fault("drop_in_list")
        number = 0
        async for entry in super().scandir(path):
            yield entry
            number += 1
            if due and number > due["after"]:
                count(due)
                self._drop()

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        log("open", name=path.decode(), writing=bool(pflags & ~asyncssh.FXF_READ))
        return Path(path.decode()), super().open(path, pflags, attrs)

    def close(self, file_obj: Any) -> Any:
        return super().close(file_obj[1])

    def lstat(self, path: bytes) -> Any:
        log("lstat", name=path.decode())
        return super().lstat(path)

    async def read(self, file_obj: Any, offset: int, size: int) -> bytes:
        name, handle = file_obj
        log("read", name=name.name, offset=offset)
        for due in filter(None, map(fault, ("drop", "drip", "silent", "grow", "short", "endless"))):
            if due["fault"] == "drop" and offset >= due["after"]:
                count(due)
                self._drop()
            if due["fault"] == "silent":
                count(due)
                await asyncio.sleep(120)
            if due["fault"] == "drip":
                await asyncio.sleep(due["seconds"])
                size = 1
            if due["fault"] == "grow":
                count(due)
                self._grow(name, due["text"])
            if due["fault"] == "short" and offset >= due["after"]:
                count(due)
                return b""
            if due["fault"] == "short":
                size = min(size, due["after"] - offset)
            if due["fault"] == "endless":
                return b"x" * size
        return bytes(super().read(handle, offset, size))  # type: ignore[arg-type]

    @staticmethod
    def _grow(name: Path, text: str) -> None:
        with (ROOT / str(name).lstrip("/")).open("ab") as handle:
            handle.write(text.encode())


async def serve() -> None:
    common = {"sftp_factory": Faulty, "allow_scp": False, "login_timeout": 30}
    for key, port, more in SETTINGS["listeners"]:
        options = {**common, "server_host_keys": [key], **(OLD if more == "old" else {})}
        await asyncssh.create_server(Gate, "127.0.0.1", port, **options)
    log("ready")
    await asyncio.Event().wait()


asyncio.run(serve())
