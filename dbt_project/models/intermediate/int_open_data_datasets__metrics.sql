-- Datasets that anybody can use, per organisation that is on the portal. A zero rests on the row of the organisation, and
-- stands only where the portal itself counts none; who is not on the portal has no figure.
{% set counted %}(
    with published as (
        select agency_code, assessment_year, period, source, pull_id, as_of, count(*) as datasets
        from {{ ref('stg_open_data_datasets') }}
        where package_type = 'dataset' and state = 'active' and not private
        group by all
    ),

    asked as (
        select distinct assessment_year, period from {{ ref('stg_open_data_datasets') }}
    ),

    none_published as (
        select organisations.*, 0 as datasets
        from {{ ref('stg_open_data_organisations') }} as organisations
        semi join asked using (assessment_year, period)
        anti join published using (agency_code, assessment_year, period)
        where organisations.packages = 0
    )

    select
        agency_code, assessment_year, period, source, pull_id, as_of,
        cast(null as varchar) as body_sha256, cast(null as varchar) as pointer, datasets
    from published
    union all by name
    select agency_code, assessment_year, period, source, pull_id, as_of, body_sha256, pointer, datasets
    from none_published
){% endset %}

{{ metric_rows(counted, metrics={'datasets': 'open_data.datasets'}) }}
