"""A backfill that was interrupted goes on where it stopped: what it has pulled already is not asked for again.

The journal is the record. A run that starts writes which years it pulls and whether it is a backfill; each pull is
written when it is whole; publication, or finding nothing new, ends it. A backfill of the same years and the same
knowledge that never ended is continued, however it was started, unless it began more than a day ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors import Landing
from pipelines import journal
from pipelines.settings import Deployment, now

TAG = "dti/backfill"
LONGEST = timedelta(days=1)
_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


@dataclass(frozen=True)
class Asked:
    """What a run was asked to pull: the years, as of when, and whether as a backfill."""

    years: list[int]
    as_of: str
    backfill: bool


def asked_of(deployment: Deployment, tags: Mapping[str, str], as_of: str) -> Asked:
    """What the tags of a Dagster run ask for: one partition, a range of them, or none."""
    one = tags.get("dagster/partition", "")
    first, last = (tags.get(name, one) for name in _RANGE)
    if not (first.isdigit() and last.isdigit()):
        return Asked([], as_of, False)
    years = [year for year in deployment.settings.years if int(first) <= year <= int(last)]
    return Asked(years, as_of, len(years) > 1 or TAG in tags or "dagster/backfill" in tags)


@dataclass
class _Chain:
    """The runs of one backfill, as the journal tells them."""

    began: datetime | None = None
    pulled: dict[tuple[str, int], str] = field(default_factory=dict)


def done_before(deployment: Deployment, asked: Asked) -> dict[tuple[str, int], str]:
    """Source and year → pull of the interrupted backfill that this one continues; empty where there is none.

    Only what is still in use counts: a pull that was removed or rejected since is asked for again.
    """
    chain = _unfinished(deployment, asked) if asked.backfill else _Chain()
    if chain.began is None or now() - chain.began > LONGEST:
        return {}
    landing, kept = Landing(deployment.landing), {}
    for (source, year), pull_id in chain.pulled.items():
        standing = landing.newest_accepted(source, year)
        if standing and standing.pull_id == pull_id:
            kept[source, year] = pull_id
    return kept


def _unfinished(deployment: Deployment, asked: Asked) -> _Chain:
    chain, inside = _Chain(), False
    wanted = (asked.years, asked.as_of, True)
    for entry in journal.read(deployment.journal):
        event = entry["event"]
        if event == "refresh":
            inside = (entry.get("years"), entry["as_of"], entry.get("backfill")) == wanted
            if inside and chain.began is None:
                chain.began = datetime.fromisoformat(entry["at"])
        elif inside and event == "pull" and entry["status"] in {"accepted", "unchanged"}:
            chain.pulled[entry["source"], entry["year"]] = entry["pull_id"]
        elif inside and event in {"publish", "nothing-new"}:
            chain, inside = _Chain(), False
    return chain
