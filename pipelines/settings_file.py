"""The model of `dti.yaml`."""

from __future__ import annotations

import itertools
import re
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from common.errors import Text
from common.yaml_files import FieldProblem, parse_model, read_yaml
from pipelines.alerts.model import Alerts
from pipelines.sharing.model import Cluster


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Title(Strict):
    vi: str
    en: str


class Retention(Strict):
    """How many releases, and for how many days at least, are kept besides the current one."""

    releases: Annotated[int, Field(ge=1)] = 30
    days: Annotated[int, Field(ge=0)] = 14


class Cycle(Strict):
    """The season of an assessment year, as month-day: nightly refreshes begin, self-assessments are locked, appeals
    end, results are published. Outside it one refresh a week is enough."""

    open: str = "09-01"
    lock: str = "11-15"
    appeal: str = "11-25"
    publish: str = "11-30"

    @field_validator("open", "lock", "appeal", "publish")
    @classmethod
    def _month_day(cls, value: str) -> str:
        try:
            date.fromisoformat(f"2023-{value}")
        except ValueError:
            raise FieldProblem(
                "cycle-day",
                Text(f"'{value}' không phải tháng-ngày", f"'{value}' is not month-day"),
                Text('ví dụ "11-15"', 'for example "11-15"'),
            ) from None
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Cycle:
        names = ("open", "lock", "appeal", "publish")
        for before, after in itertools.pairwise(names):
            if getattr(self, after) < getattr(self, before):
                raise FieldProblem(
                    "cycle-order",
                    Text(f"'{after}' trước '{before}'", f"'{after}' lies before '{before}'"),
                    at=(after,),
                )
        return self

    def dates(self, year: int) -> dict[str, date]:
        """The four days of an assessment year, in order."""
        return {name: date.fromisoformat(f"{year:04d}-{day}") for name, day in self.model_dump().items()}

    def in_season(self, day: date) -> bool:
        """Whether a night belongs to the season of its year, from its opening to publication."""
        dates = self.dates(day.year)
        return dates["open"] <= day <= dates["publish"]


class Office(Strict):
    """Who issues notices: the body above it, its own name, its sign, place, who signs, who receives.

    Names as in running text; capitals are the document's. What is left out stays a dotted line, for a pen.
    """

    parent: str = ""
    name: str = ""
    sign: str = ""
    place: str = ""
    signer: str = ""
    recipients: list[str] = Field(default_factory=list)


class Settings(Strict):
    """One deployment: who, which years, which decisions, when."""

    name: str
    title: Title
    environment: str
    years: Annotated[list[int], Field(min_length=1)]
    rulesets: Annotated[list[str], Field(min_length=1)]
    schedule: str = "0 1 * * *"
    cycle: Cycle = Cycle()
    stale_after_hours: Annotated[int, Field(ge=1)] = 36
    retention: Retention = Retention()
    publish_robustness: bool = False
    """Whether the results site shows, beside each rank, the interval that `dti robustness` finds."""
    site: bool = True
    """Whether every refresh makes the results site; `dti publish` always does."""
    two_persons: bool = False
    """Whoever makes a year official has signed none of the rulesets and registers that it rests on."""
    office: Office = Office()
    cluster: Cluster | None = None
    alerts: Alerts = Alerts()

    @field_validator("years")
    @classmethod
    def _ascending(cls, years: list[int]) -> list[int]:
        for at, (before, after) in enumerate(itertools.pairwise(years), start=1):
            if after <= before:
                raise FieldProblem(
                    "years-order",
                    Text(f"năm {after} không lớn hơn {before}", f"year {after} does not follow {before}"),
                    Text("ghi năm cũ trước, mỗi năm một lần", "write the oldest first, each year once"),
                    at=(at,),
                )
        return years

    @field_validator("schedule")
    @classmethod
    def _cron(cls, schedule: str) -> str:
        if not re.fullmatch(r"[\d*/,\-]+( [\d*/,\-]+){4}", schedule):
            raise FieldProblem(
                "schedule",
                Text(f"'{schedule}' không phải lịch cron", f"'{schedule}' is not a cron schedule"),
                Text('ví dụ "0 1 * * *"', 'for example "0 1 * * *"'),
            )
        return schedule


def read_settings(path: Path) -> Settings:
    """Read and check `dti.yaml`."""
    return parse_model(read_yaml(path), Settings)
