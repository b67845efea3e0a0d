-- One branch per source; a new source adds its intermediate model here.
select
    metric_rows.agency_id,
    metric_rows.assessment_year,
    metric_rows.period,
    metric_rows.metric,
    metric_rows.stage,
    metric_rows.numerator,
    metric_rows.denominator,
    metric_rows.value,
    metrics.unit,
    metric_rows.source,
    metric_rows.pull_id,
    metric_rows.as_of,
    metric_rows.body_sha256,
    metric_rows.pointer
from {{ ref('int_portal_766__metrics') }} as metric_rows
left join {{ source('reference', 'metrics') }} as metrics using (metric)
order by all
