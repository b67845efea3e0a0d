"""What is looked at before a run changes anything: is there room for it, and does the clock go forward."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta

from common.errors import ConfigurationError, StorageError, Text
from common.storage import megabytes
from pipelines import journal
from pipelines.settings import Deployment, now

_FIRST = 256 * 1024**2  # what a run may take while there is nothing to go by
_BESIDES = 64 * 1024**2  # pulls, journal, Dagster's history
_SLACK = timedelta(minutes=2)  # clocks of one network differ, and are put right by a little


def bytes_needed(deployment: Deployment) -> int:
    """How much a refresh takes: a build file and a release like the largest that stand, and what is written beside."""
    builds = [path.stat().st_size for path in deployment.build.glob("*") if path.is_file()]
    made = [path.stat().st_size for path in deployment.releases.glob("[0-9]*/*.duckdb")]
    return max(builds, default=0) + max(made) + _BESIDES if made else _FIRST


def require_room(deployment: Deployment) -> None:
    """Raise `StorageError` (exit 3) where the disk has less room than a run is likely to take."""
    needed, free = bytes_needed(deployment), shutil.disk_usage(deployment.root).free
    if free >= needed:
        return
    raise StorageError(
        "DiskLow",
        Text(
            f"còn {megabytes(free)}, một lần chạy cần khoảng {megabytes(needed)} ({needed} byte); chưa làm gì",
            f"{megabytes(free)} are free, a run needs about {megabytes(needed)} ({needed} bytes); nothing was begun",
        ),
        hint=Text(
            "dọn đĩa rồi chạy lại; 'retention' trong dti.yaml quyết định giữ bao nhiêu bản",
            "make room, then run this again; 'retention' in dti.yaml says how many releases are kept",
        ),
        where=str(deployment.root),
        data={"needed": needed, "free": free},
    )


def require_forward_clock(deployment: Deployment) -> None:
    """Raise `ConfigurationError` (exit 3) where the clock is behind the last record of the journal.

    Results do not depend on the clock, but what is newest does. `accept_clock` puts an end to a wrong past.
    """
    last = None
    for entry in filter(journal.own, journal.read(deployment.journal)):
        at = datetime.fromisoformat(entry["at"])
        last = at if last is None or entry["event"] == "clock" else max(last, at)
    present = now()
    if last is None or present >= last - _SLACK:
        return
    raise ConfigurationError(
        "ClockWentBack",
        Text(
            f"đồng hồ máy chỉ {present:%Y-%m-%d %H:%M}, nhật ký đã ghi đến {last:%Y-%m-%d %H:%M}",
            f"the clock says {present:%Y-%m-%d %H:%M}, but the journal goes to {last:%Y-%m-%d %H:%M}",
        ),
        hint=Text(
            "chỉnh đồng hồ (timedatectl); nếu bây giờ đồng hồ đúng: dti refresh --clock-is-right",
            "set the clock (timedatectl); if it is right now: dti refresh --clock-is-right",
        ),
        where=str(deployment.journal),
    )


def require_ready(deployment: Deployment) -> None:
    require_forward_clock(deployment)
    require_room(deployment)


def accept_clock(deployment: Deployment) -> None:
    """Record that the clock is right now, whatever later moments stand in the journal. Needs the lock."""
    journal.record(deployment.journal, "clock")
