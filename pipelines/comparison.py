"""Against the year before: a rank change only where both years are comparable, else the reason."""

from __future__ import annotations

import duckdb

from pipelines.sql import literal

# A year is comparable with the one before it when the same ruleset ranked the same agencies of the group by figures of
# the same kind of period (a whole year with a whole year, October with October).
_COMPARE = """
create or replace temp table _comparison as
with fields as (
    select ruleset_id, agency_group, assessment_year, substr(period, 5) as part,
        string_agg(agency_id, ';' order by agency_id) as agencies
    from rankings
    group by ruleset_id, agency_group, assessment_year, substr(period, 5)
),
earlier as (
    select ruleset_id, agency_id, agency_group, assessment_year + 1 as assessment_year, substr(period, 5) as part, rank
    from rankings
),
ranked_before as (select distinct agency_id, agency_group, assessment_year, part from earlier)
select
    now_ranked.ruleset_id, now_ranked.agency_id, now_ranked.assessment_year, now_ranked.period,
    coalesce(earlier.agency_id is not null and before.agencies = fields.agencies, false) as comparable,
    case when comparable then cast(earlier.rank - now_ranked.rank as integer) end as rank_change,
    case
        when comparable then null
        when ranked_before.agency_id is null then 'không có kết quả năm trước'
        when earlier.agency_id is null then 'bộ chỉ số khác năm trước'
        else 'danh sách cơ quan khác năm trước'
    end as not_comparable_reason
from rankings as now_ranked
left join fields
    on fields.ruleset_id = now_ranked.ruleset_id and fields.agency_group = now_ranked.agency_group
    and fields.assessment_year = now_ranked.assessment_year and fields.part = substr(now_ranked.period, 5)
left join earlier
    on earlier.ruleset_id = now_ranked.ruleset_id and earlier.agency_id = now_ranked.agency_id
    and earlier.agency_group = now_ranked.agency_group
    and earlier.assessment_year = now_ranked.assessment_year and earlier.part = substr(now_ranked.period, 5)
left join ranked_before
    on ranked_before.agency_id = now_ranked.agency_id and ranked_before.agency_group = now_ranked.agency_group
    and ranked_before.assessment_year = now_ranked.assessment_year
    and ranked_before.part = substr(now_ranked.period, 5)
left join fields as before
    on before.ruleset_id = now_ranked.ruleset_id and before.agency_group = now_ranked.agency_group
    and before.assessment_year = now_ranked.assessment_year - 1 and before.part = substr(now_ranked.period, 5)
"""


_KEYS = "ruleset_id, agency_id, assessment_year, period"
_COLUMNS = {
    "comparable": "So sánh được với năm trước hay không. Same ruleset, agencies and kind of period as the year before.",
    "rank_change": "Số bậc tăng (âm: giảm) so với năm trước. Places won; NULL where not comparable.",
    "not_comparable_reason": "Vì sao không so sánh được. Why not comparable, in Vietnamese.",
}


def add_comparison(con: duckdb.DuckDBPyConnection) -> None:
    """Add `comparable`, `rank_change` (places won, negative: lost) and `not_comparable_reason` to `rankings`."""
    con.execute(_COMPARE)
    for name, kind in (("comparable", "boolean"), ("rank_change", "integer"), ("not_comparable_reason", "varchar")):
        con.execute(f"alter table rankings add column {name} {kind}")
    changed = ", ".join(f"{name} = c.{name}" for name in _COLUMNS)
    same = " and ".join(f"rankings.{key} = c.{key}" for key in _KEYS.split(", "))
    con.execute(f"update rankings set {changed} from _comparison as c where {same}")
    con.execute("drop table _comparison")
    for name, meaning in _COLUMNS.items():
        con.execute(f"comment on column rankings.{name} is {literal(meaning)}")
