"""The identity server: one number per agency, tokens that end in the middle, and realms that are not there."""

from __future__ import annotations

import itertools
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.simulator import faults, serve
from connectors.simulator.systems import identity
from connectors.simulator.tokens import Tokens
from tests.support.sample import IN_NOVEMBER, YEARS_LATER, changed, figures, pulled, register, source, truth

METRICS = (identity.METRIC,)


@pytest.mark.parametrize(("year", "moment"), [(2024, IN_NOVEMBER), (2024, YEARS_LATER), (2022, YEARS_LATER)])
def test_enabled_accounts_equal_the_ledger(year: int, moment: datetime, tmp_path: Path) -> None:
    outcome = pulled("identity_staff", tmp_path, year, moment)
    assert (outcome.status, outcome.findings) == ("accepted", [])
    assert figures("int_identity_staff__metrics", [outcome]) == truth(year, moment, METRICS)
    assert outcome.pull
    assert len(outcome.pull.manifest["pages"]) == 31  # a question for each agency


def test_whoever_left_is_not_counted(tmp_path: Path) -> None:
    """Without the parameter the server counts disabled accounts too: more for every agency, and just as plausible."""
    everybody = pulled(changed(source("identity_staff"), endpoint={"params": {}}), tmp_path)
    found = figures("int_identity_staff__metrics", [everybody])
    enabled = truth(2024, IN_NOVEMBER, METRICS)
    assert found.keys() == enabled.keys()
    assert all(int(found[key]) > int(enabled[key]) for key in found)


def test_a_realm_that_is_not_there_is_no_zero(tmp_path: Path) -> None:
    stranger = register()[0]._replace(agency_id="stranger", code="MAU.99")
    outcome = pulled("identity_staff", tmp_path, agencies=[*register(), stranger])
    assert (outcome.status, [one.code for one in outcome.findings]) == ("failed", ["NotFound"])
    assert outcome.findings[0].where.endswith("MAU.99")


def test_a_realm_without_accounts_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = [{"fault": "set_field", "system": "identity", "code": "MAU.05", "field": "enabled", "value": 0}]
    monkeypatch.setenv(faults.VARIABLE, json.dumps(script))
    outcome = pulled("identity_staff", tmp_path)
    found = figures("int_identity_staff__metrics", [outcome])
    assert outcome.status == "accepted"
    assert found["an-giang-cu-so-tai-chinh", identity.METRIC] == "0"


def test_a_token_that_ends_between_agencies_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's clock runs a second with every look at it: a token of three seconds is good for two questions."""
    given: list[str] = []
    ticks, issue = itertools.count(), Tokens.issue
    monkeypatch.setattr(Tokens, "clock", staticmethod(lambda: float(next(ticks))))
    monkeypatch.setattr(Tokens, "issue", lambda self, user: given.append(user) or issue(self, user))
    outcome = pulled("identity_staff", tmp_path)
    assert outcome.status == "accepted"
    assert len(given) > 10
    assert figures("int_identity_staff__metrics", [outcome]) == truth(2024, IN_NOVEMBER, METRICS)


@pytest.mark.parametrize("client_in", ["header", "body"])
def test_the_client_may_stand_in_the_header_or_the_body(client_in: str, tmp_path: Path) -> None:
    assert pulled(changed(source("identity_staff"), auth={"client_in": client_in}), tmp_path).status == "accepted"


def test_a_wrong_secret_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity.Identity, "secrets", {"IDENTITY_SECRET": "wrong"})
    outcome = pulled("identity_staff", tmp_path)
    assert (outcome.status, [one.code for one in outcome.findings]) == ("failed", ["AuthFailed"])


def test_nothing_is_told_without_a_token() -> None:
    with serve(IN_NOVEMBER, faults=[], system="identity") as address:
        realm = f"{address}/admin/realms/MAU.01/users/count"
        answers = [
            requests.get(realm, timeout=5),
            requests.get(realm, headers={"Authorization": "Bearer invented"}, timeout=5),
            requests.post(address + identity.TOKEN, data={"grant_type": "password"}, timeout=5),
        ]
    assert [answer.status_code for answer in answers] == [401, 401, 400]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"fault": "status", "list": "users", "realm": "MAU.12", "status": 404}, "failed", "NotFound"),
        ({"fault": "drop_rows", "list": "users", "codes": ["MAU.12"]}, "failed", "NotFound"),
        ({"fault": "json", "list": "users", "realm": "MAU.12", "document": {"count": 4}}, "failed", "UnexpectedShape"),
        ({"fault": "json", "list": "users", "document": "12"}, "failed", "UnexpectedShape"),
        ({"fault": "json", "list": "users", "document": 7}, "held", "ConstantColumn"),
        ({"fault": "html_page", "list": "login"}, "failed", "UnexpectedContent"),
    ],
)
def test_faults_meet_the_realm_that_they_name(
    fault: dict[str, Any], status: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(faults.VARIABLE, json.dumps([fault]))
    outcome = pulled("identity_staff", tmp_path)
    assert outcome.status == status
    assert code in {one.code for one in outcome.findings}
