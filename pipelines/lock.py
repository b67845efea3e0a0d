"""One writer per deployment: an advisory lock of the operating system on a file of our own.

The lock dies with its holder, so a killed run leaves nothing to clean up; the text in the file only names the holder in
the refusal.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.errors import LockedError, Text
from common.storage import storage_told
from pipelines.settings import now

_held: dict[Path, int] = {}
_descriptors: dict[Path, int] = {}


@contextmanager
def writing(path: Path, command: str) -> Iterator[None]:
    """Hold the deployment's lock; raise `LockedError` (exit 7) at once if another process has it.

    Nested use in one process is one hold: a command takes the lock before it starts the job that takes it too.
    """
    path = path.resolve()
    if path in _held:
        _held[path] += 1
        try:
            yield
        finally:
            _held[path] -= 1
        return
    with storage_told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _taken(path)
    try:
        with storage_told(path):
            os.ftruncate(descriptor, 0)
            holder = {"pid": os.getpid(), "since": now().isoformat(), "command": command}
            os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        _held[path], _descriptors[path] = 1, descriptor
        try:
            yield
        finally:
            del _held[path], _descriptors[path]
    finally:
        os.close(descriptor)


def held_here(path: Path) -> bool:
    """Whether this very process is writing."""
    return path.resolve() in _held


def _taken(path: Path) -> int:
    """The open lock file, locked; the one that stands at the path, should somebody replace it meanwhile."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise _refusal(path) from None
        if _stands_at(path, descriptor):
            return descriptor
        os.close(descriptor)


def _stands_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def confirm(path: Path) -> None:
    """Raise `LockedError` if the lock that this process holds is no longer the one that counts.

    A run that was suspended, and whose lock file somebody removed so that another could work, wakes up believing that
    it is alone. It is asked before anything becomes visible.
    """
    descriptor = _descriptors.get(path.resolve())
    if descriptor is None or _stands_at(path, descriptor):
        return
    raise LockedError(
        "lock-lost",
        Text(
            "khóa ghi đã bị thay trong khi lệnh này đang chạy; lệnh này không công bố gì",
            "the lock was replaced while this command ran; it publishes nothing",
        ),
        hint=Text("chạy lại; đừng xóa tệp .lock", "run this again; the file .lock is never removed by hand"),
        where=str(path),
        data=_read(path),
    )


def holder(path: Path) -> dict[str, str] | None:
    """Who is writing now, or None: asked by trying the lock, never by believing the file."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(path)
    finally:
        os.close(descriptor)
    return None


def _read(path: Path) -> dict[str, str]:
    try:
        return {key: str(value) for key, value in json.loads(path.read_text()).items()}
    except (OSError, ValueError):
        return {"pid": "?", "since": "?", "command": "?"}


def _refusal(path: Path) -> LockedError:
    who = _read(path)
    return LockedError(
        "locked",
        Text(
            f"'{who['command']}' (pid {who['pid']}) đang ghi từ {who['since']}",
            f"'{who['command']}' (pid {who['pid']}) has been writing since {who['since']}",
        ),
        hint=Text("chờ lệnh đó xong rồi chạy lại", "wait until it is done, then run this again"),
        where=str(path.parent),
        data=dict(who),
    )
