"""From figures to the points of each part: the one statement for all rules.

A part ends as an exact fraction `num/den` of points, and as the interval [lo, hi] of 10⁻¹⁵ points that holds it:
lo = hi when it is a finite decimal. Of an indicator that is its own only part, lo and hi are its points, signed and
rounded as the ruleset says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FORMULA = """CASE WHEN p.text IS NOT NULL THEN p.text WHEN s.fixed THEN s.before
  ELSE s.before || p.figure || s.after END"""
"""A part's formula with the numbers filled in, of `_part_points p` and its `_segments s`."""
BECAUSE = """CASE WHEN p.said IS NOT NULL THEN p.said
  WHEN s.says_from IS NOT NULL OR s.says_to IS NOT NULL
  THEN concat_ws(' and ', p.figure || ' ' || s.says_from, p.figure || ' ' || s.says_to) END"""
"""Which limits the figure fell between, where limits decide."""


def write_part_points(con: DuckDBPyConnection) -> None:
    """Write `_part_points`, one row per reported cell and part."""
    con.execute(_RELATIVE)
    con.execute(_part_points_sql())


# Figures that are measured by the best one of the group are divided by it first.
_RELATIVE = """CREATE OR REPLACE TEMP TABLE _relative AS
SELECT row_id, peer_id, ind_id, part_id, CASE WHEN NOT wide THEN n * best_d END AS n,
  CASE WHEN NOT wide THEN d * best_n END AS d, gate_shut,
  CASE WHEN state <> 'ok' THEN state WHEN best_n = 0 THEN 'zero' WHEN wide THEN 'invalid' ELSE 'ok' END AS state,
  CASE WHEN state = 'ok' AND wide THEN 'too_many_digits' ELSE reason END AS reason, false AS narrow,
  figure || ' / ' || best_figure AS figure
FROM (
  SELECT f.*, b.n AS best_n, b.d AS best_d, b.figure AS best_figure,
    coalesce(f.n > p.n_limit // b.d, false) OR coalesce(f.d > p.d_limit // nullif(b.n, 0), false) AS wide
  FROM _figures f JOIN _parts p USING (part_id) LEFT JOIN _best b USING (peer_id, part_id) WHERE p.relative)"""


def _segment_points(kind: str, narrow: str) -> str:
    """Points as (a·n + b·d)/(c·d) of the segment that the figure falls in, and their 15 decimals by long division."""
    n, d = f"f.n::{kind}", f"f.d::{kind}"
    whole = {column: f"s.{column}::{kind}" for column in ("start_n", "start_d", "end_n", "end_d", "a", "b", "c")}
    return f"""SELECT row_id, ind_id, part_id, place, num, den, figure,
    num // den AS q0, ((num % den) * 100000000) // den AS q1,
    (((num % den) * 100000000) % den * 10000000) // den AS q2,
    (((num % den) * 100000000) % den * 10000000) % den > 0 AS inexact
  FROM (
    SELECT f.row_id, f.ind_id, f.part_id, s.place, f.figure,
      CASE WHEN s.a = 0 THEN {whole["b"]} WHEN s.b = 0 THEN {whole["a"]} * {n}
        ELSE {whole["a"]} * {n} + {whole["b"]} * {d} END AS num,
      CASE WHEN s.a = 0 THEN {whole["c"]} WHEN s.c = 1 THEN {d} ELSE {whole["c"]} * {d} END AS den
    FROM figures f JOIN _segments s ON s.part_id = f.part_id
      AND CASE WHEN s.start_n IS NULL THEN true
        WHEN s.start_open THEN {n} * {whole["start_d"]} > {whole["start_n"]} * {d}
        ELSE {n} * {whole["start_d"]} >= {whole["start_n"]} * {d} END
      AND CASE WHEN s.end_n IS NULL THEN true
        WHEN s.end_open THEN {n} * {whole["end_d"]} <= {whole["end_n"]} * {d}
        ELSE {n} * {whole["end_d"]} < {whole["end_n"]} * {d} END
    WHERE f.state = 'ok' AND NOT f.gate_shut AND {narrow})"""


def _part_points_sql() -> str:
    return f"""CREATE OR REPLACE TEMP TABLE _part_points AS
WITH figures AS (
  SELECT * FROM _figures ANTI JOIN (SELECT part_id FROM _parts WHERE relative) r USING (part_id)
  UNION ALL SELECT * FROM _relative
), measured AS (
  SELECT row_id, ind_id, part_id, place, num::HUGEINT AS num, den::HUGEINT AS den, figure,
    q0::HUGEINT * 1000000000000000 + (q1 * 10000000 + q2) AS units, inexact
  FROM ({_segment_points("BIGINT", "f.narrow")})
  UNION ALL
  SELECT row_id, ind_id, part_id, place, num, den, figure, q0 * 1000000000000000 + q1 * 10000000 + q2, inexact
  FROM ({_segment_points("HUGEINT", "NOT f.narrow")})
), told AS (
  SELECT row_id, ind_id, part_id, 'ok' AS state, NULL AS reason, 0::HUGEINT AS num, 1::HUGEINT AS den, figure,
    '0' AS text, 'gate: no' AS said
  FROM figures WHERE state = 'ok' AND gate_shut
  UNION ALL
  SELECT f.row_id, f.ind_id, f.part_id,
    CASE WHEN p.zero_denominator IN ('missing', 'not_applicable') THEN p.zero_denominator ELSE 'ok' END,
    'zero_denominator', CASE WHEN p.zero_denominator = 'full' THEN p.most_n ELSE 0 END, p.most_d, f.figure,
    CASE WHEN p.zero_denominator = 'full' THEN p.most_text ELSE '0' END, f.figure || ': ' || p.zero_denominator
  FROM figures f JOIN _parts p USING (part_id) WHERE f.state = 'zero'
  UNION ALL
  SELECT row_id, ind_id, part_id, state, reason, 0, 1, figure, '0', NULL FROM figures
  WHERE state IN ('missing', 'invalid')
  UNION ALL
  SELECT w.row_id, w.ind_id, w.part_id, w.state, w.reason, w.worth, p.worth_d, NULL, w.formula, NULL
  FROM _word_points w JOIN _parts p USING (part_id)
), all_parts AS (
  SELECT row_id, ind_id, part_id, place, 'ok' AS state, NULL AS reason, num, den, units, inexact, figure,
    NULL AS text, NULL AS said
  FROM measured
  UNION ALL
  SELECT row_id, ind_id, part_id, NULL, state, reason, num, den,
    (num * 1000000000000000) // den, (num * 1000000000000000) % den > 0, figure, text, said
  FROM told
), capped AS (
  SELECT t.row_id, t.ind_id, t.part_id, p.part_no, t.place, t.state, t.reason, t.num, t.den, t.figure, t.text, t.said,
    CASE WHEN t.units >= p.cap_units THEN p.cap_units ELSE t.units END AS size_lo,
    CASE WHEN t.units >= p.cap_units THEN p.cap_units ELSE t.units + t.inexact::INTEGER END AS size_hi,
    CASE WHEN p.negative THEN -size_hi ELSE size_lo END AS exact_lo,
    CASE WHEN p.negative THEN -size_lo ELSE size_hi END AS exact_hi, p.round_unit, p.round_mode
  FROM all_parts t JOIN _parts p USING (part_id)
)
SELECT row_id, ind_id, part_id, part_no, place, state, reason, num, den, figure, text, said,
  CASE WHEN round_unit IS NULL THEN exact_lo ELSE rounded(exact_lo, round_unit, round_mode) END AS lo,
  CASE WHEN round_unit IS NULL THEN exact_hi ELSE rounded(exact_hi, round_unit, round_mode) END AS hi,
  round_unit, round_mode
FROM capped"""
