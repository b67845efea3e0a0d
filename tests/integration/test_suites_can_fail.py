"""Every suite passes on the sample and fails on empty, missing and shuffled data: a gate that cannot fail is none."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from common.errors import ConfigurationError
from connectors import Landing
from pipelines.checks import INDICATOR_FRAME, RANKING_FRAME
from pipelines.settings import CODE
from pipelines.suites import named, run_suite
from rulesets.load import resolve
from rulesets.scoring import write_reference

SUITES = ("portal_766", "indicator_values", "rankings")


@pytest.fixture(scope="module")
def frames(_published_once: Path) -> dict[str, pd.DataFrame]:
    pull = Landing(_published_once / "landing").newest_accepted("portal_766", 2025)
    assert pull is not None
    results = (
        "indicator_figures",
        "metric_values",
        "indicator_values",
        "indicator_scores",
        "entered_scores",
        "rankings",
    )
    with duckdb.connect() as con:  # as the build has it: results, and the ruleset's tables, also the inner ones
        con.execute(f"attach '{_published_once / 'warehouse.duckdb'}' as released (read_only)")
        write_reference(con, [resolve("national/766-2022")])
        for table in results:
            con.execute(f"create view {table} as from released.{table}")
        return {
            "portal_766": pd.read_parquet(pull.table, dtype_backend="pyarrow").astype(object),
            "indicator_values": con.execute(INDICATOR_FRAME).df(),
            "rankings": con.execute(RANKING_FRAME).df(),
        }


def suite(name: str) -> Path:
    beside = CODE / "data" / "sources" / f"{name}.suite.yaml"
    return beside if beside.exists() else named(name)


def broken(name: str, frame: pd.DataFrame) -> set[str]:
    return {f"{one.name}({one.columns})" for one in run_suite(suite(name), frame) if not one.passed}


@pytest.mark.parametrize("name", SUITES)
def test_the_sample_passes(name: str, frames: dict[str, pd.DataFrame]) -> None:
    assert broken(name, frames[name]) == set()


@pytest.mark.parametrize("name", SUITES)
def test_an_empty_table_fails(name: str, frames: dict[str, pd.DataFrame]) -> None:
    assert "expect_table_row_count_to_be_between()" in broken(name, frames[name].iloc[:0])


@pytest.mark.parametrize(
    ("name", "column"),
    [("portal_766", "progress"), ("indicator_values", "figure"), ("rankings", "total"), ("rankings", "coverage")],
)
@pytest.mark.parametrize("nothing", [float("nan"), None, Decimal("NaN")])
def test_a_missing_number_fails(name: str, column: str, nothing: object, frames: dict[str, pd.DataFrame]) -> None:
    frame = frames[name].astype(object)
    frame.iloc[3, frame.columns.get_loc(column)] = nothing
    assert broken(name, frame)


def shift(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    values = frame[column].tolist()
    return frame.assign(**{column: values[1:] + values[:1]})


@pytest.mark.parametrize(
    ("name", "column"),
    [("portal_766", "progress"), ("portal_766", "total"), ("indicator_values", "figure"), ("rankings", "total")],
)
def test_values_against_the_wrong_agency_fail(name: str, column: str, frames: dict[str, pd.DataFrame]) -> None:
    assert any("pair" in one for one in broken(name, shift(frames[name], column)))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("rankings", lambda frame: pd.concat([frame, frame.iloc[:1]])),
        ("indicator_values", lambda frame: pd.concat([frame, frame.iloc[:1]])),
        ("portal_766", lambda frame: pd.concat([frame, frame.iloc[:1]])),
    ],
)
def test_a_doubled_row_fails(
    name: str, change: Callable[[pd.DataFrame], pd.DataFrame], frames: dict[str, pd.DataFrame]
) -> None:
    assert any("unique" in one for one in broken(name, change(frames[name])))


def test_a_finding_names_the_rows(frames: dict[str, pd.DataFrame]) -> None:
    results = run_suite(suite("rankings"), shift(frames["rankings"], "total"))
    failed = next(one for one in results if not one.passed)
    assert "agency_id=" in failed.examples[0]
    assert failed.unexpected > 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("suite: x\nindex: [a]\nexpectations:\n  - expect_nothing: {column: a}\n", "x.yaml:4:5"),
        ("suite: x\nindex: [a]\nexpectations:\n  - {}\n", "x.yaml:4:5"),
        ("suite: x\nindex: [a]\nexpectation: []\n", "x.yaml:1:1"),
    ],
)
def test_a_mistake_in_a_suite_is_named_with_its_line(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        run_suite(path, pd.DataFrame({"a": [1]}))
    places = [caught.value.where, *(finding.where for finding in caught.value.findings)]
    assert any(place.endswith(line) for place in places), places
