-- One row of the statistics, four figures; what is online is the sum of fully and partly, which the contract has checked.
{{ metric_rows(
    ref('stg_public_services_procedures'),
    metrics={
        'procedures': 'public_services.procedures',
        'online': 'public_services.procedures_online',
        'fully_online': 'public_services.procedures_fully_online',
        'with_online_dossiers': 'public_services.procedures_with_online_dossiers',
    },
) }}
