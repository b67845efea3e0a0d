"""Guards of data that can be taken away, and the cases of group D that must then fail.

What a mutant puts in place is what a pipeline does that looks at each row, each pull and each number alone.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from connectors import comparing, gates, history, likeness, movement
from pipelines import frozen
from rulesets import models
from tests.support.mutants import Mutant, Patch, _nothing, _setting


def _no_comparison(patch: Patch) -> None:
    patch(movement, "_compare", lambda *_: None)
    patch(history.Comparison, "unit", _nothing)
    patch(history.Comparison, "swapped", _nothing)


def _first_ratio(now: dict[str, Fraction], then: dict[str, Fraction]) -> tuple[Fraction, int] | None:
    codes = [code for code in now if then.get(code) and now[code]]
    return (now[codes[0]] / then[codes[0]], len(codes)) if codes else None


def _restated_quietly(patch: Patch) -> None:
    patch(movement, "_restated", _nothing)
    patch(comparing, "_rows_restated", _nothing)


def _names_are_content(patch: Patch) -> None:
    from connectors import contract

    original = contract.Reading._line
    patch(contract.Reading, "_line", lambda self, key, named: f"{id(named)}{original(self, key, named)}")


_MUTANTS: dict[str, tuple[str, tuple[str, ...], Callable[[Patch], Any]]] = {
    "empty-is-fine-too": ("no gate on empty answers", ("D01",), _setting(gates, "_empty", _nothing)),
    "half-is-enough": (
        "agencies are not counted",
        ("D02",),
        lambda patch: (patch(gates, "_register_coverage", _nothing), patch(history.Comparison, "lost", _nothing)),
    ),
    "missing-unnamed": ("missing agencies are not named", ("D03",), _setting(gates, "_missing_agencies", _nothing)),
    "restated-quietly": ("a past year may change", ("D04",), _restated_quietly),
    "form-is-content": ("the hash is of what was sent, not of what it says", ("D05",), _names_are_content),
    "no-comparison": ("figures are not compared with earlier ones", ("D06", "D07", "D12"), _no_comparison),
    "frozen-is-fresh": ("the same figures are fresh figures", ("D08",), _setting(movement, "_same", lambda *_: False)),
    "any-total": ("roll-ups are left out unread", ("D09",), _setting(gates, "_totals", _nothing)),
    "no-memory": ("older versions are not looked at", ("D10",), _setting(comparing, "_seen_before", _nothing)),
    "never-official": ("official years are rebuilt like others", ("D11",), _setting(frozen, "in_force", lambda *_: [])),
    "first-ratio": ("the first agency stands for all", ("D13",), _setting(likeness, "ratio", _first_ratio)),
    "any-weights": (
        "weights need not add up",
        ("D14",),
        lambda patch: patch(models, "sum", lambda *_: 1, raising=False),
    ),
    "any-source": ("other sources are not looked at", ("D12",), _setting(comparing, "_other_sources", _nothing)),
}

DATA_MUTANTS = {name: Mutant(*parts) for name, parts in _MUTANTS.items()}
