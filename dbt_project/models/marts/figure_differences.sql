-- Where an agency declared one number and a system showed another: listed for the council's helpers when it is more
-- than the ruleset tolerates (without a tolerance: any difference). Nothing is changed by it.
with sides as (
    select
        ruleset_id,
        agency_id,
        assessment_year,
        period,
        indicator_code,
        role,
        metric,
        max({{ as_decimal('declared.value') }}) as declared,
        max({{ as_decimal('collected.value') }}) as collected
    from {{ ref('indicator_figures') }} as declared
    inner join {{ ref('indicator_figures') }} as collected
        using (ruleset_id, agency_id, assessment_year, period, indicator_code, role, metric)
    where declared.stage = 'declared' and collected.stage = 'collected'
    group by all
)

select
    sides.ruleset_id,
    sides.agency_id,
    sides.assessment_year,
    sides.period,
    sides.indicator_code,
    sides.role,
    sides.metric,
    sides.declared,
    sides.collected,
    cast(sides.declared - sides.collected as decimal(38, 6)) as difference
from sides
inner join {{ source('reference', 'indicators') }} as indicators using (ruleset_id, indicator_code)
where abs(sides.declared - sides.collected) > coalesce(indicators.tolerance, 0) * abs(sides.collected)
order by all
