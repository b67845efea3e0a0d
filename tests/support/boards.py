"""Boards of small rankings at hand, as if they had been read from a release."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pipelines.releases import Release
from pipelines.whatif.board import Board
from tests.support.engine import ENTERED, PERIOD, ROSTER, VALUES, YEAR, Engine, Row, loaded

RULESET = "x/one"
RELEASE = Release(1, datetime(2025, 12, 1).astimezone().isoformat(), "", "", "provisional", "", {}, {}, [])


def board_of(ruleset: Row, values: Sequence[Row], entered: Sequence[Row] = (), agencies: Sequence[str] = ()) -> Board:
    """A board of one group of departments; the agencies are those of the values and any more that are named."""
    one = loaded(RULESET, ruleset)
    engine = Engine([one], threads=1)
    key = {"ruleset_id": RULESET, "assessment_year": YEAR, "period": PERIOD}
    names = dict.fromkeys([*agencies, *(row["agency_id"] for row in [*values, *entered])])
    roster = [{**key, "agency_group": "department", "agency_id": name} for name in names]
    cells = [{**key, **row} for row in values]
    points = [{**key, **row} for row in entered]
    engine.score(roster, cells, points)
    engine.put("base_roster", ROSTER, roster)
    engine.put(
        "base_values",
        (*VALUES, "stage", "source", "pull_id"),
        [{"stage": "declared", **row} for row in cells],
        {"numerator": "DECIMAL(38, 6)", "denominator": "DECIMAL(38, 6)"},
    )
    engine.put("base_entered", ENTERED, points)
    for table in ("rankings", "indicator_scores"):
        engine.con.execute(f"create table published_{table} as from {table}")
    columns = ("agency_id", "name_vi", "valid_from", "valid_to")
    known = [{"agency_id": a, "name_vi": a, "valid_from": "0001-01-01", "valid_to": "9999-12-31"} for a in names]
    engine.put("agencies", columns, known, {"valid_from": "DATE", "valid_to": "DATE"})
    rulesets = {RULESET: one}
    return Board(engine.con, RELEASE, YEAR, {"department": PERIOD}, rulesets, None)
