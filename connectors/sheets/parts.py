"""The small parts of a workbook: what it holds, its sheets, its shared texts and its number formats.

Read with expat, every declaration refused. openpyxl is not used for reading: without `defusedxml` it expands entities,
it turns figures into binary floats, gives either a formula or its stored result, and keeps an object per empty row.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from xml.parsers import expat

from connectors.sheets.container import inflate
from connectors.sheets.grid import Refusal, SheetLimits

Start = Callable[[str, dict[str, str]], None]
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NOT_FORMAT = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE | re.DOTALL)
_DATE = re.compile(r"[dmyhs]", re.IGNORECASE)
_PERCENT_IDS = {9, 10}
_DATE_IDS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_ACTING_TYPES = re.compile(
    r"vba|macro|oleobject|activex|externallink|connections|querytable|embedded|package$", re.IGNORECASE
)
_REACHING = re.compile(
    r"\b(WEBSERVICE|FILTERXML|RTD|CALL|REGISTER(\.ID)?|EXEC|IMAGE|STOCKHISTORY)\s*\(|\|\s*'", re.IGNORECASE
)
_MAIN = "spreadsheetml.sheet.main+xml"


class SheetPart(NamedTuple):
    """A sheet as the workbook lists it. `state`: visible | hidden | veryHidden."""

    title: str
    state: str
    part: str


class Relation(NamedTuple):
    """One part that another one refers to. `kind` is the last word of the relation's type."""

    id: str
    kind: str
    part: str


class Container(NamedTuple):
    """An open workbook: its bytes and its entries by name, of which upper and lower case are the same."""

    content: bytes
    entries: dict[str, zipfile.ZipInfo]

    def pieces(self, name: str) -> Iterable[bytes]:
        if name.lower() not in self.entries:
            raise Refusal("UnsafeFile", detail="a part of the workbook is missing")
        return inflate(self.content, self.entries[name.lower()])

    @classmethod
    def of(cls, content: bytes, entries: Iterable[zipfile.ZipInfo]) -> Container:
        return cls(content, {entry.filename.lower(): entry for entry in entries})


class Book(NamedTuple):
    """What a workbook consists of; empty parts are absent."""

    sheets: list[SheetPart]
    from_1904: bool
    texts: str
    styles: str


class _LocalNames(dict[str, str]):
    """Names without their namespace, worked out once: a sheet has millions of elements of a dozen names."""

    def __missing__(self, name: str) -> str:
        return self.setdefault(name, name.rpartition(" ")[2])


def parse(
    pieces: Iterable[bytes],
    start: Start,
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """One XML part by events, names without namespace. Raises `Refusal` (`DtdRefused`, `UnsafeFile`)."""
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.buffer_text = True
    names = _LocalNames()
    parser.StartElementHandler = lambda name, attributes: start(names[name], attributes)
    if end:
        parser.EndElementHandler = lambda name: end(names[name])
    if text:
        parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse_declaration
    parser.EntityDeclHandler = refuse_declaration
    try:
        for piece in pieces:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise Refusal("UnsafeFile", detail="damaged XML") from None


def refuse_declaration(*_: Any) -> Any:
    """Entities are how a few bytes become gigabytes, and how a file reaches for other files."""
    raise Refusal("DtdRefused")


def check_types(container: Container) -> None:
    """What the parts are by their declared types and relations, however they are called."""

    def content_type(_: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("ContentType", "")
        if _ACTING_TYPES.search(kind):
            raise Refusal("UnsafeFile", detail="macros, links or embedded objects")
        seen.append(kind)

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name != "Relationship":
            return
        kind = attributes.get("Type", "").rpartition("/")[2]
        outside = attributes.get("TargetMode", "").lower() == "external"
        if _ACTING_TYPES.search(kind) or (outside and kind.lower() != "hyperlink"):
            raise Refusal("UnsafeFile", detail="macros, links or embedded objects")

    seen: list[str] = []
    parse(container.pieces("[Content_Types].xml"), content_type)
    if not any(kind.endswith(_MAIN) for kind in seen):
        raise Refusal("UnsafeFile", detail="not an XLSX workbook")
    for name in container.entries:
        if name.lower().endswith(".rels"):
            parse(container.pieces(name), relation)


def relations(container: Container, part: str) -> list[Relation]:
    """What a part refers to; "" is the container itself."""
    folder, _, name = part.rpartition("/")
    found: list[Relation] = []

    def relation(_: str, attributes: dict[str, str]) -> None:
        if "Id" in attributes:
            target = attributes.get("Target", "")
            path = target[1:] if target.startswith("/") else posixpath.join(folder, target)
            kind = attributes.get("Type", "").rpartition("/")[2]
            found.append(Relation(attributes["Id"], kind, posixpath.normpath(path)))

    parse(container.pieces(f"{folder}/_rels/{name}.rels".lstrip("/")), relation)
    return found


def workbook(container: Container) -> Book:
    """The sheets in order and the parts that they share. Names that compute are checked too."""
    main = next((one.part for one in relations(container, "") if one.kind == "officeDocument"), "")
    shared = relations(container, main)
    targets = {one.id: one.part for one in shared}
    kinds = {one.kind: one.part for one in shared}
    sheets: list[SheetPart] = []
    pending: list[str] = []
    from_1904 = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal from_1904
        pending.clear()
        if name == "sheet":
            relation = next((value for key, value in attributes.items() if key.rpartition(" ")[2] == "id"), "")
            part = targets.get(relation, "")
            sheets.append(SheetPart(attributes.get("name", ""), attributes.get("state", "visible"), part))
        elif name == "workbookPr":
            from_1904 = attributes.get("date1904", "0") in {"1", "true"}

    def end(name: str) -> None:
        if name == "definedName":
            refuse_reaching("".join(pending))

    parse(container.pieces(main), start, end, pending.append)
    return Book(sheets, from_1904, kinds.get("sharedStrings", ""), kinds.get("styles", ""))


def refuse_reaching(formula: str) -> None:
    """A formula that calls the network, a program or a library when people open the file."""
    if _REACHING.search(formula):
        raise Refusal("UnsafeFile", detail="a formula that reaches outside the workbook")


def shared_texts(container: Container, part: str, limits: SheetLimits) -> list[str]:
    """The table of texts, without reading aids (`rPh`)."""
    texts: list[str] = []
    pending: list[str] = []
    state = {"text": False, "aid": False}

    def start(name: str, _: dict[str, str]) -> None:
        if name == "si":
            pending.clear()
        elif name == "rPh":
            state["aid"] = True
        state["text"] = name == "t" and not state["aid"]

    def end(name: str) -> None:
        state["text"] = False
        if name == "rPh":
            state["aid"] = False
        elif name == "si":
            texts.append(unescaped("".join(pending)))
            if len(texts) > limits.cells:
                raise Refusal("LimitExceeded", limit="cells", value=limits.cells)

    def text(data: str) -> None:
        if state["text"]:
            pending.append(data)

    if part:
        parse(container.pieces(part), start, end, text)
    return texts


def unescaped(text: str) -> str:
    """`_x000D_` is how XLSX writes a character that XML cannot hold."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def looks(container: Container, part: str) -> list[str]:
    """What each cell style shows: percent, date, or "" for anything else."""
    codes: dict[int, str] = {}
    found: list[str] = []
    inside = ""

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if name == "numFmt":
            codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif name in {"cellXfs", "cellStyleXfs"}:
            inside = name
        elif name == "xf" and inside == "cellXfs":
            number = int(attributes.get("numFmtId", "0"))
            found.append(look_of(number, codes.get(number)))

    if part:
        try:
            parse(container.pieces(part), start)
        except (KeyError, ValueError):
            raise Refusal("UnsafeFile", detail="damaged styles") from None
    return found


def look_of(number: int, code: str | None) -> str:
    """By the built-in number of a format, or by its code with quoted text, colours and padding taken away."""
    if code is None:
        return "percent" if number in _PERCENT_IDS else "date" if number in _DATE_IDS else ""
    bare = _NOT_FORMAT.sub("", code)
    if "%" in bare:
        return "percent"
    return "date" if bare.lower() != "general" and _DATE.search(bare) else ""
