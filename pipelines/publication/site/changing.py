"""What changed since the release before, by ranking and agency, as `pipelines.changes` tells it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from common.errors import DtiError
from pipelines import releases
from pipelines.changes import Change, comparing, in_order
from pipelines.releases import Release
from pipelines.settings import Deployment

SOME = 200
"""Agencies that are compared in full at a time."""
Key = tuple[str, int, str]
"""Group, year, period."""


@dataclass(frozen=True)
class Overnight:
    """The changes against the release before; `before` is None for the first, or when that one is no longer kept."""

    before: Release | None
    number: int | None
    """The number of the release before, also when its file is gone."""
    by_board: dict[Key, dict[str, Change]] = field(default_factory=dict)
    """In short: with the parts that weigh most and without figures. All of them, of all agencies, would not fit."""
    parts: int = 0
    """Lines of the table of changes: one per part, at least one per change."""
    after: Release | None = None

    def whole(self, key: Key, ids: Collection[str]) -> dict[str, Change]:
        """The changes of some agencies in one ranking, with all their parts and figures."""
        changed = self.by_board.get(key, {}).keys() & set(ids)
        if not changed or not self.before or not self.after:
            return {}
        with comparing(self.before, self.after) as comparison:
            return {one.agency_id: one for one in comparison.of(sorted(changed)) if key_of(one) == key}

    def batches(self) -> Iterator[list[Change]]:
        """All changes with all their parts and figures, some agencies at a time, in the order of their ids."""
        changed = sorted({agency_id for changes in self.by_board.values() for agency_id in changes})
        if self.before and self.after:
            with comparing(self.before, self.after) as comparison:
                for start in range(0, len(changed), SOME):
                    yield comparison.of(changed[start : start + SOME])


def key_of(change: Change) -> Key:
    return change.agency_group, change.assessment_year, change.period


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
    short: list[Change] = []
    parts = 0
    with comparing(before, release) as comparison:
        for some in comparison.batches():
            parts += sum(max(len(change.parts), 1) for change in some)
            short.extend(replace(change, figures=[], parts=change.largest()) for change in some)
    by_board: dict[Key, dict[str, Change]] = {}
    for change in in_order(short):
        by_board.setdefault(key_of(change), {})[change.agency_id] = change
    return Overnight(before, number, by_board, parts, release)
