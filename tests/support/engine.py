"""The engine over rows at hand: rulesets and plain rows in, result rows out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from common.yaml_files import YamlFile
from rulesets.load import LoadedRuleset
from rulesets.models import Ruleset
from rulesets.scoring import rank, score_indicators, score_main_indices, score_pillars, write_reference

Row = dict[str, Any]
ROSTER = ("ruleset_id", "assessment_year", "period", "agency_group", "agency_id", "parent_id")
VALUES = (
    *("ruleset_id", "agency_id", "assessment_year", "period", "indicator_code"),
    *("numerator", "denominator", "value", "status", "article"),
)
ENTERED = ("ruleset_id", "agency_id", "assessment_year", "period", "code", "points")
YEAR, PERIOD = 2025, "2025"


def loaded(ruleset_id: str, ruleset: Ruleset | Row) -> LoadedRuleset:
    """A ruleset at hand as if it had been read from a file."""
    model = ruleset if isinstance(ruleset, Ruleset) else Ruleset.model_validate(ruleset)
    return LoadedRuleset(ruleset_id, model, YamlFile(Path(f"{ruleset_id}.yaml"), {}, {}))


class Engine:
    """One scoring in memory; `rows` reads a result table."""

    def __init__(self, rulesets: Sequence[LoadedRuleset], threads: int = 2) -> None:
        self.con = duckdb.connect(config={"threads": threads})
        write_reference(self.con, rulesets)

    def put(self, table: str, columns: Sequence[str], rows: Iterable[Row], types: dict[str, str] | None = None) -> None:
        kinds = {"assessment_year": "INTEGER", **(types or {})}
        body = ", ".join(f"{column} {kinds.get(column, 'VARCHAR')}" for column in columns)
        self.con.execute(f"CREATE OR REPLACE TABLE {table} ({body})")
        lists = [list(cells) for cells in zip(*([row.get(c) for c in columns] for row in rows), strict=True)]
        if lists:
            picks = ", ".join(f"unnest(${n}::VARCHAR[])" for n in range(1, len(columns) + 1))
            texts = [[None if cell is None else str(cell) for cell in cells] for cells in lists]
            self.con.execute(f"INSERT INTO {table} SELECT {picks}", texts)

    def score(
        self,
        roster: Iterable[Row],
        values: Iterable[Row],
        entered: Iterable[Row] = (),
        types: dict[str, str] | None = None,
    ) -> Engine:
        self.put("roster", ROSTER, roster)
        self.put("indicator_values", VALUES, values, types)
        self.put("entered_scores", ENTERED, entered)
        for step in (score_indicators, score_main_indices, score_pillars, rank):
            step(self.con)
        return self

    def rows(self, table: str) -> list[Row]:
        found = self.con.execute(f"FROM {table}")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def cell(agency: str, indicator: str, value: str | None = None, **more: Any) -> Row:
    """A row of `indicator_values` without its ruleset: `cell("a", "1.1", "yes")`, `cell("a", "1", n=3, d=4)`."""
    row: Row = {"agency_id": agency, "assessment_year": YEAR, "period": PERIOD, "indicator_code": indicator}
    row |= {"value": value, "numerator": more.pop("n", None), "denominator": more.pop("d", None)}
    return row | {"status": "reported", "article": None} | more


def score_one(
    ruleset: Ruleset | Row,
    values: Iterable[Row],
    agencies: Sequence[str] = (),
    entered: Iterable[Row] = (),
    **more: Any,
) -> Engine:
    """Score one group by one ruleset; the agencies are those of the values, and any more that are named."""
    one = loaded("x/one", ruleset)
    cells = [{"ruleset_id": "x/one", **row} for row in values]
    points = [{"ruleset_id": "x/one", "assessment_year": YEAR, "period": PERIOD, **row} for row in entered]
    names = dict.fromkeys([*agencies, *(row["agency_id"] for row in [*cells, *points])])
    group = {"ruleset_id": "x/one", "assessment_year": YEAR, "period": PERIOD, "agency_group": one.ruleset.groups[0]}
    return Engine([one], **more).score([{**group, "agency_id": name} for name in names], cells, points)


def indicator(code: str, rule: Row | str, most: object = 10, main: str | None = "1", **more: Any) -> Row:
    """An indicator of a ruleset at hand: `indicator("1.1", "yes_no")`, `indicator("1.2", {"kind": …}, most=5)`."""
    kind = {"kind": rule} if isinstance(rule, str) else rule
    fixed = {"name_vi": f"Chỉ số {code}", "basis": "decision", "reference": "Phụ lục"}
    return {"code": code, "main_index": main, "max_points": most, "rule": kind, **fixed, **more}


def ruleset_of(*indicators: Row, **more: Any) -> Row:
    """A ruleset at hand for departments whose main indices add up to what their indicators say."""
    points: dict[str, Any] = {}
    for one in indicators:
        if one["main_index"] is not None:
            points[one["main_index"]] = points.get(one["main_index"], 0) + one["max_points"]
    return {
        "title_vi": "Bộ chỉ số thử",
        "decision": {"number": "1/QĐ", "date": "2025-01-01", "authority_vi": "UBND"},
        "valid": {"from": 2025},
        "groups": ["department"],
        "structure": {"main_indices": len(points), "points": sum(points.values())},
        "main_indices": [{"code": code, "name_vi": f"Chính {code}", "points": p} for code, p in points.items()],
        "indicators": list(indicators),
        **more,
    }


def score_many(cases: Sequence[tuple[Row, Sequence[Row]]]) -> list[list[Row]]:
    """`indicator_scores` of many small cases (ruleset, values) in one scoring."""
    rulesets = [loaded(f"x/{n:04d}", ruleset) for n, (ruleset, _) in enumerate(cases)]
    roster, values = [], []
    for one, (_, cells) in zip(rulesets, cases, strict=True):
        key = {"ruleset_id": one.ruleset_id, "assessment_year": YEAR, "period": PERIOD}
        agencies = dict.fromkeys(row["agency_id"] for row in cells)
        roster += [{**key, "agency_group": one.ruleset.groups[0], "agency_id": name} for name in agencies]
        values += [{**row, **key} for row in cells]
    found: dict[str, list[Row]] = {one.ruleset_id: [] for one in rulesets}
    for row in Engine(rulesets).score(roster, values).rows("indicator_scores"):
        found[row["ruleset_id"]].append(row)
    return list(found.values())
