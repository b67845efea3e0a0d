select
    agency_code,
    forwarding_id,
    flow,
    document_code,
    promulgated_on,
    confidentiality,
    signed,
    paper_copies,
    assessment_year,
    period,
    request,
    source,
    pull_id,
    as_of,
    body_sha256,
    pointer
from {{ source('accepted', 'e_document_documents') }}
