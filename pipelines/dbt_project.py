"""dbt inside this process: parsed at set-up, invoked once, its results as plain records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from common.errors import ConfigurationError, Finding, GateError, Text
from pipelines.environment import environment
from pipelines.settings import CODE, Deployment

PROJECT = CODE / "dbt_project"
MANIFEST = PROJECT / "target" / "manifest.json"
_PARSED = PROJECT / "target" / "partial_parse.msgpack"
BUILD = ("build", "--exclude-resource-type", "unit_test")
UNIT_TESTS = ("test", "--select", "test_type:unit")
"""They depend on code alone, so the tests of the code run them and no night does."""
UNION = "metric_values"
"""The mart that takes what there is; every other needs all that it names."""


@dataclass(frozen=True)
class ModelResult:
    name: str
    ok: bool
    rows: int
    message: str
    skipped: bool = False

    @property
    def told(self) -> Text:
        """What went wrong, for a person."""
        return Text(self.message, self.message)


@dataclass(frozen=True)
class TestResult:
    """A data test; `asset` is the model it watches (None where it watches a source). `words` say in both languages what
    its failure means, where the project gives them (`meta: {vi: …, en: …}` of the test)."""

    name: str
    asset: str | None
    ok: bool
    failures: int
    message: str
    skipped: bool = False
    words: Text | None = None

    @property
    def told(self) -> Text:
        """What went wrong, for a person."""
        if self.words is None:
            return Text(self.message, self.message)
        return Text(f"{self.words.vi} ({self.message})", f"{self.words.en} ({self.message})")


@dataclass(frozen=True)
class DbtResult:
    models: tuple[ModelResult, ...]
    tests: tuple[TestResult, ...]

    def raise_if_failed(self) -> None:
        """Raise `GateError` (exit 5) naming every model and test that failed; what was skipped because of them is not
        named."""
        bad: list[ModelResult | TestResult] = [m for m in self.models if not m.ok and not m.skipped]
        bad += [t for t in self.tests if not t.ok and not t.skipped]
        if bad:
            findings = [Finding("dbt", one.told, where=f"dbt {one.name}") for one in bad]
            raise GateError(
                "dbt-failed",
                Text(f"dbt: {len(bad)} mô hình hoặc kiểm tra không đạt", f"dbt: {len(bad)} models or tests failed"),
                hint=Text("bản đang công bố được giữ nguyên; dti doctor", "the published release stays; dti doctor"),
                findings=findings,
            )


def accepted_columns() -> dict[str, dict[str, str]]:
    """Columns and types of every `accepted` relation that the models read, by source, as the project declares them."""
    from common.yaml_files import read_yaml

    found: dict[str, dict[str, str]] = {}
    for path in sorted((PROJECT / "models" / "staging").glob("*.yml")):
        for declared in read_yaml(path).data.get("sources", []):
            if declared["name"] == "accepted":
                found |= {
                    table["name"]: {column["name"]: column["data_type"] for column in table["columns"]}
                    for table in declared["tables"]
                }
    return found


def ensure_manifest() -> None:
    """Parse the project where no parsed manifest stands or a file of the project is newer than it."""
    if MANIFEST.exists() and _PARSED.exists():
        parsed = MANIFEST.stat().st_mtime
        files = [p for p in PROJECT.rglob("*") if p.suffix in {".sql", ".yml"} and "target" not in p.parts]
        if all(path.stat().st_mtime <= parsed for path in files):
            return
    _invoke(["parse"])


def run_dbt(deployment: Deployment) -> DbtResult:
    """Into the build file: models of the sources that the deployment has, all marts, and the tests of their data."""
    from pipelines.build import connect

    with connect(deployment) as con:
        found = con.execute("select table_name from duckdb_tables() where schema_name = 'accepted'").fetchall()
    manifest = parsed()
    skipped = _of_sources_only(manifest, {name for (name,) in found})
    return run(deployment, [*BUILD, *(("--exclude", *skipped) if skipped else ())], manifest)


def run(deployment: Deployment, words: Sequence[str], manifest: Any) -> DbtResult:
    """Any command of dbt on the build file, by the manifest of `parsed`, which serves once.

    dbt's own connection is closed afterwards: DuckDB would hand the same open file to the next refresh of this process,
    although another stands at its path by then.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    from pipelines.build import connect

    with connect(deployment) as con, environment(DTI_BUILD_FILE=str(deployment.build_file)):
        try:
            result = _invoke(words, manifest)
        finally:
            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]  # untyped in dbt-duckdb
        return _read(result, con)


def _of_sources_only(manifest: Any, absent: set[str]) -> list[str]:
    """Models that read nothing but these sources, and are read by nothing that is built (marts always are)."""
    models = {key: node for key, node in manifest.nodes.items() if str(node.resource_type) == "model"}
    reads: dict[str, set[str]] = {}

    def sources_of(key: str) -> set[str]:
        if key not in reads:
            parents = models[key].depends_on.nodes if key in models else []
            named = {one.rpartition(".")[2] for one in parents if one.split(".")[2:3] == ["accepted"]}
            reads[key] = named.union(*(sources_of(one) for one in parents if one in models))
        return reads[key]

    built = {key for key, node in models.items() if node.fqn[1] == "marts" or not sources_of(key) <= absent}
    needed = [parent for key in built if models[key].name != UNION for parent in models[key].depends_on.nodes]
    while needed:
        key = needed.pop()
        if key in models and key not in built:
            built.add(key)
            needed += models[key].depends_on.nodes
    return sorted(models[key].name for key in models.keys() - built)


def parsed() -> Any:
    """The manifest that set-up wrote."""
    from dbt.contracts.graph.manifest import Manifest

    return Manifest.from_msgpack(_PARSED.read_bytes())


def _invoke(words: Sequence[str], manifest: Any = None) -> Any:
    from dbt.cli.main import dbtRunner

    settings = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1", "DBT_VERSION_CHECK": "false"}
    with environment(**settings):
        outcome = dbtRunner(manifest=manifest).invoke(
            [
                *words,
                "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
                "--quiet", "--log-level-file", "none", "--write-json" if "parse" in words else "--no-write-json",
            ]
        )  # fmt: skip
    if outcome.exception is not None:
        text = str(outcome.exception).strip()
        raise ConfigurationError("dbt", Text(f"dbt: {text}", f"dbt: {text}"), where=str(PROJECT)) from None
    return outcome.result


def _read(result: Any, con: Any) -> DbtResult:
    models, tests = [], []
    for one in result.results:
        node = one.node
        ok = str(one.status) in {"success", "pass"}
        message, skipped = one.message or str(one.status), str(one.status) == "skipped"
        if str(node.resource_type) == "model":
            rows = con.sql(f'select count(*) from "{node.schema}"."{node.name}"').fetchall()[0][0] if ok else 0
            models.append(ModelResult(node.name, ok, rows, message, skipped))
        else:
            watched = getattr(node, "attached_node", None) or ""
            asset = watched.rsplit(".", 1)[-1] if watched.startswith("model.") else None
            said = (getattr(node.config, "meta", None) or {}) if getattr(node, "config", None) else {}
            words = Text(said["vi"], said["en"]) if {"vi", "en"} <= said.keys() else None
            tests.append(TestResult(node.name, asset, ok, one.failures or 0, message, skipped, words))
    return DbtResult(tuple(models), tuple(tests))


def main() -> None:
    """Set-up: parse once, so that no refresh has to."""
    ensure_manifest()


def manifest_facts() -> dict[str, int]:
    """Numbers of models and tests, for `dti doctor`."""
    nodes = json.loads(MANIFEST.read_text())["nodes"].values()
    kinds = [node["resource_type"] for node in nodes]
    return {"models": kinds.count("model"), "tests": kinds.count("test")}


if __name__ == "__main__":
    main()
