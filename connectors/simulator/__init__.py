"""Source systems on loopback, with real published figures in their real shapes: for the demo, tests and rehearsals."""

from connectors.simulator.server import serve

__all__ = ["serve"]
