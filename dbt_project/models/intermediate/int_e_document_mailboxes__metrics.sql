-- The system's own count; mailboxes that were issued and not used do not count.
{{ metric_rows(
    ref('stg_e_document_mailboxes'),
    metrics={'mailboxes_used': 'e_document.mailboxes_used'},
) }}
