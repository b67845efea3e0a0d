"""What the records name and the disk has no more: pulls, releases, official years."""

from __future__ import annotations

from collections.abc import Iterator

from common.errors import DifferenceError, Finding, Text
from pipelines import approvals, frozen, journal, releases
from pipelines.settings import Deployment

_RESTORE = Text("khôi phục thư mục này từ bản sao lưu", "restore this folder from a backup")


def check_nothing_is_gone(deployment: Deployment) -> None:
    """Raise `DifferenceError` (exit 6) naming everything that was published, frozen, or used for it, and is gone."""
    findings = [*_pulls(deployment), *_releases(deployment), *_years(deployment)]
    approvals.read(deployment)
    if findings:
        raise DifferenceError(
            "gone",
            Text(f"{len(findings)} thứ đã bị xóa", f"{len(findings)} things are gone"),
            hint=_RESTORE,
            where=findings[0].where,
            findings=findings,
        )


def _pulls(deployment: Deployment) -> Iterator[Finding]:
    """Pulls that a release or an official year rests on."""
    there = {path.parent.name for path in deployment.landing.glob("*/*/*/pull.json")}
    named: dict[str, str] = {}
    for release in releases.all_of(deployment):
        named |= dict.fromkeys(release.pulls, str(release.number))
    for one in frozen.all_frozen(deployment):
        named |= dict.fromkeys(one.pulls, one.name)
    known = {
        entry["pull_id"]: f"{entry['source']}/{entry['year']}/{entry['pull_id']}"
        for entry in journal.read(deployment.journal, "pull")
        if entry["pull_id"]
    }
    for pull_id in sorted(named.keys() - there):
        where = str(deployment.landing / known.get(pull_id, pull_id))
        by = named[pull_id]
        yield Finding(
            "PullGone",
            Text(f"lần lấy mà bản {by} dùng không còn", f"the pull that {by} rests on is gone"),
            _RESTORE,
            where,
        )


def _releases(deployment: Deployment) -> Iterator[Finding]:
    """Releases that were published and not removed by the retention."""
    pruned = {number for entry in journal.read(deployment.journal, "prune") for number in entry["releases"]}
    for number in sorted({int(entry["release"]) for entry in journal.read(deployment.journal, "publish")}):
        folder = deployment.releases / str(number)
        if number not in pruned and not (folder / releases.MANIFEST).exists():
            yield Finding(
                "ReleaseGone",
                Text(f"bản {number} không còn", f"release {number} is gone"),
                Text(
                    "khôi phục từ bản sao lưu, hoặc dti refresh --rebuild để ra bản mới",
                    "restore it from a backup, or make a new one: dti refresh --rebuild",
                ),
                str(folder),
            )


def _years(deployment: Deployment) -> Iterator[Finding]:
    for entry in journal.read(deployment.journal, "freeze"):
        folder = frozen.home(deployment) / str(entry["year"]) / str(entry["revision"])
        if not (folder / frozen.MANIFEST).exists():
            name = f"{entry['year']} r{entry['revision']}"
            yield Finding(
                "YearGone",
                Text(f"năm đã chốt {name} không còn", f"the official {name} is gone"),
                _RESTORE,
                str(folder),
            )
