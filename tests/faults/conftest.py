"""Fixtures of the fault tests: a landing with good figures, the credential, and a guard removed on request."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.settings import Deployment
from tests.support.data_mutants import DATA_MUTANTS
from tests.support.deployments import official_once
from tests.support.mutants import MUTANTS, VARIABLE
from tests.support.operator_mutants import OPERATOR_MUTANTS
from tests.support.outcomes import record
from tests.support.probe import TOKEN, TOKEN_VARIABLE, Trial, probe
from tests.support.process_bench import Bench
from tests.support.zygote import Zygote


def pytest_configure(config: pytest.Config) -> None:
    record(config)


@pytest.fixture(autouse=True)
def _credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    monkeypatch.delenv("DTI_SECRETS", raising=False)


@pytest.fixture(autouse=True)
def _guard_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `DTI_MUTANT=NAME` the guard of that name is gone: the tests that it protects must then fail."""
    name = os.environ.get(VARIABLE)
    if name:
        (MUTANTS | DATA_MUTANTS | OPERATOR_MUTANTS)[name].remove(monkeypatch.setattr)


@pytest.fixture
def official(tmp_path: Path) -> Deployment:
    """A copy of the deployment whose 2025 is official, in the middle of its season."""
    shutil.copytree(official_once(), tmp_path / "data", symlinks=True, ignore=shutil.ignore_patterns(".dagster"))
    return Deployment(tmp_path / "data")


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """A process that has loaded everything and forks a child for each piece of work."""
    made = Zygote()
    yield made
    made.close()


@pytest.fixture
def bench(zygote: Zygote, published: Path, tmp_path: Path) -> Bench:
    """Deployments in known states, to be worked on by children of the zygote."""
    return Bench(zygote, published, tmp_path)


@pytest.fixture
def empty(tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Trial:
    """A landing without pulls. Everything that is logged, from debug up, is searched for canaries too."""
    caplog.set_level(logging.DEBUG)
    printed: list[str] = []

    def texts() -> str:
        out = capsys.readouterr()
        printed.extend([out.out, out.err])
        return "\n".join([*printed, *(record.getMessage() for record in caplog.records)])

    return Trial(tmp_path / "deployment", texts)


@pytest.fixture
def trial(empty: Trial) -> Trial:
    """A landing with one accepted pull of the probe."""
    empty.start(probe())
    return empty
