"""Corrections: figures that a source gives wrong, declared in `registers/corrections.csv` with day and document.

A correction says which figure it expects from the source. As long as the source gives that, the corrected one takes its
place and the other stays beside it (`metric_values.uncorrected`). Once the source gives something else, it was repaired
or changed: the correction is not applied and the run stops, so that nothing is overridden that nobody has looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from common.errors import Finding, Text
from common.yaml_files import display_path, invalid

FILE = "corrections.csv"

# Corrections in force whose figure the source no longer gives, and expired ones whose wrong figure it still gives. A
# source and year without any pull in use says nothing yet.
UNEXPECTED = """
select c.line, c.source, c.agency_id, c.period, c.metric, c.expect, c.valid_to, c.expired,
    coalesce(m.uncorrected, m.value) as found
from corrections as c
semi join pulls as p on p.source = c.source and p.assessment_year = c.assessment_year
left join metric_values as m using (source, agency_id, assessment_year, period, metric)
where case when c.expired then coalesce(m.uncorrected, m.value) = c.expect else m.correction is null end
order by c.line
"""


@dataclass(frozen=True)
class Correction:
    """One figure of one source, agency, period and metric: what the source gives (`expect`) and what is right
    (`value`). The register only grows: a later row about the same figure counts instead of an earlier one. After
    `valid_to` (optional) it no longer applies."""

    source: str
    assessment_year: str
    period: str
    agency_id: str
    metric: str
    expect: str
    value: str
    decided_on: str
    valid_to: str
    document: str
    author: str
    reason: str

    @property
    def figure(self) -> tuple[str, ...]:
        """What it is about."""
        return (self.source, self.assessment_year, self.period, self.agency_id, self.metric)


class Placed(NamedTuple):
    """A correction, its line in the register, and whether it has expired on the day of the knowledge."""

    line: int
    row: Correction
    expired: bool = False


def known_on(rows: Iterable[Placed], day: date) -> tuple[Placed, ...]:
    """The corrections that had been decided by the end of a day, the newest about each figure."""
    newest: dict[tuple[str, ...], Placed] = {}
    for one in sorted(rows, key=lambda one: (one.row.decided_on, one.line)):
        if one.row.decided_on <= day.isoformat():
            expired = bool(one.row.valid_to) and one.row.valid_to < day.isoformat()
            newest[one.row.figure] = one._replace(expired=expired)
    return tuple(sorted(newest.values()))


def check_rows(path: Path, rows: Sequence[tuple[int, Correction]], ids: set[str]) -> Iterator[Finding]:
    """Who, when, on what paper and why are compulsory, and so are both figures; they differ."""
    seen: dict[tuple[str, ...], int] = {}
    for line, row in rows:
        where = f"{display_path(path)}:{line}"
        if row.agency_id not in ids:
            text = Text(f"không có '{row.agency_id}'", f"no agency '{row.agency_id}'")
            yield Finding("agency-unknown", text, where=where)
        if not (row.assessment_year.isdigit() and row.period.startswith(row.assessment_year)):
            vi = f"năm '{row.assessment_year}' và kỳ '{row.period}' không khớp"
            en = f"year '{row.assessment_year}' and period '{row.period}' differ"
            yield Finding("correction-year", Text(vi, en), where=where)
        if not (row.decided_on and row.document and row.author and row.reason):
            text = Text("thiếu ngày, văn bản, người quyết định hoặc lý do", "no day, document, author or reason")
            yield Finding("correction-ground", text, where=where)
        if not (row.expect and row.value) or plain(row.expect) == plain(row.value):
            text = Text("ghi cả 'expect' và 'value', hai số khác nhau", "give 'expect' and 'value', and not the same")
            yield Finding("correction-figure", text, where=where)
        key = (*row.figure, row.decided_on)
        if key in seen:
            text = Text(f"cùng ngày đã đính chính ở dòng {seen[key]}", f"corrected on that day in line {seen[key]} too")
            yield Finding("correction-twice", text, where=where)
        seen[key] = line


def check_corrections(rows: Iterable[Placed], sources: Iterable[str], metrics: Iterable[str], folder: Path) -> None:
    """Every correction names a source of the deployment and a metric of the catalogue. Raises `ConfigurationError`."""
    known = {"source": set(sources), "metric": set(metrics)}
    findings = [
        Finding(
            f"correction-{name}",
            Text(f"không có {name} '{getattr(one.row, name)}'", f"there is no {name} '{getattr(one.row, name)}'"),
            where=f"{display_path(folder / FILE)}:{one.line}",
        )
        for one in rows
        for name in known
        if getattr(one.row, name) not in known[name]
    ]
    if findings:
        raise invalid(findings, folder / FILE)


def plain(text: str) -> str:
    """A number as figures are written: 18.50 becomes 18.5. Other texts stay."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return f"{number:f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:f}"


def unexpected(row: dict[str, object]) -> Finding:
    """A row of `UNEXPECTED` as a finding that names the line and what to do."""
    place = "{source} {agency_id} {period} {metric}".format(**row)
    where = f"registers/{FILE}:{row['line']}"
    if row["expired"]:
        return Finding(
            "correction-expired",
            Text(
                f"{where}: đính chính {place} hết hạn {row['valid_to']} mà nguồn vẫn cho {row['expect']}",
                f"{where}: the correction of {place} expired on {row['valid_to']}, the source still gives "
                f"{row['expect']}",
            ),
            Text("thêm dòng mới có hạn mới, hoặc xóa dòng này", "add a row with a new end, or remove this one"),
            where,
        )
    found = "–" if row["found"] is None else row["found"]
    return Finding(
        "correction-unexpected",
        Text(
            f"{where}: {place}: nguồn cho {found}, không phải {row['expect']}: nguồn có thể đã sửa",
            f"{where}: {place}: the source gives {found}, not {row['expect']}: it may have been repaired",
        ),
        Text("xóa dòng này, hoặc thêm dòng mới với 'expect' mới", "remove this row, or add one with a new 'expect'"),
        where,
    )
