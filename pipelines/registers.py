"""Registers: who is assessed (`agencies.csv`), by which code each system knows them (`agency_codes.csv`), which
articles of a decision spare whom which indicator (`exceptions.csv`), what the council decided (`appraisals.csv`), and
which figures of a source are wrong (`corrections.csv`).

A row holds from `valid_from` to `valid_to`, both inclusive and both optional. An assessment year sees the register
as of its last day: who was merged away during the year is not ranked in it, whoever took over is.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from common.durable import sha256_file
from common.errors import Finding, Text
from common.yaml_files import display_path, invalid
from pipelines import corrections
from pipelines.corrections import Correction, Placed
from pipelines.groups import GROUPS
from pipelines.register_lines import csv_lines

_DAYS = {"valid_from", "valid_to", "decided_on"}


@dataclass(frozen=True)
class Agency:
    """An agency and its validity. `agency_id` is ours and durable across renames; `predecessors` are ids with `;`."""

    agency_id: str
    name_vi: str
    agency_group: str
    parent_id: str
    valid_from: str
    valid_to: str
    predecessors: str


@dataclass(frozen=True)
class Code:
    """The code of an agency in one scheme, with its validity."""

    agency_id: str
    scheme: str
    code: str
    valid_from: str
    valid_to: str


@dataclass(frozen=True)
class Exemption:
    """One use of an article that gives points without a figure of one's own, for one agency, year and indicator.

    `document` is the paper in which the council granted it; without one there is no exemption.
    """

    ruleset_id: str
    assessment_year: str
    agency_id: str
    indicator_code: str
    article: str
    document: str
    reason: str


@dataclass(frozen=True)
class Appraisal:
    """One decision of the council: a value for an indicator, or points for an indicator, a main index or the total.

    The register only grows: a later decision about the same thing counts instead of an earlier one, and both stay.
    `code` is `total`, a main index or an indicator; either `points`, or `value`, or `numerator` and `denominator`.
    """

    ruleset_id: str
    assessment_year: str
    period: str
    agency_id: str
    code: str
    numerator: str
    denominator: str
    value: str
    points: str
    decided_on: str
    document: str
    author: str
    reason: str


Row = TypeVar("Row", Agency, Code, Exemption, Appraisal, Correction)


@dataclass(frozen=True)
class Registers:
    """All registers, checked against each other."""

    agencies: tuple[Agency, ...]
    codes: tuple[Code, ...]
    exceptions: tuple[Exemption, ...]
    appraisals: tuple[Appraisal, ...]
    corrections: tuple[Placed, ...]
    content_hash: str

    def known_on(self, day: date) -> Registers:
        """The registers with the decisions that had been taken by the end of a day."""
        taken = tuple(row for row in self.appraisals if row.decided_on <= day.isoformat())
        return replace(self, appraisals=taken, corrections=corrections.known_on(self.corrections, day))

    def agencies_of(self, year: int) -> list[Agency]:
        """The agencies that exist on the last day of the assessment year."""
        return [agency for agency in self.agencies if _holds(agency, date(year, 12, 31))]

    def codes_of(self, year: int) -> list[tuple[Agency, Code]]:
        """Each agency of the year with each of its codes of the year."""
        by_id = {agency.agency_id: agency for agency in self.agencies_of(year)}
        day = date(year, 12, 31)
        return [(by_id[c.agency_id], c) for c in self.codes if c.agency_id in by_id and _holds(c, day)]

    def retired_codes_of(self, year: int) -> list[tuple[Agency, Code, str]]:
        """Codes whose agency no longer exists in the year, with the id of the one that took over (if one did)."""
        day, current = date(year, 12, 31), {code.code for _, code in self.codes_of(year)}
        heirs = {old: agency.agency_id for agency in self.agencies_of(year) for old in _ids(agency.predecessors)}
        by_id = {agency.agency_id: agency for agency in self.agencies}
        gone = [c for c in self.codes if c.code not in current and (c.valid_from or "0") <= day.isoformat()]
        return [(by_id[code.agency_id], code, heirs.get(code.agency_id, "")) for code in gone]


def _ids(text: str) -> list[str]:
    return [name for name in text.split(";") if name]


def _holds(row: Agency | Code, day: date) -> bool:
    return (row.valid_from or "0001-01-01") <= day.isoformat() <= (row.valid_to or "9999-12-31")


def read_registers(folder: Path) -> Registers:
    """Read and check the registers; every finding names file and line. Raises `ConfigurationError` (exit 3).

    A refresh asks several times, to see whether they changed: the same bytes are checked once.
    """
    return _checked(folder, tuple(sha256_file(path) for path in sorted(folder.glob("*.csv"))))


@lru_cache(maxsize=2)
def _checked(folder: Path, _: tuple[str, ...]) -> Registers:
    findings: list[Finding] = []
    agencies = list(_read(folder / "agencies.csv", Agency, findings))
    codes = list(_read(folder / "agency_codes.csv", Code, findings))
    declared, decided = folder / "exceptions.csv", folder / "appraisals.csv"
    exceptions = list(_read(declared, Exemption, findings)) if declared.exists() else []
    appraisals = list(_read(decided, Appraisal, findings)) if decided.exists() else []
    wrong = folder / corrections.FILE
    corrected = list(_read(wrong, Correction, findings)) if wrong.exists() else []
    ids = {agency.agency_id for _, agency in agencies}
    findings += _check_agencies(folder / "agencies.csv", agencies)
    findings += _check_codes(folder / "agency_codes.csv", codes, ids)
    findings += _check_exceptions(declared, exceptions, ids)
    findings += _check_appraisals(decided, appraisals, ids)
    findings += corrections.check_rows(wrong, corrected, ids)
    if findings:
        raise invalid(findings, folder / "agencies.csv")
    digest = hashlib.sha256()
    for line in sorted(repr(row) for _, row in [*agencies, *codes, *exceptions, *appraisals, *corrected]):
        digest.update(line.encode() + b"\n")
    return Registers(
        tuple(row for _, row in agencies),
        tuple(row for _, row in codes),
        tuple(row for _, row in exceptions),
        tuple(row for _, row in appraisals),
        tuple(Placed(line, row) for line, row in corrected),
        digest.hexdigest(),
    )


def _read(path: Path, kind: type[Row], findings: list[Finding]) -> Iterator[tuple[int, Row]]:
    names = [field.name for field in fields(kind)]
    for line, row in csv_lines(path, names):
        if None in row or None in row.values():
            findings.append(_finding(path, line, "register-columns", "sai số cột", "wrong number of columns"))
            continue
        cells = {name: unicodedata.normalize("NFC", row[name]).strip() for name in names}
        for name in sorted(_DAYS & cells.keys()):
            if not _is_date(cells[name]):
                vi, en = f"{name} '{cells[name]}' không phải ngày", f"{name} '{cells[name]}' is not a date"
                findings.append(_finding(path, line, "register-date", vi, en))
        yield line, kind(**cells)


def _is_date(text: str) -> bool:
    try:
        return not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _check_agencies(path: Path, rows: list[tuple[int, Agency]]) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    ids = {agency.agency_id for _, agency in rows}
    for line, agency in rows:
        if agency.agency_id in seen:
            first = seen[agency.agency_id]
            vi, en = f"'{agency.agency_id}' đã có ở dòng {first}", f"'{agency.agency_id}' stands in line {first} too"
            yield _finding(path, line, "agency-twice", vi, en)
        seen[agency.agency_id] = line
        if agency.agency_group not in GROUPS:
            vi = f"nhóm '{agency.agency_group}' lạ; có: {', '.join(GROUPS)}"
            yield _finding(
                path, line, "agency-group", vi, f"unknown group '{agency.agency_group}': {', '.join(GROUPS)}"
            )
        if not agency.name_vi:
            yield _finding(path, line, "agency-name", "thiếu tên", "the name is missing")
        for other in _mentioned(agency):
            if other not in ids and other != agency.agency_id:
                yield _finding(path, line, "agency-unknown", f"không có '{other}'", f"there is no '{other}'")


def _mentioned(agency: Agency) -> Iterable[str]:
    return _ids(agency.parent_id) + _ids(agency.predecessors)


def _check_codes(path: Path, rows: list[tuple[int, Code]], ids: set[str]) -> Iterator[Finding]:
    taken: dict[tuple[str, str], list[tuple[int, Code]]] = {}
    for line, code in rows:
        if code.agency_id not in ids:
            yield _finding(
                path, line, "agency-unknown", f"không có '{code.agency_id}'", f"no agency '{code.agency_id}'"
            )
        for other_line, other in taken.setdefault((code.scheme, code.code), []):
            if _overlap(code, other):
                vi = f"mã {code.code} trùng thời gian với dòng {other_line}"
                yield _finding(path, line, "code-twice", vi, f"code {code.code} overlaps with line {other_line}")
        taken[code.scheme, code.code].append((line, code))


def _check_exceptions(path: Path, rows: list[tuple[int, Exemption]], ids: set[str]) -> Iterator[Finding]:
    seen: dict[tuple[str, ...], int] = {}
    for line, row in rows:
        if row.agency_id not in ids:
            yield _finding(path, line, "agency-unknown", f"không có '{row.agency_id}'", f"no agency '{row.agency_id}'")
        if not row.assessment_year.isdigit():
            vi = f"năm '{row.assessment_year}' không phải số"
            yield _finding(path, line, "exception-year", vi, f"'{row.assessment_year}' is not a year")
        if not (row.article and row.document):
            yield _finding(path, line, "exception-ground", "thiếu điều khoản hoặc văn bản", "no article or no document")
        key = (row.ruleset_id, row.assessment_year, row.agency_id, row.indicator_code)
        if key in seen:
            vi, en = f"đã khai ở dòng {seen[key]}", f"stands in line {seen[key]} too"
            yield _finding(path, line, "exception-twice", vi, en)
        seen[key] = line


def _check_appraisals(path: Path, rows: list[tuple[int, Appraisal]], ids: set[str]) -> Iterator[Finding]:
    """Who, when, on what paper and why are compulsory; a decision is about points or about a figure, not both."""
    seen: dict[tuple[str, ...], int] = {}
    for line, row in rows:
        if row.agency_id not in ids:
            yield _finding(path, line, "agency-unknown", f"không có '{row.agency_id}'", f"no agency '{row.agency_id}'")
        year = row.assessment_year
        if not (year.isdigit() and row.period.startswith(year)):
            vi, en = f"năm '{year}' và kỳ '{row.period}' không khớp", f"year '{year}' and period '{row.period}' differ"
            yield _finding(path, line, "appraisal-year", vi, en)
        if not (row.decided_on and row.document and row.author and row.reason):
            vi, en = "thiếu ngày, văn bản, người quyết định hoặc lý do", "no day, document, author or reason"
            yield _finding(path, line, "appraisal-ground", vi, en)
        ways = [bool(row.points), bool(row.value), bool(row.numerator and row.denominator)]
        if sum(ways) != 1 or bool(row.numerator) != bool(row.denominator):
            vi = "ghi một trong ba: points, value, hoặc numerator và denominator"
            yield _finding(path, line, "appraisal-figure", vi, "give points, or value, or numerator and denominator")
        for name in ("points", "numerator", "denominator"):
            if not re.fullmatch(r"(\d{1,18}(\.\d{1,10})?)?", getattr(row, name)):
                vi, en = f"{name} '{getattr(row, name)}' không phải số", f"{name} '{getattr(row, name)}' is no number"
                yield _finding(path, line, "appraisal-number", vi, en)
        key = (row.ruleset_id, row.period, row.agency_id, row.code, row.decided_on)
        if key in seen:
            vi, en = f"cùng ngày đã quyết định ở dòng {seen[key]}", f"decided on that day in line {seen[key]} too"
            yield _finding(path, line, "appraisal-twice", vi, en)
        seen[key] = line


def _overlap(one: Code, other: Code) -> bool:
    return (one.valid_from or "0") <= (other.valid_to or "9") and (other.valid_from or "0") <= (one.valid_to or "9")


def _finding(path: Path, line: int, code: str, vi: str, en: str) -> Finding:
    return Finding(code, Text(vi, en), where=f"{display_path(path)}:{line}")
