"""The steps from indicator values to rankings, by the table that each writes, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb

from pipelines.comparison import add_comparison
from rulesets.scoring import rank, score_indicators, score_main_indices, score_pillars


def _rank_and_compare(con: duckdb.DuckDBPyConnection) -> None:
    rank(con)
    add_comparison(con)


STEPS: dict[str, Callable[[duckdb.DuckDBPyConnection], Any]] = {
    "indicator_scores": score_indicators,
    "main_index_scores": score_main_indices,
    "pillar_scores": score_pillars,
    "rankings": _rank_and_compare,
}
