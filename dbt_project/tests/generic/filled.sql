{# None of the columns is ever empty. One statement for all of them: a test costs more than what it counts. #}
{% test filled(model, columns) %}
select {{ columns | join(', ') }}
from {{ model }}
where {% for column in columns %}{{ column }} is null{% if not loop.last %} or {% endif %}{% endfor %}

{% endtest %}
