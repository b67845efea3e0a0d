"""Which earlier pulls a pull is compared with: of its year, of the years before, of other sources; and what of the last
accepted one still waits for a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.contract import Reading
from connectors.figures import Figures, Known, Slice, figures_of
from connectors.findings import Place, SourceFinding, finding, finding_from_json
from connectors.landing import Landing
from connectors.manifest import FLAGS, Pull
from connectors.movement import Movement, moved
from connectors.source_model import Source


def compared(
    landing: Landing, reading: Reading, accepted: tuple[Path, str], base: Pull | None, asked: tuple[int, datetime]
) -> Movement:
    """What earlier pulls show about this one. `accepted` is the file of its rows and their content hash, `base` the
    last accepted pull of the year, `asked` the assessment year and the moment.

    The same figures as last time were judged then. Raises `SourceError` for an earlier pull that was altered.
    """
    (path, content), (year, moment) = accepted, asked
    source = reading.source
    if base and base.content_hash == content and base.contract_hash == source.contract_hash:
        return Movement()
    groups = {code: agency.group for code, agency in reading.agencies.items()}
    zone = ZoneInfo(source.timezone)

    def known(pull: Pull) -> Known:
        return Known(pull.pull_id, pull.moment.astimezone(zone), figures_of(pull.table, source.contract, groups))

    now = Known("", moment.astimezone(zone), figures_of(path, source.contract, groups))
    before = known(base) if base else None
    earlier = list(_earlier(landing, source, year, moment))
    past = year < now.moment.year
    result = moved(source, now, before, [known(pull) for pull in earlier], past)
    if base and before:
        result.notes.extend(_still_open(base, now, before))
        result.reasons.extend(_rows_restated(source, base, result) if past else [])
    result.reasons.extend(_other_sources(landing, source, now, asked))
    result.notes.extend(_seen_before(landing, source, content, asked))
    return result


def _rows_restated(source: Source, base: Pull, result: Movement) -> Iterator[SourceFinding]:
    """Rows that changed where no count of an agency did."""
    if source.contract.key and not any(one.code == "HistoryRestated" for one in result.reasons):
        yield finding("RowsRestated", Place(source.name), previous=base.pull_id)


def _earlier(landing: Landing, source: Source, year: int, moment: datetime) -> Iterator[Pull]:
    for back in range(1, source.gates.frozen.periods + 1):
        pull = landing.newest_accepted(source.name, year - back, as_of=moment)
        if pull:
            landing.verify(pull)
            yield pull


def _still_open(base: Pull, now: Known, before: Known) -> Iterator[SourceFinding]:
    """Figures that were flagged, that nobody decided about, and that are the same now."""
    if base.decision:
        return
    for note in map(finding_from_json, base.manifest["notes"]):
        sides = [
            own[note.field_name]
            for side in (now, before)
            for part, figures in side.parts.items()
            if (part.request, part.period) == (note.request, note.period)
            and note.field_name in (own := figures.get(note.agency, {}))
        ]
        if note.code in FLAGS and len(sides) == 2 and sides[0] == sides[1]:
            yield note


def _other_sources(
    landing: Landing, source: Source, now: Known, asked: tuple[int, datetime]
) -> Iterator[SourceFinding]:
    """Another source of the same shape whose figures these are."""
    year, moment = asked
    for folder in sorted(landing.root.glob(f"[!.]*/{year:04d}")):
        other = folder.parent.name
        pull = landing.newest_accepted(other, year, as_of=moment) if other != source.name else None
        if pull is None or pull.manifest["table"] != source.contract.table or not now.parts:
            continue
        groups = {code: part.group for part, figures in now.parts.items() for code in figures}
        theirs = figures_of(pull.table, source.contract, groups)
        if _without_request(theirs) == _without_request(now.parts):
            yield finding("SourcesAlike", Place(source.name), other=other, previous=pull.pull_id)


def _without_request(parts: dict[Slice, Figures]) -> list[tuple[str, str, Figures]]:
    found = [(part.period, part.group, figures) for part, figures in parts.items()]
    return sorted(found, key=lambda one: one[:2])


def _seen_before(
    landing: Landing, source: Source, content: str, asked: tuple[int, datetime]
) -> Iterator[SourceFinding]:
    """An older pull of the year, not the last, with the very same figures."""
    year, moment = asked
    same = [pull for pull in landing.pulls(source.name, year) if pull.content_hash == content and pull.moment <= moment]
    accepted = [pull for pull in same if pull.status == "accepted"]
    if accepted:
        yield finding("SeenBefore", Place(source.name), previous=accepted[-1].pull_id)
