"""An identity server with one realm per agency: client credentials for a token, and how many accounts a realm has.

It knows the present only. Whoever does not ask for enabled accounts is told of the disabled ones too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from connectors.simulator.answers import NOT_FOUND, Answer, json_answer
from connectors.simulator.exchange import Asked, BadRequestError
from connectors.simulator.tokens import Tokens
from connectors.simulator.truth import ledger

TOKEN = "/realms/master/protocol/openid-connect/token"  # noqa: S105 - an address
METRIC = "identity.staff_with_account"

_COUNT = re.compile(r"/admin/realms/([^/]+)/users/count")
_CLIENT = "dti"
_SECRET = "mau-dinh-danh-khong-that"  # noqa: S105 - published on purpose: it opens synthetic figures
_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


class Identity:
    """The server and the tokens that it has given out."""

    name = "identity"
    secrets: Mapping[str, str] = {"IDENTITY_SECRET": _SECRET}

    def __init__(self) -> None:
        self.tokens = Tokens()

    def answer(self, asked: Asked) -> Answer:
        """A token, or a bare number."""
        counted = _COUNT.fullmatch(asked.path)
        if asked.path != TOKEN and not counted:
            return NOT_FOUND
        facts = {"system": self.name, "list": "users" if counted else "login", "realm": counted[1] if counted else ""}
        fault = asked.faults.next(facts)
        if fault:
            return fault
        if not counted:
            return self._token(asked)
        if self.tokens.holder(asked.bearer) is None:
            return json_answer({"error": "HTTP 401 Unauthorized"}, 401)
        accounts = accounts_of(counted[1], asked)
        rows = [] if accounts is None else [{"realm": counted[1], "enabled": accounts[0], "disabled": accounts[1]}]
        rows = asked.faults.on_rows(rows, facts, code="realm")
        if not rows:
            return json_answer({"error": "Realm not found."}, 404)
        return json_answer(_chosen(rows[0], asked.query.get("enabled")))

    def _token(self, asked: Asked) -> Answer:
        form = asked.form
        sent = asked.basic() or (form.get("client_id", ""), form.get("client_secret", ""))
        if form.get("grant_type") != "client_credentials":
            return json_answer({"error": "unsupported_grant_type"}, 400)
        if sent != (_CLIENT, _SECRET):
            return json_answer({"error": "invalid_client"}, 401)
        token = {"access_token": self.tokens.issue(_CLIENT), "expires_in": self.tokens.seconds, "token_type": "Bearer"}
        return json_answer(token)


def accounts_of(realm: str, asked: Asked) -> tuple[int, int] | None:
    """How many accounts of a realm are enabled and disabled; None for a realm that is not there."""
    known = ledger(asked.moment.astimezone(_ZONE).year, asked.moment)
    for agency in known.having(METRIC) if known else ():
        if agency.codes["mau"] == realm:
            enabled = known.count(agency, METRIC) if known else 0
            return enabled, 3 + enabled // 40
    return None


def _chosen(row: Mapping[str, int], enabled: str | None) -> int:
    wanted = {"true": ("enabled",), "false": ("disabled",), None: ("enabled", "disabled")}.get(enabled)
    if wanted is None:
        raise BadRequestError("enabled")
    return sum(int(row[name]) for name in wanted)
