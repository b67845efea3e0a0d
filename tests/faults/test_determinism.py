"""Group K, the same inputs give the same results: whatever the machine's zone, language, hash seed and working
directory, the number of threads, the order of rows and files, who started the run, and the version of the engine.

One set of pulls, many rebuilds: every rebuild differs from the first in several ways at once, so that each pair of ways
is met without trying all combinations.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.golden.test_golden import scored_1407
from tests.support.deployments import dti_here, several_years

ROOT = Path(__file__).parents[2]
MOMENT = "2025-10-16"
TABLES = ("indicator_scores", "main_index_scores", "pillar_scores", "rankings")
RESULTS = {  # SHA-256 of all result tables of the hand-calculated year
    "department": "bbde008f5e1d743684ade9258342711eeaf43ab8a4fb16cf5b5d2fe192473aa9",
    "district": "0d7cbf7b455aaced167b7484be70a9f5a4ae33782d134c07b5ca7c5e5488f619",
}


class Machine(NamedTuple):
    """How one rebuild differs from the others."""

    threads: int
    zone: str
    language: str
    hash_seed: str
    umask: int
    folder: str
    way: str
    seed: int = 0


PLAIN = Machine(2, "Asia/Ho_Chi_Minh", "C.UTF-8", "0", 0o022, ".", "cli")
SETTINGS = [
    Machine(1, "America/New_York", "C", "1", 0o077, "/", "job"),
    Machine(4, "Pacific/Kiritimati", "de_DE.UTF-8", "random", 0o022, "elsewhere", "backfill"),
    Machine(8, "UTC", "vi_VN.UTF-8", "4294967295", 0o027, "/", "cli"),
]
ORDERS = [
    PLAIN._replace(threads=1, seed=1, way="job"),
    PLAIN._replace(threads=4, seed=2, hash_seed="random"),
    PLAIN._replace(threads=8, seed=3, zone="UTC"),
]


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Several years, pulled and built once by the command line."""
    made = several_years(tmp_path_factory.mktemp("pulled") / "data")
    code, _ = dti_here(made, "backfill", "2022..2025", "--as-of", MOMENT)
    assert code == 0
    return made.root


def rebuilt(pulled: Path, folder: Path, machine: Machine) -> dict[str, str]:
    """The content hash of every table, from a process on such a machine, in a copy of the deployment."""
    data = folder / "data"
    shutil.copytree(pulled, data, symlinks=True, ignore=shutil.ignore_patterns(".dagster", "build"))
    where = folder / machine.folder
    where.mkdir(exist_ok=True)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "DTI_DATA"))},
        "PYTHONPATH": str(ROOT),
        "TZ": machine.zone,
        "LANG": machine.language,
        "LC_ALL": machine.language,
        "LC_NUMERIC": machine.language,
        "PYTHONHASHSEED": machine.hash_seed,
        "PYTHONUTF8": "0",
    }
    words = ["-m", "tests.support.rebuilding", str(data), MOMENT, str(machine.threads), machine.way, str(machine.seed)]
    done = subprocess.run(
        [sys.executable, *words],
        env=environment,
        cwd=where,
        umask=machine.umask,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def expected(pulled: Path) -> dict[str, str]:
    release = json.loads((pulled / "warehouse.duckdb").resolve().with_name("release.json").read_text(encoding="utf-8"))
    return dict(release["hashes"])


@pytest.mark.slow
@pytest.mark.parametrize("machine", SETTINGS, ids=lambda one: f"{one.zone}-{one.language}-{one.way}")
def test_K19_the_settings_of_the_machine_do_not_matter(
    pulled: Path, expected: dict[str, str], tmp_path: Path, machine: Machine
) -> None:
    """Another time zone, language, hash seed, umask and working directory, started by the command line, by the job of a
    schedule or as a launched backfill: every table has the same content."""
    assert rebuilt(pulled, tmp_path, machine) == expected


@pytest.mark.slow
@pytest.mark.parametrize("machine", ORDERS, ids=lambda one: f"{one.threads}-threads")
def test_K20_threads_and_orders_do_not_matter(
    pulled: Path, expected: dict[str, str], tmp_path: Path, machine: Machine
) -> None:
    """One to eight threads, the rows of every landed file shuffled and cut into other row groups, the files handed over
    in another order: every table has the same content."""
    assert rebuilt(pulled, tmp_path, machine) == expected


def canonical(rows: list[dict[str, object]]) -> str:
    """Rows as CSV in one form whatever the engine's types: sorted, decimals as the shortest plain text."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows[0] if rows else [])
    writer.writerows(sorted([_plain(cell) for cell in row.values()] for row in rows))
    return text.getvalue()


def _plain(cell: object) -> str:
    return f"{cell.normalize():f}" if isinstance(cell, Decimal) else "" if cell is None else str(cell)


@pytest.mark.parametrize("group", ["department", "district"])
def test_K21_another_version_of_the_engine_gives_the_same(group: str) -> None:
    """The hand-calculated year of 1407 has one content, also on DuckDB 2.0 (`make test-next-duckdb` runs this too). A
    new hash here is a change of results: see what differs before writing it down."""
    engine = scored_1407(group)
    made = "".join(canonical(engine.rows(table)) for table in TABLES)
    found = hashlib.sha256(made.encode()).hexdigest()
    assert found == RESULTS[group], f"{found}\n{made[:2000]}"
