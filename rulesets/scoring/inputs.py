"""What is scored: the relations that come in, checked, and one cell per assessed agency and indicator.

`roster` says who is assessed; `indicator_values` holds at most one row per agency, year, period and indicator;
`entered_scores`, where it exists, holds points that people entered for `total`, a main index, or an indicator.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from common.errors import ConfigurationError, Finding, GateError, Text
from rulesets.scoring.tables import UNIT, column_types

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ROSTER = ("ruleset_id", "assessment_year", "period", "agency_group", "agency_id", "parent_id")
VALUES = (
    *("ruleset_id", "agency_id", "assessment_year", "period", "indicator_code"),
    *("numerator", "denominator", "value", "status", "article"),
)
ENTERED = ("ruleset_id", "agency_id", "assessment_year", "period", "code", "points")
_INEXACT = ("DOUBLE", "FLOAT", "REAL")
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_SHOWN = 20


def write_cells(con: DuckDBPyConnection) -> None:
    """Check the relations and write `_roster`, `_entered` and `_cells`; raise `DtiError` for what cannot be scored."""
    types = _require(con, "indicator_values", VALUES)
    _require(con, "roster", ROSTER)
    entered = bool(column_types(con, "entered_scores"))
    if entered:
        _require(con, "entered_scores", ENTERED)
    _check_roster(con)
    con.execute(_ROSTER_SQL)
    _check_public(con, entered)
    _check_codes(con)
    con.execute(_cells_sql(types["numerator"], types["denominator"]))
    _check_cells(con)
    con.execute(_NO_ROW_SQL)
    con.execute(_ENTERED_SQL.format(source="entered_scores" if entered else _NO_ENTERED))
    _check_entered(con)


def _require(con: DuckDBPyConnection, name: str, columns: Sequence[str]) -> dict[str, str]:
    types = column_types(con, name)
    lacking = [column for column in columns if column not in types]
    inexact = [column for column, kind in types.items() if kind in _INEXACT]
    if lacking or inexact:
        what = f"thiếu cột {', '.join(lacking)}" if lacking else f"cột {', '.join(inexact)} là số dấu phẩy động"
        what_en = f"columns missing: {', '.join(lacking)}" if lacking else f"binary floats in {', '.join(inexact)}"
        raise ConfigurationError(
            "relation-columns",
            Text(f"bảng {name}: {what}", f"table {name}: {what_en}"),
            hint=Text("dùng INTEGER, DECIMAL hoặc VARCHAR", "use INTEGER, DECIMAL or VARCHAR"),
            where=name,
        )
    return types


def _refuse(con: DuckDBPyConnection, query: str, code: str, message: Text, hint: Text) -> None:
    """Raise `GateError` with one finding per row of the query, whose columns together name the place."""
    rows = con.execute(f"{query} ORDER BY ALL LIMIT {_SHOWN + 1}").fetchall()
    if rows:
        places = [", ".join("" if cell is None else str(cell) for cell in row) for row in rows[:_SHOWN]]
        findings = [Finding(code, message, hint, place) for place in places]
        raise GateError(code, message, hint=hint, where="; ".join(places), findings=findings)


def _check_roster(con: DuckDBPyConnection) -> None:
    key = "ruleset_id, assessment_year, period, agency_id"
    _refuse(
        con,
        f"SELECT {key} FROM roster GROUP BY {key} HAVING count(*) > 1",
        "roster-duplicate",
        Text("cơ quan có hai dòng trong danh sách đánh giá", "an agency stands on the roster twice"),
        Text("giữ lại một dòng cho mỗi cơ quan, năm và kỳ", "keep one row per agency, year and period"),
    )
    _refuse(
        con,
        f"SELECT {key}, agency_group FROM roster LEFT JOIN rulesets USING (ruleset_id) "
        "WHERE NOT coalesce(list_contains(groups, agency_group), false)",
        "roster-ruleset",
        Text("bộ quy tắc không có hoặc không đánh giá nhóm này", "no such ruleset, or it does not assess this group"),
        Text("xem: dti ruleset list", "see: dti ruleset list"),
    )


_ROSTER_SQL = """CREATE OR REPLACE TABLE _roster AS
SELECT row_number() OVER (ORDER BY ruleset_id, assessment_year, period, agency_group, agency_id)::INTEGER AS row_id,
  dense_rank() OVER (ORDER BY ruleset_id, assessment_year, period, agency_group)::INTEGER AS peer_id,
  ruleset_id, assessment_year::INTEGER AS assessment_year, period::VARCHAR AS period, agency_group, agency_id,
  parent_id::VARCHAR AS parent_id
FROM roster"""
_KEYS = "ruleset_id, agency_id, assessment_year, period"


def _check_public(con: DuckDBPyConnection, entered: bool) -> None:
    """A ruleset whose annex is not public can judge entered points only; say what is missing and how to supply it."""
    has_points = "EXISTS (SELECT 1 FROM entered_scores e WHERE e.ruleset_id = s.ruleset_id)" if entered else "false"
    rows = con.execute(
        f"""SELECT ruleset_id, decision, indicator_count, max_total::DECIMAL(18, 0) FROM rulesets s
        WHERE NOT public AND ruleset_id IN (SELECT ruleset_id FROM _roster) AND (NOT {has_points}
          OR EXISTS (SELECT 1 FROM indicator_values v WHERE v.ruleset_id = s.ruleset_id))
        ORDER BY ruleset_id"""
    ).fetchall()
    findings = [not_public(*row) for row in rows]
    if findings:
        first = findings[0]
        raise ConfigurationError(first.code, first.message, hint=first.hint, where=first.where, findings=findings)


def not_public(ruleset_id: str, decision: str, indicators: int | None, points: object) -> Finding:
    """What is missing where the annex of indicators is not public, and how to supply it."""
    count = "" if indicators is None else f"{indicators} "
    return Finding(
        "annex-not-public",
        Text(
            f"{decision}: phụ lục {count}chỉ số thành phần ({points} điểm) chưa có, nên không chấm được từng chỉ số",
            f"{decision}: the annex with its {count}indicators ({points} points) is not here, so they cannot be scored",
        ),
        Text(
            f"nạp phụ lục chính thức: dti ruleset import {ruleset_id} PHU_LUC.xlsx (lấy mẫu: --template PHU_LUC.xlsx); "
            "hoặc nhập điểm cho 'total' hay mã chỉ số chính",
            f"import the official annex: dti ruleset import {ruleset_id} ANNEX.xlsx (template: --template ANNEX.xlsx), "
            "or enter points for 'total' or main indices",
        ),
        ruleset_id,
    )


def _check_codes(con: DuckDBPyConnection) -> None:
    _refuse(
        con,
        "SELECT DISTINCT ruleset_id, indicator_code FROM indicator_values v "
        "WHERE ruleset_id IN (SELECT ruleset_id FROM rulesets) AND NOT EXISTS (SELECT 1 FROM _indicators i "
        "WHERE i.ruleset_id = v.ruleset_id AND i.indicator_code = v.indicator_code)",
        "value-indicator",
        Text("bộ quy tắc không có chỉ số này", "the ruleset has no such indicator"),
        Text("mã là văn bản: 6.10 khác 6.1", "codes are text: 6.10 is not 6.1"),
    )


def _check_cells(con: DuckDBPyConnection) -> None:
    place = f"{_KEYS}, indicator_code"
    names = "JOIN _roster USING (row_id) JOIN _indicators i USING (ruleset_id, ind_id)"
    _refuse(
        con,
        f"SELECT {place} FROM (SELECT row_id, ind_id FROM _cells GROUP BY ALL HAVING count(*) > 1) c {names}",
        "value-duplicate",
        Text(
            "một chỉ số có hai giá trị cho cùng cơ quan và kỳ", "an indicator has two values for one agency and period"
        ),
        Text("giữ lại một giá trị theo thứ tự ưu tiên", "keep the one that takes precedence"),
    )
    _refuse(
        con,
        f"SELECT {place}, status FROM (SELECT row_id, ind_id, status FROM _cells "
        f"WHERE status NOT IN ('reported', 'missing', 'exempt')) c {names}",
        "value-status",
        Text("trạng thái không hợp lệ", "no such status"),
        Text("dùng reported, missing hoặc exempt", "use reported, missing or exempt"),
    )


def _number(column: str, kind: str) -> tuple[str, str, str]:
    """SQL of a number's decimals, its digits as one integer, and the reason why it is none; the column may be text."""
    if kind in _WHOLE:
        return f"CASE WHEN {column} IS NOT NULL THEN 0 END", f"{column}::HUGEINT", "NULL::VARCHAR"
    text = f"trim({column}::VARCHAR)"
    if kind.startswith("DECIMAL"):
        whole, short = f"{column} = trunc({column})", f"rtrim({text}, '0')"
        return (
            f"CASE WHEN {whole} THEN 0 ELSE decimals_of({short}) END",
            f"CASE WHEN {whole} THEN {column}::HUGEINT ELSE digits_of({short}) END",
            f"CASE WHEN NOT ({whole}) THEN not_a_number({short}) END",
        )
    return f"decimals_of({text})", f"digits_of({text})", f"not_a_number({text})"


def _cells_sql(numerator: str, denominator: str) -> str:
    n_decimals, n_digits, n_bad = _number("numerator", numerator)
    d_decimals, d_digits, d_bad = _number("denominator", denominator)
    return f"""CREATE OR REPLACE TEMP TABLE _cells AS
WITH given AS (
  SELECT r.row_id, r.peer_id, i.ind_id, {n_decimals} AS n_decimals, {n_digits} AS n_digits,
    {d_decimals} AS d_decimals, {d_digits} AS d_digits, coalesce({n_bad}, {d_bad}) AS bad,
    nullif(trim(v.value::VARCHAR), '') AS value, coalesce(nullif(lower(trim(v.status)), ''), 'reported') AS status,
    nullif(trim(v.article), '') AS article,
    numerator IS NULL AND denominator IS NULL AND nullif(trim(v.value::VARCHAR), '') IS NULL AS blank
  FROM indicator_values v JOIN _roster r USING ({_KEYS}) JOIN _indicators i USING (ruleset_id, indicator_code)
)
SELECT row_id, peer_id, ind_id, CASE WHEN status = 'reported' AND blank THEN 'missing' ELSE status END AS status,
  CASE WHEN status = 'missing' THEN 'declared_missing' WHEN status = 'reported' AND blank THEN 'no_value' END AS reason,
  article, n_decimals, n_digits, d_decimals, d_digits, bad, value
FROM given"""


# Only agencies that lack a row are looked at, so that a complete year costs nothing.
_NO_ROW_SQL = """INSERT INTO _cells (row_id, peer_id, ind_id, status, reason)
WITH wanted AS (SELECT ruleset_id, count(*) AS indicators FROM _indicators GROUP BY ruleset_id),
given AS (SELECT row_id, count(*) AS rows FROM _cells GROUP BY row_id),
short AS (
  SELECT r.row_id, r.peer_id, r.ruleset_id FROM _roster r JOIN wanted USING (ruleset_id) LEFT JOIN given USING (row_id)
  WHERE coalesce(rows, 0) < indicators
)
SELECT s.row_id, s.peer_id, i.ind_id, 'missing', 'no_row' FROM short s JOIN _indicators i USING (ruleset_id)
ANTI JOIN (SELECT row_id, ind_id FROM _cells SEMI JOIN short USING (row_id)) c USING (row_id, ind_id)"""
_NO_ENTERED = """(SELECT NULL::VARCHAR AS ruleset_id, NULL::VARCHAR AS agency_id, NULL::INTEGER AS assessment_year,
  NULL::VARCHAR AS period, NULL::VARCHAR AS code, NULL::VARCHAR AS points WHERE false)"""
_ENTERED_SQL = f"""CREATE OR REPLACE TABLE _entered AS
WITH given AS (
  SELECT r.row_id, r.ruleset_id, e.code, trim(e.points::VARCHAR) AS text
  FROM {{source}} e JOIN _roster r USING ({_KEYS})
), placed AS (
  SELECT g.row_id, g.code, g.text, coalesce(n.level, 'indicator') AS level, n.node_id, i.ind_id,
    coalesce(n.max_units, i.max_units) AS max_units, not_a_number(g.text) AS bad,
    digits_of(g.text) * power_of_ten(15 - least(decimals_of(g.text), 15)) AS units, decimals_of(g.text) AS decimals
  FROM given g
  LEFT JOIN _nodes n ON n.ruleset_id = g.ruleset_id AND n.code = g.code AND n.level IN ('total', 'main_index')
  LEFT JOIN _indicators i ON n.node_id IS NULL AND i.ruleset_id = g.ruleset_id AND i.indicator_code = g.code
)
SELECT row_id, code, text, level, node_id, ind_id,
  CASE WHEN text = '' OR text IS NULL THEN 'no_value' WHEN bad IS NOT NULL THEN bad
    WHEN decimals > 10 THEN 'too_many_digits' WHEN units < 0 THEN 'negative'
    WHEN units > coalesce(max_units, {10**6 * UNIT}) THEN 'above_maximum' END AS reason,
  CASE WHEN reason IS NULL THEN units ELSE 0 END AS units,
  CASE WHEN reason IS NULL THEN 'entered' WHEN reason = 'no_value' THEN 'missing' ELSE 'invalid' END AS status
FROM placed"""


def _check_entered(con: DuckDBPyConnection) -> None:
    place = f"SELECT {_KEYS}, e.code FROM _entered e JOIN _roster r USING (row_id)"
    _refuse(
        con,
        f"{place} GROUP BY ALL HAVING count(*) > 1",
        "entered-duplicate",
        Text("điểm được nhập hai lần", "points are entered twice"),
        Text("giữ lại một dòng", "keep one row"),
    )
    _refuse(
        con,
        f"{place} WHERE e.node_id IS NULL AND e.ind_id IS NULL",
        "entered-code",
        Text("không có chỉ số chính hay chỉ số nào có mã này", "no main index and no indicator has this code"),
        Text("dùng 'total', mã chỉ số chính hoặc mã chỉ số", "use 'total', a main index or an indicator"),
    )
    given = "EXISTS (SELECT 1 FROM _cells c JOIN _children k ON k.child_id = c.ind_id WHERE c.row_id = e.row_id"
    _refuse(
        con,
        f"{place} WHERE (e.level = 'main_index' AND {given} AND k.node_id = e.node_id AND c.status <> 'missing')) "
        "OR (e.level = 'indicator' AND EXISTS (SELECT 1 FROM _cells c WHERE c.row_id = e.row_id "
        "AND c.ind_id = e.ind_id AND c.status <> 'missing'))",
        "entered-and-values",
        Text("vừa nhập điểm vừa có giá trị chỉ số", "points are entered beside values of the same indicators"),
        Text("giữ lại một trong hai", "keep one of the two"),
    )
