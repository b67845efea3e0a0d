select
    agency_code,
    indicator_code,
    max_points,
    points_claimed,
    evidence,
    assessment_year,
    period,
    request,
    source,
    pull_id,
    as_of,
    body_sha256,
    pointer
from {{ source('accepted', 'self_assessment_points') }}
