"""Guards that can be taken away one by one, and the cases that must then fail.

`DTI_MUTANT=NAME pytest tests/faults` runs the fault tests without that guard; `tests/faults/test_mutants.py` does so
for every name. What a mutant puts in place is what libraries do by default, or what a hurried hand would write.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC
from decimal import Decimal, InvalidOperation
from typing import Any

import requests
import tenacity
import urllib3

from common.errors import SourceError
from connectors import (
    attempts,
    auth,
    bodies,
    comparing,
    deadline,
    gates,
    history,
    paging,
    runs,
    settling,
    strict_json,
    troubles,
    values,
    vetting,
    windows,
)
from connectors import contract as contracts
from connectors.agencies import Agencies
from connectors.kinds import rest
from connectors.paginator_model import Offset

VARIABLE = "DTI_MUTANT"
Patch = Callable[[Any, str, Any], None]


@dataclass(frozen=True)
class Mutant:
    """What is gone, the cases that need it, and how to take it away."""

    gone: str
    cases: tuple[str, ...]
    remove: Callable[[Patch], Any]


def _nothing(*_: Any, **__: Any) -> Any:
    return iter(())


def _setting(target: Any, name: str, value: Any) -> Callable[[Patch], None]:
    return lambda patch: patch(target, name, value)


def _attempts(change: Callable[[int], int]) -> Callable[[Patch], None]:
    stop = tenacity.stop_after_attempt
    return _setting(attempts, "stop_after_attempt", lambda most: stop(change(most)))


def _dropped_connections(patch: Patch) -> None:
    _attempts(lambda _: 1)(patch)
    patch(urllib3.connection.HTTPConnection, "is_connected", property(lambda self: self.sock is not None))


def _requests_with(**options: Any) -> Callable[[Patch], None]:
    """Calls go out with these options of requests, or with its own trust in the environment."""
    original = requests.Session.request

    def request(self: requests.Session, *args: Any, **named: Any) -> requests.Response:
        self.trust_env = options.get("trust_env", self.trust_env)
        return original(self, *args, **{**named, **{k: v for k, v in options.items() if k != "trust_env"}})

    return _setting(requests.Session, "request", request)


def _unverified(patch: Patch) -> None:
    original = requests.adapters.HTTPAdapter.send

    def send(self: Any, request: Any, **named: Any) -> requests.Response:
        return original(self, request, **{**named, "verify": bool(0)})

    patch(requests.adapters.HTTPAdapter, "send", send)


def _any_address(patch: Patch) -> None:
    """No vetting; every name leads to this machine, so that no test ever leaves it."""
    patch(vetting.Reach, "check", lambda *_: None)
    patch(vetting.Reach, "resolve", lambda *_: ["127.0.0.1"])


def _no_limits(patch: Patch) -> None:
    patch(bodies, "_too_large", lambda *_: None)
    patch(bodies, "_inflate", lambda gunzip, piece, _room: gunzip.feed(piece, 2**26))


def _plain_json(body: bytes, *_: Any, **__: Any) -> Any:
    return json.loads(body.decode())


def _lenient_json(body: bytes, *_: Any, **__: Any) -> Any:
    text = body.decode("utf-8", "replace")
    for tail in ("", "]", '"}]'):
        try:
            return json.JSONDecoder().raw_decode(text + tail)[0]
        except ValueError:
            continue
    return []


def _parsed_by(parse: Callable[..., Any]) -> Callable[[Patch], None]:
    from connectors.kinds import rest_answers

    return _setting(rest_answers, "parse_json", parse)


def _lossy(patch: Patch) -> None:
    _parsed_by(_lenient_json)(patch)
    patch(bodies, "_check_kind", lambda *_: None)


def _failed_page_is_empty(patch: Patch) -> None:
    original = rest._ask_page

    def ask(*args: Any) -> paging.Page:
        try:
            return original(*args)
        except SourceError:
            return paging.Page(args[-1].number, [], "", 0)

    patch(rest, "_ask_page", ask)


def _renewing_for_ever(patch: Patch) -> None:
    from connectors.session import StrictSession

    def ask(self: StrictSession, call: Any, place: Any, parse: Any) -> Any:
        for _ in range(4):
            signature = self.login(place)
            try:
                return self._ask(call, signature, place, parse)
            except SourceError:
                self._line.auth.renew(signature, self._fetch, place)
        return self._ask(call, self.login(place), place, parse)

    patch(StrictSession, "ask", ask)


def _never_renewing(patch: Patch) -> None:
    patch(auth.Token, "renew", lambda *_: False)
    patch(auth.Credential, "renew", lambda *_: False)


def _each_fetches(patch: Patch) -> None:
    def renew(self: auth.Token, _used: Any, fetch: Any, place: Any) -> bool:
        self._fetch(fetch, place)
        return True

    patch(auth.Token, "renew", renew)


def _any_secret(patch: Patch) -> None:
    def reveal(value: Any) -> str:
        return value if isinstance(value, str) else os.environ.get(value.secret, "").strip()

    patch(auth, "reveal", reveal)
    patch(rest, "reveal", reveal)


def _no_loop_detection(patch: Patch) -> None:
    numbers = itertools.count()
    patch(paging, "rows_digest", lambda *_: next(numbers))
    patch(paging.Position, "token", property(lambda _: str(next(numbers))))


def _first_empty_page_ends(patch: Patch) -> None:
    original = paging._following
    patch(paging, "_following", lambda p, at, page, walk: original(p, at, page, walk) if page.rows else None)


def _offset_by_size(patch: Patch) -> None:
    original = paging._following

    def following(paginator: Any, position: paging.Position, page: Any, walk: Any) -> Any:
        found = original(paginator, position, page, walk)
        if found is None or not isinstance(paginator, Offset):
            return found
        return replace(found, facts={"offset": position.facts["offset"] + paginator.limit})

    patch(paging, "_following", following)


def _totals_ignored(patch: Patch) -> None:
    original = rest.page_facts
    patch(rest, "page_facts", lambda *args: {k: v for k, v in original(*args).items() if k != "total"})


def _more_pages(patch: Patch) -> None:
    original = paging._walk
    patch(paging, "_walk", lambda way, *to: original(way._replace(most=way.most + 5), *to))


def _cast(raw: Any, field: Any, *_: Any) -> Any:
    """What a TRY_CAST makes of a value."""
    if field.type == "text":
        return str(raw)
    try:
        number = Decimal(str(raw).replace(",", ".").strip())
        return int(number) if field.type == "integer" else number
    except (InvalidOperation, ValueError, OverflowError):
        return 0


def _last_row_wins(patch: Patch) -> None:
    def alone(self: Any, table: Any) -> Any:
        last = {key: at for at, key in enumerate(table.column(runs.KEY).to_pylist())}
        self.equal += table.num_rows - len(last)
        return table.take([*last.values()])

    patch(settling._Twins, "_alone", alone)


def _no_coverage(patch: Patch) -> None:
    patch(gates, "_register_coverage", _nothing)
    patch(history.Comparison, "lost", _nothing)


def _trimmed_codes(patch: Patch) -> None:
    from connectors import agencies

    def read(raw: Any) -> str:
        return "".join(c for c in str(raw).replace("А", "A").replace("Ａ", "A") if c.isalnum())

    patch(agencies, "read_code", read)


def _people_welcome(patch: Patch) -> None:
    from connectors import agencies

    patch(contracts, "personal", lambda _: False)
    patch(agencies, "personal", lambda _: False)


def _names_shown(patch: Patch) -> None:
    from connectors import flattening
    from connectors.kinds import rest_answers

    for module in (strict_json, flattening, rest_answers):
        patch(module, "showable_name", str)


def _matched_by_name(patch: Patch) -> None:
    def match(self: Agencies, raw: dict[str, Any], _asked: str) -> Any:
        try:
            return self._by_name(raw.get("name")), None
        except values.UnfitError as unfit:
            return "", unfit

    patch(Agencies, "match", match)


def _first_date(text: str, form: str) -> Any:
    from datetime import datetime

    for known in (form, "%d/%m/%Y", "%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%d/%m/%y"):
        try:
            return datetime.strptime(text, known)  # noqa: DTZ007 - a calendar date
        except ValueError:
            continue
    raise values.UnfitError("DateFormat")


def _zone_dropped(text: str, field: Any, _zone: str) -> Any:
    return values._moment(text, field.format).replace(tzinfo=None)


def _small_numbers_dropped(raw: Any, field: Any, *rest: Any) -> Any:
    """Counts too small to say anything are left out at the door."""
    if isinstance(raw, int) and 0 < raw < 5:
        raise values.UnfitError("BelowMinimum", shown=str(raw), minimum="5")
    return values.read_value(raw, field, *rest)


def _safe_by_word(patch: Patch) -> None:
    from connectors import rest_model

    patch(rest_model, "_safe_address", lambda _: None)


def _rules(name: str) -> Callable[[Patch], None]:
    from connectors import rules

    return _setting(rules, name, lambda *_: None)


def _logs_open(patch: Patch) -> None:
    from connectors import session

    patch(session, "_keep_addresses_out_of_logs", lambda: None)


_RETRIED = ("H04", "H05", "H06", "H07", "H08", "H09", "H13", "H14", "H15", "H18", "H21", "H34", "A03")
_MUTANTS: dict[str, tuple[str, tuple[str, ...], Callable[[Patch], Any]]] = {
    "one-attempt": ("pages are asked for once", _RETRIED, _attempts(lambda _: 1)),
    "more-attempts": ("attempts are not bounded as stated", ("H01", "H17"), _attempts(lambda most: most + 15)),
    "no-read-timeout": ("no timeout of a read", ("H02",), _requests_with(timeout=60)),
    "no-deadline": ("no deadline of a request", ("H03",), _setting(deadline.Watchdog, "_bark", lambda _: None)),
    "gzip-without-end": ("gzip need not end", ("H08",), _setting(bodies._Gunzip, "complete", property(lambda _: True))),
    "prefix-is-enough": ("JSON need not end where the body ends", ("H06", "H09"), _parsed_by(_lenient_json)),
    "any-content": (
        "media type and first byte are not looked at",
        ("H10", "H33"),
        _setting(bodies, "_check_kind", print),
    ),
    "no-envelope": ("the envelope's contract is not read", ("H11",), _setting(rest, "check_envelope", lambda *_: None)),
    "empty-is-fine": ("no gate on empty answers", ("H12",), _setting(gates, "_empty", _nothing)),
    "no-retry-after": (
        "Retry-After is ignored",
        ("H13", "H14", "H16"),
        _setting(troubles, "retry_after", lambda *_: None),
    ),
    "naive-retry-after": (
        "Retry-After is a number",
        ("H15",),
        _setting(troubles, "retry_after", lambda v, _: v and float(v)),
    ),
    "failed-page-is-empty": ("a page that fails counts as empty", ("H19", "H20"), _failed_page_is_empty),
    "dropped-connections": ("a closed connection is used again", ("H22",), _dropped_connections),
    "redirects": ("redirects are followed", ("H23", "H24"), _requests_with(allow_redirects=True)),
    "any-address": ("addresses are not vetted", ("H25", "P12", "X07"), _any_address),
    "no-limits": ("no limits on bodies", ("H26", "H27"), _no_limits),
    "any-headers": (
        "no limit on headers",
        ("H28",),
        lambda p: [p(http.client, n, 10**7) for n in ("_MAXHEADERS", "_MAXLINE")],
    ),
    "unverified": ("certificates are not verified", ("H29",), _unverified),
    "any-client-key": ("the client's key is not checked", ("H30",), _setting(rest, "client_files", lambda _: None)),
    "environment": ("proxies and netrc of the environment", ("H31",), _requests_with(trust_env=True)),
    "our-clock": (
        "tokens are judged by our clock",
        ("H32",),
        _setting(auth, "_clock_of_server", lambda _: time.time()),
    ),
    "not-modified": ("304 is a redirect", ("H34",), _setting(troubles, "_NOT_MODIFIED", 0)),
    "never-renewing": ("a refused credential is not renewed", ("A01", "A10", "H10"), _never_renewing),
    "renewing-for-ever": ("renewed as often as refused", ("A02",), _renewing_for_ever),
    "more-token-attempts": ("tokens are asked for without a bound", ("A03",), _setting(auth, "_TOKEN_ATTEMPTS", 9)),
    "waiting-for-mercy": (
        "a refused client tries again",
        ("A04",),
        _setting(troubles, "_WAITABLE", {400, 401, 403, 429}),
    ),
    "expires-in-as-is": ("expires_in is a number", ("A05",), _setting(auth, "lifetime", float)),
    "no-coverage": ("no gate on coverage", ("A06", "V20"), _no_coverage),
    "any-jwt": ("any JWT will do", ("A07",), _setting(auth, "_jwt_seconds", lambda *_: 60.0)),
    "addresses-in-logs": ("urllib3 logs addresses", ("A08",), _logs_open),
    "each-fetches": ("every thread fetches a token", ("A09",), _each_fetches),
    "any-secret": ("a missing secret is an empty one", ("A11",), _any_secret),
    "no-loop-detection": ("loops are not detected", ("P01", "P02", "P03"), _no_loop_detection),
    "first-empty-page": ("the first empty page ends a list", ("P04",), _first_empty_page_ends),
    "totals-ignored": ("declared totals are ignored", ("P05", "P06", "P07"), _totals_ignored),
    "one-walk": ("a list is read once", ("P08",), _setting(paging, "_MOST_WALKS", 1)),
    "last-row-wins": ("the last row of a key wins", ("P09", "V18"), _last_row_wins),
    "no-end-declared": ("a repeated page is a loop", ("P10",), _setting(paging, "_repeats_last", lambda *_: False)),
    "offset-by-size": ("the offset moves by the size asked for", ("P11",), _offset_by_size),
    "more-pages": ("pages are not bounded as stated", ("P13",), _more_pages),
    "as-they-come": ("rows are not sorted", ("P14",), _setting(runs, "in_order", lambda table: table)),
    "names-shown": ("names of unknown fields are shown", ("V01", "X01", "X05"), _names_shown),
    "missing-is-null": (
        "a field may be missing everywhere",
        ("V02", "V04"),
        _setting(gates, "_missing_fields", _nothing),
    ),
    "any-quarantine": ("no bound on the quarantine", ("V03", "V19"), _setting(gates, "_quarantine", _nothing)),
    "cast": (
        "values are cast",
        ("V05", "V06", "V07", "V08", "V09", "V10", "V11", "V16", "T01", "T04", "T05", "T06", "T09"),
        _setting(contracts, "read_value", _cast),
    ),
    "plain-json": ("Python's own JSON", ("V10", "V15", "V17", "T08"), _parsed_by(_plain_json)),
    "any-unit": ("medians are not compared", ("V09",), _setting(history.Comparison, "unit", _nothing)),
    "no-ratio": ("numerators are not compared", ("V12", "V13"), _rules("_ratio")),
    "known-agencies": (
        "every code is an agency",
        ("V19", "V21"),
        _setting(Agencies, "_known", lambda _, code: (code, None)),
    ),
    "trimmed-codes": ("codes are cleaned up", ("V22", "X06"), _trimmed_codes),
    "any-day": ("days may lie anywhere", ("V23",), _rules("_in_window")),
    "constants": ("constant columns pass", ("V24",), _setting(gates, "_constant", _nothing)),
    "matched-by-name": ("agencies are matched by name", ("T02",), _matched_by_name),
    "odd-names": ("odd display names are refused", ("T03",), _setting(contracts, "only_looks_odd", lambda _: False)),
    "lossy-text": ("undecodable bytes are replaced", ("T07",), _lossy),
    "sniffed-dates": ("dates are sniffed", ("T10", "T11"), _setting(values, "_moment", _first_date)),
    "zone-dropped": ("moments lose their zone", ("T12", "T13", "V25"), _setting(values, "_local", _zone_dropped)),
    "small-numbers": ("small counts are left out", ("V14",), _setting(contracts, "read_value", _small_numbers_dropped)),
    "utc-year": ("the year begins in London", ("T14",), _setting(comparing, "ZoneInfo", lambda _: UTC)),
    "calendar-years": ("every year is a calendar year", ("T15",), _setting(windows, "_declared", lambda *_: None)),
    "people-welcome": ("personal data is not looked for", ("X02",), _people_welcome),
    "private-by-word": (
        "private addresses in YAML are not checked",
        ("X07",),
        _setting(vetting.Reach, "refuses", lambda *_: False),
    ),
    "safe-by-word": ("addresses in YAML are not checked", ("X07",), _safe_by_word),
}

MUTANTS = {name: Mutant(*parts) for name, parts in _MUTANTS.items()}
