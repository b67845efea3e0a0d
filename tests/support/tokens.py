"""Tokens for tests."""

from __future__ import annotations

import base64
import json
from typing import Any


def jwt(claims: dict[str, Any], algorithm: str = "HS256") -> str:
    """A JWT with a signature that nobody can check."""
    parts = [{"alg": algorithm, "typ": "JWT"}, claims]
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "c2ln"]
    )
