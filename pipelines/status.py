"""The morning screen: did it run, what is old, what is held, what is published, what to do next."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.errors import DtiError, Text
from common.yaml_files import read_yaml
from connectors import Landing, Pull
from pipelines import journal, releases
from pipelines.appeals.standing import print_standing, standing_of
from pipelines.lock import holder
from pipelines.season import Season, print_season, season_of
from pipelines.settings import Deployment, now

if TYPE_CHECKING:
    from pipelines.cli.answers import Screen

STATES = {
    "fresh": ("mới", "fresh"),
    "stale": ("cũ", "stale"),
    "held": ("bị giữ lại", "held"),
    "failed": ("lỗi", "failed"),
    "never": ("chưa có", "never pulled"),
    "past": ("năm đã qua", "past year"),
}
_RESULTS = {
    "failed": "không thành công",
    "published": "đã công bố",
    "nothing new": "không có gì mới",
    "running": "đang chạy",
}
_MOST_FLAGS = 5
_STANDING = {"provisional": "tạm tính", "frozen": "đã chốt"}


@dataclass(frozen=True)
class SourceState:
    """One source in the newest year that it has figures for, or in an earlier one that needs somebody.

    `confirmed_at` is when its figures in use were last seen at the source. A past year is not called stale: nobody asks
    for it nightly.
    """

    source: str
    year: int
    state: str
    confirmed_at: str | None
    in_use: str | None
    rows: int
    quarantined: int
    reasons: list[str]
    next: str
    missing: list[str] = field(default_factory=list)
    """Codes of agencies without a row in the pull in use."""
    flags: list[Text] = field(default_factory=list)
    """Figures of the pull in use that a person has to look at before the year is made official."""


@dataclass(frozen=True)
class Status:
    """Everything that the morning screen shows."""

    deployment: str
    environment: str
    checked_at: str
    release: dict[str, Any] | None
    last_refresh: dict[str, Any] | None
    writing: dict[str, str] | None
    sources: list[SourceState]
    season: Season
    appeals: dict[str, Any] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """5 when a pull is held, 4 when a source failed or is stale, else 0."""
        states = {source.state for source in self.sources}
        return 5 if "held" in states else 4 if states & {"failed", "stale", "never"} else 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def gather_status(deployment: Deployment) -> Status:
    """Read manifests, journal and release; nothing is asked of a source."""
    settings = deployment.settings
    events = list(journal.read(deployment.journal))
    standing, writer = releases.current(deployment), holder(deployment.lock)
    shown = None
    if standing:
        kept = ("number", "status", "as_of", "assembled_at")
        shown = {key: value for key, value in standing.manifest().items() if key in kept}
    return Status(
        deployment=settings.title.vi,
        environment=settings.environment,
        checked_at=now().isoformat(),
        release=shown,
        last_refresh=_last_refresh(events, writer is not None),
        writing=writer,
        sources=source_states(deployment, events),
        season=season_of(deployment, standing),
        appeals=standing_of(deployment),
    )


def source_states(deployment: Deployment, events: list[dict[str, Any]] | None = None) -> list[SourceState]:
    """Every source as it stands now; `events` are those of the journal, where they were read already."""
    known = list(journal.read(deployment.journal)) if events is None else events
    paths = sorted(path for path in deployment.sources.glob("*.yaml") if not path.stem.endswith(".suite"))
    return [state for path in paths for state in _states(deployment, path, known)]


def _states(deployment: Deployment, path: Path, events: list[dict[str, Any]]) -> list[SourceState]:
    """The newest year that a source has, and every earlier one of which a pull is held or failed."""
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


def _last_refresh(events: list[dict[str, Any]], running: bool) -> dict[str, Any] | None:
    """The last run of any kind, killed ones included: a run that neither published nor found nothing new failed."""
    started = [at for at, event in enumerate(events) if event["event"] == "refresh"]
    if not started:
        return None
    later = {event["event"] for event in events[started[-1] :]}
    result = "published" if "publish" in later else "nothing new" if "nothing-new" in later else "failed"
    if result == "failed" and running:
        result = "running"
    return {"at": events[started[-1]]["at"], "reason": events[started[-1]]["reason"], "result": result}


def _source_state(deployment: Deployment, name: str, year: int, events: list[dict[str, Any]]) -> SourceState:
    landing = Landing(deployment.landing)
    in_use = landing.newest_accepted(name, year)
    attempts = [e for e in events if e["event"] == "pull" and (e["source"], e["year"]) == (name, year)]
    good = [e["at"] for e in attempts if e["status"] in {"accepted", "unchanged"}]
    confirmed = good[-1] if good else in_use.pulled_at.isoformat() if in_use else None
    newest = landing.newest(name, year)
    state = _state(deployment, year, attempts, newest, confirmed)
    reasons = [finding.line("vi") for finding in newest.reasons] if newest and state in {"held", "failed"} else []
    return SourceState(
        source=name,
        year=year,
        state=state,
        confirmed_at=confirmed,
        in_use=in_use.pull_id if in_use else None,
        rows=in_use.counts["accepted"] if in_use else 0,
        quarantined=newest.counts["quarantined"] if newest else 0,
        reasons=reasons[:5],
        next=_next(state, name, year, newest),
        missing=sorted({code for part in in_use.coverage for code in part["missing"]}) if in_use else [],
        flags=[Text(flag.line("vi"), flag.line("en")) for flag in in_use.flags] if in_use else [],
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


def _next(state: str, name: str, year: int, newest: Pull | None) -> str:
    if state == "held" and newest:
        return f"dti pull accept|reject {newest.pull_id} --reason …"
    if state == "failed":
        return f"dti source check {name} --year {year}"
    return f"dti refresh --year {year}" if state in {"stale", "never"} else ""


def print_status(screen: Screen, status: Status) -> None:
    """The status as a screen for people."""
    screen.title(f"{status.deployment} – {status.checked_at[:16]}", f"{status.deployment} – {status.checked_at[:16]}")
    if status.release:
        number, as_of = status.release["number"], status.release["as_of"][:16]
        screen.line(
            f"Đang công bố: bản {number} ({_STANDING[status.release['status']]}), số liệu biết đến {as_of}.",
            f"Published: release {number} ({status.release['status']}), as known at {as_of}.",
        )
    else:
        screen.line("Chưa công bố bản nào: dti refresh", "Nothing is published yet: dti refresh")
    if status.last_refresh:
        at, result = status.last_refresh["at"][:16], status.last_refresh["result"]
        why = status.last_refresh["reason"]
        screen.line(f"Lần chạy gần nhất: {at} ({why}), {_RESULTS[result]}.", f"Last run: {at} ({why}), {result}.")
    if status.writing:
        who = status.writing
        screen.line(
            f"Đang chạy: {who['command']} (pid {who['pid']}).", f"Running: {who['command']} (pid {who['pid']})."
        )
    print_season(screen, status.season)
    print_standing(screen, status.appeals)
    rows = []
    for source in status.sources:
        vi, en = STATES[source.state]
        confirmed = (source.confirmed_at or "–")[:16]
        rows.append(
            [source.source, source.year, screen.t(vi, en), confirmed, source.rows, source.quarantined, source.next]
        )
    heads = [("Nguồn", "Source"), ("Năm", "Year"), ("Trạng thái", "State"), ("Xác nhận lúc", "Confirmed")]
    screen.table(
        [*heads, ("Dòng", "Rows"), ("Cách ly", "Quarantined"), ("Việc cần làm", "Next")], rows, numeric=(1, 4, 5)
    )
    for source in status.sources:
        for reason in source.reasons:
            screen.line(f"  {source.source}: {reason}", f"  {source.source}: {reason}")
        if source.missing:
            codes = ", ".join(source.missing)
            screen.line(f"  {source.source}: chưa có số liệu của {codes}", f"  {source.source}: no figures of {codes}")
        for flag in source.flags[:_MOST_FLAGS]:
            screen.line(f"  {source.source}: {flag.vi}", f"  {source.source}: {flag.en}")
        if source.flags:
            done = f"dti pull accept {source.in_use} --reason …"
            count = len(source.flags)
            screen.line(
                f"  {source.source}: {count} số liệu cần xem lại trước khi chốt năm: {done}",
                f"  {source.source}: {count} figures to look at before the year is made official: {done}",
            )
