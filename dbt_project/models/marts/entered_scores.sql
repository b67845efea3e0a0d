-- Points that the council decided, of the newest decision each: for the total, a main index or an indicator.
select
    ruleset_id,
    agency_id,
    assessment_year,
    period,
    code,
    points,
    document,
    author,
    reason,
    decided_on
from {{ source('reference', 'appraisals') }}
where points is not null
qualify row_number() over (
    partition by ruleset_id, agency_id, assessment_year, period, code
    order by decided_on desc
) = 1
order by all
