-- Information systems that are monitored directly and share their data; zero where an agency has systems, none of them so.
{% set counted %}(
    select
        agency_code,
        assessment_year,
        period,
        source,
        pull_id,
        as_of,
        cast(null as varchar) as body_sha256,
        cast(null as varchar) as pointer,
        count(*) filter (where monitoring = 'direct' and sharing) as systems_monitored
    from {{ ref('stg_soc_systems') }}
    group by all
){% endset %}

{{ metric_rows(counted, metrics={'systems_monitored': 'soc.systems_monitored'}) }}
