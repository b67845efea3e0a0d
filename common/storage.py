"""Trouble with the disk, told so that a person can act on it: which path, what is wrong there, how much is free."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.errors import DtiError, StorageError, Text

_FULL = Text("dọn đĩa hoặc tăng hạn mức rồi chạy lại", "make room or raise the quota, then run this again")
_RIGHTS = Text("kiểm tra chủ sở hữu và quyền của thư mục", "check the folder's owner and permissions")

# errno → code, words, what to do.
TROUBLES: dict[int, tuple[str, Text, Text]] = {
    errno.ENOSPC: ("DiskFull", Text("đĩa đầy", "the disk is full"), _FULL),
    errno.EDQUOT: ("DiskFull", Text("hết hạn mức đĩa", "the disk quota is used up"), _FULL),
    errno.EFBIG: ("DiskFull", Text("tệp quá giới hạn kích thước", "the file exceeds the size limit"), _FULL),
    errno.EIO: (
        "DiskFailed",
        Text("đĩa báo lỗi đọc ghi", "the disk reports a read or write error"),
        Text("kiểm tra đĩa (dmesg, smartctl) trước khi chạy lại", "check the disk (dmesg, smartctl) before a new run"),
    ),
    errno.EROFS: (
        "ReadOnlyDisk",
        Text("hệ thống tệp chỉ cho đọc", "the file system is read-only"),
        Text(
            "gắn lại đĩa ở chế độ ghi; nếu nó tự chuyển, kiểm tra đĩa",
            "mount it writable; if it changed by itself, check the disk",
        ),
    ),
    errno.EACCES: ("NotPermitted", Text("không có quyền", "permission is denied"), _RIGHTS),
    errno.EPERM: ("NotPermitted", Text("không được phép", "the operation is not permitted"), _RIGHTS),
    errno.EMFILE: (
        "TooManyFiles",
        Text("mở quá nhiều tệp cùng lúc", "too many files are open at once"),
        Text("tăng giới hạn: ulimit -n 1024", "raise the limit: ulimit -n 1024"),
    ),
    errno.ENFILE: (
        "TooManyFiles",
        Text("máy mở quá nhiều tệp", "the machine has too many files open"),
        Text("xem ai mở: lsof | wc -l", "see who does: lsof | wc -l"),
    ),
}
# What libraries make of the same: DuckDB, Arrow and dbt hand on the operating system's words, not its number.
_WORDS = [(os.strerror(number), number) for number in TROUBLES]
_WORDS += [("database or disk is full", errno.ENOSPC), ("disk I/O error", errno.EIO)]  # SQLite
_WORDS += [("fsync failed", errno.EIO)]  # DuckDB
_PATH = re.compile(r"""["'](/[^"']+)["']""")


def trouble_of(error: BaseException) -> int | None:
    """The number of the operating system's error behind an exception or its cause; None if it is about something
    else."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in TROUBLES:
            return seen.errno
        number = trouble_in(str(seen))
        if number is not None:
            return number
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return None


def trouble_in(text: str) -> int | None:
    """The number of the operating system's error that a library's message speaks of."""
    return next((number for words, number in _WORDS if words in text), None)


def storage_error(number: int, text: str, place: Path, needed: int = 0) -> StorageError:
    """The error for a person. `text` is searched for the path; `place` is named where it has none. `needed` is how many
    bytes the work takes, if that is known."""
    code, what, hint = TROUBLES[number]
    named = _PATH.search(text)
    path = Path(named[1]) if named else place
    vi, en = what
    if code == "DiskFull":
        free = _free(path)
        vi, en = f"{vi}: còn {megabytes(free)}", f"{en}: {megabytes(free)} are free"
        if needed:
            vi += f", một lần chạy cần khoảng {megabytes(needed)} ({needed} byte)"
            en += f", a run needs about {megabytes(needed)} ({needed} bytes)"
    return StorageError(code, Text(vi, en), hint=hint, where=str(path), data={"needed": needed} if needed else None)


@contextmanager
def storage_told(place: Path, needed: int = 0) -> Iterator[None]:
    """Turn trouble with the disk into `StorageError`, whichever library met it; everything else passes."""
    try:
        yield
    except DtiError:
        raise
    except Exception as error:
        number = trouble_of(error)
        if number is None:
            raise
        path = getattr(error, "filename", None)
        raise storage_error(number, f"'{path}'" if path else str(error), place, needed) from error


def megabytes(count: int) -> str:
    return f"{count / 1024**2:,.0f} MiB".replace(",", " ")


def _free(path: Path) -> int:
    here = next(one for one in (path, *path.parents) if one.exists())
    return shutil.disk_usage(here).free
