"""The manifest of a pull, `pull.json`, and the decision beside it. Light: status commands read just these."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from common.errors import Finding, SourceError
from connectors.findings import Place, finding_from_json, source_error

MANIFEST = "pull.json"
DECISION = "decision.json"
_SEAL = "manifest_sha256"
FLAGS = {"Outlier", "ColumnStill"}  # notes that a person has to look at
_DECIDED = {"accept": "accepted", "reject": "rejected"}


@dataclass(frozen=True)
class Decision:
    """What a person decided about a pull, once."""

    decision: str
    reason: str
    by: str
    at: str


@dataclass(frozen=True)
class Pull:
    """One pull as its manifest has it. `status` is the effective one: accepted | held | failed | rejected."""

    pull_id: str
    source: str
    assessment_year: int
    moment: datetime
    sequence: int
    status: str
    folder: Path
    manifest: dict[str, Any]
    decision: Decision | None = None

    @property
    def order(self) -> tuple[datetime, int]:
        """By the moment whose knowledge it is, then by the order of pulling: never by the machine's clock."""
        return (self.moment, self.sequence)

    @property
    def table(self) -> Path:
        """The Parquet file of accepted rows (pulls that did not fail)."""
        return self.folder / f"{self.manifest['table']}.parquet"

    @property
    def quarantine(self) -> Path:
        return self.folder / "quarantine.parquet"

    @property
    def pulled_at(self) -> datetime:
        return datetime.fromisoformat(self.manifest["pulled_at"])

    @property
    def simulated(self) -> bool:
        return bool(self.manifest["simulated"])

    @property
    def contract_hash(self) -> str:
        return str(self.manifest["contract_hash"])

    @property
    def content_hash(self) -> str:
        return str(self.manifest["content_hash"])

    @property
    def counts(self) -> dict[str, int]:
        """received, accepted, quarantined, exact_duplicates."""
        return dict(self.manifest["counts"])

    @property
    def coverage(self) -> list[dict[str, Any]]:
        """Per request, period and group: expected, found, missing codes."""
        return list(self.manifest["coverage"])

    @property
    def reasons(self) -> list[Finding]:
        """Why it is held or failed."""
        return [finding_from_json(value) for value in self.manifest["reasons"]]

    @property
    def notes(self) -> list[Finding]:
        """What was recorded without holding it, such as restated figures."""
        return [finding_from_json(value) for value in self.manifest["notes"]]

    @property
    def flags(self) -> list[Finding]:
        """What a person has to look at before a year is made official, and has not decided about."""
        return [] if self.decision else [note for note in self.notes if note.code in FLAGS]


def sealed(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with the hash of its own content, so that an edit by hand is noticed."""
    return {**manifest, _SEAL: _own_hash(manifest)}


def read_pull(folder: Path) -> Pull:
    """Read one pull's folder. Raises `SourceError` naming the path for a manifest that is unreadable or altered."""
    path = folder / MANIFEST
    manifest = _read_json(path)
    try:
        if manifest[_SEAL] != _own_hash(manifest):
            raise _altered(path, _SEAL)
        pull_id, source, year = manifest["pull_id"], manifest["source"], manifest["assessment_year"]
        if (source, str(year), pull_id) != folder.parts[-3:]:
            raise _altered(path, "source/assessment_year/pull_id")
        decision = _read_decision(folder, manifest)
        return Pull(
            pull_id,
            source,
            year,
            datetime.fromisoformat(manifest["moment"]),
            manifest["sequence"],
            _DECIDED[decision.decision] if decision else manifest["status"],
            folder,
            manifest,
            decision,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise source_error("ManifestUnreadable", Place(str(path)), detail=repr(error)[:80]) from None


def _read_decision(folder: Path, manifest: dict[str, Any]) -> Decision | None:
    path = folder / DECISION
    if not path.exists():
        return None
    value = _read_json(path)
    seal = value.pop(_SEAL, None)  # decisions of the first version had none
    if seal is not None and seal != _own_hash(value):
        raise _altered(path, _SEAL)
    if value.pop("of", None) != manifest[_SEAL] or value.get("decision") not in _DECIDED:
        raise _altered(path, "decision")
    return Decision(**value)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise source_error("ManifestUnreadable", Place(str(path)), detail=type(error).__name__) from None
    if not isinstance(value, dict):
        raise source_error("ManifestUnreadable", Place(str(path)), detail="not an object")
    return value


def _own_hash(manifest: dict[str, Any]) -> str:
    rest = {key: value for key, value in manifest.items() if key != _SEAL}
    return hashlib.sha256(json.dumps(rest, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _altered(path: Path, detail: str) -> SourceError:
    return source_error("ManifestAltered", Place(str(path)), detail=detail)
