select
    agency_code,
    agency_name,
    mailboxes_issued,
    mailboxes_used,
    assessment_year,
    period,
    request,
    source,
    pull_id,
    as_of,
    body_sha256,
    pointer
from {{ source('accepted', 'e_document_mailboxes') }}
