"""A security operations centre's manager: login with Basic for a JWT, agents and information systems in pages.

It knows the present only: the agents as they stand at the simulated moment. Pages end at 500 rows, whatever was asked
for, and an account sees what its rights cover, without a word about the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from connectors.simulator.answers import NOT_FOUND, Answer, json_answer
from connectors.simulator.exchange import Asked
from connectors.simulator.tokens import JWT_SECONDS, Tokens
from connectors.simulator.truth import Ledger, SampleAgency, ledger

Row = dict[str, Any]
Rights = Callable[[Row], bool]

LOGIN = "/security/user/authenticate"
MOST_ROWS = 500
SERVER, COMPUTER = "may-chu", "may-tinh"
LICENSED, TRIAL = "ban-quyen", "dung-thu"
WHOSE = " agency"  # of a row while it is inside; no answer holds it

_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_PASSWORD = "mau-soc-khong-that"  # noqa: S105 - published on purpose: it opens synthetic figures
_MANAGER: Row = {
    WHOSE: "",
    "id": "000",
    "name": "soc-manager",
    "status": "active",
    "lastKeepAlive": "9999-12-31T23:59:59Z",
    "os": {"platform": "ubuntu", "name": "Ubuntu"},
}


def _sees_first_ten(row: Row) -> bool:
    return str(row[WHOSE]) <= "MAU.10"


def _sees_computers(row: Row) -> bool:
    return SERVER not in row.get("group", [])


ACCOUNTS: Mapping[str, Rights] = {
    "dti": lambda _: True,
    "dti-muoi-so": _sees_first_ten,
    "dti-may-tinh": _sees_computers,
}


class Soc:
    """The manager with its accounts; all have the same password here."""

    name = "soc"
    secrets: Mapping[str, str] = {"SOC_PASSWORD": _PASSWORD}

    def __init__(self) -> None:
        self.tokens = Tokens(JWT_SECONDS)

    def answer(self, asked: Asked) -> Answer:
        """A token, or one page of a list."""
        lists = {LOGIN: "login", "/agents": "agents", "/systems": "systems"}
        if asked.path not in lists:
            return NOT_FOUND
        facts = {"system": self.name, "list": lists[asked.path]}
        fault = asked.faults.next(facts)
        if fault:
            return fault
        if asked.path == LOGIN:
            return self._login(asked)
        user = self.tokens.holder(asked.bearer)
        if user is None:
            return _refused("Invalid token")
        rows = list((_agents if facts["list"] == "agents" else _systems)(asked.moment))
        rows = asked.faults.on_rows(rows, facts, code=WHOSE)
        return _page(asked, [row for row in rows if ACCOUNTS[user](row)])

    def _login(self, asked: Asked) -> Answer:
        user, password = asked.basic() or ("", "")
        if user not in ACCOUNTS or password != _PASSWORD:
            return _refused("Invalid credentials")
        return json_answer({"data": {"token": self.tokens.issue_jwt(user)}, "error": 0})


def _page(asked: Asked, rows: list[Row]) -> Answer:
    """Rows from `offset`, never more than 500; with `select` only the fields named, sorted by the field of `sort`."""
    offset, limit = asked.number("offset", 0), asked.number("limit", MOST_ROWS)
    sort = asked.query.get("sort", "id").strip()
    rows = sorted(rows, key=lambda row: str(row.get(sort.lstrip("+-"), "")), reverse=sort.startswith("-"))
    wanted = asked.query.get("select", "").split(",")
    items = [
        {name: value for name, value in row.items() if name != WHOSE and (wanted == [""] or name in wanted)}
        for row in rows[offset : offset + min(limit, MOST_ROWS)]
    ]
    data = {
        "affected_items": items,
        "total_affected_items": len(rows),
        "total_failed_items": 0,
        "failed_items": [],
    }
    return json_answer({"data": data, "message": "All selected agents information was returned", "error": 0})


def _refused(detail: str) -> Answer:
    return json_answer({"title": "Unauthorized", "detail": detail}, 401)


def _known(moment: datetime) -> Ledger:
    """The running year's ledger; an empty one where the sample has none."""
    year = moment.astimezone(_ZONE).year
    return ledger(year, moment) or Ledger(year, (), {})


@cache
def _agents(moment: datetime) -> tuple[Row, ...]:
    """All agents. Those that count are licensed and reported within 30 days; the others are what such a list holds
    besides: machines long silent, trial licences, and agents that were enrolled and never came."""
    rows, known = [_MANAGER], _known(moment)
    for agency in known.agencies:
        for kind, metric, declared in (
            (SERVER, "soc.servers_protected", "general_information.physical_servers"),
            (COMPUTER, "soc.computers_protected", "general_information.computers"),
        ):
            counted = known.count(agency, metric)
            others = list(_others(counted))[: max(known.count(agency, declared) - counted, 0)]
            for number, state in enumerate([*map(_counted, range(counted)), *others]):
                rows.append(_agent(len(rows), agency, (kind, number), moment, state))
    return tuple(rows)


_State = tuple[str, str, int | None, int]  # status, licence, days since it reported (None: never), minute of that day


def _counted(number: int) -> _State:
    """Most report now; some were last seen days ago, at the latest on the first of the 30 days, soon after midnight."""
    if number % 17 == 5:
        return "disconnected", LICENSED, 30, 30
    days = (number * 7) % 29 if number % 4 == 3 else 0
    return ("disconnected", LICENSED, days, number * 37 % 1440) if days else ("active", LICENSED, 0, 0)


def _others(counted: int) -> Iterator[_State]:
    yield "disconnected", LICENSED, 31, 1410
    yield "never_connected", LICENSED, None, 0
    for number in range(counted // 15):
        yield "active", TRIAL, 0, 0
        yield "disconnected", LICENSED, 40 + number * 13, 600
        if number % 3 == 0:
            yield "pending", LICENSED, None, 0


def _agent(serial: int, agency: SampleAgency, which: tuple[str, int], moment: datetime, state: _State) -> Row:
    (kind, number), (status, licence, days, minute) = which, state
    code = agency.codes["mau"]
    row: Row = {
        WHOSE: code,
        "id": f"{serial:05}",
        "name": f"{agency.slug}-nguyen-van-mau-{number:03}" if kind == COMPUTER else f"{agency.slug}-srv{number:02}",
        "ip": f"10.{serial // 250 % 250}.{serial % 250}.7",
        "status": status,
        "group": [code, kind, licence],
        "os": {"platform": "windows", "name": f"Windows {'Server 2019' if kind == SERVER else '10 Pro'} (mẫu)"},
    }
    if days is None:
        return row
    midnight = moment.astimezone(_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    seen = midnight - timedelta(days=days) + timedelta(minutes=minute) if days else moment - timedelta(minutes=5)
    return {**row, "lastKeepAlive": f"{seen.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}


@cache
def _systems(moment: datetime) -> tuple[Row, ...]:
    """The information systems that agencies run: those watched directly that share their data count; others are
    watched from time to time, or watched without sharing."""
    rows: list[Row] = []
    known = _known(moment)
    for agency in known.agencies:
        counted = known.count(agency, "soc.systems_monitored")
        for number in range(max(counted, known.count(agency, "general_information.information_systems"))):
            odd = number % 2 == 1
            rows.append(
                {
                    WHOSE: agency.codes["mau"],
                    "id": f"HT{len(rows) + 1:04}",
                    "name": f"Hệ thống mẫu {number + 1} – {agency.name}",
                    "owner": agency.codes["mau"],
                    "level": number % 4 + 1,
                    "monitoring": "direct" if number < counted or odd else "periodic",
                    "sharing": number < counted,
                    "lastEvent": f"{(moment - timedelta(hours=number)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                }
            )
    return tuple(rows)
