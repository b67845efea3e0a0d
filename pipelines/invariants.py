"""What must hold for every ruleset, said as SQL that returns the rows for which it does not."""

from __future__ import annotations

from typing import NamedTuple


class Invariant(NamedTuple):
    name: str
    subject: str
    sql: str


_KEYS = "ruleset_id, agency_id, assessment_year, period"

INVARIANTS = (
    Invariant(
        "every_agency_of_the_roster_is_in_the_ranking",
        "rankings",
        f"select {_KEYS} from roster except select {_KEYS} from rankings",
    ),
    Invariant(
        "nobody_outside_the_roster_is_ranked",
        "rankings",
        f"select {_KEYS} from rankings except select {_KEYS} from roster",
    ),
    Invariant(
        "every_indicator_is_scored_for_every_agency",
        "indicator_scores",
        f"select {_KEYS}, indicator_code from roster inner join indicators using (ruleset_id) "
        f"except select {_KEYS}, indicator_code from indicator_scores",
    ),
    Invariant(
        "points_lie_between_zero_and_the_maximum",
        "indicator_scores",
        f"select {_KEYS}, indicator_code, points, max_points from indicator_scores "
        "where points is null or (max_points > 0 and (points < 0 or points > max_points))",
    ),
    Invariant(
        "a_missing_value_has_no_points",
        "indicator_scores",
        f"select {_KEYS}, indicator_code, points from indicator_scores where status = 'missing' and points <> 0",
    ),
    Invariant(
        "every_score_carries_a_trace",
        "indicator_scores",
        f"select {_KEYS}, indicator_code from indicator_scores where trace is null or trace = ''",
    ),
    Invariant(
        "ranks_of_a_group_start_at_one",
        "rankings",
        "select ruleset_id, agency_group, assessment_year, period, min(rank) from rankings where ranked "
        "group by all having min(rank) <> 1",
    ),
)
