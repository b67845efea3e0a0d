{#
  One row per agency code, year, period and pull from a relation with one row per event (documents, reports): how many
  there are of each kind.

  relation: has agency_code, assessment_year, period, source, pull_id and as_of
  source:   the source that its rows are pulled from
  counts:   column of the result: condition of an event to count there
  Each pull is counted by itself, because what is the same in all its rows is no key then: DuckDB groups a hundred million
  rows by one column in two thirds of the time that it takes for four. Whatever belongs to no pull of the build is
  counted by all keys, so that nothing depends on what the build knows of its pulls.
#}
{% macro counted_by_agency(relation, source, counts) -%}
{%- set pulls = pulls_of(source) -%}
{%- for pull in pulls %}
    select
        agency_code,
        {{ pull.assessment_year }} as assessment_year,
        {{ "'%s'" % pull.period if pull.period else 'period' }} as period,
        '{{ source }}' as source,
        '{{ pull.pull_id }}' as pull_id,
        timestamp '{{ pull.as_of }}' as as_of
        {{ counts_of(counts) }}
    from {{ relation }}
    where assessment_year || ' ' || pull_id = '{{ pull.key }}'
    group by agency_code{{ ', period' if not pull.period }}
    union all
{%- endfor %}
    select agency_code, assessment_year, period, source, pull_id, as_of
        {{ counts_of(counts) }}
    from {{ relation }}
    {% if pulls %}where assessment_year || ' ' || pull_id not in ('{{ pulls | map(attribute='key') | join("', '") }}'){% endif %}
    group by agency_code, assessment_year, period, source, pull_id, as_of
{%- endmacro %}

{# A count rests on many records, so it points at none. #}
{% macro counts_of(counts) -%}
        , cast(null as varchar) as body_sha256
        , cast(null as varchar) as pointer
        {%- for column, condition in counts.items() %}
        , count(case when {{ condition }} then 1 end) as {{ column }}
        {%- endfor %}
{%- endmacro %}

{# The pulls of a source in this build; `period` only where all rows of a pull have the same one. #}
{% macro pulls_of(source) %}
    {% set found = [] %}
    {% set known = adapter.get_relation(target.database, 'main', 'pull_periods') if execute else none %}
    {% if known is not none %}
        {% set query %}
            select assessment_year || ' ' || pull_id as key, pull_id, assessment_year, as_of, period
            from {{ known }} where source = '{{ source }}' order by key
        {% endset %}
        {% for row in run_query(query).rows %}{% do found.append(row.dict()) %}{% endfor %}
    {% endif %}
    {{ return(found) }}
{% endmacro %}
