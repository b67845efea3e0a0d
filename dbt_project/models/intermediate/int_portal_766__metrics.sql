-- Six scores a row become six rows, and the portal's code becomes our agency by the register of the year.
{{ metric_rows(
    ref('stg_portal_766__scores'),
    metrics={
        'progress': 'portal_766.TDGQ',
        'satisfaction': 'portal_766.MDHL',
        'digitisation': 'portal_766.MDSH',
        'online_payment': 'portal_766.TTTT',
        'online_services': 'portal_766.CLGQ',
        'transparency': 'portal_766.CKMB',
    },
) }}
