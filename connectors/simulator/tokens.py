"""Tokens that simulated systems give out: good for a few seconds, so that a pull of some length meets their end."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable

SECONDS = 3
JWT_SECONDS = 5  # a client counts from whole seconds: at least four


class Tokens:
    """The tokens of one system while its server runs, each with whom it was given to."""

    clock: Callable[[], float] = staticmethod(time.monotonic)

    def __init__(self, seconds: int = SECONDS) -> None:
        self.seconds = seconds
        self._given: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def issue(self, user: str) -> str:
        """A new opaque token."""
        return self._remember(user, lambda serial: hashlib.sha256(f"{serial}|{user}".encode()).hexdigest())

    def issue_jwt(self, user: str) -> str:
        """A new token in the form of a JWT, which tells when it ends by the real clock."""
        ends = int(time.time()) + self.seconds
        return self._remember(user, lambda serial: _jwt({"iss": "mau", "sub": user, "exp": ends, "jti": str(serial)}))

    def holder(self, token: str) -> str | None:
        """Whom a token was given to; None for one that is unknown or has expired."""
        with self._lock:
            user, ends = self._given.get(token, ("", 0.0))
            return user if user and self.clock() < ends else None

    def _remember(self, user: str, make: Callable[[int], str]) -> str:
        with self._lock:
            token = make(len(self._given))
            self._given[token] = (user, self.clock() + self.seconds)
            return token


def _jwt(claims: dict[str, str | int]) -> str:
    head = _part(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = _part(json.dumps(claims).encode())
    return f"{head}.{body}.{_part(hashlib.sha256(f'{head}.{body}'.encode()).digest())}"


def _part(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")
