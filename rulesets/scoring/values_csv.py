"""Any ruleset over any table of values, without a deployment: what `dti score` does with a CSV file.

The file has the columns `agency,indicator,numerator,denominator,value,status,article`; all its rows are one agency
group. Where points rather than values are known, `indicator` is a main index's code or `total` and `value` the points.
"""

from __future__ import annotations

import csv
import difflib
import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.errors import ConfigurationError, Finding, Text
from common.yaml_files import display_path, invalid
from rulesets.load import LoadedRuleset
from rulesets.numbers import plain
from rulesets.scoring.aggregates import score_main_indices, score_pillars
from rulesets.scoring.explain import REASONS
from rulesets.scoring.indicators import score_indicators
from rulesets.scoring.inputs import not_public
from rulesets.scoring.ranking import rank
from rulesets.scoring.reference import write_reference
from rulesets.scoring.tables import fill

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

COLUMNS = ("agency", "indicator", "numerator", "denominator", "value", "status", "article")
SCORES = ("agency", "indicator", "points", "status", "rule")
TOTALS = ("agency", "main_index", "pillar", "points", "max_points", "rank", "grade")
TOTAL = "total"
_STATUSES = ("", "reported", "missing", "exempt")


@dataclass(frozen=True)
class Scored:
    """Rows to write, as text in the order of `SCORES` and `TOTALS`, and what a person should know about them."""

    scores: list[tuple[str, ...]]
    totals: list[tuple[str, ...]]
    warnings: list[Finding]


@dataclass(frozen=True)
class _Line:
    where: str
    cells: dict[str, str]


def score_csv(loaded: LoadedRuleset, path: Path) -> Scored:
    """Score a file of values; raise `ConfigurationError` with every finding as `file:line`."""
    import duckdb

    lines = read_values(loaded, path)
    with duckdb.connect() as con:
        write_reference(con, [loaded])
        _put(con, loaded, lines)
        for step in (score_indicators, score_main_indices, score_pillars, rank):
            step(con)
        return Scored(_scores(con), _totals(con), _warnings(con, lines))


def to_csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """CSV text with a header, as the command prints it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def read_values(loaded: LoadedRuleset, path: Path) -> list[_Line]:
    """The lines of a file of values, NFC and trimmed, checked against the ruleset's codes."""
    shown = display_path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError("file-missing", Text("không tìm thấy tệp", "file not found"), where=shown) from None
    except UnicodeDecodeError:
        raise ConfigurationError(
            "file-encoding",
            Text("tệp không phải UTF-8", "the file is not UTF-8"),
            hint=Text("lưu lại dạng CSV UTF-8", "save it as CSV UTF-8"),
            where=shown,
        ) from None
    reader = csv.reader(io.StringIO(unicodedata.normalize("NFC", text), newline=""))
    header = [name.strip().lower() for name in next(reader, [])]
    if found := _header_findings(header, f"{shown}:1"):
        raise invalid(found, path)
    lines = []
    for row in reader:
        if any(cell.strip() for cell in row):
            cells = dict.fromkeys(COLUMNS, "") | dict(zip(header, (cell.strip() for cell in row), strict=False))
            lines.append(_Line(f"{shown}:{reader.line_num}", cells | {"": str(len(row))}))
    if found := [*_row_findings(loaded, lines, len(header))]:
        raise invalid(found, path)
    return lines


def _header_findings(header: list[str], where: str) -> list[Finding]:
    findings = []
    for name in header:
        if name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, n=1)
            hint = Text(f"có phải '{near[0]}'?", f"did you mean '{near[0]}'?") if near else _columns_hint()
            findings.append(Finding("csv-column", Text(f"cột lạ '{name}'", f"unknown column '{name}'"), hint, where))
    for name in ("agency", "indicator"):
        if name not in header:
            text = Text(f"thiếu cột '{name}'", f"column '{name}' is missing")
            findings.append(Finding("csv-column", text, _columns_hint(), where))
    for name in sorted({name for name in header if header.count(name) > 1}):
        text = Text(f"cột '{name}' có hai lần", f"column '{name}' is given twice")
        findings.append(Finding("csv-column", text, _columns_hint(), where))
    return findings


def _columns_hint() -> Text:
    return Text(f"dòng đầu: {','.join(COLUMNS)}", f"first line: {','.join(COLUMNS)}")


def _row_findings(loaded: LoadedRuleset, lines: list[_Line], width: int) -> list[Finding]:
    ruleset = loaded.ruleset
    indicators = {one.code for one in ruleset.indicator_list}
    points = {TOTAL, *(main.code for main in ruleset.main_indices)}
    findings: list[Finding] = []
    seen: dict[tuple[str, str], str] = {}
    if not lines:
        text = Text("tệp không có dòng giá trị nào", "the file has no row of values")
        return [Finding("csv-empty", text, Text("thêm ít nhất một dòng", "add at least one row"), loaded.ruleset_id)]
    for line in lines:
        findings += _line_findings(line, indicators, points, width)
        code = line.cells["indicator"]
        if not ruleset.public and code and code not in points:
            structure = ruleset.structure
            known = not_public(
                loaded.ruleset_id, ruleset.decision.number, structure.indicators, plain(structure.points)
            )
            return [Finding(known.code, known.message, known.hint, line.where)]
        key = (line.cells["agency"], code)
        if key in seen:
            text = Text(f"'{key[0]}', '{code}' có hai dòng", f"'{key[0]}', '{code}' has two rows")
            hint = Text(f"dòng kia: {seen[key]}", f"the other: {seen[key]}")
            findings.append(Finding("csv-duplicate", text, hint, line.where))
        seen.setdefault(key, line.where)
    return findings


def _line_findings(line: _Line, indicators: set[str], points: set[str], width: int) -> list[Finding]:
    cells, found = line.cells, []
    code = cells["indicator"]

    def add(kind: str, vi: str, en: str, hint_vi: str = "", hint_en: str = "") -> None:
        found.append(Finding(kind, Text(vi, en), Text(hint_vi, hint_en), line.where))

    if int(cells[""]) > width:
        add(
            "csv-width",
            "dòng có nhiều ô hơn dòng đầu",
            "the row has more cells than the header",
            "ô có dấu phẩy phải đặt trong ngoặc kép",
            "put cells with commas in quotes",
        )
    if not cells["agency"]:
        add("csv-agency", "thiếu 'agency'", "'agency' is missing")
    if code not in indicators and code not in points:
        near = difflib.get_close_matches(code, sorted(indicators | points), n=1, cutoff=0.4)
        known = near[0] if near else ", ".join(sorted(points))
        add(
            "csv-indicator",
            f"không có chỉ số '{code}'",
            f"there is no indicator '{code}'",
            f"có phải '{known}'?",
            f"did you mean '{known}'?",
        )
    if cells["status"].lower() not in _STATUSES:
        add(
            "csv-status",
            f"trạng thái lạ '{cells['status']}'",
            f"unknown status '{cells['status']}'",
            "dùng reported, missing hoặc exempt",
            "use reported, missing or exempt",
        )
    if cells["status"].lower() == "exempt" and not cells["article"]:
        add(
            "csv-article",
            "miễn áp dụng nhưng thiếu 'article'",
            "exempt without an 'article'",
            "ghi điều khoản, ví dụ 7.3",
            "give the article, for example 7.3",
        )
    by_points = code in points and code not in indicators
    if by_points and (cells["numerator"] or cells["denominator"] or cells["status"].lower() == "exempt"):
        add("csv-points", f"'{code}' chỉ nhận điểm ở cột 'value'", f"'{code}' takes points in 'value' only")
    return found


def _put(con: DuckDBPyConnection, loaded: LoadedRuleset, lines: list[_Line]) -> None:
    """The three relations that the engine reads, for one group in one year."""
    year = loaded.ruleset.valid.year_from
    indicators = {one.code for one in loaded.ruleset.indicator_list}
    key = (loaded.ruleset_id, str(year), str(year))
    agencies = dict.fromkeys(line.cells["agency"] for line in lines)
    base = [("ruleset_id", "VARCHAR", ""), ("assessment_year", "INTEGER", ""), ("period", "VARCHAR", "")]
    fill(
        con,
        "roster",
        "Agencies of the file",
        [*base, ("agency_group", "VARCHAR", ""), ("agency_id", "VARCHAR", ""), ("parent_id", "VARCHAR", "")],
        [(*key, loaded.ruleset.groups[0], name, None) for name in agencies],
    )
    value_rows, point_rows = [], []
    for line in lines:
        cells = line.cells
        if cells["indicator"] in indicators:
            rest = (cells[name] or None for name in ("numerator", "denominator", "value", "status", "article"))
            value_rows.append((*key, cells["agency"], cells["indicator"], *rest))
        elif cells["status"].lower() != "missing":
            point_rows.append((*key, cells["agency"], cells["indicator"], cells["value"]))
    names = ("agency_id", "indicator_code", "numerator", "denominator", "value", "status", "article")
    fill(con, "indicator_values", "Values of the file", [*base, *((n, "VARCHAR", "") for n in names)], value_rows)
    points = [(name, "VARCHAR", "") for name in ("agency_id", "code", "points")]
    fill(con, "entered_scores", "Points of the file", [*base, *points], point_rows)


# Indicators under an entered main index or an entered total were not asked for, so they are not listed as missing.
_SCORES_SQL = """SELECT s.agency_id, s.indicator_code, points_text(s.points), s.status, s.rule
FROM indicator_scores s JOIN indicators i USING (ruleset_id, indicator_code)
WHERE s.status <> 'missing' OR NOT EXISTS (SELECT 1 FROM entered_scores e
  WHERE e.agency_id = s.agency_id AND e.code IN ('total', s.main_index_code)
    AND NOT EXISTS (SELECT 1 FROM indicator_values v
      WHERE v.agency_id = s.agency_id AND v.indicator_code = s.indicator_code))
ORDER BY s.agency_id, i.position"""
_TOTALS_SQL = """SELECT agency, main_index, pillar, points, max_points, rank, grade FROM (
  SELECT s.agency_id AS agency, s.main_index_code AS main_index, '' AS pillar,
    CASE WHEN s.status = 'missing' AND r.status = 'entered' THEN '' ELSE points_text(s.points) END AS points,
    points_text(s.max_points) AS max_points, s.rank, NULL AS grade, 1 AS part, m.position
  FROM main_index_scores s JOIN main_indices m USING (ruleset_id, main_index_code) JOIN rankings r USING (agency_id)
  UNION ALL
  SELECT s.agency_id, '', s.pillar_code,
    CASE WHEN s.status = 'missing' AND r.status = 'entered' THEN '' ELSE points_text(s.points) END,
    points_text(s.max_points), s.rank, NULL, 2, p.position
  FROM pillar_scores s JOIN pillars p USING (ruleset_id, pillar_code) JOIN rankings r USING (agency_id)
  UNION ALL
  SELECT agency_id, '', '', points_text(total), points_text(max_total), rank, grade, 3, 0 FROM rankings)
ORDER BY agency, part, position"""


def _rows(con: DuckDBPyConnection, query: str) -> list[tuple[str, ...]]:
    return [tuple("" if cell is None else str(cell) for cell in row) for row in con.execute(query).fetchall()]


def _scores(con: DuckDBPyConnection) -> list[tuple[str, ...]]:
    return _rows(con, _SCORES_SQL)


def _totals(con: DuckDBPyConnection) -> list[tuple[str, ...]]:
    return _rows(con, _TOTALS_SQL)


def _warnings(con: DuckDBPyConnection, lines: list[_Line]) -> list[Finding]:
    """Values that did not reach a score, each at its line."""
    places = {(line.cells["agency"], line.cells["indicator"]): line.where for line in lines}
    rows: list[tuple[Any, ...]] = con.execute(
        """SELECT agency_id, indicator_code, reason FROM indicator_scores WHERE status = 'invalid'
        UNION ALL SELECT agency_id, main_index_code, reason FROM main_index_scores
        WHERE status = 'invalid' AND reason IS NOT NULL
        UNION ALL SELECT agency_id, 'total', reason FROM (SELECT agency_id, p.reason, p.is_entered
          FROM _total_points p JOIN _roster USING (row_id) WHERE p.status = 'invalid' AND p.is_entered)
        ORDER BY ALL"""
    ).fetchall()
    findings = []
    for agency, code, reason in rows:
        why = REASONS.get(reason, Text(reason, reason))
        text = Text(f"'{agency}', '{code}' không được tính: {why.vi}", f"'{agency}', '{code}' is not scored: {why.en}")
        findings.append(Finding(f"value-{reason.replace('_', '-')}", text, where=places.get((agency, code), "")))
    return findings
