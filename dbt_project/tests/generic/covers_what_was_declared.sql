{# Per year and metric, the system shows at least this share of what the agencies declared, all of them together that did
   both: an account that may see less than it should is never told so by the system. No declaration, no comparison. #}
{% test covers_what_was_declared(model, declared, at_least) %}
select
    collected.assessment_year,
    collected.period,
    collected.metric,
    sum(cast(collected.value as decimal(38, 6))) as collected,
    sum(cast(declared.value as decimal(38, 6))) as declared
from {{ model }} as collected
inner join {{ declared }} as declared using (agency_id, assessment_year, period, metric)
where declared.stage = 'declared'
group by all
having sum(cast(collected.value as decimal(38, 6))) < {{ at_least }} * sum(cast(declared.value as decimal(38, 6)))
{% endtest %}
