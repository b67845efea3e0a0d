"""The name of every trouble on the way: what a status or an exception of requests, urllib3, the socket stands for."""

from __future__ import annotations

import email.utils
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import requests
import urllib3

from connectors.findings import PassingTrouble, Place, source_error
from connectors.source_model import Limits

_WAITABLE = {408, 425, 429, 500, 502, 503, 504}
_MISSING = {404, 410}
_NOT_MODIFIED = 304  # we never ask "if modified": an answer without a body to a question that was not asked


def check_status(response: requests.Response, good: Collection[int], login: bool, limits: Limits, place: Place) -> None:
    """Return for a good status. Raises `PassingTrouble` for what may pass by waiting, else `SourceError`."""
    status = response.status_code
    if status in good:
        return
    if status in _WAITABLE:
        wait = retry_after(response.headers.get("Retry-After"), response.headers.get("Date"))
        if wait is not None and wait > limits.retry_after_seconds:
            until = datetime.now(UTC) + timedelta(seconds=min(wait, 10**9))
            moment = until.isoformat(timespec="seconds")
            error = source_error("RateLimited", place, seconds=int(wait), next_allowed_at=moment)
            error.data["next_allowed_at"] = moment
            raise error
        raise PassingTrouble("SourceUnavailable", wait, detail=f"HTTP {status}")
    if status == _NOT_MODIFIED:
        raise PassingTrouble("SourceUnavailable", detail="HTTP 304")
    if 300 <= status < 400:
        raise source_error("RedirectRefused", place, status=status)
    if status == 401 or (login and status in {400, 403}):
        raise source_error("AuthFailed", place, status=status)
    if status == 403:
        raise source_error("Forbidden", place, status=status)
    raise source_error("NotFound" if status in _MISSING else "RequestRefused", place, status=status)


def named(error: Exception, limits: Limits, place: Place) -> Exception:
    """The trouble behind an exception. Its own text may hold the address, and with it a key: it is never passed on."""
    text = repr(error)
    if isinstance(error, requests.exceptions.SSLError):
        return source_error("TlsError", place, detail=_tls_detail(text))
    if "got more than" in text or "LineTooLong" in text:
        return source_error("LimitExceeded", place, limit="headers", value="100 × 64 KiB")
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return PassingTrouble("SourceUnavailable", detail="connect timeout")
    if isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError):
        return PassingTrouble("Timeout", seconds=f"{limits.read_seconds:g}")
    if isinstance(error, urllib3.exceptions.HTTPError | requests.exceptions.ChunkedEncodingError):
        return PassingTrouble("Truncated", detail=type(error).__name__)
    if isinstance(error, requests.exceptions.ConnectionError | OSError) and not isinstance(error, ValueError):
        return PassingTrouble("SourceUnavailable", detail=_connection_detail(text))
    return source_error("RequestNotSendable", place, detail=type(error).__name__)


def retry_after(value: str | None, date: str | None) -> float | None:
    """Seconds that a `Retry-After` header asks for, in either form; None where it is absent or makes no sense.

    A date is taken relative to the server's own `Date`, so that a wrong clock on either side does not matter.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) <= 12:
        return float(text)
    try:
        until = email.utils.parsedate_to_datetime(text)
        now = email.utils.parsedate_to_datetime(date) if date else datetime.now(UTC)
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return None


def _tls_detail(text: str) -> str:
    for known in ("CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "UNSUPPORTED_PROTOCOL", "Hostname mismatch"):
        if known in text:
            return known
    return "TLS"


def _connection_detail(text: str) -> str:
    for sign, name in (
        ("Connection refused", "connection refused"),
        ("NameResolution", "name not found"),
        ("gaierror", "name not found"),
        ("reset by peer", "connection reset"),
        ("RemoteDisconnected", "closed without an answer"),
        ("unreachable", "network unreachable"),
    ):
        if sign in text:
            return name
    return "connection lost"
