"""Rules to points, exceptions, aggregation, ranks and grades, set-based in DuckDB.

`write_reference` puts rulesets into tables; then, each step writing its own tables and repeatable alone:
`score_indicators`, `score_main_indices`, `score_pillars`, `rank`. A step is imported when it is first asked for, so
that reading a card (`rulesets.scoring.explain`) loads neither DuckDB nor the models.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rulesets.scoring.aggregates import score_main_indices, score_pillars
    from rulesets.scoring.indicators import score_indicators
    from rulesets.scoring.ranking import rank
    from rulesets.scoring.reference import write_reference

__all__ = ["rank", "score_indicators", "score_main_indices", "score_pillars", "write_reference"]

_HOMES = {
    "rank": "ranking",
    "score_indicators": "indicators",
    "score_main_indices": "aggregates",
    "score_pillars": "aggregates",
    "write_reference": "reference",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"rulesets.scoring.{_HOMES[name]}"), name)
