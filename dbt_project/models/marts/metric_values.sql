-- A new source adds its intermediate model here.
{% set models = [
    'int_portal_766__metrics',
    'int_public_services_procedures__metrics',
    'int_public_services_dossiers__metrics',
    'int_public_services_online__metrics',
    'int_public_services_digitisation__metrics',
    'int_soc_agents__metrics',
    'int_soc_systems__metrics',
    'int_identity_staff__metrics',
    'int_open_data_datasets__metrics',
    'int_feedback_reports__metrics',
    'int_e_document_documents__metrics',
    'int_e_document_mailboxes__metrics',
    'int_identity_residents__metrics',
    'int_lris_reports__metrics',
    'int_self_assessment__metrics',
] %}

with metric_rows as (
    {% for model in models %}
    select * from {{ ref(model) }}
    {{ 'union all by name' if not loop.last }}
    {% endfor %}
)

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
from metric_rows
left join {{ source('reference', 'metrics') }} as metrics using (metric)
order by all
