"""Several workers on several machines: each has a deployment folder of its own, and follows what they share.

Without `cluster` in `dti.yaml` nothing here does anything. With it, what is shared has three homes: PostgreSQL (locks,
turns, journal, the lake's catalog), the store (pulls and frozen years, in folders that never change), and the lake
(releases). A worker pulls years that nobody else has, waits for its turn, brings in what the others did, builds in its
own file, and puts the release into the lake in one transaction. Its folder stays what it is on one machine.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import DtiError, Text
from pipelines import progress

if TYPE_CHECKING:
    from pipelines.releases import Release
    from pipelines.settings import Deployment
    from pipelines.sharing.central import Session
    from pipelines.sharing.following import Following

_sessions: dict[Path, Session] = {}


@contextmanager
def claiming(deployment: Deployment, years: Sequence[int], command: str) -> Iterator[None]:
    """Hold assessment years for writing while the block lasts; raise `LockedError` (exit 7) at once where another
    worker has one. What earlier runs left is handed over and the others' work brought in first.

    Nested use in one process is one hold: a command claims before it starts the job that claims too.
    """
    cluster = deployment.settings.cluster
    if cluster is None:
        yield
        return
    if deployment.root in _sessions:
        claim(deployment, years)
        yield
        return
    from pipelines.sharing.central import Session, connect
    from pipelines.sharing.following import Following

    session = Session(cluster, command, connect(cluster, command))
    try:
        session.claim(years)
        Following(deployment, cluster, session.connection).exchange()
        _sessions[deployment.root] = session
        try:
            yield
        finally:
            del _sessions[deployment.root]
            _hand_over(Following(deployment, cluster, session.connection))
    finally:
        session.close()


def claim(deployment: Deployment, years: Sequence[int]) -> None:
    """Hold more years, as `claiming` does and as long as it lasts."""
    session = _sessions.get(deployment.root)
    if session is not None:
        session.claim(years)


def _hand_over(following: Following) -> None:
    try:
        following.hand_over()
    except DtiError as error:
        progress.say(
            f"chưa gửi được cho các máy khác ({error.message.vi}); lệnh sau sẽ gửi",
            f"not handed over to the others yet ({error.message.en}); the next command will",
        )


def take_turn(deployment: Deployment) -> None:
    """Wait until nobody else builds or publishes, then exchange everything. The turn lasts as long as `claiming`."""
    session = _sessions.get(deployment.root)
    if session is None:
        return
    from pipelines.sharing.following import Following

    session.take_turn()
    Following(deployment, session.cluster, session.connection).exchange()


def publish(deployment: Deployment, release: Release, file: Path) -> None:
    """Put a verified release into the lake, before it gets its number here. Needs the turn."""
    session = _sessions.get(deployment.root)
    if session is None:
        return
    from pipelines.sharing import lake
    from pipelines.sharing.central import worker_name

    session.assert_turn()
    lake.publish(session.cluster, release, file, worker_name(deployment.root))


def forget(deployment: Deployment, numbers: list[int]) -> None:
    """Let releases go from the lake that the retention no longer keeps. Needs the turn."""
    session = _sessions.get(deployment.root)
    if session is not None:
        from pipelines.sharing import lake

        lake.forget(session.cluster, numbers)


def catch_up(deployment: Deployment) -> list[Text]:
    """Bring in what the workers did, for a command that only reads. Returns warnings: what is here is still readable
    when the others cannot be reached."""
    text = (deployment.root / "dti.yaml").read_text(encoding="utf-8") if (deployment.root / "dti.yaml").exists() else ""
    if "\ncluster:" not in text or deployment.root in _sessions:
        return []
    cluster = deployment.settings.cluster
    if cluster is None:
        return []
    from pipelines.sharing.central import connect
    from pipelines.sharing.following import Following

    try:
        with connect(cluster, "dti") as connection:
            following = Following(deployment, cluster, connection)
            if following.news():
                following.bring_in()
    except DtiError as error:
        return [
            Text(
                f"chưa cập nhật từ kho chung, đang dùng bản ở máy này: {error.message.vi}",
                f"not up to date with the shared warehouse, this machine's copy is used: {error.message.en}",
            )
        ]
    return []


def examine(deployment: Deployment) -> Text:
    """For `dti doctor`: the catalog, the store and the lake answer, and who is writing where."""
    cluster = deployment.settings.cluster
    if cluster is None:
        return Text("một máy, một tệp", "one machine, one file")
    from pipelines.sharing import lake
    from pipelines.sharing.central import TURN, Session, connect
    from pipelines.sharing.store import store_of

    with connect(cluster, "dti doctor") as connection:
        session = Session(cluster, "dti doctor", connection)
        writers = {lock: session.holder(lock).get("command") for lock in (TURN, *deployment.settings.years)}
    files = len(store_of(cluster).files("landing"))
    with lake.opened(cluster) as con:
        kept = len(lake.shelf(con))
    busy_vi = "; ".join(f"{lock or 'công bố'}: {who}" for lock, who in writers.items() if who) or "không ai đang ghi"
    busy_en = "; ".join(f"{lock or 'publishing'}: {who}" for lock, who in writers.items() if who) or "nobody writes"
    return Text(
        f"{cluster.store}: {files} tệp số liệu, {kept} bản phát hành; {busy_vi}",
        f"{cluster.store}: {files} files of pulls, {kept} releases; {busy_en}",
    )


@contextmanager
def alone(deployment: Deployment) -> Iterator[Path]:
    """The folder in which what is fetched waits for its name; one process of this folder at a time."""
    work = deployment.root / ".incoming"
    work.mkdir(exist_ok=True)
    with (work / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield work
