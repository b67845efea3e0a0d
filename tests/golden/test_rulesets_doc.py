"""Every example of docs/rulesets.md is run: what the page says is what the engine, lint and import do.

A YAML block is the whole ruleset, a part that replaces keys of it, an indicator with its rule, or metrics. The tables
after it hold columns of a CSV of values (or codes, whose cells are values), keys that replace those of the indicator,
and results behind an arrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from common.yaml_files import parse_yaml
from rulesets.against import compare
from rulesets.annex import complete
from rulesets.indicators import Indicator
from rulesets.lint import lint
from rulesets.load import SHIPPED, load_ruleset
from rulesets.rules import KINDS
from rulesets.schema import ruleset_schema
from rulesets.scoring.values_csv import SCORES, TOTALS, score_csv, to_csv
from rulesets.scoring.values_file import COLUMNS
from rulesets.yaml_text import to_yaml
from tests.support.engine import PERIOD, YEAR, Engine, indicator, loaded, ruleset_of

PAGE = Path(__file__).parents[2] / "docs" / "rulesets.md"
TEXT = PAGE.read_text(encoding="utf-8")
CSV = re.findall(r"```csv\n(.*?)```", TEXT, re.DOTALL)
KEYS = set(Indicator.model_fields)
Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A ruleset with the rows of its tables; `name` is the line of the example and, of several, which."""

    name: str
    ruleset: Row
    rows: list[dict[str, str]]


def blocks() -> Iterator[tuple[int, Row, list[dict[str, str]]]]:
    """Line, data and rows of results of each YAML block."""
    for match in re.finditer(r"```yaml\n(.*?)```(.*?)(?=```yaml|^#|\Z)", TEXT, re.DOTALL | re.MULTILINE):
        rows = []
        for table in re.findall(r"(?:^\|.*\n)+", match[2], re.MULTILINE):
            head, _, *body = [[cell.strip() for cell in line[1:-1].split("|")] for line in table.splitlines()]
            rows += [dict(zip(head, cells, strict=True)) for cells in body if "→" in table]
        yield TEXT[: match.start()].count("\n") + 1, parse_yaml(match[1], PAGE).data, rows


BLOCKS = list(blocks())
WHOLE = BLOCKS[0][1]
METRICS = next(data for _, data, _ in BLOCKS if "metrics" in data)
RULES = [block for block in BLOCKS if "rule" in block[1]]
PARTS = [block for block in BLOCKS[1:] if not {"rule", "metrics"} & block[1].keys()]


def around(example: Row) -> Row:
    """A ruleset in which the indicator is 1.2, beside 1.1, a yes/no of 10 points."""
    body = {"max_points": 10, **example}
    rule, most = body.pop("rule"), body.pop("max_points")
    main = None if rule["kind"] in ("bonus", "penalty") else "1"
    return ruleset_of(indicator("1.1", "yes_no"), indicator("1.2", rule, most, main, **body))


def cases() -> Iterator[Case]:
    """One case per block, and per row that replaces keys of the indicator."""
    for line, data, rows in RULES:
        groups: dict[str, tuple[Row, list[dict[str, str]]]] = {}
        for row in rows:
            own = {name: cell for name, cell in row.items() if name in KEYS}
            groups.setdefault(str(own or ""), (data | own, []))[1].append(row)
        yield from (Case(f"{line}{key}", around(example), body) for key, (example, body) in groups.items())
    yield from (Case(str(line), WHOLE | data, rows) for line, data, rows in PARTS)


CASES = list(cases())


def given(row: dict[str, str]) -> Iterator[tuple[str, Row]]:
    """The values of a row, each with the code it is for."""
    cells = {name: row[name] for name in ("numerator", "denominator", "value", "status", "article") if row.get(name)}
    if cells:
        yield row.get("indicator", "1.2"), {"status": "reported", **cells}
    for name, cell in row.items():
        if cell and name[0] != "→" and name not in {*COLUMNS, *KEYS}:
            yield name, {"value": cell, "points": cell, "status": "reported"}


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, ...], Row]:
    """Results of all cases in one scoring: by case, agency and code; the total's code is empty."""
    rulesets = [loaded(case.name, case.ruleset) for case in CASES]
    roster: dict[tuple[str, str], Row] = {}
    rows: dict[bool, list[Row]] = {True: [], False: []}
    for case, item in zip(CASES, rulesets, strict=True):
        indicators = {one.code for one in item.ruleset.indicator_list}
        for row in case.rows:
            key = {"ruleset_id": case.name, "assessment_year": YEAR, "period": PERIOD, "agency_id": row["agency"]}
            roster[case.name, row["agency"]] = key | {"agency_group": item.ruleset.groups[0]}
            for code, cells in given(row):
                rows[code in indicators].append(key | cells | {"code": code, "indicator_code": code})
    engine = Engine(rulesets).score(roster.values(), rows[True], rows[False])
    tables = {"indicator_scores": "indicator_code", "main_index_scores": "main_index_code"}
    tables |= {"pillar_scores": "pillar_code", "rankings": ""}
    return {
        (row["ruleset_id"], row["agency_id"], row.get(key, "")): row | {"points": row.get("points", row.get("total"))}
        for name, key in tables.items()
        for row in engine.rows(name)
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_example(case: Case, found: dict[tuple[str, ...], Row]) -> None:
    for row in case.rows:
        own = row.get("indicator", "1.2")
        codes = {"points": own, "status": own, "total": "", "rank": "", "grade": ""}
        for column, cell in ((name[2:], cell) for name, cell in row.items() if name[0] == "→"):
            result = found[case.name, row["agency"], codes.get(column, column)]
            if column in ("status", "rank", "grade"):
                assert cell == str(result[column] or ""), (row, column)
            else:
                assert Fraction(cell) == result["points"], (row, column)


def test_lint_has_no_doubt_about_the_examples(tmp_path: Path) -> None:
    (tmp_path / "metrics.yaml").write_text(to_yaml(METRICS), encoding="utf-8")
    paths = [written(case.ruleset, tmp_path / f"province_{n}") for n, case in enumerate(CASES)]
    report = lint([*paths, written(WHOLE, tmp_path / "province")], [tmp_path, SHIPPED])
    assert [one for one in report.found if one.severity != "note"] == []


def written(data: Row, folder: Path) -> Path:
    folder.mkdir()
    (folder / "one.yaml").write_text(to_yaml(data), encoding="utf-8")
    return folder / "one.yaml"


def test_the_whole_file(tmp_path: Path) -> None:
    (tmp_path / "values.csv").write_text(CSV[0], encoding="utf-8")
    scored = score_csv(loaded("one", WHOLE), tmp_path / "values.csv")
    assert [to_csv(SCORES, scored.scores), to_csv(TOTALS, scored.totals), scored.warnings] == [*CSV[1:3], []]


def test_annex_and_text_agree_with_the_whole_file(tmp_path: Path) -> None:
    (tmp_path / "annex.csv").write_text(CSV[3], encoding="utf-8")
    (tmp_path / "decision.txt").write_text(re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL)[0], encoding="utf-8")
    whole = load_ruleset(written(WHOLE, tmp_path / "whole"))
    base = load_ruleset(written(WHOLE | {"indicators": "not_public"}, tmp_path / "base"))
    assert complete(base, tmp_path / "annex.csv")[1] == whole.ruleset
    compared = compare(whole, tmp_path / "decision.txt")
    assert (compared.equal_indicators, compared.equal_main_indices, compared.findings) == (3, 2, [])


def test_every_rule_and_every_key_is_shown() -> None:
    assert {data["rule"]["kind"] for _, data, _ in RULES} == set(KINDS)
    assert all(rows for _, _, rows in [*RULES, *PARTS])
    schema = ruleset_schema()
    keys = {key for model in [schema, *schema["$defs"].values()] for key in model.get("properties", {})}
    assert keys - set(re.findall(r"\w+", TEXT)) == set()
