"""Lint: everything that is wrong, doubtful or worth knowing about rulesets, in one pass, each at its place.

Errors are what loading refuses and what would make a score wrong; warnings are probable mistakes; notes are worth
knowing. Only errors fail.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.errors import ConfigurationError, Finding, Text, UsageError
from common.yaml_files import YamlFile, display_path, parse_model, read_yaml
from rulesets.against import Comparison, compare
from rulesets.lints import LintFinding, Remark, inputs, judgement, names, placed, points, validity
from rulesets.lints.names import authority
from rulesets.load import SHIPPED, LoadedRuleset, load_ruleset, ruleset_id_of, ruleset_paths
from rulesets.metrics import Catalogue, Metric

METRICS = "metrics.yaml"
"""The catalogue of metrics at the top of a folder of rulesets."""


@dataclass
class LintReport:
    """What lint looked at and what it found."""

    rulesets: list[str] = field(default_factory=list)
    found: list[LintFinding] = field(default_factory=list)
    compared: list[Comparison] = field(default_factory=list)

    @property
    def errors(self) -> int:
        return self.count("error")

    def count(self, severity: str) -> int:
        return sum(one.severity == severity for one in self.found)

    def as_dict(self, lang: str) -> dict[str, Any]:
        return {
            "rulesets": self.rulesets,
            "compared": [comparison.as_dict() for comparison in self.compared],
            "errors": self.errors,
            "warnings": self.count("warning"),
            "notes": self.count("note"),
            "findings": [{"severity": s, **finding.as_dict(lang)} for s, finding in self.found],
        }


def select(name: str, folders: Sequence[Path] = (SHIPPED,)) -> list[Path]:
    """Files by ruleset id, by the folder of a decision (`an_giang/1407-2024`), or by path; raise `UsageError`."""
    path = Path(name)
    if path.suffix in {".yaml", ".yml"} or path.is_file():
        return [path]
    known = ruleset_paths(folders)
    chosen = [known[one] for one in sorted(known) if one == name or one.startswith(f"{name.rstrip('/')}/")]
    if chosen:
        return chosen
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or list(known)
    raise UsageError(
        "unknown-ruleset",
        Text(f"không có bộ quy tắc '{name}'", f"there is no ruleset '{name}'"),
        hint=Text(f"có phải: {', '.join(near)}?", f"did you mean: {', '.join(near)}?"),
    )


def lint(
    paths: Sequence[Path] | None = None, folders: Sequence[Path] = (SHIPPED,), against: Path | None = None
) -> LintReport:
    """Lint these files, or every ruleset of the folders, with each other and the catalogue of metrics.

    `against` is the text of a decision that the files are compared with, word for word; every difference is an error.
    """
    report = LintReport()
    try:
        catalogue = catalogue_of(folders)
    except ConfigurationError as error:
        catalogue = {}
        report.found += [LintFinding("error", finding) for finding in _findings(error)]
    chosen = paths if paths is not None else list(ruleset_paths(folders).values())
    standing = _standing(folders, {authority(ruleset_id_of(path, folders)) for path in chosen})
    for path in chosen:
        try:
            target = load_ruleset(path, folders)
        except ConfigurationError as error:
            report.found += [LintFinding("error", finding) for finding in _findings(error)]
            report.rulesets.append(display_path(path))
            continue
        report.rulesets.append(target.ruleset_id)
        report.found += [placed(remark, target.file) for remark in remarks_of(target, standing, catalogue)]
        if against is not None:
            _compare(target, against, report)
    if paths is None:
        report.found += _unused(folders, standing)
    report.found.sort(key=lambda one: ("error", "warning", "note").index(one.severity))
    return report


def _compare(target: LoadedRuleset, text: Path, report: LintReport) -> None:
    try:
        comparison = compare(target, text)
    except ConfigurationError as error:
        report.found += [LintFinding("error", finding) for finding in _findings(error)]
        return
    report.compared.append(comparison)
    report.found += [LintFinding("error", finding) for finding in comparison.findings]


def remarks_of(
    target: LoadedRuleset, standing: Sequence[LoadedRuleset], catalogue: Mapping[str, Metric]
) -> Iterator[Remark]:
    """Everything to say about one ruleset that loads; `standing` are the rulesets that it lives with."""
    ruleset = target.ruleset
    yield from names.spelling(target.file.data)
    yield from names.duplicates(ruleset)
    yield from names.across(target, standing)
    yield from inputs.check(ruleset, catalogue)
    yield from points.check(ruleset)
    yield from judgement.check(ruleset)
    yield from validity.check(target, standing)


def _findings(error: ConfigurationError) -> Sequence[Finding]:
    return error.findings or [Finding(error.code, error.message, error.hint, error.where)]


def _standing(folders: Sequence[Path], authorities: set[str]) -> list[LoadedRuleset]:
    """Every ruleset of these authorities that loads: what a target is compared with."""
    loaded = []
    for ruleset_id, path in ruleset_paths(folders).items():
        if authority(ruleset_id) not in authorities:
            continue
        try:
            loaded.append(load_ruleset(path, folders))
        except ConfigurationError:
            continue  # its own findings come when it is linted itself
    return loaded


def _catalogues(folders: Sequence[Path]) -> Iterator[tuple[YamlFile, Catalogue]]:
    for folder in folders:
        if (folder / METRICS).is_file():
            file = read_yaml(folder / METRICS)
            yield file, parse_model(file, Catalogue)


def catalogue_of(folders: Sequence[Path]) -> dict[str, Metric]:
    """The metrics of all folders by id: a deployment may add its own to the shipped ones."""
    return {metric.id: metric for _, catalogue in _catalogues(folders) for metric in catalogue.metrics}


def _unused(folders: Sequence[Path], standing: Sequence[LoadedRuleset]) -> Iterator[LintFinding]:
    """Metrics of the catalogue that no ruleset names."""
    used = {metric for item in standing for _, metric in inputs.uses(item.ruleset)}
    for file, catalogue in _catalogues(folders):
        for n, metric in enumerate(catalogue.metrics):
            if metric.id not in used:
                message = Text(f"chưa chỉ số nào dùng '{metric.id}'", f"no indicator uses '{metric.id}'")
                yield placed(Remark("note", ("metrics", n, "id"), "metric-unused", message), file)
