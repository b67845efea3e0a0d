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
        indicator_inputs.metric_id as metric
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
best as (
    select
        *,
        min(place) filter (where stage = 'appraised') over indicator as appraised_place,
        min(place) filter (where stage <> 'appraised') over indicator as measured_place,
        min(place) filter (where stage <> 'appraised') over input as input_place
    from placed
    window
        indicator as (partition by ruleset_id, agency_id, assessment_year, period, indicator_code),
        input as (partition by ruleset_id, agency_id, assessment_year, period, indicator_code, part, item, role)
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
    coalesce(
        case
            when appraised_place is not null and appraised_place < coalesce(measured_place, 1000)
                then stage = 'appraised'
            else stage <> 'appraised' and place = input_place
        end,
        false
    ) as scored,
    source,
    pull_id,
    as_of,
    document
from best
order by all
