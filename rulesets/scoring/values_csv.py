"""Any ruleset over any table of values, without a deployment: what `dti score` does with a CSV file.

The file has the columns `agency,indicator,numerator,denominator,value,status,article`; all its rows are one agency
group. Where points rather than values are known, `indicator` is a main index's code or `total` and `value` the points.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.errors import Finding, Text
from rulesets.load import LoadedRuleset
from rulesets.scoring.aggregates import score_main_indices, score_pillars
from rulesets.scoring.explain import REASONS
from rulesets.scoring.indicators import score_indicators
from rulesets.scoring.ranking import rank
from rulesets.scoring.reference import write_reference
from rulesets.scoring.tables import fill
from rulesets.scoring.values_file import Line, doubts, read_values

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SCORES = ("agency", "indicator", "points", "status", "rule")
TOTALS = ("agency", "main_index", "pillar", "points", "max_points", "rank", "grade")


@dataclass(frozen=True)
class Scored:
    """Rows to write, as text in the order of `SCORES` and `TOTALS`, and what a person should know about them."""

    scores: list[tuple[str, ...]]
    totals: list[tuple[str, ...]]
    warnings: list[Finding]


def score_csv(loaded: LoadedRuleset, path: Path) -> Scored:
    """Score a file of values; raise `ConfigurationError` with every finding as `file:line`."""
    import duckdb

    lines = read_values(loaded, path)
    with duckdb.connect() as con:
        write_reference(con, [loaded])
        _put(con, loaded, lines)
        for step in (score_indicators, score_main_indices, score_pillars, rank):
            step(con)
        return Scored(_scores(con), _totals(con), [*_warnings(con, lines), *doubts(loaded, lines)])


def to_csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """CSV text with a header, as the command prints it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def _put(con: DuckDBPyConnection, loaded: LoadedRuleset, lines: list[Line]) -> None:
    """The three relations that the engine reads, for one group in one year."""
    year = loaded.ruleset.valid.year_from
    indicators = {one.code for one in loaded.ruleset.indicator_list}
    key = (loaded.ruleset_id, str(year), str(year))
    agencies = dict.fromkeys(line.cells["agency"] for line in lines)
    base = [("ruleset_id", "VARCHAR", ""), ("assessment_year", "INTEGER", ""), ("period", "VARCHAR", "")]
    fill(
        con,
        "roster",
        "Agencies of the file",
        [*base, ("agency_group", "VARCHAR", ""), ("agency_id", "VARCHAR", ""), ("parent_id", "VARCHAR", "")],
        [(*key, loaded.ruleset.groups[0], name, None) for name in agencies],
    )
    value_rows, point_rows = [], []
    for line in lines:
        cells = line.cells
        if cells["indicator"] in indicators:
            rest = (cells[name] or None for name in ("numerator", "denominator", "value", "status", "article"))
            value_rows.append((*key, cells["agency"], cells["indicator"], *rest))
        elif cells["status"].lower() != "missing":
            point_rows.append((*key, cells["agency"], cells["indicator"], cells["value"]))
    names = ("agency_id", "indicator_code", "numerator", "denominator", "value", "status", "article")
    fill(con, "indicator_values", "Values of the file", [*base, *((n, "VARCHAR", "") for n in names)], value_rows)
    points = [(name, "VARCHAR", "") for name in ("agency_id", "code", "points")]
    fill(con, "entered_scores", "Points of the file", [*base, *points], point_rows)


# Indicators under an entered main index or an entered total were not asked for, so they are not listed as missing.
_SCORES_SQL = """SELECT s.agency_id, s.indicator_code, points_text(s.points), s.status, s.rule
FROM indicator_scores s JOIN indicators i USING (ruleset_id, indicator_code)
WHERE s.status <> 'missing' OR NOT EXISTS (SELECT 1 FROM entered_scores e
  WHERE e.agency_id = s.agency_id AND e.code IN ('total', s.main_index_code)
    AND NOT EXISTS (SELECT 1 FROM indicator_values v
      WHERE v.agency_id = s.agency_id AND v.indicator_code = s.indicator_code))
ORDER BY s.agency_id, i.position"""
_TOTALS_SQL = """SELECT agency, main_index, pillar, points, max_points, rank, grade FROM (
  SELECT s.agency_id AS agency, s.main_index_code AS main_index, '' AS pillar,
    CASE WHEN s.status = 'missing' AND r.status = 'entered' THEN '' ELSE points_text(s.points) END AS points,
    points_text(s.max_points) AS max_points, s.rank, NULL AS grade, 1 AS part, m.position
  FROM main_index_scores s JOIN main_indices m USING (ruleset_id, main_index_code) JOIN rankings r USING (agency_id)
  UNION ALL
  SELECT s.agency_id, '', s.pillar_code,
    CASE WHEN s.status = 'missing' AND r.status = 'entered' THEN '' ELSE points_text(s.points) END,
    points_text(s.max_points), s.rank, NULL, 2, p.position
  FROM pillar_scores s JOIN pillars p USING (ruleset_id, pillar_code) JOIN rankings r USING (agency_id)
  UNION ALL
  SELECT agency_id, '', '', points_text(total), points_text(max_total), rank, grade, 3, 0 FROM rankings)
ORDER BY agency, part, position"""


def _rows(con: DuckDBPyConnection, query: str) -> list[tuple[str, ...]]:
    return [tuple("" if cell is None else str(cell) for cell in row) for row in con.execute(query).fetchall()]


def _scores(con: DuckDBPyConnection) -> list[tuple[str, ...]]:
    return _rows(con, _SCORES_SQL)


def _totals(con: DuckDBPyConnection) -> list[tuple[str, ...]]:
    return _rows(con, _TOTALS_SQL)


def _warnings(con: DuckDBPyConnection, lines: list[Line]) -> list[Finding]:
    """Values that did not reach a score, each at its line."""
    places = {(line.cells["agency"], line.cells["indicator"]): line.where for line in lines}
    rows: list[tuple[Any, ...]] = con.execute(
        """SELECT agency_id, indicator_code, reason FROM indicator_scores WHERE status = 'invalid'
        UNION ALL SELECT agency_id, main_index_code, reason FROM main_index_scores
        WHERE status = 'invalid' AND reason IS NOT NULL
        UNION ALL SELECT agency_id, 'total', reason FROM (SELECT agency_id, p.reason, p.is_entered
          FROM _total_points p JOIN _roster USING (row_id) WHERE p.status = 'invalid' AND p.is_entered)
        ORDER BY ALL"""
    ).fetchall()
    findings = []
    for agency, code, reason in rows:
        why = REASONS.get(reason, Text(reason, reason))
        text = Text(f"'{agency}', '{code}' không được tính: {why.vi}", f"'{agency}', '{code}' is not scored: {why.en}")
        findings.append(Finding(f"value-{reason.replace('_', '-')}", text, where=places.get((agency, code), "")))
    return findings
