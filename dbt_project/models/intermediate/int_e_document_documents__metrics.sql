-- Documents are counted: all, and those that were processed fully online.
{% set counted %}(
    select
        agency_code,
        assessment_year,
        period,
        source,
        pull_id,
        as_of,
        cast(null as varchar) as body_sha256,
        cast(null as varchar) as pointer,
        count(*) as documents,
        count(*) filter (where signed and paper_copies = 0) as documents_fully_online
    from {{ ref('stg_e_document_documents') }}
    group by all
){% endset %}

{{ metric_rows(
    counted,
    metrics={
        'documents': 'e_document.documents',
        'documents_fully_online': 'e_document.documents_fully_online',
    },
) }}
