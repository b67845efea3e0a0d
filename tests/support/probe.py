"""A small source of figures with canaries in its secrets and bodies, a server for it, and the invariants of a pull.

Canaries are strings that must never be written anywhere: one credential, and personal data that servers put into
listed, unlisted and nested fields and into error bodies.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit
from zoneinfo import ZoneInfo

from common.yaml_files import YamlFile, parse_model
from connectors import AgencyCode, AnySource, Landing, Pull, PullOutcome, RestSource, pull
from connectors.tables import read_table
from tests.support.portal import Act, FaultServer, answer

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
YEAR = datetime.now(VIETNAM).year  # a running year: restated figures are no reason to hold
TOKEN_VARIABLE, TOKEN = "DTI_TEST_TOKEN", "canary-Secret/+=9f3K"
PERSON, ID_NUMBER, PHONE, EMAIL = "Nguyễn Thị Kim Cúc", "079099012345", "0912345678", "cuc.canary@example.org"
CANARIES = (TOKEN, PERSON, ID_NUMBER, PHONE, EMAIL)
APPLICANT = {"fullName": PERSON, "identity": ID_NUMBER, "phone": PHONE, "email": EMAIL}
CODES = tuple(f"A{n}" for n in range(1, 7))
Rows = list[dict[str, Any]]

SHORT = {
    "connect_seconds": 2,
    "read_seconds": 5,
    "request_seconds": 10,
    "source_seconds": 20,
    "pages": 30,
    "backoff_seconds": 0.001,
    "backoff_maximum_seconds": 0.002,
}
DOCUMENT: dict[str, Any] = {
    "name": "probe",
    "title": {"vi": "Nguồn thử", "en": "Probe"},
    "kind": "rest",
    "auth": {"type": "bearer", "token": {"secret": TOKEN_VARIABLE}},
    "limits": SHORT,
    "endpoint": {"path": "/rows"},
    "paginator": {"type": "single_page"},
    "requests": [{"name": "list", "periods": [{"period": "{year}", "groups": ["department"]}]}],
    "contract": {
        "version": 1,
        "table": "counts",
        "values": "native",
        "agency": {"field": "code", "scheme": "probe", "name": "name"},
        "fields": {
            "code": {"name": "agency_code", "type": "text"},
            "name": {"name": "agency_name", "type": "text"},
            "received": {"name": "received", "type": "integer", "minimum": 0},
            "finished": {"name": "finished", "type": "integer", "minimum": 0},
        },
        "rules": [{"ratio": {"numerator": "finished", "denominator": "received"}}],
    },
    "gates": {"coverage": {"of_register": 1, "of_last_accepted": 1}, "quarantine_share": 0},
}


def rows(*codes: str) -> Rows:
    """Good rows, with personal data beside the figures, as real systems send it."""
    return [
        {
            "code": code,
            "name": f"Sở số {int(code[1:])}",
            "received": 100 + int(code[1:]),
            "finished": 50 + 2 * int(code[1:]),
            "applicant": APPLICANT,
        }
        for code in codes or CODES
    ]


def with_values(agency: str, /, **values: Any) -> Rows:
    """Good rows, with values of one agency changed."""
    return [{**row, **values} if row["code"] == agency else row for row in rows()]


def body(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


GOOD = answer(body(rows()))


def register() -> list[AgencyCode]:
    return [AgencyCode(f"id-{code}", "probe", code, f"Sở số {int(code[1:])}", "department") for code in CODES]


def probe(address: str = "https://example.org", **changes: Any) -> RestSource:
    """The probe's source with parts replaced; `contract__fields={…}` reaches inside, None removes."""
    document = copy.deepcopy({**DOCUMENT, "base_url": address})
    for path, value in changes.items():
        *parents, last = path.split("__")
        part = document
        for parent in parents:
            part = part[parent]
        if isinstance(value, dict) and isinstance(part.get(last), dict) and "type" not in value:
            part[last] = {key: item for key, item in {**part[last], **value}.items() if item is not None}
        else:
            part[last] = value
    return parse_model(YamlFile(Path("probe.yaml"), document, {}), RestSource)


@dataclass
class Request:
    """One request as the server saw it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Respond = Callable[[Request], Act]


class Server(FaultServer):
    """A raw server that answers by what it is asked."""

    def __init__(self, respond: Respond) -> None:
        self.asked: list[Request] = []
        self._respond = respond
        super().__init__([])

    def act_for(self, request: bytes) -> Act:
        head, _, rest = request.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        seen = Request(method, target, headers, rest)
        self.asked.append(seen)
        return self._respond(seen)

    def count(self, path: str) -> int:
        return sum(1 for request in self.asked if request.path == path)


@contextmanager
def serving(respond: Respond) -> Iterator[Server]:
    """A `Server` while the block lasts."""
    server = Server(respond)
    try:
        yield server
    finally:
        server.close()


def paged(*pages: Rows) -> Respond:
    """Serve pages by `?page=`, from 1; an empty list behind the last."""

    def respond(request: Request) -> Act:
        number = int(request.query["page"])
        return answer(body(pages[number - 1] if number <= len(pages) else []))

    return respond


@dataclass
class Trial:
    """A landing with one accepted pull; further pulls are judged against the invariants."""

    root: Path
    texts: Callable[[], str]
    landing: Landing = field(init=False)
    good: Pull | None = None
    records: int = 0
    last_requests: int = 0
    hashes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.landing = Landing(self.root / "landing")

    def start(self, source: RestSource, good: Act = GOOD) -> None:
        """Land good figures first: they must survive whatever follows."""
        server = FaultServer([good])
        with suppress(OSError):
            outcome = self.pull(source.model_copy(update={"base_url": server.address}))
        server.close()
        self.keep(outcome)

    def keep(self, outcome: PullOutcome) -> None:
        """This pull is good: it must survive whatever follows."""
        assert outcome.status == "accepted", [one.message.en for one in outcome.findings]
        self.good = outcome.pull
        self.hashes = _hashes(outcome.pull.folder if outcome.pull else self.root)

    def pull(
        self, source: AnySource, *, year: int = YEAR, later: timedelta = timedelta(0), **known: Any
    ) -> PullOutcome:
        now = datetime.now().astimezone() + later
        agencies = known.get("agencies") or register()
        outcome = pull(source, year, landing=self.landing, agencies=agencies, moment=now, clock=lambda: now)
        self.records += outcome.pull is not None
        return outcome


def _hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def assert_invariants(trial: Trial, outcome: PullOutcome, server: FaultServer | None = None, most: int = 5) -> None:
    """I1 last good stays, I2 all or nothing, I3 accounting, I4 bounded, I8 and I9 no canary, one record per pull."""
    pulls = trial.landing.pulls("probe")
    used = trial.landing.newest_accepted("probe", YEAR)
    if trial.good and outcome.status in {"held", "failed", "unchanged"}:
        assert used is not None
        assert used.pull_id == trial.good.pull_id
        assert _hashes(trial.good.folder) == trial.hashes
    assert len(pulls) == trial.records
    for one in pulls:
        trial.landing.verify(one)
        _adds_up(one)
    assert not list(trial.root.rglob(".pulling-*"))
    if server is not None:
        assert len(server.requests) <= most
    assert canaries_in(trial.root, trial.texts()) == []


def _adds_up(one: Pull) -> None:
    counts = one.counts
    assert counts["received"] == counts["accepted"] + counts["quarantined"] + counts["exact_duplicates"]
    if one.manifest["status"] == "failed":
        assert [path.name for path in one.folder.iterdir()] == ["pull.json"]
        assert len(one.reasons) == 1
        return
    assert read_table(one.table).num_rows == counts["accepted"]
    aside = read_table(one.quarantine).to_pylist()
    assert len({(row["request"], row["body_sha256"], row["pointer"]) for row in aside}) == counts["quarantined"]


def canaries_in(root: Path, text: str = "", canaries: Sequence[str] = CANARIES) -> list[str]:
    """Canaries in any byte below a folder or in a text: plain, base64, URL-encoded, escaped as JSON, hexadecimal."""
    files = {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()} | {"(output)": text.encode()}
    return [
        f"{name}: {form!r}"
        for name, content in files.items()
        for c in canaries
        for form in forms_of(c)
        if form in content
    ]


def _inside(raw: bytes, pad: int) -> bytes:
    """What of some bytes stands unchanged in the base64 of a text in which they begin at this offset."""
    return base64.b64encode(b"x" * pad + raw)[4 if pad else 0 : -4]


def forms_of(canary: str) -> set[bytes]:
    """A text as it may stand in a file: plain, base64 at any offset, URL-encoded, escaped as JSON, hexadecimal."""
    raw = canary.encode()
    inner = {_inside(text.encode(), pad) for text in (canary, quote_plus(canary)) for pad in range(3)}
    texts = {quote(canary, safe=""), quote(canary), quote_plus(canary), json.dumps(canary)[1:-1], raw.hex()}
    return {raw, *inner, *(text.encode() for text in texts)}
