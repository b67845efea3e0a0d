"""A webhook: one HTTPS POST of JSON, signed, to a vetted address, within a deadline; never redirected.

The signature is HMAC-SHA256 with the shared key over `TIMESTAMP.BODY`, in `X-DTI-Signature: sha256=HEX`; the timestamp
(seconds) is in `X-DTI-Timestamp`, and `X-DTI-Message` is the message's identity, the same when it is sent again.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import time

import requests
import urllib3

from common.errors import Text
from connectors.credentials import authorities, client_files, reveal
from connectors.deadline import Watchdog, WatchedAdapter
from connectors.vetting import UnsafeAddressError, reach
from pipelines.alerts.digest import Digest
from pipelines.alerts.mail import failure
from pipelines.alerts.model import Webhook


def send(channel: Webhook, digest: Digest) -> None:
    """Deliver a message; taken when the answer's status is 2xx. Raises `DtiError`."""
    body = digest.as_line()
    stamp = str(int(time.time()))
    headers = {name: reveal(value) for name, value in channel.headers.items()} | {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "dti",
        "X-DTI-Message": digest.message_id,
        "X-DTI-Timestamp": stamp,
        "X-DTI-Signature": signature(reveal(channel.key), stamp, body),
    }
    watchdog = Watchdog()
    try:
        with watchdog.limit(channel.seconds):
            status = _post(channel, watchdog, body, headers)
    except UnsafeAddressError as unsafe:
        text = Text("địa chỉ không được phép", "the address is not allowed")
        raise failure(channel.name, "webhook-unsafe-address", text, str(unsafe)) from None
    except requests.exceptions.SSLError:
        text = Text("chứng thư TLS không được chấp nhận", "the TLS certificate was not accepted")
        raise failure(channel.name, "webhook-tls", text) from None
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        text = Text("không gửi được", "cannot be delivered")
        detail = "timeout" if watchdog.barked else type(error).__name__
        raise failure(channel.name, "webhook-unreachable", text, detail) from None
    finally:
        watchdog.close()
    if not 200 <= status < 300:
        text = Text("bên nhận từ chối", "the receiver refused it")
        raise failure(channel.name, "webhook-refused", text, f"HTTP {status}")


def signature(key: str, stamp: str, body: bytes) -> str:
    """The value of `X-DTI-Signature`."""
    return "sha256=" + hmac.new(key.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def _post(channel: Webhook, watchdog: Watchdog, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer; its body is not read."""
    logging.getLogger("urllib3.connectionpool").setLevel(logging.CRITICAL)  # it would log the whole address
    known = reach([channel.url], networks=channel.allowed_networks)
    with requests.Session() as http:
        http.trust_env = False  # neither proxies of the environment nor ~/.netrc
        http.verify, http.cert = authorities(channel.tls), client_files(channel.tls)
        for scheme in ("https://", "http://"):
            http.mount(scheme, WatchedAdapter(watchdog, known))
        answer = http.post(
            channel.url, data=body, headers=headers, timeout=channel.seconds, allow_redirects=False, stream=True
        )
        with answer:
            return answer.status_code
