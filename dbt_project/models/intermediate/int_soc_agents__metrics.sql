-- Servers and computers whose licensed agent reported lately. An agency with any agent at all has both figures, perhaps
-- zero; one without has none.
{% set judged %}(
    select
        agents.*,
        agents.licence = 'ban-quyen' and agents.status in ('active', 'disconnected')
            and agents.last_seen <= days.counted_on
            and (metrics.within_days is null or agents.last_seen >= days.counted_on - metrics.within_days) as counts
    from {{ ref('stg_soc_agents') }} as agents
    cross join lateral (
        select least(make_date(agents.assessment_year, 12, 31), cast(agents.as_of as date)) as counted_on
    ) as days
    left join {{ source('reference', 'metrics') }} as metrics
        on metrics.metric = case agents.kind when 'may-chu' then 'soc.servers_protected' else 'soc.computers_protected' end
){% endset %}

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
        count(*) filter (where counts and kind = 'may-chu') as servers_protected,
        count(*) filter (where counts and kind = 'may-tinh') as computers_protected
    from {{ judged }}
    group by all
){% endset %}

{{ metric_rows(
    counted,
    metrics={
        'servers_protected': 'soc.servers_protected',
        'computers_protected': 'soc.computers_protected',
    },
) }}
