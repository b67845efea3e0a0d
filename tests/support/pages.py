"""Reading a finished site as a reader would: parsed, never searched for text that happens to be there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

VOID = {"meta", "link", "br", "img", "hr", "input", "path", "rect", "circle"}


@dataclass
class Element:
    """One element with its place in the tree."""

    tag: str
    attrs: dict[str, str]
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def all(self, tag: str, **attrs: str) -> list[Element]:
        wanted = {name.rstrip("_"): value for name, value in attrs.items()}
        return [e for e in self.walk() if e.tag == tag and all(e.attrs.get(n) == v for n, v in wanted.items())]

    @property
    def content(self) -> str:
        return "".join(child if isinstance(child, str) else child.content for child in self.children)

    @property
    def text(self) -> str:
        """What is written in it, each run of white space as one space."""
        return " ".join(self.content.split())


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("#root", {})
        self.at = self.root
        self.unbalanced: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.children.append(made)
        if tag not in VOID:
            self.at = made

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.at.children.append(Element(tag, {name: value or "" for name, value in attrs}, self.at))

    def handle_endtag(self, tag: str) -> None:
        if self.at.tag != tag or self.at.parent is None:
            self.unbalanced.append(tag)
        else:
            self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)


def parse(text: str) -> Element:
    """The tree of a page; raises for one whose tags do not nest."""
    builder = _Builder()
    builder.feed(text)
    builder.close()
    assert not builder.unbalanced, builder.unbalanced[:5]
    assert builder.at is builder.root, builder.at.tag
    return builder.root


class Pages:
    """All pages of a site below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.html"))
        self.read = cache(lambda path: parse((root / path).read_text(encoding="utf-8")))
        self.ids = cache(lambda path: frozenset(e.attrs["id"] for e in self.read(path).walk() if "id" in e.attrs))

    def links(self, path: str) -> Iterator[tuple[str, str, str]]:
        """Of every link: as it stands, the file that it leads to, and the place in it."""
        for element in self.read(path).walk():
            for name in ("href", "src"):
                if name in element.attrs and not element.attrs[name].startswith("data:"):
                    url = urlsplit(element.attrs[name])
                    folder = posixpath.dirname(path)
                    target = posixpath.normpath(posixpath.join(folder, unquote(url.path))) if url.path else path
                    yield element.attrs[name], target, unquote(url.fragment)

    def broken(self) -> list[str]:
        """Links that lead nowhere, out of the site, or to a place that is not there."""
        found = []
        for path in self.paths:
            for link, target, place in self.links(path):
                inside = not urlsplit(link).scheme and not link.startswith("/") and not target.startswith("..")
                there = inside and (self.root / target).is_file()
                if not there or (place and place not in self.ids(target)):
                    found.append(f"{path}: {link}")
        return found
