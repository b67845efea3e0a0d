"""Points of every assessed agency on every indicator: own figures first, then the exempt, each with its trace."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from rulesets.scoring.exact import exact_cells, exact_own, settle_rounding, settle_shown
from rulesets.scoring.figures import write_figures
from rulesets.scoring.inputs import write_cells
from rulesets.scoring.points import BECAUSE, FORMULA, write_part_points
from rulesets.scoring.tables import POINTS_TYPE, UNIT, bring, describe, prepare

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def score_indicators(con: DuckDBPyConnection) -> None:
    """Write `indicator_scores` from `roster`, `indicator_values` and `entered_scores`; running it again is the same.

    Raises `DtiError` for duplicates, unknown codes, and rulesets whose annex is not public.
    """
    prepare(con)
    write_cells(con)
    write_figures(con)
    write_part_points(con)
    con.execute(_FRACTIONS)
    _drop(con, "_figures", "_word_points", "_relative")
    con.execute(_COMPOSITES)
    settle_rounding(con, "_part_points", "ind_id", exact_own)
    settle_rounding(con, "_composites", "ind_id", exact_own)
    con.execute(_OWN)
    con.execute(_SOURCES)
    _settle_sources(con)
    con.execute(_TOLD)
    con.execute("DROP VIEW _own")
    _drop(con, "_cells", "_best", "_part_points", "_composites", "_sources")
    settle_shown(con, "_told", "ind_id", exact_cells("_told"))
    con.execute(_RESULTS)
    _write_scores(con)
    describe(con, "indicator_scores", _COMMENT, _COMMENTS)
    _drop(con, "_told")


def _write_scores(con: DuckDBPyConnection) -> None:
    """Write the result a slice of agencies at a time: finished traces are wide, and sorting all of them at once costs
    more time and memory than everything before it."""
    con.execute(f"CREATE OR REPLACE TABLE indicator_scores AS {_SCORES}", [0, 0])
    for start in range(0, con.execute("SELECT count(*) FROM _roster").fetchall()[0][0] + 1, _SLICE):
        con.execute(f"INSERT INTO indicator_scores {_SCORES}", [start, start + _SLICE])


def _drop(con: DuckDBPyConnection, *tables: str) -> None:
    """Let go of what is not needed any more: a country's values are large."""
    for table in tables:
        con.execute(f"DROP TABLE {table}")


# Indicators of several parts. Parts of `best_of` that have no value do not hold the others back.
_COMPOSITES = f"""CREATE OR REPLACE TEMP TABLE _composites AS
WITH parts AS (
  SELECT p.*, d.cap_text, d.cap_text <> d.most_text AS has_cap, {BECAUSE} AS because, {FORMULA} AS formula,
    i.combine, i.max_units, i.round_unit AS unit, i.round_mode AS mode
  FROM _part_points p
  JOIN _indicators i USING (ind_id) JOIN _parts d USING (part_id)
  LEFT JOIN _segments s ON s.part_id = p.part_id AND s.place = p.place
  WHERE i.combine IN ('sum', 'max')
), capped AS (
  SELECT *, CASE WHEN has_cap THEN 'min(' || cap_text || ', ' || formula || ')' ELSE formula END AS shown FROM parts
), grouped AS (
  SELECT row_id, ind_id, combine, max_units, unit AS round_unit, mode AS round_mode,
    CASE WHEN bool_or(state = 'invalid') THEN 'invalid' WHEN bool_and(state = 'missing') THEN 'missing'
      WHEN combine = 'sum' AND bool_or(state IN ('missing', 'partial')) THEN 'partial'
      WHEN bool_and(state IN ('missing', 'partial')) THEN 'partial' ELSE 'ok' END AS state,
    min(reason) FILTER (state = 'invalid') AS wrong, min(reason) FILTER (state <> 'invalid') AS lacking,
    CASE combine WHEN 'sum' THEN sum(lo) ELSE max(lo) END::HUGEINT AS sum_lo,
    CASE combine WHEN 'sum' THEN sum(hi) ELSE max(hi) END::HUGEINT AS sum_hi,
    CASE combine WHEN 'sum' THEN string_agg(shown, ' + ' ORDER BY part_no)
      ELSE 'max(' || string_agg(shown, ', ' ORDER BY part_no) || ')' END AS formula,
    string_agg(because, '; ' ORDER BY part_no) AS because
  FROM capped GROUP BY row_id, ind_id, combine, max_units, unit, mode
), counted AS (
  SELECT *, state IN ('ok', 'partial') AS counts,
    CASE WHEN counts THEN least(sum_lo, max_units) ELSE 0 END AS whole_lo,
    CASE WHEN counts THEN least(sum_hi, max_units) ELSE 0 END AS whole_hi
  FROM grouped
)
SELECT row_id, ind_id, state, CASE WHEN state = 'invalid' THEN wrong WHEN state <> 'ok' THEN lacking END AS reason,
  CASE WHEN round_unit IS NULL THEN whole_lo ELSE rounded(whole_lo, round_unit, round_mode) END AS lo,
  CASE WHEN round_unit IS NULL THEN whole_hi ELSE rounded(whole_hi, round_unit, round_mode) END AS hi,
  round_unit, round_mode, counts AND sum_lo > max_units AS over, CASE WHEN counts THEN formula ELSE '0' END AS text,
  because AS said
FROM counted"""

# Pass one: agencies with a value of their own.
_OWN = """CREATE OR REPLACE TEMP VIEW _own AS
SELECT row_id, ind_id, CASE p.state WHEN 'ok' THEN 'reported' ELSE p.state END AS status, p.reason, p.lo, p.hi,
  p.part_id, p.place, p.figure, p.text, p.said, false AS over
FROM _part_points p SEMI JOIN (SELECT ind_id FROM _indicators WHERE combine = 'single') i USING (ind_id)
UNION ALL
SELECT row_id, ind_id, CASE state WHEN 'ok' THEN 'reported' ELSE state END, reason, lo, hi,
  NULL, NULL, NULL, text, said, over
FROM _composites"""

# Pass two: whose points an exempt agency gets. Only agencies of its own group with a figure of their own count.
_SOURCES = """CREATE OR REPLACE TEMP TABLE _sources AS
WITH wanted AS (
  SELECT DISTINCT c.peer_id, c.ind_id,
    CASE WHEN e.policy = 'group_highest_figure' AND p.best_by <> 'score' THEN p.part_id END AS part_id
  FROM _cells c JOIN _roster r USING (row_id)
  JOIN _exceptions e ON e.ruleset_id = r.ruleset_id AND e.article = c.article AND e.ind_id = c.ind_id
  LEFT JOIN _parts p ON p.ind_id = c.ind_id AND p.single
  WHERE c.status = 'exempt' AND e.policy IN ('group_highest_score', 'group_highest_figure')
), ranked AS (
  SELECT w.peer_id, w.ind_id, o.row_id, o.lo, o.hi, max(o.lo) OVER (PARTITION BY w.peer_id, w.ind_id) AS top
  FROM wanted w JOIN _roster r USING (peer_id) JOIN _own o ON o.row_id = r.row_id AND o.ind_id = w.ind_id
  WHERE w.part_id IS NULL AND o.status IN ('reported', 'partial')
)
SELECT peer_id, ind_id, 'score' AS found_by, row_id, lo, hi FROM ranked WHERE hi >= top
UNION ALL
SELECT w.peer_id, w.ind_id, 'figure', b.row_id, 0, 0 FROM wanted w JOIN _best b USING (peer_id, part_id)
JOIN _own o ON o.row_id = b.row_id AND o.ind_id = w.ind_id WHERE o.status = 'reported'"""

_ONE_SOURCE = """CREATE OR REPLACE TEMP TABLE _sources AS SELECT peer_id, ind_id, found_by, row_id FROM _sources
QUALIFY row_number() OVER (PARTITION BY peer_id, ind_id, found_by ORDER BY row_id) = 1"""


def _settle_sources(con: DuckDBPyConnection) -> None:
    """Leave one agency per group and indicator: where guard digits leave several, fractions tell the highest."""
    rows = con.execute(
        """SELECT peer_id, ind_id, row_id, lo, hi FROM _sources WHERE found_by = 'score'
        QUALIFY bool_or(hi > lo) OVER (PARTITION BY peer_id, ind_id)
          AND count(*) OVER (PARTITION BY peer_id, ind_id) > 1"""
    ).fetchall()
    exact = exact_own(con, [(row_id, ind_id) for _, ind_id, row_id, lo, hi in rows if lo != hi])
    exact |= {(row_id, ind_id): Fraction(lo, UNIT) for _, ind_id, row_id, lo, hi in rows if lo == hi}
    highest: dict[tuple[int, int], Fraction] = {}
    for peer_id, ind_id, row_id, _, _ in rows:
        points = exact[row_id, ind_id]
        highest[peer_id, ind_id] = max(points, highest.get((peer_id, ind_id), points))
    losers = [(row[2], row[1]) for row in rows if exact[row[2], row[1]] < highest[row[0], row[1]]]
    bring(con, "_losers", ("row_id INTEGER", "ind_id INTEGER"), losers)
    con.execute(
        """DELETE FROM _sources s USING _losers l
        WHERE l.row_id = s.row_id AND l.ind_id = s.ind_id AND s.found_by = 'score'"""
    )
    con.execute(_ONE_SOURCE)


# `source_row` is the agency whose figure counts: itself, or the one that an exempt agency is scored as.
_TOLD = """CREATE OR REPLACE TEMP TABLE _told AS
WITH others AS (
  SELECT c.row_id, c.peer_id, c.ind_id, c.status, c.reason, c.article, i.rule, i.max_units, i.max_points, i.ruleset_id
  FROM _cells c JOIN _indicators i USING (ind_id)
  WHERE c.status IN ('missing', 'exempt') OR i.rule = 'not_scored'
), exempt AS (
  SELECT c.*, e.policy, s.row_id AS source_row,
    EXISTS (SELECT 1 FROM _exceptions x WHERE x.ruleset_id = c.ruleset_id AND x.article = c.article) AS known
  FROM others c
  LEFT JOIN _exceptions e ON e.ruleset_id = c.ruleset_id AND e.article = c.article AND e.ind_id = c.ind_id
  LEFT JOIN _sources s ON s.peer_id = c.peer_id AND s.ind_id = c.ind_id AND s.found_by =
    CASE WHEN e.policy = 'group_highest_score' THEN 'score'
      WHEN e.policy = 'group_highest_figure' THEN
        CASE WHEN EXISTS (SELECT 1 FROM _parts p WHERE p.ind_id = c.ind_id AND p.single AND p.best_by <> 'score')
        THEN 'figure' ELSE 'score' END END
  WHERE c.status = 'exempt'
), together AS (
  SELECT row_id, ind_id, status, reason, NULL AS article, NULL AS policy, row_id AS source_row, lo, hi,
    part_id, place, figure, text, said, over
  FROM _own
  UNION ALL
  SELECT row_id, ind_id, CASE WHEN rule = 'not_scored' THEN 'not_scored' ELSE 'missing' END,
    CASE WHEN rule = 'not_scored' THEN NULL ELSE reason END, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, '0', NULL, false
  FROM others WHERE status <> 'exempt'
  UNION ALL
  SELECT x.row_id, x.ind_id,
    CASE WHEN policy IS NULL THEN 'invalid' WHEN policy = 'full_points' THEN 'exempt'
      WHEN policy = 'leave_out_and_rescale' THEN 'not_applicable'
      WHEN source_row IS NULL THEN 'missing' ELSE 'exempt' END,
    CASE WHEN policy IS NULL THEN CASE WHEN article IS NULL THEN 'no_article' WHEN known THEN 'article_does_not_cover'
        ELSE 'unknown_article' END
      WHEN source_row IS NULL AND policy LIKE 'group%' THEN 'no_figure_in_group' END,
    article, policy, source_row,
    CASE WHEN policy = 'full_points' THEN max_units ELSE coalesce(lo, 0) END,
    CASE WHEN policy = 'full_points' THEN max_units ELSE coalesce(hi, 0) END, part_id, place, figure,
    CASE WHEN policy = 'full_points' THEN points_text(max_points) WHEN source_row IS NULL THEN '0' ELSE text END,
    said, coalesce(over, false)
  FROM exempt x LEFT JOIN _own o ON o.row_id = x.source_row AND o.ind_id = x.ind_id
)
SELECT t.*, as_points(lo) AS shown, v.value FROM together t
LEFT JOIN (SELECT row_id, ind_id, value FROM _cells WHERE value IS NOT NULL) v USING (row_id, ind_id)
ANTI JOIN (SELECT row_id, ind_id FROM _entered WHERE ind_id IS NOT NULL) e USING (row_id, ind_id)
UNION ALL
SELECT row_id, ind_id, status, reason, NULL, NULL, NULL, units, units, NULL, NULL, NULL,
  CASE WHEN status = 'entered' THEN text ELSE '0' END, NULL, false, as_points(units), text
FROM _entered WHERE ind_id IS NOT NULL"""

# What later steps build on, and, where 15 decimals cut something off, the fractions that give it back.
_RESULTS = """CREATE OR REPLACE TABLE _results AS
SELECT row_id, ind_id, status, source_row, lo, hi, shown FROM _told"""
_FRACTIONS = """CREATE OR REPLACE TABLE _fractions AS SELECT row_id, ind_id, part_id, num, den FROM _part_points
WHERE lo <> hi OR ind_id IN (SELECT ind_id FROM _indicators WHERE combine <> 'single')"""

_SLICE = 8000
"""Agencies (and years) written at once."""

# The trace is JSON with keys in a fixed order; `formula` is plain arithmetic that gives the points when worked out.
_SCORES = f"""WITH told AS (
  SELECT p.*, CASE WHEN p.policy IS NOT NULL THEN p.source_row END AS as_row, i.max_points, i.indicator_code,
    i.main_index_code, i.rule, i.missing, i.trace_head, i.combine,
    {BECAUSE} AS because, s.capped, {FORMULA} AS bare,
    CASE WHEN i.combine IN ('sum', 'max') AND p.part_id IS NULL AND p.status IN ('reported', 'partial', 'exempt')
        AND coalesce(p.policy, '') <> 'full_points' THEN 'min(' || points_text(i.max_points) || ', ' || bare || ')'
      WHEN i.rule = 'penalty' AND p.place IS NOT NULL THEN '-(' || bare || ')' ELSE bare END AS signed,
    CASE WHEN i.round_digits IS NOT NULL AND p.status IN ('reported', 'partial', 'exempt')
        AND coalesce(p.policy, '') <> 'full_points'
      THEN 'round_' || i.round_mode || '(' || signed || ', ' || i.round_digits || ')' ELSE signed END AS formula
  FROM _told p JOIN _indicators i USING (ind_id)
  LEFT JOIN _segments s ON s.part_id = p.part_id AND s.place = p.place
  WHERE p.row_id >= $1 AND p.row_id < $2
)
SELECT r.ruleset_id, r.agency_group, r.agency_id, r.assessment_year, r.period, t.indicator_code, t.main_index_code,
  t.shown AS points,
  CASE WHEN t.status = 'not_applicable' OR (t.status = 'missing' AND t.missing = 'leave_out') THEN 0
    ELSE t.max_points END::{POINTS_TYPE} AS max_points,
  t.rule, t.article, t.status, t.reason,
  t.trace_head || ',"status":"' || t.status || '"'
    || CASE WHEN t.reason IS NULL THEN '' ELSE ',"reason":"' || t.reason || '"' END
    || CASE WHEN t.article IS NULL THEN '' ELSE ',"article":' || to_json(t.article)::VARCHAR END
    || CASE WHEN t.policy IS NULL THEN '' ELSE ',"policy":"' || t.policy || '"' END
    || CASE WHEN s.agency_id IS NULL THEN '' ELSE ',"as":' || to_json(s.agency_id)::VARCHAR END
    || CASE WHEN t.value IS NULL THEN '' ELSE ',"value":' || to_json(t.value)::VARCHAR END
    || CASE WHEN t.figure IS NULL THEN '' ELSE ',"figure":"' || t.figure || '"' END
    || CASE WHEN t.because IS NULL THEN '' ELSE ',"because":"' || t.because || '"' END
    || CASE WHEN t.over OR t.capped THEN ',"cap":"' || points_text(t.max_points) || '"' ELSE '' END
    || ',"formula":"' || t.formula || '","points":"' || points_text(t.shown) || '"}}' AS trace
FROM told t JOIN _roster r USING (row_id) LEFT JOIN _roster s ON s.row_id = t.as_row
ORDER BY t.row_id, t.ind_id"""

_COMMENT = "One row per ruleset, agency, year, period and indicator: its points, and a trace that gives them"
_COMMENTS = {
    "ruleset_id": "Ruleset",
    "agency_group": "Group of agencies that are ranked together",
    "agency_id": "Agency",
    "assessment_year": "Year that is assessed",
    "period": "Time the figures cover: 2025, 2025-Q3, 2025-10",
    "indicator_code": "Indicator, as text",
    "main_index_code": "Its main index; empty for bonus and penalty",
    "points": "Points, exact to ten decimals (half up), or rounded as the ruleset says",
    "max_points": "Maximum; 0 where the indicator is left out for this agency",
    "rule": "Kind of the rule",
    "article": "Article of an exception",
    "status": "reported, partial, exempt, entered, missing, invalid, not_applicable or not_scored",
    "reason": "Why there are no points of its own, as a code",
    "trace": "JSON: rule, status, inputs and a formula in plain arithmetic that gives the points",
}
