"""Exports explain themselves, lose no digit, run no formula, and are there whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import warnings
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import warehouse
from pipelines.export_guide import KEYS
from pipelines.exporting import FORMATS, TABLES, Wanted, export
from pipelines.settings import Deployment
from tests.support.deployments import dti, dti_json
from tests.support.telling import SOURCE, YEAR, pulled


def exported(root: Path | Deployment, out: Path, **wanted: Any) -> Path:
    deployment = root if isinstance(root, Deployment) else Deployment(root)
    export(deployment, warehouse.find(deployment), Wanted(2025, out, **wanted))
    return out


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_described_column_by_column(published: Path, tmp_path: Path, form: str) -> None:
    """The package is held against its own description by frictionless; it reads Parquet through pandas, which has no
    whole number that is missing, so there only the description is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from frictionless import Package, validate

        out = exported(published, tmp_path / "out", format=form, group="province")
        if form != "parquet":
            report = validate(str(out / "datapackage.json"))
            assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "message"])[:5]
        described = Package(str(out / "datapackage.json"))
    assert {one.name for one in described.resources} <= TABLES.keys()
    assert {"rankings", "indicator_scores", "metric_values", "agencies", "pulls"} <= set(described.resource_names)
    assert {one.name: one.schema.primary_key for one in described.resources if one.name in KEYS} == {
        name: KEYS[name] for name in described.resource_names if name in KEYS
    }
    text = (out / "README.md").read_text(encoding="utf-8")
    for resource in described.resources:
        assert [one.name for one in resource.schema.fields if not one.description] == [], resource.name
        assert {"release", "known_at", "stale_sources"} <= set(resource.schema.field_names)
        assert all(f"| `{name}` |" in text for name in resource.schema.field_names)
    assert len(list(out.iterdir())) == (3 if form == "xlsx" else len(described.resources) + 2)


def test_figures_are_those_of_the_warehouse_digit_by_digit(published: Path, tmp_path: Path) -> None:
    as_csv = rows_of(exported(published, tmp_path / "csv") / "rankings.csv")
    as_json = json.loads((exported(published, tmp_path / "json", format="json") / "rankings.json").read_text())
    with duckdb.connect(str(published / "warehouse.duckdb"), read_only=True) as con:
        sql = "select ruleset_id, agency_id, period, total from rankings where assessment_year = 2025"
        known = {tuple(row[:3]): row[3] for row in con.execute(sql).fetchall()}
    for rows in (as_csv, as_json["rows"]):
        found = {(r["ruleset_id"], r["agency_id"], r["period"]): r["total"] for r in rows}
        assert found == {key: f"{total:f}" for key, total in known.items()}
        assert all(isinstance(total, str) and Decimal(total) == known[key] for key, total in found.items())
    assert {row["release"] for row in as_csv} == {"2"}
    assert as_json["release"] == 2


def test_only_the_group_asked_for(published: Path, tmp_path: Path) -> None:
    out = exported(published, tmp_path / "out", group="commune")
    assert {row["agency_group"] for row in rows_of(out / "rankings.csv")} == {"commune"}
    communes = {row["agency_id"] for row in rows_of(out / "rankings.csv")}
    assert {row["agency_id"] for row in rows_of(out / "agencies.csv")} == communes
    assert {row["agency_id"] for row in rows_of(out / "metric_values.csv")} <= communes
    assert all(row["agency_name"] for row in rows_of(out / "indicator_scores.csv"))


def test_what_is_stale_is_said_in_every_row_and_on_every_screen(own_copy: Deployment, tmp_path: Path) -> None:
    pulled(own_copy, "failed")
    row = rows_of(exported(own_copy, tmp_path / "out") / "rankings.csv")[0]
    assert row["stale_sources"].startswith(f"{SOURCE} {YEAR}: lỗi từ 20")
    assert SOURCE in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    for words in (
        ["rank", "--group", "province"],
        ["explain", "an-giang-so-tai-chinh", "CKMB", "--year", "2025"],
        ["export", "--year", "2025", "--out", str(tmp_path / "again")],
        ["sql", "select 1 as one"],
    ):
        code, answer = dti_json(own_copy, *words)
        assert code == 0, answer
        assert f"{SOURCE} {YEAR}: lỗi từ" in " ".join(answer["warnings"]), words
    code, answer = dti_json(own_copy, "rank", "--group", "province", "--as-of", "2025-10-11")
    assert (code, answer["warnings"]) == (0, []), "an earlier release is what was known then"


def test_bytes_do_not_depend_on_the_day(published: Path, tmp_path: Path) -> None:
    for form in ("csv", "json", "parquet"):
        first, second = (exported(published, tmp_path / f"{form}{n}", format=form) for n in (1, 2))
        assert {p.name: p.read_bytes() for p in first.iterdir()} == {p.name: p.read_bytes() for p in second.iterdir()}


def test_a_folder_in_use_is_not_written_over(published: Path, tmp_path: Path) -> None:
    out = exported(published, tmp_path / "out")
    words = ["export", "--year", "2025", "--out", str(out)]
    code, answer = dti_json(published, *words)
    assert (code, answer["error"]["code"]) == (2, "out-exists")
    assert "--force" in answer["error"]["hint"]
    (out / "left-over.csv").write_text("x")
    code, answer = dti_json(published, *words, "--force", "--format", "json")
    assert code == 0
    assert sorted(p.suffix for p in out.iterdir() if p.suffix not in {".json", ".md"}) == []
    foreign = tmp_path / "papers"
    foreign.mkdir()
    (foreign / "thesis.docx").write_text("x")
    code, answer = dti_json(published, "export", "--year", "2025", "--out", str(foreign), "--force")
    assert (code, answer["error"]["code"]) == (2, "out-exists")
    assert (foreign / "thesis.docx").exists()


def test_a_write_that_fails_leaves_what_was_there(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines import exporting
    from pipelines.exporting import write_whole

    out = exported(published, tmp_path / "out")
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def full(path: Path, body: bytes) -> None:
        if path.name == "rankings.json":
            raise OSError(28, "No space left on device")
        write_whole(path, body)

    monkeypatch.setattr(exporting, "write_whole", full)
    with pytest.raises(exporting.UsageError, match="No space left"):
        exported(published, out, format="json", force=True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--year", "2019", "--out", "x"], "no-results"),
        (["--year", "2025", "--group", "district", "--out", "x"], "no-results"),
        (["--year", "2025", "--format", "pdf", "--out", "x"], "unknown-format"),
        (["--year", "2025", "--release", "99", "--out", "x"], "unknown-release"),
        (["--year", "2025", "--out", "no/such/x"], "cannot-write"),
    ],
)
def test_what_cannot_be_exported_is_said(published: Path, tmp_path: Path, words: list[str], error: str) -> None:
    where = [str(tmp_path / word) if word.endswith("x") else word for word in words]
    code, answer = dti_json(published, "export", *where)
    assert (code, answer["error"]["code"]) == (2, error)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_release_is_exported_by_its_number(published: Path, tmp_path: Path) -> None:
    done = dti(published, "export", "--year", "2025", "--release", "1", "--out", str(tmp_path / "x"), "--no-bom")
    assert done.returncode == 0, done.stderr
    assert {row["release"] for row in rows_of(tmp_path / "x" / "rankings.csv")} == {"1"}
    assert not (tmp_path / "x" / "rankings.csv").read_bytes().startswith(b"\xef\xbb\xbf")
