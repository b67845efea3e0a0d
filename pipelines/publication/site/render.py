"""Writing pages: templates that escape everything, links that work from a disk, and a digest of all that is written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from common.durable import sha256_file
from pipelines.publication.site import places, words
from pipelines.publication.wording import when

TEMPLATES = Path(__file__).parent / "templates"
STYLE = "site.css"
T = TypeVar("T")


def environment() -> Environment:
    """Templates are ours and values are not: every value is escaped, and a name that is missing is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    named = (
        words.points, words.brief, words.exact, words.percent, words.signed, words.raw, words.bar, words.shade,
        words.day, words.moment, words.kilobytes, when,
    )  # fmt: skip
    made.filters.update({one.__name__: one for one in named})
    made.globals.update(share_of=words.share_of, units=words.UNITS, stages=words.STAGES, unranked=words.UNRANKED)
    return made


def style() -> bytes:
    """The style sheet without its comments and indents."""
    text = re.sub(r"/\*.*?\*/", "", (TEMPLATES / STYLE).read_text(encoding="utf-8"), flags=re.DOTALL)
    return "".join(re.sub(r"\s*([{};:,])\s+", r"\1", line.strip()) for line in text.splitlines()).encode()


class Writer:
    """The folder of a site that is being made. Each file is written once, and remembered by its hash."""

    def __init__(self, folder: Path, shared: dict[str, Any]) -> None:
        self.folder = folder
        self.hashes: dict[str, str] = {}
        self.pages = 0
        self._templates = environment()
        self._templates.globals.update(shared)

    def file(self, path: str, content: bytes) -> None:
        if path in self.hashes:
            raise AssertionError(f"{path} is written twice")
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        self.hashes[path] = hashlib.sha256(content).hexdigest()

    @contextmanager
    def stream(self, path: str) -> Iterator[BinaryIO]:
        """As `file`, for what is too large to be held at once."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as handle:
            yield handle
        self.hashes[path] = sha256_file(target)

    def page(self, path: str, template: str, **data: Any) -> None:
        """Render a page; in the template `link(target)` leads from this page to another."""

        def link(target: str) -> str:
            return places.relative(target, path)

        text = self._templates.get_template(template).render(link=link, here=path, **data)
        self.file(path, text.encode())
        self.pages += 1

    @property
    def digest(self) -> str:
        """One hash of every path and every byte."""
        whole = hashlib.sha256()
        for path in sorted(self.hashes):
            whole.update(f"{path}\0{self.hashes[path]}\n".encode())
        return whole.hexdigest()


def chunks(rows: Sequence[T], size: int) -> Iterator[tuple[int, Sequence[T]]]:
    """Page number, from 1, and its rows; one empty page for no rows."""
    for number, start in enumerate(range(0, max(len(rows), 1), size), start=1):
        yield number, rows[start : start + size]


def page_links(path: str, count: int, size: int) -> list[tuple[str, str]]:
    """Address and label, `1–110`, of every page of a long list; none for a list of one page."""
    if count <= size:
        return []
    starts = range(0, count, size)
    return [(places.numbered(path, n), f"{at + 1}–{min(at + size, count)}") for n, at in enumerate(starts, start=1)]
