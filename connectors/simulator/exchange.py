"""What simulated systems are asked and what they answer, and the interface of a system."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import parse_qs

from connectors.simulator.answers import Answer
from connectors.simulator.faults import FaultScript


@dataclass(frozen=True)
class Asked:
    """One request: path without query, query and form with the last value of each name, headers by lower-case name,
    the simulated moment, the server's own address, and the fault script in force."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    moment: datetime
    address: str
    faults: FaultScript

    @property
    def form(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(self.body.decode("utf-8")).items()}

    def number(self, name: str, default: int) -> int:
        """A whole number of the query. Raises `BadRequestError`."""
        text = self.query.get(name, str(default))
        if not (text.isascii() and text.isdigit()):
            raise BadRequestError(name)
        return int(text)

    def basic(self) -> tuple[str, str] | None:
        """User and password of HTTP Basic, if sent."""
        scheme, _, coded = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        user, _, password = base64.b64decode(coded).decode("utf-8").partition(":")
        return user, password

    @property
    def bearer(self) -> str:
        """The bearer token, or an empty text."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else ""


class System(Protocol):
    """A simulated source system, alive while its server runs; it may remember logins and tokens.

    A system that asks who we are publishes its sample credentials as `secrets`, a mapping of the names that sources use
    to values that nobody can mistake for real ones.
    """

    name: str

    def answer(self, asked: Asked) -> Answer:
        """Answer one request. May raise `BadRequestError`, which becomes HTTP 400."""


class BadRequestError(ValueError):
    """The request is not one that the system understands."""
