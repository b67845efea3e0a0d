"""Proof of identity on every call: credentials as they are, or exchanged for a token that lives for seconds.

Written here rather than taken from a library: authlib's session renews a token by itself outside our deadlines, retry
budget and address vetting, and follows redirects with the client's secret; what is left of OAuth2 client credentials
is one form. Tokens live in memory only.
"""

from __future__ import annotations

import base64
import binascii
import email.utils
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote_plus

import jmespath

from common.errors import SourceError
from connectors.auth_model import ApiKey, Bearer, HttpBasic, Login, NoAuth, OAuth2
from connectors.bodies import Expected
from connectors.calls import Answer, Call
from connectors.credentials import Reveal, reveal
from connectors.findings import Place, source_error
from connectors.strict_json import parse_json

Fetch = Callable[[Call, Place, Callable[[bytes], Any]], Answer[Any]]

_DEFAULT_SECONDS, _MOST_SECONDS, _EARLY_SECONDS = 60.0, 3600.0, 30.0
_TOKEN_ATTEMPTS = 3
_JSON = Expected(("application/json",))


@dataclass(frozen=True)
class Signature:
    """What a call is signed with; `serial` tells tokens apart."""

    headers: dict[str, str] = field(default_factory=dict, repr=False)
    params: dict[str, str] = field(default_factory=dict, repr=False)
    serial: int = 0


class Authorization(Protocol):
    """Signs calls; `renew` tells whether there is now something else to sign with than what was refused."""

    def sign(self, fetch: Fetch, place: Place, /) -> Signature: ...

    def renew(self, used: Signature, fetch: Fetch, place: Place, /) -> bool: ...


class Unsigned:
    """The source asks nobody who they are."""

    def sign(self, *_: Any) -> Signature:
        return Signature()

    def renew(self, *_: Any) -> bool:
        return False


class Credential:
    """The same credential with every call. It is read again once it is refused: it may have been rotated."""

    def __init__(self, model: HttpBasic | ApiKey | Bearer, known: Reveal = reveal) -> None:
        self._model = model
        self._reveal = known
        self._current = self._read()

    def sign(self, *_: Any) -> Signature:
        return self._current

    def renew(self, used: Signature, *_: Any) -> bool:
        self._current = self._read()
        return self._current != used

    def _read(self) -> Signature:
        model, reveal = self._model, self._reveal
        if isinstance(model, HttpBasic):
            return Signature({"Authorization": _basic(reveal(model.username), reveal(model.password))})
        if isinstance(model, Bearer):
            return Signature({"Authorization": f"Bearer {reveal(model.token)}"})
        key = {model.name: reveal(model.api_key)}
        return Signature(key) if model.location == "header" else Signature(params=key)


class Token:
    """A token that is fetched when it is needed and before it expires; one thread fetches, others wait for it."""

    def __init__(self, model: OAuth2 | Login, address: str, known: Reveal = reveal) -> None:
        self._model = model
        self._reveal = known
        self._address = address
        self._secrets = self._read()
        self._lock = threading.Lock()
        self._token = ""
        self._serial = 0
        self._renew_at = 0.0

    def sign(self, fetch: Fetch, place: Place) -> Signature:
        with self._lock:
            if not self._serial or time.monotonic() >= self._renew_at:
                self._fetch(fetch, place)
            return Signature({"Authorization": f"Bearer {self._token}"}, {}, self._serial)

    def renew(self, used: Signature, fetch: Fetch, place: Place) -> bool:
        with self._lock:
            if used.serial == self._serial:
                self._fetch(fetch, place)
        return True

    def _read(self) -> tuple[str, str]:
        model, reveal = self._model, self._reveal
        if isinstance(model, OAuth2):
            return reveal(model.client_id), reveal(model.client_secret)
        return reveal(model.username), reveal(model.password)

    def _fetch(self, fetch: Fetch, place: Place) -> None:
        try:
            answer = fetch(self._call(), place, _parse_with(place))
        except SourceError as error:
            fresh = self._read()
            if error.code != "AuthFailed" or fresh == self._secrets:
                raise
            self._secrets = fresh
            answer = fetch(self._call(), place, _parse_with(place))
        self._token, seconds = self._understood(answer, place)
        self._serial += 1
        self._renew_at = time.monotonic() + seconds - min(_EARLY_SECONDS, seconds / 2)

    def _call(self) -> Call:
        model, (name, secret) = self._model, self._secrets
        common: dict[str, Any] = {"expected": _JSON, "attempts": _TOKEN_ATTEMPTS, "is_login": True}
        if isinstance(model, Login):
            return Call(model.method, self._address + model.path, headers=_basic_header(name, secret), **common)
        form = {"grant_type": "client_credentials"} | ({"scope": model.scope} if model.scope else {})
        if model.client_in == "body":
            return Call("POST", self._address, form=form | {"client_id": name, "client_secret": secret}, **common)
        # RFC 6749, 2.3.1: in the Basic header both are form-encoded, as servers decode them: a plain `+` is a space.
        encoded = _basic_header(quote_plus(name), quote_plus(secret))
        return Call("POST", self._address, form=form, headers=encoded, **common)

    def _understood(self, answer: Answer[Any], place: Place) -> tuple[str, float]:
        """The token and how many seconds it lives. Raises `SourceError`."""
        model, document = self._model, answer.parsed
        path = model.token_path if isinstance(model, Login) else "access_token"
        token = jmespath.search(path, document)
        if not isinstance(token, str) or not token or not all("!" <= c <= "~" for c in token):
            raise source_error("TokenRefused", place, detail=f"no token at '{path}'")
        if isinstance(model, Login):
            return token, _jwt_seconds(token, model.audience, answer.headers.get("date"), place)
        return token, lifetime(document.get("expires_in"))


def authorization(
    model: NoAuth | HttpBasic | ApiKey | Bearer | OAuth2 | Login, address: str, known: Reveal = reveal
) -> Authorization:
    """The authorization that a source declares. Credentials are read now: a missing one refuses the start."""
    if isinstance(model, NoAuth):
        return Unsigned()
    if isinstance(model, OAuth2):
        return Token(model, model.access_token_url, known)
    if isinstance(model, Login):
        return Token(model, address, known)
    return Credential(model, known)


def lifetime(expires_in: Any) -> float:
    """Seconds that a token lives: a sensible number as it is, at most an hour; a minute where it makes no sense."""
    if isinstance(expires_in, str) and expires_in.isascii() and expires_in.isdigit():
        expires_in = int(expires_in[:10])
    if isinstance(expires_in, bool) or not isinstance(expires_in, int) or expires_in <= 0:
        return _DEFAULT_SECONDS
    return min(float(expires_in), _MOST_SECONDS)


def _jwt_seconds(token: str, audience: str | None, date: str | None, place: Place) -> float:
    """How long a JWT lives by its own word, on the server's clock. Nothing else in it is believed: we have no key to
    verify it with, and use no claim for data. A token that is no JWT lives for the default time."""
    parts = token.split(".")
    if len(parts) != 3:
        return lifetime(None)
    try:
        head, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
        unsigned = str(head.get("alg", "none")).lower() == "none"
        said = claims.get("aud", audience)
        expires = claims.get("exp")
    except (ValueError, binascii.Error, AttributeError):
        raise source_error("TokenRefused", place, detail="not a JWT") from None
    if unsigned:
        raise source_error("TokenRefused", place, detail="JWT: alg none")
    if audience is not None and audience not in (said if isinstance(said, list) else [said]):
        raise source_error("TokenRefused", place, detail="JWT: aud")
    if not isinstance(expires, int):
        return lifetime(None)
    left = expires - _clock_of_server(date)
    if left <= 0:
        raise source_error("TokenRefused", place, detail="JWT: exp")
    return min(left, _MOST_SECONDS)


def _clock_of_server(date: str | None) -> float:
    try:
        return email.utils.parsedate_to_datetime(date or "").timestamp()
    except (ValueError, TypeError):
        return time.time()


def _parse_with(place: Place) -> Callable[[bytes], Any]:
    def parse(body: bytes) -> Any:
        document = parse_json(body, place, depth=8, digits=18)
        if not isinstance(document, dict):
            raise source_error("TokenRefused", place, detail="no object")
        return document

    return parse


def _basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def _basic_header(name: str, password: str) -> dict[str, str]:
    return {"Authorization": _basic(name, password)}
