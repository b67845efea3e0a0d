"""Files that are either there whole or not there: written beside, flushed to disk, renamed, the folder flushed too."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from common.one_line import visible


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file's bytes, read in blocks."""
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        error.filename = str(path)
        raise


def fsync_file(path: Path) -> None:
    """Flush a file to the disk. After an error what was written must be taken for lost, whatever a second try says."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        os.close(descriptor)


def fsync_folder(folder: Path) -> None:
    """Make renames and new names in a folder survive a power cut."""
    fsync_file(folder)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or the next start after a crash, sees all of it or none."""
    beside = path.with_name(f".{path.name}.tmp")
    try:
        with beside.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        beside.replace(path)
    except OSError as error:
        error.filename = error.filename or str(path)
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """`write_whole` of readable JSON with sorted keys: the same value gives the same bytes."""
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    write_whole(path, text.encode())


def append_line(path: Path, value: Any) -> None:
    """Append one JSON line in one write and flush it; a torn last line of an earlier crash is closed off first.

    No text in it can end the line or begin another one, whichever characters a reader splits at, nor move the cursor of
    a terminal that shows it.
    """
    append_lines(path, [value])


def append_lines(path: Path, values: Iterable[Any]) -> None:
    """As `append_line`, of several lines in one write."""
    texts = (visible(json.dumps(value, ensure_ascii=False, sort_keys=True)) for value in values)
    line = "".join(f"{text}\n" for text in texts).encode()
    new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        if os.write(descriptor, line) < len(line):  # what a disk does that is just full; the next line closes it off
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if new:
        fsync_folder(path.parent)


def point_link(link: Path, target: Path) -> None:
    """Make a symbolic link point at `target` in one step: readers see the old target or the new one."""
    beside = link.with_name(f".{link.name}.tmp")
    beside.unlink(missing_ok=True)
    beside.symlink_to(os.path.relpath(target, link.parent))
    beside.replace(link)
    fsync_folder(link.parent)
