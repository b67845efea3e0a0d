"""The gates between a pull and its use. Each returns findings; any finding holds the pull until a person decides.

Per-row checks cannot see that two columns were swapped, that an agency is missing or that a unit changed: those show
only against the register, against published practice, and against the last accepted pull.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from connectors.contract import Reading
from connectors.figures import Slice
from connectors.findings import Place, SourceFinding, finding
from connectors.history import Comparison, Values, coverage_drop, examples, fewer_rows, valued
from connectors.movement import Movement
from connectors.paging import RawListing
from connectors.settling import Settled
from connectors.source_model import Source

_SHOWN = 5


@dataclass(frozen=True)
class Judgement:
    """What the gates found: reasons to hold, notes that do not hold, and the coverage they counted."""

    reasons: list[SourceFinding] = field(default_factory=list)
    notes: list[SourceFinding] = field(default_factory=list)
    coverage: list[dict[str, Any]] = field(default_factory=list)

    def take(self, movement: Movement) -> None:
        """What earlier pulls show, too."""
        self.reasons.extend(movement.reasons)
        self.notes.extend(movement.notes)


@dataclass(frozen=True)
class Previous:
    """The last accepted pull: its id and its rows, one per request, period and agency (columns of the landed table)."""

    pull_id: str
    rows: list[dict[str, Any]]


def judge(
    reading: Reading,
    settled: Settled,
    listings: list[RawListing],
    previous: Previous | None,
) -> Judgement:
    """Run all gates of the source over one pull, but for what only the figures of earlier pulls show."""
    source = reading.source
    now = _slices(reading, settled.rows)
    result = Judgement(coverage=_coverage(reading, settled, listings))
    result.reasons.extend(_empty(source, reading, listings))
    result.reasons.extend(one for listing in listings for one in listing.findings)
    result.reasons.extend(_missing_fields(reading, listings))
    result.reasons.extend(_quarantine(reading, settled))
    result.reasons.extend(_personal(reading))
    result.reasons.extend(_register_coverage(reading, result.coverage))
    result.reasons.extend(_totals(reading, settled, listings))
    before = _slices(reading, previous.rows) if previous else {}
    for part, values in sorted(now.items()):
        if not source.contract.key:  # with several rows per agency there is no figure of an agency to compare
            result.reasons.extend(_typical(source, part, values))
            result.reasons.extend(_constant(source, part, values, before.get(part, {})))
    if previous:
        for part, old in sorted(before.items()):
            _compare(Comparison(source, part, now.get(part, {}), old, previous.pull_id), result)
        if source.contract.key:
            counts = _counts(reading, settled.rows), _counts(reading, previous.rows)
            result.reasons.extend(fewer_rows(source, *counts, previous.pull_id))
    result.notes.extend(_notes(reading))
    result.notes.extend(one for listing in listings for one in listing.notes)
    result.notes.extend(_missing_agencies(reading, result.coverage))
    return result


def _notes(reading: Reading) -> Iterator[SourceFinding]:
    name = reading.source.name
    for field_name in sorted(reading.new_fields):
        yield finding("NewField", Place(name, field=field_name))
    for code, counted in (("CrossCheckDiffers", reading.cross_checks), ("OddName", reading.odd_names)):
        for (request, period, field_name), count in sorted(counted.items()):
            yield finding(code, Place(name, request, period, field=field_name), count=count)
    if reading.excluded:
        yield finding("RowsExcluded", Place(name), count=reading.excluded)


def _personal(reading: Reading) -> Iterator[SourceFinding]:
    """Personal data where figures were promised holds the pull, however few the rows: nothing of them was written."""
    counts = reading.quarantine.counts
    if counts.personal_rows:
        fields = ", ".join(sorted(counts.personal_fields))
        yield finding("PersonalDataSuspect", Place(reading.source.name), rows=counts.personal_rows, fields=fields)


def _compare(comparison: Comparison, result: Judgement) -> None:
    """Rows against those of the last accepted pull; figures are compared in `connectors.movement`."""
    result.reasons.extend(comparison.lost())
    if comparison.source.contract.key:
        return
    result.reasons.extend(comparison.swapped())
    result.reasons.extend(comparison.unit())
    result.notes.extend(comparison.renamed())


def _slices(reading: Reading, rows: Iterable[dict[str, Any]]) -> dict[Slice, Values]:
    slices: dict[Slice, Values] = {}
    for row in rows:
        agency = reading.agencies.get(row["agency_code"])
        if agency:
            part = Slice(row["request"], row["period"], agency.group)
            slices.setdefault(part, {})[agency.code] = row
    return slices


def _counts(reading: Reading, rows: Iterable[dict[str, Any]]) -> Counter[Slice]:
    """Rows by slice, where there are several per agency."""
    counts: Counter[Slice] = Counter()
    for row in rows:
        agency = reading.agencies.get(row["agency_code"])
        if agency:
            counts[Slice(row["request"], row["period"], agency.group)] += row["count"]
    return counts


def _empty(source: Source, reading: Reading, listings: list[RawListing]) -> Iterator[SourceFinding]:
    for listing in listings:
        if reading.received[listing.request, listing.period] < source.gates.minimum_rows:
            yield finding("Empty", Place(source.name, listing.request, listing.period))


def _missing_fields(reading: Reading, listings: list[RawListing]) -> Iterator[SourceFinding]:
    """A required field that no row has: renamed, most likely; the new name that is nearest is told."""
    for listing in listings:
        received = reading.received[listing.request, listing.period]
        for key, contract in reading.source.contract.fields.items():
            if received and contract.required and reading.absent[listing.request, listing.period, key] == received:
                near = get_close_matches(key, reading.new_fields, n=1, cutoff=0.5)
                maybe = (f"; có trường mới '{near[0]}'", f"; there is a new field '{near[0]}'") if near else ("", "")
                place = Place(reading.source.name, listing.request, listing.period, field=key)
                yield finding("FieldMissingEverywhere", place, maybe_vi=maybe[0], maybe_en=maybe[1])


def _quarantine(reading: Reading, settled: Settled) -> Iterator[SourceFinding]:
    """The share of rows set aside; where it is too large, the rows themselves are named too."""
    rows, received = settled.counts["quarantined"], settled.counts["received"]
    allowed = reading.source.gates.quarantine_share
    if not rows or rows <= allowed * received:
        return
    causes = reading.quarantine.counts.causes
    reasons = ", ".join(f"{cause} × {count}" for cause, count in causes.most_common(_SHOWN))
    place = Place(reading.source.name)
    yield finding(
        "QuarantineLimit", place, rows=rows, received=received, allowed=f"{allowed * 100:f} %", reasons=reasons
    )
    yield from settled.aside


def _coverage(reading: Reading, settled: Settled, listings: list[RawListing]) -> list[dict[str, Any]]:
    coverage = []
    for listing in listings:
        part = (listing.request, listing.period)
        found = {row["agency_code"] for row in settled.rows if (row["request"], row["period"]) == part}
        for group in listing.groups:
            expected = {code for code, agency in reading.agencies.items() if agency.group == group}
            coverage.append(
                {
                    "request": listing.request,
                    "period": listing.period,
                    "group": group,
                    "expected": len(expected),
                    "found": len(expected & found),
                    "missing": sorted(expected - found),
                }
            )
    return coverage


def _register_coverage(reading: Reading, coverage: list[dict[str, Any]]) -> Iterator[SourceFinding]:
    for part in coverage:
        if not reading.received[part["request"], part["period"]]:
            continue  # an empty list is told once, as such
        if part["found"] < reading.source.gates.coverage.of_register * part["expected"]:
            where = Slice(part["request"], part["period"], part["group"])
            against = ("sổ đăng ký", "the register")
            yield coverage_drop(reading.source, where, part["expected"], part["missing"], against)


def _totals(reading: Reading, settled: Settled, listings: list[RawListing]) -> Iterator[SourceFinding]:
    """The source's own totals, held against what its agencies add up to: rows that were set aside, lost or sent twice,
    and figures that were changed on the way, show here even in a first pull."""
    contract, name = reading.source.contract, reading.source.name
    for listing in listings:
        rows = [row for row in settled.rows if (row["request"], row["period"]) == (listing.request, listing.period)]
        for at, total in enumerate(contract.totals):
            said = sorted(one for one in reading.totals if one[:3] == (listing.request, listing.period, at))
            place = Place(name, listing.request, listing.period)
            if rows and {one.field for one in said} != set(total.of):
                yield finding("TotalMissing", place._replace(field=total.field), row=total.value)
            for one in said:
                column = contract.fields[one.field].name
                groups = reading.agencies
                own = [row for row in rows if total.group in (None, groups[row["agency_code"]].group)]
                added = sum((Decimal(row[column] or 0) for row in own), Decimal(0))
                if added != one.value:
                    facts = {"total": str(one.value), "sum": str(added), "row": total.value}
                    yield finding("TotalsDiffer", place._replace(field=one.field), **facts)


def _missing_agencies(reading: Reading, coverage: list[dict[str, Any]]) -> Iterator[SourceFinding]:
    """Agencies without a row where the gate allows some: the pull is used, and they are named all the same."""
    for part in coverage:
        held = part["found"] < reading.source.gates.coverage.of_register * part["expected"]
        if part["missing"] and part["found"] and not held:
            place = Place(reading.source.name, part["request"], part["period"])
            yield finding("AgenciesMissing", place, group=part["group"], missing=examples(part["missing"]))


def _typical(source: Source, part: Slice, values: Values) -> Iterator[SourceFinding]:
    for key, contract in source.contract.number_fields.items():
        usual = contract.typical.get(part.group)
        if usual is None:
            continue
        outside = sorted(code for code, row in values.items() if not _in(usual, row[contract.name]))
        if len(outside) > source.gates.outside_typical_share * len(values):
            yield finding(
                "OutsideTypical",
                part.place(source, key),
                count=len(outside),
                rows=len(values),
                group=part.group,
                range=str(usual),
                examples=valued(outside, values, contract.name),
            )


def _in(usual: Any, value: Decimal | int | None) -> bool:
    return value is None or usual.holds(Decimal(value))


def _constant(source: Source, part: Slice, values: Values, old: Values) -> Iterator[SourceFinding]:
    """Columns with one value for all agencies, unless the last accepted pull had it too: then it was looked at."""
    if len(values) < source.gates.constant_from_rows:
        return
    for key, contract in source.contract.number_fields.items():
        seen = {row[contract.name] for row in values.values()}
        if len(seen) == 1 and seen != {row.get(contract.name) for row in old.values()}:
            shown = str(seen.pop())
            place = part.place(source, key)
            yield finding(
                "ConstantColumn",
                place,
                shown=shown,
                rows=len(values),
                group=part.group,
                examples=examples(sorted(values)),
            )
