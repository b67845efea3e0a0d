-- A group is assessed for a period as soon as one figure of one of its agencies exists for it: then every agency of the
-- group stands here, so that a missing one is seen as missing instead of making the others rise.
with periods as (
    select distinct metric_values.assessment_year, metric_values.period, agencies.agency_group
    from {{ ref('metric_values') }} as metric_values
    inner join {{ source('reference', 'agencies') }} as agencies using (agency_id)
)

select
    ruleset_years.ruleset_id,
    periods.assessment_year,
    periods.period,
    agencies.agency_group,
    agencies.agency_id,
    agencies.parent_id
from periods
inner join {{ source('reference', 'ruleset_years') }} as ruleset_years using (assessment_year, agency_group)
inner join {{ source('reference', 'agencies') }} as agencies
    on agencies.agency_group = periods.agency_group
    and make_date(periods.assessment_year, 12, 31) between agencies.valid_from and agencies.valid_to
order by all
