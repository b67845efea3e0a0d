"""A CSV file of values, read and checked against a ruleset: every mistake at its line, nothing guessed."""

from __future__ import annotations

import csv
import difflib
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from common.csv_cells import refuse_endless
from common.errors import ConfigurationError, Finding, Text
from common.yaml_files import display_path, invalid
from rulesets.load import LoadedRuleset
from rulesets.numbers import plain
from rulesets.scoring.inputs import not_public

COLUMNS = ("agency", "indicator", "numerator", "denominator", "value", "status", "article")
TOTAL = "total"
_STATUSES = ("", "reported", "missing", "exempt")
_WHOLE_LINE = {";": Text("dấu chấm phẩy", "semicolons"), "\t": Text("dấu tab", "tabs")}


@dataclass(frozen=True)
class Line:
    """One row: where it stands, and its cells by column, trimmed; `width` is how many cells it has."""

    where: str
    cells: dict[str, str]
    width: int


def read_values(loaded: LoadedRuleset, path: Path) -> list[Line]:
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
    reader = _rows(unicodedata.normalize("NFC", text), shown)
    header = [name.lower() for name in next(reader, (0, []))[1]]
    if found := _header_findings(header, f"{shown}:1"):
        raise invalid(found, path)
    lines = [
        Line(f"{shown}:{number}", dict.fromkeys(COLUMNS, "") | dict(zip(header, cells, strict=False)), len(cells))
        for number, cells in reader
        if any(cells)
    ]
    if not lines:
        nothing = Text("tệp không có dòng giá trị nào", "the file has no row of values")
        hint = Text("thêm ít nhất một dòng", "add at least one row")
        raise invalid([Finding("csv-empty", nothing, hint, f"{shown}:1")], path)
    if found := _row_findings(loaded, lines, len(header)):
        raise invalid(found, path)
    return lines


def doubts(loaded: LoadedRuleset, lines: list[Line]) -> Iterator[Finding]:
    """What a row says and the engine does not use: worth a look, not wrong."""
    one_figure = {one.code for one in loaded.ruleset.indicator_list if not getattr(one.rule, "gate", None)}
    for line in lines:
        cells = line.cells
        if cells["article"] and cells["status"].lower() != "exempt":
            yield Finding(
                "csv-article-unused",
                Text(
                    "'article' không có tác dụng khi 'status' không phải exempt",
                    "'article' has no effect where 'status' is not exempt",
                ),
                Text("ghi exempt ở cột 'status', hoặc xóa 'article'", "write exempt in 'status', or empty 'article'"),
                line.where,
            )
        if cells["value"] and (cells["numerator"] or cells["denominator"]) and cells["indicator"] in one_figure:
            yield Finding(
                "csv-two-figures",
                Text(
                    "có cả tỷ lệ và 'value', chỉ một được dùng",
                    "there is a ratio as well as a 'value', and only one of them is used",
                ),
                Text("giữ lại một", "keep one of them"),
                line.where,
            )


def _rows(text: str, shown: str) -> Iterator[tuple[int, list[str]]]:
    """Number of the (last) line and trimmed cells of each row; raise for quotes that do not pair."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    try:
        for row in reader:
            refuse_endless(row)
            yield reader.line_num, [cell.strip() for cell in row]
            start = reader.line_num + 1
    except csv.Error as error:
        raise ConfigurationError(
            "csv-syntax",
            Text(f"CSV sai cú pháp: {error}", f"not valid CSV: {error}"),
            hint=Text(
                'mỗi dấu " mở phải có dấu " đóng; dấu " trong ô viết thành ""',
                'every " that opens must close; write a " inside a cell as ""',
            ),
            where=f"{shown}:{start}",
        ) from None


def _header_findings(header: list[str], where: str) -> list[Finding]:
    findings = []
    for sign, word in _WHOLE_LINE.items():
        if len(header) == 1 and sign in header[0]:
            text = Text(f"các cột ngăn bằng {word.vi}", f"columns are separated by {word.en}")
            hint = Text("lưu lại với dấu phẩy ngăn cột", "save it with commas between columns")
            return [Finding("csv-separator", text, hint, where)]
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


def _row_findings(loaded: LoadedRuleset, lines: list[Line], width: int) -> list[Finding]:
    ruleset = loaded.ruleset
    indicators = {one.code for one in ruleset.indicator_list}
    points = {TOTAL, *(main.code for main in ruleset.main_indices)}
    findings: list[Finding] = []
    seen: dict[tuple[str, str], str] = {}
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


_MISTAKES = {
    "csv-width": (
        Text("dòng có nhiều ô hơn dòng đầu", "the row has more cells than the header"),
        Text("ô có dấu phẩy phải đặt trong ngoặc kép", "put cells with commas in quotes"),
    ),
    "csv-agency": (
        Text("thiếu 'agency'", "'agency' is missing"),
        Text("ghi mã hoặc tên cơ quan", "give its code or name"),
    ),
    "csv-hidden": (
        Text("'agency' có ký tự không nhìn thấy: {}", "'agency' has characters that cannot be seen: {}"),
        Text("gõ lại tên cơ quan", "type the name again"),
    ),
    "csv-indicator": (
        Text("không có chỉ số '{}'", "there is no indicator '{}'"),
        Text("có phải '{}'?", "did you mean '{}'?"),
    ),
    "csv-status": (
        Text("trạng thái lạ '{}'", "unknown status '{}'"),
        Text("dùng reported, missing hoặc exempt", "use reported, missing or exempt"),
    ),
    "csv-article": (
        Text("miễn áp dụng nhưng thiếu 'article'", "exempt without an 'article'"),
        Text("ghi điều khoản, ví dụ 7.3", "give the article, for example 7.3"),
    ),
    "csv-points": (
        Text("'{}' chỉ nhận điểm ở cột 'value'", "'{}' takes points in 'value' only"),
        Text("xóa các ô khác", "empty the other cells"),
    ),
}
"""What can be wrong with a row, and the way out; `{}` is what stands there, in a hint what may have been meant."""


def _line_findings(line: Line, indicators: set[str], points: set[str], width: int) -> Iterator[Finding]:
    for code, given, meant in _line_mistakes(line, indicators, points, width):
        message, hint = _MISTAKES[code]
        told = Text(message.vi.format(given), message.en.format(given))
        yield Finding(code, told, Text(hint.vi.format(meant), hint.en.format(meant)), line.where)


def _line_mistakes(line: Line, indicators: set[str], points: set[str], width: int) -> Iterator[tuple[str, str, str]]:
    """Each mistake of a row: its code, what stands there, and what may have been meant."""
    cells, code = line.cells, line.cells["indicator"]
    status = cells["status"].lower()
    if line.width > width:
        yield "csv-width", "", ""
    if not cells["agency"]:
        yield "csv-agency", "", ""
    if hidden := sorted({f"U+{ord(sign):04X}" for sign in cells["agency"] if unicodedata.category(sign)[0] == "C"}):
        yield "csv-hidden", ", ".join(hidden), ""
    if code not in indicators and code not in points:
        near = difflib.get_close_matches(code, sorted(indicators | points), n=1, cutoff=0.4)
        yield "csv-indicator", code, near[0] if near else ", ".join(sorted(points))
    if status not in _STATUSES:
        yield "csv-status", cells["status"], ""
    if status == "exempt" and not cells["article"]:
        yield "csv-article", "", ""
    by_points = code in points and code not in indicators
    if by_points and (cells["numerator"] or cells["denominator"] or status == "exempt"):
        yield "csv-points", code, ""
