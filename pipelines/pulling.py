"""One pull of one source and year, with everything around it: gates, journal, progress."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from common.errors import ConfigurationError, Finding, Text
from connectors import AgencyCode, AnySource, Landing, Pull, PullOutcome, pull
from pipelines import journal, progress
from pipelines.registers import Registers, read_registers
from pipelines.settings import Deployment, now
from pipelines.suites import suite_gate


@dataclass(frozen=True)
class Pulled:
    """The outcome of a pull: accepted, unchanged, held, failed, not offered (no such year), not asked (past day),
    only now (a source that cannot tell of another year), or done (earlier in this backfill, which was interrupted)."""

    source: str
    year: int
    status: str
    pull_id: str = ""
    rows: int = 0
    quarantined: int = 0
    stands_in: str = ""
    findings: tuple[Finding, ...] = field(default=())
    notes: tuple[Finding, ...] = field(default=())

    @property
    def good(self) -> bool:
        return self.status in {"accepted", "unchanged", "not offered", "not asked", "only now", "done"}

    @property
    def usable(self) -> bool:
        """Whether the build has an accepted pull to work with."""
        return self.good or bool(self.stands_in)

    def line(self, lang: str) -> str:
        """One line: what came of it, what stands in, how many reasons."""
        parts = [f"{self.source} {self.year}: {_STATUS[self.status].in_(lang)}"]
        if self.status in {"accepted", "unchanged"}:
            rows = Text(f"{self.rows} dòng", f"{self.rows} rows").in_(lang)
            parts.append(rows)
        if self.quarantined:
            parts.append(Text(f"{self.quarantined} dòng cách ly", f"{self.quarantined} quarantined").in_(lang))
        if self.stands_in and not self.good:
            parts.append(Text(f"vẫn dùng {self.stands_in}", f"{self.stands_in} stays in use").in_(lang))
        if self.findings:
            parts.append(Text(f"{len(self.findings)} lý do", f"{len(self.findings)} reasons").in_(lang))
        return "; ".join(parts)


_STATUS = {
    "accepted": Text("đã chấp nhận", "accepted"),
    "unchanged": Text("không đổi so với lần trước", "unchanged since the last pull"),
    "held": Text("bị giữ lại", "held"),
    "failed": Text("không lấy được", "failed"),
    "not asked": Text("không hỏi lại cho một ngày đã qua", "not asked for a day that is past"),
    "not offered": Text("nguồn không có năm này", "the source does not offer this year"),
    "only now": Text("nguồn chỉ biết hiện tại, không biết năm này", "the source knows only now, not this year"),
    "done": Text("đã lấy xong trước khi đợt lấy lại bị ngắt", "done before this backfill was interrupted"),
}


def not_pulled(source: AnySource, year: int, moment: datetime) -> str:
    """Why a source is not asked about a year as of a moment, as a status of `Pulled`; empty where it is asked."""
    if not source.offers(year):
        return "not offered"
    if source.simulated:
        return ""
    if now() - moment > timedelta(days=1):
        return "not asked"
    other_year = source.knows_only_now and moment.astimezone(ZoneInfo(source.timezone)).year != year
    return "only now" if other_year else ""


def pull_year(
    deployment: Deployment, source: AnySource, year: int, moment: datetime, *, into: Path | None = None
) -> Pulled:
    """Pull one source and year into landing, write the outcome to the journal, and say it. Needs the lock.

    With `into` (a trial) landing is that folder and the journal is left alone.
    """
    landing = Landing(into or deployment.landing)
    reason = not_pulled(source, year, moment)
    if reason == "not offered":
        return _told(Pulled(source.name, year, reason))
    if reason:
        last = landing.newest_accepted(source.name, year, moment)
        return _told(Pulled(source.name, year, reason, stands_in=last.pull_id if last else ""))
    progress.say(f"lấy {source.name} {year} …", f"pulling {source.name} {year} …")
    suite = deployment.sources / f"{source.name}.suite.yaml"
    try:
        outcome = pull(
            source,
            year,
            landing=landing,
            agencies=agency_codes(read_registers(deployment.registers), year),
            moment=moment,
            extra_gates=[suite_gate(suite)] if suite.exists() else [],
        )
    except ConfigurationError as error:  # a missing secret of one source must not keep all others from being refreshed
        finding = Finding(error.code, error.message, error.hint, error.where)
        outcome = PullOutcome("failed", None, None, list(error.findings) or [finding])
    result = _pulled(source, year, outcome, landing.newest_accepted(source.name, year, moment))
    if into is None:
        journal.record(
            deployment.journal,
            "pull",
            source=source.name,
            year=year,
            status=result.status,
            pull_id=result.pull_id,
            moment=moment.isoformat(),
            counts=outcome.counts,
            reasons=[
                {**finding.as_dict("vi"), "message_en": finding.message.en, "hint_en": finding.hint.en}
                for finding in result.findings
            ],
        )
    return _told(result)


def _pulled(source: AnySource, year: int, outcome: PullOutcome, last: Pull | None) -> Pulled:
    named = outcome.pull or outcome.unchanged_as
    return Pulled(
        source=source.name,
        year=year,
        status=outcome.status,
        pull_id=named.pull_id if named else "",
        rows=outcome.counts.get("accepted", 0),
        quarantined=outcome.counts.get("quarantined", 0),
        stands_in=last.pull_id if last else "",
        findings=tuple(outcome.findings),
        notes=tuple(outcome.notes),
    )


def agency_codes(registers: Registers, year: int) -> list[AgencyCode]:
    """The register of a year in the form that connectors ask for."""
    here = [
        AgencyCode(agency.agency_id, code.scheme, code.code, agency.name_vi, agency.agency_group)
        for agency, code in registers.codes_of(year)
    ]
    gone = [
        AgencyCode(agency.agency_id, code.scheme, code.code, agency.name_vi, agency.agency_group, True, successor)
        for agency, code, successor in registers.retired_codes_of(year)
    ]
    return here + gone


def _told(result: Pulled) -> Pulled:
    progress.say(result.line("vi"), result.line("en"))
    return result
