"""The gates that look at how figures moved: against the last accepted pull of the year, or the period before.

A list that the last accepted pull has is compared with it, as that was looked at; one that is new is compared with the
period before. Arithmetic is exact, so that the same pulls are judged alike on any machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from common.errors import Text
from connectors import likeness
from connectors.figures import Figures, Known, Slice, by_field, days_known, growth, period_before
from connectors.findings import SourceFinding, finding
from connectors.gates_model import Correlation, Level, Outlier
from connectors.history import examples
from connectors.source_model import Source

_FEWEST_MISPLACED = 2
_FEWEST_OF_LISTS = 4  # counts of one list rise and fall together, so that two of them may look alike by chance
_FEWEST_OUTLIERS = 3
_LARGE = 50  # figures from here on are hardly the same by chance


class Reference(NamedTuple):
    """What a list is compared with: figures, how people are told, how much longer its time was, and whether it is the
    last accepted pull of the same year."""

    figures: Figures
    against: Text
    grown: Fraction
    own: bool

    def limit(self, measure: Level | Correlation | Outlier) -> Fraction:
        """The measure for this kind of reference."""
        return Fraction(measure.last_accepted if self.own else measure.period_before)


@dataclass
class Movement:
    """What was found: reasons to hold, and notes."""

    reasons: list[SourceFinding] = field(default_factory=list)
    notes: list[SourceFinding] = field(default_factory=list)


def moved(source: Source, now: Known, base: Known | None, earlier: Sequence[Known], past: bool) -> Movement:
    """Judge the figures of a pull. `base` is the last accepted pull of the same year, `earlier` those of the years
    before, newest first; `past` says that the year is over, so that its figures should stand still."""
    result = Movement()
    sides = [now, *([base] if base else []), *earlier]
    for part, figures in sorted(now.parts.items()):
        old = base.parts.get(part) if base else None
        if old == figures:
            continue
        result.reasons.extend(_frozen(source, part, old, sides))
        result.notes.extend(_still_columns(source, part, old, sides))
        result.reasons.extend(_alike(source, part, old, now))
        result.reasons.extend([] if source.contract.key else _twins(source, part, old or {}, figures))
        if base and old:
            restated = _restated(source, part, (figures, old), (base.pull_id, past))
            (result.reasons if past else result.notes).extend(restated)
            result.reasons.extend(_went_back(source, part, (figures, old), base.pull_id) if not past else [])
        reference = _reference(part, sides, base)
        if reference and len(figures.keys() & reference.figures.keys()) >= source.gates.compared_from_agencies:
            _compare(source, part, figures, reference, result)
    return result


def _reference(part: Slice, sides: Sequence[Known], base: Known | None) -> Reference | None:
    now = sides[0]
    if base and part in base.parts:
        grown = growth((part.period, now.moment), (part.period, base.moment))
        text = Text(f"lần lấy {base.pull_id}", f"pull {base.pull_id}")
        return Reference(base.parts[part], text, grown, True)
    before = part._replace(period=period_before(part.period))
    for side in sides:
        if before in side.parts:
            grown = growth((part.period, now.moment), (before.period, side.moment))
            name = f"{before.period} ({side.pull_id})" if side.pull_id else before.period
            return Reference(side.parts[before], Text(f"kỳ {name}", f"period {name}"), grown, False)
    return None


def _frozen(source: Source, part: Slice, old: Figures | None, sides: Sequence[Known]) -> Iterator[SourceFinding]:
    """The figures of the period before once more, unless the last accepted pull had them too."""
    figures, name = sides[0].parts[part], part.period
    counted = 0
    for _ in range(source.gates.frozen.periods):
        name = period_before(name)
        then = next((side.parts[there] for side in sides if (there := part._replace(period=name)) in side.parts), None)
        if then is None or not _same(source, figures, then) or (old and _same(source, old, then)):
            return
        counted = len(likeness.same(figures, then))
    yield finding(
        "Frozen",
        part.place(source),
        group=part.group,
        count=counted,
        agencies=len(figures),
        before=period_before(part.period),
    )


def _still_columns(source: Source, part: Slice, old: Figures | None, sides: Sequence[Known]) -> Iterator[SourceFinding]:
    """A column with last year's figures of nearly all agencies, too large to be the same by chance. Within a year a
    denominator may well stand still."""
    before = part._replace(period=period_before(part.period))
    then = next((side.parts[before] for side in sides if before in side.parts), None)
    if then is None or not part.period.isdigit():
        return
    now, was, had = by_field(sides[0].parts[part]), by_field(then), by_field(old or {})
    for name in sorted(now.keys() & was.keys()):
        large = [code for code in sorted(now[name].keys() & was[name].keys()) if abs(now[name][code]) >= _LARGE]
        same = [code for code in large if now[name][code] == was[name][code]]
        known = had.get(name) == now[name]
        if (
            len(large) >= source.gates.compared_from_agencies
            and len(same) >= source.gates.frozen.share * len(large)
            and not known
        ):
            facts = {"count": len(same), "group": part.group, "before": before.period, "examples": examples(same)}
            yield finding("ColumnStill", part.place(source, name), **facts)


def _same(source: Source, figures: Figures, then: Figures) -> bool:
    common = figures.keys() & then.keys()
    enough = len(common) >= source.gates.compared_from_agencies and _varied(figures)
    return enough and len(likeness.same(figures, then)) >= source.gates.frozen.share * len(common)


def _varied(figures: Figures) -> bool:
    """Whether the figures could tell anything: nobody did anything, in this year as in the last, is no frozen feed."""
    return any(len(set(values.values())) > 2 for values in by_field(figures).values())


def _alike(source: Source, part: Slice, old: Figures | None, now: Known) -> Iterator[SourceFinding]:
    """Two lists of different times with the same figures: the source does not listen to the time it is asked for."""
    for other, figures in now.parts.items():
        if other >= part or (other.request, other.group) != (part.request, part.group):
            continue
        same_time = days_known(other.period, now.moment) == days_known(part.period, now.moment)
        following = period_before(part.period) == other.period or period_before(other.period) == part.period
        if not same_time and not following and _same(source, now.parts[part], figures) and old != figures:
            yield finding("ListsAlike", part.place(source), group=part.group, other=other.period)


def _twins(source: Source, part: Slice, old: Figures, figures: Figures) -> Iterator[SourceFinding]:
    known = likeness.twins(old)
    for one, other in likeness.twins(figures):
        if (one, other) not in known:
            yield finding("SameFigures", part.place(source, agency=other), other=one)


def _restated(
    source: Source, part: Slice, sides: tuple[Figures, Figures], known: tuple[str, bool]
) -> Iterator[SourceFinding]:
    """Figures that the source changed since; a running year is restated every day, a past one should stand still."""
    (figures, old), (previous, past) = sides, known
    if source.contract.key and not past:
        return  # lists grow
    now, then = by_field(figures), by_field(old)
    moves = [
        (abs(now.get(name, {}).get(code, Fraction(0)) - then[name].get(code, Fraction(0))), name, code)
        for name in then
        for code in sorted(figures.keys() & old.keys())
        if figures[code].get(name) != old[code].get(name)
    ]
    if moves:
        largest, name, _ = max(moves)
        agencies = sorted({code for _, _, code in moves})
        yield finding(
            "HistoryRestated" if past else "Restated",
            part.place(source, name),
            previous=previous,
            count=len(agencies),
            group=part.group,
            largest=shown(largest),
            places=likeness.order_moves(now.get(name, {}), then[name]),
            examples=examples(agencies),
        )


def _went_back(source: Source, part: Slice, sides: tuple[Figures, Figures], previous: str) -> Iterator[SourceFinding]:
    """Counts of a running year that nearly all have fallen in most fields: an older state of the source."""
    now, then = by_field(sides[0]), by_field(sides[1])
    fell = {
        name: [code for code in sorted(now[name].keys() & then[name].keys()) if now[name][code] < then[name][code]]
        for name in now.keys() & then.keys()
    }
    agencies = len(sides[0].keys() & sides[1].keys())
    many = [name for name, codes in sorted(fell.items()) if len(codes) >= source.gates.fell_share * agencies]
    if agencies >= source.gates.compared_from_agencies and 2 * len(many) > len(fell):
        facts = {"count": len(fell[many[0]]), "group": part.group, "previous": previous}
        yield finding("WentBack", part.place(source, many[0]), examples=examples(fell[many[0]]), **facts)


def _compare(source: Source, part: Slice, figures: Figures, reference: Reference, result: Movement) -> None:
    """Columns exchanged, values against the wrong agencies, another level, and single agencies that jumped."""
    facts = {"group": part.group, "against_vi": reference.against.vi, "against_en": reference.against.en}
    exchanged = [] if reference.own or source.contract.key else likeness.swapped(figures, reference.figures)
    for one in exchanged:
        place = part.place(source, one.one)
        numbers = {"count": len(one.crossed), "voters": one.voters, "examples": examples(one.crossed)}
        result.reasons.append(finding("ColumnsSwapped", place, other=one.other, **numbers, **facts))
    wrong = likeness.misplaced(figures, reference.figures)
    if len(wrong) < (_FEWEST_OF_LISTS if source.contract.key else _FEWEST_MISPLACED):
        wrong = likeness.exchanged(figures, reference.figures) if reference.own else {}
    if wrong:
        pairs = examples([f"{code} ← {other}" for code, other in sorted(wrong.items())])
        result.reasons.append(finding("WrongAgency", part.place(source), count=len(wrong), examples=pairs, **facts))
    now, then = by_field(figures), by_field(reference.figures)
    for name in now.keys() & then.keys():
        shifted = [*_level(source, part, (now[name], then[name], name), reference, facts)]
        if not likeness.correlated(now[name], then[name], reference.limit(source.gates.correlation)):
            shifted.append(finding("OrderShift", part.place(source, name), **facts))
        moved_alone = list(_outliers(source, part, (now[name], then[name], name), reference, facts))
        if len(moved_alone) >= max(Decimal(_FEWEST_OUTLIERS), source.gates.outlier.share * len(now[name])):
            codes = [one.agency for one in moved_alone]
            place = part.place(source, name)
            shifted.append(finding("ManyOutliers", place, count=len(codes), examples=examples(codes), **facts))
        result.reasons.extend(shifted)
        if not shifted:
            result.notes.extend(moved_alone)


def _level(
    source: Source,
    part: Slice,
    sides: tuple[likeness.Field, likeness.Field, str],
    reference: Reference,
    facts: dict[str, str],
) -> Iterator[SourceFinding]:
    now, then, name = sides
    had = [code for code in now.keys() & then.keys() if then[code]]
    if len(had) >= source.gates.compared_from_agencies and 2 * len(had) >= len(then) and not any(now.values()):
        yield finding("DistributionShift", part.place(source, name), ratio="0", **facts)
    found = likeness.whole(now, then) if "=" in name else likeness.ratio(now, then)
    if found is None or found[1] < source.gates.compared_from_agencies:
        return
    limit, median, whole = reference.limit(source.gates.level), found[0], Fraction(1)
    if median >= limit * max(reference.grown, whole) or median * limit <= min(reference.grown, whole):
        yield finding("DistributionShift", part.place(source, name), ratio=shown(median), **facts)


def _outliers(
    source: Source,
    part: Slice,
    sides: tuple[likeness.Field, likeness.Field, str],
    reference: Reference,
    facts: dict[str, str],
) -> Iterator[SourceFinding]:
    now, then, name = sides
    measure = source.gates.outlier
    limit, least = reference.limit(measure), Fraction(measure.least_move)
    for code, figure, expected in likeness.outliers(now, then, limit, least):
        yield finding("Outlier", part.place(source, name, code), shown=shown(figure), expected=shown(expected), **facts)


def shown(number: Fraction) -> str:
    """A number for people: whole, or with two decimals, or the digits that count of a small one."""
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    return str(number.numerator) if number % 1 == 0 else f"{exact:.2f}" if abs(exact) >= 1 else f"{exact:.2g}"
