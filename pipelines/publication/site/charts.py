"""Figures for the drawings: counts and places on an axis. The drawings themselves are in the templates."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from pipelines.publication.site.reading import Row
from pipelines.publication.site.words import share_of

BINS = 10


def bins(points: Iterable[Decimal | None], most: Decimal) -> list[int]:
    """How many agencies lie in each tenth of the maximum; the last tenth includes the maximum."""
    counts = [0] * BINS
    for value in points:
        share = share_of(value, most)
        if share is not None:
            counts[max(0, min(BINS - 1, int(share * BINS)))] += 1
    return counts


def timeline(history: list[Row]) -> list[dict[str, Any]]:
    """Whole years on an axis: place, share and rank; `joined` where the year is comparable with the one before it."""
    years = [row for row in history if "-" not in row["period"] and row["share"] is not None]
    if len(years) < 2:
        return []
    first, last = years[0]["assessment_year"], years[-1]["assessment_year"]
    span = max(last - first, 1)
    return [
        {
            **row,
            "x": round(40 + 520 * (row["assessment_year"] - first) / span, 1),
            "y": round(110 - 90 * row["share"], 1),
            "joined": at > 0 and row["comparable"],
        }
        for at, row in enumerate(years)
    ]
