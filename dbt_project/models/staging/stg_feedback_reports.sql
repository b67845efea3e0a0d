select
    agency_code,
    agency_name,
    report_id,
    status,
    requested_at,
    due_at,
    closed_at,
    assessment_year,
    period,
    request,
    source,
    pull_id,
    as_of,
    body_sha256,
    pointer
from {{ source('accepted', 'feedback_reports') }}
