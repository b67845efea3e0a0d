"""System calls of a process watched, counted, and made to fail, one by one: by ptrace, at the calls themselves.

The process that is watched stops only at calls that change storage, or that read it (a seccomp filter chooses them),
and all its threads and children count together, in the order in which the kernel sees them. So "the 17th" is one place
in the work, and every place can be tried: killed just before the call, or the call refused with an error of the disk.
x86-64 Linux only, as is all that is said here about numbers and registers.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

WRITES = {1: "write", 18: "pwrite64", 20: "writev", 296: "pwritev", 40: "sendfile", 326: "copy_file_range"}
FLUSHES = {74: "fsync", 75: "fdatasync", 277: "sync_file_range"}
NAMES = {
    82: "rename", 264: "renameat", 316: "renameat2", 87: "unlink", 263: "unlinkat", 84: "rmdir",
    88: "symlink", 266: "symlinkat", 86: "link", 265: "linkat", 83: "mkdir", 258: "mkdirat",
}  # fmt: skip
SIZES = {76: "truncate", 77: "ftruncate", 285: "fallocate"}
OPENS = {2: "open", 257: "openat", 85: "creat"}
READS = {0: "read", 17: "pread64", 19: "readv", 295: "preadv"}
CHANGES = WRITES | FLUSHES | NAMES | SIZES | OPENS
_BY_DESCRIPTOR = {**WRITES, **FLUSHES, **READS, 77: "ftruncate", 285: "fallocate"}
_FIRST_PATH = {"openat": 1, "renameat": 1, "renameat2": 1, "unlinkat": 1, "linkat": 1, "mkdirat": 1}
_SECOND_PATH = {"rename": 1, "renameat": 3, "renameat2": 3, "symlink": 1, "symlinkat": 2, "link": 1, "linkat": 3}

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_libc.ptrace.restype = ctypes.c_long
_TRACEME, _CONT, _GETREGS, _SETREGS, _SETOPTIONS = 0, 7, 12, 13, 0x4200
_FOLLOW = 0x2 | 0x4 | 0x8 | 0x80 | 0x100000  # fork, vfork, clone, seccomp; killed with the watcher
_SECCOMP_EVENT = 7
_ORIG_RAX, _RAX = 15, 10  # places in user_regs_struct
_ARGUMENTS = (14, 13, 12, 7, 9, 8)  # rdi rsi rdx r10 r8 r9
_CREATING = os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True)
class Call:
    """One call below the watched folder: what, on which path, and for a rename or link, which second path."""

    name: str
    path: str
    second: str = ""
    size: int = 0
    offset: int = -1
    flags: int = 0
    data: bytes | None = None


@dataclass
class Watched:
    """What became of a process: its calls, and how it ended (exit code, or minus the signal)."""

    calls: list[Call] = field(default_factory=list)
    ended: int = 0
    struck: Call | None = None

    def as_json(self) -> dict[str, Any]:
        """All but the bytes that were written."""
        return json.loads(json.dumps(asdict(self), default=lambda _: None))


@dataclass(frozen=True)
class Strike:
    """What to do at the `at`th call (from 1) of those that count: kill, or refuse with an errno; `stays` refuses all
    later ones too, as a full or broken disk does."""

    at: int
    error: int = 0
    stays: bool = False


def watch(
    work: Callable[[], int],
    root: Path,
    wanted: Callable[[Call], bool] = lambda _: True,
    strike: Strike | None = None,
    *,
    reads: bool = False,
    contents: bool = False,
) -> Watched:
    """Run `work` in a child and watch its calls below `root`; strike where told. The child ends with what `work`
    returns. With `reads` calls that read count too, with `contents` what is written is kept. Must be called from a
    process without threads of its own."""
    child = os.fork()
    if child == 0:
        _be_watched(CHANGES | READS if reads else CHANGES)
        code = 1
        try:
            code = work()
        finally:
            os._exit(code)
    return _Watcher(child, str(root), wanted, strike, contents).run()


def _be_watched(numbers: dict[int, str]) -> None:
    _ptrace(_TRACEME, 0)
    os.kill(os.getpid(), signal.SIGSTOP)
    program = _filter(sorted(numbers))
    code = ctypes.create_string_buffer(program, len(program))
    prog = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(code))
    buffer = ctypes.create_string_buffer(prog, len(prog))
    for option in ((38, 1, 0), (22, 2, ctypes.addressof(buffer))):  # no new privileges; seccomp filter
        if _libc.prctl(option[0], ctypes.c_ulong(option[1]), ctypes.c_ulong(option[2]), 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")


def _filter(numbers: list[int]) -> bytes:
    """A BPF program: stop at these calls, let all others pass."""
    load, equal, give = 0x20, 0x15, 0x06
    code = struct.pack("HBBI", load, 0, 0, 0)
    for at, number in enumerate(numbers):
        code += struct.pack("HBBI", equal, len(numbers) - at, 0, number)
    code += struct.pack("HBBI", give, 0, 0, 0x7FFF0000)
    return code + struct.pack("HBBI", give, 0, 0, 0x7FF00000)


class _Watcher:
    def __init__(
        self, child: int, root: str, wanted: Callable[[Call], bool], strike: Strike | None, contents: bool
    ) -> None:
        self.child, self.root, self.wanted, self.strike, self.contents = child, root, wanted, strike, contents
        self.found = Watched()
        self.count = 0

    def run(self) -> Watched:
        os.waitpid(self.child, 0)
        _ptrace(_SETOPTIONS, self.child, _FOLLOW)
        _ptrace(_CONT, self.child)
        while True:
            try:
                pid, status = os.waitpid(-1, 0x40000000)  # threads too
            except ChildProcessError:
                return self.found
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                if pid == self.child:
                    self.found.ended = os.waitstatus_to_exitcode(status)
            elif os.WIFSTOPPED(status):
                self._stopped(pid, status)

    def _stopped(self, pid: int, status: int) -> None:
        number, event = os.WSTOPSIG(status), status >> 16
        if event == _SECCOMP_EVENT and self._strikes(pid):
            return
        quiet = number == signal.SIGTRAP or (number == signal.SIGSTOP and pid != self.child)
        _ptrace(_CONT, pid, 0 if quiet else number)

    def _strikes(self, pid: int) -> bool:
        """Count a call, and strike if it is the one; whether the process is gone now."""
        try:
            registers = _registers(pid)
            call = _call(pid, registers, self.root, self.contents)
        except (OSError, ProcessLookupError):  # it has just been killed
            return False
        if call is None or not self.wanted(call):
            return False
        self.count += 1
        self.found.calls.append(call)
        strike = self.strike
        if strike is None or (self.count != strike.at and not (strike.stays and self.count > strike.at)):
            return False
        self.found.struck = self.found.struck or call
        if not strike.error:
            os.kill(self.child, signal.SIGKILL)
            return True
        registers[_ORIG_RAX] = 2**64 - 1
        registers[_RAX] = 2**64 - strike.error
        _ptrace(_SETREGS, pid, ctypes.addressof(registers))
        return False


def _registers(pid: int) -> Any:
    registers = (ctypes.c_ulonglong * 27)()
    _ptrace(_GETREGS, pid, ctypes.addressof(registers))
    return registers


def _call(pid: int, registers: Any, root: str, contents: bool) -> Call | None:
    """The call about to be made, if it is about something below `root`."""
    number = registers[_ORIG_RAX]
    name = CHANGES.get(number) or READS[number]
    arguments = [registers[place] for place in _ARGUMENTS]
    if number in _BY_DESCRIPTOR:
        path = _link(f"/proc/{pid}/fd/{_signed(arguments[0])}").removesuffix(" (deleted)")
        size = arguments[2] if name in {"write", "pwrite64", "read", "pread64"} else arguments[1]
        offset = arguments[3] if name in {"pwrite64", "pread64"} else -1
        if not path.startswith(root):
            return None
        data = None
        if contents and name in {"write", "pwrite64"}:
            data = _bytes(pid, arguments[1], size)
            offset = _at(pid, arguments[0]) if name == "write" else offset
        return Call(name, path, size=size, offset=offset, data=data)
    at = _FIRST_PATH.get(name, 0)
    flags = arguments[at + 1] if name in {"open", "openat"} else _CREATING if name == "creat" else 0
    if name in {"open", "openat"} and not flags & _CREATING:
        return None
    first = "" if name.startswith("symlink") else _path(pid, arguments, at)
    second = _path(pid, arguments, _SECOND_PATH[name]) if name in _SECOND_PATH else ""
    if not (first or second).startswith(root) and not second.startswith(root):
        return None
    if name.startswith("symlink"):
        return Call(name, second, _text(pid, arguments[0]))
    return Call(name, first, second, flags=flags)


def _path(pid: int, arguments: list[int], at: int) -> str:
    text = _text(pid, arguments[at])
    if text.startswith("/"):
        return text
    folder = _signed(arguments[at - 1]) if at else -100
    base = _link(f"/proc/{pid}/cwd" if folder == -100 else f"/proc/{pid}/fd/{folder}")
    return str(Path(base) / text)


def _text(pid: int, address: int) -> str:
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        memory.seek(address)
        left = 4096 - address % 4096
        found = memory.read(left)
        if b"\0" not in found:
            found += memory.read(4096)
    return found.split(b"\0", 1)[0].decode()


def _bytes(pid: int, address: int, size: int) -> bytes:
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        memory.seek(address)
        return memory.read(size)


def _at(pid: int, descriptor: int) -> int:
    """Where in its file a descriptor stands; -1 where it appends."""
    lines = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/fdinfo/{descriptor}").read_text().splitlines()[:2])
    return -1 if int(lines["flags"], 8) & os.O_APPEND else int(lines["pos"])


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _signed(value: int) -> int:
    return value - 2**32 if value & 2**31 else value & 0xFFFFFFFF


def _ptrace(request: int, pid: int, data: int = 0) -> None:
    if _libc.ptrace(request, pid, None, data) < 0:
        number = ctypes.get_errno()
        if number != errno.ESRCH:
            raise OSError(number, os.strerror(number), f"ptrace {request}")
