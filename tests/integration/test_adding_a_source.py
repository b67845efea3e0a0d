"""A new source is YAML, a staging model and metric lines: docs/adding_a_source.md is followed to the letter."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb

from pipelines.settings import CODE
from tests.support.deployments import fresh_deployment

PAGE = (CODE / "docs" / "adding_a_source.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"`([\w./]+)`\n\n```\w+\n(.*?)```", PAGE, re.DOTALL))
METRIC = re.search(r"```yaml\n(  - id: .*?)```", PAGE, re.DOTALL)
ADDED = {
    "data/sources/training.yaml",
    "data/inbox/training/boi_duong_2025_10.csv",
    "dbt_project/models/staging/_training__sources.yml",
    "dbt_project/models/staging/stg_training.sql",
    "dbt_project/models/intermediate/int_training__metrics.sql",
}


def follow_the_page(folder: Path) -> None:
    """A copy of the code and a small deployment, with what the page says to write, and nothing else."""
    assert set(FILES) == ADDED
    assert METRIC is not None
    for package in ("common", "rulesets", "connectors", "pipelines", "dbt_project"):
        shutil.copytree(
            CODE / package, folder / package, ignore=shutil.ignore_patterns("target", "logs", "__pycache__")
        )
    shutil.copy(CODE / "dagster.yaml", folder)
    fresh_deployment(folder / "data")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    with (folder / "rulesets" / "metrics.yaml").open("a", encoding="utf-8") as catalogue:
        catalogue.write(METRIC.group(1))
    values = folder / "dbt_project" / "models" / "marts" / "metric_values.sql"
    listed = values.read_text(encoding="utf-8").replace("\n] %}", "\n    'int_training__metrics',\n] %}", 1)
    values.write_text(listed, encoding="utf-8")


def test_the_page_leads_from_a_file_to_a_figure(tmp_path: Path) -> None:
    follow_the_page(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli.main", "refresh", "--year", "2025", "--as-of", "2025-10-16"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "DTI_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with duckdb.connect(str(tmp_path / "data" / "warehouse.duckdb"), read_only=True) as con:
        rows = con.execute(
            "select agency_id, period, value, unit, source, pointer from metric_values "
            "where metric = 'training.participants' order by all"
        ).fetchall()
    assert [row[:5] for row in rows] == [
        ("an-giang-so-tai-chinh", "2025-10", "31", "count", "training"),
        ("an-giang-so-xay-dung", "2025-10", "47", "count", "training"),
    ]
    assert all(row[5] for row in rows), "each figure names its cell"
