-- Every figure that could feed an indicator, side by side: declared, collected, appraised. `scored` marks the one that
-- counts, by the precedence of the ruleset. Nothing is overwritten: what does not count stays visible.
with inputs as (
    select
        roster.ruleset_id,
        roster.agency_id,
        roster.assessment_year,
        roster.period,
        indicator_inputs.indicator_code,
        indicator_inputs.part,
        indicator_inputs.item,
        indicator_inputs.role,
        indicator_inputs.metric_id as metric,
        row_number() over () as input  -- within this query only: one number is compared faster than eight columns
    from {{ ref('roster') }} as roster
    inner join {{ source('reference', 'indicator_inputs') }} as indicator_inputs using (ruleset_id)
),

measured as (
    select
        inputs.*,
        metric_values.stage,
        metric_values.value,
        metric_values.source,
        metric_values.pull_id,
        metric_values.as_of,
        cast(null as varchar) as document
    from inputs
    inner join {{ ref('metric_values') }} as metric_values using (agency_id, assessment_year, period, metric)
),

decided as (
    select
        roster.ruleset_id,
        roster.agency_id,
        roster.assessment_year,
        roster.period,
        appraisals.code as indicator_code,
        appraisals.numerator,
        appraisals.denominator,
        appraisals.value,
        appraisals.document,
        appraisals.decided_on
    from {{ ref('roster') }} as roster
    inner join {{ source('reference', 'appraisals') }} as appraisals
        using (ruleset_id, agency_id, assessment_year, period)
    where appraisals.points is null
    qualify row_number() over (
        partition by roster.ruleset_id, roster.agency_id, roster.assessment_year, roster.period, appraisals.code
        order by appraisals.decided_on desc
    ) = 1
),

appraised as (
    select
        ruleset_id, agency_id, assessment_year, period, indicator_code,
        1 as part, 1 as item, role, cast(null as varchar) as metric,
        'appraised' as stage, figure as value, 'appraisals' as source, cast(null as varchar) as pull_id,
        cast(decided_on as timestamp) as as_of, document
    from decided
    unpivot (figure for role in (numerator, denominator, value))
),

figures as (
    select * from measured
    union all by name
    select * from appraised
),

placed as (
    select
        figures.*,
        list_position(indicators.stage_precedence, figures.stage) as place
    from figures
    inner join {{ source('reference', 'indicators') }} as indicators using (ruleset_id, indicator_code)
),

-- An appraisal decides about the whole indicator; between the others each input has its own best.
appraised_indicators as (
    select ruleset_id, agency_id, assessment_year, period, indicator_code
    from placed
    semi join (
        select * from placed
        where stage = 'appraised'
    ) as decisions using (ruleset_id, agency_id, assessment_year, period, indicator_code)
    group by all
    having min(place) filter (where stage = 'appraised')
        < coalesce(min(place) filter (where stage <> 'appraised'), 1000)
),

best as (
    select
        placed.*,
        appraised_indicators.agency_id is not null as is_appraised,
        min(placed.place) filter (where placed.stage <> 'appraised') over (partition by placed.input) as best_place
    from placed
    left join appraised_indicators using (ruleset_id, agency_id, assessment_year, period, indicator_code)
)

select
    ruleset_id,
    agency_id,
    assessment_year,
    period,
    indicator_code,
    part,
    item,
    role,
    metric,
    stage,
    value,
    case
        when is_appraised then stage = 'appraised'
        else stage <> 'appraised' and coalesce(place = best_place, false)
    end as scored,
    source,
    pull_id,
    as_of,
    document
from best
order by all
