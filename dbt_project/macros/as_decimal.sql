{#
  A figure's text as decimal(38, 6), NULL where it is no number. DuckDB reads the wide type from text two hundred times
  slower than the narrow one, which holds nearly every figure; with an exponent (1e3) only the wide one is read exactly.
#}
{% macro as_decimal(text) -%}
    case
        when contains(lower({{ text }}), 'e') then try_cast({{ text }} as decimal(38, 6))
        else coalesce(try_cast({{ text }} as decimal(18, 6)), try_cast({{ text }} as decimal(38, 6)))
    end
{%- endmacro %}
