"""One HTTP call, ready to send, and its whole answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from connectors.bodies import Expected

T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """`path` begins with `/` below the source's address, or is a whole address (a next link, a token's address).

    Sources are only asked, never changed: any call may be repeated.
    """

    method: str
    path: str
    params: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    document: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    expected: Expected | None = None
    attempts: int | None = None
    is_login: bool = False


@dataclass(frozen=True)
class Answer(Generic[T]):
    """A complete body, what it was parsed to, the troubles of earlier attempts, headers by lower-case name, and the
    whole address that was asked (without its query), for links that are relative to it."""

    body: bytes
    parsed: T
    troubles: tuple[str, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
