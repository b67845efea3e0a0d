"""What differs between the agencies that a release knows and those of today, in words: who came, who went, with which
rank, who changed name, group or code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from common.errors import Text
from pipelines.sql import records

if TYPE_CHECKING:
    from pipelines.registers import Registers
    from pipelines.releases import Release

_AGENCIES = """
select agency_id, name_vi, agency_group, parent_id from agencies
where valid_from <= date '{year}-12-31' and valid_to >= date '{year}-12-31'
"""
_CODES = """
select agency_id, scheme, code from agency_codes
where valid_from <= date '{year}-12-31' and valid_to >= date '{year}-12-31'
"""
_RANKS = """
select agency_id, min(rank) as rank, any_value(agencies) as agencies
from (
    select *, count(*) over (partition by ruleset_id, agency_group, assessment_year, period) as agencies from rankings
    where assessment_year = {year}
)
where period = '{year}' group by all
"""
_FIELDS = {
    "name_vi": Text("tên", "name"),
    "agency_group": Text("nhóm", "group"),
    "parent_id": Text("cấp trên", "parent"),
}


def register_changes(release: Release, registers: Registers, year: int) -> list[Text]:
    """One line per agency that came, went or changed between the release and the registers, for one year."""
    from pipelines.warehouse import open_release

    with open_release(release) as con:
        then = {row["agency_id"]: row for row in records(con, _AGENCIES.format(year=int(year)))}
        codes_then = {tuple(row.values()) for row in records(con, _CODES.format(year=int(year)))}
        ranks = {row["agency_id"]: row for row in records(con, _RANKS.format(year=int(year)))}
    today: dict[str, dict[str, Any]] = {one.agency_id: vars(one) for one in registers.agencies_of(year)}
    codes = {(code.agency_id, code.scheme, code.code) for _, code in registers.codes_of(year)}
    lines = [_gone(then[one], ranks.get(one)) for one in sorted(then.keys() - today.keys())]
    lines += [_named("thêm", "new", today[one]) for one in sorted(today.keys() - then.keys())]
    for one in sorted(then.keys() & today.keys()):
        lines += _changed(then[one], today[one])
    for agency_id, scheme, code in sorted(codes ^ codes_then):
        vi, en = ("thêm mã", "new code") if (agency_id, scheme, code) in codes else ("bỏ mã", "code removed")
        if agency_id in then and agency_id in today:
            lines.append(Text(f"{agency_id}: {vi} {scheme} {code}", f"{agency_id}: {en} {scheme} {code}"))
    return lines


def _named(vi: str, en: str, row: dict[str, Any]) -> Text:
    name = f"{row['agency_id']} ({row['name_vi']}, {row['agency_group']})"
    return Text(f"{vi} {name}", f"{en} {name}")


def _gone(row: dict[str, Any], rank: dict[str, Any] | None) -> Text:
    text = _named("bỏ", "removed", row)
    if rank is None or rank["rank"] is None:
        return text
    at = f"{rank['rank']}/{rank['agencies']}"
    return Text(f"{text.vi}, đang xếp hạng {at}", f"{text.en}, ranked {at}")


def _changed(then: dict[str, Any], today: dict[str, Any]) -> list[Text]:
    return [
        Text(
            f"{today['agency_id']}: {word.vi} '{then[name] or ''}' → '{today[name]}'",
            f"{today['agency_id']}: {word.en} '{then[name] or ''}' → '{today[name]}'",
        )
        for name, word in _FIELDS.items()
        if (then[name] or "") != today[name]
    ]
