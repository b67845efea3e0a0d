"""Steps of kind `sql`: address, connection and TLS, login, read-only account, query, contract, agencies."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from common.errors import SourceError, Text
from connectors.attempts import Attempts
from connectors.checks.steps import Step, agencies_step, contract_step, failed
from connectors.contract import Reading
from connectors.databases.model import Account, account_of, database_of
from connectors.findings import PassingTrouble, Place, source_error
from connectors.kinds.sql import Snapshot, first_rows, open_snapshot
from connectors.sql_model import SqlSource
from connectors.vetting import UnsafeAddressError
from connectors.windows import window_of

_CONNECTION = Text("Kết nối", "Connection")
_LOGIN = Text("Đăng nhập", "Login")
_ACCOUNT = Text("Tài khoản chỉ đọc", "Read-only account")
_QUERY = Text("Truy vấn", "Query")


def sql_steps(source: SqlSource, year: int, reading: Reading) -> Iterator[Step]:
    """Steps in order, each as soon as it is known; ends after the first that fails. Lands nothing.

    Raises `ConfigurationError` for a credential that is missing or a driver that is not installed.
    """
    database, account = database_of(source), account_of(source)
    address = _address(source, account)
    yield address
    if address.status == "failed":
        return
    with contextlib.ExitStack() as stack:
        attempts = Attempts(source.limits)
        try:
            snapshot = stack.enter_context(open_snapshot(source, database, account, attempts))
        except (SourceError, PassingTrouble) as error:
            yield from _not_opened(_as_error(error, source))
            return
        yield Step("connection", _CONNECTION, "ok", _protected(source, snapshot))
        yield _login(source)
        found = _account(snapshot)
        yield found
        if found.status == "failed":
            return
        found, more = _first_rows(snapshot, year, reading)
        yield found
        if found.status == "failed":
            return
    yield contract_step(reading)
    groups = {group for listing in source.requests for period in listing.periods for group in period.groups}
    yield agencies_step(reading, groups, year, Text("những dòng đầu", "in the first rows"), more=more)


def _address(source: SqlSource, account: Account) -> Step:
    title = Text("Địa chỉ", "Address")
    connection = source.connection
    if connection.host is None:
        return Step("address", title, "ok", Text(connection.database, connection.database))
    shown = f"{connection.host}:{connection.port}/{connection.database}"
    try:
        account.reach.resolve(connection.host, connection.port)
    except UnsafeAddressError as unsafe:
        return failed("address", title, source_error("UnsafeAddress", Place(source.name), detail=str(unsafe)))
    except OSError:
        hint = Text("kiểm tra tên máy chủ và DNS", "check the host's name and the DNS")
        return Step("address", title, "failed", Text(f"không tìm thấy {shown}", f"{shown} is not found"), hint)
    return Step("address", title, "ok", Text(shown, shown))


def _as_error(error: SourceError | PassingTrouble, source: SqlSource) -> SourceError:
    if isinstance(error, SourceError):
        return error
    facts = {"detail": error.code, **error.facts, "attempts": 1}
    return source_error(error.code, Place(source.name), **facts)


def _not_opened(error: SourceError) -> Iterator[Step]:
    """Whether it was the line or the login that failed: who is refused has been reached."""
    if error.code in {"LoginRefused", "ReadOnlyNotEnforced"}:
        yield Step("connection", _CONNECTION, "ok", Text("tới được máy chủ", "the server was reached"))
        yield failed("login", _LOGIN, error)
    else:
        yield failed("connection", _CONNECTION, error)


def _protected(source: SqlSource, snapshot: Snapshot) -> Text:
    if source.connection.host is None:
        return Text("mở được tệp, chỉ đọc", "the file is open, for reading only")
    if snapshot.protected:
        return Text(f"chứng thư hợp lệ, {snapshot.protected}", f"valid certificate, {snapshot.protected}")
    return Text("mở được cổng trên máy này (không TLS)", "port of this machine open (no TLS)")


def _login(source: SqlSource) -> Step:
    if source.connection.username is None:
        return Step("login", _LOGIN, "skipped", Text("không cần đăng nhập", "no login needed"))
    found = Text("đã đăng nhập; phiên chỉ đọc, một thời điểm", "logged in; read-only session, one state of the data")
    return Step("login", _LOGIN, "ok", found)


def _account(snapshot: Snapshot) -> Step:
    """A pull with an account that could write is held, one with an account without bounds fails: both fail here."""
    try:
        findings = snapshot.powers()
    except (SourceError, PassingTrouble) as error:
        return failed("account", _ACCOUNT, _as_error(error, snapshot.source))
    if findings is None:
        return Step("account", _ACCOUNT, "skipped", Text("tệp, không có tài khoản", "a file: no accounts"))
    if findings:
        return Step("account", _ACCOUNT, "failed", findings[0].message, findings[0].hint, tuple(findings))
    return Step("account", _ACCOUNT, "ok", Text("không ghi được bảng nào", "can write to no table"))


def _first_rows(snapshot: Snapshot, year: int, reading: Reading) -> tuple[Step, bool]:
    """Ask every list and period for its first rows and hand them to the reading; whether more may follow."""
    told, may_follow = [], False
    for listing in snapshot.source.requests:
        for period in listing.periods:
            name = period.name(year)
            try:
                pages, more = first_rows(snapshot, (listing, period, year), reading)
            except (SourceError, PassingTrouble) as error:
                found = _as_error(error, snapshot.source)
                where = f"{listing.name}/{name}: "
                detail = Text(where + found.message.vi, where + found.message.en)
                return Step("query", _QUERY, "failed", detail, found.hint), False
            for page in pages:
                reading.take(listing.name, name, page, "", window_of(period, year))
            told.append(f"{listing.name}/{name}: {sum(len(page.rows) for page in pages)}")
            may_follow = may_follow or more
    rows = ", ".join(told)
    if not reading.received.total():
        hint = Text("kiểm tra năm, 'where' và các tham số trong 'with'", "check the year, 'where' and 'with'")
        return Step("query", _QUERY, "failed", Text(f"không có dòng nào ({rows})", f"no rows ({rows})"), hint), False
    return Step("query", _QUERY, "ok", Text(f"dòng đầu: {rows}", f"first rows: {rows}")), may_follow
