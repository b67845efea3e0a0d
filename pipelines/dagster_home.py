"""Dagster's home in the deployment: the shipped settings, and over them what the deployment's own `dagster.yaml` says.

That file is in Dagster's own words: storage, launcher, coordinator, logs. Credentials stand in it as `{env: NAME}`.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.durable import write_whole
from common.errors import ConfigurationError, Text
from common.storage import storage_told
from pipelines import progress
from pipelines.settings import CODE, Deployment

if TYPE_CHECKING:
    from dagster import DagsterInstance, ExecutorDefinition

_FILE = "dagster.yaml"
_PATIENCE = 5.0  # seconds that another process may keep Dagster's files to itself


def prepare_home(deployment: Deployment) -> None:
    """Make Dagster's home with its settings: its UI shows runs of the command line too. Raises `OSError`."""
    shipped, own, made = CODE / _FILE, deployment.root / _FILE, deployment.dagster_home / _FILE
    deployment.dagster_home.mkdir(parents=True, exist_ok=True)
    if not own.exists():
        shutil.copyfile(shipped, made)
        return
    import yaml

    from common.yaml_files import read_yaml
    from common.yaml_layers import overlaid

    under, over = read_yaml(shipped), read_yaml(own)
    if "storage" in over.data:  # a storage is one of several kinds: two of them would be none
        del under.data["storage"]
    merged = overlaid(under, over).data
    write_whole(made, yaml.safe_dump(merged, sort_keys=False, allow_unicode=True).encode())


def _require_unlocked(home: Path) -> None:
    """Raise `sqlite3.OperationalError` where another process holds one of Dagster's files for itself."""
    for path in home.glob("**/*.db"):
        if path.name in {"runs.db", "index.db"}:
            with closing(sqlite3.connect(path, timeout=_PATIENCE)) as con:
                con.execute("begin immediate")
                con.rollback()


def _without_waiting(connection: Any, _: Any) -> None:
    """Dagster opens, commits and closes its SQLite files for every event. They need not reach the disk one by one: the
    record is the journal, and a write-ahead log stays whole through a power cut without it."""
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute("pragma synchronous = normal")


@contextmanager
def open_instance(deployment: Deployment) -> Iterator[DagsterInstance]:
    """The instance in Dagster's home, or one in memory when its storage is of no use: Dagster is not the record.

    Raises `ConfigurationError` (exit 3) for settings that Dagster does not understand.
    """
    from dagster import DagsterInstance, DagsterInvariantViolationError
    from dagster._core.errors import DagsterInvalidConfigError
    from sqlalchemy import event
    from sqlalchemy.engine import Engine
    from sqlalchemy.exc import SQLAlchemyError

    if not event.contains(Engine, "connect", _without_waiting):
        event.listen(Engine, "connect", _without_waiting)

    try:
        prepare_home(deployment)
        _require_unlocked(deployment.dagster_home)
        instance = DagsterInstance.get()
    except (DagsterInvalidConfigError, DagsterInvariantViolationError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        text = "; ".join(lines[:3])
        raise ConfigurationError(
            "dagster-settings",
            Text(f"Dagster không hiểu: {text}", f"Dagster does not understand: {text}"),
            hint=Text("sửa dagster.yaml của triển khai", "mend the deployment's dagster.yaml"),
            where=str(deployment.root / _FILE),
        ) from None
    except Exception as error:
        # Of dagster-postgres only what a configured storage has loaded itself: importing it takes a second.
        postgres = getattr(sys.modules.get("dagster_postgres.utils"), "DagsterPostgresException", SQLAlchemyError)
        if not isinstance(error, SQLAlchemyError | sqlite3.Error | OSError | postgres):
            raise
        cause = error.__cause__ or error
        text = str(cause).strip().splitlines()[0]
        progress.say(f"không mở được nơi lưu của Dagster ({text}); chạy không lưu", f"Dagster's storage: {text}")
        instance = DagsterInstance.ephemeral()
    with instance:
        _refuse_driver(instance, deployment)
        yield instance


def _refuse_driver(instance: DagsterInstance, deployment: Deployment) -> None:
    """Dagster's statements need psycopg2, and SQLAlchemy takes psycopg 3 for a bare `postgresql://`: said here, not by
    a syntax error in the middle of a run."""
    engine = getattr(instance.event_log_storage, "_engine", None)
    if engine is not None and (engine.dialect.name, engine.dialect.driver) == ("postgresql", "psycopg"):
        raise ConfigurationError(
            "dagster-driver",
            Text("Dagster không chạy được với psycopg 3", "Dagster does not run on psycopg 3"),
            hint=Text("viết địa chỉ postgresql+psycopg2://…", "write the address as postgresql+psycopg2://…"),
            where=str(deployment.root / _FILE),
        )


def executor_of(deployment: Deployment) -> ExecutorDefinition:
    """How a run that Dagster starts executes its steps. `dti` itself runs everything in its own process."""
    from dagster import ExecutorDefinition, in_process_executor

    cluster = deployment.settings.cluster
    if cluster is None:
        return in_process_executor
    import importlib

    module, _, name = cluster.executor.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        found = None
    if isinstance(found, ExecutorDefinition):
        return found
    raise ConfigurationError(
        "executor",
        Text(f"không có executor '{cluster.executor}'", f"there is no executor '{cluster.executor}'"),
        hint=Text("ví dụ dagster.multiprocess_executor", "for example dagster.multiprocess_executor"),
        where=str(deployment.root / "dti.yaml"),
    )


def main() -> None:
    """For `make ui`: the home of the deployment that `DTI_DATA` names."""
    deployment = Deployment.at()
    with storage_told(deployment.dagster_home):
        prepare_home(deployment)


if __name__ == "__main__":
    main()
