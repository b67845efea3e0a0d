"""What a rebuild would change of a frozen year, cell by cell, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from common.errors import Text
from pipelines.sql import literal, records

if TYPE_CHECKING:
    import duckdb

    from pipelines.frozen import FrozenYear
    from pipelines.inputs import Inputs

DIFFERENCES = (
    "assessment_year integer, revision integer, ruleset_id varchar, agency_id varchar, period varchar, what varchar, "
    "code varchar, frozen_value varchar, rebuilt_value varchar, cause varchar"
)
CAUSES = {
    "source": Text("nguồn cập nhật lại số liệu", "source restated"),
    "appraisal": Text("quyết định thẩm định", "appraisal"),
    "exception": Text("miễn áp dụng", "exception"),
    "register": Text("sổ đăng ký cơ quan", "register of agencies"),
    "ruleset": Text("bộ chỉ số", "ruleset"),
    "others": Text("cơ quan khác thay đổi", "other agencies moved"),
    "code": Text("phần mềm", "software"),
}

# One row per indicator whose points or status differ, with what of its figures differs; then totals, grades and ranks.
# `is distinct from` counts a value against none.
_SQL = """
with now_rows as (from rankings where assessment_year = {year}),
indicator_cells as (
    select ruleset_id, agency_id, period, indicator_code,
        f.points as points_then, n.points as points_now, f.status as status_then, n.status as status_now,
        f.agency_id is null or n.agency_id is null as one_sided
    from _frozen_indicator_scores as f
    full join (from indicator_scores where assessment_year = {year}) as n
        using (ruleset_id, agency_id, period, indicator_code)
    where (f.points, f.status) is distinct from (n.points, n.status)
),
figures as (
    select ruleset_id, agency_id, period, indicator_code,
        (f.numerator, f.denominator, f.value) is distinct from (n.numerator, n.denominator, n.value) as figure_differs,
        'appraised' in (coalesce(f.stage, ''), coalesce(n.stage, '')) as appraised,
        f.article is distinct from n.article as article_differs
    from _frozen_indicator_values as f
    full join (from indicator_values where assessment_year = {year}) as n
        using (ruleset_id, agency_id, period, indicator_code)
),
entered as (
    select ruleset_id, agency_id, period, code
    from _frozen_entered_scores as f
    full join (from entered_scores where assessment_year = {year}) as n using (ruleset_id, agency_id, period, code)
    where f.points is distinct from n.points
),
indicators_told as (
    select c.ruleset_id, c.agency_id, c.period, 'points' as what, c.indicator_code as code,
        coalesce(cast(c.points_then as varchar), '') || ' ' || coalesce(c.status_then, '–') as frozen_value,
        coalesce(cast(c.points_now as varchar), '') || ' ' || coalesce(c.status_now, '–') as rebuilt_value,
        case
            when c.one_sided then 'register'
            when g.article_differs then 'exception'
            when e.code is not null or (g.figure_differs and g.appraised) then 'appraisal'
            when g.figure_differs then '{figure_cause}'
            when c.ruleset_id in ({changed_rulesets}) then 'ruleset'
            when {same_code} then 'others'
            else 'code'
        end as cause
    from indicator_cells as c
    left join figures as g using (ruleset_id, agency_id, period, indicator_code)
    left join entered as e
        on e.ruleset_id = c.ruleset_id and e.agency_id = c.agency_id and e.period = c.period
        and e.code = c.indicator_code
),
own as (
    select ruleset_id, agency_id, period, min(cause) as cause
    from (
        select ruleset_id, agency_id, period, cause from indicators_told
        union all
        select ruleset_id, agency_id, period, 'appraisal' from entered
    )
    group by all
),
rankings_told as (
    select ruleset_id, agency_id, period, what, '' as code, frozen_value, rebuilt_value,
        case
            when f_agency is null or n_agency is null then 'register'
            when what <> 'rank' or total_differs then coalesce(o.cause, {whole_cause})
            when some_total_differs then 'others'
            else {whole_cause}
        end as cause
    from (
        select ruleset_id, agency_id, period, f.agency_id as f_agency, n.agency_id as n_agency,
            f.total is distinct from n.total as total_differs,
            bool_or(f.total is distinct from n.total) over (partition by ruleset_id, period) as some_total_differs,
            unnest(['total', 'rank', 'grade']) as what,
            unnest([cast(f.total as varchar), cast(f.rank as varchar), f.grade]) as frozen_value,
            unnest([cast(n.total as varchar), cast(n.rank as varchar), n.grade]) as rebuilt_value
        from _frozen_rankings as f
        full join now_rows as n using (ruleset_id, agency_id, period)
    ) as cells
    left join own as o using (ruleset_id, agency_id, period)
    where frozen_value is distinct from rebuilt_value
)
select {year} as assessment_year, {revision} as revision, *
from (select * from rankings_told union all by name select * from indicators_told)
order by all
"""

# Of a total, grade or rank that differs where no indicator of the agency does.
_WHOLE = "case when ruleset_id in ({changed}) then 'ruleset' else '{otherwise}' end"


def differences(con: duckdb.DuckDBPyConnection, one: FrozenYear, inputs: Inputs) -> list[dict[str, Any]]:
    """Every total, rank, grade and indicator that differs between the frozen rows (`_frozen_…`) and the build."""
    from pipelines.inputs import software

    same = all(one.versions.get(name, now) == now for name, now in software().items())
    today = {loaded.ruleset_id: loaded.content_hash for loaded in inputs.rulesets}
    changed = [name for name, digest in one.rulesets.items() if today.get(name) != digest]
    changed_names = ", ".join(literal(name) for name in changed) or "''"
    sql = _SQL.format(
        year=int(one.year),
        revision=int(one.revision),
        changed_rulesets=changed_names,
        same_code="true" if same else "false",
        whole_cause=_WHOLE.format(changed=changed_names, otherwise="others" if same else "code"),
        figure_cause=_figure_cause(con, one, inputs, same),
    )
    return records(con, sql)


def _figure_cause(con: duckdb.DuckDBPyConnection, one: FrozenYear, inputs: Inputs, same_software: bool) -> str:
    """Why a figure differs: other pulls, else another register (codes), else other software or catalogue of metrics."""
    today = {row[0] for row in con.execute(f"select pull_id from pulls where assessment_year = {one.year}").fetchall()}
    then = {row[0] for row in con.execute("select pull_id from _frozen_pulls").fetchall()}
    if today != then:
        return "source"
    if one.registers != inputs.registers.content_hash:
        return "register"
    return "ruleset" if same_software else "code"
