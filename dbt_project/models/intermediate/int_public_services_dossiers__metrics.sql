-- Counted by the day of finishing: dossiers carried over from the year before are in, those carried into the next are not.
{{ metric_rows(
    ref('stg_public_services_dossiers'),
    metrics={'finished': 'public_services.dossiers_finished'},
) }}
