"""The state of every source: fresh, stale since when, held, failed, why, and what to do.

Read from manifests and the journal; nothing is asked of a source.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from common.errors import DtiError, Finding, Text
from common.one_line import one_line
from common.yaml_files import read_yaml
from connectors import Landing, Pull
from pipelines import journal, releases
from pipelines.releases import Release
from pipelines.settings import ZONE, Deployment, now

WORDS = {
    "fresh": Text("mới", "fresh"),
    "stale": Text("cũ", "stale"),
    "held": Text("bị giữ lại", "held"),
    "failed": Text("lỗi", "failed"),
    "never": Text("chưa có", "never pulled"),
    "past": Text("năm đã qua", "past year"),
}
OLD = {"stale", "held", "failed", "never"}
"""States in which the figures in use are not what the source would say now."""
_MOST_REASONS = 5


@dataclass(frozen=True)
class SourceState:
    """One source in the newest year that it has figures for, or in an earlier one that needs somebody.

    `confirmed_at` is when its figures in use were last seen at the source, `since` when its state began to be other
    than fresh. A past year is not called stale: nobody asks for it nightly.
    """

    source: str
    year: int
    state: str
    confirmed_at: str | None
    since: str | None
    in_use: str | None
    newest: str | None
    rows: int
    quarantined: int
    reasons: list[str]
    reasons_en: list[str]
    next: str
    missing: list[str] = field(default_factory=list)
    """Codes of agencies without a row in the pull in use."""
    flags: list[Text] = field(default_factory=list)
    """Figures of the pull in use that a person has to look at before the year is made official."""

    def told(self) -> Text:
        """One sentence: which source, what it is, since when."""
        word = WORDS[self.state]
        since = f" {self.since[:16].replace('T', ' ')}" if self.since else ""
        return Text(
            f"{self.source} {self.year}: {word.vi}{' từ' + since if since else ''}",
            f"{self.source} {self.year}: {word.en}{' since' + since if since else ''}",
        )


def source_states(deployment: Deployment, events: list[dict[str, Any]] | None = None) -> list[SourceState]:
    """Every source in its newest year, and in every earlier one of which a pull is held or failed."""
    known = list(journal.read(deployment.journal)) if events is None else events
    paths = sorted(path for path in deployment.sources.glob("*.yaml") if not path.stem.endswith(".suite"))
    return [state for path in paths for state in _states(deployment, path, known)]


def stale_warnings(deployment: Deployment, release: Release, year: int | None) -> list[Text]:
    """What an answer from a release must say about its sources: nothing for a release of earlier knowledge, which is
    what was known then. Without a year, of all years."""
    try:
        standing = releases.current(deployment)
        if standing is None or standing.number != release.number:
            return []
        return [one.told() for one in source_states(deployment) if one.state in OLD and year in {None, one.year}]
    except DtiError as error:  # damage is the matter of `status` and `doctor`: the release itself still answers
        where = one_line(f"{error.where}: ")
        return [Text(f"{where}{error.message.vi}; dti doctor", f"{where}{error.message.en}; dti doctor")]


def _states(deployment: Deployment, path: Path, events: list[dict[str, Any]]) -> list[SourceState]:
    years = _offered(path, deployment.settings.years)
    states = [_source_state(deployment, path.stem, year, events) for year in years]
    return [one for one in states if one.year == years[-1] or one.state in {"held", "failed"}]


def _offered(path: Path, years: list[int]) -> list[int]:
    """The years of the deployment that a source's YAML offers, read without its model: faults are for `doctor`."""
    try:
        said = read_yaml(path).data
        first, last = said.get("first_year") or years[0], said.get("last_year") or years[-1]
    except (DtiError, AttributeError):
        return years[-1:]
    return [year for year in years if first <= year <= last] or years[-1:]


def _source_state(deployment: Deployment, name: str, year: int, events: list[dict[str, Any]]) -> SourceState:
    landing = Landing(deployment.landing)
    in_use = landing.newest_accepted(name, year)
    attempts = [e for e in events if e["event"] == "pull" and (e["source"], e["year"]) == (name, year)]
    good = [e["at"] for e in attempts if e["status"] in {"accepted", "unchanged"}]
    seen = [datetime.fromisoformat(at) for at in good[-1:]] + ([in_use.pulled_at] if in_use else [])
    confirmed = max(seen).astimezone(ZONE).isoformat() if seen else None
    newest = landing.newest(name, year)
    state = _state(deployment, year, attempts, newest, confirmed)
    reasons = _reasons(newest, attempts) if state in {"held", "failed"} else []
    return SourceState(
        source=name,
        year=year,
        state=state,
        confirmed_at=confirmed,
        since=_since(state, attempts, confirmed),
        in_use=in_use.pull_id if in_use else None,
        newest=newest.pull_id if newest else None,
        rows=in_use.counts["accepted"] if in_use else 0,
        quarantined=newest.counts["quarantined"] if newest else 0,
        reasons=[one_line(reason.line("vi")) for reason in reasons],
        reasons_en=[one_line(reason.line("en")) for reason in reasons],
        next=_next(state, name, year, newest),
        missing=sorted({code for part in in_use.coverage for code in part["missing"]}) if in_use else [],
        flags=[Text(one_line(flag.line("vi")), one_line(flag.line("en"))) for flag in in_use.flags] if in_use else [],
    )


def _state(
    deployment: Deployment, year: int, attempts: list[dict[str, Any]], newest: Pull | None, confirmed: str | None
) -> str:
    last = attempts[-1]["status"] if attempts else None
    if newest and newest.status == "held" and last in {"held", None}:
        return "held"
    if last == "failed":
        return "failed"
    if confirmed is None:
        return "never"
    if year != deployment.settings.years[-1]:
        return "past"
    limit = timedelta(hours=deployment.settings.stale_after_hours)
    return "stale" if now() - datetime.fromisoformat(confirmed) > limit else "fresh"


def _since(state: str, attempts: list[dict[str, Any]], confirmed: str | None) -> str | None:
    """Held and failed: since the first attempt of an unbroken row of those; stale: since it was last confirmed."""
    if state == "stale":
        return confirmed
    if state not in {"held", "failed"}:
        return None
    first = None
    for attempt in reversed(attempts):
        if attempt["status"] != state:
            break
        first = attempt["at"]
    return first


def _reasons(newest: Pull | None, attempts: list[dict[str, Any]]) -> list[Finding]:
    """Why the last attempt is held or failed; a failure before anything was asked stands in the journal only."""
    told = attempts[-1]["reasons"] if attempts else []
    if told:
        return [
            Finding(
                one["code"], Text(one["message"], one["message_en"]), Text(one["hint"], one["hint_en"]), one["where"]
            )
            for one in told[:_MOST_REASONS]
        ]
    return newest.reasons[:_MOST_REASONS] if newest else []


def _next(state: str, name: str, year: int, newest: Pull | None) -> str:
    if state == "held" and newest:
        return f"dti pull accept|reject {newest.pull_id} --reason …"
    if state == "failed":
        return f"dti source check {name} --year {year}"
    return f"dti refresh --year {year}" if state in {"stale", "never"} else ""
