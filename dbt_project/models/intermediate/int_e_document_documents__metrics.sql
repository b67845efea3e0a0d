-- Documents are counted: all, and those that were processed fully online. A pull has one source and
-- moment: grouping millions of rows by these too would take half as long again.
{% set counted %}(
    select
        agency_code,
        assessment_year,
        period,
        any_value(source) as source,
        pull_id,
        any_value(as_of) as as_of,
        cast(null as varchar) as body_sha256,
        cast(null as varchar) as pointer,
        count(*) as documents,
        count(*) filter (where signed and paper_copies = 0) as documents_fully_online
    from {{ ref('stg_e_document_documents') }}
    group by agency_code, assessment_year, period, pull_id
){% endset %}

{{ metric_rows(
    counted,
    metrics={
        'documents': 'e_document.documents',
        'documents_fully_online': 'e_document.documents_fully_online',
    },
) }}
