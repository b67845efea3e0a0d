"""A genuine mail server (aiosmtpd) that writes down what it takes: run by the interpreter of `.venv-servers`.

Words: port, folder, mode (starttls | tls | plain), certificate, key, user, password, and what to refuse (or `-`).
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult


class Box:
    """Takes mail, but for the recipients that it is to refuse."""

    def __init__(self, folder: Path, refused: str) -> None:
        self.folder, self.refused = folder, refused

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.refused == "slow":
            await asyncio.sleep(30)
        if self.refused in {address, "all"}:
            return "550 No such user: the canary of a server's answer"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        taken = {
            "tls": server.transport.get_extra_info("sslcontext") is not None,
            "user": (session.auth_data or b"").decode() if session.authenticated else None,
            "sender": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "mail": envelope.content.decode("utf-8"),
        }
        number = len(list(self.folder.glob("*.json")))
        (self.folder / f".{number}").write_text(json.dumps(taken))
        (self.folder / f".{number}").rename(self.folder / f"{number:03}.json")
        return "250 OK"


def main() -> None:
    port, folder, mode, certificate, key, user, password, refused = sys.argv[1:]
    context = None
    if mode != "plain":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)

    def authenticator(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        good = (data.login.decode(), data.password.decode()) == (user, password)
        return AuthResult(success=good, auth_data=data.login if good else None, handled=good)

    box = Box(Path(folder), refused)

    def make() -> SMTP:
        return SMTP(
            box,
            hostname="mail",
            authenticator=authenticator,
            auth_require_tls=mode == "starttls",
            auth_required=bool(user),
            require_starttls=mode == "starttls",
            tls_context=context if mode == "starttls" else None,
        )

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(make, "127.0.0.1", int(port), ssl=context if mode == "tls" else None)
        await server.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
