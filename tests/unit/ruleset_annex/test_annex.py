"""Import of an annex: what is published must come out exactly, and every finding names its cell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from common.errors import ConfigurationError, Finding, UsageError
from common.yaml_files import parse_yaml
from rulesets.annex import complete, find_base
from rulesets.annex_template import write_template
from rulesets.lint import catalogue_of, lint
from rulesets.load import SHIPPED, LoadedRuleset, load_ruleset
from rulesets.rules import KINDS
from rulesets.yaml_text import to_yaml
from tests.support.engine import cell, score_one

Grid = list[list[Any]]
Save = Callable[..., Path]


def put(grid: Grid, cell: str, value: Any) -> None:
    grid[int(cell[1:]) - 1][ord(cell[0]) - ord("A")] = value


def refused(base: LoadedRuleset, path: Path) -> list[Finding]:
    with pytest.raises(ConfigurationError) as caught:
        complete(base, path)
    return list(caught.value.findings)


@pytest.mark.parametrize("name", ["annex.xlsx", "annex.csv"])
def test_a_good_annex_makes_a_complete_ruleset(base: LoadedRuleset, grid: Grid, save: Save, name: str) -> None:
    text, ruleset = complete(base, save(grid, name))
    assert ruleset.public
    assert [i.code for i in ruleset.indicator_list] == ["1.1", "2.1", "2.10"]
    assert [i.max_points for i in ruleset.indicator_list] == [10, Fraction("12.5"), Fraction("7.5")]
    assert ruleset.indicator_list[1].rule.kind == "target"
    assert ruleset.indicator_list[1].reference == "9/QĐ-UBND, phụ lục, mục 2.1"
    assert ruleset.main_indices[0].kind == "foundation"
    assert ruleset.grades is not None
    base.path.write_text(text, encoding="utf-8")
    again = load_ruleset(base.path)
    assert again.ruleset == ruleset
    assert lint([base.path]).errors == 0
    assert name in text.splitlines()[0]


def test_an_imported_annex_scores(base: LoadedRuleset, grid: Grid, save: Save) -> None:
    _, ruleset = complete(base, save(grid))
    values = [cell("a", "1.1", "có"), cell("a", "2.1", n=60, d=100), cell("a", "2.10", "2"), cell("b", "1.1", "không")]
    rows = {row["agency_id"]: row for row in score_one(ruleset, values).rows("rankings")}
    # 10 + 12.5 × 0.6 / 0.8 + 7.5 × 0.5 = 10 + 9.375 + 3.75
    assert (rows["a"]["total"], rows["a"]["rank"], rows["a"]["grade"]) == (Decimal("23.125"), 1, "Đạt")
    assert (rows["b"]["total"], rows["b"]["grade"]) == (0, "Chưa đạt")


def test_the_name_of_a_main_index_stays_as_published(base: LoadedRuleset, grid: Grid, save: Save) -> None:
    put(grid, "C2", "Nhận thức")
    assert complete(base, save(grid))[1].main_indices[0].name_vi == "Nhận thức số"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("D3", 11), ("count-differs", "Phụ lục!D2")),
        (("D5", 12.25), ("count-differs", "Phụ lục!D4")),
        (("D4", 21), ("count-differs", "Phụ lục!D2:D6")),
        (("D5", "mười hai"), ("not-a-number", "Phụ lục!D5")),
        (("D5", None), ("missing-key", "Phụ lục!A5")),
        (("A5", 2.1), ("code-is-number", "Phụ lục!A5")),
        (("A5", date(2024, 1, 2)), ("cell-type", "Phụ lục!A5")),
        (("A6", "2.1"), ("code-twice", "Phụ lục!A6")),
        (("B5", "3"), ("unknown-code", "Phụ lục!B5")),
        (("C2", "Nhận thực số"), ("differs-from-published", "Phụ lục!C2")),
        (("A2", "9"), ("main-index-unknown", "Phụ lục!A2")),
        (("C6", "Tỷ lệ hồ sơ trực tuyến"), ("name-twice", "Phụ lục!C6")),
        (("C3", None), ("missing-key", "Phụ lục!A3")),
        (("E5", "targett"), ("unknown-rule", "Phụ lục!E5")),
        (("E5", "yes_no"), ("unknown-key", "Phụ lục!F5")),
        (("F5", None), ("missing-key", "Phụ lục!E5")),
        (("F5", "target: ["), ("parameters", "Phụ lục!F5")),
        (("F5", "target: 80"), ("invalid-value", "Phụ lục!F5")),
        (("F6", "of: count, bands: [{from: 1, points: 9}]"), ("band-exceeds", "Phụ lục!F6")),
        (("G5", "public_services.dossiers"), ("unknown-metric", "Phụ lục!G5")),
        (("H5", None), ("half-a-ratio", "Phụ lục!G5")),
        (("I3", "open_data.datasets"), ("unit-mismatch", "Phụ lục!I3")),
        (("J5", "half"), ("invalid-value", "Phụ lục!J5")),
        (("K3", "guess"), ("invalid-value", "Phụ lục!K3")),
        (("M5", None), ("assumption-why", "Phụ lục!K5")),
        (("D1", "Điểm"), ("column-unknown", "Phụ lục!D1")),
        (("D1", None), ("column-missing", "Phụ lục!A1")),
    ],
)
def test_a_finding_names_its_cell(
    base: LoadedRuleset, grid: Grid, save: Save, change: tuple[str, Any], expected: tuple[str, str]
) -> None:
    put(grid, *change)
    found = refused(base, save(grid))
    assert expected in {(f.code, f.where) for f in found}, [f.line("vi") for f in found]
    assert all(f.where.startswith("Phụ lục!") for f in found)


def test_counts_must_be_as_published(base: LoadedRuleset, grid: Grid, save: Save) -> None:
    found = refused(base, save(grid[:-1]))
    assert {(f.code, f.where) for f in found} >= {("count-differs", "Phụ lục!A2:A5"), ("count-differs", "Phụ lục!D4")}
    missing = refused(base, save([row for row in grid if row[0] != "1"]))
    assert [(f.code, f.where) for f in missing] == [("main-index-missing", "Phụ lục!A2:A5")]


@pytest.mark.parametrize(
    ("touch", "expected"),
    [
        (lambda s: s.__setitem__("D5", "=5+7.5"), ("cell-formula", "Phụ lục!D5")),
        (lambda s: s.merge_cells("C5:C6"), ("cell-merged", "Phụ lục!C5:C6")),
        (lambda s: setattr(s.row_dimensions[5], "hidden", True), ("row-hidden", "Phụ lục!A5")),
        (lambda s: setattr(s.column_dimensions["D"], "hidden", True), ("column-hidden", "Phụ lục!D1")),
    ],
    ids=["formula", "merged", "hidden-row", "hidden-column"],
)
def test_what_hides_or_computes_a_value_is_refused(
    base: LoadedRuleset, grid: Grid, save: Save, touch: Callable[[Any], None], expected: tuple[str, str]
) -> None:
    found = refused(base, save(grid, touch=touch))
    assert expected in {(f.code, f.where) for f in found}


def test_all_findings_come_at_once(base: LoadedRuleset, grid: Grid, save: Save) -> None:
    put(grid, "E5", "targett")
    put(grid, "J5", "half")
    put(grid, "D6", "bảy")
    assert {f.where for f in refused(base, save(grid))} == {"Phụ lục!E5", "Phụ lục!J5", "Phụ lục!D6"}


def test_cells_of_a_csv_carry_its_name(base: LoadedRuleset, grid: Grid, save: Save) -> None:
    put(grid, "E5", "targett")
    assert [f.where for f in refused(base, save(grid, "annex.csv"))] == ["annex.csv!E5"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", b"PK not a workbook"),
        ("a.csv", b"\xff\xfe\x00"),
        ("b.csv", b'M\xc3\xa3,T\xc3\xaan\n"1,x\n'),
        ("c.csv", b"x" * 200_000),
        ("a.docx", b""),
        ("none.xlsx", None),
    ],
)
def test_a_file_that_is_no_table_is_an_error(
    base: LoadedRuleset, tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        complete(base, tmp_path / name)
    assert name in caught.value.where
    assert caught.value.hint.vi


@pytest.mark.parametrize("name", ["template.xlsx", "template.csv"])
def test_the_template_has_the_columns_that_the_import_reads(base: LoadedRuleset, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_template(base, path, catalogue_of([SHIPPED]))
    found = refused(base, path)  # the indicators are still to be filled in; its columns are right
    assert [f.code for f in found] == ["empty-list"]
    with pytest.raises(UsageError, match="file-exists"):
        write_template(base, path, {})


def test_the_template_guides(base: LoadedRuleset, tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    write_template(base, path, catalogue_of([SHIPPED]))
    book = load_workbook(path)
    assert book.sheetnames == ["Phụ lục", "Hướng dẫn", "Chỉ tiêu"]
    assert [cell.value for cell in book["Phụ lục"]["C"]][:3] == ["Tên", "Nhận thức số", "Hoạt động số"]
    guide = {row[0].value: row[1].value for row in book["Hướng dẫn"].iter_rows() if row[0].value}
    assert set(KINDS) < set(guide)
    for kind in KINDS:
        parse_yaml(f"{{kind: {kind}, {guide[kind] or ''}}}", path)


def test_the_base_is_found_behind_an_import_that_stands_before_it(tmp_path: Path, base: LoadedRuleset) -> None:
    own = tmp_path / "own"
    text = (SHIPPED / "national/766-2022.yaml").read_text(encoding="utf-8")
    (own / "mau").mkdir(parents=True)
    (own / "mau/9-2024.yaml").write_text(text, encoding="utf-8")
    assert find_base("mau/9-2024", [own, tmp_path / "rulesets"]).path == base.path
    with pytest.raises(UsageError, match="annex-public"):
        find_base("mau/9-2024", [own])
    with pytest.raises(UsageError, match="unknown-ruleset"):
        find_base("mau/10-2024", [own])


def test_yaml_text_reads_back_as_the_same_data() -> None:
    words = ["6.10", "1e5", "no", "true", "null", "~", "", "a: b", "- a", "# a", '"', "'", "Thể chế", "1/3", " a", "+1"]
    data = {"words": words, "nested": [{"number": 5, "list": ["a"]}]}
    assert parse_yaml(to_yaml(data), Path("x.yaml")).data == data
