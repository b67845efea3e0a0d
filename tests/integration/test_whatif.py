"""`dti whatif`: the real engine under wished figures, points, exemptions and rules; nothing is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from common.durable import sha256_file
from pipelines.cli.main import app
from rulesets.load import SHIPPED
from tests.support.deployments import dti

YEAR = ("--year", "2025")
AGENCY = "an-giang-so-tai-chinh"


def whatif(folder: Path, *words: str) -> tuple[int, Any]:
    """The command in this process: a what-if takes less time than an interpreter to start."""
    done = CliRunner().invoke(app, ["whatif", *YEAR, *words, "--json"], env={"DTI_DATA": str(folder)})
    return done.exit_code, json.loads(done.stdout)


def ask(folder: Path, *words: str) -> dict[str, Any]:
    code, body = whatif(folder, *words)
    assert code == 0, body
    assert body["data"]["hypothetical"] is True
    return body["data"]  # type: ignore[no-any-return]


def refused(folder: Path, *words: str) -> dict[str, Any]:
    code, body = whatif(folder, *words)
    assert code == 2, body
    assert body["error"]["hint"], body
    return body["error"]  # type: ignore[no-any-return]


def adds_up(change: dict[str, Any]) -> bool:
    gain = sum(Decimal(part["points_after"]) - Decimal(part["points_before"]) for part in change["parts"])
    return gain == Decimal(change["total_after"]) - Decimal(change["total_before"])


def files(folder: Path) -> dict[str, str]:
    return {str(path): sha256_file(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_figure_moves_its_agency_and_those_it_passes(published: Path) -> None:
    before = files(published)
    found = ask(published, "--set", f"{AGENCY}:CKMB=18")
    assert files(published) == before
    by_agency = {change["agency_id"]: change for change in found["changes"]}
    own = by_agency[AGENCY]
    assert own["rank_after"] < own["rank_before"]
    assert [part["code"] for part in own["parts"]] == ["CKMB"]
    assert all(adds_up(change) for change in found["changes"])
    passed = [change for name, change in by_agency.items() if name != AGENCY]
    assert passed
    assert {(change["reason"], change["total_before"] == change["total_after"]) for change in passed} == {
        ("others", True)
    }


def test_points_and_no_figure_at_all_are_wishes_too(published: Path) -> None:
    entered = ask(published, "--points", f"{AGENCY}:CKMB=18")["changes"]
    as_value = ask(published, "--set", f"{AGENCY}:CKMB=18")["changes"]
    key = ("agency_id", "total_after", "rank_after")
    assert [[one[name] for name in key] for one in entered] == [[one[name] for name in key] for one in as_value]
    gone = {one["agency_id"]: one for one in ask(published, "--set", f"{AGENCY}:CKMB=")["changes"]}
    assert gone[AGENCY]["parts"][0]["points_after"] == "0"


def test_a_file_says_the_same_as_options(published: Path, tmp_path: Path) -> None:
    file = tmp_path / "changes.csv"
    file.write_text(f"agency,indicator,value,status\n{AGENCY},CKMB,18,\n{AGENCY},MDSH,,missing\n", encoding="utf-8")
    options = ("--set", f"{AGENCY}:CKMB=18", "--set", f"{AGENCY}:MDSH=")
    assert ask(published, "--file", str(file))["changes"] == ask(published, *options)["changes"]
    file.write_text(f"agency,indicator,value\n{AGENCY},CKMB,18\n{AGENCY},XX,1\n", encoding="utf-8")
    assert refused(published, "--file", str(file))["where"] == f"{file}:3"


def test_another_ruleset_moves_everyone_it_weighs_otherwise(published: Path, tmp_path: Path) -> None:
    text = (SHIPPED / "national/766-2022.yaml").read_text(encoding="utf-8")
    file = tmp_path / "mine.yaml"
    file.write_text(text.replace("rounding:", "rounding_off:", 1), encoding="utf-8")
    assert whatif(published, "--ruleset", str(file))[0] == 3
    file.write_text(text.replace("digits: 2", "digits: 0"), encoding="utf-8")
    found = ask(published, "--ruleset", str(file), "--group", "commune")
    assert len(found["changes"]) > 50
    assert {change["agency_group"] for change in found["changes"]} == {"commune"}
    assert all(adds_up(change) for change in found["changes"])
    reasons = {part["reason"] for change in found["changes"] for part in change["parts"]}
    assert "ruleset" in reasons


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "whatif-nothing"),
        (("--set", "x"), "whatif-form"),
        (("--set", f"{AGENCY}:CKMB=abc"), "value-not-a-number"),
        (("--set", f"{AGENCY}:CKMB=17,5"), "value-decimal-comma"),
        (("--set", f"{AGENCY}:CKM=1"), "unknown-indicator"),
        (("--set", "so khong co:CKMB=1"), "which-agency"),
        (("--exempt", f"{AGENCY}:CKMB=7.3"), "value-unknown-article"),
        (("--set", f"{AGENCY}:CKMB=1", "--points", f"{AGENCY}:CKMB=1"), "whatif-twice"),
        (("--set", f"{AGENCY}:CKMB=1", "--period", "2031"), "no-ranking"),
        (("--set", f"{AGENCY}:CKMB=1", "--revision", "3"), "unknown-revision"),
    ],
)
def test_what_cannot_be_wished_says_where_and_what_to_do(published: Path, words: tuple[str, ...], code: str) -> None:
    error = refused(published, *words)
    assert error["code"] == code
    assert error["where"] or not code.startswith("value"), error


def test_a_base_that_does_not_come_out_again_is_no_base(own_copy: Any) -> None:
    with duckdb.connect(str(own_copy.warehouse.resolve())) as con:
        con.execute(f"update rankings set total = total + 1 where agency_id = '{AGENCY}'")
    code, body = whatif(own_copy.root, "--set", f"{AGENCY}:CKMB=18")
    assert (code, body["error"]["code"]) == (6, "base-differs")


def test_a_ruleset_edited_since_is_no_base_either(own_copy: Any) -> None:
    folder = own_copy.root / "rulesets" / "national"
    folder.mkdir(parents=True)
    text = (SHIPPED / "national/766-2022.yaml").read_text(encoding="utf-8")
    (folder / "766-2022.yaml").write_text(text.replace("digits: 2", "digits: 1", 1), encoding="utf-8")
    code, body = whatif(own_copy.root, "--set", f"{AGENCY}:CKMB=18")
    assert (code, body["error"]["code"]) == (6, "ruleset-edited")


def test_people_read_it_in_vietnamese_with_parts_that_add_up(published: Path) -> None:
    text = dti(published, "whatif", *YEAR, "--set", f"{AGENCY}:CKMB=18").stdout
    assert "không phải kết quả công bố" in text
    assert "CKMB: " in text
    assert "Cộng: " in text


def test_it_loads_neither_dagster_nor_dbt(published: Path) -> None:
    probe = (
        "import sys; from pipelines.cli.main import run\n"
        "try: run()\nexcept SystemExit as end:\n"
        " print([n for n in ('dagster','dbt','great_expectations') if n in sys.modules], end.code, file=sys.stderr)"
    )
    words = ["whatif", *YEAR, "--set", f"{AGENCY}:CKMB=18"]
    done = subprocess.run(
        [sys.executable, "-c", probe, *words],
        env={**os.environ, "DTI_DATA": str(published)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.strip().splitlines()[-1] == "[] 0", done.stderr
