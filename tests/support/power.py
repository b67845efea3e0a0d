"""What a disk holds after the power went: a file system that keeps only what was flushed, fed with recorded calls.

A file's bytes are safe once the file is flushed; a name (created, renamed, removed) once its folder is. In the harsh
reading nothing else survives. In the other the names survive, as journalling file systems often have it, while bytes
that were not flushed are gone: the reading in which renaming an unflushed file destroys what stood there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tests.support.syscalls import Call


@dataclass
class File:
    now: bytearray
    safe: bytes


@dataclass
class Link:
    target: str


@dataclass
class Folder:
    now: dict[str, Node] = field(default_factory=dict)
    safe: dict[str, Node] = field(default_factory=dict)


_PLAIN = {"pwrite64": "pwrite", "creat": "open"}
Node: TypeAlias = "File | Link | Folder"


class Disk:
    """A tree as it is, and as it would be found again."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._top = _read(root)

    def apply(self, call: Call) -> bool:
        """Do what a call did; whether that can change what would be found again."""
        name = _PLAIN.get(call.name) or call.name.removesuffix("at2").removesuffix("at")
        folder, last = self._place(call.path)
        there = folder.now.get(last) if last else self._top
        if name == "open":
            if not isinstance(there, File):
                folder.now[last] = File(bytearray(), b"")
            elif call.flags & os.O_TRUNC:
                there.now.clear()
        elif name in {"write", "pwrite"}:
            self._written(there, call)
        elif name == "ftruncate" and isinstance(there, File):
            there.now = there.now[: call.size].ljust(call.size, b"\0")
        elif name in {"fsync", "fdatasync"}:
            _flushed(there)
        elif name in {"unlink", "rmdir"}:
            folder.now.pop(last, None)
        elif name == "mkdir":
            if last:  # the deployment's own folder is there, as `mkdir -p` finds out
                folder.now.setdefault(last, Folder())
        elif name == "symlink":
            folder.now[last] = Link(call.second)
        elif name == "rename":
            other, its = self._place(call.second)
            other.now[its] = folder.now.pop(last)
        else:
            raise AssertionError(f"not known: {call}")
        return name not in {"write", "pwrite", "ftruncate"}

    @staticmethod
    def _written(there: Node | None, call: Call) -> None:
        if isinstance(there, File):
            at = call.offset if call.offset >= 0 else len(there.now)
            there.now.extend(bytes(max(0, at - len(there.now))))
            there.now[at : at + call.size] = call.data or b""

    def found_again(self, place: Path, *, names: bool) -> None:
        """Write the tree as a start after the power cut finds it; with `names` those that were not flushed too."""
        _write(self._top, place, names)

    def _place(self, path: str) -> tuple[Folder, str]:
        parts = Path(path).relative_to(self._root).parts
        folder = self._top
        for part in parts[:-1]:
            inner = folder.now[part]
            assert isinstance(inner, Folder)
            folder = inner
        return folder, parts[-1] if parts else ""


def _flushed(node: Node | None) -> None:
    if isinstance(node, File):
        node.safe = bytes(node.now)
    elif isinstance(node, Folder):
        node.safe = dict(node.now)


def _read(path: Path) -> Folder:
    folder = Folder()
    for one in path.iterdir():
        if one.is_symlink():
            folder.now[one.name] = Link(str(one.readlink()))
        elif one.is_dir():
            folder.now[one.name] = _read(one)
        else:
            content = one.read_bytes()
            folder.now[one.name] = File(bytearray(content), content)
    folder.safe = dict(folder.now)
    return folder


def _write(folder: Folder, place: Path, names: bool) -> None:
    place.mkdir()
    for name, node in (folder.now if names else folder.safe).items():
        if isinstance(node, Folder):
            _write(node, place / name, names)
        elif isinstance(node, Link):
            (place / name).symlink_to(node.target)
        else:
            (place / name).write_bytes(node.safe)
