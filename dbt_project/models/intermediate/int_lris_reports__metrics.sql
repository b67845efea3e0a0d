-- Reports due and sent, as the report system counts them.
{{ metric_rows(
    ref('stg_lris_reports'),
    metrics={'reports_due': 'lris.reports_due', 'reports_sent': 'lris.reports_sent'},
) }}
