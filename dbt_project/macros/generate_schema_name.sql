{# A schema named in dbt_project.yml is used as it stands; marts live in `main`, where analysts look first. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
