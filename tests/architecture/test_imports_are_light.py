"""Commands that only read load none of the heavy libraries."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("dagster", "dagster_dbt", "dbt", "great_expectations", "pandas", "pyarrow", "requests")
PROBE = """
import sys
sys.argv = ["dti", *sys.argv[1:]]
from pipelines.cli.main import run
try:
    run()
except SystemExit as end:
    loaded = [name for name in {heavy!r} if name in sys.modules]
    print("LOADED", end.code, ",".join(loaded), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "words",
    [
        "rank --year 2025 --group province",
        "rank --year 2025 --group commune --json",
        "changes",
        "explain an-giang-so-tai-chinh CKMB --year 2025",
        "status",
        "release list",
        "pull list",
        "ruleset list",
        "--help",
    ],
)
def test_reading_commands_load_nothing_heavy(words: str, published: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(heavy=HEAVY), *words.split()],
        env={**os.environ, "DTI_DATA": str(published)},
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stderr.strip().splitlines()[-1]
    assert last.strip() == "LOADED 0", done.stderr
