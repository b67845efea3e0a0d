select
    agency_code,
    agency_name,
    received,
    received_online,
    received_direct,
    finished,
    finished_late,
    assessment_year,
    period,
    request,
    source,
    pull_id,
    as_of,
    body_sha256,
    pointer
from {{ source('accepted', 'public_services_dossiers') }}
