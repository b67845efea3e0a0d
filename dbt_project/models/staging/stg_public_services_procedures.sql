select
    agency_code,
    agency_name,
    procedures,
    online,
    fully_online,
    partly_online,
    with_online_dossiers,
    assessment_year,
    period,
    request,
    source,
    pull_id,
    as_of,
    body_sha256,
    pointer
from {{ source('accepted', 'public_services_procedures') }}
