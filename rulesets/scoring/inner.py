"""Inner tables (`_…`) of the engine: rules, parts, exceptions, aggregation, grades and levels as rows with integers.

Rows are keyed by small integers, numbered in the order of rulesets and codes, because they are joined with every value.
A fraction stands as numerator and denominator; points stand as integers of 10⁻¹⁵ (`units`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any

from rulesets.indicators import Indicator
from rulesets.judgement import Rounding
from rulesets.load import LoadedRuleset
from rulesets.models import Aggregation, Ruleset
from rulesets.numbers import plain
from rulesets.scoring.compile import NARROW, WIDE, ZERO, CompiledPart, Segment, compile_indicator, whole_coefficients
from rulesets.scoring.tables import GUARD_DIGITS, POINTS_TYPE, UNIT, fill

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = Sequence[Any]


def write_inner(con: DuckDBPyConnection, rulesets: Sequence[LoadedRuleset]) -> None:
    """Create or replace every inner table."""
    rows = _Rows()
    for item in rulesets:
        rows.add(item.ruleset_id, item.ruleset)
    for name, (columns, body) in rows.tables().items():
        fill(con, name, "Inner table of the scoring engine", [(*c.split(" ", 1), "") for c in columns], body)  # type: ignore[misc]  # each has two words


def units(points: Fraction | None) -> int | None:
    """Points as an integer of 10⁻¹⁵; maxima have at most four decimals, so nothing is lost."""
    return None if points is None else int(points * UNIT)


def pillar_points(ruleset: Ruleset, index: int) -> Fraction | None:
    """Maximum points of a pillar: as published, else the sum of its main indices, None where one is not public."""
    pillar = ruleset.pillars[index]
    known = {main.code: main.points for main in ruleset.main_indices}
    parts = [known[code] for code in pillar.main_indices]
    if pillar.points is not None or None in parts:
        return pillar.points
    return sum((part for part in parts if part is not None), ZERO)


def _rounding(rounding: Rounding | None) -> tuple[int | None, str | None, int | None]:
    if rounding is None:
        return None, None, None
    return 10 ** (GUARD_DIGITS - rounding.digits), rounding.mode, rounding.digits


@dataclass(frozen=True)
class _Child:
    """A child of a mean or sum: its maximum and its weight (for a sum the maximum is the weight)."""

    id: int
    code: str
    maximum: Fraction | None


@dataclass(frozen=True)
class _Whole:
    """A main index, a pillar or the total."""

    level: str
    code: str
    aggregation: Aggregation
    maximum: Fraction | None
    rounding: Rounding | None


class _Rows:
    """Collects the rows of all inner tables, numbering indicators, parts and nodes as it goes."""

    def __init__(self) -> None:
        self.indicators: list[Row] = []
        self.parts: list[Row] = []
        self.segments: list[Row] = []
        self.worths: list[Row] = []
        self.exceptions: list[Row] = []
        self.nodes: list[Row] = []
        self.children: list[Row] = []
        self.judgements: list[Row] = []
        self.grades: list[Row] = []
        self.minima: list[Row] = []
        self.tie_breaks: list[Row] = []
        self.node_ids: dict[tuple[str, str, str], int] = {}

    def tables(self) -> dict[str, tuple[Sequence[str], list[Row]]]:
        return {
            "_indicators": (_INDICATORS, self.indicators),
            "_parts": (_PARTS, self.parts),
            "_segments": (_SEGMENTS, self.segments),
            "_worths": (
                ("part_id INTEGER", "item INTEGER", "word VARCHAR", "worth HUGEINT", "formula VARCHAR"),
                self.worths,
            ),
            "_exceptions": (
                ("ruleset_id VARCHAR", "article VARCHAR", "ind_id INTEGER", "policy VARCHAR"),
                self.exceptions,
            ),
            "_nodes": (_NODES, self.nodes),
            "_children": (_CHILDREN, self.children),
            "_judgements": (_JUDGEMENTS, self.judgements),
            "_grades": (("ruleset_id VARCHAR", "place INTEGER", "grade VARCHAR"), self.grades),
            "_minima": (_MINIMA, self.minima),
            "_tie_breaks": (("ruleset_id VARCHAR", "place INTEGER", "node_id INTEGER"), self.tie_breaks),
        }

    def add(self, ruleset_id: str, ruleset: Ruleset) -> None:
        ids = {one.code: self._indicator(ruleset_id, ruleset, one) for one in ruleset.indicator_list}
        for exception in ruleset.exceptions:
            covered = list(ids) if exception.indicators is None else exception.indicators
            for code in covered if ruleset.public else ():
                self.exceptions.append((ruleset_id, exception.article, ids[code], exception.policy))
        mains = self._main_indices(ruleset_id, ruleset, ids)
        pillars = self._pillars(ruleset_id, ruleset, mains)
        points = ruleset.structure.points
        whole = _Whole("total", "total", ruleset.aggregation, points, ruleset.rounding.total)
        self._node(ruleset_id, whole, list(mains.values()))
        self._judge(ruleset_id, ruleset, mains, pillars)

    def _indicator(self, ruleset_id: str, ruleset: Ruleset, one: Indicator) -> int:
        ind_id = len(self.indicators) + 1
        parts = compile_indicator(one)
        kind = one.rule.kind
        combine = {"best_of": "max", "sum_of": "sum", "not_scored": "none"}.get(kind, "single")
        self.indicators.append(
            (
                *(ind_id, ruleset_id, one.code, one.main_index, plain(one.max_points), units(one.max_points)),
                *(one.max_points > 0, kind in {"bonus", "penalty"}, combine, len(parts), one.missing, kind, one.basis),
                *_rounding(ruleset.rounding.indicator),
                f'{{"rule":"{kind}","basis":"{one.basis}","max_points":"{plain(one.max_points)}"',
            )
        )
        for part in parts:
            self._part(ind_id, part, combine == "single", ruleset.rounding.indicator)
        return ind_id

    def _part(self, ind_id: int, part: CompiledPart, single: bool, rounding: Rounding | None) -> None:
        part_id = len(self.parts) + 1
        high = part.highest
        self.parts.append(
            (
                *(part_id, ind_id, part.number, single, part.takes, part.zero_denominator, part.lowest is None),
                *((None, None) if high is None else (high.numerator, high.denominator)),
                *(
                    part.ratio,
                    part.gated,
                    part.relative,
                    part.percent,
                    part.vocabulary,
                    part.items,
                    part.countable,
                    part.negative,
                ),
                *(part.best_by, part.maximum.numerator, part.maximum.denominator, plain(part.maximum)),
                *(units(part.cap), plain(part.cap), *part.limits(WIDE), *part.limits(NARROW), part.worth_denominator),
                *_rounding(rounding if single else None),
            )
        )
        says = any(segment.fixed for segment in part.segments)
        for place, (segment, following) in enumerate(zip(part.segments, [*part.segments, None][1:], strict=True)):
            self.segments.append((part_id, place, *_segment_row(segment, following, says)))
        for worth in part.worths:
            amount = int(worth.points * part.worth_denominator)
            self.worths.append((part_id, worth.item, worth.word, amount, worth.formula))

    def _main_indices(self, ruleset_id: str, ruleset: Ruleset, ids: dict[str, int]) -> dict[str, _Child]:
        mains = {}
        for main in ruleset.main_indices:
            own = [i for i in ruleset.indicator_list if i.main_index == main.code and i.max_points > 0]
            children = [_Child(ids[i.code], i.code, i.max_points) for i in own]
            whole = _Whole("main_index", main.code, main.aggregation, main.points, ruleset.rounding.main_index)
            mains[main.code] = _Child(self._node(ruleset_id, whole, children), main.code, main.points)
        return mains

    def _pillars(self, ruleset_id: str, ruleset: Ruleset, mains: dict[str, _Child]) -> dict[str, Fraction | None]:
        maxima = {}
        for index, pillar in enumerate(ruleset.pillars):
            maxima[pillar.code] = points = pillar_points(ruleset, index)
            children = [mains[code] for code in pillar.main_indices]
            whole = _Whole("pillar", pillar.code, pillar.aggregation, points, ruleset.rounding.pillar)
            self._node(ruleset_id, whole, children)
        return maxima

    def _node(self, ruleset_id: str, whole: _Whole, children: list[_Child]) -> int:
        node_id = self.node_ids[ruleset_id, whole.level, whole.code] = len(self.nodes) + 1
        shares = {child.code: whole.aggregation.weights.get(child.code, child.maximum or ZERO) for child in children}
        common = lcm(*(share.denominator for share in shares.values())) if shares else 1
        weights = {code: int(share * common) for code, share in shares.items()}
        shown = None if whole.maximum is None else plain(whole.maximum)
        self.nodes.append(
            (
                *(node_id, whole.level, ruleset_id, whole.code, whole.aggregation.kind, shown, units(whole.maximum)),
                *(sum(weights.values()), *_rounding(whole.rounding)),
            )
        )
        for child in children:
            gain = Fraction(1)
            if whole.aggregation.kind != "sum" and child.maximum and whole.maximum:
                gain = whole.maximum * shares[child.code] / child.maximum
            self.children.append(
                (node_id, child.id, weights[child.code], gain.numerator, gain.denominator, units(child.maximum))
            )
        return node_id

    def _judge(
        self, ruleset_id: str, ruleset: Ruleset, mains: dict[str, _Child], pillars: dict[str, Fraction | None]
    ) -> None:
        ranking, points = ruleset.ranking, ruleset.structure.points
        below_is_ranked = ruleset.levels is None or ruleset.levels.below == "ranked"
        self.judgements.append(
            (
                ruleset_id,
                ranking.ranked,
                ranking.by == "rounded",
                ranking.ties,
                ranking.within == "parent",
                below_is_ranked,
            )
        )
        for place, code in enumerate(ranking.tie_break, start=1):
            self.tie_breaks.append((ruleset_id, place, mains[code].id))
        minima: list[tuple[int, str, str, Fraction]] = []
        for place, band in enumerate(ruleset.grades.bands if ruleset.grades else (), start=1):
            by_share = ruleset.grades is not None and ruleset.grades.by == "share"
            self.grades.append((ruleset_id, place, band.grade))
            if band.from_ > 0:
                minima.append((place, "total", "total", band.from_ * points if by_share else band.from_))
        for place, level in enumerate(ruleset.levels.levels if ruleset.levels else (), start=1):
            self.grades.append((ruleset_id, place, level.level))
            minima += [(place, "total", "total", low.of(points)) for low in [level.total] if low]
            minima += [(place, "pillar", code, low.of(pillars[code] or ZERO)) for code, low in level.pillars.items()]
            minima += [
                (place, "main_index", code, low.of(mains[code].maximum or ZERO))
                for code, low in level.main_indices.items()
            ]
        for place, kind, code, least in minima:
            node = self.node_ids[ruleset_id, kind, code]
            self.minima.append((ruleset_id, place, node, least.numerator * UNIT, least.denominator))


def _segment_row(segment: Segment, following: Segment | None, says: bool) -> Iterator[Any]:
    """A segment with its end; where limits decide the points, also in words for the trace."""
    start, end = segment.start, following.start if following else None
    yield from (None, None, None) if start is None else (start.numerator, start.denominator, segment.open_)
    yield from (
        (None, None, None) if end is None or following is None else (end.numerator, end.denominator, following.open_)
    )
    yield from whole_coefficients(segment)
    yield from (segment.before, segment.after, segment.fixed, segment.capped)
    yield None if start is None or not says else f"{'>' if segment.open_ else '>='} {plain(start)}"
    yield None if end is None or following is None or not says else f"{'<=' if following.open_ else '<'} {plain(end)}"


_ROUNDING = ("round_unit HUGEINT", "round_mode VARCHAR", "round_digits INTEGER")
_INDICATORS = (
    *("ind_id INTEGER", "ruleset_id VARCHAR", "indicator_code VARCHAR", "main_index_code VARCHAR"),
    *(f"max_points {POINTS_TYPE}", "max_units HUGEINT", "counted BOOLEAN", "outside BOOLEAN", "combine VARCHAR"),
    *("parts INTEGER", "missing VARCHAR", "rule VARCHAR", "basis VARCHAR"),
    *_ROUNDING,
    "trace_head VARCHAR",
)
_PARTS = (
    *("part_id INTEGER", "ind_id INTEGER", "part_no INTEGER", "single BOOLEAN", "takes VARCHAR"),
    *(
        "zero_denominator VARCHAR",
        "signed BOOLEAN",
        "high_n HUGEINT",
        "high_d HUGEINT",
        "ratio BOOLEAN",
        "gated BOOLEAN",
    ),
    *("relative BOOLEAN", "percent BOOLEAN", "vocabulary VARCHAR", "items INTEGER", "countable BOOLEAN"),
    *("negative BOOLEAN", "best_by VARCHAR", "most_n HUGEINT", "most_d HUGEINT", "most_text VARCHAR"),
    *(
        "cap_units HUGEINT",
        "cap_text VARCHAR",
        "n_limit HUGEINT",
        "d_limit HUGEINT",
        "n_narrow BIGINT",
        "d_narrow BIGINT",
    ),
    "worth_d HUGEINT",
    *_ROUNDING,
)
_SEGMENTS = (
    *("part_id INTEGER", "place INTEGER", "start_n HUGEINT", "start_d HUGEINT", "start_open BOOLEAN"),
    *("end_n HUGEINT", "end_d HUGEINT", "end_open BOOLEAN", "a HUGEINT", "b HUGEINT", "c HUGEINT"),
    *("before VARCHAR", "after VARCHAR", "fixed BOOLEAN", "capped BOOLEAN", "says_from VARCHAR", "says_to VARCHAR"),
)
_NODES = (
    *("node_id INTEGER", "level VARCHAR", "ruleset_id VARCHAR", "code VARCHAR", "kind VARCHAR"),
    *(f"max_points {POINTS_TYPE}", "max_units HUGEINT", "weight_total HUGEINT"),
    *_ROUNDING,
)
_CHILDREN = (
    *("node_id INTEGER", "child_id INTEGER", "weight HUGEINT", "gain_n HUGEINT", "gain_d HUGEINT"),
    "max_units HUGEINT",
)
_JUDGEMENTS = (
    *("ruleset_id VARCHAR", "ranked BOOLEAN", "by_rounded BOOLEAN", "ties VARCHAR", "within_parent BOOLEAN"),
    "below_is_ranked BOOLEAN",
)
_MINIMA = ("ruleset_id VARCHAR", "place INTEGER", "node_id INTEGER", "limit_n HUGEINT", "limit_d HUGEINT")
"""Points in units reach a minimum when units·limit_d ≥ limit_n; a grade or level holds when all its minima do."""
