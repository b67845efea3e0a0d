"""Frozen years: the official result of an assessment year, in numbered revisions that never change.

`releases/years/<year>/<revision>/` holds the year's results as Parquet and CSV, and all that they follow from:
rulesets, registers, sources, settings, lock file, and in `year.json`, written last, the pulls, versions and hashes.
Nightly rebuilds go on; where one would change a frozen year, the frozen rows stay and the difference is told. Only a
new revision with a reason replaces them. Reading this needs nothing heavy.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.durable import sha256_file
from common.errors import DifferenceError, Text
from pipelines.settings import Deployment

if TYPE_CHECKING:
    import duckdb

MANIFEST = "year.json"

# The tables that hold one year's results and what they rest on; each has `assessment_year`.
RESULTS = (
    "metric_values",
    "indicator_figures",
    "indicator_values",
    "figure_differences",
    "entered_scores",
    "claimed_points",
    "indicator_scores",
    "main_index_scores",
    "pillar_scores",
    "rankings",
    "pulls",
    "quarantine",
)


@dataclass(frozen=True)
class FrozenYear:
    """The manifest of one revision. `as_of` is the moment whose knowledge it is; `rulesets` are content hashes by id;
    `hashes` are of the tables' content, `files` of every file's bytes."""

    year: int
    revision: int
    frozen_at: str
    by: str
    reason: str
    as_of: str
    pulls: list[str]
    rulesets: dict[str, str]
    registers: str
    versions: dict[str, str]
    rows: dict[str, int]
    hashes: dict[str, str]
    files: dict[str, str]
    changed: list[dict[str, Any]] = field(default_factory=list)
    basis: dict[str, str] = field(default_factory=dict)
    """The hash of the year's own part of the registers (`registers`), and of the lock file (`lock`)."""
    folder: Path = field(default=Path(), compare=False)

    @property
    def name(self) -> str:
        """How people speak of it: `2024 r1`."""
        return f"{self.year} r{self.revision}"

    @property
    def digest(self) -> str:
        """One hash for all results of the year: what a recomputation, on whatever machine, has to reach."""
        return digest_of(self.hashes)

    def manifest(self) -> dict[str, Any]:
        body = asdict(self)
        del body["folder"]
        return body

    def table(self, name: str) -> Path:
        return self.folder / "results" / f"{name}.parquet"


def digest_of(hashes: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()


def year_hash(con: duckdb.DuckDBPyConnection, table: str, year: int) -> tuple[int, str]:
    """Rows and content hash of one year of a table."""
    from pipelines.content_hash import table_hash

    con.execute(f"create or replace temp view _year as from {table} where assessment_year = {int(year)}")
    return table_hash(con, "_year")


def home(deployment: Deployment) -> Path:
    return deployment.releases / "years"


def all_frozen(deployment: Deployment, year: int | None = None) -> list[FrozenYear]:
    """Every revision of every year or of one, in order. Raises `DifferenceError` (exit 6) for an unreadable one."""
    folders = [p.parent for p in home(deployment).glob(f"{year or '*'}/*/{MANIFEST}") if p.parent.name.isdigit()]
    return sorted((read(folder) for folder in folders), key=lambda one: (one.year, one.revision))


def newest(deployment: Deployment, year: int) -> FrozenYear | None:
    """The revision in force of a year, or None while it is provisional."""
    mine = all_frozen(deployment, year)
    return mine[-1] if mine else None


def in_force(deployment: Deployment, as_of: datetime) -> list[FrozenYear]:
    """The newest revision of each year, as far as its knowledge is not later than a moment."""
    chosen: dict[int, FrozenYear] = {}
    for one in all_frozen(deployment):
        if datetime.fromisoformat(one.as_of) <= as_of:
            chosen[one.year] = one
    return [chosen[year] for year in sorted(chosen)]


def read(folder: Path) -> FrozenYear:
    """Read one revision; raise `DifferenceError` (exit 6) when its manifest is missing or garbled."""
    try:
        return FrozenYear(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")), folder=folder)
    except (OSError, ValueError, TypeError) as error:
        raise DifferenceError(
            "frozen-unreadable",
            Text(f"không đọc được bản chốt: {error}", f"the frozen year cannot be read: {error}"),
            hint=Text("khôi phục thư mục này từ bản sao lưu", "restore this folder from a backup"),
            where=str(folder),
        ) from None


def verify_files(frozen: FrozenYear) -> None:
    """Compare every file with the manifest; raise `DifferenceError` (exit 6) naming the first that differs."""
    there = {p.relative_to(frozen.folder).as_posix() for p in frozen.folder.rglob("*") if p.is_file()} - {MANIFEST}
    for name in sorted(there | frozen.files.keys()):
        path = frozen.folder / name
        if name not in frozen.files or not path.is_file() or sha256_file(path) != frozen.files[name]:
            raise DifferenceError(
                "frozen-altered",
                Text(f"{name} khác với bản kê (sha256)", f"{name} differs from the manifest (sha256)"),
                hint=Text("khôi phục tệp này từ bản sao lưu", "restore this file from a backup"),
                where=str(frozen.folder),
            )
