"""Who comes before whom: ranks and shares of main indices, pillars and totals, decided on exact points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from rulesets.scoring.exact import Key, exact_wholes, stored_units, write_back
from rulesets.scoring.tables import UNIT, bring

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def write_ranks(con: DuckDBPyConnection, level: str) -> None:
    """Write `_<level>_ranks`: share and rank of every whole; no rank where nothing is known or nobody is ranked.

    Rows whose intervals overlap form a cluster. A cluster of one needs nothing more, one of equal finite decimals is a
    tie; in any other the order is that of the exact values.
    """
    con.execute(_clusters_sql(level))
    rows = con.execute(
        """SELECT place, cluster, row_id, node_id, lo, hi FROM _clusters
        QUALIFY bool_or(hi > lo) OVER (PARTITION BY place, cluster)
          AND count(*) OVER (PARTITION BY place, cluster) > 1"""
    ).fetchall()
    values = exact_values(con, level, [row[2:] for row in rows])
    clusters: dict[tuple[int, int], set[Fraction]] = defaultdict(set)
    for place, cluster, row_id, node_id, _, _ in rows:
        clusters[place, cluster].add(values[row_id, node_id])
    order = {key: {value: n for n, value in enumerate(sorted(known, reverse=True))} for key, known in clusters.items()}
    behind = [(row[2], row[3], order[row[0], row[1]][values[row[2], row[3]]]) for row in rows]
    bring(con, "_behind", ("row_id INTEGER", "node_id INTEGER", "behind INTEGER"), behind)
    con.execute(_ranks_sql(level))
    _settle_shares(con, level)


def exact_values(con: DuckDBPyConnection, level: str, rows: Sequence[tuple[int, int, int, int]]) -> dict[Key, Fraction]:
    """Exact points of rows (row_id, node_id, lo, hi): the interval itself where it is a point."""
    open_ = exact_wholes(level)(con, [(row_id, node_id) for row_id, node_id, lo, hi in rows if lo != hi])
    return {(r, n): Fraction(lo, UNIT) if lo == hi else open_[r, n] for r, n, lo, hi in rows}


def _clusters_sql(level: str) -> str:
    """Rows that take part in a ranking, each with its ranking (`place`) and its cluster, the best first."""
    joins = "LEFT JOIN _standing s USING (row_id)" if level == "total" else ""
    standing = "AND s.unranked_reason IS NULL" if level == "total" else ""
    low, high = (f"CASE WHEN j.by_rounded THEN p.{end} ELSE p.raw_{end} END" for end in ("lo", "hi"))
    if level != "total":
        low, high = "p.lo", "p.hi"
    return f"""CREATE OR REPLACE TEMP TABLE _clusters AS
WITH taking_part AS (
  SELECT p.row_id, p.node_id, j.ties, dense_rank() OVER (ORDER BY p.peer_id, p.node_id,
      CASE WHEN j.within_parent THEN coalesce(r.parent_id, '') END) AS place, {low} AS lo, {high} AS hi
  FROM _{level}_points p JOIN _roster r USING (row_id) JOIN _judgements j USING (ruleset_id) {joins}
  WHERE j.ranked AND p.status IN ('scored', 'entered') {standing}
), ordered AS (
  SELECT *, max(hi) OVER (PARTITION BY place ORDER BY lo DESC, hi DESC, row_id
    ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_hi FROM taking_part
)
SELECT * EXCLUDE (next_hi), coalesce(sum((next_hi < lo)::INTEGER) OVER (PARTITION BY place
  ORDER BY lo DESC, hi DESC, row_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::INTEGER AS cluster
FROM ordered"""


def _ranks_sql(level: str) -> str:
    """Equal points share a rank (1, 2, 2, 4 or 1, 2, 2, 3), or the stated main indices and then the id decide."""
    by_points = "PARTITION BY place ORDER BY cluster, coalesce(behind, 0)"
    ordinal, joins = f"rank() OVER ({by_points})", ""
    if level == "total":
        ordinal = f"row_number() OVER ({by_points}, breaks, agency_id)"
        joins = """JOIN _roster USING (row_id) LEFT JOIN (SELECT m.row_id, list(-m.shown ORDER BY t.place) AS breaks
          FROM _tie_breaks t JOIN _main_index_points m USING (node_id) GROUP BY m.row_id) t USING (row_id)"""
    return f"""CREATE OR REPLACE TABLE _{level}_ranks AS
WITH ranked AS (
  SELECT c.row_id, c.node_id, (CASE ties WHEN 'dense' THEN dense_rank() OVER ({by_points})
    WHEN 'ordinal' THEN {ordinal} ELSE rank() OVER ({by_points}) END)::INTEGER AS rank
  FROM _clusters c LEFT JOIN _behind b USING (row_id, node_id) {joins}
)
SELECT p.row_id, p.node_id, o.rank, p.lo, p.hi, n.max_units,
  floored(p.lo * {UNIT}, n.max_units) AS share_lo, ceiled(p.hi * {UNIT}, n.max_units) AS share_hi,
  as_points(share_lo) AS share
FROM _{level}_points p JOIN _nodes n USING (node_id) LEFT JOIN ranked o USING (row_id, node_id)"""


def _settle_shares(con: DuckDBPyConnection, level: str) -> None:
    rows = con.execute(
        f"SELECT row_id, node_id, lo, hi, max_units FROM _{level}_ranks WHERE stored(share_lo) <> stored(share_hi)"
    ).fetchall()
    values = exact_values(con, level, [row[:4] for row in rows])
    shares = [(r, n, stored_units(values[r, n] / Fraction(maximum, UNIT))) for r, n, _, _, maximum in rows]
    write_back(con, f"_{level}_ranks", "node_id", shares, "share = as_points(s.units)")
