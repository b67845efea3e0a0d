-- Reports that were due in the year and by the day whose knowledge it is; of these, those closed by their deadline.
-- A pull has one source and moment: grouping millions of rows by these too would only take longer.
{% set judged %}(
    select
        *,
        year(due_at) = assessment_year and due_at <= as_of as is_due,
        status = 'closed' and closed_at <= due_at as in_time
    from {{ ref('stg_feedback_reports') }}
){% endset %}

{% set counted %}(
    select
        agency_code,
        assessment_year,
        period,
        any_value(source) as source,
        pull_id,
        any_value(as_of) as as_of,
        cast(null as varchar) as body_sha256,
        cast(null as varchar) as pointer,
        count(*) filter (where is_due) as due,
        count(*) filter (where is_due and in_time) as handled_on_time
    from {{ judged }}
    group by agency_code, assessment_year, period, pull_id
){% endset %}

{{ metric_rows(
    counted,
    metrics={
        'due': 'feedback.due',
        'handled_on_time': 'feedback.handled_on_time',
    },
) }}
