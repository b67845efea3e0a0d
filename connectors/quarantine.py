"""What was set aside and why: kept in bounded memory, counted while it comes, read in canonical order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from copy import copy
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from common.errors import Text
from connectors.findings import Place, SourceFinding
from connectors.runs import SortedRuns
from connectors.tables import QUARANTINE_SCHEMA

_MORE = [pa.field(name, pa.string(), nullable=False) for name in ("hint_vi", "hint_en", "where")]


class Counts(NamedTuple):
    """Rows set aside, those of them for personal data, the fields with such data, and how often each cause was met."""

    rows: int
    personal_rows: int
    personal_fields: frozenset[str]
    causes: Counter[str]


class Quarantine:
    """Rows that were set aside, with one entry for each reason."""

    def __init__(self, folder: Path | None, source: str) -> None:
        self.counts = Counts(0, 0, frozenset(), Counter())
        self._source = source
        self._runs = SortedRuns(pa.schema([*QUARANTINE_SCHEMA, *_MORE]), folder, source)
        self._marked = self.counts

    def add(self, origin: tuple[str, str], agency_name: str, findings: Sequence[SourceFinding]) -> None:
        """One row with all that is wrong with it; `origin` is the SHA-256 of its body and its pointer there."""
        rows, personal_rows, personal_fields, causes = self.counts
        personal = {one.field_name for one in findings if one.code == "PersonalData"}
        causes.update(f"{one.field_name or '-'} {one.code}" for one in findings)
        self.counts = Counts(rows + 1, personal_rows + bool(personal), personal_fields | personal, causes)
        for one in findings:
            place = (one.request, one.period, one.agency, one.field_name, one.code)
            texts = (one.message.vi, one.message.en, one.hint.vi, one.hint.en, one.where)
            values = (one.request, one.period, *origin, one.agency, agency_name, one.field_name, one.code, *texts)
            self._runs.add("\0".join((*place, *origin)), values)

    def mark(self) -> None:
        self._runs.mark()
        self._marked = self.counts._replace(causes=copy(self.counts.causes))

    def rewind(self) -> None:
        self._runs.rewind()
        self.counts = self._marked._replace(causes=copy(self._marked.causes))

    def tables(self) -> Iterator[pa.Table]:
        """One row per reason, by place, code and origin: a row with two faults stands twice, under the same pointer."""
        return self._runs.merged()

    def findings(self) -> Iterator[SourceFinding]:
        """Every reason, in the same order."""
        for table in self.tables():
            yield from (self._finding(row) for row in table.to_pylist())

    def _finding(self, row: dict[str, Any]) -> SourceFinding:
        place = Place(self._source, row["request"], row["period"], row["agency_code"], row["field"])
        message, hint = Text(row["message_vi"], row["message_en"]), Text(row["hint_vi"], row["hint_en"])
        return SourceFinding(row["reason"], message, hint, row["where"], *place)
