"""Whose rank moves between two rulesets, and by which change: the older one is scored again with one change at a time.

All variants are scored in one pass of the engine, each as a ruleset of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.yaml_files import YamlFile
from rulesets.diff import RULE_KEYS, Change
from rulesets.indicators import Indicator
from rulesets.load import LoadedRuleset
from rulesets.models import ExceptionRule, Ruleset

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Cell = Mapping[str, str | None]
"""A row of values: agency, indicator, numerator, denominator, value, status, article."""

_COLUMNS = ("numerator", "denominator", "value", "status", "article")
_YEAR, _PERIOD = 2000, "2000"


@dataclass(frozen=True)
class Cause:
    """A change that alone moves an agency: its rank and total when nothing else is changed."""

    change: Change
    rank: int | None
    total: Decimal


@dataclass(frozen=True)
class Move:
    """An agency whose rank or total differs, with every change that alone moves its rank or total."""

    agency: str
    rank_before: int | None
    rank_after: int | None
    total_before: Decimal | None
    total_after: Decimal | None
    causes: list[Cause] = field(default_factory=list)

    @property
    def moved(self) -> bool:
        return self.rank_before != self.rank_after

    def as_dict(self) -> dict[str, Any]:
        causes = [{**cause.change.as_dict(), "rank": cause.rank, "total": cause.total} for cause in self.causes]
        return {**vars(self), "causes": causes}


@dataclass(frozen=True)
class _Variant:
    """A ruleset to score with its values, and the one change that makes it, if any."""

    ruleset: Ruleset
    cells: Sequence[Cell]
    change: Change | None = None


Standing = tuple[int | None, Decimal]


def read_cells(before: LoadedRuleset, after: LoadedRuleset, path: Path) -> list[Cell]:
    """The rows of a file of values that either ruleset can read; raise `ConfigurationError` as `dti score` does."""
    from rulesets.scoring.values_file import read_values

    known = {i.code for i in before.ruleset.indicator_list}
    mains = {m.code for m in before.ruleset.main_indices}
    added = [i for i in after.ruleset.indicator_list if i.code not in known]
    both = before.ruleset.model_copy(
        update={
            "indicators": [*before.ruleset.indicator_list, *added] or None,
            "main_indices": [
                *before.ruleset.main_indices,
                *(m for m in after.ruleset.main_indices if m.code not in mains),
            ],
        }
    )
    return [line.cells for line in read_values(replace(before, ruleset=both), path)]


def moves(
    before: Ruleset, after: Ruleset, changes: Sequence[Change], cells: Sequence[Cell], cells_after: Sequence[Cell]
) -> list[Move]:
    """Agencies by their new rank; `cells` are the values as the older ruleset reads them, then as the newer does."""
    variants = [_Variant(before, cells), _Variant(after, cells_after)]
    variants += [v for change in changes if (v := _variant(before, after, change, cells, cells_after))]
    old, new, *steps = _score(variants)
    found = []
    for agency in sorted(old.keys() | new.keys()):
        was, now = old.get(agency, (None, None)), new.get(agency, (None, None))
        if was == now:
            continue
        causes = [
            Cause(variant.change, *step[agency])
            for variant, step in zip(variants[2:], steps, strict=True)
            if variant.change and agency in step and step[agency] != was
        ]
        causes.sort(key=lambda cause: (cause.rank == was[0], -abs(cause.total - (was[1] or 0))))
        found.append(Move(agency, was[0], now[0], was[1], now[1], causes))
    return sorted(found, key=lambda move: (move.rank_after is None, move.rank_after or 0, move.agency))


def _variant(
    before: Ruleset, after: Ruleset, change: Change, cells: Sequence[Cell], cells_after: Sequence[Cell]
) -> _Variant | None:
    """The older ruleset with just this change; None for what changes no score, or cannot stand alone."""
    if change.kind == "setting":
        ruleset = _with_setting(before, after, change.code)
        return _Variant(ruleset, cells, change) if ruleset else None
    means = [before.aggregation, *(main.aggregation for main in before.main_indices)]
    weighted = any(mean.kind != "sum" for mean in means)
    if weighted and change.kind in ("added", "removed", "moved"):
        return None
    own = {i.code: i for i in before.indicator_list}
    new = {i.code: i for i in after.indicator_list}.get(change.code)
    if change.kind == "added" and new is not None:
        code = f"{new.code}_new" if new.code in own else new.code
        extra = [{**cell, "indicator": code} for cell in cells_after if cell["indicator"] == new.code]
        ruleset = with_indicators(before, after, [*own.values(), new.model_copy(update={"code": code})])
        return _Variant(ruleset, [*(c for c in cells if c["indicator"] != code), *extra], change)
    if change.kind == "removed":
        kept = [i for i in own.values() if i.code != change.code_before]
        return _Variant(with_indicators(before, after, kept), cells, change)
    keys = {"reweighted": ("max_points",), "rule": RULE_KEYS, "moved": ("main_index",)}.get(change.kind)
    if keys is None or new is None or change.code_before not in own:
        return None
    own[change.code_before] = own[change.code_before].model_copy(update={key: getattr(new, key) for key in keys})
    return _Variant(with_indicators(before, after, list(own.values())), cells, change)


def with_indicators(before: Ruleset, after: Ruleset, indicators: list[Indicator]) -> Ruleset:
    """The older ruleset with these indicators, and maxima that are their sums."""
    used = {i.main_index for i in indicators}
    mains = {m.code: m for m in [*after.main_indices, *before.main_indices] if m.code in used}
    points = {code: sum((i.max_points for i in indicators if i.main_index == code), Fraction(0)) for code in mains}
    whole = before.structure.model_copy(update={"points": sum(points.values(), Fraction(0))})
    return before.model_copy(
        update={
            "indicators": indicators,
            "main_indices": [m.model_copy(update={"points": points[m.code]}) for m in mains.values()],
            "structure": whole,
            "pillars": [p for p in before.pillars if set(p.main_indices) <= mains.keys()],
            "exceptions": _within(before.exceptions, indicators),
        }
    )


def _within(exceptions: Sequence[ExceptionRule], indicators: Sequence[Indicator]) -> list[ExceptionRule]:
    """The exceptions without codes that are none of these indicators."""
    codes = {i.code for i in indicators}
    return [
        e if e.indicators is None else e.model_copy(update={"indicators": [c for c in e.indicators if c in codes]})
        for e in exceptions
    ]


def _with_setting(before: Ruleset, after: Ruleset, key: str) -> Ruleset | None:
    """The older ruleset with one setting of the newer, where every code that the setting names exists."""
    if key in ("points", "pillars", "stages"):
        return None
    value = getattr(after, key)
    mains, pillars = {m.code for m in before.main_indices}, {p.code for p in before.pillars}
    if key == "exceptions":
        value = _within(value, before.indicator_list)
    levels = value.levels if key == "levels" and value else []
    named = {code for level in levels for code in level.main_indices}
    named |= set(value.tie_break) if key == "ranking" else set()
    named |= set(value.weights) if key == "aggregation" else set()
    if not named <= mains or not {code for level in levels for code in level.pillars} <= pillars:
        return None
    return before.model_copy(update={key: value})


def _score(variants: Sequence[_Variant]) -> list[dict[str, Standing]]:
    """Rank and total of every agency under every variant."""
    import duckdb

    from rulesets.scoring import rank, score_indicators, score_main_indices, score_pillars, write_reference

    items = [
        LoadedRuleset(f"variant/{n:06d}", variant.ruleset, YamlFile(Path("variant.yaml"), {}, {}))
        for n, variant in enumerate(variants)
    ]
    con = duckdb.connect()
    write_reference(con, items)
    _put(con, "roster", ("agency_group", "agency_id", "parent_id"), _roster(items, variants))
    _put(con, "indicator_values", ("agency_id", "indicator_code", *_COLUMNS), _values(items, variants))
    _put(con, "entered_scores", ("agency_id", "code", "points"), _entered(items, variants))
    for step in (score_indicators, score_main_indices, score_pillars, rank):
        step(con)
    standings: dict[str, dict[str, Standing]] = {item.ruleset_id: {} for item in items}
    for ruleset_id, agency, place, total in con.execute(
        "SELECT ruleset_id, agency_id, rank, total FROM rankings"
    ).fetchall():
        standings[ruleset_id][agency] = (place, total)
    return list(standings.values())


Rows = Iterable[tuple[str | None, ...]]


def _put(con: DuckDBPyConnection, table: str, columns: Sequence[str], rows: Rows) -> None:
    """A relation of the engine: `ruleset_id`, year and period, then these columns as text."""
    names = ("ruleset_id", *columns)
    lists = [list(cells) for cells in zip(*rows, strict=True)] or [[] for _ in names]
    picks = ", ".join(f"unnest(${n}::VARCHAR[]) AS {name}" for n, name in enumerate(names, start=1))
    con.execute(
        f"CREATE TABLE {table} AS SELECT *, {_YEAR} AS assessment_year, '{_PERIOD}' AS period FROM (SELECT {picks})",
        lists,
    )


def _roster(items: Sequence[LoadedRuleset], variants: Sequence[_Variant]) -> Iterator[tuple[str | None, ...]]:
    for item, variant in zip(items, variants, strict=True):
        for agency in sorted({cell["agency"] or "" for cell in variant.cells}):
            yield item.ruleset_id, item.ruleset.groups[0], agency, None


def _values(items: Sequence[LoadedRuleset], variants: Sequence[_Variant]) -> Iterator[tuple[str | None, ...]]:
    for item, variant in zip(items, variants, strict=True):
        known = {i.code for i in item.ruleset.indicator_list}
        for cell in variant.cells:
            if cell["indicator"] in known:
                yield item.ruleset_id, cell["agency"], cell["indicator"], *(cell.get(c) or None for c in _COLUMNS)


def _entered(items: Sequence[LoadedRuleset], variants: Sequence[_Variant]) -> Iterator[tuple[str | None, ...]]:
    for item, variant in zip(items, variants, strict=True):
        known = {i.code for i in item.ruleset.indicator_list}
        wholes = {"total", *(m.code for m in item.ruleset.main_indices)} - known
        for cell in variant.cells:
            if cell["indicator"] in wholes and cell.get("value"):
                yield item.ruleset_id, cell["agency"], cell["indicator"], cell.get("value")
