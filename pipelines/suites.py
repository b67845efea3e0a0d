"""Great Expectations suites written as YAML: the gate engine at the border and on the final tables.

A suite names its expectations as the library documents them, with their arguments. Frames are small (one source and
year, or one year's ranking) and hold exact decimals. Results go to our own tables; the library's pages, which call
third parties, are not used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from common.errors import ConfigurationError, Finding, Text
from common.yaml_files import YamlFile, display_path, parse_model, read_yaml
from pipelines import suites_beside

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SUITES = Path(__file__).parent / "expectations"
_SHOWN = 3


class Suite(BaseModel):
    """`derive` adds columns that are the sum of others; `index` names the columns that identify a row to a person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str
    index: list[str]
    derive: dict[str, list[str]] = {}
    expectations: list[dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class Expected:
    """The result of one expectation: how many rows broke it, and the first of them by their index columns."""

    name: str
    columns: str
    passed: bool
    unexpected: int
    examples: tuple[str, ...]

    def finding(self, suite: str) -> Finding:
        shown = "; ".join(self.examples)
        what = f"{self.name}({self.columns})"
        return Finding(
            "suite",
            Text(f"không đạt {what}: {shown}", f"{what} failed: {shown}"),
            Text("xem số liệu rồi dti pull accept|reject", "look at the figures, then dti pull accept|reject"),
            f"suite {suite}",
        )


def read_suite(path: Path) -> Suite:
    """Read a suite; raise `ConfigurationError` with file:line:column, also for an expectation that does not exist."""
    file = read_yaml(path)
    suite = parse_model(file, Suite)
    for at, expectation in enumerate(suite.expectations):
        if len(expectation) != 1:
            raise _invalid(file, at, "mỗi mục một kỳ vọng", "one expectation an item")
    return suite


def run_suite(path: Path, frame: pd.DataFrame) -> list[Expected]:
    """Validate a frame. Columns of decimals stay decimals; NaN and NULL break `…_to_not_be_null`."""
    answer = suites_beside.ask(path, frame)
    return _run(path, frame) if answer is None else answer


def _run(path: Path, frame: pd.DataFrame) -> list[Expected]:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    file, suite = read_yaml(path), read_suite(path)
    frame = frame.assign(**{name: reduce(add, (frame[part] for part in parts)) for name, parts in suite.derive.items()})
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch(batch_parameters={"dataframe": frame})
    expectations = [
        _build(gx, file, at, name, arguments)
        for at, item in enumerate(suite.expectations)
        for name, arguments in item.items()
    ]
    outcome = batch.validate(
        gx.ExpectationSuite(name=suite.suite, expectations=expectations),
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": suite.index},
    )
    return [_expected(one, suite.index) for one in outcome.results]


def suite_gate(path: Path) -> Callable[[pa.Table, pa.Table | None], list[Finding]]:
    """The suite beside a source as a gate of its pulls. It needs the whole table in memory: a source without a suite
    gets no such gate, so that its pulls may be of any length.

    Rows that equal the last accepted ones have been through it: a night without news does not load the library.
    """

    def gate(table: pa.Table, previous: pa.Table | None) -> list[Finding]:
        if previous is not None and table.equals(previous):
            return []
        results = run_suite(path, table.to_pandas())
        return [result.finding(path.name.split(".")[0]) for result in results if not result.passed]

    return gate


def _build(gx: Any, file: YamlFile, at: int, name: str, arguments: Mapping[str, Any]) -> Any:
    kind = getattr(gx.expectations, "".join(part.title() for part in name.split("_")), None)
    if kind is None:
        raise _invalid(file, at, f"không có kỳ vọng '{name}'", f"there is no expectation '{name}'")
    try:
        return kind(**arguments)
    except ValueError as error:
        text = str(error).splitlines()[-1].strip()
        raise _invalid(file, at, f"{name}: {text}", f"{name}: {text}") from None


def _invalid(file: YamlFile, at: int, vi: str, en: str) -> ConfigurationError:
    hint = Text("xem danh mục kỳ vọng của Great Expectations", "see the gallery of Great Expectations")
    return ConfigurationError("suite", Text(vi, en), hint=hint, where=file.where(("expectations", at)))


def _expected(one: Any, index: list[str]) -> Expected:
    config = one.expectation_config
    arguments = config.kwargs
    columns = [arguments[key] for key in ("column", "column_A", "column_B") if key in arguments]
    columns += arguments.get("column_list", [])
    rows = one.result.get("unexpected_index_list") or []
    examples = [", ".join(f"{key}={row[key]}" for key in (*index, *columns) if key in row) for row in rows[:_SHOWN]]
    if not one.success and not examples:
        observed = one.result.get("observed_value", (one.exception_info or {}).get("exception_message"))
        examples = [str(observed)]
    count = one.result.get("unexpected_count", 0 if one.success else 1)
    return Expected(config.type, ", ".join(columns), bool(one.success), int(count or 0), tuple(examples))


def named(name: str) -> Path:
    """A suite of the final tables, shipped with the code."""
    path = SUITES / f"{name}.yaml"
    if not path.exists():
        raise ConfigurationError(
            "file-missing", Text("không có bộ kiểm tra này", "there is no such suite"), where=display_path(path)
        )
    return path
