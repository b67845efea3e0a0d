select
    agency_code,
    kind,
    licence,
    agent_id,
    status,
    last_seen,
    assessment_year,
    period,
    request,
    source,
    pull_id,
    as_of,
    body_sha256,
    pointer
from {{ source('accepted', 'soc_agents') }}
