-- The server has counted: one number an agency.
{{ metric_rows(ref('stg_identity_staff'), metrics={'accounts': 'identity.staff_with_account'}) }}
