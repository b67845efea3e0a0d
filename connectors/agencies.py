"""Whose row is it: by code in a scheme, by exact name, or by the request that asked for it. Never guessed."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from common.errors import ConfigurationError, Text
from connectors.contract_model import AgencyField
from connectors.texts import folded, personal
from connectors.values import UnfitError, read_code


class AgencyCode(NamedTuple):
    """One code of one agency as of the assessment year, as the register has it. `retired`: the code of an agency that
    was merged or abolished before that year; its rows are set aside, naming `successor` where there is one."""

    agency_id: str
    scheme: str
    code: str
    name: str
    group: str
    retired: bool = False
    successor: str = ""


@dataclass(frozen=True)
class Agencies:
    """The register's agencies in one scheme, and how a row names its own."""

    field: AgencyField
    by_code: dict[str, AgencyCode]
    by_name: dict[str, tuple[str, ...]]
    retired: dict[str, AgencyCode]

    def match(self, raw: dict[str, Any], asked: str) -> tuple[str, UnfitError | None]:
        """The row's agency code ("" where none may be shown), and what is wrong with it."""
        try:
            if self.field.by == "request":
                return asked, None
            if self.field.by == "name":
                return self._by_name(raw.get(self.field.field)), None
            code = read_code(raw.get(self.field.field))
        except UnfitError as unfit:
            return "", unfit
        return self._known(code)

    def _known(self, code: str) -> tuple[str, UnfitError | None]:
        if code in self.by_code:
            return code, None
        if code in self.retired:
            successor = self.retired[code].successor or "?"
            return code, UnfitError("RetiredAgency", scheme=self.field.scheme, successor=successor)
        if personal(code):
            return "", UnfitError("PersonalData")
        return code, UnfitError("UnknownAgency", scheme=self.field.scheme)

    def _by_name(self, raw: Any) -> str:
        if raw is None or raw == "":
            raise UnfitError("EmptyValue")
        if not isinstance(raw, str):
            raise UnfitError("WrongType", expected="string", got=type(raw).__name__)
        codes = self.by_name.get(folded(raw), ())
        if len(codes) == 1:
            return codes[0]
        if codes:
            raise UnfitError("AmbiguousAgency", scheme=self.field.scheme, codes=", ".join(codes))
        if personal(raw):
            raise UnfitError("PersonalData")
        raise UnfitError("UnknownAgencyName", scheme=self.field.scheme)


def agencies_of(field: AgencyField, register: Sequence[AgencyCode]) -> Agencies:
    """The register's part that a contract speaks of.

    Raises `ConfigurationError` if one code stands for two agencies.
    """
    known: dict[str, AgencyCode] = {}
    retired: dict[str, AgencyCode] = {}
    names: dict[str, tuple[str, ...]] = {}
    for agency in register:
        if agency.scheme != field.scheme:
            continue
        if agency.retired:
            retired[agency.code] = agency
            continue
        other = known.get(agency.code)
        if other and other.agency_id != agency.agency_id:
            raise _code_twice(agency, other)
        if other is None:
            names[folded(agency.name)] = (*names.get(folded(agency.name), ()), agency.code)
        known[agency.code] = agency._replace(name=unicodedata.normalize("NFC", agency.name))
    return Agencies(field, known, names, retired)


def _code_twice(agency: AgencyCode, other: AgencyCode) -> ConfigurationError:
    both = f"{other.agency_id}, {agency.agency_id}"
    return ConfigurationError(
        "agency-code-twice",
        Text(
            f"mã '{agency.code}' ({agency.scheme}) thuộc hai cơ quan: {both}",
            f"code '{agency.code}' ({agency.scheme}) belongs to two agencies: {both}",
        ),
        hint=Text("sửa sổ đăng ký mã cơ quan", "mend the register of agency codes"),
    )
