"""A step of a check, and the two steps that every kind of source ends with: contract and agencies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from common.errors import Finding, SourceError, Text
from connectors.contract import Reading
from connectors.settling import settle
from connectors.tables import contract_schema

NOTHING = Text("", "")
_REGISTER_CODES = {"UnknownAgency", "UnknownAgencyName", "AmbiguousAgency", "RetiredAgency", "GroupMismatch"}


@dataclass(frozen=True)
class Step:
    """One step of a check: `status` ok | failed | skipped, what was found, and what to do."""

    name: str
    title: Text
    status: str
    detail: Text
    hint: Text = NOTHING
    findings: tuple[Finding, ...] = ()


def failed(name: str, title: Text, error: SourceError) -> Step:
    """The step that ended with this error."""
    return Step(name, title, "failed", error.message, error.hint)


def contract_step(reading: Reading) -> Step:
    """Values and rules only; codes that the register lacks are the next step's matter."""
    title = Text("Hợp đồng dữ liệu", "Contract")
    settle(reading)
    findings = tuple(one for one in reading.quarantine.findings() if one.code not in _REGISTER_CODES)
    if findings:
        detail = Text(f"{len(findings)} lỗi", f"{len(findings)} findings")
        return Step("contract", title, "failed", detail, findings[0].hint, findings)
    new = ", ".join(sorted(reading.new_fields))
    told = (f"; trường mới không lưu: {new}", f"; new fields, not stored: {new}") if new else ("", "")
    count, columns = reading.received.total(), len(contract_schema(reading.source.contract))
    return Step(
        "contract",
        title,
        "ok",
        Text(
            f"{count} dòng đúng kiểu, giới hạn và tổng; {columns} cột{told[0]}",
            f"{count} rows within types, bounds and sums; {columns} columns{told[1]}",
        ),
    )


def agencies_step(reading: Reading, groups: Iterable[str], year: int, seen_in: Text, more: bool) -> Step:
    """How many agencies of the register were met, `seen_in` what was read; with `more` to read, others may follow."""
    title = Text("Cơ quan", "Agencies")
    wanted = set(groups)
    aside = list(reading.quarantine.findings())
    unknown = tuple(one for one in aside if one.code in _REGISTER_CODES)
    codes = (code for table in reading.rows.merged() for code in table.column("agency_code").to_pylist())
    named = {*codes, *(one.agency for one in aside)}
    expected = {code for code, agency in reading.agencies.items() if agency.group in wanted}
    matched = len(expected & named)
    detail = Text(
        f"khớp {matched} trên {len(expected)} cơ quan của sổ đăng ký năm {year}",
        f"{matched} of {len(expected)} agencies of the register for {year} matched",
    )
    if unknown:
        return Step("agencies", title, "failed", detail, unknown[0].hint, unknown)
    if matched < len(expected):
        missing = ", ".join(sorted(expected - named)[:5])
        hint = Text(f"chưa thấy ở {seen_in.vi}: {missing}", f"not seen {seen_in.en}: {missing}")
        enough = more or matched >= reading.source.gates.coverage.of_register * len(expected)
        return Step("agencies", title, "ok" if enough else "failed", detail, hint)
    return Step("agencies", title, "ok", detail)
