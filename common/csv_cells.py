"""How long a cell of a CSV file may be, whoever reads in the same process.

Python's own limit belongs to the whole process, and libraries lift it (agate does, which dbt loads): a quote that never
closes would then swallow the rest of a file as one cell in a nightly run and be refused on the command line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable

MOST_CHARACTERS = 131_072


def refuse_endless(cells: Iterable[object]) -> None:
    """Raise `csv.Error` where a cell is longer, as `csv` does while nobody has lifted its limit."""
    if any(isinstance(cell, str) and len(cell) > MOST_CHARACTERS for cell in cells):
        raise csv.Error(f"field larger than field limit ({MOST_CHARACTERS})")
