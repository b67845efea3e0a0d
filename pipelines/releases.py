"""Releases: complete, verified, read-only warehouse files, each at a path of its own; the analysts' path is a link.

`releases/<n>/` holds `dti.duckdb` and `release.json`. A release is assembled under a hidden name, read back, flushed
and renamed, so that a folder with a number is whole. Then the link is moved in one step. Readers keep the file they
opened; a path is never used again. What a killed run left is finished or removed by the next one (`recover`).
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from common.durable import fsync_file, fsync_folder, point_link, sha256_file, write_json
from common.errors import ConfigurationError, DifferenceError, Text
from pipelines import journal, sharing
from pipelines.lock import confirm
from pipelines.settings import Deployment, now

FILE = "dti.duckdb"
MANIFEST = "release.json"


@dataclass(frozen=True)
class Release:
    """The manifest of a release. `as_of` is the moment whose knowledge it is; hashes are of the tables' content."""

    number: int
    as_of: str
    assembled_at: str
    fingerprint: str
    status: str
    sha256: str
    rows: dict[str, int]
    hashes: dict[str, str]
    pulls: list[str]
    versions: dict[str, str] = field(default_factory=dict)
    basis: dict[str, Any] = field(default_factory=dict)
    """By year with results: the rulesets that judged it, by authority and group, and the hash of its register."""
    folder: Path = field(default=Path(), compare=False)

    @property
    def file(self) -> Path:
        return self.folder / FILE

    def manifest(self) -> dict[str, Any]:
        body = asdict(self)
        del body["folder"]
        return body


def read(folder: Path) -> Release:
    """Read a release's manifest; raise `DifferenceError` (exit 6) when it is missing or garbled."""
    try:
        return Release(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")), folder=folder)
    except (OSError, ValueError, TypeError) as error:
        raise DifferenceError(
            "release-unreadable",
            Text(f"không đọc được bản kê: {error}", f"the manifest cannot be read: {error}"),
            hint=Text("dùng bản phát hành khác: dti release list", "use another release: dti release list"),
            where=str(folder),
        ) from None


def all_of(deployment: Deployment) -> list[Release]:
    """Every complete release, oldest first."""
    return [read(path) for path in _numbered(deployment)]


def readable(deployment: Deployment) -> list[Release]:
    """As `all_of`, without those whose manifest is damaged: an old release must not keep a new one from being made."""
    found = []
    for path in _numbered(deployment):
        with suppress(DifferenceError):
            found.append(read(path))
    return found


def _numbered(deployment: Deployment) -> list[Path]:
    folders = [path for path in deployment.releases.glob("[0-9]*") if path.name.isdigit()]
    return sorted(folders, key=lambda path: int(path.name))


def current(deployment: Deployment) -> Release | None:
    """The release that the analysts' path leads to, or None before the first.

    Raises `DifferenceError` (exit 6) where that path is no link to a release.
    """
    link = deployment.warehouse
    if not os.path.lexists(link):
        return None
    target = link.resolve()
    if not link.is_symlink() or target.parent.parent != deployment.releases.resolve() or not target.is_file():
        leads = f" ({link.readlink()})" if link.is_symlink() else ""
        raise _astray(link, Text(f"không dẫn tới bản phát hành nào{leads}", f"leads to no release{leads}"))
    return read(target.parent)


def shown(deployment: Deployment) -> Release | None:
    """As `current`, for readers: where releases stand but nothing leads to one, `DifferenceError` says so."""
    release = current(deployment)
    if release is None and readable(deployment):
        raise _astray(deployment.warehouse, Text("thiếu, dù có bản phát hành", "is missing, though releases stand"))
    return release


def _astray(link: Path, message: Text) -> DifferenceError:
    hint = Text("sửa bằng: dti release repair", "mend it: dti release repair")
    return DifferenceError("warehouse-link", message, hint=hint, where=str(link))


def newest_known_at(deployment: Deployment, as_of: datetime) -> Release | None:
    """The newest release whose knowledge is not later than a moment."""
    fitting = [release for release in readable(deployment) if datetime.fromisoformat(release.as_of) <= as_of]
    return max(fitting, key=lambda release: (datetime.fromisoformat(release.as_of), release.number), default=None)


def known_at(deployment: Deployment, as_of: datetime) -> Release:
    """As `newest_known_at`; raise `ConfigurationError` naming the next command if there is none."""
    release = newest_known_at(deployment, as_of)
    if release is None:
        day = as_of.date().isoformat()
        raise ConfigurationError(
            "no-release",
            Text(f"không có bản phát hành nào tính đến {day}", f"there is no release as of {day}"),
            hint=Text(f"dti refresh --year … --as-of {day}", f"dti refresh --year … --as-of {day}"),
            where=str(deployment.releases),
        )
    return release


def next_number(deployment: Deployment) -> int:
    """One more than any number that was ever used: the journal remembers numbers whose folders are gone."""
    used = [int(path.name) for path in _numbered(deployment)]
    used += [int(entry["release"]) for entry in journal.read(deployment.journal, "publish")]
    return max(used, default=0) + 1


def commit(deployment: Deployment, workshop: Path, release: Release) -> Release:
    """Give an assembled and verified release its number: manifest last, everything flushed, renamed in one step.

    Raises `LockedError` when another writer has taken over meanwhile.
    """
    confirm(deployment.lock)
    fsync_file(workshop / FILE)
    sharing.publish(deployment, release, workshop / FILE)
    write_json(workshop / MANIFEST, release.manifest())
    fsync_folder(workshop)
    folder = deployment.releases / str(release.number)
    if folder.exists():
        raise DifferenceError(
            "release-number-taken",
            Text(f"bản {release.number} đã có", f"there is a release {release.number} already"),
            hint=Text("một số chỉ dùng một lần; chạy lại lệnh", "a number is used once; run the command again"),
            where=str(folder),
        )
    confirm(deployment.lock)
    workshop.rename(folder)
    fsync_folder(deployment.releases)
    fsync_folder(deployment.root)
    return read(folder)


def publish(deployment: Deployment, release: Release) -> bool:
    """Lead the analysts' path to a release, unless it leads to one of later knowledge. Returns whether it does now.

    Knowledge of a day that has not come yet is a clock's that went wrong: it stands in nobody's way.
    """
    confirm(deployment.lock)
    standing = current(deployment)
    newer = standing is None or known_until(standing) <= datetime.fromisoformat(release.as_of)
    if newer:
        point_link(deployment.warehouse, release.file)
    journal.record(
        deployment.journal,
        "publish",
        release=release.number,
        as_of=release.as_of,
        current=newer,
        fingerprint=release.fingerprint,
        hashes=release.hashes,
    )
    return newer


def known_until(release: Release) -> datetime:
    """The moment whose knowledge a release is; the first of all moments if that lies more than a day ahead."""
    as_of = datetime.fromisoformat(release.as_of)
    return as_of if as_of <= now() + timedelta(days=1) else datetime.min.replace(tzinfo=as_of.tzinfo)


def recover(deployment: Deployment) -> list[str]:
    """Finish or clear what a killed run left; returns what was done. Needs the lock.

    A numbered folder that the journal does not know passed every check and only missed the last step: it is published.
    Anything unnumbered is an unfinished workshop and is removed. A link of the switch that was not renamed goes too. An
    analysts' path that leads to no release is led to the best one.
    """
    done: list[str] = []
    deployment.releases.mkdir(parents=True, exist_ok=True)
    for path in deployment.releases.glob(".*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        done.append(f"removed {path.name}")
    deployment.warehouse.with_name(f".{deployment.warehouse.name}.tmp").unlink(missing_ok=True)
    known = {int(entry["release"]) for entry in journal.read(deployment.journal, "publish")}
    found = readable(deployment)
    if _leads_nowhere(deployment, any(release.number in known for release in found)):
        mended = repair(deployment)
        done.append(f"warehouse.duckdb leads to release {mended.number}" if mended else "set warehouse.duckdb aside")
    for release in found:
        if release.number not in known:
            publish(deployment, release)
            done.append(f"published release {release.number}")
    if done:
        journal.record(deployment.journal, "recover", done=done)
    return done


def _leads_nowhere(deployment: Deployment, published: bool) -> bool:
    """Whether the analysts' path leads nowhere although something is `published`, or to what is no release."""
    try:
        return current(deployment) is None and published
    except DifferenceError:
        return True


def repair(deployment: Deployment) -> Release | None:
    """Lead the analysts' path to the release of the latest knowledge that equals its manifest. Needs the lock.

    What stands at the path and is no link is kept beside it. Returns None, with nothing at the path, where no release
    is sound.
    """
    link, best = deployment.warehouse, sound(deployment)
    if os.path.lexists(link) and not link.is_symlink():
        link.rename(link.with_name(f"{link.name}.aside-{now():%Y%m%dT%H%M%S}"))
    if best:
        point_link(link, best.file)
    else:
        link.unlink(missing_ok=True)
    journal.record(deployment.journal, "repair", release=best.number if best else None)
    return best


def sound(deployment: Deployment, besides: int = 0) -> Release | None:
    """The release of the latest knowledge that equals its manifest, `besides` one."""
    for release in sorted(readable(deployment), key=lambda one: (known_until(one), one.number), reverse=True):
        with suppress(DifferenceError):
            if release.number != besides:
                verify(release)
                return release
    return None


def verify(release: Release) -> None:
    """Compare a release with its manifest, byte by byte and table by table; raise `DifferenceError` (exit 6)."""
    import duckdb

    from pipelines.content_hash import table_hash

    where = str(release.file)
    again = Text("dùng bản phát hành khác: dti release list", "use another release: dti release list")
    if release.file.with_suffix(".duckdb.wal").exists():
        raise DifferenceError("release-wal", Text("có tệp .wal bên cạnh", "a .wal file stands beside it"), where=where)
    if not release.file.exists() or sha256_file(release.file) != release.sha256:
        message = Text("tệp khác với bản kê (sha256)", "the file differs from its manifest (sha256)")
        raise DifferenceError("release-altered", message, hint=again, where=where)
    with duckdb.connect(str(release.file), read_only=True) as con:
        for table, expected in release.hashes.items():
            rows, digest = table_hash(con, table)
            if (rows, digest) != (release.rows[table], expected):
                message = Text(f"bảng {table} khác với bản kê", f"table {table} differs from the manifest")
                raise DifferenceError("release-altered", message, hint=again, where=where)


def prune(deployment: Deployment) -> list[int]:
    """Remove releases beyond the retention of `dti.yaml`: never the current one, never a frozen one. Needs the lock."""
    keep = deployment.settings.retention
    standing = current(deployment)
    loose = [r for r in readable(deployment) if r.status == "provisional" and standing and r.number != standing.number]
    oldest = now() - timedelta(days=keep.days)
    gone = [r for r in loose[: -keep.releases or None] if datetime.fromisoformat(r.assembled_at) < oldest]
    for release in gone:
        doomed = release.folder.with_name(f".{release.number}.removed")
        release.folder.rename(doomed)
        shutil.rmtree(doomed)
    if gone:
        journal.record(deployment.journal, "prune", releases=[release.number for release in gone])
    return [release.number for release in gone]
