"""Deployments and the command line, as tests use them."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.settings import CODE, Deployment

SAMPLE = CODE / "data"
WRITTEN = ("dti.yaml", "sources", "registers", "inbox")
RESULTS = (
    "metric_values",
    "indicator_values",
    "indicator_scores",
    "main_index_scores",
    "pillar_scores",
    "rankings",
    "check_results",
)
"""Tables of a release whose content a repetition must give again."""
PORTAL_ONLY = """name: an_giang
title: {vi: Tỉnh An Giang (chỉ cổng quốc gia), en: An Giang (national portal only)}
environment: sample
years: [2024, 2025]
rulesets: [national/766-2022]
site: false
"""


def fresh_deployment(root: Path) -> Deployment:
    """A small deployment: the sample's registers, and of its sources just the national portal with real figures."""
    root.mkdir(parents=True)
    (root / "sources").mkdir()
    for path in SAMPLE.glob("sources/portal_766.*"):
        shutil.copy(path, root / "sources")
    shutil.copytree(SAMPLE / "registers", root / "registers")
    for name in ("exceptions", "appraisals"):  # they speak of rulesets that are not in use here
        path = root / "registers" / f"{name}.csv"
        path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    (root / "dti.yaml").write_text(PORTAL_ONLY, encoding="utf-8")
    return Deployment(root)


def sample_deployment(root: Path) -> Deployment:
    """A copy of all that people write of the sample deployment, without anything that a pipeline wrote."""
    root.mkdir(parents=True)
    for name in WRITTEN:
        origin = SAMPLE / name
        shutil.copytree(origin, root / name) if origin.is_dir() else shutil.copy(origin, root / name)
    return Deployment(root)


def faults(*given: dict[str, Any]) -> dict[str, str]:
    """The environment in which the simulated portal misbehaves."""
    return {"DTI_SIMULATOR_FAULTS": json.dumps(given)}


def start_dti(deployment: Deployment | Path, *words: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """`dti` as a process of its own, from another working directory than the code's."""
    root = deployment if isinstance(deployment, Path) else deployment.root
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli.main", *words],
        env={**os.environ, "DTI_DATA": str(root), **(env or {})},
        cwd=root.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def dti(
    deployment: Deployment | Path, *words: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `dti` to its end."""
    process = start_dti(deployment, *words, env=env)
    out, err = process.communicate(timeout=300)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def dti_json(deployment: Deployment | Path, *words: str, env: dict[str, str] | None = None) -> tuple[int, Any]:
    """Exit code and parsed JSON of a command."""
    done = dti(deployment, *words, "--json", env=env)
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        raise AssertionError(f"no JSON on stdout: {done.stdout!r}; stderr: {done.stderr}") from None


def several_years(root: Path) -> Deployment:
    """The sample's years from 2022 and all its decisions; of its sources the national portal and three small ones."""
    made = fresh_deployment(root)
    for name in ("identity_staff", "open_data_organisations", "soc_systems"):
        shutil.copy(SAMPLE / "sources" / f"{name}.yaml", root / "sources")
    for name in ("exceptions", "appraisals"):
        shutil.copy(SAMPLE / "registers" / f"{name}.csv", root / "registers")
    text = (SAMPLE / "dti.yaml").read_text(encoding="utf-8")
    text = text.replace("[2018, 2022,", "[2022,") + "site: false\n"
    (root / "dti.yaml").write_text(text, encoding="utf-8")
    return made


def dti_here(deployment: Deployment | Path, *words: str) -> tuple[int, Any]:
    """As `dti_json`, in this process: quicker, and with whatever a test has replaced in it."""
    from typer.testing import CliRunner

    from pipelines.cli.main import app

    root = deployment if isinstance(deployment, Path) else deployment.root
    done = CliRunner().invoke(app, [*words, "--data", str(root), "--json"])
    if not done.stdout:
        raise AssertionError(f"no answer: {done.exception!r}; stderr: {done.stderr}")
    return done.exit_code, json.loads(done.stdout)


@cache
def official_once() -> Path:
    """The small deployment with 2025 made official in its season, by Lan; once per process, never written to."""
    folder = Path(tempfile.mkdtemp(prefix="dti-official-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = fresh_deployment(folder / "data")
    assert dti_here(made, "refresh", "--year", "2025", "--as-of", "2025-10-16")[0] == 0
    words = ("release", "build", "2025", "--reason", "công bố lần đầu", "--by", "Lan", "--as-of", "2025-10-17")
    assert dti_here(made, *words)[0] == 0
    return made.root
