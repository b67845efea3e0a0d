"""The name of every trouble with PostgreSQL. A message of the server may hold rows, names or the query: only its
SQLSTATE is told, and for a connection that was never made, which of a few known sentences libpq gave."""

from __future__ import annotations

import psycopg

from connectors.findings import PassingTrouble, Place, source_error
from connectors.source_model import Limits

# What may pass by waiting: serialization, deadlock, shut-down, crash, start-up, idle session, too many connections.
_PASSING = {"40001", "40P01", "57P01", "57P02", "57P03", "57P05", "53300", "25P03"}
_CONNECTION = "08"
_CODES = {"57014": "QueryTimeout", "25006": "WriteRefused", "42501": "QueryForbidden", "22021": "BadEncoding"}

# Sign in the sentence → code ("" may pass by waiting) and what to tell of it. TLS that merely breaks off may pass.
_SENTENCES = (
    ("starting up", "", "starting up"),
    ("shutting down", "", "shutting down"),
    ("recovery", "", "starting up"),
    ("too many", "", "too many connections"),
    ("connection slots", "", "too many connections"),
    ("timeout expired", "", "connect timeout"),
    ("Connection refused", "", "connection refused"),
    ("reset by peer", "", "connection reset"),
    ("unreachable", "", "network unreachable"),
    ("certificate verify failed", "TlsError", "CERTIFICATE_VERIFY_FAILED"),
    ("server certificate for", "TlsError", "Hostname mismatch"),
    ("does not support SSL", "TlsError", "no TLS"),
    ("unsupported protocol", "TlsError", "UNSUPPORTED_PROTOCOL"),
    ("wrong version number", "TlsError", "WRONG_VERSION_NUMBER"),
    (" alert ", "TlsError", "alert"),
    ("certificate file", "TlsError", "certificate file"),
    ("pg_hba.conf", "LoginRefused", "pg_hba.conf"),
    ("password", "LoginRefused", "password"),
    ("authentication", "LoginRefused", "authentication"),
    ('role "', "LoginRefused", "role"),
    ('database "', "LoginRefused", "database"),
)


def named_trouble(error: BaseException, place: Place, limits: Limits) -> Exception:
    """`PassingTrouble` for what may pass by waiting, else the `SourceError`."""
    state = getattr(error, "sqlstate", None)
    if state:
        return _by_state(state, place, limits)
    if isinstance(error, psycopg.OperationalError):
        return _by_sentence(str(error), place)
    return source_error("QueryRefused", place, detail=type(error).__name__)


def _by_state(state: str, place: Place, limits: Limits) -> Exception:
    name = f"{state} {psycopg.errors.lookup(state).__name__}" if _is_known(state) else state
    if state in _PASSING or state[:2] == _CONNECTION:
        return _unavailable(name, place)
    if state[:2] == "28":
        return source_error("LoginRefused", place, detail=name)
    code = _CODES.get(state, "QueryRefused")
    return source_error(code, place, detail=name, seconds=f"{limits.request_seconds:g}")


def _is_known(state: str) -> bool:
    try:
        psycopg.errors.lookup(state)
    except KeyError:
        return False
    return True


def _by_sentence(text: str, place: Place) -> Exception:
    """psycopg gives no SQLSTATE for a connection that failed or was lost."""
    for sign, code, detail in _SENTENCES:
        if sign in text:
            return source_error(code, place, detail=detail) if code else _unavailable(detail, place)
    return _unavailable("connection lost", place)


def _unavailable(detail: str, place: Place) -> PassingTrouble:
    return PassingTrouble("SourceUnavailable", place=place, detail=detail)
