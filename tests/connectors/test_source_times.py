"""What a source answers for: at most so many days at a time, or the present only."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigurationError
from connectors import Landing, PullOutcome, pull
from connectors.windows import parts_of
from pipelines.pulling import pull_year
from pipelines.settings import now
from tests.support.deployments import fresh_deployment
from tests.support.portal import Act, answer
from tests.support.probe import Request, body, probe, register, serving, with_values

ENDPOINT = {"path": "/rows", "params": {"a": "{from}", "b": "{to}"}}
CONTRACT = {
    "version": 1,
    "table": "reports",
    "values": "native",
    "agency": {"field": "code", "scheme": "probe"},
    "key": ["id"],
    "fields": {
        "code": {"name": "agency_code", "type": "text"},
        "id": {"name": "report_id", "type": "text"},
        "day": {"name": "day", "type": "date", "format": "%Y-%m-%d"},
    },
    "rules": [{"in_window": "day"}],
}


@pytest.mark.parametrize("most", [1, 7, 30, 89, 90, 91, 365, 366])
@pytest.mark.parametrize("days", [0, 1, 6, 59, 89, 90, 179, 364, 365, 426])
def test_parts_follow_each_other_without_a_gap(days: int, most: int) -> None:
    first = date(2023, 11, 1)  # over a leap day
    last = first + timedelta(days=days)
    parts = parts_of((first, last), most)
    assert (parts[0][0], parts[-1][1]) == (first, last)
    assert all(end - start < timedelta(days=most) and start <= end for start, end in parts)
    assert all(later[0] - earlier[1] == timedelta(days=1) for earlier, later in pairwise(parts))


def test_a_year_is_asked_for_in_parts_and_is_one_list(tmp_path: Path) -> None:
    asked: list[tuple[date, date]] = []

    def respond(request: Request) -> Act:
        first, last = (date.fromisoformat(request.query[name]) for name in ("a", "b"))
        if (last - first).days >= 90:
            return answer(b"[]", status="400 Bad Request")
        asked.append((first, last))
        rows = [
            {"code": agency.code, "id": f"{agency.code}-{first}", "day": first.isoformat()}
            for agency in register()
            if first.month > 1 or agency.code == "A1"
        ]
        return answer(body(rows))

    with serving(respond) as server:

        def pulled(most_days: int | None) -> PullOutcome:
            endpoint = {**ENDPOINT, "window": {"most_days": most_days}}
            source = probe(server.address, endpoint=endpoint, contract=CONTRACT, auth={"type": "none"})
            landing = Landing(tmp_path / str(most_days))
            return pull(source, 2024, landing=landing, agencies=register(), moment=now())

        cut, uncut = pulled(90), pulled(None)
    assert asked == parts_of((date(2024, 1, 1), date(2024, 12, 31)), 90)
    assert [(one.code, one.where) for one in cut.findings] == []
    assert cut.pull
    assert cut.counts["accepted"] == 1 + 4 * 6  # one list: the window in which most have nothing is no hole
    assert [(one["request"], one["period"]) for one in cut.pull.manifest["requests"]] == [("list", "2024")]
    assert cut.pull.manifest["requests"][0]["params"] == {"a": "{from}", "b": "{to}"}
    assert [one["found"] for one in cut.pull.manifest["coverage"]] == [6]
    assert uncut.status == "failed"


def test_parts_that_are_never_sent_are_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        probe(endpoint={"path": "/rows", "window": {"most_days": 90}})
    assert [one.code for one in caught.value.findings] == ["window-not-sent"]


@pytest.mark.parametrize(
    ("endpoint", "only_now"),
    [
        ({"path": "/rows"}, True),
        ({"path": "/rows", "params": {"enabled": "true"}}, True),
        ({"path": "/rows/{year}"}, False),
        (ENDPOINT, False),
        ({"path": "/rows", "method": "POST", "json": {"nam": ["{year:int}"]}}, False),
    ],
)
def test_a_question_without_a_time_is_answered_for_the_present(endpoint: dict[str, Any], only_now: bool) -> None:
    assert probe(endpoint=endpoint).knows_only_now is only_now


def test_the_present_is_not_filed_under_another_year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = fresh_deployment(tmp_path / "data")
    monkeypatch.setattr("pipelines.pulling.agency_codes", lambda *_: register())
    year = now().year
    with serving(lambda _: answer(body(with_values("A1")))) as server:
        source = probe(server.address, auth={"type": "none"})
        this = pull_year(deployment, source, year, now())
        other = pull_year(deployment, source, year - 1, now())
        requests = len(server.requests)
    assert (this.status, other.status, requests) == ("accepted", "only now", 1)
    assert other.good
    assert not other.stands_in


def test_what_was_accepted_in_its_year_stands_in_ever_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = fresh_deployment(tmp_path / "data")
    monkeypatch.setattr("pipelines.pulling.agency_codes", lambda *_: register())
    last_year = now().replace(year=now().year - 1, month=6, day=1)

    def clock() -> datetime:
        return last_year

    with serving(lambda _: answer(body(with_values("A1")))) as server:
        source = probe(server.address, auth={"type": "none"})
        landing = Landing(deployment.landing)
        then = pull(source, last_year.year, landing=landing, agencies=register(), moment=last_year, clock=clock)
        now_asked = pull_year(deployment, source, last_year.year, now())
        requests = len(server.requests)
    assert then.pull
    assert (now_asked.status, now_asked.stands_in, requests) == ("only now", then.pull.pull_id, 1)
