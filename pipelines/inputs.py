"""What a build is made of: accepted pulls, rulesets, registers, code. Nothing else may change a result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from common.durable import sha256_file
from common.errors import Finding, Text
from common.yaml_files import display_path, invalid
from connectors import Landing, Pull, load_sources
from pipelines import frozen
from pipelines.corrections import check_corrections
from pipelines.judging import check_years, span
from pipelines.registers import Registers, read_registers
from pipelines.settings import CODE, ZONE, Deployment

if TYPE_CHECKING:
    from connectors import AnySource
    from pipelines.releases import Release
    from rulesets.indicators import Indicator
    from rulesets.load import LoadedRuleset

_ENGINES = ("duckdb", "dbt-core", "dbt-duckdb", "pyarrow")


@dataclass(frozen=True)
class Inputs:
    """All inputs of one build, and their fingerprint: equal fingerprints mean equal results."""

    as_of: datetime
    sources: dict[str, AnySource]
    pulls: list[Pull]
    rulesets: list[LoadedRuleset]
    registers: Registers
    fingerprint: str
    basis: str
    """As the fingerprint, without the frozen years: a run that freezes one changes those on its way."""


def gather(deployment: Deployment, as_of: datetime) -> Inputs:
    """The newest pull of each source and year that was accepted and known at `as_of`, and all else as it stands."""
    from rulesets.lint import catalogue_of
    from rulesets.load import resolve

    settings = deployment.settings
    sources = load_sources(deployment.sources)
    landing = Landing(deployment.landing)
    found = [landing.newest_accepted(name, year, as_of) for name in sources for year in settings.years]
    pulls = [pull for pull in found if pull is not None]
    rulesets = [resolve(name, deployment.ruleset_folders) for name in settings.rulesets]
    check_years(deployment, rulesets)
    registers = read_registers(deployment.registers).known_on(as_of.astimezone(ZONE).date())
    check_exceptions(registers, rulesets, deployment.registers)
    check_appraisals(registers, rulesets, deployment.registers)
    metrics = catalogue_of(deployment.ruleset_folders)
    check_corrections(registers.corrections, sources, metrics, deployment.registers)
    facts = {
        "pulls": [(pull.source, pull.assessment_year, pull.pull_id, pull.content_hash) for pull in pulls],
        "rulesets": [(ruleset.ruleset_id, ruleset.content_hash) for ruleset in rulesets],
        "metrics": sorted(metric.model_dump_json() for metric in metrics.values()),
        "registers": registers.content_hash,
        "appraisals": [astuple(row) for row in registers.appraisals],
        "corrections": [(one.line, astuple(one.row), one.expired) for one in registers.corrections],
        "frozen": [(one.year, one.revision, one.hashes) for one in frozen.in_force(deployment, as_of)],
        "years": settings.years,
        "software": software(),
    }
    basis = {name: fact for name, fact in facts.items() if name != "frozen"}
    return Inputs(as_of, sources, pulls, rulesets, registers, _hash_of(facts), _hash_of(basis))


def _hash_of(facts: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def verify_pulls(deployment: Deployment, pulls: Sequence[Pull], standing: Release | None) -> None:
    """Hold every pull in use against its manifest, byte by byte, and look whether those of the standing release are
    all still there: one that was removed would silently give way to an older one. Raises `SourceError`."""
    landing = Landing(deployment.landing)
    for pull in pulls:
        landing.verify(pull)
    for pull_id in standing.pulls if standing else ():
        landing.find(pull_id)


def check_exceptions(registers: Registers, rulesets: Sequence[LoadedRuleset], folder: Path) -> None:
    """Every declared exception names a ruleset in use, one of its indicators, and an article that covers it."""
    by_id = {loaded.ruleset_id: loaded for loaded in rulesets}
    findings = []
    for line, row in enumerate(registers.exceptions, start=2):
        ruleset = by_id[row.ruleset_id].ruleset if row.ruleset_id in by_id else None
        codes = {indicator.code for indicator in (ruleset.indicators or [] if ruleset else [])}
        rules = {rule.article: rule.indicators for rule in (ruleset.exceptions if ruleset else [])}
        problem = None
        if ruleset is None:
            problem = Text(f"'{row.ruleset_id}' không dùng", f"'{row.ruleset_id}' is not in use")
        elif not by_id[row.ruleset_id].ruleset.valid.covers(int(row.assessment_year)):
            problem = _not_in_force(by_id[row.ruleset_id], row.assessment_year)
        elif row.indicator_code not in codes:
            problem = Text(f"không có chỉ số '{row.indicator_code}'", f"no indicator '{row.indicator_code}'")
        elif row.article not in rules:
            known = ", ".join(rules) or "–"
            problem = Text(
                f"không có Điều {row.article} (có: {known})", f"no article {row.article} (there are: {known})"
            )
        elif row.indicator_code not in (rules[row.article] or codes):
            problem = Text(
                f"Điều {row.article} không áp dụng cho {row.indicator_code}",
                f"article {row.article} does not cover {row.indicator_code}",
            )
        if problem:
            findings.append(Finding("exception", problem, where=f"{display_path(folder / 'exceptions.csv')}:{line}"))
    if findings:
        raise invalid(findings, folder / "exceptions.csv")


def check_appraisals(registers: Registers, rulesets: Sequence[LoadedRuleset], folder: Path) -> None:
    """Every decision names a ruleset in use and something that it scores; a whole has points only, and no more of them
    than its maximum."""
    by_id = {loaded.ruleset_id: loaded for loaded in rulesets}
    findings = []
    for row in registers.appraisals:
        ruleset = by_id[row.ruleset_id].ruleset if row.ruleset_id in by_id else None
        wholes = {main.code: main.points for main in ruleset.main_indices} if ruleset else {}
        wholes["total"] = ruleset.structure.points if ruleset else None
        codes = {one.code: one.max_points for one in ruleset.indicator_list} if ruleset else {}
        several = {one.code: _figures(one) for one in ruleset.indicator_list} if ruleset else {}
        most = {**wholes, **codes}.get(row.code)
        problem = None
        if ruleset is None:
            problem = Text(f"'{row.ruleset_id}' không dùng", f"'{row.ruleset_id}' is not in use")
        elif not by_id[row.ruleset_id].ruleset.valid.covers(int(row.assessment_year)):
            problem = _not_in_force(by_id[row.ruleset_id], row.assessment_year)
        elif row.code not in {**wholes, **codes}:
            problem = Text(f"không có mã '{row.code}'", f"there is no '{row.code}'")
        elif row.code not in codes and not row.points:
            problem = Text(f"'{row.code}' chỉ nhận points", f"'{row.code}' takes points only")
        elif several.get(row.code, 0) > 1 and not row.points:
            problem = Text(
                f"'{row.code}' gồm {several[row.code]} số liệu: thẩm định bằng điểm (points)",
                f"'{row.code}' is made of {several[row.code]} figures: it is decided in points",
            )
        elif row.points and most and Decimal(row.points) > most:
            problem = Text(f"{row.points} điểm, tối đa {most}", f"{row.points} points, the maximum is {most}")
        if problem:
            where = f"{display_path(folder / 'appraisals.csv')}: {row.agency_id} {row.code} {row.decided_on}"
            findings.append(Finding("appraisal", problem, where=where))
    if findings:
        raise invalid(findings, folder / "appraisals.csv")


def _figures(one: Indicator) -> int:
    """How many figures an indicator is put together from; a ratio counts as one."""
    from rulesets.scoring.reference import fed_by

    return len({(part, item) for part, item, _, _ in fed_by(one)})


def _not_in_force(loaded: LoadedRuleset, year: str) -> Text:
    name = f"{loaded.ruleset_id} ({span(loaded)})"
    return Text(f"{name} không có hiệu lực cho năm {year}", f"{name} is not in force in {year}")


def software() -> dict[str, str]:
    """What turns inputs into results: our code, and the engines by version."""
    return {"code": code_hash(), **{name: version(name) for name in _ENGINES}}


def software_hash() -> str:
    return hashlib.sha256(json.dumps(software(), sort_keys=True).encode()).hexdigest()


def lock_hash() -> str:
    """SHA-256 of the lock file; empty where the code was installed without it."""
    path = CODE / "requirements.lock"
    return sha256_file(path) if path.exists() else ""


@cache
def code_hash() -> str:
    """SHA-256 over our code and models: what turns inputs into results."""
    digest = hashlib.sha256()
    for path in sorted(_code_files()):
        digest.update(path.relative_to(CODE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _code_files() -> list[Path]:
    packages = [CODE / name for name in ("common", "connectors", "pipelines", "rulesets")]
    files = [path for package in packages for path in package.rglob("*.py")]
    models = CODE / "dbt_project"
    return files + [path for kind in ("*.sql", "*.yml") for path in models.rglob(kind) if "target" not in path.parts]
