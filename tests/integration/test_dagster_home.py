"""Dagster's settings: the shipped ones, and over them the deployment's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetKey,
    DagsterInstance,
    MaterializeResult,
    asset,
    materialize,
)
from dagster._core.storage.event_log import SqliteEventLogStorage

from common.errors import ConfigurationError
from pipelines.dagster_home import executor_of, open_instance, prepare_home
from pipelines.dagster_storage import KeptEventLog
from pipelines.settings import CODE, Deployment
from tests.support.cluster import DAGSTER, DAGSTER_YAML, workers_of
from tests.support.servers.postgres import Postgres

SHIPPED = yaml.safe_load((CODE / "dagster.yaml").read_text(encoding="utf-8"))


def _own(deployment: Deployment, text: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    (deployment.root / "dagster.yaml").write_text(text, encoding="utf-8")
    prepare_home(deployment)
    monkeypatch.setenv("DAGSTER_HOME", str(deployment.dagster_home))
    return dict(yaml.safe_load((deployment.dagster_home / "dagster.yaml").read_text(encoding="utf-8")))


def test_without_a_file_of_its_own_the_shipped_settings_count(deployment: Deployment) -> None:
    prepare_home(deployment)
    assert (deployment.dagster_home / "dagster.yaml").read_bytes() == (CODE / "dagster.yaml").read_bytes()


def test_its_own_file_lies_over_the_shipped_one(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    made = _own(deployment, "concurrency: {pools: {default_limit: 2}}\nnux: null\n", monkeypatch)
    assert made["concurrency"] == {"pools": {"granularity": "run", "default_limit": 2}}
    assert "nux" not in made
    assert made["telemetry"] == SHIPPED["telemetry"]


def test_dagster_keeps_its_records_in_postgresql(
    deployment: Deployment, postgres_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with workers_of(postgres_server, "home", str(tmp_path)) as shared:
        _own(deployment, DAGSTER_YAML, monkeypatch)
        monkeypatch.setenv(DAGSTER, shared.env[DAGSTER])
        with open_instance(deployment) as instance:
            assert instance.get_runs() == []
        assert shared.dagster("select count(*) from pg_tables where tablename = 'runs'") == [(1,)]
        monkeypatch.setenv(DAGSTER, shared.env[DAGSTER].replace("+psycopg2", ""))
        with pytest.raises(ConfigurationError, match="dagster-driver") as caught, open_instance(deployment):
            pass
    assert "postgresql+psycopg2" in caught.value.hint.vi


@pytest.mark.parametrize("text", ["storage: {postgre: {}}\n", "storage: {postgres: {postgres_url: {env: DTI_NONE}}}\n"])
def test_what_dagster_does_not_understand_is_told_with_the_file(
    deployment: Deployment, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DTI_NONE", raising=False)
    _own(deployment, text, monkeypatch)
    with pytest.raises(ConfigurationError) as caught, open_instance(deployment):
        pass
    assert caught.value.where == str(deployment.root / "dagster.yaml")


def test_the_executor_is_named_in_the_settings(deployment: Deployment) -> None:
    from dagster import in_process_executor, multiprocess_executor

    assert executor_of(deployment) is in_process_executor
    section = "cluster: {{catalog: {{secret: A}}, store: /mnt/dti, executor: {}}}\n"
    plain = (deployment.root / "dti.yaml").read_text(encoding="utf-8")
    for name, expected in (("dagster.multiprocess_executor", multiprocess_executor), ("dagster.job", None)):
        (deployment.root / "dti.yaml").write_text(plain + section.format(name), encoding="utf-8")
        if expected is None:
            with pytest.raises(ConfigurationError, match="executor"):
                executor_of(Deployment(deployment.root))
        else:
            assert executor_of(Deployment(deployment.root)) is expected


def events_of(deployment: Deployment, instance: DagsterInstance) -> list[str]:
    """The kinds of events of a small run with an asset and its check, in order."""

    @asset(check_specs=[AssetCheckSpec("filled", asset="figures")])
    def figures() -> Iterator[MaterializeResult[None]]:
        yield MaterializeResult(check_results=[AssetCheckResult(check_name="filled", passed=True)])

    done = materialize([figures], instance=instance)
    assert done.success
    assert instance.get_latest_materialization_event(AssetKey(["figures"])) is not None
    return kinds(instance, done.run_id)


def kinds(instance: DagsterInstance, run_id: str) -> list[str]:
    entries = [one.event_log_entry for one in instance.get_records_for_run(run_id).records]
    return [entry.dagster_event.event_type_value for entry in entries if entry.dagster_event]


def test_kept_connections_write_what_dagsters_own_storage_writes(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same events, in files that either reads. The method replaced is private, so an upgrade may move it."""
    monkeypatch.setenv("DAGSTER_HOME", str(deployment.dagster_home))
    with open_instance(deployment) as instance:
        assert type(instance.event_log_storage) is KeptEventLog
        kept = events_of(deployment, instance)
        (run,) = instance.get_runs()
    (deployment.root / "dagster.yaml").write_text(
        "storage: {sqlite: {base_dir: {env: DAGSTER_HOME}}}\n", encoding="utf-8"
    )
    with open_instance(deployment) as instance:
        assert type(instance.event_log_storage) is SqliteEventLogStorage
        assert kinds(instance, run.run_id) == kept
        assert events_of(deployment, instance) == kept
    (deployment.root / "dagster.yaml").unlink()
    with open_instance(deployment) as instance:
        assert len(instance.get_runs()) == 2
        assert len(instance.fetch_materializations(AssetKey(["figures"]), limit=9).records) == 2


def test_a_kept_connection_notices_that_its_file_was_taken_away(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody clears Dagster's home while its page is open: the next event begins a new file."""
    monkeypatch.setenv("DAGSTER_HOME", str(deployment.dagster_home))
    with open_instance(deployment) as instance:
        events_of(deployment, instance)
        for path in (deployment.dagster_home / "history" / "runs").glob("*.db*"):
            path.unlink()
        assert events_of(deployment, instance)
        assert len(instance.fetch_materializations(AssetKey(["figures"]), limit=9).records) == 1
