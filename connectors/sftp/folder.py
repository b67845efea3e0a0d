"""A folder on an SFTP server, read as the inbox is: plain files with plain names that stand still, each whole.

A dropped connection is opened again and the file read again from its start: the pieces of two connections could be of
two versions. paramiko takes some ends of a connection for the end of a file, so a file is whole only when as many bytes
came as the server declares before and after.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import socket
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from common.errors import SourceError
from connectors.attempts import Attempts
from connectors.deadline import Watchdog
from connectors.findings import PassingTrouble, Place, source_error
from connectors.sftp.connection import dial, greet, log_in, open_client
from connectors.sftp.credentials import SftpLogin
from connectors.sftp.model import Sftp
from connectors.sheets.inbox import Arrival, Patience, check_kind, check_name, showable
from connectors.source_model import Limits

if TYPE_CHECKING:
    from paramiko import SFTPAttributes, SFTPClient, Transport

T = TypeVar("T")
_PIECE = 2**15
_MOST_ENTRIES = 200_000
_SAID = {errno.ENOENT: "not found", errno.EACCES: "permission denied"}


class _State(NamedTuple):
    """What must not change while a file is read."""

    size: int
    modified: int
    mode: int


class SftpFolder:
    """The folder of one source, for one pull. Use as a context manager."""

    def __init__(self, sftp: Sftp, login: SftpLogin, limits: Limits, patience: Patience) -> None:
        self._sftp = sftp
        self._login = login
        self._limits = limits
        self._patience = patience
        self._attempts = Attempts(limits)
        self._watchdog = Watchdog()
        self._connection: socket.socket | None = None
        self._transport: Transport | None = None
        self._client: SFTPClient | None = None
        self._still: dict[str, _State] | None = None
        self._listed: dict[str, _State] = {}

    def __enter__(self) -> SftpFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()
        self._watchdog.close()

    def names(self, wanted: Callable[[str], bool], place: Place) -> list[str]:
        """Names of the files to read, sorted; hidden files are left alone. The folder is listed once per pull.

        Raises `SourceError`: `UnsafeName` for anything, wanted or not, that is no plain file with a plain name.
        """
        if self._still is None:
            before = self._list(place)
            self._patience.sleep(self._patience.quiet_seconds)
            self._listed = self._list(place)
            self._still = {name: state for name, state in self._listed.items() if before.get(name) == state}
        return sorted(name for name in self._listed if wanted(name))

    def read(self, name: str, place: Place) -> Arrival:
        """The file when it stands still, whole.

        Raises `SourceError`: `StillChanging`, `UnsafeName`, `LimitExceeded`, `FileUnreadable`, or the connection's end.
        """
        end = self._patience.clock() + self._patience.seconds
        troubles: list[str] = []
        known = (self._still or {}).get(name)
        while True:
            known = known or self._settled(name, place, troubles)
            content = self._fetched(name, known, place, troubles) if known else None
            if content is not None:
                return Arrival(name, hashlib.sha256(content).hexdigest(), content, tuple(troubles))
            if self._patience.clock() >= end:
                raise source_error("StillChanging", place, file=showable(name), seconds=int(self._patience.seconds))
            known = None

    def _settled(self, name: str, place: Place, troubles: list[str]) -> _State | None:
        """The file's state, if it is the same after the quiet time."""
        before, more = self._ask(lambda client: self._state_of(client, name, place), place)
        self._patience.sleep(self._patience.quiet_seconds)
        after, further = self._ask(lambda client: self._state_of(client, name, place), place)
        troubles += [*more, *further]
        return after if before == after else None

    def _fetched(self, name: str, known: _State, place: Place, troubles: list[str]) -> bytes | None:
        content, more = self._ask(lambda client: self._content(client, name, known, place), place)
        troubles += more
        return content

    def _list(self, place: Place) -> dict[str, _State]:
        return self._ask(lambda client: list_folder(client, self._sftp.folder, place), place)[0]

    def _state_of(self, client: SFTPClient, name: str, place: Place) -> _State:
        """Type, size and time of the file itself, not of what a link leads to."""
        with _readable(name, place):
            return _state(client.lstat(self._path(name)), name, place)

    def _content(self, client: SFTPClient, name: str, known: _State, place: Place) -> bytes | None:
        """The whole file, or None if it changed meanwhile. Raises `PassingTrouble` where the server sends less than it
        declares."""
        if self._state_of(client, name, place) != known:
            return None
        _check_size(known.size, self._limits, place)
        pieces = bytearray()
        with _readable(name, place), client.open(self._path(name), "rb") as handle:
            while (room := _room(len(pieces), known.size)) and (piece := handle.read(min(_PIECE, room))):
                pieces += piece
        if self._state_of(client, name, place) != known:
            return None
        _check_whole(len(pieces), known.size, name, place)
        return bytes(pieces)

    def _path(self, name: str) -> str:
        return f"{self._sftp.folder.rstrip('/')}/{name}"

    def _ask(self, question: Callable[[SFTPClient], T], place: Place) -> tuple[T, tuple[str, ...]]:
        return self._attempts.repeat(lambda: self._attempt(question, place), place)

    def _attempt(self, question: Callable[[SFTPClient], T], place: Place) -> T:
        from paramiko import SSHException
        from paramiko.sftp import SFTPError

        seconds = self._attempts.seconds(place)
        with self._watchdog.limit(seconds):
            try:
                return question(self._client or self._dial(place))
            except (SourceError, PassingTrouble, SSHException, SFTPError, EOFError, OSError, ValueError) as error:
                self._hang_up()
                if self._watchdog.barked:  # cut by us, whatever it looked like
                    raise self._attempts.cut_short(seconds, place) from None
                if isinstance(error, SourceError | PassingTrouble):
                    raise
                if isinstance(error, TimeoutError):
                    raise PassingTrouble("Timeout", seconds=f"{self._limits.read_seconds:g}") from None
                detail = f"connection lost, {type(error).__name__}"
                raise PassingTrouble("SourceUnavailable", detail=detail) from None

    def _dial(self, place: Place) -> SFTPClient:
        self._connection = dial(self._sftp, self._limits, place)
        self._watchdog.follow(self._connection)
        self._transport = greet(self._connection, self._sftp, self._limits, place)
        log_in(self._transport, self._login, place)
        self._client = open_client(self._transport, self._limits)
        return self._client

    def _hang_up(self) -> None:
        transport, self._transport, self._client = self._transport, None, None
        connection, self._connection = self._connection, None
        if transport is not None:
            transport.close()
        if connection is not None:
            connection.close()  # the library leaves that of a transport open that has ended by itself


def list_folder(client: SFTPClient, folder: str, place: Place) -> dict[str, _State]:
    """Every file that is not hidden, with its state. Raises `SourceError` (`FolderMissing`, `UnsafeName`, …)."""
    found: dict[str, _State] = {}
    try:
        for count, entry in enumerate(client.listdir_iter(folder, read_aheads=1), 1):
            if count > _MOST_ENTRIES:
                raise source_error("LimitExceeded", place, limit="entries", value=_MOST_ENTRIES)
            if not entry.filename.startswith("."):
                check_name(entry.filename, place)
                found[entry.filename] = _state(entry, entry.filename, place)
    except UnicodeDecodeError:
        raise source_error("UnsafeName", place, detail="a name that is not UTF-8") from None
    except OSError as error:
        detail = _SAID.get(error.errno or 0)
        if detail is None:
            raise
        raise source_error("FolderMissing", place, folder=folder, detail=detail) from None
    return found


def _state(entry: SFTPAttributes, name: str, place: Place) -> _State:
    if entry.st_mode is None or entry.st_size is None or entry.st_mtime is None:
        detail = "the server tells no type, size or time"
        raise source_error("FileUnreadable", place, file=showable(name), detail=detail)
    check_kind(entry.st_mode, place)
    return _State(entry.st_size, entry.st_mtime, entry.st_mode)


def _check_size(size: int, limits: Limits, place: Place) -> None:
    if size > limits.body_bytes:
        raise source_error("LimitExceeded", place, limit="body_bytes", value=limits.body_bytes)


def _room(size: int, declared: int) -> int:
    """How many bytes may still come: one more than declared tells that there are more, and no more is read."""
    return declared + 1 - size


def _check_whole(size: int, declared: int, name: str, place: Place) -> None:
    if size > declared:
        detail = f"more than the {declared} bytes that the server declares"
        raise source_error("FileUnreadable", place, file=showable(name), detail=detail)
    if size < declared:
        raise PassingTrouble("Truncated", detail=f"{size} of {declared} bytes")


@contextlib.contextmanager
def _readable(name: str, place: Place) -> Iterator[None]:
    """What the server says of one file; all other troubles are the connection's."""
    try:
        yield
    except OSError as error:
        detail = _SAID.get(error.errno or 0)
        if detail is None:
            raise
        raise source_error("FileUnreadable", place, file=showable(name), detail=detail) from None
