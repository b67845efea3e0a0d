-- What agencies claim, under our agency ids. Nothing is scored by it.
select
    codes.agency_id,
    claims.assessment_year,
    claims.period,
    claims.indicator_code,
    claims.max_points,
    claims.points_claimed,
    claims.evidence,
    claims.source,
    claims.pull_id,
    claims.as_of,
    claims.body_sha256,
    claims.pointer
from {{ ref('stg_self_assessment_points') }} as claims
inner join {{ source('reference', 'source_agencies') }} as codes
    on codes.source = claims.source
    and codes.code = claims.agency_code
    and make_date(claims.assessment_year, 12, 31) between codes.valid_from and codes.valid_to
