"""Decisions that guard digits leave open, taken with fractions for just those rows.

Points are carried as intervals [lo, hi] of 10⁻¹⁵. Where both ends lead to the same answer, the answer is exact. Where
they do not (a rounding limit, a grade's limit or an equal total lies inside), the exact value is worked out from the
parts' fractions `num/den`: rules are not applied again, only what they gave is added up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from rulesets.scoring.tables import STORED_DIGITS, UNIT, bring

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Key = tuple[int, int]
Exact = Callable[["DuckDBPyConnection", Sequence[Key]], dict[Key, Fraction]]
"""Exact points by (row_id, ind_id) or (row_id, node_id), before they are rounded."""


def round_fraction(value: Fraction, unit: Fraction, mode: str) -> Fraction:
    """Round to a multiple of `unit`; half_up and truncate look at the size, not the sign."""
    size = abs(value) / unit
    whole, rest = divmod(size.numerator, size.denominator)
    twice = 2 * rest
    up = twice > size.denominator or (twice == size.denominator and (mode == "half_up" or whole % 2 == 1))
    size = Fraction(whole + (up and mode != "truncate"))
    return (size if value >= 0 else -size) * unit


def settle_rounding(con: DuckDBPyConnection, table: str, node: str, exact: Exact, *, shown: bool = False) -> None:
    """Where `lo` and `hi`, each already rounded, differ: round the exact value instead; `shown` follows."""
    rows = con.execute(
        f"SELECT row_id, {node}, round_unit, round_mode FROM {table} WHERE lo <> hi AND round_unit IS NOT NULL"
    ).fetchall()
    values = exact(con, [(row_id, node_id) for row_id, node_id, _, _ in rows])
    settled = [
        (row_id, node_id, int(round_fraction(values[row_id, node_id], Fraction(unit, UNIT), mode) * UNIT))
        for row_id, node_id, unit, mode in rows
    ]
    write_back(
        con, table, node, settled, "lo = s.units, hi = s.units" + (", shown = as_points(s.units)" if shown else "")
    )


def settle_shown(con: DuckDBPyConnection, table: str, node: str, exact: Exact) -> None:
    """Where the two ends are not stored as the same `shown` points: store the exact value, rounded half up."""
    open_ = f"SELECT row_id, {node} FROM {table} WHERE lo <> hi AND stored(lo) <> stored(hi)"
    settled = [(*key, stored_units(value)) for key, value in exact(con, con.execute(open_).fetchall()).items()]
    write_back(con, table, node, settled, "shown = as_points(s.units)")


def stored_units(value: Fraction) -> int:
    """A value as it is stored, with ten decimals rounded half up, in units of 10⁻¹⁵."""
    return int(round_fraction(value, Fraction(1, 10**STORED_DIGITS), "half_up") * UNIT)


def write_back(con: DuckDBPyConnection, table: str, node: str, rows: list[tuple[int, int, int]], sets: str) -> None:
    """Set columns of the rows (row_id, node, units) that were settled with fractions."""
    if rows:
        bring(con, "_settled", ("row_id INTEGER", "node_id INTEGER", "units HUGEINT"), rows)
        con.execute(f"UPDATE {table} t SET {sets} FROM _settled s WHERE s.row_id = t.row_id AND s.node_id = t.{node}")


def keys_table(con: DuckDBPyConnection, keys: Sequence[Key]) -> None:
    """A temporary table `_keys(row_id, node_id)` to join with."""
    bring(con, "_keys", ("row_id INTEGER", "node_id INTEGER"), sorted(set(keys)))


def exact_own(con: DuckDBPyConnection, keys: Sequence[Key]) -> dict[Key, Fraction]:
    """Points of cells that have a value of their own, from the fractions of their parts, before rounding."""
    if not keys:
        return {}
    keys_table(con, keys)
    parts: dict[Key, list[Fraction]] = defaultdict(list)
    whole: dict[Key, tuple[str, Fraction, bool]] = {}
    for row_id, ind_id, num, den, cap, combine, most, negative in con.execute(
        """SELECT p.row_id, p.ind_id, p.num, p.den, d.cap_units, i.combine, i.max_units, i.rule = 'penalty'
        FROM _keys k JOIN _fractions p ON p.row_id = k.row_id AND p.ind_id = k.node_id
        JOIN _parts d USING (part_id) JOIN _indicators i ON i.ind_id = p.ind_id"""
    ).fetchall():
        parts[row_id, ind_id].append(min(Fraction(num, den), Fraction(cap, UNIT)))
        whole[row_id, ind_id] = (combine, Fraction(most, UNIT), negative)
    values = {}
    for key, (combine, most, negative) in whole.items():
        value = max(parts[key]) if combine == "max" else sum(parts[key], Fraction(0))
        value = value if combine == "single" else min(value, most)
        values[key] = -value if negative else value
    return values


def exact_cells(table: str) -> Exact:
    """Points of cells after exceptions: their own, or those of the agency whose figure they were given."""

    def work_out(con: DuckDBPyConnection, keys: Sequence[Key]) -> dict[Key, Fraction]:
        if not keys:
            return {}
        keys_table(con, keys)
        rows = con.execute(
            f"""SELECT x.row_id, x.ind_id, x.source_row, x.lo, x.hi
            FROM _keys k JOIN {table} x ON x.row_id = k.row_id AND x.ind_id = k.node_id"""
        ).fetchall()
        own = exact_own(con, [(source, ind_id) for _, ind_id, source, lo, hi in rows if lo != hi])
        return {
            (row_id, ind_id): Fraction(lo, UNIT) if lo == hi else own[source, ind_id]
            for row_id, ind_id, source, lo, hi in rows
        }

    return work_out


exact_results = exact_cells("_results")


def kids_sql(level: str) -> str:
    """The children of every whole of a level, with their points, weights, and whether they are left out."""
    if level == "main_index":
        return """SELECT x.row_id, k.node_id, x.ind_id AS child_id, k.weight, k.gain_n, k.gain_d, k.max_units,
            x.lo, x.hi, x.shown, x.status IN ('reported', 'exempt', 'entered') AS covered_count,
            x.status <> 'not_applicable' AS assessed_count, x.status,
            x.status = 'not_applicable' OR (x.status = 'missing' AND i.missing = 'leave_out') AS left_out,
            x.status = 'missing' AND i.missing = 'unranked' AS blocks
          FROM _results x JOIN _children k ON k.child_id = x.ind_id
          JOIN _nodes n ON n.node_id = k.node_id AND n.level = 'main_index' JOIN _indicators i ON i.ind_id = x.ind_id"""
    return f"""SELECT x.row_id, k.node_id, x.node_id AS child_id, k.weight, k.gain_n, k.gain_d, k.max_units,
        x.lo, x.hi, x.shown, x.covered AS covered_count, x.assessed AS assessed_count, x.status,
        x.status = 'not_applicable' AS left_out, x.blocked AS blocks
      FROM _main_index_points x JOIN _children k ON k.child_id = x.node_id
      JOIN _nodes n ON n.node_id = k.node_id AND n.level = '{level}'"""


def exact_wholes(level: str) -> Exact:
    """Points of main indices, pillars or totals, from the exact points of their children, before rounding."""

    def work_out(con: DuckDBPyConnection, keys: Sequence[Key]) -> dict[Key, Fraction]:
        if not keys:
            return {}
        keys_table(con, keys)
        rows = con.execute(
            f"""SELECT k.row_id, k.node_id, k.child_id, k.weight, k.gain_n, k.gain_d, k.lo, k.hi, n.weight_total
            FROM ({kids_sql(level)}) k JOIN _keys USING (row_id, node_id) JOIN _nodes n USING (node_id)
            WHERE NOT k.left_out"""
        ).fetchall()
        outside = _outside(con) if level == "total" else []
        below = exact_results if level == "main_index" else exact_wholes("main_index")
        exact = below(con, [(row[0], row[2]) for row in rows if row[6] != row[7]])
        values: dict[Key, Fraction] = defaultdict(Fraction)
        weights: dict[Key, int] = defaultdict(int)
        totals: dict[Key, int] = {}
        for row_id, node_id, child, weight, gain_n, gain_d, lo, hi, weight_total in rows:
            points = Fraction(lo, UNIT) if lo == hi else exact[row_id, child]
            values[row_id, node_id] += points * Fraction(gain_n, gain_d)
            weights[row_id, node_id] += weight
            totals[row_id, node_id] = weight_total
        for key, weight in weights.items():
            values[key] *= Fraction(totals[key], weight) if weight != totals[key] else 1
        more = exact_results(con, [(row_id, ind_id) for row_id, _, ind_id in outside])
        for row_id, node_id, ind_id in outside:
            values[row_id, node_id] += more[row_id, ind_id]
        return dict(values)

    return work_out


def _outside(con: DuckDBPyConnection) -> list[tuple[int, int, int]]:
    """Bonus and penalty of the rows in `_keys`: row, total, indicator."""
    return con.execute(
        """SELECT k.row_id, k.node_id, x.ind_id FROM _keys k JOIN _results x USING (row_id)
        JOIN _indicators i USING (ind_id) WHERE i.outside"""
    ).fetchall()
