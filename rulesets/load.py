"""Find and load rulesets. The id of a ruleset is its path below the folder of rulesets, without `.yaml`."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.errors import ConfigurationError, Finding, Text, UsageError
from common.yaml_files import YamlFile, invalid, parse_model, read_yaml
from rulesets import consistency
from rulesets.models import Ruleset

SHIPPED = Path(__file__).parent
"""The folder of the rulesets that come with this package."""


@dataclass(frozen=True)
class LoadedRuleset:
    """A valid ruleset with its id, where it stands, and the hash of what it says (not of spaces and comments)."""

    ruleset_id: str
    ruleset: Ruleset
    file: YamlFile

    @property
    def path(self) -> Path:
        return self.file.path

    @property
    def content_hash(self) -> str:
        body = self.ruleset.model_dump(mode="json", by_alias=True)
        return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def load_ruleset(path: Path, folders: Sequence[Path] = (SHIPPED,)) -> LoadedRuleset:
    """Read and check one file; raise `ConfigurationError` with every finding as `file:line:column` and a hint."""
    file = read_yaml(path)
    ruleset = parse_model(file, Ruleset)
    if found := consistency.findings(ruleset, file):
        raise invalid(found, path)
    return LoadedRuleset(ruleset_id_of(path, folders), ruleset, file)


def ruleset_id_of(path: Path, folders: Sequence[Path]) -> str:
    """The path below the folder that holds it, without `.yaml`; the file's own name when no folder does."""
    whole = path.resolve()
    for folder in folders:
        if whole.is_relative_to(folder.resolve()):
            return whole.relative_to(folder.resolve()).with_suffix("").as_posix()
    return path.stem


def ruleset_paths(folders: Sequence[Path]) -> dict[str, Path]:
    """Every ruleset file by id; of two with the same id the one in the earlier folder stands.

    So a deployment's own file, with the annex it imported, stands before the structure that is shipped. A file at the
    top of a folder is not a ruleset (the catalogue of metrics is there).
    """
    paths: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*/**/*.yaml")):
            paths.setdefault(ruleset_id_of(path, [folder]), path)
    return paths


def find_rulesets(folders: Sequence[Path] = (SHIPPED,)) -> list[LoadedRuleset]:
    """Every ruleset of the folders, by id; raise one `ConfigurationError` with the findings of all files."""
    loaded: list[LoadedRuleset] = []
    findings: list[Finding] = []
    for path in ruleset_paths(folders).values():
        try:
            loaded.append(load_ruleset(path, folders))
        except ConfigurationError as error:
            findings += error.findings or [Finding(error.code, error.message, error.hint, error.where)]
    if findings:
        raise ConfigurationError(
            "rulesets-invalid",
            Text(f"{len(findings)} lỗi trong các bộ quy tắc", f"{len(findings)} errors in the rulesets"),
            hint=Text("dti ruleset lint", "dti ruleset lint"),
            where=findings[0].where,
            findings=findings,
        )
    return sorted(loaded, key=lambda item: item.ruleset_id)


def resolve(name_or_path: str, folders: Sequence[Path] = (SHIPPED,)) -> LoadedRuleset:
    """A ruleset by its id or by a path; raise `UsageError` (exit 2) with the nearest ids for a name that is unknown."""
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"} or path.is_file():
        return load_ruleset(path, folders)
    paths = ruleset_paths(folders)
    if name_or_path in paths:
        return load_ruleset(paths[name_or_path], folders)
    near = difflib.get_close_matches(name_or_path, paths, n=3, cutoff=0.4)
    choices = ", ".join(near or paths)
    raise UsageError(
        "unknown-ruleset",
        Text(f"không có bộ quy tắc '{name_or_path}'", f"there is no ruleset '{name_or_path}'"),
        hint=Text(f"có phải: {choices}?", f"did you mean: {choices}?"),
    )


def in_force(rulesets: Iterable[LoadedRuleset], group: str, year: int) -> LoadedRuleset | None:
    """The ruleset for a group and an assessment year; of several, the newest decision wins.

    National and provincial decisions assess the same groups side by side, so hand in those of one authority.
    """
    covering = [r for r in rulesets if group in r.ruleset.groups and r.ruleset.valid.covers(year)]
    return max(covering, key=lambda r: (r.ruleset.decision.date, r.ruleset_id), default=None)
