-- The figures of each indicator, gathered from the metrics that its ruleset names. No row: no figure (never zero).
-- Whoever an article spares an indicator stands here as exempt with that article and without a figure, so that an
-- exempt agency's own figures can never count.
with inputs as (
    select
        roster.ruleset_id,
        roster.agency_id,
        roster.assessment_year,
        roster.period,
        indicator_inputs.indicator_code,
        indicator_inputs.role,
        metric_values.value,
        metric_values.stage,
        metric_values.source,
        metric_values.pull_id,
        metric_values.as_of
    from {{ ref('roster') }} as roster
    inner join {{ source('reference', 'indicator_inputs') }} as indicator_inputs using (ruleset_id)
    inner join {{ ref('metric_values') }} as metric_values
        on metric_values.agency_id = roster.agency_id
        and metric_values.assessment_year = roster.assessment_year
        and metric_values.period = roster.period
        and metric_values.metric = indicator_inputs.metric
    anti join {{ source('reference', 'exceptions') }} as exceptions
        on exceptions.ruleset_id = roster.ruleset_id
        and exceptions.assessment_year = roster.assessment_year
        and exceptions.agency_id = roster.agency_id
        and exceptions.indicator_code = indicator_inputs.indicator_code
),

reported as (
    select
        ruleset_id,
        agency_id,
        assessment_year,
        period,
        indicator_code,
        max(try_cast(value as decimal(38, 6))) filter (where role = 'numerator') as numerator,
        max(try_cast(value as decimal(38, 6))) filter (where role = 'denominator') as denominator,
        max(value) filter (where role = 'value') as value,
        'reported' as status,
        cast(null as varchar) as article,
        stage,
        string_agg(distinct source, '; ' order by source) as source,
        string_agg(distinct pull_id, '; ' order by pull_id) as pull_id,
        max(as_of) as as_of
    from inputs
    group by ruleset_id, agency_id, assessment_year, period, indicator_code, stage
),

exempt as (
    select
        roster.ruleset_id,
        roster.agency_id,
        roster.assessment_year,
        roster.period,
        exceptions.indicator_code,
        cast(null as decimal(38, 6)) as numerator,
        cast(null as decimal(38, 6)) as denominator,
        cast(null as varchar) as value,
        'exempt' as status,
        exceptions.article,
        'appraised' as stage,
        exceptions.document as source,
        cast(null as varchar) as pull_id,
        cast(null as timestamp) as as_of
    from {{ ref('roster') }} as roster
    inner join {{ source('reference', 'exceptions') }} as exceptions using (ruleset_id, assessment_year, agency_id)
)

select * from reported
union all by name
select * from exempt
order by all
