select
    agency_code,
    agency_name,
    reports_due,
    reports_sent,
    assessment_year,
    period,
    request,
    source,
    pull_id,
    as_of,
    body_sha256,
    pointer
from {{ source('accepted', 'lris_reports') }}
