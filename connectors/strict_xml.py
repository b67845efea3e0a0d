"""XML read strictly: UTF-8, one document, no DTD, no entities of its own, bounded nesting.

The document becomes the shape that `xmltodict` made common: elements by name (without namespace), `@name` for an
attribute, `#text` beside attributes or children, a list where an element repeats, and text where there is only text.
The parser is the standard library's expat with every declaration refused, which is all that `defusedxml` adds to it.
"""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from connectors.findings import PassingTrouble, Place, source_error


class _DeclarationError(Exception):
    """A DTD or an entity: an attack, or a format that no source of figures needs."""


class _Depth(Exception):
    """Nested too deeply."""


class _Namespace(Exception):
    """The document is of another vocabulary."""


class _Builder:
    def __init__(self, depth: int, namespace: str) -> None:
        self._depth = depth
        self._namespace = namespace
        self._open: list[tuple[str, dict[str, Any], list[str]]] = [("", {}, [])]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > self._depth:
            raise _Depth
        if self._namespace and len(self._open) == 1 and name.rpartition(" ")[0] != self._namespace:
            raise _Namespace
        children: dict[str, Any] = {f"@{_local(key)}": value for key, value in attributes.items()}
        self._open.append((_local(name), children, []))

    def text(self, data: str) -> None:
        self._open[-1][2].append(data)

    def end(self, _name: str) -> None:
        name, children, pieces = self._open.pop()
        text = "".join(pieces).strip()
        value: Any = children if children else text
        if children and text:
            children["#text"] = text
        siblings = self._open[-1][1]
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]

    @property
    def document(self) -> dict[str, Any]:
        return self._open[0][1]


def parse_xml(body: bytes, place: Place, *, depth: int, namespace: str = "") -> dict[str, Any]:
    """The document as `{root: …}`, every value text. With a `namespace` the root element must be of it.

    Raises `SourceError` (`DtdRefused`, `BadEncoding`, `LimitExceeded`, `OtherNamespace`), or `PassingTrouble`
    (`NotXml`).
    """
    builder = _Builder(depth, namespace)
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    try:
        text = body.decode("utf-8-sig")
        parser.Parse(text.encode(), True)
    except UnicodeDecodeError as error:
        raise source_error("BadEncoding", place, detail=f"byte {error.start}") from None
    except _DeclarationError:
        raise source_error("DtdRefused", place) from None
    except _Depth:
        raise source_error("LimitExceeded", place, limit="depth", value=depth) from None
    except _Namespace:
        raise source_error("OtherNamespace", place, namespace=namespace) from None
    except expat.ExpatError as error:
        raise PassingTrouble("NotXml", detail=f"line {error.lineno}, column {error.offset}") from None
    return builder.document


def _refuse(*_: Any) -> Any:
    raise _DeclarationError


def _local(name: str) -> str:
    return name.rsplit(" ", 1)[-1]
