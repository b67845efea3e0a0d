"""The simulated systems, one module each; a source names one as `base_url: simulator:NAME`."""

from __future__ import annotations

from collections.abc import Callable

from connectors.simulator.exchange import System
from connectors.simulator.systems.portal_766 import Portal

SYSTEMS: dict[str, Callable[[], System]] = {system.name: system for system in (Portal,)}
