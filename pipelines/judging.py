"""Which decision judges which year: it follows from the decisions' own dates, and no option can say otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from common.errors import ConfigurationError, Finding, Text
from common.yaml_files import invalid, read_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.settings import Deployment
    from rulesets.load import LoadedRuleset

_MOST = 6


class Judged(NamedTuple):
    """What one decision judges: an authority's ranking of a group in an assessment year."""

    authority: str
    year: int
    group: str


def judges(rulesets: Iterable[LoadedRuleset], years: Sequence[int]) -> dict[Judged, LoadedRuleset]:
    """The ruleset for each authority, year and group; where two of one authority cover both, the newer decision."""
    chosen: dict[Judged, LoadedRuleset] = {}
    for loaded in sorted(rulesets, key=lambda one: (one.ruleset.decision.date, one.ruleset_id)):
        for year in years:
            if loaded.ruleset.valid.covers(year):
                for group in loaded.ruleset.groups:
                    chosen[Judged(loaded.ruleset.decision.authority_vi, year, group)] = loaded
    return chosen


def check_years(deployment: Deployment, rulesets: Sequence[LoadedRuleset]) -> None:
    """Every year of `dti.yaml` has a ruleset in force, and none has two of the same day. Raises `ConfigurationError`
    (exit 3) that names the rulesets which would fit."""
    path, years = deployment.root / "dti.yaml", deployment.settings.years
    judged = {key.year for key in judges(rulesets, years)}
    findings = [
        Finding(
            "no-ruleset-in-force",
            Text(
                f"không bộ chỉ số nào trong 'rulesets' có hiệu lực cho năm {year} (đang dùng: {_used(rulesets)})",
                f"no ruleset in 'rulesets' is in force in {year} (in use: {_used(rulesets)})",
            ),
            _fitting(deployment, year),
            read_yaml(path).where(("years", at)),
        )
        for at, year in enumerate(years)
        if year not in judged
    ]
    findings += _twice(rulesets, years, path)
    if findings:
        raise invalid(findings, path)


def check_in_force(loaded: LoadedRuleset, year: int, folders: Sequence[Path]) -> None:
    """Raise `ConfigurationError` (exit 3) where a ruleset is asked to judge a year in which it is not in force."""
    if loaded.ruleset.valid.covers(year):
        return
    groups = set(loaded.ruleset.groups)
    fitting = [one.ruleset_id for one in _covering(folders, year) if groups & set(one.ruleset.groups)]
    names = ", ".join(fitting[:_MOST]) or "–"
    raise ConfigurationError(
        "not-in-force",
        Text(
            f"{loaded.ruleset_id} ({span(loaded)}) không có hiệu lực cho năm {year}",
            f"{loaded.ruleset_id} ({span(loaded)}) is not in force in {year}",
        ),
        hint=Text(f"bộ chỉ số có hiệu lực: {names}", f"rulesets in force: {names}"),
        where=loaded.file.where(("valid",)),
    )


def span(loaded: LoadedRuleset) -> str:
    """The years of a ruleset: `2018–2022`, `2024–`."""
    valid = loaded.ruleset.valid
    return f"{valid.year_from}–{valid.year_to or ''}"


def _used(rulesets: Sequence[LoadedRuleset]) -> str:
    return ", ".join(f"{one.ruleset_id} {span(one)}" for one in rulesets)


def _fitting(deployment: Deployment, year: int) -> Text:
    names = ", ".join(one.ruleset_id for one in _covering(deployment.ruleset_folders, year)[:_MOST])
    if not names:
        return Text(
            "viết bộ chỉ số cho năm này (docs/rulesets.md), hoặc bỏ năm khỏi 'years'",
            "write a ruleset for this year (docs/rulesets.md), or remove the year from 'years'",
        )
    return Text(
        f"thêm vào 'rulesets' một trong: {names}; hoặc bỏ năm khỏi 'years'",
        f"add one of these to 'rulesets': {names}; or remove the year from 'years'",
    )


def _covering(folders: Sequence[Path], year: int) -> list[LoadedRuleset]:
    """All rulesets at hand that are in force in a year; a file that cannot be read is for `dti ruleset lint`."""
    from rulesets.load import load_ruleset, ruleset_paths

    found = []
    for path in ruleset_paths(folders).values():
        try:
            loaded = load_ruleset(path, folders)
        except ConfigurationError:
            continue
        if loaded.ruleset.valid.covers(year):
            found.append(loaded)
    return sorted(found, key=lambda one: one.ruleset_id)


def _twice(rulesets: Sequence[LoadedRuleset], years: Sequence[int], path: Path) -> list[Finding]:
    """Two rulesets of one authority and one day for the same group and year: nothing says which one counts."""
    seen: dict[tuple[Judged, object], str] = {}
    found: dict[tuple[str, str], Finding] = {}
    for at, loaded in enumerate(rulesets):
        for key in judges([loaded], years):
            first = seen.setdefault((key, loaded.ruleset.decision.date), loaded.ruleset_id)
            if first != loaded.ruleset_id:
                found[first, loaded.ruleset_id] = Finding(
                    "two-rulesets",
                    Text(
                        f"{first} và {loaded.ruleset_id} cùng chấm nhóm {key.group} năm {key.year}",
                        f"{first} and {loaded.ruleset_id} both judge group {key.group} in {key.year}",
                    ),
                    Text(
                        "ghi 'valid: {to: …}' cho bộ cũ, 'valid: {from: …}' cho bộ mới",
                        "give the old one 'valid: {to: …}' and the new one 'valid: {from: …}'",
                    ),
                    read_yaml(path).where(("rulesets", at)),
                )
    return list(found.values())
