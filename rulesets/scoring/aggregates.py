"""Points added up: indicators to main indices, main indices to pillars and to the total.

A whole is a sum, or a weighted mean of its children's shares brought to its own maximum. What is left out (not
applicable) is taken out of the maximum and the rest is brought to it: s·W/w, where W is the weight of all children
and w of those that count; in a sum the maxima are the weights.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from rulesets.scoring.exact import exact_wholes, kids_sql, settle_rounding, settle_shown, write_back
from rulesets.scoring.order import write_ranks
from rulesets.scoring.tables import STORED_DIGITS, UNIT, describe, prepare

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

GEOMETRIC_DIGITS = 50
"""Significant digits of a geometric mean, the only irrational figure; it counts as it is stored, with ten decimals."""
_STEP: int = UNIT // 10**STORED_DIGITS


def score_main_indices(con: DuckDBPyConnection) -> None:
    """Write `main_index_scores` from the indicators' points and the points entered for main indices."""
    prepare(con)
    write_points(con, "main_index")
    _write_scores(con, "main_index", "main_index_scores", "One row per ruleset, agency, year, period and main index")


def score_pillars(con: DuckDBPyConnection) -> None:
    """Write `pillar_scores` from the main indices; empty where a ruleset has no pillars."""
    prepare(con)
    write_points(con, "pillar")
    _write_scores(con, "pillar", "pillar_scores", "One row per ruleset, agency, year, period and pillar")


def write_points(con: DuckDBPyConnection, level: str) -> None:
    """Write `_<level>_points`: points before (`raw_`) and after rounding, status and coverage of every whole."""
    con.execute(_points_sql(level))
    _geometric(con, level)
    settle_rounding(con, f"_{level}_points", "node_id", exact_wholes(level), shown=True)
    settle_shown(con, f"_{level}_points", "node_id", exact_wholes(level))


def _points_sql(level: str) -> str:
    extra = """LEFT JOIN (SELECT row_id, sum(lo)::HUGEINT AS more_lo, sum(hi)::HUGEINT AS more_hi
      FROM _results JOIN _indicators USING (ind_id) WHERE outside GROUP BY row_id) o USING (row_id)"""
    more = ("coalesce(more_lo, 0)", "coalesce(more_hi, 0)") if level == "total" else ("0", "0")
    return f"""CREATE OR REPLACE TABLE _{level}_points AS
WITH summed AS (
  SELECT row_id, node_id,
    sum(CASE WHEN left_out THEN 0 WHEN gain_n = gain_d THEN lo ELSE floored(lo * gain_n, gain_d) END)::HUGEINT AS lo,
    sum(CASE WHEN left_out THEN 0 WHEN gain_n = gain_d THEN hi ELSE ceiled(hi * gain_n, gain_d) END)::HUGEINT AS hi,
    coalesce(sum(weight) FILTER (NOT left_out), 0)::HUGEINT AS weight, count(*) FILTER (NOT left_out) AS counted,
    sum(covered_count::INTEGER)::INTEGER AS covered, sum(assessed_count::INTEGER)::INTEGER AS assessed,
    bool_or(blocks) AS blocked, bool_or(status NOT IN ('scored', 'entered')) AS gaps,
    bool_and(status IN ('missing', 'invalid', 'not_applicable')) AS empty, bool_or(status = 'invalid') AS wrong
  FROM ({kids_sql(level)}) GROUP BY row_id, node_id
), brought AS (
  SELECT s.* EXCLUDE (lo, hi), {more[0]} AS more_lo, {more[1]} AS more_hi,
    {more[0]} + CASE WHEN s.weight = n.weight_total OR s.weight = 0 THEN s.lo
      ELSE floored(s.lo * n.weight_total, s.weight) END AS lo,
    {more[1]} + CASE WHEN s.weight = n.weight_total OR s.weight = 0 THEN s.hi
      ELSE ceiled(s.hi * n.weight_total, s.weight) END AS hi
  FROM summed s JOIN _nodes n USING (node_id) {extra if level == "total" else ""}
), whole AS (
  SELECT r.row_id, r.peer_id, n.node_id, n.round_unit, n.round_mode, e.row_id IS NOT NULL AS is_entered,
    b.lo AS sum_lo, b.hi AS sum_hi, b.more_lo, b.more_hi, b.gaps,
    CASE WHEN is_entered THEN e.units WHEN b.counted > 0 THEN b.lo ELSE 0 END AS raw_lo,
    CASE WHEN is_entered THEN e.units WHEN b.counted > 0 THEN b.hi ELSE 0 END AS raw_hi,
    CASE WHEN is_entered THEN e.status WHEN b.counted IS NULL THEN 'missing' WHEN b.counted = 0 THEN 'not_applicable'
      WHEN b.empty THEN CASE WHEN b.wrong THEN 'invalid' ELSE 'missing' END ELSE 'scored' END AS status,
    CASE WHEN is_entered AND e.status = 'invalid' THEN e.reason END AS reason,
    CASE WHEN is_entered THEN (e.status = 'entered')::INTEGER * greatest(coalesce(b.assessed, 1), 1)
      ELSE coalesce(b.covered, 0) END AS covered,
    greatest(coalesce(b.assessed, 1), CASE WHEN b.counted = 0 THEN 0 ELSE 1 END) AS assessed,
    NOT is_entered AND coalesce(b.blocked, false) AS blocked
  FROM _roster r JOIN _nodes n ON n.ruleset_id = r.ruleset_id AND n.level = '{level}'
  LEFT JOIN brought b ON b.row_id = r.row_id AND b.node_id = n.node_id
  LEFT JOIN _entered e ON e.row_id = r.row_id AND e.node_id = n.node_id
)
SELECT *, CASE WHEN round_unit IS NULL THEN raw_lo ELSE rounded(raw_lo, round_unit, round_mode) END AS lo,
  CASE WHEN round_unit IS NULL THEN raw_hi ELSE rounded(raw_hi, round_unit, round_mode) END AS hi,
  as_points(lo) AS shown
FROM whole ORDER BY row_id, node_id"""


def _geometric(con: DuckDBPyConnection, level: str) -> None:
    """Weighted geometric means, from the children's points as stored: irrational, so with a fixed precision.

    They take the place of the sums of the shares; what counts outside the maximum stays on top.
    """
    rows = con.execute(
        f"""SELECT k.row_id, k.node_id, list(k.shown ORDER BY child_id), list(k.max_units ORDER BY child_id),
          list(k.weight ORDER BY child_id), any_value(n.max_units)
        FROM ({kids_sql(level)}) k JOIN _nodes n USING (node_id)
        WHERE n.kind = 'weighted_geometric' AND NOT k.left_out
          AND NOT EXISTS (SELECT 1 FROM _entered e WHERE e.row_id = k.row_id AND e.node_id = k.node_id)
        GROUP BY k.row_id, k.node_id"""
    ).fetchall()
    means = [(row_id, node_id, geometric_units(*figures)) for row_id, node_id, *figures in rows]
    sets = []
    for end in ("lo", "hi"):
        mean = f"s.units + t.more_{end}"
        sets.append(f"raw_{end} = {mean}")
        sets.append(
            f"{end} = CASE WHEN round_unit IS NULL THEN {mean} ELSE rounded({mean}, round_unit, round_mode) END"
        )
    write_back(con, f"_{level}_points", "node_id", means, ", ".join(sets))
    write_back(con, f"_{level}_points", "node_id", means, "shown = as_points(lo)")


def geometric_units(points: list[Decimal], maxima: list[int], weights: list[int], maximum: int) -> int:
    """maximum · Π (points/maximum of the child)^(weight/all weights), rounded to ten decimals, in units of 10⁻¹⁵.

    Worked out with 50 digits; where these do not tell on which side of a rounding limit the mean lies, whole powers do.
    """
    if min(points) <= 0:
        return 0
    shares = [Fraction(p) * UNIT / m for p, m in zip(points, maxima, strict=True)]
    with localcontext() as context:
        context.prec = GEOMETRIC_DIGITS
        logarithms = (w * (Decimal(s.numerator) / s.denominator).ln() for s, w in zip(shares, weights, strict=True))
        scaled = (sum(logarithms, Decimal(0)) / sum(weights)).exp() * maximum / _STEP
        below = int(scaled.to_integral_value(rounding=ROUND_FLOOR))
        rest = scaled - below - Decimal("0.5")
    up = rest > 0
    if abs(rest) < Decimal(10) ** -(GEOMETRIC_DIGITS // 2):
        limit = (Fraction(2 * below + 1, 2) * _STEP / maximum) ** sum(weights)
        up = bool(limit <= prod(s**w for s, w in zip(shares, weights, strict=True)))
    return (below + up) * _STEP


def _write_scores(con: DuckDBPyConnection, level: str, table: str, comment: str) -> None:
    write_ranks(con, level)
    con.execute(f"""CREATE OR REPLACE TABLE {table} AS
SELECT r.ruleset_id, r.agency_group, r.agency_id, r.assessment_year, r.period, n.code AS {level}_code,
  p.shown AS points, n.max_points, o.share, o.rank, p.status, p.reason, p.covered, p.assessed
FROM _{level}_points p JOIN _roster r USING (row_id) JOIN _nodes n USING (node_id)
JOIN _{level}_ranks o USING (row_id, node_id)
ORDER BY row_id, node_id""")
    describe(con, table, comment, {f"{level}_code": "Code", **SCORE_COMMENTS})


SCORE_COMMENTS = {
    "ruleset_id": "Ruleset",
    "agency_group": "Group of agencies that are ranked together",
    "agency_id": "Agency",
    "assessment_year": "Year that is assessed",
    "period": "Time the figures cover: 2025, 2025-Q3, 2025-10",
    "points": "Points, exact to ten decimals (half up), or rounded as the ruleset says",
    "max_points": "Maximum; empty where it is not public",
    "share": "Points as a share of the maximum, exact to ten decimals",
    "rank": "Place within the group, equal points share it; empty where nothing is known or the ruleset does not rank",
    "status": "scored, entered, missing, invalid or not_applicable",
    "reason": "Why entered points do not count, as a code",
    "covered": "Indicators with a value or an exemption",
    "assessed": "Indicators that apply to the agency",
}
