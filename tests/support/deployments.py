"""Deployments and the command line, as tests use them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipelines.settings import CODE, Deployment

SAMPLE = CODE / "data"
WRITTEN = ("dti.yaml", "sources", "registers", "inbox")
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
