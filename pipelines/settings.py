"""A deployment: one folder with its settings, sources, registers, and all that the pipeline writes there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from common.errors import ConfigurationError, Text

if TYPE_CHECKING:
    from pipelines.settings_file import Settings

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
CODE = Path(__file__).resolve().parent.parent
RULESETS = CODE / "rulesets"


def now() -> datetime:
    """The present moment in the zone that decides days and years."""
    return datetime.now(ZONE).replace(microsecond=0)


@dataclass(frozen=True)
class Deployment:
    """Paths of one deployment. What people write is versioned; what the pipeline writes is not."""

    root: Path

    @classmethod
    def at(cls, root: str | os.PathLike[str] | None = None) -> Deployment:
        """The folder given, else `DTI_DATA`, else `data/` below the working directory or beside the code."""
        chosen = root or os.environ.get("DTI_DATA")
        if chosen:
            return cls(Path(chosen).resolve())
        here = Path.cwd() / "data"
        return cls(here if (here / "dti.yaml").exists() else CODE / "data")

    @cached_property
    def settings(self) -> Settings:
        """The checked content of `dti.yaml`; errors carry file:line:column."""
        if not (self.root / "dti.yaml").exists():
            raise ConfigurationError(
                "no-deployment",
                Text(f"không có dti.yaml trong {self.root}", f"there is no dti.yaml in {self.root}"),
                hint=Text("đặt biến DTI_DATA tới thư mục triển khai", "set DTI_DATA to the folder of a deployment"),
                where=str(self.root),
            )
        from pipelines.settings_file import read_settings

        return read_settings(self.root / "dti.yaml")

    @property
    def sources(self) -> Path:
        return self.root / "sources"

    @property
    def registers(self) -> Path:
        return self.root / "registers"

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def build(self) -> Path:
        return self.root / "build"

    @property
    def build_file(self) -> Path:
        return self.build / "dti.duckdb"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def warehouse(self) -> Path:
        """The analysts' path: a link to the file of the current release."""
        return self.root / "warehouse.duckdb"

    @property
    def sites(self) -> Path:
        """Finished sites of results, one folder each."""
        return self.root / "sites"

    @property
    def site(self) -> Path:
        """The public's path: a link to the site of the current release."""
        return self.root / "site"

    @property
    def journal(self) -> Path:
        return self.root / "journal.jsonl"

    @property
    def approvals(self) -> Path:
        return self.root / "approvals.jsonl"

    @property
    def alerts(self) -> Path:
        """What was told to whom, and the files of channels of type `file`."""
        return self.root / "alerts"

    @property
    def lock(self) -> Path:
        return self.root / ".lock"

    @property
    def dagster_home(self) -> Path:
        return self.root / ".dagster"

    @property
    def ruleset_folders(self) -> list[Path]:
        """Where rulesets are looked for: the deployment's own come before the shipped ones."""
        own = self.root / "rulesets"
        return [own, RULESETS] if own.is_dir() else [RULESETS]
