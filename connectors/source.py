"""The sources of a deployment, read from their YAML. Everything unknown is an error with file:line:column."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, RootModel

from common.errors import ConfigurationError, Finding, Text
from common.yaml_files import YamlFile, display_path, invalid, parse_model, read_yaml
from connectors.files_model import FilesSource
from connectors.presets import load_presets, with_preset
from connectors.rest_model import RestSource
from connectors.schema import with_presets
from connectors.sql_model import SqlSource

AnySource = RestSource | FilesSource | SqlSource
KINDS: dict[str, type[RestSource] | type[FilesSource] | type[SqlSource]] = {
    "rest": RestSource,
    "files": FilesSource,
    "sql": SqlSource,
}


def load_source(path: Path) -> AnySource:
    """Read one source, with the preset that it names under it.

    Raises `ConfigurationError` (exit 3) with every finding at its file:line:column, in whichever of the two it stands.
    """
    file = with_preset(read_yaml(path))
    source = parse_model(file, KINDS[_kind(file)])
    if source.name != path.stem:
        raise ConfigurationError(
            "source-name",
            Text(f"tên nguồn '{source.name}' khác tên tệp", f"the source is called '{source.name}', unlike its file"),
            hint=Text(f"đổi tên tệp thành {source.name}.yaml", f"rename the file to {source.name}.yaml"),
            where=file.where(("name",)),
        )
    return source


def load_sources(folder: Path) -> dict[str, AnySource]:
    """All sources of a deployment, by name (`NAME.yaml`; `NAME.suite.yaml` is a suite of expectations beside it).

    Raises one `ConfigurationError` with the findings of all files.
    """
    sources: dict[str, AnySource] = {}
    findings: list[Finding] = []
    for path in sorted(path for path in folder.glob("*.yaml") if not path.name.endswith(".suite.yaml")):
        try:
            source = load_source(path)
        except ConfigurationError as error:
            findings += error.findings or [Finding(error.code, error.message, error.hint, error.where)]
        else:
            sources[source.name] = source
    if findings:
        raise invalid(findings, folder)
    return sources


class _OfAnyKind(RootModel[Annotated[AnySource, Field(discriminator="kind")]]):
    """A source file, told apart by its `kind`."""


def source_schema() -> dict[str, Any]:
    """JSON Schema of a source's file, for editors."""
    body = with_presets(_OfAnyKind.model_json_schema(by_alias=True), load_presets())
    return {**body, "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "dti source"}


def _kind(file: YamlFile) -> str:
    kind = file.data.get("kind") if isinstance(file.data, dict) else None
    if kind in KINDS:
        return str(kind)
    known = ", ".join(KINDS)
    raise ConfigurationError(
        "unknown-kind",
        Text(f"loại nguồn lạ trong {display_path(file.path)}: {kind}", f"unknown kind of source: {kind}"),
        hint=Text(f"'kind' là một trong: {known}", f"'kind' is one of: {known}"),
        where=file.where(("kind",)),
    )
