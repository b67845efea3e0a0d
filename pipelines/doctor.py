"""`dti doctor`: everything that could spoil the next night, each finding with the way to mend it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from common.errors import ConfigurationError, DifferenceError, DtiError, SourceError, Text
from common.yaml_files import display_path
from pipelines import releases, sharing
from pipelines.doctor_security import Caution, check_command_lines, check_files, check_pages
from pipelines.lock import holder
from pipelines.machine import require_forward_clock, require_room
from pipelines.settings import Deployment, now

NO_HINT = Text("", "")
FREE_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class Examined:
    """One thing looked at. `exit_code` is what the command ends with if this is the first that is not well; 0 for what
    should be mended but spoils no night."""

    name: Text
    ok: bool
    found: Text
    hint: Text = NO_HINT
    exit_code: int = 0


def examine(deployment: Deployment) -> list[Examined]:
    """Look at everything, in the order in which one thing rests on another."""
    looks: list[tuple[Text, Callable[[Deployment], Text]]] = [
        (Text("Phiên bản", "Versions"), _versions),
        (Text("Cấu hình", "Settings"), _settings),
        (Text("Sổ đăng ký", "Registers"), _registers),
        (Text("Nguồn", "Sources"), _sources),
        (Text("Bộ chỉ số", "Rulesets"), _rulesets),
        (Text("Mô hình dbt", "dbt models"), _dbt),
        (Text("Đĩa", "Disk"), _disk),
        (Text("Đồng hồ", "Clock"), _clock),
        (Text("Khóa ghi", "Lock"), _lock),
        (Text("Dùng chung", "Shared"), sharing.examine),
        (Text("Số liệu đã lấy", "Landing"), _landing),
        (Text("Bản đang công bố", "Release"), _release),
        (Text("Trang kết quả", "Site"), _site),
        (Text("Sổ kiến nghị", "Appeals"), _appeals),
        (Text("Sổ phê duyệt", "Approvals"), _approvals),
        (Text("Lần chạy đêm", "Nightly run"), _nights),
        (Text("Kênh báo tin", "Alerts"), _alerts),
        (Text("Tệp mở", "Open files"), check_files),
        (Text("Dòng lệnh", "Command lines"), check_command_lines),
        (Text("Giao diện Dagster", "Dagster's pages"), check_pages),
    ]
    return [_look(name, look, deployment) for name, look in looks]


def _look(name: Text, look: Callable[[Deployment], Text], deployment: Deployment) -> Examined:
    try:
        return Examined(name, True, look(deployment))
    except DtiError as error:
        lines = [Text(finding.line("vi"), finding.line("en")) for finding in error.findings[:5]]
        where = f"{error.where}: " if error.where else ""
        found = Text(
            "\n    ".join([where + error.message.vi, *(line.vi for line in lines)]),
            "\n    ".join([where + error.message.en, *(line.en for line in lines)]),
        )
        return Examined(name, False, found, error.hint, error.exit_code)


def _versions(_: Deployment) -> Text:
    names = ("duckdb", "dagster", "dbt-core", "great-expectations")
    text = ", ".join([f"Python {sys.version.split()[0]}", *(f"{name} {version(name)}" for name in names)])
    return Text(text, text)


def _settings(deployment: Deployment) -> Text:
    settings = deployment.settings
    return Text(f"{settings.title.vi}; năm {settings.years}", f"{settings.title.en}; years {settings.years}")


def _registers(deployment: Deployment) -> Text:
    from pipelines.registers import read_registers

    found = read_registers(deployment.registers)
    if not found.agencies:
        raise ConfigurationError(
            "no-agencies",
            Text("chưa có cơ quan nào trong sổ đăng ký", "there is no agency in the register"),
            hint=Text(
                "ghi mỗi cơ quan một dòng vào agencies.csv, mã của nó trong các hệ thống vào agency_codes.csv",
                "write a line per agency into agencies.csv, and its codes in the systems into agency_codes.csv",
            ),
            where=display_path(deployment.registers / "agencies.csv"),
        )
    count, codes = len(found.agencies), len(found.codes)
    return Text(f"{count} cơ quan, {codes} mã", f"{count} agencies, {codes} codes")


def _sources(deployment: Deployment) -> Text:
    from connectors import load_sources
    from pipelines.environments import check_environment

    sources = load_sources(deployment.sources)
    check_environment(deployment, sources.values())
    names = ", ".join(sources)
    return Text(names, names)


def _rulesets(deployment: Deployment) -> Text:
    from pipelines.judging import check_years, judges
    from rulesets.load import resolve

    settings = deployment.settings
    used = [resolve(name, deployment.ruleset_folders) for name in settings.rulesets]
    check_years(deployment, used)
    judging = {one.ruleset_id for one in judges(used, settings.years).values()}
    idle = ", ".join(one.ruleset_id for one in used if one.ruleset_id not in judging)
    names = ", ".join(one.ruleset_id for one in used if one.ruleset_id in judging)
    return Text(
        names + (f"; chưa chấm năm nào: {idle}" if idle else ""),
        names + (f"; judging no year: {idle}" if idle else ""),
    )


def _dbt(_: Deployment) -> Text:
    from pipelines.dbt_project import MANIFEST, manifest_facts

    if not MANIFEST.exists():
        return Text("chưa phân tích; lần chạy đầu sẽ làm", "not parsed yet; the first run will")
    facts = manifest_facts()
    text = f"{facts['models']} models, {facts['tests']} tests"
    return Text(text, text)


def _disk(deployment: Deployment) -> Text:
    require_room(deployment)
    free = shutil.disk_usage(deployment.root).free
    gib = free / 1024**3
    if free < FREE_BYTES:
        raise DtiError(
            "disk-low",
            Text(f"chỉ còn {gib:.1f} GiB", f"only {gib:.1f} GiB are free"),
            hint=Text("dọn đĩa trước đêm nay", "make room before tonight"),
            where=str(deployment.root),
        )
    return Text(f"còn {gib:.0f} GiB", f"{gib:.0f} GiB free")


def _clock(deployment: Deployment) -> Text:
    require_forward_clock(deployment)
    text = f"{now():%Y-%m-%d %H:%M %z}"
    return Text(text, text)


def _lock(deployment: Deployment) -> Text:
    who = holder(deployment.lock)
    if who is None:
        return Text("không ai đang ghi", "nobody is writing")
    text = f"{who['command']} (pid {who['pid']}, {who['since']})"
    return Text(f"đang ghi: {text}", f"writing: {text}")


def _landing(deployment: Deployment) -> Text:
    from connectors import Landing

    landing = Landing(deployment.landing)
    pulls = landing.pulls()
    for pull in pulls:
        landing.verify(pull)
    return Text(f"{len(pulls)} lần lấy, sha256 khớp", f"{len(pulls)} pulls, every sha256 fits")


def _approvals(deployment: Deployment) -> Text:
    from pipelines import approvals
    from pipelines.missing import check_nothing_is_gone

    count = len(approvals.read(deployment))
    check_nothing_is_gone(deployment)
    return Text(f"{count} chữ ký; không mất gì đã dùng", f"{count} signatures; nothing that was used is gone")


def _release(deployment: Deployment) -> Text:
    releases.all_of(deployment)
    release = releases.shown(deployment)
    if release is None:
        return Text("chưa có", "none yet")
    releases.verify(release)
    count = len(release.hashes)
    return Text(f"bản {release.number}: {count} bảng khớp", f"release {release.number}: {count} tables fit")


def _site(deployment: Deployment) -> Text:
    from pipelines.publication.site.build import release_shown

    release, shown = releases.current(deployment), release_shown(deployment)
    if release is None or (shown is None and not deployment.settings.site):
        return Text("chưa có", "none yet")
    if shown != release.number:
        raise DtiError(
            "site-behind",
            Text(
                f"là của bản {shown or '–'}, không phải bản {release.number}", f"is of {shown}, not of {release.number}"
            ),
            hint=Text("dti publish", "dti publish"),
            where=str(deployment.site),
        )
    return Text(f"của bản {shown}", f"of release {shown}")


def _appeals(deployment: Deployment) -> Text:
    from pipelines.appeals.dossier import altered
    from pipelines.appeals.ledger import appeals, folder_of

    found = appeals(deployment)
    for one in found:
        if wrong := altered(deployment, one):
            raise DifferenceError(
                "dossier-altered",
                Text(f"hồ sơ đã bị sửa: {wrong}", f"the dossier was altered: {wrong}"),
                hint=Text("khôi phục thư mục này từ bản sao lưu", "restore this folder from a backup"),
                where=str(folder_of(deployment, one.appeal_id)),
            )
    return Text(f"{len(found)} kiến nghị, chuỗi và hồ sơ khớp", f"{len(found)} appeals, chain and dossiers fit")


def _nights(deployment: Deployment) -> Text:
    """How the last run ended, and whether one is missing since."""
    from pipelines import journal
    from pipelines.nights import next_due
    from pipelines.runs import missed_nights, runs_of

    settings = deployment.settings
    runs = runs_of(journal.read(deployment.journal), running=holder(deployment.lock) is not None)
    missed = missed_nights(settings, runs, now())
    again = Text(f"dti refresh --year {settings.years[-1]}", f"dti refresh --year {settings.years[-1]}")
    if missed:
        day, count = missed[0].date(), len(missed)
        message = Text(f"không chạy đêm từ {day} ({count} đêm)", f"no nightly run since {day} ({count} nights)")
        raise SourceError("night-missed", message, hint=again)
    if runs and runs[-1].result in {"failed", "killed"}:
        at = runs[-1].at[:16].replace("T", " ")
        cut = runs[-1].result == "killed"
        message = Text(
            f"lần chạy {at} {'bị ngắt giữa chừng' if cut else 'không thành công'}",
            f"the run of {at} {'was cut off' if cut else 'failed'}",
        )
        raise SourceError("run-ended-badly", message, hint=again)
    due = next_due(settings, now())
    when = due.strftime("%Y-%m-%d %H:%M") if due else "–"
    return Text(f"lần chạy tới {when}", f"next run {when}")


def _alerts(deployment: Deployment) -> Text:
    """Whether every channel works, and nothing waits to be told."""
    from pipelines.alerts.health import health_of

    channels = health_of(deployment)
    if not channels:
        return Text("chưa khai kênh nào ('alerts' trong dti.yaml)", "no channel yet ('alerts' in dti.yaml)")
    for one in channels:
        if one.failure:
            message = Text(f"{one.channel}: {one.failure['message']}", f"{one.channel}: {one.failure['message_en']}")
            hint = Text(f"dti alerts test {one.channel}", f"dti alerts test {one.channel}")
            raise SourceError("channel-failing", message, hint=hint)
    untold = max(one.untold for one in channels)
    if untold:
        message = Text(f"{untold} việc chưa báo cho ai", f"{untold} things that nobody was told")
        raise Caution("untold", message, hint=Text("dti alerts send", "dti alerts send"))
    names = ", ".join(one.channel for one in channels)
    return Text(f"{names}: không còn gì chưa báo", f"{names}: nothing is left to tell")
