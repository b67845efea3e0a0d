"""What all parts of a source's file have in common."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field

from common.errors import Text
from common.yaml_files import FieldProblem

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Share = Annotated[Decimal, Field(ge=0, le=1)]


class Part(BaseModel):
    """Every part of a source's file: unknown keys are errors, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def option(default: Any = None, **facts: Any) -> Any:
    """A field that only shows in dumps, and so in the contract's hash, where a source uses it: an option that is added
    to this system later leaves the hashes of all older sources as they are."""
    return Field(default=default, exclude_if=lambda value: value == default, **facts)


class Title(Part):
    """One text in both languages."""

    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)


def known_zone(value: str) -> str:
    """A time zone of the database. Raises `FieldProblem`."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise FieldProblem(
            "unknown-timezone",
            Text(f"múi giờ lạ '{value}'", f"unknown time zone '{value}'"),
            Text("viết Asia/Ho_Chi_Minh", "write Asia/Ho_Chi_Minh"),
        ) from None
    return value
