"""The simulated systems, one module each; a source names one as `base_url: simulator:NAME`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connectors.simulator.exchange import System
from connectors.simulator.systems.e_document import EDocument
from connectors.simulator.systems.feedback import Feedback
from connectors.simulator.systems.identity import Identity
from connectors.simulator.systems.open_data import OpenData
from connectors.simulator.systems.portal_766 import Portal
from connectors.simulator.systems.public_services import PublicServices
from connectors.simulator.systems.soc import Soc

SYSTEMS: dict[str, Callable[[], System]] = {
    system.name: system for system in (Portal, PublicServices, EDocument, Feedback, Identity, OpenData, Soc)
}


def sample_secrets(system: str) -> Mapping[str, str]:
    """The credentials that a system takes, by the names under which sources refer to them: published here for all to
    see, so that the sample runs without a secrets file. Only simulated sources are given them."""
    return getattr(SYSTEMS.get(system), "secrets", {})
