"""The inbox folder: which files may be touched, when a copy has ended, and what was seen before.

People and other systems write into it, so a name, a link or a device in it is not to be trusted.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from common.errors import SourceError
from connectors.findings import Place, source_error
from connectors.texts import showable_name

_FORMULA_SIGNS = ("=", "+", "-", "@")
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Arrival:
    """One file, read whole; `troubles` are those of attempts before."""

    name: str
    sha256: str
    content: bytes
    troubles: tuple[str, ...] = ()


class Seen(NamedTuple):
    """A file of an earlier pull."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Patience:
    """How long a file must stand still, and how long that may take. Clocks and waiting are injected by tests."""

    quiet_seconds: float = 2
    seconds: float = 120
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time


class Folder(Protocol):
    """Where files arrive."""

    def names(self, wanted: Callable[[str], bool], place: Place) -> list[str]:
        """Names of the files to read, sorted. Raises `SourceError`."""

    def read(self, name: str, place: Place) -> Arrival:
        """One file, when it stands still. Raises `SourceError`."""


class LocalFolder:
    """A folder of the deployment's inbox."""

    def __init__(self, path: Path, most: int, patience: Patience) -> None:
        self._path = path
        self._most = most
        self._patience = patience

    def names(self, wanted: Callable[[str], bool], place: Place) -> list[str]:
        return list_names(self._path, wanted, place)

    def read(self, name: str, place: Place) -> Arrival:
        return read_arrival(self._path, name, place, self._most, self._patience)


def list_names(folder: Path, wanted: Callable[[str], bool], place: Place) -> list[str]:
    """Names of the files to read, sorted. Hidden files are temporary ones of whoever copies, and left alone.

    Raises `SourceError`: `UnsafeName` for anything wanted or not that is no plain file with a plain name.
    """
    found = []
    try:
        if stat.S_ISLNK(folder.lstat().st_mode):
            raise _unsafe("a symbolic link as inbox", place)
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise _unreadable(folder.name, error, place) from None
    for entry in entries:
        if entry.name.startswith("."):
            continue
        check_name(entry.name, place)
        check_kind(entry.stat(follow_symlinks=False).st_mode, place)
        if wanted(entry.name):
            found.append(entry.name)
    return found


def check_name(name: str, place: Place) -> None:
    """A name ends up in messages, pages and spreadsheets: no control characters, no beginning of a formula."""
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise _unsafe("control characters in a name, or a name too long", place)
    if name.startswith(_FORMULA_SIGNS) or "/" in name or "\\" in name:
        raise _unsafe("a name that reads as a formula or a path", place)


def check_kind(mode: int, place: Place) -> None:
    if not stat.S_ISREG(mode):
        raise _unsafe("a link, folder or device instead of a file", place)


def read_arrival(folder: Path, name: str, place: Place, most: int, patience: Patience | None = None) -> Arrival:
    """The file when it stands still, read through one descriptor that follows no link.

    Raises `SourceError`: `StillChanging`, `UnsafeName`, `LimitExceeded`, `FileUnreadable`.
    """
    check_name(name, place)
    waiting = patience or Patience()
    end = waiting.clock() + waiting.seconds
    try:
        while True:
            content, before = _read(folder / name, place, most)
            if waiting.now() - max(before.st_mtime, before.st_ctime) < waiting.quiet_seconds:
                waiting.sleep(waiting.quiet_seconds)
            state = _state(before)
            if _state(os.lstat(folder / name)) == state:
                return Arrival(name, hashlib.sha256(content).hexdigest(), content)
            if waiting.clock() >= end:
                raise source_error("StillChanging", place, file=showable(name), seconds=int(waiting.seconds))
    except OSError as error:
        raise _unreadable(name, error, place) from None


def new_arrivals(arrivals: Iterable[Arrival], seen: Sequence[Seen]) -> Iterator[tuple[Arrival, str]]:
    """Each file, and the name under which its content was taken before ("" for new content: a file to take).

    The same name with another content is a new version. One file at a time: nothing is held on to.
    """
    known = {one.sha256: one.name for one in seen}
    for arrival in arrivals:
        yield arrival, known.get(arrival.sha256, "")
        known.setdefault(arrival.sha256, arrival.name)


def showable(name: str) -> str:
    """A file's name for messages; people name files after people."""
    stem, dot, suffix = name.rpartition(".")
    return f"{showable_name(stem or suffix)}{dot}{suffix}" if stem else showable_name(suffix)


def _read(path: Path, place: Place, most: int) -> tuple[bytes, os.stat_result]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as handle:
        facts = os.fstat(descriptor)
        check_kind(facts.st_mode, place)
        content = handle.read(most + 1)
    if len(content) > most:
        raise source_error("LimitExceeded", place, limit="file_bytes", value=most)
    return content, facts


def _state(facts: os.stat_result) -> tuple[int, int, int, int]:
    return facts.st_size, facts.st_mtime_ns, facts.st_ino, facts.st_dev


def _unsafe(detail: str, place: Place) -> SourceError:
    return source_error("UnsafeName", place, detail=detail)


def _unreadable(name: str, error: OSError, place: Place) -> SourceError:
    return source_error("FileUnreadable", place, file=showable(name), detail=error.strerror or type(error).__name__)
