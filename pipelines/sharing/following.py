"""One worker's folder and what all share, brought together: immutable folders, releases, journals.

Everything can be done again at any time: what is there already is passed over.
"""

from __future__ import annotations

import shutil
import uuid
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.durable import append_lines, fsync_file, fsync_folder, point_link, sha256_file, write_json, write_whole
from common.errors import DifferenceError, Text
from connectors.manifest import DECISION
from connectors.manifest import MANIFEST as PULL
from pipelines import frozen, journal, releases, sharing
from pipelines.sharing import lake
from pipelines.sharing.central import CentralJournal, worker_name
from pipelines.sharing.store import Store, store_of

if TYPE_CHECKING:
    import psycopg

    from pipelines.settings import Deployment
    from pipelines.sharing.model import Cluster

_LANDING, _YEARS = "landing", "years"


@dataclass
class Following:
    """A deployment folder, and the connection over which it follows the others."""

    deployment: Deployment
    cluster: Cluster
    connection: psycopg.Connection[Any]

    @cached_property
    def _store(self) -> Store:
        return store_of(self.cluster)

    @cached_property
    def _journal(self) -> CentralJournal:
        return CentralJournal(self.connection, self.cluster)

    def exchange(self) -> None:
        """Hand over, then bring in. Makes the journal and the lake where there are none yet."""
        if not self._journal.exists():
            self._journal.create()
        self.hand_over()
        self.bring_in()

    def hand_over(self) -> None:
        """Give the others what only this folder has: pulls, decisions, frozen years, and what the journal says."""
        for prefix, home, manifest in self._kinds():
            there = self._store.files(prefix)
            for folder in _folders(home, manifest):
                path = f"{prefix}/{folder.relative_to(home).as_posix()}"
                if f"{path}/{manifest}" not in there and not self._store.send(folder, path, manifest):
                    self._replace(folder, path, manifest)
                if (folder / DECISION).exists():
                    self._send_decision(folder, path, known=f"{path}/{DECISION}" in there)
        self._send_journal()

    def bring_in(self) -> None:
        """Bring in what others did; then the analysts' path leads to the release that the lake shows."""
        with sharing.alone(self.deployment) as work:
            for prefix, home, manifest in self._kinds():
                there = self._store.files(prefix)
                for path in sorted(name for name in there if name.endswith(f"/{manifest}")):
                    folder = home / Path(path).parent.relative_to(prefix)
                    if not folder.exists():
                        self._store.fetch(str(Path(path).parent), manifest, folder, work)
                    decided = f"{Path(path).parent}/{DECISION}"
                    if decided in there and not (folder / DECISION).exists():
                        write_whole(folder / DECISION, self._store.read(decided))
            self._fetch_releases(work)
            self._fetch_journal()  # last: it tells that the rest was brought in

    def news(self) -> bool:
        """Whether the others did anything since: all that is handed over is in the journal, which comes last."""
        have = self._have()
        return any(newest > have[worker] for worker, newest in self._journal.lines().items())

    def _kinds(self) -> list[tuple[str, Path, str]]:
        """What is exchanged in whole folders: its place in the store, its place here, its manifest."""
        return [
            (_LANDING, self.deployment.landing, PULL),
            (_YEARS, frozen.home(self.deployment), frozen.MANIFEST),
        ]

    def _replace(self, folder: Path, path: str, manifest: str) -> None:
        """The same pull was handed over by another worker first: all use that one."""
        with sharing.alone(self.deployment) as work:
            aside = work / uuid.uuid4().hex
            folder.rename(aside)
            self._store.fetch(path, manifest, folder, work)
            shutil.rmtree(aside)

    def _send_decision(self, folder: Path, path: str, known: bool) -> None:
        """Raises `DifferenceError` (exit 6) where another decision of the pull stands; that one counts."""
        content = (folder / DECISION).read_bytes()
        if known or not self._store.write_new(f"{path}/{DECISION}", content):
            standing = self._store.read(f"{path}/{DECISION}")
            if standing != content:
                write_whole(folder / DECISION, standing)
                raise DifferenceError(
                    "decided-elsewhere",
                    Text("lần lấy này đã được quyết định ở máy khác", "this pull was decided on another machine"),
                    hint=Text("xem: dti pull list", "see: dti pull list"),
                    where=folder.name,
                )

    def _send_journal(self) -> None:
        worker = worker_name(self.deployment.root)
        own = [entry for entry in journal.read(self.deployment.journal) if journal.own(entry)]
        sent = self._journal.lines().get(worker, 0)
        self._journal.add(worker, sent + 1, own[sent:])

    def _have(self) -> dict[str, int]:
        """The newest line of each worker that this folder knows."""
        have: dict[str, int] = defaultdict(int)
        for entry in journal.read(self.deployment.journal):
            if journal.own(entry):
                have[worker_name(self.deployment.root)] += 1
            else:
                have[entry["worker"]] = entry["line"]
        return have

    def _fetch_journal(self) -> None:
        have, me = self._have(), worker_name(self.deployment.root)
        for worker, newest in self._journal.lines().items():
            if newest > have[worker]:
                rows = self._journal.after(worker, have[worker])
                # Lines of one's own are not here only in a folder that was made anew under an old name.
                told = [entry if worker == me else {**entry, "worker": worker, "line": line} for line, entry in rows]
                append_lines(self.deployment.journal, told)

    def _fetch_releases(self, work: Path) -> None:
        with lake.opened(self.cluster) as con:
            shelf = lake.shelf(con)
        here = {one.number for one in releases.all_of(self.deployment)}
        standing = lake.current_of(shelf)
        for one in shelf:
            if one.number not in here:
                self._fetch_release(one, work)
        if standing and not _leads_to(self.deployment, standing.number):
            point_link(self.deployment.warehouse, self.deployment.releases / str(standing.number) / releases.FILE)

    def _fetch_release(self, one: lake.Shelved, work: Path) -> None:
        """A copy of its own for this machine: readers work with a file that nothing else can touch."""
        beside = work / uuid.uuid4().hex
        beside.mkdir()
        try:
            file = beside / releases.FILE
            lake.fetch(self.cluster, one, file)
            fsync_file(file)
            write_json(beside / releases.MANIFEST, {**one.manifest, "sha256": sha256_file(file)})
            folder = self.deployment.releases / str(one.number)
            folder.parent.mkdir(exist_ok=True)
            beside.rename(folder)
            fsync_folder(folder.parent)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def _folders(home: Path, manifest: str) -> list[Path]:
    found = sorted(path.parent for path in home.rglob(manifest))
    return [path for path in found if not any(part.startswith(".") for part in path.relative_to(home).parts)]


def _leads_to(deployment: Deployment, number: int) -> bool:
    return deployment.warehouse.is_symlink() and deployment.warehouse.resolve().parent.name == str(number)
