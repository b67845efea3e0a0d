"""From an answer to records: parsed, its envelope checked, the list selected, and what it says about further pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

import jmespath
from requests.utils import parse_header_links

from connectors.findings import Place, source_error
from connectors.paginator_model import Counted, Cursor, HeaderCursor, HeaderLink, JsonLink, Paged, PageNumber
from connectors.paging import Position
from connectors.rest_model import Endpoint, RestSource
from connectors.strict_json import parse_json
from connectors.strict_xml import parse_xml
from connectors.texts import showable_name

Document = Any
_PLAIN_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_LONGEST_POSITION = 2_000


def parser_of(source: RestSource, place: Place) -> Callable[[bytes], Document]:
    """What turns a body into a document, in the source's format and limits."""
    limits = source.limits
    if source.endpoint.format == "xml":
        return lambda body: parse_xml(body, place, depth=limits.depth)
    return lambda body: parse_json(body, place, depth=limits.depth, digits=limits.digits)


def pointer_prefix(selector: str) -> str:
    """JSON pointer to the list that a `data_selector` names; an expression stands for itself after `#`."""
    if selector == "@":
        return ""
    return "/" + selector.replace(".", "/") if _PLAIN_PATH.fullmatch(selector) else f"#{selector}"


def check_envelope(document: Document, endpoint: Endpoint, place: Place) -> None:
    """Raise `SourceError` where the answer itself says that it is an error or not whole."""
    for part in endpoint.envelope:
        found = jmespath.search(part.path, document)
        if not any(_same(found, allowed) for allowed in part.allowed):
            raise source_error("SourceReportsError", place, path=part.path, detail=_kind(found))


def records(document: Document, endpoint: Endpoint, place: Place) -> list[Any]:
    """The list of records. Raises `SourceError` where there is none."""
    found = jmespath.search(endpoint.data_selector, document)
    if endpoint.scalar_field:
        number = isinstance(found, int | Decimal) and not isinstance(found, bool)
        if number or (endpoint.format == "xml" and isinstance(found, str)):
            return [{endpoint.scalar_field: found}]
    elif isinstance(found, list):
        return found
    elif endpoint.format == "xml":
        if isinstance(found, dict):
            return [found]  # one element is no list in XML
        parent = endpoint.data_selector.rpartition(".")[0]
        if found is None and parent and jmespath.search(parent, document) == "":
            return []  # an element that is there and empty
    got = _kind(found if endpoint.scalar_field else document if found is None else found)
    raise source_error("UnexpectedShape", place, selector=endpoint.data_selector, detail=got)


def page_facts(
    paginator: Paged, document: Document, headers: Mapping[str, str], asked: tuple[Position, str], place: Place
) -> dict[str, Any]:
    """What the answer says about the list: total, total_pages, more, following (see `Page`). `asked` is the position
    and the address of the question."""
    said: dict[str, Any] = {"following": _following(paginator, document, headers, *asked)}
    if paginator.total_path:
        said["total"] = _count(document, paginator.total_path, place)
    if isinstance(paginator, PageNumber) and paginator.total_pages_path:
        said["total_pages"] = _count(document, paginator.total_pages_path, place)
    if isinstance(paginator, Counted) and paginator.has_more_path:
        more = jmespath.search(paginator.has_more_path, document)
        if not isinstance(more, bool):
            raise source_error("UnexpectedShape", place, selector=paginator.has_more_path, detail=_kind(more))
        said["more"] = more
    return said


def _following(
    paginator: Paged, document: Document, headers: Mapping[str, str], position: Position, asked: str
) -> Position | None:
    number = position.number + 1
    if isinstance(paginator, JsonLink):
        return _linked(number, jmespath.search(paginator.next_url_path, document), asked)
    if isinstance(paginator, HeaderLink):
        value = headers.get(paginator.header.lower(), "")
        if paginator.header.lower() == "link":
            links = parse_header_links(value) if value else []
            value = next((one["url"] for one in links if one.get("rel") == paginator.links_next_key), "")
        return _linked(number, value, asked)
    if isinstance(paginator, Cursor | HeaderCursor):
        inside = isinstance(paginator, Cursor)
        path = paginator.cursor_path if isinstance(paginator, Cursor) else ""
        token = jmespath.search(path, document) if inside else headers.get(getattr(paginator, "cursor_key", "").lower())
        usable = isinstance(token, str | int) and not isinstance(token, bool) and token != ""
        return Position(number, {"cursor": str(token)[:_LONGEST_POSITION]}) if usable else None
    return None


def _linked(number: int, link: Any, asked: str) -> Position | None:
    """The next address: whole, or relative to the one that was asked. The session vets it before it is used."""
    if not isinstance(link, str) or not link.strip():
        return None
    return Position(number, {}, urljoin(asked, link.strip())[:_LONGEST_POSITION])


def _count(document: Document, path: str, place: Place) -> int:
    found: Any = jmespath.search(path, document)
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) <= 18:
        found = int(found)
    if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
        return found
    raise source_error("UnexpectedShape", place, selector=path, detail=_kind(found))


def _same(found: Any, allowed: Any) -> bool:
    return type(found) is type(allowed) and json.dumps(found, default=str) == json.dumps(allowed, default=str)


def _kind(found: Any) -> str:
    """What was found, by kind and names of fields only: an error may hold anything."""
    if isinstance(found, dict):
        return "object {" + ", ".join(sorted(showable_name(str(key)) for key in found)[:8]) + "}"
    if isinstance(found, int) and abs(found) < 10**9:
        return str(found).lower()
    return "null" if found is None else type(found).__name__
