-- Six scores a row become six rows, and the portal's code becomes our agency by the register of the year.
with unpivoted as (
    unpivot {{ ref('stg_portal_766__scores') }}
    on progress as 'TDGQ', satisfaction as 'MDHL', digitisation as 'MDSH',
        online_payment as 'TTTT', online_services as 'CLGQ', transparency as 'CKMB'
    into name field value points
)

select
    codes.agency_id,
    unpivoted.assessment_year,
    unpivoted.period,
    'portal_766.' || unpivoted.field as metric,
    'collected' as stage,
    cast(null as decimal(38, 6)) as numerator,
    cast(null as decimal(38, 6)) as denominator,
    {{ decimal_text('unpivoted.points') }} as value,
    unpivoted.source,
    unpivoted.pull_id,
    unpivoted.as_of,
    unpivoted.body_sha256,
    unpivoted.pointer
from unpivoted
inner join {{ source('reference', 'agency_codes') }} as codes
    on codes.scheme = 'dvcqg'
    and codes.code = unpivoted.agency_code
    and make_date(unpivoted.assessment_year, 12, 31) between codes.valid_from and codes.valid_to
