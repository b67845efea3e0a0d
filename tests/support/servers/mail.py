"""A genuine SMTP server: aiosmtpd, with STARTTLS, TLS or neither, and an account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

from tests.support.certificates import certificate
from tests.support.servers import free_port, listening, running, servers_python

USER, PASSWORD = "dti", "canary-Smtp/+=4xM"
_PROCESS = Path(__file__).with_name("mail_process.py")


@dataclass(frozen=True)
class MailServer:
    """A running server and what it has taken."""

    port: int
    folder: Path
    authority: Path

    def taken(self) -> list[dict[str, Any]]:
        """Every mail as it came: tls, user, sender, to, mail."""
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob("*.json"))]

    def mails(self) -> list[EmailMessage]:
        """Every mail, parsed as a mail program does."""
        found = [message_from_string(one["mail"], policy=policy.default) for one in self.taken()]
        return cast(list[EmailMessage], found)


@contextmanager
def mail_server(
    folder: Path, mode: str = "starttls", *, host: str = "127.0.0.1", user: str = USER, refuses: str = "-"
) -> Iterator[MailServer]:
    """Serve while the block lasts; the certificate is for `host`, signed by itself."""
    python = servers_python()
    box = folder / "mail"
    box.mkdir(parents=True)
    made = certificate(folder, (-1, 1), host)
    port = free_port()
    words = [python, _PROCESS, str(port), box, mode, made.certificate, made.key, user, PASSWORD, refuses]
    with running(words, lambda: listening(port), cwd=folder):
        yield MailServer(port, box, made.certificate)
