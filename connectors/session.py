"""HTTP on `requests`, made strict: a total deadline per request, complete bodies only, a name for every trouble.

Why `requests` alone is not enough: its timeout is per read, so a slow drip lasts for ever; `Retry` of urllib3 does not
repeat a page whose body was cut; a cut gzip or close-delimited body passes silently; `trust_env` reads proxies and
`~/.netrc`; redirects carry own headers to other hosts; a name is resolved behind our back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import requests
import urllib3

from common.errors import SourceError
from connectors.attempts import Attempts
from connectors.auth import Authorization, Signature, Unsigned
from connectors.bodies import Expected, LoginPageError, read_body
from connectors.calls import Answer, Call
from connectors.deadline import Watchdog, WatchedAdapter
from connectors.findings import PassingTrouble, Place, source_error
from connectors.source_model import Limits
from connectors.troubles import check_status, named
from connectors.vetting import Reach, UnsafeAddressError, reach

T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    """How a source is reached: who we are, constant headers, which hosts, which certificates."""

    auth: Authorization = field(default_factory=Unsigned)
    headers: Mapping[str, str] = field(default_factory=dict)
    reach: Reach | None = None
    verify: str | bool = True
    certificate: tuple[str, str] | None = None


class StrictSession:
    """One conversation with one source. Use as a context manager."""

    def __init__(
        self,
        address: str,
        limits: Limits,
        content_types: tuple[str, ...],
        sleep: Callable[[float], None] = time.sleep,
        line: Line | None = None,
    ) -> None:
        self._address = address
        self._limits = limits
        self._expected = Expected(content_types)
        self._attempts = Attempts(limits, sleep)
        self._line = line or Line()
        self._reach = self._line.reach or reach([address])
        self._watchdog = Watchdog()
        self._http = requests.Session()
        self._http.trust_env = False  # neither proxies of the environment nor ~/.netrc
        self._http.verify = self._line.verify
        self._http.cert = self._line.certificate
        for scheme in ("https://", "http://"):
            self._http.mount(scheme, WatchedAdapter(self._watchdog, self._reach))
        # http.client would announce gzip; plain bytes let a declared length prove completeness.
        self._http.headers.update({"Accept-Encoding": "identity", "User-Agent": "dti", "Accept": "application/json"})
        self._http.headers.update(self._line.headers)
        _keep_addresses_out_of_logs()

    def __enter__(self) -> StrictSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()
        self._watchdog.close()

    def ask(self, call: Call, place: Place, parse: Callable[[bytes], T]) -> Answer[T]:
        """Send a call until a whole, parsable answer is there; raise `SourceError` with the reason otherwise.

        A refused login is renewed once per call, also where it shows as 403: some servers say so to a token that has
        expired. `parse` runs inside the attempt, and may raise `PassingTrouble` for a body that looks broken.
        """
        signature = self.login(place)
        try:
            return self._ask(call, signature, place, parse)
        except SourceError as error:
            refused = error.code in {"AuthFailed", "Forbidden"} or isinstance(error, LoginPageError)
            if not refused or not self._line.auth.renew(signature, self._fetch, place):
                raise
        return self._ask(call, self.login(place), place, parse)

    def login(self, place: Place) -> Signature:
        """What signs the next call; asks for a token first where one is needed. Raises `SourceError`."""
        return self._line.auth.sign(self._fetch, place)

    def _fetch(self, call: Call, place: Place, parse: Callable[[bytes], Any]) -> Answer[Any]:
        return self._ask(call, Signature(), place, parse)

    def _ask(self, call: Call, signature: Signature, place: Place, parse: Callable[[bytes], T]) -> Answer[T]:
        (body, headers, parsed), troubles = self._attempts.repeat(
            lambda: self._attempt(call, signature, place, parse), place, call.attempts
        )
        return Answer(body, parsed, troubles, headers, self._whole(call).partition("?")[0])

    def _attempt(
        self, call: Call, signature: Signature, place: Place, parse: Callable[[bytes], T]
    ) -> tuple[bytes, Mapping[str, str], T]:
        seconds = self._attempts.seconds(place)
        with self._watchdog.limit(seconds):
            try:
                body, delimited, headers = self._exchange(call, signature, place, seconds)
            except UnsafeAddressError as unsafe:
                raise source_error("UnsafeAddress", place, detail=str(unsafe)) from None
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                raise self._named(error, seconds, place) from None
            except (SourceError, PassingTrouble):
                if not self._watchdog.barked:
                    raise
            if self._watchdog.barked:  # cut by us: headers or a body without a length then look whole
                raise self._named(TimeoutError(), seconds, place)
        try:
            return body, headers, parse(body)
        except PassingTrouble as trouble:
            raise PassingTrouble(trouble.code if delimited else "Truncated", **trouble.facts) from None

    def _exchange(
        self, call: Call, signature: Signature, place: Place, seconds: float
    ) -> tuple[bytes, bool, Mapping[str, str]]:
        address = self._whole(call)
        self._reach.check(address)
        given = {name for name, _ in parse_qsl(urlsplit(address).query, keep_blank_values=True)}
        params = {**call.params, **{name: key for name, key in signature.params.items() if name not in given}}
        response = self._http.request(
            call.method,
            address,
            params=params or None,
            data=call.document or call.form or None,
            headers={**({"Content-Type": "application/json"} if call.document else {}), **call.headers}
            | signature.headers,
            timeout=(min(self._limits.connect_seconds, seconds), self._limits.read_seconds),
            allow_redirects=False,
            stream=True,
        )
        expected = call.expected or self._expected
        with response:
            check_status(response, expected.statuses, call.is_login, self._limits, place)
            return *read_body(response, self._limits, expected, place), dict(response.headers.lower_items())

    def _whole(self, call: Call) -> str:
        return self._address + call.path if call.path.startswith("/") else call.path

    def _named(self, error: Exception, seconds: float, place: Place) -> Exception:
        """The trouble behind an exception of requests, urllib3 or the socket."""
        if self._watchdog.barked:
            return self._attempts.cut_short(seconds, place)
        return named(error, self._limits, place)


def _keep_addresses_out_of_logs() -> None:
    """urllib3 logs whole addresses; where a key stands in the query, the log would hold it. Our findings suffice."""
    logging.getLogger("urllib3.connectionpool").setLevel(logging.CRITICAL)
