"""Deployments in known states for the faults of processes and storage, and what must hold after every one of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.durable import point_link, sha256_file
from connectors import Landing
from pipelines import releases
from pipelines.lock import holder
from pipelines.releases import Release
from pipelines.settings import Deployment
from tests.support.deployments import RESULTS
from tests.support.zygote import Done, Zygote

PULLS = "landing/portal_766/2025"


def content(release: Release) -> dict[str, str]:
    """The content hashes of a release's results."""
    return {table: release.hashes[table] for table in RESULTS}


@dataclass
class Bench:
    """A zygote, a published deployment to copy from, and a place for copies; `mutant` is taken from its children."""

    zygote: Zygote
    published: Path
    place: Path
    mutant: str = ""
    thorough: bool = True
    """Whether every table is hashed again at every look; else only the file's bytes are, as its manifest has them."""

    def __post_init__(self) -> None:
        made = Deployment(self.published)
        self.old, self.new = (content(release) for release in releases.all_of(made)[:2])
        self.pulls = [pull.pull_id for pull in Landing(made.landing).pulls()]
        self._count = 0

    def copy(self) -> Deployment:
        """Both releases, as two refreshes left them."""
        return self._copied(self.published)

    def landed(self) -> Deployment:
        """Nothing but the pull of the first day."""
        made = self._kept("landed", ("releases", "build", "warehouse.duckdb", "journal.jsonl", ".lock"))
        for pull_id in self.pulls[1:]:
            shutil.rmtree(made / PULLS / pull_id, ignore_errors=True)
        return self._copied(made)

    def built(self) -> Deployment:
        """The first day's release is published; the second day's build is complete and waits for publication."""
        made = self._kept("built", (".lock", "releases/2"))
        deployment = Deployment(made)
        point_link(deployment.warehouse, deployment.releases / "1" / releases.FILE)
        lines = deployment.journal.read_text(encoding="utf-8").splitlines(keepends=True)
        until = next(at for at, line in enumerate(lines) if json.loads(line)["event"] == "publish")
        deployment.journal.write_text("".join(lines[: until + 1]), encoding="utf-8")
        return self._copied(made)

    def do(self, job: str, deployment: Deployment, **asked: Any) -> Done:
        return self.zygote.do(job, deployment.root, **({"mutant": self.mutant} if self.mutant else {}), **asked)

    def _kept(self, name: str, without: Iterable[str]) -> Path:
        """A template, made once."""
        made = self.place / f"template-{name}"
        if not made.exists():
            shutil.copytree(self.published, made, symlinks=True, ignore=shutil.ignore_patterns(".dagster"))
            for path in (made / part for part in without):
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return made

    def _copied(self, origin: Path) -> Deployment:
        self._count += 1
        root = self.place / f"copy-{self._count}"
        shutil.copytree(origin, root, symlinks=True, ignore=shutil.ignore_patterns(".dagster"))
        return Deployment(root)

    def gone(self, deployment: Deployment) -> None:
        """A copy that is no longer needed."""
        shutil.rmtree(deployment.root)

    def assert_whole(self, deployment: Deployment) -> dict[str, str] | None:
        """I1, I2: nothing half done is seen, nothing that was told is lost. Returns the content that analysts see."""
        assert holder(deployment.lock) is None
        entries = self.journal(deployment)
        landing = Landing(deployment.landing)
        there = {pull.pull_id for pull in landing.pulls()}
        for pull in landing.pulls():
            landing.verify(pull)
        told = [entry for entry in entries if entry["event"] == "pull" and entry["status"] == "accepted"]
        assert {entry["pull_id"] for entry in told} <= there, "a pull that the journal tells of is lost"
        made = {release.number: release for release in releases.all_of(deployment)}
        published = [entry["release"] for entry in entries if entry["event"] == "publish"]
        assert len(published) == len(set(published)), "a release is published twice"
        assert set(published) <= made.keys(), "a release that the journal tells of is lost"
        seen = releases.current(deployment)
        if seen is None:
            return None
        assert sha256_file(seen.file) == seen.sha256
        if self.thorough:
            releases.verify(seen)
        assert content(seen) in (self.old, self.new), "neither the old release nor the new one"
        return content(seen)

    def assert_whole_but(self, deployment: Deployment, damaged: int) -> dict[str, str] | None:
        """As `assert_whole`, with one release known to be damaged, which must not be the one that is seen."""
        seen = releases.current(deployment)
        assert seen is not None
        assert seen.number != damaged
        return self.assert_whole(deployment)

    def assert_recovered(self, deployment: Deployment) -> None:
        """After a plain run: the new result, and nothing left over. I5: it is the reference, whatever came before."""
        assert self.assert_whole(deployment) == self.new
        assert self.leftovers(deployment) == []
        told = {entry["release"] for entry in self.journal(deployment) if entry["event"] == "publish"}
        assert {release.number for release in releases.all_of(deployment)} == told, "a release was forgotten"

    def leftovers(self, deployment: Deployment) -> list[str]:
        hidden = [*deployment.landing.rglob(".*"), *deployment.releases.rglob(".*"), *deployment.root.glob(".ware*")]
        return sorted(str(path.relative_to(deployment.root)) for path in hidden)

    def journal(self, deployment: Deployment) -> list[dict[str, Any]]:
        """Every line of the journal; each must be whole."""
        if not deployment.journal.exists():
            return []
        text = deployment.journal.read_text(encoding="utf-8")
        assert not text or text.endswith("\n"), "the last line is torn"
        return [json.loads(line) for line in text.splitlines() if line]
