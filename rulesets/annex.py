"""Import of an official annex: a spreadsheet of codes, names, points, metrics and rules completes a ruleset.

For decisions whose annex is not public here: the ruleset carries the published structure, the operator supplies the
rest. The whole is checked as a ruleset is, above all against the published counts and totals, and every finding names
its cell. The result is a complete ruleset file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from common.durable import sha256_file
from common.errors import ConfigurationError, Finding, Text, UsageError
from common.yaml_files import Loc, YamlFile, invalid, parse_model, parse_yaml
from rulesets import consistency
from rulesets.annex_cells import HEADINGS, Cell, Row, Sheet, read_sheet
from rulesets.lint import catalogue_of, remarks_of
from rulesets.lints import placed
from rulesets.load import SHIPPED, LoadedRuleset, load_ruleset
from rulesets.models import Ruleset
from rulesets.yaml_text import to_yaml

_NUMBER = re.compile(r"[0-9]+([.,][0-9]+)?")
_PLAIN = ("name_vi", "basis", "reference", "why", "zero_denominator")


@dataclass(frozen=True)
class _AnnexFile(YamlFile):
    """The completed ruleset before it is written: places are cells where the sheet says it, else lines of the base."""

    base: YamlFile
    sheet: Sheet
    cells: dict[Loc, str]

    def where(self, loc: Loc = ()) -> str:
        if loc[:1] == ("structure",):
            return self.sheet.span("max_points" if loc[-1] == "points" else "code")
        place: Loc = ()
        for part in loc:
            if (*place, part) in self.cells:
                place = (*place, part)
        return self.cells[place] if place else self.base.where(loc)


def find_base(name: str, folders: Sequence[Path] = (SHIPPED,)) -> LoadedRuleset:
    """The ruleset of that id whose annex is not public, also where an import already stands before it."""
    places = [folder / f"{name}.yaml" for folder in folders]
    found = [load_ruleset(place, [folder]) for place, folder in zip(places, folders, strict=True) if place.is_file()]
    for item in found:
        if not item.ruleset.public:
            return item
    if found:
        raise UsageError(
            "annex-public",
            Text(f"'{name}' đã có đủ chỉ số", f"'{name}' already has its indicators"),
            hint=Text(f"sửa tệp {found[0].path}", f"edit the file {found[0].path}"),
        )
    raise UsageError(
        "unknown-ruleset",
        Text(f"không có bộ quy tắc '{name}'", f"there is no ruleset '{name}'"),
        hint=Text("xem: dti ruleset list", "see: dti ruleset list"),
    )


def complete(base: LoadedRuleset, path: Path, folders: Sequence[Path] = (SHIPPED,)) -> tuple[str, Ruleset]:
    """The completed ruleset as YAML text and as a model; raise `ConfigurationError` with a finding per cell."""
    sheet = read_sheet(path)
    findings: list[Finding] = []
    data, cells = _data(base, sheet, findings)
    if findings:
        raise invalid(findings, path)
    file = _AnnexFile(path, data, {}, base.file, sheet, cells)
    ruleset = parse_model(file, Ruleset)
    if found := consistency.findings(ruleset, file):
        raise invalid(found, path)
    item = LoadedRuleset(base.ruleset_id, ruleset, file)
    remarks = [placed(remark, file) for remark in remarks_of(item, [], catalogue_of(folders))]
    if errors := [finding for severity, finding in remarks if severity == "error"]:
        raise invalid(errors, path)
    head = f"# {ruleset.decision.number}: cấu trúc công bố, phụ lục nhập từ {path.name} (sha256 {sha256_file(path)})."
    return f"{head}\n{to_yaml(data)}", ruleset


def _data(base: LoadedRuleset, sheet: Sheet, findings: list[Finding]) -> tuple[dict[str, Any], dict[Loc, str]]:
    """The base with the sheet's main indices and indicators in it, and the cell of each of their values."""
    data = deepcopy(base.file.data)
    mains: list[dict[str, Any]] = []
    indicators: list[dict[str, Any]] = []
    cells: dict[Loc, str] = {("main_indices",): sheet.span("code"), ("indicators",): sheet.span("code")}
    for row in sheet.rows:
        main = "main_index" not in row and "rule" not in row
        entries, key = (mains, "main_indices") if main else (indicators, "indicators")
        loc: Loc = (key, len(entries))
        cells[loc] = next(iter(row.values()))[0]
        entries.append(_main_index(row, loc, cells) if main else _indicator(row, loc, cells, base, findings))
    published = {entry["code"]: entry for entry in data.get("main_indices", [])}
    for n, entry in enumerate(mains):
        findings += _published(entry, published, cells, ("main_indices", n))
    for code in published.keys() - {entry.get("code") for entry in mains}:
        message = Text(f"thiếu chỉ số chính '{code}'", f"main index '{code}' is missing")
        hint = Text("thêm một hàng chỉ có mã, tên và điểm", "add a row with just code, name and points")
        findings.append(Finding("main-index-missing", message, hint, sheet.span("code")))
    data["main_indices"], data["indicators"] = mains, indicators
    return data, cells


def _main_index(row: Row, loc: Loc, cells: dict[Loc, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    for key, target in (("code", "code"), ("name_vi", "name_vi"), ("max_points", "points")):
        if key in row:
            place, value = row[key]
            entry[target] = _points(value) if target == "points" else str(value)
            cells[*loc, target] = place
    return entry


def _published(
    entry: dict[str, Any], published: dict[str, dict[str, Any]], cells: dict[Loc, str], loc: Loc
) -> Iterator[Finding]:
    """What the decision publishes about a main index stays: a sheet that says otherwise is wrong."""
    if not published:
        return
    known = published.get(entry.get("code", ""))
    if known is None:
        message = Text("mã chỉ số chính không có trong công bố", "no such main index is published")
        hint = Text(f"các mã: {', '.join(published)}", f"the codes are: {', '.join(published)}")
        yield Finding("main-index-unknown", message, hint, cells[loc])
        return
    for key in ("name_vi", "points"):
        names = [known.get(key), *(known.get("name_variants", []) if key == "name_vi" else [])]
        if key in known and entry.get(key) not in names:
            message = Text(f"công bố ghi '{known[key]}'", f"published is '{known[key]}'")
            hint = Text("ghi đúng như công bố", "write it as published")
            yield Finding("differs-from-published", message, hint, cells.get((*loc, key), cells[loc]))
    entry.update({key: value for key, value in known.items() if key != "points"})


def _indicator(
    row: Row, loc: Loc, cells: dict[Loc, str], base: LoadedRuleset, findings: list[Finding]
) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    for key in ("code", "main_index"):
        if key in row:
            entry[key], cells[*loc, key] = str(row[key][1]), row[key][0]
    for key in _PLAIN:
        if key in row:
            entry[key], cells[*loc, key] = str(row[key][1]), row[key][0]
    if "max_points" in row:
        entry["max_points"], cells[*loc, "max_points"] = _points(row["max_points"][1]), row["max_points"][0]
    entry.setdefault("reference", f"{base.ruleset.decision.number}, phụ lục, mục {entry.get('code', '')}".strip())
    if inputs := _inputs(row, loc, cells):
        entry["inputs"] = inputs
    if "rule" in row:
        entry["rule"] = {"kind": str(row["rule"][1]), **_parameters(row, loc, cells, findings)}
        cells[*loc, "rule"] = row["rule"][0]
    return entry


def _inputs(row: Row, loc: Loc, cells: dict[Loc, str]) -> dict[str, Any]:
    """Metrics by role; several ratios, for pooled rules, stand as lists with `;`."""
    given = {key: str(row[key][1]) for key in ("numerator", "denominator", "value") if key in row}
    for key in given:
        cells[*loc, "inputs", key] = row[key][0]
        cells.setdefault((*loc, "inputs"), row[key][0])
    over, under = (given.get(key, "").split(";") for key in ("numerator", "denominator"))
    if len(over) > 1 and len(over) == len(under):
        pairs = zip(over, under, strict=True)
        return {"pools": [{"numerator": n.strip(), "denominator": d.strip()} for n, d in pairs]}
    return given


def _parameters(row: Row, loc: Loc, cells: dict[Loc, str], findings: list[Finding]) -> dict[str, Any]:
    """The rule's own keys, written as in YAML: `target: 0.8`, or `bands: [{from: 1, share: 1}]`."""
    if "parameters" not in row:
        return {}
    place, text = row["parameters"]
    try:
        given = parse_yaml(f"{{{text}}}", Path(HEADINGS["parameters"])).data
    except ConfigurationError:
        hint = Text("viết như 'target: 0.8'", "write it like 'target: 0.8'")
        findings.append(Finding("parameters", Text("tham số sai cú pháp", "not valid parameters"), hint, place))
        return {}
    for key in given:
        cells[*loc, "rule", key] = place
    return dict(given)


def _points(value: Cell) -> Cell:
    """Points as a number, also where the cell is text with a decimal comma; what is no number is refused later."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        number = Decimal(value.replace(",", "."))
        return int(number) if number == number.to_integral_value() else number
    return value
