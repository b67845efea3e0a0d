"""What may not change silently: the rulesets and registers that judged a year which people have seen.

As long as nothing was signed or made official in a deployment, everything is free. From the first line of the ledger
on, a year of the open season that stands in the published release keeps the rulesets and the agencies that it was
judged by, until somebody signs the change (`dti approve`). A season is open from its first day until the year is
official, at least to the day of publication. Official years do not need this guard, they are frozen; but their next
revision is made only from what was signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from common.errors import Finding, GateError, Text
from pipelines import approvals, frozen, releases
from pipelines.approvals import REGISTERS
from pipelines.judging import judges
from pipelines.register_changes import register_changes
from pipelines.registers import Agency, Code, Registers
from pipelines.settings import ZONE, Deployment

if TYPE_CHECKING:
    from pipelines.inputs import Inputs

Basis = dict[str, dict[str, Any]]
_NAMES = {kind: sorted({field.name for field in fields(kind)} - {"valid_from", "valid_to"}) for kind in (Agency, Code)}


def basis_of(inputs: Inputs, years: Iterable[int]) -> Basis:
    """What judges each year: per authority and group the ruleset with its hash, and the hash of the year's register."""
    listed = list(years)
    found: Basis = {str(year): {"rulesets": {}, REGISTERS: register_hash(inputs.registers, year)} for year in listed}
    for key, loaded in judges(inputs.rulesets, listed).items():
        found[str(key.year)]["rulesets"][f"{key.authority}/{key.group}"] = [loaded.ruleset_id, loaded.content_hash]
    return found


def register_hash(registers: Registers, year: int | None = None) -> str:
    """SHA-256 of agencies and their codes: of all, or of what concerns one year, whatever comes before or later."""
    rows: Sequence[Agency | Code] = [*registers.agencies, *registers.codes]
    lines = sorted(line for line in (_line(row, year) for row in rows) if line)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _line(row: Agency | Code, year: int | None) -> str:
    """A row as text, its validity cut to the year; empty where it does not touch the year."""
    first, last = row.valid_from or "0001-01-01", row.valid_to or "9999-12-31"
    if year is not None:
        if first > f"{year}-12-31" or last < f"{year}-01-01":
            return ""
        first, last = max(first, f"{year}-01-01"), min(last, f"{year}-12-31")
    names = _NAMES[type(row)]
    return repr((type(row).__name__, [*zip(names, attrgetter(*names)(row), strict=True)], first, last))


def open_seasons(deployment: Deployment, day: date) -> list[int]:
    """The years whose season has begun by a day and which are not official, or whose day of publication is to come."""
    settings = deployment.settings
    official = {one.year for one in frozen.all_frozen(deployment)}
    dates = {year: settings.cycle.dates(year) for year in settings.years}
    return [
        year
        for year in settings.years
        if dates[year]["open"] <= day and (year not in official or day <= dates[year]["publish"])
    ]


def check_unchanged(deployment: Deployment, inputs: Inputs) -> None:
    """Raise `GateError` (exit 5) where a published year of an open season would be judged by something unsigned."""
    ledger = approvals.read(deployment)
    standing = releases.newest_known_at(deployment, inputs.as_of) if ledger else None
    if standing is None:
        return
    years = open_seasons(deployment, inputs.as_of.astimezone(ZONE).date())
    signed, findings = approvals.newest(ledger), []
    today = basis_of(inputs, [year for year in years if str(year) in standing.basis])
    for year, facts in today.items():
        then = standing.basis[year]
        findings += _rulesets_changed(year, then["rulesets"], facts["rulesets"], signed)
        if then[REGISTERS] != facts[REGISTERS] and signed.get(REGISTERS) != register_hash(inputs.registers):
            findings += _registers_changed(deployment, inputs, int(year))
    if findings:
        raise GateError(
            findings[0].code,
            Text(
                f"năm {', '.join(sorted(today))} đã công bố; thay đổi chưa được duyệt",
                f"{', '.join(sorted(today))} was published; what has changed since is not signed",
            ),
            hint=findings[0].hint,
            findings=findings,
        )


def _rulesets_changed(
    year: str, then: dict[str, list[str]], today: dict[str, list[str]], signed: dict[str, str]
) -> list[Finding]:
    """Another ruleset, or another content of the same, for a group of the year; one finding a ruleset."""
    found: dict[str, Finding] = {}
    for key in sorted(then.keys() | today.keys()):
        (old_id, old), (name, new) = then.get(key, ["–", "–"]), today.get(key, ["–", "–"])
        subject = name if name != "–" else old_id
        if [old_id, old] == [name, new] or signed.get(subject) == new:
            continue
        what = f"{subject}: {old[:12]} → {new[:12]}" if subject == old_id else f"{old_id} → {subject}"
        found[subject] = Finding(
            "RulesetChanged",
            Text(f"bộ chỉ số của năm {year} đã đổi: {what}", f"the ruleset of {year} has changed: {what}"),
            Text(
                f"đưa tệp về như cũ; hoặc ra bộ mới với 'valid: {{from: …}}'; hoặc dti approve {subject} --reason …",
                f"put the file back; or make a new ruleset with 'valid: {{from: …}}'; or dti approve {subject} "
                "--reason …",
            ),
            where=key,
        )
    return list(found.values())


def _registers_changed(deployment: Deployment, inputs: Inputs, year: int) -> list[Finding]:
    standing = releases.newest_known_at(deployment, inputs.as_of)
    lines = register_changes(standing, inputs.registers, year) if standing else []
    hint = Text(
        "đưa sổ đăng ký về như cũ, hoặc dti approve registers --reason …",
        "put the register back, or dti approve registers --reason …",
    )
    told = lines or [Text("mã hoặc hiệu lực đã đổi", "codes or validity differ")]
    return [
        Finding(
            "RegistersChanged",
            Text(f"sổ đăng ký của năm {year}: {line.vi}", f"register of {year}: {line.en}"),
            hint,
            where="registers/agencies.csv",
        )
        for line in told
    ]


def check_official(deployment: Deployment, inputs: Inputs, year: int, by: str) -> None:
    """Before a year becomes official or is revised: a revision rests on nothing unsigned, and with `two_persons`
    whoever makes it official has signed none of what it rests on. Raises `GateError` (exit 5)."""
    ledger, today = approvals.read(deployment), basis_of(inputs, [year])[str(year)]
    signed, before = approvals.newest(ledger), frozen.newest(deployment, year)
    current = dict(today["rulesets"].values())
    current[REGISTERS] = register_hash(inputs.registers)
    strict = deployment.settings.two_persons
    unsigned = [subject for subject, digest in current.items() if signed.get(subject) != digest]
    if before and not strict:
        same = {subject for subject, digest in current.items() if before.rulesets.get(subject) == digest}
        if before.basis.get(REGISTERS, today[REGISTERS]) == today[REGISTERS]:
            same.add(REGISTERS)
        unsigned = [subject for subject in unsigned if subject not in same]
    if unsigned and (before or strict):
        _refuse_unsigned(year, unsigned)
    mine = [one for one in ledger if current.get(one.subject) == one.content_hash and _same(one.by, by)]
    if strict and mine:
        what = ", ".join(sorted({one.subject for one in mine}))
        raise GateError(
            "SamePerson",
            Text(
                f"{by} đã duyệt {what}: quy tắc hai người (two_persons) cần người khác chốt năm {year}",
                f"{by} signed {what}: with two_persons somebody else makes {year} official",
            ),
            hint=Text(f"dti release build {year} --by …", f"dti release build {year} --by …"),
        )


def _refuse_unsigned(year: int, subjects: list[str]) -> None:
    names = ", ".join(subjects)
    raise GateError(
        "Unsigned",
        Text(f"chưa ai duyệt cho năm {year}: {names}", f"nobody has signed for {year}: {names}"),
        hint=Text(f"dti approve {subjects[0]} --reason …", f"dti approve {subjects[0]} --reason …"),
    )


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
