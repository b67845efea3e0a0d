"""Errors that tell a person what happened, where, what was kept, and what to do next.

Every error that is meant for a person is a `DtiError`; its class fixes the exit code. Anything else that escapes is a
bug (exit code 1). Texts are given in Vietnamese and English; the command line picks one (`--lang`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Text(NamedTuple):
    """One sentence in both languages."""

    vi: str
    en: str

    def in_(self, lang: str) -> str:
        return self.en if lang == "en" else self.vi


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: what, where (`file:line:column`, or source, agency, field), and how to mend it."""

    code: str
    message: Text
    hint: Text = field(default_factory=lambda: Text("", ""))
    where: str = ""

    def as_dict(self, lang: str) -> dict[str, str]:
        return {
            "code": self.code,
            "message": self.message.in_(lang),
            "hint": self.hint.in_(lang),
            "where": self.where,
        }

    def line(self, lang: str) -> str:
        """One line for a terminal: `where: message (hint) [code]`."""
        where = f"{self.where}: " if self.where else ""
        hint = f" → {self.hint.in_(lang)}" if self.hint.in_(lang) else ""
        return f"{where}{self.message.in_(lang)}{hint} [{self.code}]"


class DtiError(Exception):
    """An expected failure. `findings` are the single causes, where there are several."""

    exit_code = 1

    def __init__(
        self,
        code: str,
        message: Text,
        *,
        hint: Text | None = None,
        where: str = "",
        findings: Sequence[Finding] = (),
        data: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{where + ': ' if where else ''}{message.en} [{code}]")
        self.code = code
        self.message = message
        self.hint = hint or Text("", "")
        self.where = where
        self.findings = tuple(findings)
        self.data = data or {}

    def as_dict(self, lang: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "code": self.code,
            "message": self.message.in_(lang),
            "hint": self.hint.in_(lang),
            "where": self.where,
        }
        if self.findings:
            body["findings"] = [finding.as_dict(lang) for finding in self.findings]
        if self.data:
            body["data"] = self.data
        return body


class UsageError(DtiError):
    """The command's words are off."""

    exit_code = 2


class ConfigurationError(DtiError):
    """A file that people write (ruleset, source, register, settings) is invalid."""

    exit_code = 3


class StorageError(DtiError):
    """The place where a deployment stands cannot be written or read: full, failing, read-only, not permitted."""

    exit_code = 3


class SourceError(DtiError):
    """A source could not be read, or is stale."""

    exit_code = 4


class GateError(DtiError):
    """A quality gate blocked."""

    exit_code = 5


class DifferenceError(DtiError):
    """A comparison that should find nothing found a difference."""

    exit_code = 6


class LockedError(DtiError):
    """Another command is writing to the deployment."""

    exit_code = 7


class StoppedError(DtiError):
    """Somebody stopped the command: Ctrl-C (exit code 130), SIGTERM (143)."""
