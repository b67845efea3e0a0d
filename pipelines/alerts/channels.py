"""Delivering one message by one channel."""

from __future__ import annotations

import os
from pathlib import Path

from common.durable import append_line
from common.errors import ConfigurationError, DtiError, Text
from pipelines.alerts.digest import Digest
from pipelines.alerts.model import File, Mail, Webhook
from pipelines.settings import Deployment

_ENDING = {"jsonl": "jsonl", "text": "txt"}


def deliver(deployment: Deployment, channel: Mail | Webhook | File, digest: Digest) -> DtiError | None:
    """Hand the message over; returns when the other side has taken it, with an error if not for every receiver.

    Raises `DtiError` when nobody was told.
    """
    if isinstance(channel, File):
        _append(deployment, channel, digest)
    elif isinstance(channel, Mail):
        from pipelines.alerts import mail

        return mail.send(channel, digest)
    else:
        from pipelines.alerts import webhook

        webhook.send(channel, digest)
    return None


def file_of(deployment: Deployment, channel: File) -> Path:
    """The file of a channel of type `file`."""
    return deployment.alerts / f"{channel.name}.{_ENDING[channel.format]}"


def _append(deployment: Deployment, channel: File, digest: Digest) -> None:
    """Add the message to the channel's file, unless it is there: a process died before it could note that."""
    path = file_of(deployment, channel)
    try:
        deployment.alerts.mkdir(parents=True, exist_ok=True)
        if path.exists() and digest.message_id in path.read_text(encoding="utf-8"):
            return
        if channel.format == "jsonl":
            append_line(path, digest.as_dict())
        else:
            with path.open("a", encoding="utf-8") as text:
                text.write(f"{'=' * 60}\n{digest.subject}\n[{digest.message_id}]\n{digest.text}\n")
                text.flush()
                os.fsync(text.fileno())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "alert-file",
            Text(f"không ghi được: {type(error).__name__}", f"cannot write: {type(error).__name__}"),
            hint=Text("kiểm tra quyền ghi thư mục alerts/", "check that the folder alerts/ can be written"),
            where=str(path),
        ) from None
