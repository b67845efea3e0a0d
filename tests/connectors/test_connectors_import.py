"""Importing the package, listing pulls and reading manifests cost nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import connectors
from connectors import Landing, PullOutcome

HEAVY = ("pyarrow", "pydantic", "requests", "urllib3", "tenacity", "jmespath", "yaml", "http", "ssl")
NEVER = ("dagster", "dbt", "duckdb", "great_expectations", "pandas", "rulesets", "pipelines")


def modules_after(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_listing_pulls_imports_nothing_heavy(pulled: Callable[..., PullOutcome], landing: Landing) -> None:
    pulled(16)
    code = (
        "import connectors, pathlib\n"
        f"found = connectors.Landing(pathlib.Path({str(landing.root)!r})).pulls()\n"
        "assert found[0].counts['accepted'] == 185 and found[0].reasons == []"
    )
    assert modules_after(code) & set(HEAVY + NEVER) == set()


def test_pulling_imports_no_other_part_of_the_system() -> None:
    code = "\n".join(f"connectors.{name}" for name in connectors.__all__)
    assert modules_after(f"import connectors\n{code}") & set(NEVER) == set()


def test_every_name_is_there() -> None:
    assert all(getattr(connectors, name) for name in connectors.__all__)
