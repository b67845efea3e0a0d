select
    agency_code,
    accounts,
    assessment_year,
    period,
    request,
    source,
    pull_id,
    as_of,
    body_sha256,
    pointer
from {{ source('accepted', 'identity_staff') }}
