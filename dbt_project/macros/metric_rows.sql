{#
  One row per figure from a relation with one row per agency, year and period.

  relation: has agency_code, assessment_year, period, source, pull_id, as_of, body_sha256, pointer, and the columns below
  metrics:  column of the relation: metric of the catalogue (rulesets/metrics.yaml)
  stage:    declared, collected or appraised
  The codes become our agencies by the register of the year, in the scheme that the source's YAML names.
  An empty column is no figure: no row, never zero.
#}
{% macro metric_rows(relation, metrics, stage='collected') -%}
with figures as (
    select
        agency_code, assessment_year, period, source, pull_id, as_of, body_sha256, pointer,
        unnest([
            {%- for column, metric in metrics.items() %}
            {'metric': '{{ metric }}', 'value': {{ decimal_text(column) }}}{{ ',' if not loop.last }}
            {%- endfor %}
        ], recursive := true)
    from {{ relation }}
)

{{ figures_of_agencies(stage) }}
{%- endmacro %}

{#
  From a relation `figures` (one row per agency code, metric and period, the value as text) to rows of `metric_values`: the
  codes become our agencies by the register of the year, in the scheme that the source's YAML names.
#}
{% macro figures_of_agencies(stage) -%}
select
    codes.agency_id,
    figures.agency_code,
    figures.assessment_year,
    figures.period,
    figures.metric,
    '{{ stage }}' as stage,
    cast(null as decimal(38, 6)) as numerator,
    cast(null as decimal(38, 6)) as denominator,
    figures.value,
    figures.source,
    figures.pull_id,
    figures.as_of,
    figures.body_sha256,
    figures.pointer
from figures
inner join {{ source('reference', 'source_agencies') }} as codes
    on codes.source = figures.source
    and codes.code = figures.agency_code
    and make_date(figures.assessment_year, 12, 31) between codes.valid_from and codes.valid_to
where figures.value is not null
{%- endmacro %}
