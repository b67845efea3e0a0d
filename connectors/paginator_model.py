"""How a list is cut into pages, as YAML writes it. The words are those of dlt's `rest_api` paginators.

Where the position goes is written in `endpoint` with placeholders (`{page}`, `{page_size}`, `{offset}`, `{limit}`,
`{cursor}`), so that the query string, a form field and a place inside a JSON body are one and the same thing.
All paths are JMESPath expressions on the whole answer.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import jmespath
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from connectors.parts import Part


def _is_jmespath(value: str) -> str:
    try:
        jmespath.compile(value)
    except jmespath.exceptions.JMESPathError:
        raise PydanticCustomError("jmespath", "not a JMESPath expression") from None
    return value


JmesPath = Annotated[str, AfterValidator(_is_jmespath)]


class Paged(Part):
    """What every form may declare. With a declared total the number of distinct rows must equal it."""

    total_path: JmesPath | None = Field(default=None, description="number of rows in the whole list")

    sends: ClassVar[tuple[str, ...]] = ()
    offers: ClassVar[tuple[str, ...]] = ()

    def facts(self) -> dict[str, Any]:
        """Values of the placeholders that do not change from page to page."""
        return {}


class SinglePage(Paged):
    """The whole list comes at once."""

    type: Literal["single_page"]


class Counted(Paged):
    """Pages found by counting. Without a total the list ends at the first empty page: a server may cap the page size
    silently, so a short page proves nothing."""

    has_more_path: JmesPath | None = Field(default=None, description="whether more follows; Spring's slice: '!last'")
    sparse: bool = Field(default=False, description="an empty page before the declared end is in order")
    after_last_page: Literal["empty", "not_found", "repeats"] = Field(
        default="empty", description="what the source answers to a page behind the last one"
    )


class PageNumber(Counted):
    """Pages are numbered from `base_page`."""

    type: Literal["page_number"]
    base_page: int = Field(default=1, ge=0, le=1)
    page_size: int = Field(ge=1, le=100_000)
    total_pages_path: JmesPath | None = Field(default=None, description="number of pages")

    sends: ClassVar[tuple[str, ...]] = ("page",)
    offers: ClassVar[tuple[str, ...]] = ("page", "page_size")

    def facts(self) -> dict[str, Any]:
        return {"page_size": self.page_size}


class Offset(Counted):
    """Rows are skipped; the next offset is the number of rows received, whatever size was asked for."""

    type: Literal["offset"]
    limit: int = Field(ge=1, le=100_000)

    sends: ClassVar[tuple[str, ...]] = ("offset",)
    offers: ClassVar[tuple[str, ...]] = ("offset", "limit")

    def facts(self) -> dict[str, Any]:
        return {"limit": self.limit}


class JsonLink(Paged):
    """The answer holds the address of the next page."""

    type: Literal["json_link"]
    next_url_path: JmesPath = "next"


class HeaderLink(Paged):
    """The address of the next page stands in `Link` (RFC 8288), or alone in a header of its own."""

    type: Literal["header_link"]
    header: str = "Link"
    links_next_key: str = "next"


class Cursor(Paged):
    """The answer holds a token for `{cursor}`; on the first page what holds only `{cursor}` is left out."""

    type: Literal["cursor"]
    cursor_path: JmesPath

    sends: ClassVar[tuple[str, ...]] = ("cursor",)
    offers: ClassVar[tuple[str, ...]] = ("cursor",)


class HeaderCursor(Paged):
    """As `cursor`; the token stands in a header (such as `X-Next-Page`)."""

    type: Literal["header_cursor"]
    cursor_key: str

    sends: ClassVar[tuple[str, ...]] = ("cursor",)
    offers: ClassVar[tuple[str, ...]] = ("cursor",)


Paginator = Annotated[
    SinglePage | PageNumber | Offset | JsonLink | HeaderLink | Cursor | HeaderCursor, Field(discriminator="type")
]
