select
    agency_code,
    system_id,
    level,
    monitoring,
    sharing,
    assessment_year,
    period,
    request,
    source,
    pull_id,
    as_of,
    body_sha256,
    pointer
from {{ source('accepted', 'soc_systems') }}
