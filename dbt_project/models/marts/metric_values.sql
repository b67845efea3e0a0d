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

-- Models of sources that a deployment does not have are not built there.
with metric_rows as (
    select
        null::varchar as agency_id, null::varchar as agency_code, null::integer as assessment_year,
        null::varchar as period, null::varchar as metric, null::varchar as stage,
        null::decimal(38, 6) as numerator, null::decimal(38, 6) as denominator, null::varchar as value,
        null::varchar as source, null::varchar as pull_id, null::timestamp as as_of,
        null::varchar as body_sha256, null::varchar as pointer
    where false
    {% for model in models %}
    {% if is_built(ref(model)) %}
    union all by name
    select * from {{ ref(model) }}
    {% endif %}
    {% endfor %}
),

-- An agency that took others over has several codes in a system. What is counted adds up; anything else stays as it is, and
-- the key of this table then says that two figures claim one place.
with_units as (
    select
        metric_rows.*, metrics.unit,
        coalesce(metrics.unit in ('count', 'vnd'), false) and count(*) over (
            partition by agency_id, assessment_year, period, metric, stage, metric_rows.source
        ) > 1 as adds_up
    from metric_rows
    left join {{ source('reference', 'metrics') }} as metrics using (metric)
),

added_up as (
    select
        agency_id, assessment_year, period, metric, stage,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        {{ decimal_text('sum(cast(value as decimal(38, 6)))') }} as value,
        unit, source, pull_id, as_of,
        string_agg(distinct body_sha256, '; ' order by body_sha256) as body_sha256,
        string_agg(pointer, '; ' order by pointer) as pointer
    from with_units
    where adds_up
    group by agency_id, assessment_year, period, metric, stage, unit, source, pull_id, as_of
),

found as (
    select * exclude (adds_up) from with_units where not adds_up
    union all by name
    select * from added_up
)

-- A correction takes the place of the very figure that it expects; what the source gave stays beside it. Where the source
-- gives another one, nothing is corrected and a blocking check says so.
select
    found.agency_id,
    found.assessment_year,
    found.period,
    found.metric,
    found.stage,
    found.numerator,
    found.denominator,
    coalesce(corrections.value, found.value) as value,
    case when corrections.value is not null then found.value end as uncorrected,
    corrections.document as correction,
    found.unit,
    found.source,
    found.pull_id,
    found.as_of,
    found.body_sha256,
    found.pointer
from found
left join {{ source('reference', 'corrections') }} as corrections
    on corrections.source = found.source
    and corrections.agency_id = found.agency_id
    and corrections.assessment_year = found.assessment_year
    and corrections.period = found.period
    and corrections.metric = found.metric
    and corrections.expect = found.value
    and not corrections.expired
order by all
