-- A ruleset assesses a group for a period as soon as one figure that it uses, or one appraisal, exists for one of the
-- group's agencies: then every agency of the group stands here, so that a missing one is seen as missing instead of
-- making the others rise.
with figured as (
    select distinct
        indicator_inputs.ruleset_id, metric_values.assessment_year, metric_values.period, agencies.agency_group
    from {{ ref('metric_values') }} as metric_values
    inner join {{ source('reference', 'indicator_inputs') }} as indicator_inputs
        on indicator_inputs.metric_id = metric_values.metric
    inner join {{ source('reference', 'agencies') }} as agencies using (agency_id)
),

appraised as (
    select distinct appraisals.ruleset_id, appraisals.assessment_year, appraisals.period, agencies.agency_group
    from {{ source('reference', 'appraisals') }} as appraisals
    inner join {{ source('reference', 'agencies') }} as agencies using (agency_id)
),

assessed as (
    select * from figured
    union
    select * from appraised
)

select
    ruleset_years.ruleset_id,
    assessed.assessment_year,
    assessed.period,
    agencies.agency_group,
    agencies.agency_id,
    agencies.parent_id
from assessed
inner join {{ source('reference', 'ruleset_years') }} as ruleset_years using (ruleset_id, assessment_year, agency_group)
inner join {{ source('reference', 'agencies') }} as agencies
    on agencies.agency_group = assessed.agency_group
    and make_date(assessed.assessment_year, 12, 31) between agencies.valid_from and agencies.valid_to
order by all
