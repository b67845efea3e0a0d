"""Worlds: the sample province with figures drawn anew from a seed, and its sources pulled for two clean years.

Chance differs between worlds as much as the sample's own years do, and in every other world twice as much.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from connectors import AnySource, Landing, PullOutcome, load_sources, pull
from connectors.simulator import truth
from connectors.simulator.exchange import Asked
from connectors.simulator.faults import FaultScript
from connectors.simulator.spread import Window
from connectors.simulator.systems import public_services
from pipelines.pulling import agency_codes
from pipelines.registers import read_registers
from pipelines.settings import CODE
from pipelines.suites import suite_gate
from tests.study.kinds import Change, Listed, Rows

SAMPLE = CODE / "data"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SOURCES = (
    "public_services_dossiers",
    "public_services_online",
    "public_services_digitisation",
    "public_services_procedures",
    "e_document_mailboxes",
    "open_data_organisations",
    "soc_systems",
    "open_data_datasets",
    "portal_766",
)
Hook = Callable[[Rows, dict[str, Any], str], Rows]


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T07:00").replace(tzinfo=ZONE)


YEARS = (2022, 2023)
BEFORE, SUMMER, BASE, NOW = at("2024-11-10"), at("2024-08-31"), at("2024-11-15"), at("2024-11-25")
PORTAL_BASE, PORTAL_NOW = at("2025-10-11"), at("2025-10-16")


@contextmanager
def figures_from(seed: int) -> Iterator[None]:
    """The ledger of a world of its own while the block lasts."""
    rules, luck = truth._rules(), truth._luck
    own, years = (4, 1) if seed % 2 else (3, 2)

    def drawn(agency: truth.SampleAgency, metric: str, year: int) -> int:
        mine, this = truth._hashed(agency.agency_id, metric), truth._hashed(agency.agency_id, metric, str(year))
        return (own * mine + years * this) // 5

    before = rules["seed"]
    _forget()
    rules["seed"], truth._luck = f"world-{seed}", drawn
    try:
        yield
    finally:
        rules["seed"], truth._luck = before, luck
        _forget()


def _forget() -> None:
    """Whatever simulated systems keep of another ledger."""
    truth._ledger.cache_clear()
    for name, module in list(sys.modules.items()):
        if name.startswith("connectors.simulator.systems."):
            for kept in vars(module).values():
                if hasattr(kept, "cache_clear"):
                    kept.cache_clear()


@contextmanager
def rows_through(hook: Hook) -> Iterator[None]:
    """Every list of a simulated system goes through `hook(rows, facts, code field)` while the block lasts."""
    original = FaultScript.on_rows

    def on_rows(_: FaultScript, rows: Rows, facts: dict[str, Any], *, code: str) -> Rows:
        return hook(list(rows), facts, code)

    FaultScript.on_rows = on_rows  # type: ignore[method-assign]
    try:
        yield
    finally:
        FaultScript.on_rows = original  # type: ignore[method-assign]


@contextmanager
def windows_until(moment: datetime) -> Iterator[None]:
    """The public-service system answers as it would at that moment of the year: the simulator knows whole years."""
    original = public_services.window_of

    def cut(asked: Asked, first: str, last: str) -> Window:
        window = original(asked, first, last)
        return window._replace(end=min(window.end, moment))

    public_services.window_of = cut
    try:
        yield
    finally:
        public_services.window_of = original


@dataclass
class World:
    """Landings of one world, and the lists that its sources showed."""

    seed: int
    folder: Path
    clean: list[tuple[str, str, PullOutcome]] = field(default_factory=list)
    lists: dict[tuple[str, int, datetime], dict[str, Rows]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sources = {name: one for name, one in load_sources(SAMPLE / "sources").items() if name in SOURCES}
        self.registers = read_registers(SAMPLE / "registers")

    def landing(self, first: bool) -> Landing:
        """`first`: nothing was pulled for the year yet."""
        return Landing(self.folder / ("first" if first else "nightly") / "landing")

    def prepare(self) -> None:
        """Pull the years before, and this one once; a clean pull must be accepted, and what is not is counted."""
        for name, source in self.sources.items():
            if name == "portal_766":
                self._clean(source, 2025, PORTAL_BASE, first=False)
                self._clean(source, 2025, PORTAL_NOW, first=False, keep=False)
                continue
            for year in YEARS:
                self._clean(source, year, BEFORE, first=True)
            shutil.copytree(self.landing(True).root / name, self.landing(False).root / name)
            self._clean(source, 2024, NOW, first=True, keep=False)
            self._clean(source, 2024, BASE, first=False)
            self._clean(source, 2024, NOW, first=False, keep=False)
            with rows_through(self._recording(name, 2024, SUMMER)), windows_until(SUMMER):
                self._pull(source, 2024, SUMMER, Landing(self.folder / "scratch" / "landing"))

    def _clean(self, source: AnySource, year: int, moment: datetime, *, first: bool, keep: bool = True) -> None:
        with rows_through(self._recording(source.name, year, moment)):
            outcome = self._pull(source, year, moment, self.landing(first))
        when = "first" if first or moment in {BASE, PORTAL_BASE} else "nightly"
        self.clean.append((source.name, f"{year}, {when}", outcome))
        self._settle(outcome, self.landing(first), keep)

    def _settle(self, outcome: PullOutcome, landing: Landing, keep: bool) -> None:
        """A held clean pull is what an operator would accept; one that is not to stay goes."""
        if outcome.pull and not keep:
            shutil.rmtree(outcome.pull.folder)
        elif outcome.pull and outcome.status == "held":
            landing.decide(outcome.pull.pull_id, "accept", "clean by construction", "study")

    def _recording(self, name: str, year: int, moment: datetime) -> Hook:
        kept = self.lists.setdefault((name, year, moment), {})

        def hook(rows: Rows, facts: dict[str, Any], _: str) -> Rows:
            kept[str(sorted(facts.items()))] = rows
            return rows

        return hook

    def _pull(self, source: AnySource, year: int, moment: datetime, landing: Landing) -> PullOutcome:
        suite = SAMPLE / "sources" / f"{source.name}.suite.yaml"
        codes = agency_codes(self.registers, year)
        gates = [suite_gate(suite)] if suite.exists() else []
        return pull(source, year, landing=landing, agencies=codes, moment=moment, extra_gates=gates)

    def planted(self, name: str, change: Change, first: bool, random: Random) -> PullOutcome | None:
        """Pull with a fault; None where it cannot be made of this source, or changes nothing."""
        source, made = self.sources[name], []
        portal = name == "portal_766"
        year, moment = (2025, PORTAL_NOW) if portal else (2024, NOW)
        start = random.getstate()

        def hook(rows: Rows, facts: dict[str, Any], code: str) -> Rows:
            if "login" in facts.values():
                return rows
            random.setstate(start)  # each walk of a list meets the same fault
            listed = self._listed(source, rows, (facts, code), random)
            changed = change(listed) if listed.own else None
            made.append(changed is not None and changed != rows)
            return rows if changed is None else changed

        with rows_through(hook):
            outcome = self._pull(source, year, moment, self.landing(first))
        self._settle(outcome, self.landing(first), keep=False)
        return outcome if any(made) else None

    def _listed(self, source: AnySource, rows: Rows, where: tuple[dict[str, Any], str], random: Random) -> Listed:
        facts, code = where
        place = str(sorted(facts.items()))
        fields = source.contract.fields
        closed = {key: list(one.values) for key, one in fields.items() if one.values and key in (rows or [{}])[0]}
        return Listed(
            rows=rows,
            code=code,
            numbers=[
                key
                for key, one in source.contract.number_fields.items()
                if rows and key in rows[0] and not one.name.startswith("cross_check_")
            ],
            random=random,
            last_year=self.lists.get((source.name, 2023, BEFORE), {}).get(place, []),
            older=self.lists.get((source.name, 2024, SUMMER), {}).get(place, []),
            several=bool(source.contract.key),
            closed=closed,
        )


@contextmanager
def world(seed: int, folder: Path) -> Iterator[World]:
    """A world with its clean pulls."""
    with figures_from(seed):
        made = World(seed, folder)
        made.prepare()
        yield made


def kinds_of(names: Sequence[str], random: Random) -> Iterator[tuple[str, bool]]:
    """Sources in a seeded order, each as a nightly pull and as the first one of its year."""
    order = [(name, first) for name in names for first in (False, True) if not (name == "portal_766" and first)]
    random.shuffle(order)
    yield from order
