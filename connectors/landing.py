"""The landing folder: `landing/<source>/<year>/<pull_id>/`, one immutable folder per pull, its manifest written last.

A folder appears under its name in one step, complete; work in progress is hidden beside it and, after a crash, ignored
and cleared away by the next pull of that source and year. Later decisions stand in a file of their own.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from common.durable import fsync_folder, sha256_file, write_json
from common.errors import UsageError
from common.storage import storage_told
from connectors.findings import Place, source_error, words
from connectors.manifest import DECISION, MANIFEST, Pull, read_pull, sealed

SCRATCH = "scratch"  # inside a work folder: what is not landed
_WORK = ".pulling-"


class Landing:
    """All pulls of a deployment. Reading needs nothing but the manifests."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def pulls(self, source: str | None = None, year: int | None = None) -> list[Pull]:
        """Pulls by moment, oldest first. Raises `SourceError` naming the path of a manifest that cannot be trusted."""
        return sorted(
            (read_pull(folder) for folder in self._folders(source, year)),
            key=lambda pull: (pull.order, pull.source, pull.pull_id),
        )

    def newest(self, source: str, year: int, as_of: datetime | None = None) -> Pull | None:
        """The latest pull whatever its status, as known at `as_of`: if it is not accepted, the source is stale."""
        known = [pull for pull in self.pulls(source, year) if as_of is None or pull.moment <= as_of]
        return known[-1] if known else None

    def newest_accepted(self, source: str, year: int, as_of: datetime | None = None) -> Pull | None:
        """The pull to use, as known at `as_of` (inclusive; aware)."""
        accepted = [
            pull
            for pull in self.pulls(source, year)
            if pull.status == "accepted" and (as_of is None or pull.moment <= as_of)
        ]
        return accepted[-1] if accepted else None

    def find(self, pull_id: str) -> Pull:
        """The pull with this id. Raises `UsageError` if there is none."""
        for folder in self._folders(None, None):
            if folder.name == pull_id:
                return read_pull(folder)
        raise _usage("UnknownPull", Place("landing"), pull=pull_id)

    def decide(self, pull_id: str, decision: str, reason: str, by: str, at: datetime | None = None) -> Pull:
        """Accept or reject a pull, once, with a reason; returns it with its new status.

        A held pull may be accepted or rejected, an accepted one rejected, or accepted where something in it is flagged
        for a person. Raises `UsageError` for anything else.
        """
        pull = self.find(pull_id)
        place = Place(pull.source, "", str(pull.assessment_year))
        if pull.decision or ((pull.status, decision) == ("accepted", "accept") and not pull.flags):
            done = pull.decision.decision if pull.decision else pull.status
            raise _usage("AlreadyDecided", place, pull=pull_id, decision=done)
        if pull.status == "failed":
            raise _usage("NothingToDecide", place, pull=pull_id, year=pull.assessment_year)
        if decision not in {"accept", "reject"}:
            raise ValueError("a decision is 'accept' or 'reject'")
        if not reason.strip() or not by.strip():
            raise _usage("ReasonMissing", place, pull=pull_id)
        when = at or datetime.now().astimezone()
        value = {
            "decision": decision,
            "reason": reason.strip(),
            "by": by.strip(),
            "at": when.isoformat(timespec="seconds"),
            "of": pull.manifest["manifest_sha256"],
        }
        with storage_told(pull.folder):
            write_json(pull.folder / DECISION, sealed(value))
        return read_pull(pull.folder)

    def verify(self, pull: Pull) -> None:
        """Check that each file of a pull is there, unaltered, and no other. Raises `SourceError` naming the file."""
        listed = pull.manifest["files"]
        for name, facts in listed.items():
            path = pull.folder / name
            if not path.is_file():
                raise source_error("FileAltered", Place(str(pull.folder)), file=name, detail="missing")
            if path.stat().st_size != facts["bytes"] or sha256_file(path) != facts["sha256"]:
                raise source_error("FileAltered", Place(str(pull.folder)), file=name, detail="sha256")
        allowed = {*listed, MANIFEST, DECISION}
        for path in pull.folder.iterdir():
            if path.name not in allowed and not path.name.startswith("."):
                raise source_error("FileAltered", Place(str(pull.folder)), file=path.name, detail="not listed")

    def sweep(self, source: str, year: int) -> None:
        """Remove what a killed pull of this source and year left behind."""
        for leftover in self._home(source, year).glob(f"{_WORK}*"):
            shutil.rmtree(leftover, ignore_errors=True)

    @contextmanager
    def working(self, source: str, year: int) -> Iterator[Path]:
        """A hidden folder (made when it is first needed) for one pull; what of it is not landed is removed."""
        work = self._home(source, year) / f"{_WORK}{uuid.uuid4().hex}"
        try:
            yield work
        except Exception:
            shutil.rmtree(work, ignore_errors=True)
            raise
        shutil.rmtree(work, ignore_errors=True)

    def write(self, manifest: dict[str, Any], work: Path, rows: Mapping[str, int]) -> Pull:
        """Land one pull: the Parquet files in `work` (name: number of rows), then the manifest, then the folder under
        its name in one step."""
        home = self._home(manifest["source"], manifest["assessment_year"])
        with writing(home, manifest["source"]):
            work.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(work / SCRATCH, ignore_errors=True)
            files = {name: _file_facts(work / name, count) for name, count in rows.items()}
            write_json(work / MANIFEST, sealed({**manifest, "files": files}))
            final = work.rename(home / manifest["pull_id"])
            for folder in (home, home.parent, self.root, self.root.parent):
                fsync_folder(folder)
        return read_pull(final)

    def next_sequence(self, source: str, year: int) -> int:
        """1, 2, 3, …: the order of pulling, which no clock can turn back."""
        return 1 + max((pull.sequence for pull in self.pulls(source, year)), default=0)

    def _home(self, source: str, year: int) -> Path:
        return self.root / source / f"{year:04d}"

    def _folders(self, source: str | None, year: int | None) -> Iterator[Path]:
        """Folders with a manifest; one without is the remains of a crash and never read."""
        pattern = f"{source or '*'}/{f'{year:04d}' if year else '*'}/*/{MANIFEST}"
        for path in self.root.glob(pattern):
            if not any(part.startswith(".") for part in path.relative_to(self.root).parts):
                yield path.parent


@contextmanager
def writing(folder: Path, source: str) -> Iterator[None]:
    """Tell a disk that is full, failing or read-only as `StorageError`, anything else that cannot be written as
    `LandingNotWritable` (`SourceError`)."""
    try:
        with storage_told(folder):
            yield
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise source_error("LandingNotWritable", Place(source), file=str(folder), detail=detail) from error


def _file_facts(path: Path, rows: int) -> dict[str, Any]:
    return {"sha256": sha256_file(path), "bytes": path.stat().st_size, "rows": rows}


def _usage(code: str, place: Place, **facts: Any) -> UsageError:
    message, hint = words(code, place, facts)
    return UsageError(code, message, hint=hint, where=str(place))
