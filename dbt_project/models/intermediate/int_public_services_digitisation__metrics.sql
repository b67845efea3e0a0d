-- Two counts; the system's own percentages stay in staging.
{{ metric_rows(
    ref('stg_public_services_digitisation'),
    metrics={
        'results': 'public_services.results',
        'results_digitised': 'public_services.results_digitised',
    },
) }}
