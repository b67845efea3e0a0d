-- The report knows agencies by name; the border has matched the name and given the row its code.
{{ metric_rows(
    ref('stg_public_services_online'),
    metrics={'finished': 'public_services.dossiers_processed_online'},
) }}
