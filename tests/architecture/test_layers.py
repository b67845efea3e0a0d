"""Import layers: who may know whom. Read from the source text, so that an import inside a function counts too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("common", "rulesets", "connectors", "pipelines")
HEAVY = {"dagster", "dagster_dbt", "dbt", "great_expectations"}

# What a package must never import. `pipelines` may import everything; the others know neither it nor the orchestration.
FORBIDDEN = {
    "common": HEAVY | {"rulesets", "connectors", "pipelines", "duckdb", "requests"},
    "rulesets": HEAVY | {"connectors", "pipelines", "requests"},
    "connectors": HEAVY | {"rulesets", "pipelines", "duckdb"},
}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(package)
        for line, name in imports(path)
        if name.split(".")[0] in FORBIDDEN[package]
    ]
    assert not wrong, "\n".join(wrong)


def test_only_assets_and_their_neighbours_import_dagster() -> None:
    """Inside `pipelines`, what the command line reads with stays free of Dagster and dbt."""
    light = ("cli/", "settings", "registers", "journal", "lock", "releases", "warehouse", "changes", "status", "doctor")
    light += ("alerts/", "freshness", "nights", "runs", "publishable", "season")
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules("pipelines")
        if path.relative_to(ROOT / "pipelines").as_posix().startswith(light)
        for line, name in imports(path)
        if name.split(".")[0] in HEAVY
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", PACKAGES)
def test_modules_and_functions_stay_readable(package: str) -> None:
    """Modules under about 300 lines, functions under about 40."""
    long = []
    for path in modules(package):
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 320:
            long.append(f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno > 48:
                long.append(
                    f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {node.end_lineno - node.lineno} lines"
                )
    assert not long, "\n".join(long)


def test_no_way_around_tls_and_no_lossy_decoding() -> None:
    # What the code must not contain: these words stand here to be looked for, nowhere to be used.
    bad = ("verify=False", "CERT_NONE", 'errors="replace"', 'errors="ignore"', "_create_unverified_context")
    found = [
        f"{path.relative_to(ROOT)}: {pattern}"
        for package in PACKAGES
        for path in modules(package)
        for pattern in bad
        if pattern in path.read_text(encoding="utf-8").replace(" ", "").replace("'", '"')
    ]
    assert not found, "\n".join(found)
