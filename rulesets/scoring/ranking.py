"""The total of every agency, its grade or level, and its rank among those it is compared with."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from common.errors import Finding, GateError, Text
from rulesets.scoring.aggregates import SCORE_COMMENTS, write_points
from rulesets.scoring.order import exact_values, write_ranks
from rulesets.scoring.tables import UNIT, bring, describe, prepare

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def rank(con: DuckDBPyConnection) -> None:
    """Write `rankings` from main indices, pillars and entered totals; raises `GateError` where totals contradict."""
    prepare(con)
    write_points(con, "total")
    _check_entered_totals(con)
    _write_standing(con)
    write_ranks(con, "total")
    con.execute(_RANKINGS)
    describe(con, "rankings", "One row per ruleset, agency, year and period: total, rank and grade", _COMMENTS)


def _check_entered_totals(con: DuckDBPyConnection) -> None:
    """An entered total beside complete main indices must be their sum."""
    rows = con.execute(
        """SELECT r.ruleset_id, r.agency_id, r.assessment_year, r.period, p.shown, as_points(p.sum_lo)
        FROM _total_points p JOIN _roster r USING (row_id)
        WHERE p.is_entered AND p.status = 'entered' AND NOT p.gaps AND (p.raw_lo < p.sum_lo OR p.raw_lo > p.sum_hi)
        ORDER BY ALL"""
    ).fetchall()
    message = Text("tổng điểm nhập khác tổng các chỉ số chính", "the entered total is not the sum of the main indices")
    hint = Text("sửa tổng điểm, hoặc bỏ dòng 'total'", "mend the total, or drop the 'total' row")
    findings = [
        Finding("entered-total", message, hint, ", ".join(map(str, row[:4])) + f": {row[4]} ≠ {row[5]}") for row in rows
    ]
    if findings:
        raise GateError("entered-total", message, hint=hint, where=findings[0].where, findings=findings)


_MINIMA = """SELECT r.row_id, m.place, m.node_id, m.limit_n, m.limit_d, p.lo, p.hi,
  p.status IN ('scored', 'entered') AS known
FROM _minima m JOIN _roster r USING (ruleset_id)
JOIN (SELECT row_id, node_id, lo, hi, status FROM _main_index_points
  UNION ALL SELECT row_id, node_id, lo, hi, status FROM _pillar_points
  UNION ALL SELECT row_id, node_id, lo, hi, status FROM _total_points) p
  ON p.row_id = r.row_id AND p.node_id = m.node_id"""
_STANDING = f"""CREATE OR REPLACE TABLE _standing AS
WITH held AS (
  SELECT m.row_id, m.place, bool_and(coalesce(d.reached, m.lo * m.limit_d >= m.limit_n)) AS reached
  FROM ({_MINIMA}) m LEFT JOIN _decided d USING (row_id, place, node_id) GROUP BY m.row_id, m.place
), best AS (
  SELECT r.row_id, min(g.place) FILTER (coalesce(h.reached, true)) AS place, count(*) > 0 AS graded
  FROM _roster r JOIN _grades g USING (ruleset_id) LEFT JOIN held h ON h.row_id = r.row_id AND h.place = g.place
  GROUP BY r.row_id
), unknown AS (SELECT DISTINCT row_id FROM ({_MINIMA}) WHERE NOT known)
SELECT r.row_id, CASE WHEN u.row_id IS NULL AND p.status IN ('scored', 'entered') THEN g.grade END AS grade,
  CASE WHEN NOT j.ranked THEN 'not_ranked_by_decision'
    WHEN p.status NOT IN ('scored', 'entered') THEN 'nothing_reported'
    WHEN p.blocked THEN 'value_missing' WHEN u.row_id IS NOT NULL THEN 'part_missing'
    WHEN b.graded AND b.place IS NULL AND NOT j.below_is_ranked THEN 'below_all_levels' END AS unranked_reason
FROM _roster r JOIN _judgements j USING (ruleset_id) JOIN _total_points p USING (row_id)
LEFT JOIN best b USING (row_id) LEFT JOIN _grades g ON g.ruleset_id = r.ruleset_id AND g.place = b.place
LEFT JOIN unknown u USING (row_id)"""


def _write_standing(con: DuckDBPyConnection) -> None:
    """Grades and levels: the first whose minima all hold; minima inside an interval are decided exactly."""
    open_ = con.execute(
        f"""SELECT m.row_id, m.place, m.node_id, m.limit_n, m.limit_d, m.lo, m.hi, n.level
        FROM ({_MINIMA}) m JOIN _nodes n USING (node_id)
        WHERE m.lo * m.limit_d < m.limit_n AND m.hi * m.limit_d >= m.limit_n"""
    ).fetchall()
    decided = []
    for level in {row[7] for row in open_}:
        rows = [row for row in open_ if row[7] == level]
        values = exact_values(con, level, [(row[0], row[2], row[5], row[6]) for row in rows])
        for row_id, place, node_id, limit_n, limit_d, _, _, _ in rows:
            reached = values[row_id, node_id] >= Fraction(limit_n, limit_d * UNIT)
            decided.append((row_id, place, node_id, reached))
    bring(con, "_decided", ("row_id INTEGER", "place INTEGER", "node_id INTEGER", "reached BOOLEAN"), decided)
    con.execute(_STANDING)


_RANKINGS = f"""CREATE OR REPLACE TABLE rankings AS
SELECT r.ruleset_id, r.agency_group, r.agency_id, r.assessment_year, r.period, r.parent_id,
  p.shown AS total, n.max_points AS max_total, o.share, o.rank, o.rank IS NOT NULL AS ranked, s.unranked_reason,
  s.grade, p.status, p.covered, p.assessed,
  as_points(floored(p.covered::HUGEINT * {UNIT}, greatest(p.assessed, 1)::HUGEINT)) AS coverage
FROM _roster r JOIN _total_points p USING (row_id) JOIN _nodes n USING (node_id) JOIN _standing s USING (row_id)
JOIN _total_ranks o USING (row_id, node_id)
ORDER BY r.row_id"""

_COMMENTS = {
    **{key: SCORE_COMMENTS[key] for key in ("ruleset_id", "agency_group", "agency_id", "assessment_year", "period")},
    **{key: SCORE_COMMENTS[key] for key in ("share", "covered", "assessed")},
    "parent_id": "Agency it is ranked under, where the ruleset ranks within parents",
    "total": "Points in all, exact to ten decimals (half up), or rounded as the ruleset says",
    "max_total": "Points in all that can be reached, bonus aside",
    "rank": "Place; empty when the agency is not ranked",
    "ranked": "Whether the agency has a place",
    "unranked_reason": "Why it has none, as a code",
    "grade": "Grade or level, in the words of the decision",
    "status": "scored, entered, missing or invalid",
    "coverage": "Share of the assessed indicators with a value or an exemption",
}
