"""Text from elsewhere on one line of ours: a name with a line break must not forge a line, a header or a sentence."""

from __future__ import annotations

import json
import re
from typing import Any

MOST = 400
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufeff\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)


def one_line(text: str, most: int = MOST) -> str:
    """The text with every control character, line or paragraph separator and change of direction as a space, runs of
    white space as one, cut to `most` characters."""
    shown = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def visible(text: str) -> str:
    """The text with every character that moves a cursor, rings, colours or turns the direction written as its code
    (`\\u202e`), so that a terminal or a page shows it and does not obey it; lines, tabs and fixed spaces stay.

    What is JSON stays the same JSON.
    """
    return _OBEYED.sub(lambda found: json.dumps(found[0])[1:-1], text)


def all_visible(value: Any) -> Any:
    """`visible` for every text within lists and mappings."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {name: all_visible(one) for name, one in value.items()}
    return [all_visible(one) for one in value] if isinstance(value, list | tuple) else value
