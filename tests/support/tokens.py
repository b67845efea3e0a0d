"""Tokens for tests, and the parts of a source's YAML that ask for them with the probe's secret."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.support.probe import TOKEN_VARIABLE

SECRET = {"secret": TOKEN_VARIABLE}


def jwt(claims: dict[str, Any], algorithm: str = "HS256") -> str:
    """A JWT with a signature that nobody can check."""
    parts = [{"alg": algorithm, "typ": "JWT"}, claims]
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "c2ln"]
    )


def oauth(address: str, **more: Any) -> dict[str, Any]:
    """Client credentials, exchanged at `/token` of the same server."""
    kind = "oauth2_client_credentials"
    return {"type": kind, "access_token_url": f"{address}/token", "client_id": "dti", "client_secret": SECRET, **more}


def login(**more: Any) -> dict[str, Any]:
    """Basic at `/login`, which gives a JWT."""
    return {"type": "login", "path": "/login", "username": "dti", "password": SECRET, **more}
