"""What a simulated system answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """One response; `seconds` is the latency of the real system, shortened."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def json_answer(document: Any, status: int = 200, **more: Any) -> Answer:
    """A JSON body as these systems send it."""
    return Answer(status, json.dumps(document, ensure_ascii=False).encode(), **more)


NOT_FOUND = Answer(404, b"", "text/plain")
UNAUTHORIZED = Answer(401, b'{"title": "Unauthorized"}')
