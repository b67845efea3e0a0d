"""Group O, what is kept over the years: agencies that change, files that somebody removes, a year recomputed
elsewhere, a machine's own clock and language."""

from __future__ import annotations

import csv
import locale
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from common.durable import sha256_file
from pipelines import frozen, inputs, releases, scoring_steps
from pipelines.refresh import refresh
from pipelines.registers import read_registers
from pipelines.settings import Deployment
from tests.support.deployments import dti_here, several_years


def rows(deployment: Deployment, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(deployment.warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


def change(path: Path, key: str, **cells: str) -> None:
    """Change cells of the rows of one agency in a register."""
    with path.open(encoding="utf-8", newline="") as handle:
        found = list(csv.DictReader(handle))
    for row in found:
        if row["agency_id"] == key:
            row.update(cells)
    write(path, found)


def write(path: Path, found: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(found[0]))
        writer.writeheader()
        writer.writerows(found)


def add(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as handle:
        handle.write(line + "\n")


GONE, HEIR = "an-giang-cu-tinh-bien", "an-giang-cu-tri-ton"
SPLIT, NAMED = "an-giang-cu-an-phu", "an-giang-cu-cho-moi"
TOTALS = (
    "select metric, assessment_year, sum(cast(value as decimal(38, 6))) from metric_values where unit = 'count' and "
)
COUNTED = TOTALS + "metric not like 'portal%' group by all order by all"


@pytest.mark.slow
def test_O06_mergers_splits_and_new_names_keep_totals_and_the_past(tmp_path: Path) -> None:
    """In 2024 one district is merged into another, which has both codes from then on; one is abolished the year after;
    one takes a new name. Sums of what is counted stay the same in every year; 2022 is what it was; the merged one is
    ranked in 2022 and no more in 2024; its heir has the figures of both."""
    deployment = several_years(tmp_path / "data")
    agencies, codes = (deployment.registers / f"{name}.csv" for name in ("agencies", "agency_codes"))
    declared = deployment.registers / "appraisals.csv"
    with declared.open(encoding="utf-8", newline="") as handle:
        kept = [row for row in csv.DictReader(handle) if row["agency_id"] not in {GONE, HEIR}]
    write(declared, kept)
    assert dti_here(deployment, "backfill", "2022..2024", "--as-of", "2025-10-16")[0] == 0
    before, past = rows(deployment, COUNTED), _year(deployment, 2022)
    both = _figures(deployment, GONE, HEIR)
    ranked = f"select distinct assessment_year from rankings where agency_id = '{GONE}' order by 1"
    assert rows(deployment, ranked) == [(2022,), (2024,)]
    change(agencies, GONE, valid_to="2024-06-30")
    change(agencies, HEIR, predecessors=GONE)
    change(agencies, NAMED, name_vi="Huyện Chợ Mới (tên mới)")
    change(agencies, SPLIT, valid_to="2025-06-30")
    with codes.open(encoding="utf-8", newline="") as handle:
        old = [row for row in csv.DictReader(handle) if row["agency_id"] == GONE]
    change(codes, GONE, valid_to="2024-06-30")
    for row in old:
        add(codes, f"{HEIR},{row['scheme']},{row['code']},2024-07-01,")
    refresh(deployment, [], as_of="2025-10-17", reason="tests")
    assert rows(deployment, COUNTED) == before, "nothing is lost, nothing counted twice"
    assert _year(deployment, 2022) == past
    assert rows(deployment, ranked) == [(2022,)]
    assert _figures(deployment, HEIR) == both
    (name,) = rows(deployment, f"select name_vi from agencies where agency_id = '{NAMED}'")
    assert name == ("Huyện Chợ Mới (tên mới)",)
    comparable = rows(deployment, "select distinct comparable, not_comparable_reason from rankings where "
                      "assessment_year = 2024 and agency_group = 'district' and ruleset_id like '%1407%'")  # fmt: skip
    assert [row[0] for row in comparable] == [False]


def _year(deployment: Deployment, year: int) -> list[list[tuple[Any, ...]]]:
    """The results of a year, without what moments they were computed at."""
    return [
        rows(deployment, f"select * exclude (comparable, rank_change, not_comparable_reason) from rankings "
             f"where assessment_year = {year} order by all"),
        rows(deployment, f"from indicator_scores where assessment_year = {year} order by all"),
    ]  # fmt: skip


def _figures(deployment: Deployment, *agencies: str) -> list[tuple[Any, ...]]:
    """What is counted of these agencies together in 2024."""
    names = ", ".join(f"'{name}'" for name in agencies)
    where = f"agency_id in ({names}) and assessment_year = 2024 "
    return rows(deployment, TOTALS + where + "group by all order by all")


def test_O06_the_register_knows_who_was_there_when(tmp_path: Path) -> None:
    """A year sees the register of its last day: the code of the merged one leads to its heir, and says so."""
    deployment = several_years(tmp_path / "data")
    agencies = deployment.registers / "agencies.csv"
    change(agencies, GONE, valid_to="2024-06-30")
    change(agencies, HEIR, predecessors=GONE)
    found = read_registers(deployment.registers)
    ids = {year: {one.agency_id for one in found.agencies_of(year)} for year in (2023, 2024)}
    assert (GONE in ids[2023], GONE in ids[2024], HEIR in ids[2024]) == (True, False, True)
    assert {heir for agency, _, heir in found.retired_codes_of(2024) if agency.agency_id == GONE} == {HEIR}


def gone(deployment: Deployment, code: str, path: Path) -> None:
    """`release verify` and `doctor` name what is gone with its path, and what to do."""
    for words in (("release", "verify"), ("doctor",)):
        exit_code, answer = dti_here(deployment, *words)
        assert exit_code == 6, answer
        assert str(path) in str(answer)
        assert "sao lưu" in str(answer)
    _, answer = dti_here(deployment, "release", "verify")
    assert code in [finding["code"] for finding in answer["error"]["findings"]]


@pytest.mark.parametrize("code", ["PullGone", "ReleaseGone", "YearGone"])
def test_O09_what_somebody_removed_is_found(official: Deployment, code: str) -> None:
    """A pull that results rest on, a release, an official year: `rm -r`, and the next check names it."""
    (pull,) = official.landing.glob("*/*/*/pull.json")
    path = {
        "PullGone": pull.parent,
        "ReleaseGone": official.releases / "1",
        "YearGone": frozen.home(official) / "2025" / "1",
    }[code]
    assert dti_here(official, "release", "verify")[0] == 0
    shutil.rmtree(path)
    gone(official, code, path)


def test_O09_other_software_says_so_and_where_the_old_one_is_listed(
    official: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After `git checkout` of other code an official year still recomputes; the answer says that the software is
    another one, and names the lock file to install."""
    monkeypatch.setattr(inputs, "code_hash", lambda: "0" * 64)
    code, answer = dti_here(official, "release", "verify", "2025")
    assert (code, answer["data"]["same_code"]) == (0, False)
    assert "2025/1/requirements.lock" in answer["warnings"][0]


@pytest.fixture
def elsewhere(official: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another machine: only pulls and releases came along, there is no network, no home and no journal."""
    folder = tmp_path / "may khác"
    for name in ("landing", "releases"):
        shutil.copytree(official.root / name, folder / name)
    shutil.rmtree(official.root)

    def unreachable(*_: Any) -> None:
        raise AssertionError("something asked the network")

    monkeypatch.setattr(socket.socket, "connect", unreachable)
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    monkeypatch.chdir(tmp_path)
    return folder


def test_O14_an_official_year_is_recomputed_on_another_machine(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its pulls, rulesets and registers alone, offline: the same hash as the manifest's, which also names the lock
    file by its hash. Software that computes something else is found."""
    (year,) = frozen.all_frozen(Deployment(elsewhere))
    assert sha256_file(year.folder / "requirements.lock") == year.basis["lock"] == inputs.lock_hash()
    code, answer = dti_here(elsewhere, "release", "verify", "2025", "--revision", "1")
    assert code == 0, answer
    assert answer["data"]["hash"] == answer["data"]["recomputed"] == year.digest
    assert (answer["data"]["same_code"], answer["data"]["same_lock"]) == (True, True)
    assert dti_here(elsewhere, "release", "verify", "2025", "--revision", "2")[0] == 2
    step = scoring_steps.STEPS["rankings"]

    def other(con: duckdb.DuckDBPyConnection) -> None:
        step(con)
        con.execute("update rankings set rank = rank + 1")

    monkeypatch.setitem(scoring_steps.STEPS, "rankings", other)
    code, answer = dti_here(elsewhere, "release", "verify", "2025")
    assert (code, answer["error"]["code"]) == (6, "recomputed-differently")


@pytest.fixture
def another_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that was set to New York and to no language at all."""
    before = locale.setlocale(locale.LC_ALL)
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    locale.setlocale(locale.LC_ALL, "C")
    yield
    locale.setlocale(locale.LC_ALL, before)
    monkeypatch.delenv("TZ")
    time.tzset()


def test_O15_clock_zone_and_language_of_the_machine_do_not_matter(own_copy: Deployment, another_machine: None) -> None:
    """Somebody changes the machine's time zone and locale between two nights: a rebuild gives the same content of every
    table. (All of it at once, with threads, orders and hash seeds: K19 and K20.)"""
    before = releases.current(own_copy)
    assert refresh(own_copy, [], as_of="2025-10-16", rebuild=True, reason="tests").shown
    after = releases.current(own_copy)
    assert before is not None
    assert after is not None
    assert after.number == before.number + 1
    assert after.hashes == before.hashes
