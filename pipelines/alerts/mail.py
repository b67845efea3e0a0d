"""E-mail by SMTP: TLS with verified certificates, to an address that was vetted, within a deadline.

Why not `smtplib` alone: its timeout is per read, it resolves names behind our back, and its errors repeat what the
server said, which may repeat what we sent.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from common.errors import SourceError, Text
from connectors.credentials import authorities, client_files, reveal
from connectors.deadline import Watchdog
from connectors.vetting import Reach, UnsafeAddressError, reach
from pipelines.alerts.digest import Digest
from pipelines.alerts.model import Mail

_CODES: list[tuple[type[Exception], str, Text]] = [
    (smtplib.SMTPNotSupportedError, "mail-no-tls", Text("máy chủ không có STARTTLS", "the server has no STARTTLS")),
    (smtplib.SMTPAuthenticationError, "mail-login", Text("máy chủ từ chối đăng nhập", "the login was refused")),
    (smtplib.SMTPRecipientsRefused, "mail-refused", Text("máy chủ từ chối người nhận", "no recipient was accepted")),
    (smtplib.SMTPSenderRefused, "mail-refused", Text("máy chủ từ chối người gửi", "the sender was refused")),
    (smtplib.SMTPResponseException, "mail-refused", Text("máy chủ từ chối thư", "the mail was refused")),
    (ssl.SSLError, "mail-tls", Text("chứng thư TLS không được chấp nhận", "the TLS certificate was not accepted")),
    (Exception, "mail-unreachable", Text("không kết nối được máy chủ thư", "the mail server cannot be reached")),
]


def send(channel: Mail, digest: Digest) -> SourceError | None:
    """Deliver a message; the error says that some of the recipients were refused. Raises `DtiError` when all were."""
    login = _login(channel)
    context = _context(channel) if channel.security != "none" else None
    watchdog = Watchdog()
    try:
        with watchdog.limit(channel.seconds):
            refused = _deliver(channel, login, context, watchdog, message(channel, digest))
    except UnsafeAddressError as unsafe:
        raise failure(
            channel.name, "mail-unsafe-address", Text("địa chỉ nội bộ", "private address"), str(unsafe)
        ) from None
    except (OSError, smtplib.SMTPException, ValueError) as error:
        if watchdog.barked:
            raise failure(
                channel.name, "mail-too-slow", Text("máy chủ thư quá chậm", "the server is too slow"), channel.seconds
            ) from None
        code, text = next((code, text) for kind, code, text in _CODES if isinstance(error, kind))
        raise failure(channel.name, code, text, _detail(error)) from None
    finally:
        watchdog.close()
    if refused:
        text = Text("máy chủ từ chối một số người nhận", "some recipients were refused")
        return failure(channel.name, "mail-some-refused", text, f"{refused}/{len(channel.to)}")
    return None


def message(channel: Mail, digest: Digest) -> EmailMessage:
    """The mail itself. Its headers are of one line each: `EmailMessage` refuses any other."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = digest.subject
    mail["From"] = channel.sender
    mail["To"] = ", ".join(channel.to)
    mail["Message-ID"] = f"<{digest.message_id}@{channel.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(digest.text)
    return mail


def failure(channel: str, code: str, text: Text, detail: object = "") -> SourceError:
    """Why a channel could not deliver (exit code 4)."""
    more = f" ({detail})" if detail else ""
    return SourceError(
        code,
        Text(text.vi + more, text.en + more),
        hint=Text(f"dti alerts test {channel}", f"dti alerts test {channel}"),
        where=f"alerts.{channel}",
    )


def _detail(error: Exception) -> str:
    """What may be repeated of an error: a status, a reason of the TLS library, or its kind."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"SMTP {error.smtp_code}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return type(error).__name__


def _login(channel: Mail) -> tuple[str, str] | None:
    if channel.username is None or channel.password is None:
        return None
    return reveal(channel.username), reveal(channel.password)


def _context(channel: Mail) -> ssl.SSLContext:
    ca = authorities(channel.tls)
    context = ssl.create_default_context(cafile=ca if isinstance(ca, str) else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    files = client_files(channel.tls)
    if files:
        context.load_cert_chain(*files)
    return context


def _deliver(
    channel: Mail,
    login: tuple[str, str] | None,
    context: ssl.SSLContext | None,
    watchdog: Watchdog,
    mail: EmailMessage,
) -> int:
    """How many recipients were refused."""
    known = reach([], networks=channel.allowed_networks)
    first = context if channel.security == "tls" else None
    with _Line(channel, known, first, watchdog) as line:
        if channel.security == "starttls" and context is not None:
            line.starttls(context=context)
        if login:
            line.login(*login)
        return len(line.send_message(mail, channel.sender, list(channel.to)))


class _Line(smtplib.SMTP):
    """A connection to the very address that was vetted, watched, inside TLS from the first byte if asked for."""

    def __init__(self, channel: Mail, known: Reach, context: ssl.SSLContext | None, watchdog: Watchdog) -> None:
        self._known, self._tls, self._watchdog = known, context, watchdog
        super().__init__(channel.host, channel.port, local_hostname="dti", timeout=channel.seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        trouble: OSError = OSError("no address")
        for address in self._known.resolve(host, port):
            try:
                made = socket.create_connection((address, port), timeout)
            except OSError as error:
                trouble = error
                continue
            self._watchdog.follow(made)
            return self._tls.wrap_socket(made, server_hostname=host) if self._tls else made
        raise trouble
