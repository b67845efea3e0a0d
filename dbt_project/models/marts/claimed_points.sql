-- What agencies claim for each indicator they are judged by; it stands beside the points of the index.
select
    roster.ruleset_id,
    claims.agency_id,
    claims.assessment_year,
    claims.period,
    claims.indicator_code,
    cast(claims.points_claimed as decimal(18, 2)) as points_claimed,
    claims.evidence,
    claims.source,
    claims.pull_id,
    claims.body_sha256,
    claims.pointer
from {{ ref('int_self_assessment_points__claims') }} as claims
inner join {{ ref('roster') }} as roster using (agency_id, assessment_year, period)
inner join {{ source('reference', 'indicators') }} as indicators
    on indicators.ruleset_id = roster.ruleset_id
    and indicators.indicator_code = claims.indicator_code
where claims.points_claimed is not null or claims.evidence is not null
order by all
