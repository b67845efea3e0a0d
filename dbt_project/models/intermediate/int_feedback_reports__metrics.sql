-- Reports that were due in the year and by the day whose knowledge it is; of these, those closed by their deadline.
{% set is_due = 'year(due_at) = assessment_year and due_at <= as_of' %}

{% set counted %}(
    {{ counted_by_agency(
        ref('stg_feedback_reports'),
        source='feedback_reports',
        counts={
            'due': is_due,
            'handled_on_time': is_due ~ " and status = 'closed' and closed_at <= due_at",
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
