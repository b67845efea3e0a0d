"""Making a site: in a hidden folder, complete, then shown by moving one link; or as a folder to carry elsewhere.

`sites/<release>-<digest>/` are whole sites, `site` leads to the one that people see. The name holds a digest of all
pages: the same release gives the same folder. Readers keep the pages of the site they are in, until the next but one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from common.durable import fsync_folder, point_link
from common.errors import ConfigurationError, DtiError, Text, UsageError
from pipelines import journal, releases
from pipelines.publication.site import downloads, overview, pages, papers, reading
from pipelines.publication.site.changing import overnight
from pipelines.publication.site.render import STYLE, Writer, style
from pipelines.releases import Release
from pipelines.robustness.stated import CERTAIN
from pipelines.settings import Deployment
from pipelines.sql import records

MARK = releases.MANIFEST
"""What makes a folder a site of ours: the manifest of its release."""


@dataclass(frozen=True)
class Published:
    """A finished site. `shown` tells whether the deployment's link leads to it now."""

    folder: Path
    release: int
    pages: int
    files: int
    digest: str
    shown: bool


def publish(deployment: Deployment, release: Release) -> Published:
    """Build the site of a release among the deployment's sites, and show it if the release is the current one.

    Needs the lock.
    """
    home = deployment.sites
    with _workshop(home, f".{release.number}.building") as work:
        made = write_site(deployment, release, work)
        folder = home / f"{release.number}-{made.digest[:12]}"
        if not folder.exists():
            work.rename(folder)
            fsync_folder(home)
    standing = releases.current(deployment)
    shown = standing is not None and standing.number == release.number
    if shown:
        _show(deployment, folder)
    journal.record(deployment.journal, "site", release=release.number, digest=made.digest, current=shown)
    return Published(folder, release.number, made.pages, len(made.hashes), made.digest, shown)


def release_shown(deployment: Deployment) -> int | None:
    """The release whose site people see; None before the first, or when it is gone."""
    try:
        return releases.read(deployment.site.resolve()).number
    except DtiError:
        return None


def _show(deployment: Deployment, folder: Path) -> None:
    """Move the link, and keep the site before it for who still reads there."""
    before = deployment.site.resolve() if deployment.site.is_symlink() else None
    point_link(deployment.site, folder)
    keep = {folder, before}
    for path in sorted(deployment.sites.iterdir()):
        if path.is_dir() and path not in keep:
            shutil.rmtree(path)


def publish_to(deployment: Deployment, release: Release, target: Path) -> Published:
    """Build the site of a release as a folder of its own, for a web server's disk or a stick.

    The folder is new, empty, or an earlier site, which it takes the place of; raises `UsageError` for any other.
    """
    _check_target(target)
    with _workshop(target.parent, f".{target.name}.building") as work:
        made = write_site(deployment, release, work)
        old = target.with_name(f".{target.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        work.rename(target)
        fsync_folder(target.parent)
        shutil.rmtree(old, ignore_errors=True)
    return Published(target, release.number, made.pages, len(made.hashes), made.digest, False)


def _check_target(target: Path) -> None:
    if not target.exists() and target.parent.is_dir():
        return
    if target.is_dir() and not target.is_symlink() and ((target / MARK).is_file() or not any(target.iterdir())):
        return
    raise UsageError(
        "not-a-site",
        Text(f"'{target}' không phải thư mục trang kết quả", f"'{target}' is not the folder of a site"),
        hint=Text(
            "nêu thư mục mới, rỗng, hoặc trang đã xuất trước đây", "name a new or empty folder, or an earlier site"
        ),
        where=str(target),
    )


@contextmanager
def _workshop(parent: Path, name: str) -> Iterator[Path]:
    """A hidden folder that is gone in the end, unless it was renamed."""
    work = parent / name
    try:
        parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        yield work
    except OSError as error:
        raise ConfigurationError(
            "cannot-write",
            Text(f"không ghi được: {error}", f"cannot write: {error}"),
            hint=Text("kiểm tra quyền ghi và chỗ trống trên đĩa", "check permissions and free space"),
            where=str(parent),
        ) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def write_site(deployment: Deployment, release: Release, folder: Path) -> Writer:
    """Write every page and file of a site into an empty folder, flushed to disk."""
    with reading.reader(release) as con:
        boards = reading.boards(con)
        known = [row["release"] for row in records(con, "select release from releases order by all")]
        shared = {
            "site_title": deployment.settings.title.vi,
            "sample": any(board.simulated for board in boards),
            "release": release,
            "rows_a_page": pages.ROWS,
            "certain": CERTAIN,
            "titles": dict(con.execute("select source, title_vi from source_states").fetchall()),
            "pulls": {(row["source"], row["pull_id"]): row for row in records(con, "from pulls")},
        }
        moved = overnight(deployment, release, known)
        site = pages.Site(deployment, con, Writer(folder, shared), release, boards, moved)
        _write_all(site)
    site.write.file(STYLE, style())
    site.write.file(MARK, (release.folder / releases.MANIFEST).read_bytes())
    os.sync()  # once for all pages; one by one they would take longer than to make them
    return site.write


def _write_all(site: pages.Site) -> None:
    """Papers first: rankings and profiles lead to them."""
    papers.write(site)
    overview.home(site)
    for board in site.boards:
        pages.board_pages(site, board)
    pages.changes_pages(site)
    overview.quality(site)
    overview.method(site)
    downloads.write(site)
