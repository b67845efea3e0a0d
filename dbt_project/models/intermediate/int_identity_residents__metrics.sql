-- The newest month that was reported stands for the year; its spreadsheet also states the year's average population.
{% set newest %}(
    select
        agency_code,
        assessment_year,
        cast(assessment_year as varchar) as period,
        source,
        pull_id,
        as_of,
        body_sha256,
        pointer,
        accounts,
        residents_14
    from {{ ref('stg_identity_residents') }}
    qualify period = max(period) over (partition by source, assessment_year)
){% endset %}

{{ metric_rows(
    newest,
    metrics={'accounts': 'identity.residents_with_account', 'residents_14': 'identity.residents_14'},
) }}
