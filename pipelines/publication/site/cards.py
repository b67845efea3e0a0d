"""What the pages of agencies show, read for some agencies at a time: scores with all that explains them, figures with
the records behind them, results of other years."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from pipelines.explanation import SCORES
from pipelines.publication.site.reading import Board, Row, among
from pipelines.sql import records

# Every part is narrowed to the agencies by itself: a join would look at all of them first.
_CARDS = f"""
with cards as ({SCORES} where s.{{mine}} and {{where}})
select c.*, k.points_claimed, k.evidence, e.points as entered, coalesce(e.reason, p.reason, x.reason) as because,
    coalesce(e.document, p.document, x.document) as document, coalesce(e.decided_on, p.decided_on) as decided_on
from cards as c
left join (from claimed_points where {{mine}}) as k
    using (ruleset_id, agency_id, assessment_year, period, indicator_code)
left join (from entered_scores where {{mine}}) as e on e.ruleset_id = c.ruleset_id and e.agency_id = c.agency_id
    and e.assessment_year = c.assessment_year and e.period = c.period and e.code = c.indicator_code
left join (
    from appraisals where {{mine}} qualify row_number() over (
        partition by ruleset_id, agency_id, assessment_year, period, code order by decided_on desc, document) = 1
) as p on p.ruleset_id = c.ruleset_id and p.agency_id = c.agency_id
    and p.assessment_year = c.assessment_year and p.period = c.period and p.code = c.indicator_code
left join (from exceptions where {{mine}}) as x on x.ruleset_id = c.ruleset_id and x.agency_id = c.agency_id
    and x.assessment_year = c.assessment_year and x.indicator_code = c.indicator_code and x.article = c.article
order by c.agency_id, c.position
"""
_FIGURES = """
select f.agency_id, f.indicator_code, f.part, f.item, f.role, f.metric, f.stage, f.value, f.scored, f.source, f.pull_id,
    f.document, m.meaning_vi, m.unit, v.body_sha256, v.pointer
from (from indicator_figures where {mine}) as f
left join (select metric, meaning_vi, unit from metrics) as m using (metric)
left join (from metric_values where {mine}) as v
    using (agency_id, assessment_year, period, metric, stage, source, pull_id)
where {key}
order by f.agency_id, f.indicator_code, f.part, f.item, f.role desc, f.metric, f.stage
"""
_HISTORY = """
select r.agency_id, r.agency_group, r.ruleset_id, r.assessment_year, r.period, r.total, r.max_total, r.share, r.rank,
    r.grade, r.comparable, r.rank_change, r.not_comparable_reason, d.decision
from rankings as r
inner join rulesets as d using (ruleset_id)
where r.{mine}
order by r.agency_id, r.assessment_year, length(r.period) desc, r.period, r.ruleset_id
"""


def of_agencies(con: duckdb.DuckDBPyConnection, board: Board, ids: Sequence[str]) -> dict[str, dict[str, list[Row]]]:
    """Scores (`cards`), figures and history of some agencies of a ranking, by agency."""
    mine = among(ids)
    made: dict[str, dict[str, list[Row]]] = {one: {"cards": [], "figures": [], "history": []} for one in ids}
    for name, sql in (
        ("cards", _CARDS.format(where=board.rows("s"), mine=mine)),
        ("figures", _FIGURES.format(key=board.key("f"), mine=mine)),
        ("history", _HISTORY.format(mine=mine)),
    ):
        for row in records(con, sql):
            made[row["agency_id"]][name].append(row)
    return made
