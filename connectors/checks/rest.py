"""Steps of kind `rest`: address, connection and certificate, login, first pages, contract, agencies."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from common.errors import SourceError, Text
from connectors.agencies import AgencyCode
from connectors.auth_model import NoAuth
from connectors.checks.steps import NOTHING, Step, agencies_step, contract_step, failed
from connectors.contract import Reading
from connectors.findings import Place, words
from connectors.kinds.rest import address_of, first_page, line_of, open_session
from connectors.kinds.rest_answers import pointer_prefix
from connectors.paginator_model import Offset, PageNumber
from connectors.paging import Page
from connectors.rest_model import Listing, Period, RestSource
from connectors.session import Line, StrictSession
from connectors.vetting import UnsafeAddressError, origin, reach
from connectors.windows import window_of

_Register = list[AgencyCode]


class _Asked(NamedTuple):
    listing: Listing
    period: Period
    page: Page


def rest_steps(source: RestSource, year: int, reading: Reading, moment: datetime) -> Iterator[Step]:
    """Steps in order, each as soon as it is known; ends after the first that fails. Lands nothing.

    Raises `ConfigurationError` for a credential that is missing.
    """
    with address_of(source, year, moment) as address:
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
    yield contract_step(reading)
    groups = {group for one in asked for group in one.period.groups}
    yield agencies_step(reading, groups, year, Text("trang đầu", "on the first pages"), more=_may_follow(source, asked))


def _address(source: RestSource, address: str) -> Step:
    shown = source.base_url if source.simulated else address
    simulated = Text(" (bộ mô phỏng)", " (simulator)")
    tail = simulated if source.simulated else NOTHING
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
        return failed("login", title, error)
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


def _may_follow(source: RestSource, asked: list[_Asked]) -> bool:
    """Whether missing agencies may stand on pages, or in answers, that a check does not ask for."""
    paginator = source.paginator
    size = paginator.page_size if isinstance(paginator, PageNumber) else None
    if isinstance(paginator, Offset):
        size = paginator.limit
    more = any(one.page.more or one.page.following or len(one.page.rows) == size for one in asked)
    return more or any(one.listing.for_each for one in asked)
