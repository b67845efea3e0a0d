select
    agency_code,
    dataset,
    package_type,
    state,
    private,
    modified_on,
    assessment_year,
    period,
    request,
    source,
    pull_id,
    as_of,
    body_sha256,
    pointer
from {{ source('accepted', 'open_data_datasets') }}
