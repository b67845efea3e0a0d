"""Group O, what operators do with years: a ruleset for the wrong one, a backfill that is interrupted or run twice."""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance
from typer.main import get_command

from pipelines import journal, releases
from pipelines.backfills import Asked, done_before
from pipelines.cli.main import app
from pipelines.definitions import build_definitions
from pipelines.refresh import refresh
from pipelines.releases import Release
from pipelines.settings import Deployment
from tests.support.deployments import dti_here, fresh_deployment, several_years, start_dti

RULESETS = "rulesets: [national/766-2022]"
RESULTS = ("metric_values", "indicator_values", "indicator_scores", "main_index_scores", "pillar_scores", "rankings")
DAY = ("--as-of", "2025-10-16")


@pytest.fixture
def small(tmp_path: Path) -> Deployment:
    return fresh_deployment(tmp_path / "data")


def settle(deployment: Deployment, old: str, new: str) -> None:
    path = deployment.root / "dti.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def asked(deployment: Deployment) -> list[tuple[str, int]]:
    """Which source was asked for which year, in order."""
    return [(one["source"], one["year"]) for one in journal.read(deployment.journal, "pull")]


@pytest.mark.parametrize(
    "words",
    [
        ("refresh", "--year", "2025", *DAY),
        ("backfill", "2024..2025"),
        ("backfill", "2024..2025", "--dry-run"),
        ("release", "build", "2025", "--reason", "thử"),
        ("doctor",),
    ],
)
def test_O02_a_year_without_a_ruleset_in_force_is_refused(small: Deployment, words: tuple[str, ...]) -> None:
    """A year of `dti.yaml` that none of its rulesets is in force in: nothing is asked of a source, and the rulesets
    that would fit are named."""
    settle(small, RULESETS, "rulesets: [an_giang/1040-2018/district]")
    code, answer = dti_here(small, *words)
    assert code == 3
    told = str(answer)
    assert "an_giang/1040-2018/district 2018–2022" in told
    assert "an_giang/1407-2024/department" in told
    assert "dti.yaml:4:" in told
    assert not small.landing.exists()
    assert releases.all_of(small) == []


def test_O02_a_register_cannot_bring_a_ruleset_into_a_year_before_it(small: Deployment) -> None:
    """Exceptions and the council's decisions name a ruleset and a year: one that is not in force is refused."""
    register = small.registers / "appraisals.csv"
    row = "national/766-2022,2021,2021,an-giang,TDGQ,,,,17,2025-01-05,QĐ 1,Hội đồng,thử"
    register.write_text(register.read_text(encoding="utf-8") + row + "\n", encoding="utf-8")
    code, answer = dti_here(small, "refresh", "--year", "2025", *DAY)
    assert (code, answer["ok"]) == (3, False)
    assert "national/766-2022 (2022–) không có hiệu lực cho năm 2021" in str(answer)


def test_O02_scoring_a_table_of_another_year_is_refused(small: Deployment, tmp_path: Path) -> None:
    """`dti score --year` and the forms of a year: the ruleset must be in force, and the one that is gets named."""
    values = tmp_path / "values.csv"
    values.write_text("agency,indicator,numerator,denominator,value,status,article\na,1.1,,,1,,\n")
    words = ("--ruleset", "an_giang/1407-2024/department", "--values", str(values))
    code, answer = dti_here(small, "score", *words, "--year", "2023")
    assert (code, answer["error"]["code"]) == (3, "not-in-force")
    assert "an_giang/02-2023/department" in answer["error"]["hint"]
    assert dti_here(small, "score", *words, "--year", "2024")[0] == 0
    forms = ("an_giang/1407-2024/department", "--scheme", "mau", "--to", str(tmp_path / "forms"))
    code, answer = dti_here(small, "form", "write", *forms, "--year", "2023")
    assert (code, answer["error"]["code"]) == (3, "not-in-force")


def test_O02_two_rulesets_of_one_day_for_one_year_are_refused(small: Deployment) -> None:
    """A copy of a ruleset beside it, both in force: nothing says which of them counts."""
    own = small.root / "rulesets" / "national"
    own.mkdir(parents=True)
    origin = Path(__file__).parents[2] / "rulesets" / "national" / "766-2022.yaml"
    (own / "766-2022-moi.yaml").write_text(origin.read_text(encoding="utf-8"), encoding="utf-8")
    settle(small, RULESETS, "rulesets: [national/766-2022, national/766-2022-moi]")
    code, answer = dti_here(small, "refresh", "--year", "2025", *DAY)
    assert code == 3
    assert "national/766-2022-moi" in str(answer)
    assert "valid: {to: …}" in str(answer)


def test_O02_no_option_chooses_a_ruleset_for_a_run(small: Deployment) -> None:
    """The commands that build results take years, moments and reasons: the ruleset of a year is not theirs to say."""
    commands = get_command(app).commands  # type: ignore[attr-defined]  # a group
    building = [commands["refresh"], commands["backfill"], commands["demo"], commands["release"].commands["build"]]
    words = [word for command in building for option in command.params for word in option.opts]
    assert [word for word in words if "rule" in word] == []
    parameters = inspect.signature(refresh).parameters
    assert [name for name in parameters if "rule" in name] == []


@contextmanager
def writer(deployment: Deployment, command: str) -> Iterator[int]:
    """Another process that holds the deployment's lock."""
    program = (
        "import sys; from pathlib import Path; from pipelines.lock import writing\n"
        "with writing(Path(sys.argv[1]), sys.argv[2]): print('held', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", program, str(deployment.lock), command]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process.pid
        process.communicate("")


def test_O03_a_backfill_while_the_nightly_runs_is_refused_at_once(small: Deployment) -> None:
    """The second writer ends with exit code 7, naming who writes, and nothing is asked of a source; the same the other
    way round."""
    for holder, words in (
        ("nightly (run 1a2b3c4d)", ("backfill", "2024..2025")),
        ("dti backfill 2024..2025", ("refresh", "--year", "2025")),
    ):
        with writer(small, holder) as pid:
            code, answer = dti_here(small, *words)
            assert (code, answer["error"]["code"]) == (7, "locked")
            assert answer["error"]["data"] | {"since": ""} == {"pid": str(pid), "since": "", "command": holder}
    assert not small.landing.exists()


def _current(deployment: Deployment) -> Release:
    release = releases.current(deployment)
    assert release is not None
    return release


def _killed_at(deployment: Deployment, said: str, *words: str) -> None:
    process = start_dti(deployment, *words)
    assert process.stderr is not None
    for line in process.stderr:
        if said in line:
            os.kill(process.pid, signal.SIGKILL)
            break
    else:
        pytest.fail(f"it never said '{said}'")
    process.communicate()


def _backfill_from_dagster(deployment: Deployment, first: str, last: str) -> None:
    """A backfill of these partitions in one run, as Dagster launches it."""
    job = build_definitions(deployment).resolve_job_def("refresh")
    tags = {
        "dagster/backfill": "abc",
        "dagster/asset_partition_range_start": first,
        "dagster/asset_partition_range_end": last,
    }
    settings: dict[str, Any] = {"resources": {"refresh": {"config": {"data": str(deployment.root), "as_of": DAY[1]}}}}
    with DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance, tags=tags, run_config=settings).success


@pytest.mark.slow
def test_O04_an_interrupted_backfill_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Killed between two pulls: what was pulled is whole, nothing was published. The same backfill again, launched from
    Dagster, asks only for what is missing, and its hashes are those of an uninterrupted one. The one after that asks
    for everything, finds what it knows and publishes nothing."""
    whole, deployment = several_years(tmp_path / "whole"), several_years(tmp_path / "data")
    words = ("backfill", "2022..2025", *DAY)
    assert dti_here(whole, *words)[0] == 0
    _killed_at(deployment, "lấy soc_systems 2023", *words)
    before = asked(deployment)
    assert ("identity_staff", 2024) in before
    assert ("soc_systems", 2023) not in before
    assert releases.all_of(deployment) == []
    _, plan = dti_here(deployment, *words, "--dry-run")
    assert {(row["source"], row["year"]) for row in plan["data"]["plan"] if row["why_not"] == "done"} == set(before)
    _backfill_from_dagster(deployment, "2022", "2025")
    (told,) = journal.read(deployment.journal, "continue")
    assert told["done"] == sorted(f"{source} {year}" for source, year in before)
    everything = asked(deployment)
    assert len(everything) == len(set(everything)) == 10, "nothing was asked for twice"
    hashes, expected = _current(deployment).hashes, _current(whole).hashes
    assert {table: hashes[table] for table in RESULTS} == {table: expected[table] for table in RESULTS}
    code, answer = dti_here(deployment, *words)
    assert (code, answer["data"]["continued"], answer["data"]["published"]) == (0, [], False)
    assert len(asked(deployment)) == 20


def test_O04_only_the_same_backfill_is_continued_and_only_within_a_day(own_copy: Deployment) -> None:
    """Other years, another day of knowledge, a nightly, or one that began long ago: everything is asked for anew."""
    pull = list(journal.read(own_copy.journal, "pull"))[-1]
    lines = own_copy.journal.read_text(encoding="utf-8").splitlines(keepends=True)
    start = [line for line in lines if '"event": "refresh"' in line][-1]
    torn = [start.replace('"backfill": false', '"backfill": true'), json.dumps(pull) + "\n"]
    own_copy.journal.write_text("".join(torn), encoding="utf-8")
    same = Asked([2025], DAY[1], True)
    assert done_before(own_copy, same) == {("portal_766", 2025): pull["pull_id"]}
    for other in (Asked([2024, 2025], DAY[1], True), Asked([2025], "", True), Asked([2025], DAY[1], False)):
        assert done_before(own_copy, other) == {}
    own_copy.journal.write_text("".join(torn).replace(pull["at"][:10], "2020-01-01"), encoding="utf-8")
    assert done_before(own_copy, same) == {}
    own_copy.journal.write_text("".join([*torn, '{"event": "nothing-new"}\n']), encoding="utf-8")
    assert done_before(own_copy, same) == {}, "it has ended"


def test_O05_a_second_backfill_publishes_nothing(own_copy: Deployment) -> None:
    """The same figures again: no new pull, release or revision; the file that is shown is the same, byte for byte."""
    first, pulls = _current(own_copy), sorted(own_copy.landing.glob("*/*/*"))
    for _ in range(2):
        code, answer = dti_here(own_copy, "backfill", "2024..2025", *DAY)
        assert (code, answer["data"]["published"]) == (0, False)
    assert (_current(own_copy), sorted(own_copy.landing.glob("*/*/*"))) == (first, pulls)
    assert [one["status"] for one in journal.read(own_copy.journal, "pull")][-2:] == ["unchanged", "unchanged"]
    releases.verify(first)
