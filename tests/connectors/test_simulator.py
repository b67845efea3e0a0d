"""The simulated portal: the published figures in the portal's shape, on loopback, as of a moment."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from common.errors import ConfigurationError
from connectors.simulator import serve
from connectors.simulator.faults import VARIABLE
from tests.support.portal import at, figures


def ask(address: str, **changes: Any) -> Any:
    document = {
        "type": "ref",
        "service": "report_tinh_766_service",
        "p_nam": "2025",
        "p_6thang": 0,
        "p_quy": 0,
        "p_thang": 0,
        "p_tinh_id": "0",
        "p_loaidonvi": 1,
        "loaichitieu": 0,
        "pageIndex": 1,
        "pageSize": 1000,
        **changes,
    }
    response = requests.post(f"{address}/jsp/rest.jsp", data={"params": json.dumps(document)}, timeout=5)
    response.raise_for_status()
    return response.json()


@pytest.mark.parametrize(
    ("day", "changes", "name"),
    [
        (11, {}, "provinces_2025_as_of_2025-10-11"),
        (15, {}, "provinces_2025_as_of_2025-10-11"),
        (16, {}, "provinces_2025_as_of_2025-10-16"),
        (30, {"p_tinh_id": 0}, "provinces_2025_as_of_2025-10-16"),
        (11, {"p_thang": 10}, "provinces_2025-10"),
        (16, {"p_tinh_id": "398126"}, "an_giang_communes_2025"),
        (11, {"p_tinh_id": "398126", "p_thang": 10}, "an_giang_departments_2025-10"),
        (10, {}, None),
        (16, {"p_nam": "2024"}, None),
        (16, {"p_thang": 9}, None),
        (16, {"p_quy": 3}, None),
        (16, {"p_tinh_id": "1"}, None),
    ],
)
def test_each_question_gets_what_was_published(day: int, changes: dict[str, Any], name: str | None) -> None:
    with serve(at(day, hour=0)) as address:
        assert ask(address, **changes) == (figures(name) if name else [])


def test_pages_follow_index_and_size() -> None:
    with serve(at(16)) as address:
        pages = [ask(address, pageIndex=n, pageSize=10) for n in (1, 2, 3, 4, 5)]
    assert [len(page) for page in pages] == [10, 10, 10, 4, 0]
    assert [row for page in pages for row in page] == figures("provinces_2025_as_of_2025-10-16")


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("/jsp/rest.jsp", {"params": "not json"}, 400),
        ("/jsp/rest.jsp", {}, 400),
        ("/jsp/rest.jsp", {"params": "{}"}, 400),
        ("/other", {}, 404),
    ],
)
def test_what_the_portal_does_not_understand(path: str, data: dict[str, str], status: int) -> None:
    with serve(at(16)) as address:
        assert requests.post(address + path, data=data, timeout=5).status_code == status


def test_it_listens_on_loopback_only_and_stops() -> None:
    with serve(at(16)) as address:
        assert address.startswith("http://127.0.0.1:")
    with pytest.raises(requests.ConnectionError):
        ask(address)


@pytest.mark.parametrize("text", ["[{", '[{"fault": "swop"}]', "[{}]", '"x"'])
def test_a_fault_script_that_is_not_valid_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(ConfigurationError) as caught, serve(at(16)):
        pass
    assert caught.value.code == "invalid-faults"


def test_an_unknown_system_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught, serve(at(16), system="portal_767"):
        pass
    assert "portal_766" in caught.value.hint.en
