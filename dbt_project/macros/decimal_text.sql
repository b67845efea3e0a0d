{# A decimal as the shortest plain text that means the same number: 18.50 becomes 18.5, 20.00 becomes 20. #}
{% macro decimal_text(expression) -%}
    case
        when {{ expression }} is null then null
        when contains(cast({{ expression }} as varchar), '.')
            then rtrim(rtrim(cast({{ expression }} as varchar), '0'), '.')
        else cast({{ expression }} as varchar)
    end
{%- endmacro %}
