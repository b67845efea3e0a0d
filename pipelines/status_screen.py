"""The morning screen for a person: first whether the results may be published, then what happened, then what there is.

Made for 80 columns: what is well takes a line, what is not takes as many as its reasons need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import Text
from pipelines.appeals.standing import print_standing
from pipelines.changes import REASONS
from pipelines.freshness import WORDS, SourceState
from pipelines.publishable import Point
from pipelines.season import DAYS

if TYPE_CHECKING:
    from pipelines.cli.answers import Screen
    from pipelines.status import Status

RESULTS = {
    "failed": Text("không thành công", "failed"),
    "killed": Text("bị ngắt giữa chừng", "cut off"),
    "published": Text("đã công bố", "published"),
    "nothing new": Text("không có gì mới", "nothing new"),
    "running": Text("đang chạy", "running"),
}
_PULLS = {
    "accepted": Text("có số liệu mới", "with new data"),
    "unchanged": Text("không đổi", "unchanged"),
    "held": Text("bị giữ lại", "held"),
    "failed": Text("lỗi", "failed"),
}
_STANDING = {"provisional": Text("tạm tính", "provisional"), "frozen": Text("đã chốt", "frozen")}
_MOST_FLAGS = 5
_LOW = 2 * 1024**3


def print_status(screen: Screen, status: Status) -> None:
    """The status as a screen for people."""
    at = moment(status.checked_at)
    screen.title(
        f"{status.deployment} – {at} ({status.environment})", f"{status.deployment} – {at} ({status.environment})"
    )
    _print_readiness(screen, status)
    screen.line()
    _print_runs(screen, status)
    _print_release(screen, status)
    _print_season(screen, status)
    print_standing(screen, status.appeals)
    _print_health(screen, status)
    _print_sources(screen, status.sources)


def moment(text: str | None) -> str:
    """A moment to the minute, as it is written on screens."""
    return text[:16].replace("T", " ") if text else "–"


def _print_readiness(screen: Screen, status: Status) -> None:
    found = status.readiness
    if found.ready:
        screen.line("Công bố được không? CÓ.", "May I publish? YES.")
    else:
        count = len(found.obstacles)
        screen.line(f"Công bố được không? CHƯA ({count} trở ngại):", f"May I publish? NO ({count} obstacles):")
    for number, point in enumerate(found.obstacles, 1):
        _print_point(screen, f"{number}.", point)
        for source in status.sources:
            if point.text == source.told():
                for reason, reason_en in zip(source.reasons, source.reasons_en, strict=True):
                    screen.item("·", reason, reason_en, indent=5)
    for point in found.cautions:
        _print_point(screen, "!", point)


def _print_point(screen: Screen, mark: str, point: Point) -> None:
    screen.item(mark, point.text.vi, point.text.en)
    if point.next:
        screen.item("→", point.next, point.next, indent=5)


def _print_runs(screen: Screen, status: Status) -> None:
    last = status.last_refresh
    if last:
        result, took = RESULTS[last["result"]], _duration(last["seconds"])
        number = f" {last['release']}" if last["release"] else ""
        release = Text(f" bản{number}" if number else "", f" release{number}" if number else "")
        pulls = last["pulls"].items()
        vi, en = (", ".join(f"{count} {_PULLS[name].in_(lang)}" for name, count in pulls) for lang in ("vi", "en"))
        asked = Text(f"; lần lấy: {vi}" if pulls else "", f"; pulls: {en}" if pulls else "")
        screen.field(
            ("Lần chạy cuối", "Last run"),
            f"{moment(last['at'])}{took}, {last['reason']}: {result.vi}{release.vi}{asked.vi}",
            f"{moment(last['at'])}{took}, {last['reason']}: {result.en}{release.en}{asked.en}",
        )
    else:
        screen.field(("Lần chạy cuối", "Last run"), "chưa chạy lần nào: dti refresh", "none yet: dti refresh")
    if status.writing:
        who = f"{status.writing['command']} (pid {status.writing['pid']}, {moment(status.writing['since'])})"
        screen.field(("Đang ghi", "Writing"), who, who)
    due = moment(status.next_refresh)
    screen.field(("Lần chạy tới", "Next run"), due, due)


def _duration(seconds: int | None) -> str:
    if seconds is None:
        return ""
    return f" ({seconds // 60}:{seconds % 60:02d})"


def _print_release(screen: Screen, status: Status) -> None:
    if status.release:
        number, as_of = status.release["number"], moment(status.release["as_of"])
        kind = _STANDING[status.release["status"]]
        screen.field(
            ("Đang công bố", "Published"),
            f"bản {number} ({kind.vi}), số liệu biết đến {as_of}",
            f"release {number} ({kind.en}), as known at {as_of}",
        )
    changed = status.changed
    if changed:
        vi = "; ".join(f"{REASONS[name].vi}: {count}" for name, count in changed["reasons"].items())
        en = "; ".join(f"{REASONS[name].en}: {count}" for name, count in changed["reasons"].items())
        screen.field(
            ("Đã thay đổi", "Changed"),
            f"so với bản {changed['before']}: {changed['totals']} tổng điểm, {changed['ranks']} thứ hạng"
            + (f" ({vi})" if vi else ""),
            f"against release {changed['before']}: {changed['totals']} totals, {changed['ranks']} ranks"
            + (f" ({en})" if en else ""),
        )


def _print_season(screen: Screen, status: Status) -> None:
    season = status.season
    if season.next_day:
        word, day, left = DAYS[season.next_day["name"]], season.next_day["day"], season.next_day["in_days"]
        screen.field(
            ("Kỳ đánh giá", "Season"),
            f"{season.year}: {word.vi} ngày {day} (còn {left} ngày)",
            f"{season.year}: {word.en} on {day} ({left} days)",
        )
    for row in season.frozen:
        day = moment(str(row["frozen_at"]))
        year = f"{row['assessment_year']}, r{row['revision']}"
        screen.field(("Đã chốt", "Official"), f"năm {year} ({day})", f"{year} ({day})")


def _print_health(screen: Screen, status: Status) -> None:
    for one in status.alerts:
        vi, en = f"{one.channel} ({one.type}): ", f"{one.channel} ({one.type}): "
        if one.failure:
            since = moment(one.failing_since) if one.failing_since else ""
            test = f"dti alerts test {one.channel}"
            vi += f"LỖI{' từ ' + since if since else ''}: {one.failure['message']} → {test}"
            en += f"FAILING{' since ' + since if since else ''}: {one.failure['message_en']} → {test}"
        else:
            vi, en = vi + one.last_told.vi, en + one.last_told.en
        if one.untold:
            vi, en = vi + f"; {one.untold} việc chưa báo", en + f"; {one.untold} not told yet"
        screen.field(("Kênh báo tin", "Alerts"), vi, en)
    free = f"{status.disk_free_bytes / 1024**3:.0f} GiB"
    low = status.disk_free_bytes < _LOW
    screen.field(
        ("Đĩa", "Disk"), f"còn {free}{' – CẦN DỌN' if low else ''}", f"{free} free{' – MAKE ROOM' if low else ''}"
    )


def _print_sources(screen: Screen, sources: list[SourceState]) -> None:
    """A row per source that is asked nightly or needs somebody; those of past years in one line."""
    asked = [one for one in sources if one.state != "past"]
    aside = any(one.quarantined for one in asked)
    rows = []
    for one in asked:
        cells = [one.source, one.year, WORDS[one.state].in_(screen.lang), moment(one.confirmed_at), one.rows]
        rows.append([*cells, *([one.quarantined] * aside)])
    heads = [
        ("Nguồn", "Source"),
        ("Năm", "Year"),
        ("Trạng thái", "State"),
        ("Xác nhận lúc", "Confirmed"),
        ("Dòng", "Rows"),
    ]
    if rows:
        screen.table([*heads, *([("Cách ly", "Quarantined")] * aside)], rows, numeric=(1, 4, 5))
    past = [one for one in sources if one.state == "past"]
    if past:
        years = ", ".join(str(year) for year in sorted({one.year for one in past}))
        screen.line(
            f"{len(past)} nguồn của năm đã qua ({years}) còn nguyên: dti source list",
            f"{len(past)} sources of past years ({years}) stand: dti source list",
        )
    for one in sources:
        if one.missing:
            codes = ", ".join(one.missing)
            screen.item(
                "·", f"{one.source} {one.year}: chưa có số liệu của {codes}", f"{one.source}: no figures of {codes}"
            )
        _print_flags(screen, one)


def _print_flags(screen: Screen, one: SourceState) -> None:
    for flag in one.flags[:_MOST_FLAGS]:
        screen.item("?", f"{one.source} {one.year}: {flag.vi}", f"{one.source} {one.year}: {flag.en}")
