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
),

-- A correction takes the place of the very figure that it expects; what the source gave stays beside it. Where the source
-- gives another one, nothing is corrected and a blocking check says so.
corrected as (
    select
        metric_rows.* exclude (value),
        coalesce(corrections.value, metric_rows.value) as value,
        case when corrections.value is not null then metric_rows.value end as uncorrected,
        corrections.document as correction
    from metric_rows
    left join {{ source('reference', 'corrections') }} as corrections
        on corrections.source = metric_rows.source
        and corrections.agency_id = metric_rows.agency_id
        and corrections.assessment_year = metric_rows.assessment_year
        and corrections.period = metric_rows.period
        and corrections.metric = metric_rows.metric
        and corrections.expect = metric_rows.value
        and not corrections.expired
)

select
    corrected.agency_id,
    corrected.assessment_year,
    corrected.period,
    corrected.metric,
    corrected.stage,
    corrected.numerator,
    corrected.denominator,
    corrected.value,
    corrected.uncorrected,
    corrected.correction,
    metrics.unit,
    corrected.source,
    corrected.pull_id,
    corrected.as_of,
    corrected.body_sha256,
    corrected.pointer
from corrected
left join {{ source('reference', 'metrics') }} as metrics using (metric)
order by all
