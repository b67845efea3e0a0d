"""When people are told: after every run, from Dagster's daemon, and by `dti alerts send`.

A channel that fails costs nobody else anything: its failure is written down, shown on the morning screen, and the same
news goes out with the next message.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from common.errors import DtiError, LockedError, Text, UsageError
from pipelines import journal, progress
from pipelines.alerts import ledger
from pipelines.alerts.channels import deliver
from pipelines.alerts.digest import Digest, digest_for, trial
from pipelines.alerts.model import File, Mail, Webhook
from pipelines.alerts.notices import Notice, notices
from pipelines.lock import holder
from pipelines.settings import Deployment

_LOCK = ".alerts.lock"


@dataclass(frozen=True)
class Delivery:
    """What one channel was told: nothing when nothing changed for it; an error when it could not be told."""

    channel: str
    new: int
    over: int
    error: DtiError | None = None

    @property
    def silent(self) -> bool:
        return self.new == self.over == 0


def tell(deployment: Deployment) -> list[Delivery]:
    """Tell every channel what it does not know yet. While a run is writing, only that it does not end."""
    channels = deployment.settings.alerts.channels
    if not channels:
        return []
    with _alone(deployment):
        running = holder(deployment.lock) is not None
        current = notices(deployment)
        return [_tell(deployment, channel, current, running) for channel in channels]


def try_channels(deployment: Deployment, names: Sequence[str] = ()) -> list[Delivery]:
    """Send every channel, or those named, a message that says it works."""
    known = deployment.settings.alerts.channels
    unknown = [name for name in names if name not in {channel.name for channel in known}]
    if unknown:
        listed = ", ".join(channel.name for channel in known) or "–"
        raise UsageError(
            "unknown-channel",
            Text(f"không có kênh '{unknown[0]}'", f"there is no channel '{unknown[0]}'"),
            hint=Text(f"có: {listed}; xem 'alerts' trong dti.yaml", f"there are: {listed}; see 'alerts' in dti.yaml"),
        )
    with _alone(deployment):
        return [_test(deployment, channel) for channel in known if not names or channel.name in names]


def tell_quietly(deployment: Deployment) -> None:
    """Tell, and say on the way what came of it; whatever goes wrong, the run that has just ended stays what it was."""
    try:
        for delivery in tell(deployment):
            if delivery.error:
                why = delivery.error.message
                progress.say(
                    f"kênh {delivery.channel} không báo được: {why.vi}", f"{delivery.channel}: not told: {why.en}"
                )
            elif not delivery.silent:
                progress.say(f"đã báo qua kênh {delivery.channel}", f"told by {delivery.channel}")
    except Exception as error:  # noqa: BLE001  a message about a run must never change how the run ended
        code = error.code if isinstance(error, DtiError) else "unexpected"
        said = error.message.vi if isinstance(error, DtiError) else repr(error)
        with suppress(OSError):
            journal.record(deployment.journal, "alert-failed", channel="", code=code, message=said)
        progress.say(f"không báo tin được: {said}", f"nobody could be told: {said}")


@contextmanager
def telling_afterwards(deployment: Deployment) -> Iterator[None]:
    """Tell people when the block has ended, however it ended, unless another command is writing."""
    try:
        yield
    except LockedError:
        raise
    except BaseException:
        tell_quietly(deployment)
        raise
    tell_quietly(deployment)


def _tell(deployment: Deployment, channel: Mail | Webhook | File, current: list[Notice], running: bool) -> Delivery:
    record = ledger.record_of(deployment, channel.name)
    digest = digest_for(deployment, record, current, ends=not running)
    if not digest:
        return Delivery(channel.name, 0, 0)
    delivered, error = _try(deployment, channel, digest)
    over = [*(one.key for one in digest.over), *digest.closed]
    ledger.write(
        deployment, digest.message_id, channel.name, told=digest.new, over=over, delivered=delivered, error=error
    )
    return Delivery(channel.name, len(digest.new), len(digest.over), error)


def _test(deployment: Deployment, channel: Mail | Webhook | File) -> Delivery:
    digest = trial(deployment, ledger.record_of(deployment, channel.name))
    delivered, error = _try(deployment, channel, digest)
    ledger.write(deployment, digest.message_id, channel.name, told=[], over=[], delivered=delivered, error=error)
    return Delivery(channel.name, 1, 0, error)


def _try(deployment: Deployment, channel: Mail | Webhook | File, digest: Digest) -> tuple[bool, DtiError | None]:
    """Whether it was delivered, and what went wrong; a failure is written into the journal too."""
    try:
        error, delivered = deliver(deployment, channel, digest), True
    except DtiError as failed:
        error, delivered = failed, False
    if error is not None:
        journal.record(
            deployment.journal,
            "alert-failed",
            channel=channel.name,
            code=error.code,
            message=error.message.vi,
            message_en=error.message.en,
        )
    return delivered, error


@contextmanager
def _alone(deployment: Deployment) -> Iterator[None]:
    """One process tells at a time; the next one then sees what the first has told."""
    descriptor = os.open(deployment.root / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
