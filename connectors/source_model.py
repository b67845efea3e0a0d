"""What every kind of source says about itself in its YAML: name, years, limits, contract, gates."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from pydantic import Field, field_validator

from connectors.contract_model import Contract
from connectors.gates_model import Gates
from connectors.parts import Name, Part, Title, known_zone


class Limits(Part):
    """Bounds of one pull. Each has a default and a ceiling; none can be switched off."""

    connect_seconds: float = Field(default=10, gt=0, le=60)
    read_seconds: float = Field(default=30, gt=0, le=600, description="longest silence while reading")
    request_seconds: float = Field(default=120, gt=0, le=1800, description="whole request")
    source_seconds: float = Field(default=1800, gt=0, le=14400, description="whole pull, waiting included")
    attempts: int = Field(default=5, ge=1, le=10, description="per page")
    retries: int = Field(default=50, ge=0, le=500, description="all pages together")
    backoff_seconds: float = Field(default=1, ge=0, le=60)
    backoff_maximum_seconds: float = Field(default=60, ge=0, le=600)
    retry_after_seconds: float = Field(default=300, ge=0, le=3600, description="longest wait that a source may ask for")
    body_bytes: int = Field(default=64 * 2**20, ge=1024, le=2**30)
    decoded_bytes: int = Field(default=256 * 2**20, ge=1024, le=2**31)
    ratio: int = Field(default=100, ge=1, le=1000, description="decoded bytes per byte on the wire")
    pages: int = Field(default=10_000, ge=1, le=1_000_000, description="per request and period")
    rows: int = Field(default=10_000_000, ge=1, le=1_000_000_000, description="per query of kind sql")
    depth: int = Field(default=32, ge=2, le=100, description="nesting of the JSON")
    digits: int = Field(default=18, ge=1, le=18, description="digits of a JSON integer")


class Source(Part):
    """What every kind of source has."""

    name: Name
    title: Title
    kind: Literal["rest", "files", "sql"]
    preset: Name | None = Field(default=None, description="shape of a known system, laid under this file")
    environment: str | None = Field(default=None, description="environment of the system, as dti.yaml names its own")
    note: Title | None = Field(default=None, description="what a person should know about this source")
    timezone: str = "Asia/Ho_Chi_Minh"
    first_year: int | None = Field(default=None, description="first assessment year that the source has figures for")
    last_year: int | None = Field(default=None, description="last assessment year that the source has figures for")
    limits: Limits = Limits()
    contract: Contract
    gates: Gates

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        return known_zone(value)

    def offers(self, year: int) -> bool:
        """Whether the source has figures for an assessment year; an empty answer for such a year is a fault."""
        first, last = self.first_year, self.last_year
        return (first is None or year >= first) and (last is None or year <= last)

    @property
    def simulated(self) -> bool:
        return False

    @property
    def knows_only_now(self) -> bool:
        """Whether the source shows the present, whatever year it is asked about: a past year cannot be asked again."""
        return False

    @property
    def contract_hash(self) -> str:
        """SHA-256 of what decides the meaning of the figures: what is asked and what the contract says, without titles,
        notes and gates."""
        asked = self.model_dump(mode="json", by_alias=True, include={"endpoint", "requests", "contract"})
        text = json.dumps(_without_words(asked), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _without_words(value: Any) -> Any:
    """Drop titles and notes: better wording does not change a contract."""
    if isinstance(value, dict):
        return {key: _without_words(item) for key, item in value.items() if key not in {"title", "note"}}
    if isinstance(value, list):
        return [_without_words(item) for item in value]
    return value
