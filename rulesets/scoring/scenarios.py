"""Many what-ifs in one pass of the engine: each scenario is a copy of a ranking, under a period of its own.

`base_roster`, `base_values` and `base_entered` hold what was scored (columns as `inputs` names them; further columns
of `base_values` are carried along). `put` writes from them the relations that the engine reads, once per scenario,
with what the scenario changes; `score` runs the engine's own steps. Nothing is worked out here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rulesets.scoring.aggregates import score_main_indices, score_pillars
from rulesets.scoring.indicators import score_indicators
from rulesets.scoring.ranking import rank
from rulesets.scoring.tables import bring

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from rulesets.models import Ruleset

MARK = "#"
"""Stands between a period and the number of its scenario; no period that is published holds it."""
RATIO_TYPE = "DECIMAL(38, 6)"
"""The type of numerators and denominators, as the pipeline hands them to the engine."""


@dataclass(frozen=True)
class Cell:
    """What stands for one agency and indicator instead of its figure; `status` is reported, missing or exempt."""

    ruleset_id: str
    agency_id: str
    indicator_code: str
    numerator: str | None = None
    denominator: str | None = None
    value: str | None = None
    status: str = "reported"
    article: str | None = None
    stage: str = "assumed"


@dataclass(frozen=True)
class Entry:
    """Points entered for the total, a main index or an indicator; None takes back those that were entered."""

    ruleset_id: str
    agency_id: str
    code: str
    points: str | None


@dataclass(frozen=True)
class Scenario:
    """What differs from the base: cells, entered points, and rulesets (id of the base: id of the one that judges)."""

    cells: Sequence[Cell] = ()
    entries: Sequence[Entry] = ()
    rulesets: Mapping[str, str] = field(default_factory=dict)


def put(con: DuckDBPyConnection, scenarios: Sequence[Scenario], agencies: Iterable[str] = ()) -> None:
    """Write `roster`, `indicator_values` and `entered_scores` for all scenarios, numbered from 0.

    With `agencies` only these are scored: enough where a score does not depend on the others.
    """
    bring(con, "_scenarios", ("scenario INTEGER",), [(n,) for n in range(len(scenarios))])
    bring(
        con,
        "_variants",
        ("scenario INTEGER", "ruleset_id VARCHAR", "as_ruleset_id VARCHAR"),
        [(n, *pair) for n, one in enumerate(scenarios) for pair in one.rulesets.items()],
    )
    _bring_changes(con, scenarios)
    chosen = [(agency,) for agency in agencies]
    bring(con, "_only", ("agency_id VARCHAR",), chosen)
    semi = "SEMI JOIN _only USING (agency_id)" if chosen else ""
    for statement in (_ROSTER, _VALUES, _ENTERED):
        con.execute(statement.format(semi=semi))


def score(con: DuckDBPyConnection) -> None:
    """Run every step of the engine over what `put` wrote."""
    for step in (score_indicators, score_main_indices, score_pillars, rank):
        step(con)


def score_points(con: DuckDBPyConnection) -> None:
    """Only points of indicators, without wholes and ranks: for a great many scenarios."""
    score_indicators(con)


def only_indicators(ruleset: Ruleset, codes: Collection[str]) -> Ruleset:
    """A ruleset of some indicators, whose points it gives as the whole one does; wholes are not to be asked of it."""
    exceptions = [
        one.model_copy(update={"indicators": [c for c in one.indicators or codes if c in codes]})
        for one in ruleset.exceptions
    ]
    kept = [one for one in ruleset.indicator_list if one.code in codes]
    return ruleset.model_copy(update={"indicators": kept, "exceptions": exceptions})


def unmarked(relation: str) -> str:
    """SQL of a results table with `scenario` as a column, and ruleset and period as the base has them."""
    return (
        f"(SELECT * REPLACE (split_part(ruleset_id, '{MARK}', 1) AS ruleset_id, "
        f"split_part(period, '{MARK}', 1) AS period), split_part(period, '{MARK}', 2)::INTEGER AS scenario "
        f"FROM {relation})"
    )


def _bring_changes(con: DuckDBPyConnection, scenarios: Sequence[Scenario]) -> None:
    texts = ("ruleset_id", "agency_id", "indicator_code", "numerator", "denominator", "value", "status", "article")
    bring(
        con,
        "_new_cells",
        ("scenario INTEGER", *(f"{name} VARCHAR" for name in (*texts, "stage"))),
        [
            (n, *(getattr(cell, name) for name in texts), cell.stage)
            for n, one in enumerate(scenarios)
            for cell in one.cells
        ],
    )
    bring(
        con,
        "_new_entries",
        ("scenario INTEGER", *(f"{name} VARCHAR" for name in ("ruleset_id", "agency_id", "code", "points"))),
        [
            (n, entry.ruleset_id, entry.agency_id, entry.code, entry.points)
            for n, one in enumerate(scenarios)
            for entry in one.entries
        ],
    )


_PLACED = f"""SELECT b.* REPLACE (coalesce(v.as_ruleset_id, b.ruleset_id) AS ruleset_id,
    b.period || '{MARK}' || b.scenario AS period)
  FROM {{rows}} b LEFT JOIN _variants v USING (scenario, ruleset_id)"""
_ROSTER = f"""CREATE OR REPLACE TABLE roster AS
WITH rows AS (SELECT s.scenario, b.* FROM (FROM base_roster {{semi}}) b CROSS JOIN _scenarios s)
{_PLACED.format(rows="rows")}"""

# A cell that is changed takes the place of a figure and of points that were entered; entered points take that of a
# figure. What a ruleset of a scenario does not ask for is left out.
_VALUES = f"""CREATE OR REPLACE TABLE indicator_values AS
WITH touched AS (
  SELECT scenario, ruleset_id, agency_id, indicator_code FROM _new_cells
  UNION SELECT scenario, ruleset_id, agency_id, code FROM _new_entries
), kept AS (
  SELECT s.scenario, b.* FROM (FROM base_values {{semi}}) b CROSS JOIN _scenarios s
), given AS (
  SELECT c.scenario, r.ruleset_id, r.agency_id, r.assessment_year, r.period, c.indicator_code,
    TRY_CAST(c.numerator AS {RATIO_TYPE}) AS numerator, TRY_CAST(c.denominator AS {RATIO_TYPE}) AS denominator,
    c.value, c.status, c.article, c.stage
  FROM _new_cells c JOIN (FROM base_roster {{semi}}) r USING (ruleset_id, agency_id)
), rows AS (
  SELECT * FROM kept ANTI JOIN touched USING (scenario, ruleset_id, agency_id, indicator_code)
  UNION ALL BY NAME SELECT * FROM given
)
SELECT * FROM ({_PLACED.format(rows="rows")}) SEMI JOIN _indicators USING (ruleset_id, indicator_code)"""
_ENTERED = f"""CREATE OR REPLACE TABLE entered_scores AS
WITH touched AS (
  SELECT scenario, ruleset_id, agency_id, code FROM _new_entries
  UNION SELECT scenario, ruleset_id, agency_id, indicator_code FROM _new_cells
), kept AS (
  SELECT s.scenario, b.* FROM (FROM base_entered {{semi}}) b CROSS JOIN _scenarios s
), given AS (
  SELECT e.scenario, r.ruleset_id, r.agency_id, r.assessment_year, r.period, e.code, e.points
  FROM _new_entries e JOIN (FROM base_roster {{semi}}) r USING (ruleset_id, agency_id) WHERE e.points IS NOT NULL
), rows AS (
  SELECT * FROM kept ANTI JOIN touched USING (scenario, ruleset_id, agency_id, code)
  UNION ALL BY NAME SELECT * FROM given
)
SELECT * FROM ({_PLACED.format(rows="rows")}) SEMI JOIN (
  SELECT ruleset_id, indicator_code AS code FROM _indicators UNION ALL SELECT ruleset_id, code FROM _nodes
) USING (ruleset_id, code)"""
