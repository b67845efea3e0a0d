"""What can be wrong with a source, a pull or a row: one catalogue of codes with their words in both languages.

A finding names source, request, period, agency and field wherever they are known. The words are data, so that the
documentation can be generated from the same table that people meet in the terminal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from common.errors import Finding, SourceError, Text


class Words(NamedTuple):
    """A message and its hint with `{placeholders}` for the facts."""

    vi: str
    en: str
    hint_vi: str
    hint_en: str


@dataclass(frozen=True)
class SourceFinding(Finding):
    """A `Finding` that also keeps its place in parts, for `pull.json`, `quarantine.parquet` and queries."""

    source: str = ""
    request: str = ""
    period: str = ""
    agency: str = ""
    field_name: str = ""

    def as_json(self) -> dict[str, Any]:
        """The form stored in `pull.json`: both languages, empty parts left out."""
        parts = {
            "source": self.source,
            "request": self.request,
            "period": self.period,
            "agency": self.agency,
            "field": self.field_name,
            "where": self.where,
        }
        return {
            "code": self.code,
            "message": self.message._asdict(),
            "hint": self.hint._asdict(),
            **{name: value for name, value in parts.items() if value},
        }


def finding_from_json(value: dict[str, Any]) -> SourceFinding:
    """The inverse of `SourceFinding.as_json`."""
    return SourceFinding(
        code=value["code"],
        message=Text(**value["message"]),
        hint=Text(**value["hint"]),
        where=value.get("where", ""),
        source=value.get("source", ""),
        request=value.get("request", ""),
        period=value.get("period", ""),
        agency=value.get("agency", ""),
        field_name=value.get("field", ""),
    )


def plain_finding(finding: Finding, source: str) -> SourceFinding:
    """Any finding of a caller's own gate, as one that can be stored with the pull."""
    if isinstance(finding, SourceFinding):
        return finding
    return SourceFinding(finding.code, finding.message, finding.hint, finding.where or source, source=source)


class Place(NamedTuple):
    """Where in a source something was met; empty parts are unknown or do not apply."""

    source: str
    request: str = ""
    period: str = ""
    agency: str = ""
    field: str = ""

    def __str__(self) -> str:
        """For people: `portal_766/provinces/2025/H01/TTTT`."""
        return "/".join(part for part in self if part)


def finding(code: str, place: Place, **facts: Any) -> SourceFinding:
    """A finding of the catalogue with its facts filled in."""
    message, hint = words(code, place, facts)
    return SourceFinding(code, message, hint, str(place), *place)


def source_error(code: str, place: Place, **facts: Any) -> SourceError:
    """The error (exit code 4) of the catalogue with its facts filled in."""
    message, hint = words(code, place, facts)
    return SourceError(code, message, hint=hint, where=str(place))


def words(code: str, place: Place, facts: dict[str, Any]) -> tuple[Text, Text]:
    """Message and hint of a code; the parts of the place may be used as facts."""
    from connectors.messages import CATALOGUE

    entry = CATALOGUE[code]
    known = {**place._asdict(), **facts}
    message = Text(entry.vi.format(**known), entry.en.format(**known))
    return message, Text(entry.hint_vi.format(**known), entry.hint_en.format(**known))


class PassingTrouble(Exception):
    """Trouble that may pass by waiting: not an error yet, but with the code that it gets if it does not pass.

    `wait` is how many seconds the source asked for, if it did; `place` where it was met, if nearer than the question.
    """

    def __init__(self, code: str, wait: float | None = None, place: Place | None = None, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.wait = wait
        self.place = place
        self.facts = facts
