"""`dti source check` for kind `sql`: each step in order, the first that fails ends it and says what to do."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from connectors import Step, check_source
from tests.support.certificates import certificate
from tests.support.portal import at
from tests.support.postgres_line import line_to
from tests.support.probe import YEAR
from tests.support.servers.postgres import HOST
from tests.support.sql_probe import PASSWORD, READER, SCHEMA, VARIABLE, VIEW, Figures, probe, register

STEPS = ["address", "connection", "login", "account", "query", "contract", "agencies"]
Checked = Callable[..., list[Step]]


@pytest.fixture
def checked(figures: Figures, monkeypatch: pytest.MonkeyPatch) -> Checked:
    monkeypatch.setenv(VARIABLE, PASSWORD)

    def run(port: int = 0, **changes: Any) -> list[Step]:
        source = probe(port or figures.server.port, **changes)
        return list(check_source(source, YEAR, register(), at(16)))

    return run


def test_a_sound_view_passes_every_step(checked: Checked, figures: Figures) -> None:
    found = checked()
    assert [(step.name, step.status) for step in found] == [(name, "ok") for name in STEPS]
    assert found[0].detail.en == f"{HOST}:{figures.server.port}/postgres"
    assert "6 of 6" in found[-1].detail.en
    assert PASSWORD not in repr(found)


def test_tls_is_told(checked: Checked, figures: Figures, tmp_path: Any) -> None:
    made = certificate(tmp_path, (-1, 30), HOST)
    with line_to(figures.server.port, made) as line:
        found = checked(port=line.port, tls={"ca": str(made.certificate)})
    assert (found[1].status, found[1].detail.en) == ("ok", "valid certificate, TLS")


FAULTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "address": ("address", {"connection": {"host": "no-such-host.invalid"}}, "is not found"),
    "database": ("login", {"connection": {"database": "nowhere"}}, "refuses the login"),
    "user": ("login", {"connection": {"username": "nobody_here"}}, "refuses the login"),
    "query": ("query", {"requests__0__query": f"SELECT nothing FROM {VIEW}"}, "42703"),
    "no rows": ("query", {"requests__0__query": f"SELECT * FROM {VIEW} WHERE nam = 1"}, "no rows"),
    "values": (
        "contract",
        {"contract__fields": {"received": {"name": "received", "type": "text"}}, "contract__rules": []},
        "6 findings",
    ),
    "agencies": (
        "agencies",
        {"requests__0__query": f"SELECT * FROM {VIEW} WHERE nam = :year AND received > 101"},
        "5 of 6",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_the_step_that_fails_says_what_to_do(case: str, checked: Checked) -> None:
    failing, changes, said = FAULTS[case]
    found = checked(**changes)
    failed = [step for step in found if step.status == "failed"]
    assert [step.name for step in failed] == [failing]
    assert said in failed[0].detail.en
    assert failed[0].hint.vi
    assert [step.name for step in found] == STEPS[: max(len(found), STEPS.index(failing) + 1)]


def test_an_account_that_can_write_fails(checked: Checked, figures: Figures) -> None:
    figures.run(f"GRANT UPDATE ON {SCHEMA}.ho_so TO {READER}")
    found = checked()
    assert (found[-1].name, found[-1].status) == ("account", "failed")
    assert f"{SCHEMA}.ho_so" in found[-1].detail.en
    figures.run(f"ALTER ROLE {READER} SUPERUSER")
    assert "superuser" in checked()[-1].detail.en


def test_a_port_that_nobody_listens_on(checked: Checked) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = checked(port=port)
    assert [(step.name, step.status) for step in found] == [("address", "ok"), ("connection", "failed")]
    assert "connection refused" in found[-1].detail.en


def test_an_address_that_is_not_allowed(checked: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    there = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.5", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: there)
    found = checked(connection={"host": "db.example.gov.vn"})
    assert [(step.name, step.status) for step in found] == [("address", "failed")]
    assert "allowed_networks" in found[0].hint.en
