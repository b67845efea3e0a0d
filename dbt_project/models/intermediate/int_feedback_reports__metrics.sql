-- Reports that were due in the year and by the day whose knowledge it is; of these, those closed by their deadline.
{% set judged %}(
    select
        *,
        year(due_at) = assessment_year and due_at <= as_of as is_due,
        status = 'closed' and closed_at <= due_at as in_time
    from {{ ref('stg_feedback_reports') }}
){% endset %}

{% set counted %}(
    {{ counted_by_agency(
        judged,
        source='feedback_reports',
        counts={
            'due': 'is_due',
            'handled_on_time': 'is_due and in_time',
        },
    ) }}
){% endset %}

{{ metric_rows(
    counted,
    metrics={
        'due': 'feedback.due',
        'handled_on_time': 'feedback.handled_on_time',
    },
) }}
