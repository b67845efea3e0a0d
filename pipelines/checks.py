"""Blocking checks of the final tables: nothing downstream of a failed one runs, so nothing is published."""

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
from dagster import (
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    asset_check,
    multi_asset_check,
)

from common.errors import Finding, GateError, Text
from pipelines import build, progress
from pipelines.assets.errors import for_people, remember
from pipelines.check_results import CheckResult, write_check_results
from pipelines.corrections import UNEXPECTED, unexpected
from pipelines.invariants import INVARIANTS
from pipelines.resources import POOL, Refresh
from pipelines.sql import records
from pipelines.suites import Expected, named, run_suite

# Computed without dbt: the figures as they lie in the accepted relations, so that a wrong join or a shuffled column
# between landing and indicator values shows.
INDICATOR_FRAME = """
with figures as (
    select f.ruleset_id, f.agency_id, f.assessment_year, f.period, f.indicator_code, f.part, f.item, f.role,
        coalesce(mv.value, f.value) as text,
        -- the narrow type is read two hundred times faster; with an exponent it is not read exactly
        case when contains(lower(text), 'e') then try_cast(text as decimal(38, 6))
            else coalesce(try_cast(text as decimal(18, 6)), try_cast(text as decimal(38, 6))) end as number
    from indicator_figures as f
    left join metric_values as mv using (agency_id, assessment_year, period, metric, stage)
    where f.scored
),
at_source as (
    select ruleset_id, agency_id, assessment_year, period, indicator_code,
        count(*) as figures, count(distinct (part, item, role)) as places,
        max(number) filter (role = 'numerator') as numerator,
        max(number) filter (role = 'denominator') as denominator,
        max(text) filter (role = 'value') as value
    from figures
    group by all
)
select iv.* exclude (numerator, denominator, value, article, source, pull_id, as_of),
    coalesce(iv.value, cast(iv.numerator as varchar), cast(iv.denominator as varchar)) is not null
        or (iv.status = 'exempt' and iv.article is not null) as has_figure,
    coalesce(s.figures = s.places, true) as one_figure_each,
    concat_ws('|', iv.numerator, iv.denominator, iv.value) as figure,
    case when iv.status = 'exempt' or contains(iv.value, ';') or s.agency_id is null then figure
        else concat_ws('|', s.numerator, s.denominator, s.value) end as figure_at_source
from indicator_values as iv
left join at_source as s using (ruleset_id, agency_id, assessment_year, period, indicator_code)
"""

# Totals are added up again where a ruleset adds up (not in a mean, not where something was left out and rescaled), from
# the indicators' points and from what the council entered for a main index or for the total. Points are stored with ten
# decimals, half up, so their sum may miss the exact total by half a unit of the last one for each of them.
RANKING_FRAME = """
with main_indices_again as (
    select ruleset_id, agency_id, assessment_year, period, main_index_code as code, sum(points) as points,
        count(*) as stored, bool_or(status = 'not_applicable') as left_out
    from indicator_scores
    group by all
    union all
    select ruleset_id, agency_id, assessment_year, period, code, cast(points as decimal(18, 10)), 0, false
    from entered_scores
    where (ruleset_id, code) in (select (ruleset_id, main_index_code) from main_indices)
),
sums as (
    select ruleset_id, agency_id, assessment_year, period, sum(points) as points, sum(stored) as stored,
        bool_or(left_out) as left_out
    from main_indices_again
    group by all
),
totals as (
    select r.ruleset_id, r.agency_id, r.assessment_year, r.period,
        case
            when e.points is not null then cast(e.points as decimal(18, 10))
            when s.left_out or r.ruleset_id in (select ruleset_id from _nodes where kind <> 'sum') then r.total
            when 2 * abs(s.points - r.total) <= s.stored * cast(0.0000000001 as decimal(18, 10)) then r.total
            when abs(s.points - r.total) * cast(1000000000000000 as decimal(38, 0)) < (
                select max(round_unit) from _nodes as n where n.ruleset_id = r.ruleset_id
            ) then r.total  -- a ruleset that rounds its totals
            else coalesce(s.points, 0)  -- for whom nothing was entered
        end as recomputed_total
    from rankings as r
    left join sums as s using (ruleset_id, agency_id, assessment_year, period)
    left join entered_scores as e
        on e.ruleset_id = r.ruleset_id and e.agency_id = r.agency_id and e.period = r.period and e.code = 'total'
),
held as (
    select ruleset_id, agency_group, assessment_year, period, total, count(*) as agencies
    from rankings
    where ranked
    group by all
),
-- How many stand above each total, by counting.
places as (
    select ruleset_id, agency_group, assessment_year, period, total,
        coalesce(sum(agencies) over (
            partition by ruleset_id, agency_group, assessment_year, period
            order by total desc rows between unbounded preceding and 1 preceding
        ), 0) as better
    from held
)
select r.*, coalesce(r.rank, 0) as shown_rank, t.recomputed_total,
    case when r.ranked then p.better + 1 else 0 end as recomputed_rank
from rankings as r
left join totals as t using (ruleset_id, agency_id, assessment_year, period)
left join places as p using (ruleset_id, agency_group, assessment_year, period, total)
"""


def check_definitions() -> list[AssetChecksDefinition]:
    return [corrections_hold, indicator_values_suite, rankings_checks]


@asset_check(
    asset="metric_values",
    blocking=True,
    pool=POOL,
    description="Every correction found the figure that it expects; none that has expired is still needed.",
)
def corrections_hold(refresh: Refresh) -> AssetCheckResult:
    with for_people(), build.step(refresh.deployment) as con:
        found = [unexpected(row) for row in records(con, UNEXPECTED)]
        detail = "; ".join(one.line("vi") for one in found[:3])
        name, count = "corrections_hold", len(found)
        row = CheckResult("corrections", "metric_values", name, "sql", not found, unexpected=count, detail=detail)
        write_check_results(con, "corrections", [row])
    return AssetCheckResult(
        asset_key="metric_values",
        check_name="corrections_hold",
        passed=not found,
        severity=AssetCheckSeverity.ERROR,
        metadata={one.where: f"{one.line('vi')} | {one.line('en')}" for one in found} or {"unexpected": 0},
    )


@asset_check(
    asset="indicator_values",
    blocking=True,
    pool=POOL,
    description="Great Expectations suite: every value has a figure, a known status and stage, and equals its source.",
)
def indicator_values_suite(refresh: Refresh) -> AssetCheckResult:
    with for_people(), build.step(refresh.deployment) as con:
        results = run_suite(named("indicator_values"), con.execute(INDICATOR_FRAME).df())
        write_check_results(con, "indicators", _rows("indicators", "indicator_values", results))
    return _suite_result("indicator_values", "indicator_values_suite", results)


@multi_asset_check(
    specs=[
        AssetCheckSpec(
            "rankings_suite",
            asset="rankings",
            blocking=True,
            description="Great Expectations suite: totals and ranks equal a computation without the engine.",
        ),
        AssetCheckSpec(
            "scoring_invariants",
            asset="rankings",
            blocking=True,
            description="What must hold for any ruleset, as SQL that returns the offending rows.",
        ),
    ],
    pool=POOL,
)
def rankings_checks(refresh: Refresh) -> Iterator[AssetCheckResult]:
    """Both kinds of checks of the ranking in one step."""
    progress.say("kiểm tra kết quả", "checking the results")
    with for_people(), build.step(refresh.deployment) as con:
        suite = run_suite(named("rankings"), con.execute(RANKING_FRAME).df())
        broken = run_invariants(con)
        write_check_results(con, "scores", [*_rows("scores", "rankings", suite), *broken])
    yield _suite_result("rankings", "rankings_suite", suite)
    failed = [one for one in broken if not one.passed]
    if failed:
        remember(_blocked("rankings", "scoring_invariants", [f"{one.check_name}: {one.detail}" for one in failed]))
    yield AssetCheckResult(
        asset_key="rankings",
        check_name="scoring_invariants",
        passed=not failed,
        severity=AssetCheckSeverity.ERROR,
        metadata={one.check_name: one.detail for one in failed} or {"held": len(broken)},
    )


def run_invariants(con: duckdb.DuckDBPyConnection) -> list[CheckResult]:
    """Each invariant's query returns the rows that break it."""
    results = []
    for invariant in INVARIANTS:
        rows = con.execute(invariant.sql).fetchall()
        detail = "; ".join(", ".join(str(cell) for cell in row) for row in rows[:3])
        results.append(
            CheckResult(
                "scores", invariant.subject, invariant.name, "sql", not rows, unexpected=len(rows), detail=detail
            )
        )
    return results


def _rows(stage: str, subject: str, results: Sequence[Expected]) -> list[CheckResult]:
    return [
        CheckResult(
            stage=stage,
            subject=subject,
            check_name=f"{one.name}({one.columns})" if one.columns else one.name,
            engine="great_expectations",
            passed=one.passed,
            unexpected=one.unexpected,
            detail="; ".join(one.examples) if not one.passed else "",
        )
        for one in results
    ]


def _suite_result(asset: str, check: str, results: Sequence[Expected]) -> AssetCheckResult:
    failed = [one for one in results if not one.passed]
    metadata: dict[str, Any] = {f"{one.name}({one.columns})": "; ".join(one.examples) for one in failed}
    if failed:
        remember(_blocked(asset, check, [f"{name}: {examples}" for name, examples in metadata.items()]))
    return AssetCheckResult(
        asset_key=asset,
        check_name=check,
        passed=not failed,
        severity=AssetCheckSeverity.ERROR,
        metadata=metadata or {"expectations": len(results)},
    )


def _blocked(asset: str, check: str, lines: Sequence[str]) -> GateError:
    """A failed check as the error that the journal keeps."""
    return GateError(
        "check-failed",
        Text(f"kiểm tra chặn không đạt: {asset}:{check}", f"blocking check failed: {asset}:{check}"),
        hint=Text("dti status cho biết lý do và việc cần làm", "dti status tells why and what to do"),
        where=f"{asset}:{check}",
        findings=[Finding(check, Text(line, line), where=asset) for line in lines],
    )
