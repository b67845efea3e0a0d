"""Text from elsewhere on one line of ours: a name with a line break must not forge a line, a header or a sentence."""

from __future__ import annotations

MOST = 400


def one_line(text: str, most: int = MOST) -> str:
    """The text with every control character, line or paragraph separator and change of direction as a space, runs of
    white space as one, cut to `most` characters."""
    shown = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
