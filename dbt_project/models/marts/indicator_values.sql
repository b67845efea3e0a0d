-- The figures of each indicator that count, put together as the rule wants them. No row: no figure (never zero).
-- Whoever an article spares an indicator stands here as exempt with that article and without a figure, so that an
-- exempt agency's own figures can never count; whoever was given points by the council stands in `entered_scores`.
with exempt as (
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
),

without_figures as (
    select ruleset_id, agency_id, assessment_year, period, indicator_code from exempt
    union
    select ruleset_id, agency_id, assessment_year, period, code as indicator_code from {{ ref('entered_scores') }}
),

-- An appraisal of a whole indicator may name other roles than its inputs have.
scored as (
    select *
    from {{ ref('indicator_figures') }}
    semi join {{ source('reference', 'indicator_inputs') }} as indicator_inputs using (ruleset_id, indicator_code)
    anti join without_figures using (ruleset_id, agency_id, assessment_year, period, indicator_code)
    where scored
),

-- Few indicators judge by more than one figure or ratio; only theirs are put together as lists.
listed as (
    select ruleset_id, indicator_code
    from {{ source('reference', 'indicator_inputs') }}
    group by all
    having count(distinct (part, item)) > 1
),

wanted as (
    select
        roster.ruleset_id,
        roster.agency_id,
        roster.assessment_year,
        roster.period,
        indicator_inputs.indicator_code,
        indicator_inputs.part,
        indicator_inputs.item,
        indicator_inputs.role
    from {{ ref('roster') }} as roster
    inner join {{ source('reference', 'indicator_inputs') }} as indicator_inputs using (ruleset_id)
    semi join listed using (ruleset_id, indicator_code)
    anti join without_figures using (ruleset_id, agency_id, assessment_year, period, indicator_code)
),

joined as (
    select ruleset_id, agency_id, assessment_year, period, indicator_code, part, item, role, figures.value
    from wanted
    full join (select * from scored semi join listed using (ruleset_id, indicator_code)) as figures
        using (ruleset_id, agency_id, assessment_year, period, indicator_code, part, item, role)
),

-- A ratio of one item is `n/d`, a value itself; a list names its items in order, an empty place where one is missing.
items as (
    select
        ruleset_id,
        agency_id,
        assessment_year,
        period,
        indicator_code,
        part,
        item,
        max(value) filter (where role = 'numerator') as numerator,
        max(value) filter (where role = 'denominator') as denominator,
        max(value) filter (where role in ('value', 'gate')) as value,
        bool_or(role = 'numerator') as is_ratio
    from joined
    group by all
),

parts as (
    select
        ruleset_id,
        agency_id,
        assessment_year,
        period,
        indicator_code,
        part,
        count(*) as items,
        string_agg(
            case
                when is_ratio and numerator is null and denominator is null then ''
                when is_ratio then coalesce(numerator, '') || '/' || coalesce(denominator, '')
                else coalesce(value, '')
            end, '|' order by item
        ) as list
    from items
    group by all
),

lists as (
    select
        ruleset_id,
        agency_id,
        assessment_year,
        period,
        indicator_code,
        case
            when count(*) > 1 then string_agg(list, ';' order by part)
            when max(items) > 1 then replace(max(list), '|', ';')
        end as list
    from parts
    group by all
),

facts as (
    select
        ruleset_id,
        agency_id,
        assessment_year,
        period,
        indicator_code,
        max({{ as_decimal('value') }}) filter (where role = 'numerator') as numerator,
        max({{ as_decimal('value') }}) filter (where role = 'denominator') as denominator,
        max(value) filter (where role = 'value') as value,
        case
            when bool_or(stage = 'appraised') then 'appraised'
            when bool_or(stage = 'collected' and role <> 'denominator') then 'collected'
            else 'declared'
        end as stage,
        nullif(array_to_string(list_sort(list_distinct(list(source))), '; '), '') as source,
        nullif(array_to_string(list_sort(list_distinct(list(pull_id))), '; '), '') as pull_id,
        max(as_of) as as_of
    from scored
    group by all
    having count(value) > 0
),

reported as (
    select
        facts.ruleset_id,
        facts.agency_id,
        facts.assessment_year,
        facts.period,
        facts.indicator_code,
        case when lists.list is null then facts.numerator end as numerator,
        case when lists.list is null then facts.denominator end as denominator,
        coalesce(lists.list, facts.value) as value,
        'reported' as status,
        cast(null as varchar) as article,
        facts.stage,
        facts.source,
        facts.pull_id,
        facts.as_of
    from facts
    left join lists using (ruleset_id, agency_id, assessment_year, period, indicator_code)
)

select * from reported
union all by name
select * from exempt
order by all
