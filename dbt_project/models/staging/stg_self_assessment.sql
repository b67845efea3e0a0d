select
    agency_code,
    metric,
    answer_kind,
    number_value,
    yes_no,
    text_value,
    assessment_year,
    period,
    request,
    source,
    pull_id,
    as_of,
    body_sha256,
    pointer
from {{ source('accepted', 'self_assessment') }}
