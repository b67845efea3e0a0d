"""Deployments for tests: fresh copies of the sample's written part, and one that is published, for tests that read."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.refresh import refresh
from pipelines.settings import Deployment
from tests.support.deployments import dti, fresh_deployment, sample_deployment
from tests.support.servers.postgres import Postgres, postgres
from tests.support.sql_probe import Figures


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    """A deployment of one's own that was never refreshed."""
    return fresh_deployment(tmp_path / "data")


def _once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that is made once for all workers, by the first that needs it, and only read afterwards."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    root = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "done").exists():
            shutil.rmtree(root, ignore_errors=True)
            make(root / "data")
            (root / "done").touch()
    return root / "data"


def _both_moments(root: Path) -> None:
    made = fresh_deployment(root)
    for day in ("2025-10-11", "2025-10-16"):
        refresh(made, [2025], as_of=day, reason="tests")


def _whole_sample(root: Path) -> None:
    done = dti(sample_deployment(root), "demo")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def _published_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both moments of the sample's portal, as two nights refresh them; read only."""
    return _once(tmp_path_factory, "published-once", _both_moments)


@pytest.fixture(scope="session")
def published(_published_once: Path) -> Path:
    """The folder of a deployment with two releases: read only."""
    return _published_once


@pytest.fixture
def own_copy(_published_once: Path, tmp_path: Path) -> Deployment:
    """A copy of the published deployment that a test may change."""
    shutil.copytree(_published_once, tmp_path / "data", symlinks=True, ignore=shutil.ignore_patterns(".dagster"))
    return Deployment(tmp_path / "data")


@pytest.fixture(scope="session")
def sample_years(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the whole sample as `dti demo` leaves it, all years; read only."""
    return _once(tmp_path_factory, "sample-years", _whole_sample)


@pytest.fixture
def sample_copy(sample_years: Path, tmp_path: Path) -> Deployment:
    """A copy of the whole sample that a test may change."""
    shutil.copytree(sample_years, tmp_path / "data", symlinks=True, ignore=shutil.ignore_patterns(".dagster"))
    return Deployment(tmp_path / "data")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A genuine PostgreSQL, one per worker."""
    with postgres() as server:
        yield server


@pytest.fixture
def figures(postgres_server: Postgres) -> Figures:
    """The view of the probe of kind `sql`, with good figures."""
    made = Figures(postgres_server)
    made.reset()
    return made
