"""A provincial system of administrative procedures of the iGate 2 family: statistics by agency, an online report by
name, digitisation, dossiers in slices, and its own list of agencies. Tokens live for a few seconds.

Moments are the province's clock written with a `Z`, as clients of such systems send them: who converts to UTC gets the
figures of a window seven hours off. Among the agencies stand roll-up rows with a blank code. Agencies without dossiers
are left out unless `hide-agency-no-dossier=false` is sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from connectors.simulator.answers import NOT_FOUND, UNAUTHORIZED, Answer, json_answer
from connectors.simulator.exchange import Asked, BadRequestError
from connectors.simulator.spread import ZONE, Window
from connectors.simulator.systems.public_services_dossiers import agency_page, dossier_slice
from connectors.simulator.systems.public_services_reports import (
    Row,
    digitisation_rows,
    nested,
    online_rows,
    procedure_rows,
    statistic_rows,
)
from connectors.simulator.tokens import Tokens

TOKEN = "/auth/realms/mau/protocol/openid-connect/token"  # noqa: S105 - a path
ROOT = hashlib.sha256(b"an-giang-mau").hexdigest()[:24]  # the id of the province in the system
_CLIENT = ("dti", "mau-dich-vu-cong-khong-that")
_SECONDS = 0.05  # real ones take up to 180

Rows = Callable[[Window, datetime], list[Row]]

# Path of a report: its name, its rows, the field with the agency, the parameters of window and province.
_REPORTS: Mapping[str, tuple[str, Rows, str, tuple[str, str, str]]] = {
    "/pa/dossier-statistic/--statistic-agency": (
        "dossiers",
        statistic_rows,
        "agency.code",
        ("from-date", "to-date", "agency-id"),
    ),
    "/pa/dossier-statistic/--dossier-report-online": (
        "online",
        online_rows,
        "agency_name",
        ("from-applied-date", "to-applied-date", "agency-id"),
    ),
    "/pa/digitize/digitization-by-agency": (
        "digitisation",
        digitisation_rows,
        "agency.code",
        ("from", "to", "ancestor-id"),
    ),
    "/pa/dossier-statistic/--statistic-procedure-agency": (
        "procedures",
        procedure_rows,
        "agency.code",
        ("from-date", "to-date", "agency-id"),
    ),
}
_DOSSIERS, _AGENCIES = "/pa/dossier/search", "/ba/agency/name+code"


class PublicServices:
    """The system with its one client."""

    name = "public_services"
    secrets: Mapping[str, str] = {"PUBLIC_SERVICES_SECRET": _CLIENT[1]}

    def __init__(self) -> None:
        self.tokens = Tokens()

    def answer(self, asked: Asked) -> Answer:
        """A token, a report, or one page of a list."""
        others = {("POST", TOKEN): "token", ("GET", _DOSSIERS): "search", ("GET", _AGENCIES): "agencies"}
        report = _REPORTS.get(asked.path) if asked.method == "GET" else None
        name = report[0] if report else others.get((asked.method, asked.path))
        if name is None:
            return NOT_FOUND
        facts = {"system": self.name, "list": name}
        fault = asked.faults.next(facts)
        if fault:
            return fault
        if name == "token":
            return self._token(asked)
        if self.tokens.holder(asked.bearer) is None:
            return UNAUTHORIZED
        if name == "search":
            return dossier_slice(asked, window_of(asked, "completed-from", "completed-to"), facts)
        if name == "agencies":
            return agency_page(asked, facts)
        return _report(asked, facts)

    def _token(self, asked: Asked) -> Answer:
        form = asked.form
        if form.get("grant_type") != "client_credentials":
            return json_answer({"error": "unsupported_grant_type"}, 400)
        if (asked.basic() or (form.get("client_id"), form.get("client_secret"))) != _CLIENT:
            return json_answer({"error": "unauthorized_client"}, 401)
        body = {"access_token": self.tokens.issue("dti"), "expires_in": self.tokens.seconds, "token_type": "Bearer"}
        return json_answer({**body, "refresh_expires_in": 0, "not-before-policy": 0, "scope": "email profile"})


def _report(asked: Asked, facts: dict[str, str]) -> Answer:
    _, rows_of, code, (first, last, province) = _REPORTS[asked.path]
    rows: list[Row] = []
    if asked.query.get(province) == ROOT:  # an unknown province is answered with nothing, not with an error
        rows = rows_of(window_of(asked, first, last), asked.moment)
    if facts["list"] == "dossiers" and asked.query.get("hide-agency-no-dossier") != "false":
        rows = [row for row in rows if row["received"]]
    rows = asked.faults.on_rows(rows, facts, code=code)
    return json_answer([nested(row) for row in rows], seconds=_SECONDS)


def window_of(asked: Asked, first: str, last: str) -> Window:
    """The window of a question; its last millisecond belongs to it. Raises `BadRequestError`."""
    try:
        begin, end = (datetime.strptime(asked.query[name], "%Y-%m-%dT%H:%M:%S.%fZ") for name in (first, last))  # noqa: DTZ007 - the zone follows
    except (KeyError, ValueError):
        raise BadRequestError(f"{first}, {last}") from None
    window = Window(begin.replace(tzinfo=ZONE), end.replace(tzinfo=ZONE) + timedelta(milliseconds=1))
    if window.end <= window.begin or window.years[-1] - window.years[0] > 9:
        raise BadRequestError("window")
    return window
