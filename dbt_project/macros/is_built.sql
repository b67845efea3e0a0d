{# Whether a relation stands in this build. While the project is parsed, everything does: so lineage names all models. #}
{% macro is_built(relation) %}
    {{ return(not execute or load_relation(relation) is not none) }}
{% endmacro %}
