-- Reports that were due in the year and by the day whose knowledge it is; of these, those closed by their deadline.
{% set judged %}(
    select
        *,
        cast(due_at as date) >= make_date(assessment_year, 1, 1)
            and cast(due_at as date) <= make_date(assessment_year, 12, 31) and due_at <= as_of as is_due,
        status = 'closed' and closed_at <= due_at as in_time
    from {{ ref('stg_feedback_reports') }}
){% endset %}

{% set counted %}(
    select
        agency_code,
        assessment_year,
        period,
        source,
        pull_id,
        as_of,
        cast(null as varchar) as body_sha256,
        cast(null as varchar) as pointer,
        count(*) filter (where is_due) as due,
        count(*) filter (where is_due and in_time) as handled_on_time
    from {{ judged }}
    group by all
){% endset %}

{{ metric_rows(
    counted,
    metrics={
        'due': 'feedback.due',
        'handled_on_time': 'feedback.handled_on_time',
    },
) }}
