"""What changed since the release before, by ranking and agency, as `pipelines.changes` tells it."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.errors import DtiError
from pipelines import releases
from pipelines.changes import Change, between
from pipelines.releases import Release
from pipelines.settings import Deployment

Key = tuple[str, int, str]
"""Group, year, period."""


@dataclass(frozen=True)
class Overnight:
    """The changes against the release before; `before` is None for the first, or when that one is no longer kept."""

    before: Release | None
    number: int | None
    """The number of the release before, also when its file is gone."""
    by_board: dict[Key, dict[str, Change]] = field(default_factory=dict)


def overnight(deployment: Deployment, release: Release, known: list[int]) -> Overnight:
    """Compare a release with the newest before it. `known` are the releases that stood when it was made."""
    earlier = [number for number in known if number < release.number]
    if not earlier:
        return Overnight(None, None)
    number = max(earlier)
    try:
        before = releases.read(deployment.releases / str(number))
    except DtiError:
        return Overnight(None, number)
    found = Overnight(before, number)
    for change in between(before, release):
        key = (change.agency_group, change.assessment_year, change.period)
        found.by_board.setdefault(key, {})[change.agency_id] = change
    return found
