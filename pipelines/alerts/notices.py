"""What people should know now, each with its cause, what was kept, the next command, and an identity of its own.

A notice is known by its key: the same trouble has the same key every night, another pull or another error has another.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.errors import DtiError, Text
from common.one_line import one_line
from connectors import Landing
from pipelines import journal, releases
from pipelines.freshness import SourceState, source_states
from pipelines.groups import GROUPS
from pipelines.lock import holder
from pipelines.runs import Run, missed_nights, runs_of, unsettled
from pipelines.season import DAYS, next_day
from pipelines.settings import Deployment, now

FREE_BYTES = 2 * 1024**3
"""Less room than this endangers the next night."""

STUCK = timedelta(hours=6)
_LOOK_BACK = timedelta(days=7)
_NOTHING = Text("", "")


@dataclass(frozen=True)
class Notice:
    """One thing to tell. `lasting` says whether its end is told too; `ended` that it is over already, but happened
    when nobody could tell it (a killed run)."""

    key: str
    kind: str
    title: Text
    cause: Text = _NOTHING
    kept: Text = _NOTHING
    next: str = ""
    lasting: bool = True
    ended: bool = False
    source: str = ""
    year: int | None = None
    pull_id: str = ""

    @property
    def about(self) -> str:
        """What it is about, whatever pull: a held pull that another held pull has followed is no good news."""
        return f"{self.kind}/{self.source}/{self.year}" if self.source else self.kind


def notices(deployment: Deployment) -> list[Notice]:
    """Everything that people should know at this moment, most urgent first."""
    writer = holder(deployment.lock)
    if writer:
        return list(_stuck(writer))
    events = list(journal.read(deployment.journal))
    runs = runs_of(events)
    kept = _kept(deployment)
    return [
        *_missed(deployment, runs, kept),
        *_ended_badly(runs, kept),
        *_killed(runs, kept),
        *_sources(deployment, events, kept),
        *_disk(deployment),
        *_reminders(deployment),
    ]


def _kept(deployment: Deployment) -> Text:
    try:
        standing = releases.current(deployment)
    except DtiError as error:  # `dti doctor` says what is wrong with it; the notices must still go out
        return error.message
    if standing is None:
        return Text("chưa có bản nào được công bố", "nothing is published yet")
    number, as_of = standing.number, standing.as_of[:16].replace("T", " ")
    return Text(f"bản {number} (biết đến {as_of}) vẫn công bố", f"release {number} (as known at {as_of}) stays")


def _stuck(writer: dict[str, str]) -> Iterator[Notice]:
    """A run that does not end keeps every other one out."""
    try:
        since = datetime.fromisoformat(writer["since"])
    except ValueError:
        return
    if now() - since > STUCK:
        yield Notice(
            f"stuck/{writer['since']}",
            "stuck",
            Text(f"Lần chạy từ {writer['since'][:16]} chưa xong", f"The run of {writer['since'][:16]} has not ended"),
            one_line_both(f"{writer['command']} (pid {writer['pid']})"),
            Text("không lệnh nào khác ghi được", "no other command can write"),
            "dti status",
        )


def _missed(deployment: Deployment, runs: list[Run], kept: Text) -> Iterator[Notice]:
    nights = missed_nights(deployment.settings, runs, now())
    if not nights:
        return
    first, count = nights[0].date().isoformat(), len(nights)
    last = runs[-1].at[:16].replace("T", " ")
    yield Notice(
        f"missed/{runs[-1].at}",
        "missed",
        Text(f"Không chạy đêm từ {first} ({count} đêm)", f"No nightly run since {first} ({count} nights)"),
        Text(f"lần chạy gần nhất: {last}; lịch chạy hoặc máy đã dừng?", f"last run: {last}; is the schedule down?"),
        kept,
        f"dti refresh --year {deployment.settings.years[-1]}; make ui",
    )


def _ended_badly(runs: list[Run], kept: Text) -> Iterator[Notice]:
    if not runs or runs[-1].result != "failed" or unsettled(runs[-1], now()):
        return
    run = runs[-1]
    error = run.error or {"code": "unexpected", "message": "lỗi không lường trước", "message_en": "unexpected error"}
    found = [one["message"] for one in error.get("findings", [])[:3]]
    place = one_line(str(error.get("where", "")), 80)
    where = f"{place}: " if place else ""
    vi = "; ".join([where + error["message"], *found])
    blocked = error["code"] in {"check-failed", "dbt-failed"}
    title = (
        Text("Kiểm tra chặn công bố", "A check blocks publication") if blocked else Text("Lần chạy hỏng", "Run failed")
    )
    yield Notice(
        f"{'blocked' if blocked else 'run-failed'}/{error['code']}/{place}",
        "blocked" if blocked else "run-failed",
        Text(f"{title.vi} ({run.at[:16].replace('T', ' ')})", f"{title.en} ({run.at[:16].replace('T', ' ')})"),
        Text(one_line(vi), one_line(where + error.get("message_en", error["message"]))),
        kept,
        one_line(str(error.get("hint") or "dti status"), 200),
    )


def _killed(runs: list[Run], kept: Text) -> Iterator[Notice]:
    """Runs that ended without a word, also where a later one went well."""
    for at, run in enumerate(runs):
        if run.result == "killed" and not unsettled(run, now()) and now() - datetime.fromisoformat(run.at) < _LOOK_BACK:
            ended = any(later.good for later in runs[at + 1 :])
            when = run.at[:16].replace("T", " ")
            yield Notice(
                f"run-killed/{run.at}",
                "run-killed",
                Text(f"Lần chạy {when} bị ngắt giữa chừng", f"The run of {when} was cut off"),
                Text(
                    f"{one_line(run.reason)}: tiến trình hay máy đã dừng", f"{one_line(run.reason)}: killed or crashed"
                ),
                kept,
                "" if ended else "dti refresh; dti doctor",
                ended=ended,
            )


def _sources(deployment: Deployment, events: list[dict[str, Any]], kept: Text) -> Iterator[Notice]:
    """What is old, held or failed; or that landing cannot be read, which must be told like anything else."""
    try:
        yield from _of_sources(deployment, source_states(deployment, events))
    except DtiError as error:
        title = Text("Số liệu đã lấy bị hỏng hoặc bị sửa", "Landing is damaged or was altered")
        cause = Text(one_line(f"{error.where}: {error.message.vi}"), one_line(f"{error.where}: {error.message.en}"))
        yield Notice(f"damaged/{error.code}/{one_line(error.where)}", "damaged", title, cause, kept, "dti doctor")


def _of_sources(deployment: Deployment, states: list[SourceState]) -> Iterator[Notice]:
    titles = {
        "failed": ("Không lấy được số liệu", "Source failed"),
        "held": ("Số liệu bị giữ lại", "Pull held"),
        "stale": ("Số liệu cũ", "Source is stale"),
    }
    for one in states:
        if one.state not in titles:
            continue
        vi, en = titles[one.state]
        pull_id = one.newest or "" if one.state == "held" else ""
        told = one.told()
        yield Notice(
            "/".join(part for part in (one.state, one.source, str(one.year), pull_id) if part),
            one.state,
            Text(f"{vi}: {told.vi}", f"{en}: {told.en}"),
            Text(_joined(one.reasons), _joined(one.reasons_en)),
            _in_use(deployment, one),
            one.next,
            source=one.source,
            year=one.year,
            pull_id=pull_id,
        )


def _joined(reasons: list[str], most: int = 3) -> str:
    rest = [f"(+{len(reasons) - most})"] if len(reasons) > most else []
    return "; ".join([*reasons[:most], *rest])


def _in_use(deployment: Deployment, one: SourceState) -> Text:
    if one.in_use is None:
        return Text("chưa có lần lấy nào dùng được", "there is no pull to use yet")
    pull = Landing(deployment.landing).newest_accepted(one.source, one.year)
    day = pull.moment.date().isoformat() if pull else "?"
    return Text(f"vẫn dùng lần lấy {one.in_use} (ngày {day})", f"pull {one.in_use} ({day}) stays in use")


def _disk(deployment: Deployment) -> Iterator[Notice]:
    free = shutil.disk_usage(deployment.root).free
    if free < FREE_BYTES:
        left = f"{free / 1024**3:.1f} GiB"
        yield Notice(
            "disk",
            "disk",
            Text("Đĩa sắp đầy", "The disk is nearly full"),
            Text(f"chỉ còn {left}", f"only {left} are free"),
            Text("số liệu còn nguyên; đêm tới có thể không chạy được", "nothing is lost; tonight's run may fail"),
            "dti doctor",
        )


def _reminders(deployment: Deployment) -> Iterator[Notice]:
    """The next day of the season, once at each of the chosen distances."""
    settings = deployment.settings
    coming = next_day(settings.cycle.dates(settings.years[-1]), now().date())
    if coming is None:
        return
    reached = [days for days in settings.alerts.remind_days if coming["in_days"] <= days]
    if reached:
        word, day, left = DAYS[coming["name"]], coming["day"], coming["in_days"]
        yield Notice(
            f"deadline/{day}/{coming['name']}/{min(reached)}",
            "deadline",
            Text(f"Còn {left} ngày: {word.vi} ({day})", f"{left} days left: {word.en} ({day})"),
            _missing(deployment),
            next="dti status",
            lasting=False,
            year=settings.years[-1],
        )


def _missing(deployment: Deployment) -> Text:
    """What the published results still lack, per group."""
    from pipelines.season import season_of

    gaps = [row for row in season_of(deployment, releases.current(deployment)).gaps if row["gaps"]]
    if not gaps:
        return Text("không thiếu giá trị nào trong bản đang công bố", "no value is missing in the published release")
    counted = [(GROUPS[row["agency_group"]], row["period"], row["gaps"], row["with_gaps"]) for row in gaps]
    return Text(
        "; ".join(
            f"{name.vi} {period}: thiếu {count} giá trị của {who} cơ quan" for name, period, count, who in counted
        ),
        "; ".join(f"{name.en} {period}: {count} values of {who} agencies" for name, period, count, who in counted),
    )


def one_line_both(text: str) -> Text:
    """The same words in both languages, on one line."""
    return Text(one_line(text), one_line(text))


def as_json(notice: Notice) -> dict[str, Any]:
    """A notice for programs: empty parts left out."""
    parts = {
        "key": notice.key,
        "kind": notice.kind,
        "title": notice.title._asdict(),
        "cause": notice.cause._asdict() if notice.cause.vi else None,
        "kept": notice.kept._asdict() if notice.kept.vi else None,
        "next": notice.next,
        "source": notice.source,
        "year": notice.year,
        "pull_id": notice.pull_id,
    }
    return {name: value for name, value in parts.items() if value} | {"lasting": notice.lasting}
