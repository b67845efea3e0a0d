select
    agency_code,
    locality,
    accounts,
    residents_14,
    assessment_year,
    period,
    request,
    source,
    pull_id,
    as_of,
    body_sha256,
    pointer
from {{ source('accepted', 'identity_residents') }}
