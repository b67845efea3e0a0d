"""Steps of an SFTP server: address, host key, login, folder; a step is ok only when its part was really done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from common.errors import SourceError, Text
from connectors.checks.steps import Step, failed
from connectors.deadline import Watchdog
from connectors.files_model import FilesSource
from connectors.findings import PassingTrouble, Place, source_error
from connectors.sftp.connection import dial, greet, log_in, open_client
from connectors.sftp.credentials import login_of
from connectors.sftp.folder import list_folder
from connectors.sftp.model import Sftp


def sftp_steps(source: FilesSource, sftp: Sftp) -> Iterator[Step]:
    """Steps in order, each tried once, over one connection; ends after the first that fails.

    Raises `ConfigurationError` for a credential that is missing or a key file that is not in order.
    """
    login, limits, place = login_of(sftp), source.limits, Place(source.name)
    title = Text("Địa chỉ", "Address")
    with ExitStack() as opened:
        watchdog = Watchdog()
        opened.callback(watchdog.close)
        opened.enter_context(watchdog.limit(limits.request_seconds))
        name = "address"
        try:
            connection = dial(sftp, limits, place)
            opened.callback(connection.close)
            watchdog.follow(connection)
            yield _ok(name, title, f"{sftp.host}:{sftp.port}")
            name, title = "host_key", Text("Khóa máy chủ", "Host key")
            transport = greet(connection, sftp, limits, place)
            opened.callback(transport.close)
            yield _ok(name, title, sftp.fingerprint)
            name, title = "login", Text("Đăng nhập", "Login")
            log_in(transport, login, place)
            proof = Text("bằng khóa", "by key") if login.key else Text("bằng mật khẩu", "by password")
            yield Step(name, title, "ok", proof)
            name, title = "folder", Text("Thư mục", "Folder")
            client = open_client(transport, limits)
            yield _ok(name, title, f"{sftp.folder} ({len(list_folder(client, sftp.folder, place))})")
        except SourceError as error:
            yield failed(name, title, error)
        except PassingTrouble as trouble:
            yield failed(name, title, source_error(trouble.code, place, **{"attempts": 1, **trouble.facts}))


def _ok(name: str, title: Text, found: str) -> Step:
    return Step(name, title, "ok", Text(found, found))
