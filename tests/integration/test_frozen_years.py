"""A frozen year: official, kept against rebuilds, revised only with a reason, recomputed from its pulls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import frozen
from pipelines.settings import Deployment
from tests.support.deployments import dti, dti_json, faults

DAY = ("--as-of", "2025-10-17")
LOWER = {"fault": "set_field", "province": "0", "month": 0, "code": "H05", "field": "TDGQ", "value": "17.05"}
TOTAL = {"fault": "set_field", "province": "0", "month": 0, "code": "H05", "field": "TONG_SCORE", "value": "89.7"}


@pytest.fixture
def deployment(own_copy: Deployment) -> Deployment:
    """Two releases, and 2025 frozen as of 17 October."""
    code, answer = dti_json(own_copy, "release", "build", "2025", "--reason", "công bố lần đầu", *DAY)
    assert (code, answer["data"]["revision"]) == (0, 1)
    return own_copy


def rows(deployment: Deployment, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(deployment.warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_a_frozen_year_holds_all_that_it_follows_from(deployment: Deployment) -> None:
    (one,) = frozen.all_frozen(deployment)
    frozen.verify_files(one)
    there = {path.relative_to(one.folder).as_posix() for path in one.folder.rglob("*") if path.is_file()}
    assert there >= {
        "year.json",
        "dti.yaml",
        "requirements.lock",
        "registers/agencies.csv",
        "sources/portal_766.yaml",
        "rulesets/national/766-2022.yaml",
        "rulesets/metrics.yaml",
        *(f"results/{table}.{kind}" for table in frozen.RESULTS for kind in ("parquet", "csv")),
    }
    assert (one.reason, one.rows["rankings"], len(one.pulls)) == ("công bố lần đầu", 185, 1)
    code, answer = dti_json(deployment, "rank", "--year", "2025", "--group", "province")
    assert (code, answer["data"]["status"], answer["data"]["revision"]) == (0, "frozen", 1)


def test_it_recomputes_cell_by_cell(deployment: Deployment) -> None:
    code, answer = dti_json(deployment, "release", "verify", "2025")
    assert code == 0, answer
    assert answer["data"]["rows"] == sum(frozen.all_frozen(deployment)[0].rows.values())
    assert answer["data"]["cells"] > 10_000


def test_nothing_new_needs_no_revision(deployment: Deployment) -> None:
    code, answer = dti_json(deployment, "release", "build", "2025", "--reason", "lần nữa", *DAY)
    assert (code, answer["error"]["code"]) == (5, "nothing-to-revise")
    assert len(frozen.all_frozen(deployment)) == 1


def test_a_restated_source_does_not_change_it_until_a_revision_says_why(deployment: Deployment) -> None:
    before = rows(deployment, "select agency_id, total, rank from rankings order by all")
    code, answer = dti_json(deployment, "refresh", "--year", "2025", "--as-of", "2025-10-18", env=faults(LOWER, TOTAL))
    assert (code, answer["data"]["published"]) == (0, True)
    assert rows(deployment, "select agency_id, total, rank from rankings order by all") == before
    told = rows(deployment, "select agency_id, what, frozen_value, rebuilt_value, cause from frozen_differences")
    points = [(what, cause) for agency, what, _, _, cause in told if agency == "bac-ninh" and what == "points"]
    assert points == [("points", "source")]
    moved = {agency: (then, now, cause) for agency, what, then, now, cause in told if what == "rank"}
    assert moved["bac-ninh"][2] == "source"
    assert {cause for agency, (_, _, cause) in moved.items() if agency != "bac-ninh"} <= {"others"}

    code, answer = dti_json(
        deployment, "release", "build", "2025", "--reason", "nguồn đính chính", "--as-of", "2025-10-18"
    )
    assert (code, answer["data"]["revision"]) == (0, 2)
    assert {row["what"] for row in answer["data"]["changed"]} >= {"total", "points"}
    total = rows(deployment, "select total from rankings where agency_id = 'bac-ninh' and period = '2025'")
    assert [str(row[0].normalize()) for row in total] == ["89.7"]
    assert rows(deployment, "from frozen_differences") == []
    first, second = frozen.all_frozen(deployment)
    frozen.verify_files(first)
    assert (first.revision, second.revision) == (1, 2)
    assert dti(deployment, "release", "verify", "2025").returncode == 0


@pytest.mark.parametrize("spoil", ["result", "register", "extra", "pull"])
def test_an_altered_file_is_found(deployment: Deployment, spoil: str) -> None:
    (one,) = frozen.all_frozen(deployment)
    victim: Path = {
        "result": one.table("rankings"),
        "register": one.folder / "registers" / "agencies.csv",
        "extra": one.folder / "results" / "more.csv",
        "pull": next(deployment.landing.glob(f"*/*/{one.pulls[0]}/scores.parquet")),
    }[spoil]
    content = bytearray(victim.read_bytes()) if victim.exists() else bytearray(b"x")
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    code, answer = dti_json(deployment, "release", "verify", "2025")
    assert code in {4, 6}
    assert victim.name in answer["error"]["message"] + answer["error"]["where"]


def test_a_year_without_results_or_reason_is_refused(own_copy: Deployment) -> None:
    code, answer = dti_json(own_copy, "release", "build", "2024", "--reason", "thử")
    assert (code, answer["error"]["code"]) == (2, "nothing-to-freeze")
    assert dti(own_copy, "release", "build", "2025").returncode == 2
    code, answer = dti_json(own_copy, "release", "verify", "2024")
    assert (code, answer["error"]["code"]) == (2, "not-frozen")
    assert frozen.all_frozen(own_copy) == []
