"""An e-document office system: documents of one agency page by page, mailboxes of all agencies, short-lived tokens.

`GET /do/document-forwarding/--search?root-agency-code=…` answers a Spring page without the number of rows (clients send
`ignore-count=true`), `GET /do/mailbox/--statistic` a page of counts in which a roll-up row without a code stands among
the agencies. Subjects hold people's names, as real ones do: nobody should store them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from connectors.simulator.answers import NOT_FOUND, UNAUTHORIZED, Answer, json_answer
from connectors.simulator.exchange import Asked, BadRequestError
from connectors.simulator.tokens import Tokens
from connectors.simulator.truth import SampleAgency, chance, ledger

Row = dict[str, Any]

TOKEN = "/auth/realms/mau/protocol/openid-connect/token"  # noqa: S105 - a path
DOCUMENTS, MAILBOXES = "/do/document-forwarding/--search", "/do/mailbox/--statistic"
MOST_ROWS = 100
_CLIENT = ("dti", "mau-van-ban-khong-that")
_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_DAYS = 319  # documents are of 1 January to 15 November, when agencies hand in
_SUBJECTS = (
    "V/v báo cáo kết quả chuyển đổi số quý",
    "V/v cử ông Nguyễn Văn Mẫu tham dự tập huấn",
    "Kế hoạch triển khai nhiệm vụ công tác năm",
    "V/v giải quyết đơn của bà Trần Thị Thử, điện thoại 0900000000",
)
_ON_PAPER = ((True, 1), (False, 0), (False, 1))  # signed digitally, with paper: what is not fully online


class EDocument:
    """The system with its one client."""

    name = "e_document"
    secrets: Mapping[str, str] = {"E_DOCUMENT_SECRET": _CLIENT[1]}

    def __init__(self) -> None:
        self.tokens = Tokens()

    def answer(self, asked: Asked) -> Answer:
        """A token, or one page of a list."""
        lists = {("POST", TOKEN): "token", ("GET", DOCUMENTS): "documents", ("GET", MAILBOXES): "mailboxes"}
        name = lists.get((asked.method, asked.path))
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
        if name == "documents":
            rows = list(_documents(asked.query.get("root-agency-code", ""), *_window(asked), asked.moment))
            return _page(asked, asked.faults.on_rows(rows, facts, code="rootAgencyCode"))
        return _page(asked, asked.faults.on_rows(_mailboxes(asked), facts, code="agencyCode"))

    def _token(self, asked: Asked) -> Answer:
        if asked.basic() != _CLIENT or asked.form.get("grant_type") != "client_credentials":
            return json_answer({"error": "invalid_client"}, 401)
        body = {"access_token": self.tokens.issue("dti"), "expires_in": self.tokens.seconds, "token_type": "Bearer"}
        return json_answer(body)


def _page(asked: Asked, rows: list[Row]) -> Answer:
    """A Spring page: at most 100 rows, whatever size is asked for; the number of rows only where it is not declined."""
    number, size = asked.number("page", 0), min(asked.number("size", 20), MOST_ROWS)
    if size < 1:
        raise BadRequestError("size")
    pages = -(-len(rows) // size)
    content = rows[number * size : (number + 1) * size]
    page = {"content": content, "number": number, "size": size, "totalPages": pages, "last": number + 1 >= pages}
    counted = {} if asked.query.get("ignore-count") == "true" else {"totalElements": len(rows)}
    return json_answer({**page, **counted})


def _window(asked: Asked) -> tuple[datetime, datetime]:
    try:
        first, last = (datetime.fromisoformat(asked.query[name]) for name in ("from-date", "to-date"))
    except (KeyError, ValueError):
        raise BadRequestError("from-date, to-date") from None
    if first.tzinfo is None or last.tzinfo is None:
        raise BadRequestError("a moment without a zone")
    return first, last


def _documents(code: str, first: datetime, last: datetime, moment: datetime) -> Iterator[Row]:
    for year in range(first.astimezone(_ZONE).year, last.astimezone(_ZONE).year + 1):
        for row in _year(code, year, moment):
            if first <= datetime.fromisoformat(row["document"]["promulgationInfo"]["date"]) <= last:
                yield row


@cache
def _year(code: str, year: int, moment: datetime) -> tuple[Row, ...]:
    """The documents of an agency and year: those that count, and confidential ones among them."""
    book = ledger(year, moment)
    agency = next((one for one in (book.agencies if book else ()) if one.codes["mau"] == code), None)
    if book is None or agency is None:
        return ()
    online = book.count(agency, "e_document.documents_fully_online")
    open_ones = [(True, 0)] * online
    open_ones += [_ON_PAPER[n % 3] for n in range(book.count(agency, "e_document.documents") - online)]
    secret_ones = [(True, 0)] * book.count(agency, "only_simulated.documents_confidential")
    kinds = [("thường", *kind) for kind in open_ones] + [("mật", *kind) for kind in secret_ones]
    rows = [_document(agency, year, (number, len(kinds)), kind) for number, kind in enumerate(kinds)]
    return tuple(sorted(rows, key=lambda row: str(row["id"])))


def _document(agency: SampleAgency, year: int, place: tuple[int, int], kind: tuple[str, bool, int]) -> Row:
    (number, count), (level, signed, paper) = place, kind
    code = agency.codes["mau"]
    minutes = number * _DAYS * 1440 // count + 61  # the first one is of 01:01 on New Year's Day, still last year in UTC
    day = datetime(year, 1, 1, tzinfo=_ZONE) + timedelta(minutes=minutes)
    short = "".join(word[0] for word in agency.slug.split("-")).upper()
    return {
        "id": hashlib.sha256(f"{code}|{year}|{number}".encode()).hexdigest()[:24],
        "rootAgencyCode": code,
        "flow": "incoming" if chance("flow", code, str(year), str(number)) < 60 else "outgoing",
        "document": {
            "code": {"value": f"{number + 1}/{short}-VP"},
            "subject": _SUBJECTS[number % len(_SUBJECTS)],
            "promulgationInfo": {"date": f"{day.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z", "place": "An Giang (mẫu)"},
            "confidentiality": level,
            "digitallySigned": signed,
            "paper": paper,
        },
    }


def _mailboxes(asked: Asked) -> list[Row]:
    """Official mailboxes issued and used in the period, and the province's roll-up, which has no code."""
    _, last = _window(asked)
    book = ledger(last.astimezone(_ZONE).year, asked.moment)
    if book is None:
        return []
    rows: list[Row] = [
        {
            "agencyCode": agency.codes["mau"],
            "agencyName": agency.name,
            "issued": book.count(agency, "only_simulated.mailboxes_issued"),
            "used": book.count(agency, "e_document.mailboxes_used"),
        }
        for agency in book.agencies
    ]
    total = {name: sum(row[name] for row in rows) for name in ("issued", "used")}
    return [*rows, {"agencyCode": "", "agencyName": "Toàn tỉnh (mẫu)", **total}]
