-- Documents are counted: all, and those that were processed fully online.
{% set counted %}(
    {{ counted_by_agency(
        ref('stg_e_document_documents'),
        source='e_document_documents',
        counts={
            'documents': 'true',
            'documents_fully_online': 'signed and paper_copies = 0',
        },
    ) }}
){% endset %}

{{ metric_rows(
    counted,
    metrics={
        'documents': 'e_document.documents',
        'documents_fully_online': 'e_document.documents_fully_online',
    },
) }}
