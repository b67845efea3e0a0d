"""Source systems on loopback in their real shapes, for the demo, tests and rehearsals: the national portal with its
published figures, the systems of a sample province with made-up ones."""

from connectors.simulator.server import serve

__all__ = ["serve"]
