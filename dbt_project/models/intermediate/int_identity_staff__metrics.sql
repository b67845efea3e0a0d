-- The server has counted: one number an agency.
{{ metric_rows(ref('stg_identity_staff'), scheme='mau', metrics={'accounts': 'identity.staff_with_account'}) }}
