"""`dti source check`: each step in order, the first that fails ends it and says what to do."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from common.errors import ConfigurationError
from connectors import AgencyCode, RestSource, Step, check_source
from connectors.simulator.faults import VARIABLE
from tests.support.portal import answer, at
from tests.support.probe import GOOD, probe, register, serving


def steps(source: RestSource, agencies: list[AgencyCode], year: int = 2025) -> list[Step]:
    return list(check_source(source, year, agencies, at(16)))


def test_a_sound_source_passes_every_step(source: RestSource, agencies: list[AgencyCode]) -> None:
    found = steps(source, agencies)
    assert [step.name for step in found] == ["address", "connection", "login", "first_page", "contract", "agencies"]
    assert [step.status for step in found] == ["ok", "ok", "skipped", "ok", "ok", "ok"]
    assert "151 of 151" in found[-1].detail.en


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "first_page: HTML": ({"fault": "html_page"}, "HTML"),
    "first_page: nothing": ({"fault": "zero_rows"}, "no rows"),
    "contract": ({"fault": "add_to_field", "code": "H05", "field": "TONG_SCORE", "by": "0.01"}, "2 findings"),
    "agencies: unknown": ({"fault": "set_field", "code": "H05", "field": "MA_COQUAN", "value": "H99"}, "150 of 151"),
    "agencies: missing": ({"fault": "drop_rows", "codes": ["H01.05"]}, "150 of 151"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_the_step_that_fails_says_what_to_do(
    source: RestSource, agencies: list[AgencyCode], monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    fault, said = FAULTS[case]
    monkeypatch.setenv(VARIABLE, json.dumps([fault]))
    found = steps(source, agencies)
    failed = [step for step in found if step.status == "failed"]
    assert [step.name for step in failed] == [case.split(":", maxsplit=1)[0]]
    assert said in failed[0].detail.en
    assert failed[0].hint.vi
    if failed[0].name == "first_page":
        assert found[-1] is failed[0]


def test_a_host_that_does_not_answer_ends_the_check(source: RestSource, agencies: list[AgencyCode]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = steps(source.model_copy(update={"base_url": f"http://127.0.0.1:{port}"}), agencies)
    assert [(step.name, step.status) for step in found] == [("address", "ok"), ("connection", "failed")]
    assert "firewall" in found[-1].hint.en


def test_a_port_without_tls_is_no_https(source: RestSource, agencies: list[AgencyCode]) -> None:
    from connectors.simulator import serve

    with serve(at(16)) as address:
        secure = source.model_copy(update={"base_url": address.replace("http:", "https:")})
        found = steps(secure, agencies)
    assert [(step.name, step.status) for step in found] == [("address", "ok"), ("connection", "failed")]
    assert "TLS" in found[-1].detail.en


def test_the_login_is_a_step_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that is refused ends the check before anything is asked; one that is given lets it go on."""
    monkeypatch.setenv("DTI_TEST_TOKEN", "x")
    token: list[bytes] = [answer(b"", status="401 No")]
    with serving(lambda request: token[0] if request.path == "/token" else GOOD) as server:
        auth = {
            "type": "oauth2_client_credentials",
            "access_token_url": f"{server.address}/token",
            "client_id": "dti",
            "client_secret": {"secret": "DTI_TEST_TOKEN"},
        }
        asked = probe(server.address, auth=auth)
        refused = list(check_source(asked, 2025, register(), at(16)))
        token[0] = answer(b'{"access_token": "t"}')
        sound = list(check_source(asked, 2025, register(), at(16)))
    assert [(step.name, step.status) for step in refused][-1] == ("login", "failed")
    assert "401" in refused[-1].detail.en
    assert [step.status for step in sound] == ["ok"] * 6


def test_an_address_that_is_not_allowed_ends_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DTI_TEST_TOKEN", "x")
    there = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.5", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: there)
    found = list(check_source(probe("https://portal.example.gov.vn"), 2025, register(), at(16)))
    assert (found[-1].name, found[-1].status) == ("connection", "failed")
    assert "allowed_networks" in found[-1].hint.en


def test_a_missing_credential_is_told_before_the_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DTI_TEST_TOKEN", raising=False)
    with pytest.raises(ConfigurationError, match="DTI_TEST_TOKEN"):
        next(check_source(probe(), 2025, register(), at(16)))
