"""`dti source check`: what of a source works, step by step, and what to do about the first thing that does not."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from common.errors import Finding, SourceError, Text
from connectors.agencies import AgencyCode
from connectors.auth_model import NoAuth
from connectors.contract import Reading, open_reading
from connectors.findings import Place, words
from connectors.kinds.rest import address_of, first_page, line_of, open_session
from connectors.kinds.rest_answers import pointer_prefix
from connectors.paginator_model import Offset, PageNumber
from connectors.paging import Page
from connectors.rest_model import Listing, Period, RestSource
from connectors.session import Line, StrictSession
from connectors.tables import accepted_table
from connectors.vetting import UnsafeAddressError, origin, reach
from connectors.windows import window_of

_NOTHING = Text("", "")
_Register = list[AgencyCode]


@dataclass(frozen=True)
class Step:
    """One step of a check: `status` ok | failed | skipped, what was found, and what to do."""

    name: str
    title: Text
    status: str
    detail: Text
    hint: Text = _NOTHING
    findings: tuple[Finding, ...] = ()


class _Asked(NamedTuple):
    listing: Listing
    period: Period
    page: Page


def check_source(source: RestSource, year: int, agencies: Sequence[AgencyCode], moment: datetime) -> Iterator[Step]:
    """Steps in order, each as soon as it is known; ends after the first that fails. Lands nothing.

    Raises `ConfigurationError` for a credential that is missing.
    """
    reading = open_reading(source, agencies)
    with address_of(source, moment) as address:
        line = line_of(source, address)
        yield _address(source, address)
        connection = _connect(source, address, line)
        yield connection
        if connection.status == "failed":
            return
        asked: list[_Asked] = []
        with open_session(source, address, line) as session:
            for step in (_login, _first_pages):
                found = step(source, year, session, asked, list(reading.agencies.values()))
                yield found
                if found.status == "failed":
                    return
    for one in asked:
        prefix = pointer_prefix(source.endpoint.data_selector)
        window = window_of(one.period, year)
        reading.take(one.listing.name, one.period.name(year), one.page, prefix, window)
    yield _contract(reading)
    yield _agencies(source, reading, asked, year)


def _address(source: RestSource, address: str) -> Step:
    shown = source.base_url if source.simulated else address
    simulated = Text(" (bộ mô phỏng, số liệu thật đã công bố)", " (simulator, real published figures)")
    tail = simulated if source.simulated else _NOTHING
    return Step("address", Text("Địa chỉ", "Address"), "ok", Text(shown + tail.vi, shown + tail.en))


def _connect(source: RestSource, address: str, line: Line) -> Step:
    """Vet the address, reach the port and, for https, check the certificate: before anything is asked."""
    title = Text("Kết nối", "Connection")
    _, host, port = origin(address)
    try:
        known = (line.reach or reach([address])).resolve(host, port)
        with socket.create_connection((known[0], port), source.limits.connect_seconds) as plain:
            if urlsplit(address).scheme != "https":
                return Step("connection", title, "ok", Text("mở được cổng (không TLS)", "port open (no TLS)"))
            context = ssl.create_default_context(cafile=source.tls.ca)
            if line.certificate:
                context.load_cert_chain(*line.certificate)
            with context.wrap_socket(plain, server_hostname=host) as tls:
                found = Text(f"chứng thư hợp lệ, {tls.version()}", f"valid certificate, {tls.version()}")
                return Step("connection", title, "ok", found)
    except UnsafeAddressError as unsafe:
        message, hint = words("UnsafeAddress", Place(source.name), {"detail": str(unsafe)})
        return Step("connection", title, "failed", message, hint)
    except ssl.SSLError as error:
        hint = Text("yêu cầu đơn vị vận hành sửa chứng thư", "ask the operator to mend the certificate")
        return Step("connection", title, "failed", Text(f"TLS: {error.reason}", f"TLS: {error.reason}"), hint)
    except OSError as error:
        hint = Text("kiểm tra tên máy chủ, mạng và tường lửa", "check the host's name, the network and the firewall")
        seen = error.strerror or type(error).__name__
        return Step("connection", title, "failed", Text(f"không kết nối được: {seen}", f"cannot connect: {seen}"), hint)


def _login(source: RestSource, _year: int, session: StrictSession, _asked: list[_Asked], _known: _Register) -> Step:
    """Fetch a token where the source gives one; other credentials show with the first page."""
    title = Text("Đăng nhập", "Login")
    if isinstance(source.auth, NoAuth):
        return Step("login", title, "skipped", Text("nguồn không cần đăng nhập", "the source needs no login"))
    try:
        signature = session.login(Place(source.name))
    except SourceError as error:
        return Step("login", title, "failed", error.message, error.hint)
    if signature.serial:
        return Step("login", title, "ok", Text("đã nhận token", "a token was given"))
    return Step("login", title, "ok", Text("gửi kèm mỗi yêu cầu", "sent with every request"))


def _first_pages(source: RestSource, year: int, session: StrictSession, asked: list[_Asked], known: _Register) -> Step:
    """Ask for the first page of every list and period; the pages are left in `asked`."""
    title = Text("Trang đầu", "First page")
    for listing in source.requests:
        for period in listing.periods:
            try:
                page = first_page(session, source, (listing, period, year), known)
            except SourceError as error:
                where = f"{listing.name}/{period.name(year)}: "
                detail = Text(where + error.message.vi, where + error.message.en)
                return Step("first_page", title, "failed", detail, error.hint)
            asked.append(_Asked(listing, period, page))
    rows = ", ".join(f"{one.listing.name}/{one.period.name(year)}: {len(one.page.rows)}" for one in asked)
    if not any(one.page.rows for one in asked):
        hint = Text("kiểm tra năm và các tham số trong 'with'", "check the year and the parameters under 'with'")
        return Step("first_page", title, "failed", Text(f"không có dòng nào ({rows})", f"no rows ({rows})"), hint)
    return Step("first_page", title, "ok", Text(f"số dòng: {rows}", f"rows: {rows}"))


def _contract(reading: Reading) -> Step:
    """Values and rules only; codes that the register lacks are the next step's matter."""
    title = Text("Hợp đồng dữ liệu", "Contract")
    findings = tuple(q.finding for q in reading.sorted_quarantine() if q.finding.code not in _REGISTER_CODES)
    if findings:
        detail = Text(f"{len(findings)} lỗi", f"{len(findings)} findings")
        return Step("contract", title, "failed", detail, findings[0].hint, findings)
    new = ", ".join(sorted(reading.new_fields))
    told = (f"; trường mới không lưu: {new}", f"; new fields, not stored: {new}") if new else ("", "")
    count = reading.received.total()
    table = accepted_table(reading)
    return Step(
        "contract",
        title,
        "ok",
        Text(
            f"{count} dòng đúng kiểu, giới hạn và tổng; {table.num_columns} cột{told[0]}",
            f"{count} rows within types, bounds and sums; {table.num_columns} columns{told[1]}",
        ),
    )


_REGISTER_CODES = {"UnknownAgency", "UnknownAgencyName", "AmbiguousAgency", "RetiredAgency", "GroupMismatch"}


def _agencies(source: RestSource, reading: Reading, asked: list[_Asked], year: int) -> Step:
    title = Text("Cơ quan", "Agencies")
    unknown = tuple(q.finding for q in reading.sorted_quarantine() if q.finding.code in _REGISTER_CODES)
    named = {row.agency_code for row in reading.rows.values()} | {q.finding.agency for q in reading.quarantine}
    wanted = {group for one in asked for group in one.period.groups}
    expected = {code for code, agency in reading.agencies.items() if agency.group in wanted}
    matched = len(expected & named)
    detail = Text(
        f"khớp {matched} trên {len(expected)} cơ quan của sổ đăng ký năm {year}",
        f"{matched} of {len(expected)} agencies of the register for {year} matched",
    )
    if unknown:
        return Step("agencies", title, "failed", detail, unknown[0].hint, unknown)
    if matched < len(expected):
        missing = ", ".join(sorted(expected - named)[:5])
        hint = Text(f"chưa thấy ở trang đầu: {missing}", f"not seen on the first pages: {missing}")
        return Step("agencies", title, "ok" if _may_follow(source, asked) else "failed", detail, hint)
    return Step("agencies", title, "ok", detail)


def _may_follow(source: RestSource, asked: list[_Asked]) -> bool:
    """Whether missing agencies may stand on pages, or in answers, that a check does not ask for."""
    paginator = source.paginator
    size = paginator.page_size if isinstance(paginator, PageNumber) else None
    if isinstance(paginator, Offset):
        size = paginator.limit
    more = any(one.page.more or one.page.following or len(one.page.rows) == size for one in asked)
    return more or any(one.listing.for_each for one in asked)
