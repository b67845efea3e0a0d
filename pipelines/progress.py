"""What a person sees while a command works: short lines on stderr. Silent unless a command asked for it."""

from __future__ import annotations

from collections.abc import Callable

from common.errors import Text

_listeners: list[Callable[[Text], None]] = []


def listen(listener: Callable[[Text], None]) -> None:
    """Call `listener` with every line from now on, in this process."""
    _listeners.append(listener)


def say(vi: str, en: str) -> None:
    """Tell whoever listens what is being done."""
    for listener in _listeners:
        listener(Text(vi, en))
