"""One pull: ask the source, hold every row against the contract, run the gates, land the result, manifest last.

The outcome is accepted, held (landed, not used until somebody decides), failed (a manifest with the reason, no rows) or
unchanged (the same figures as the newest pull: nothing is written).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from common.errors import Finding, SourceError, Text, UsageError
from connectors.agencies import AgencyCode
from connectors.comparing import compared
from connectors.contract import Reading, open_reading
from connectors.files_model import FilesSource
from connectors.findings import Place, SourceFinding, plain_finding, source_error
from connectors.gates import Judgement, Previous, judge
from connectors.kinds.files import receive
from connectors.kinds.rest import Progress, address_of, line_of, read_listings
from connectors.kinds.sql import receive_rows
from connectors.landing import SCRATCH, Landing, writing
from connectors.manifest import Pull
from connectors.paging import RawListing
from connectors.settling import Settled, settle
from connectors.source import AnySource
from connectors.source_model import Source
from connectors.sql_model import SqlSource
from connectors.tables import landed_agencies, read_table

if TYPE_CHECKING:
    import pyarrow as pa

Gate = Callable[["pa.Table", "pa.Table | None"], list[Finding]]

INBOX = "inbox"  # of a deployment, beside its landing folder
_SLACK = timedelta(days=1)


@dataclass(frozen=True)
class PullOutcome:
    """What a pull came to. `status`: accepted | held | failed | unchanged."""

    status: str
    pull: Pull | None
    unchanged_as: Pull | None
    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def now_here() -> datetime:
    """The real time, aware."""
    return datetime.now().astimezone()


def pull(
    source: AnySource,
    year: int,
    *,
    landing: Landing,
    agencies: Sequence[AgencyCode],
    moment: datetime,
    extra_gates: Sequence[Gate] = (),
    progress: Progress | None = None,
    clock: Callable[[], datetime] = now_here,
) -> PullOutcome:
    """Pull one source for one assessment year as of one moment (aware), and land it.

    `agencies` is the register as of that year. `extra_gates` get the accepted table and that of the last accepted pull
    and return findings that hold the pull. A source that fails does not raise: its outcome is `failed`. Raises
    `ConfigurationError` for a register that contradicts itself or a credential that is missing, `UsageError` for a
    moment that a live source cannot answer for, `SourceError` for a landing folder that cannot be trusted or written.
    """
    pulled_at = clock()
    refuse_other_moment(source, moment, pulled_at)
    with landing.working(source.name, year) as work:
        until = moment.astimezone(ZoneInfo(source.timezone)).date()
        reading = open_reading(source, agencies, until, work / SCRATCH)
        landing.sweep(source.name, year)
        manifest = _head(source, year, moment, pulled_at, landing.next_sequence(source.name, year))
        base = landing.newest_accepted(source.name, year, as_of=moment)
        if base:
            landing.verify(base)
        try:
            _not_before(landing, source.name, pulled_at)
            listings = _received(source, year, moment, reading, inbox=landing.root.parent / INBOX, progress=progress)
        except SourceError as error:
            if error.code == "LandingNotWritable":
                raise
            return _failed(landing, manifest, work, error)
        accepted, aside = work / f"{source.contract.table}.parquet", work / "quarantine.parquet"
        with writing(work.parent, source.name):
            settled = settle(reading, accepted, aside)
        previous = Previous(base.pull_id, landed_agencies(base.table, bool(source.contract.key))) if base else None
        judgement = judge(reading, settled, listings, previous)
        judgement.take(compared(landing, reading, (accepted, settled.content_hash), base, (year, moment)))
        judgement.reasons.extend(_own_gates(source, extra_gates, accepted, base))
        manifest |= _body(reading, settled, listings, judgement)
        if base and _unchanged(manifest, base, landing.newest(source.name, year, as_of=moment)):
            return PullOutcome("unchanged", None, base, [], list(judgement.notes), settled.counts)
        rows = {accepted.name: settled.counts["accepted"], aside.name: settled.reasons}
        landed = landing.write(manifest | {"pull_id": _pull_id(manifest)}, work, rows)
    return PullOutcome(landed.status, landed, None, list(judgement.reasons), list(judgement.notes), landed.counts)


def _own_gates(source: Source, gates: Sequence[Gate], accepted: Path, base: Pull | None) -> Iterator[SourceFinding]:
    """What the caller's gates find. They get whole tables: without gates none is read back."""
    if gates:
        table, previous = read_table(accepted), read_table(base.table) if base else None
        yield from (plain_finding(found, source.name) for gate in gates for found in gate(table, previous))


def refuse_other_moment(source: Source, moment: datetime, now: datetime) -> None:
    """A live source answers for now only; filing its answer under another moment would forge what was known then."""
    if moment.tzinfo is None:
        raise ValueError("the moment must carry its time zone")
    if source.simulated or abs(moment - now) <= _SLACK:
        return
    raise UsageError(
        "other-moment",
        Text(
            f"nguồn '{source.name}' chỉ trả lời cho hiện tại, không cho {moment:%Y-%m-%d}",
            f"source '{source.name}' answers for now only, not for {moment:%Y-%m-%d}",
        ),
        hint=Text(
            "bỏ --as-of khi lấy nguồn; --as-of dùng để xếp hạng theo những lần lấy đã có",
            "leave out --as-of when pulling; it serves to rank by the pulls that exist",
        ),
        where=source.name,
    )


def _head(source: Source, year: int, moment: datetime, pulled_at: datetime, sequence: int) -> dict[str, Any]:
    """The part of the manifest that every pull has, failed ones included."""
    zone = ZoneInfo(source.timezone)
    return {
        "source": source.name,
        "kind": source.kind,
        "table": source.contract.table,
        "assessment_year": year,
        "moment": moment.astimezone(zone).isoformat(),
        "pulled_at": pulled_at.astimezone(zone).isoformat(timespec="seconds"),
        "sequence": sequence,
        "simulated": source.simulated,
        "contract_version": source.contract.version,
        "contract_hash": source.contract_hash,
        "window": {"from": f"{year:04d}-01-01", "to": f"{year:04d}-12-31", "timezone": source.timezone},
        "requests": [],
        "pages": [],
        "counts": {"received": 0, "accepted": 0, "quarantined": 0, "exact_duplicates": 0},
        "coverage": [],
        "new_fields": [],
        "excluded": 0,
        "content_hash": "",
        "quarantine_hash": "",
        "reasons": [],
        "notes": [],
    }


def _body(reading: Reading, settled: Settled, listings: list[RawListing], judgement: Judgement) -> dict[str, Any]:
    """The part of the manifest that tells what came and what it was judged to be."""
    return {
        "status": "held" if judgement.reasons else "accepted",
        "requests": [{"request": one.request, "period": one.period, **one.asked} for one in listings],
        "pages": [
            {
                "request": one.request,
                "period": one.period,
                "page": page.number,
                "rows": page.rows,
                "sha256": page.sha256,
                "bytes": page.size,
                "troubles": list(page.troubles),
            }
            for one in listings
            for page in one.pages
        ],
        "counts": settled.counts,
        "coverage": judgement.coverage,
        "new_fields": sorted(reading.new_fields),
        "excluded": reading.excluded,
        "content_hash": settled.content_hash,
        "quarantine_hash": settled.quarantine_hash,
        "reasons": [one.as_json() for one in judgement.reasons],
        "notes": [one.as_json() for one in judgement.notes],
    }


def _failed(landing: Landing, manifest: dict[str, Any], work: Path, error: SourceError) -> PullOutcome:
    """Leave a manifest without rows, so that the failure is seen and the source shows as stale."""
    place = error.where.split("/")
    parts = dict(zip(("source", "request", "period"), place, strict=False))
    reason = SourceFinding(error.code, error.message, error.hint, error.where, **parts)
    manifest = manifest | {"status": "failed", "reasons": [reason.as_json()]} | error.data
    landed = landing.write(manifest | {"pull_id": _pull_id(manifest)}, work, {})
    return PullOutcome("failed", landed, None, [reason], [], landed.counts)


def _received(
    source: AnySource, year: int, moment: datetime, reading: Reading, *, inbox: Path, progress: Progress | None
) -> list[RawListing]:
    """Ask for everything and hold every row against the contract. Raises `SourceError`, `ConfigurationError`."""
    if isinstance(source, FilesSource):
        return receive(source, year, inbox, reading, progress=progress)
    if isinstance(source, SqlSource):
        return receive_rows(source, year, reading, progress=progress)
    with address_of(source, year, moment) as address:
        line = line_of(source, address)
        return read_listings(source, year, address, reading, line, progress=progress)


def _not_before(landing: Landing, source: str, now: datetime) -> None:
    """Raise `SourceError` if the source asked us to stay away until a moment that has not come yet."""
    asked = [pull.manifest.get("next_allowed_at", "") for pull in landing.pulls(source) if pull.status == "failed"]
    until = max(asked, default="")
    if not until or datetime.fromisoformat(until) <= now:
        return
    seconds = int((datetime.fromisoformat(until) - now).total_seconds())
    error = source_error("RateLimited", Place(source), seconds=seconds, next_allowed_at=until)
    error.data["next_allowed_at"] = until
    raise error


def _unchanged(manifest: dict[str, Any], base: Pull, newest: Pull | None) -> bool:
    """Whether this is the pull in use once more: the same figures, and nothing wrong that nobody has accepted yet.

    After a later held or failed pull the good figures are landed anew, so that the source is no longer stale.
    """
    same = all(manifest[key] == base.manifest[key] for key in ("content_hash", "quarantine_hash", "contract_hash"))
    accepted = {(reason["code"], reason.get("where")) for reason in base.manifest["reasons"]}
    new = [one for one in manifest["reasons"] if (one["code"], one.get("where")) not in accepted]
    return same and not new and newest is not None and newest.pull_id == base.pull_id


def _pull_id(manifest: dict[str, Any]) -> str:
    """Sorts by moment; the rest follows from the content, so that the same pull has the same id on any machine."""
    names = (
        "source",
        "assessment_year",
        "moment",
        "sequence",
        "status",
        "contract_hash",
        "content_hash",
        "quarantine_hash",
    )
    text = "|".join(str(manifest[name]) for name in names)
    moment = datetime.fromisoformat(manifest["moment"])
    return f"{moment:%Y%m%dT%H%M%S}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
