-- What agencies declare about themselves. A question left open is no figure: no row, never zero.
with answers as (
    select
        agency_code,
        assessment_year,
        period,
        metric,
        coalesce(
            cast(number_value as varchar),
            case yes_no when 'Có' then 'yes' when 'Không' then 'no' end,
            text_value
        ) as value,
        source,
        pull_id,
        as_of,
        body_sha256,
        pointer
    from {{ ref('stg_self_assessment') }}
),

-- Civil servants and public employees are asked for one by one; together they are the staff, where both are known.
staff as (
    select
        agency_code,
        assessment_year,
        period,
        'general_information.staff' as metric,
        cast(sum(number_value) as varchar) as value,
        source,
        pull_id,
        as_of,
        min(body_sha256) as body_sha256,
        cast(null as varchar) as pointer
    from {{ ref('stg_self_assessment') }}
    where metric in ('general_information.civil_servants', 'general_information.public_employees')
    group by agency_code, assessment_year, period, source, pull_id, as_of
    having count(number_value) = 2
),

figures as (
    select * from answers
    union all by name
    select * from staff
)

{{ figures_of_agencies(stage='declared') }}
