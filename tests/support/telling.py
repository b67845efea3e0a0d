"""Deployments in trouble, as tests of notices need them: by lines in the journal, without a refresh."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from pipelines import journal
from pipelines.settings import Deployment, now

SOURCE, YEAR = "portal_766", 2025


def configure(deployment: Deployment, *channels: dict[str, Any], **settings: Any) -> Deployment:
    """The deployment with these channels (JSON is YAML), read anew."""
    path = deployment.root / "dti.yaml"
    kept = path.read_text(encoding="utf-8").split("\nalerts:")[0].rstrip()
    alerts = {"channels": list(channels), **settings}
    path.write_text(f"{kept}\nalerts: {json.dumps(alerts)}\n", encoding="utf-8")
    return Deployment(deployment.root)


def add_settings(deployment: Deployment, text: str) -> Deployment:
    """The deployment with further lines in `dti.yaml`."""
    path = deployment.root / "dti.yaml"
    path.write_text(f"{path.read_text(encoding='utf-8').rstrip()}\n{text}\n", encoding="utf-8")
    return Deployment(deployment.root)


def pulled(deployment: Deployment, status: str, message: str = "máy chủ không trả lời", code: str = "Timeout") -> None:
    """A run in which the portal's pull came to this."""
    journal.record(deployment.journal, "refresh", reason="tests", as_of="", rebuild=False)
    reason = {
        "code": code,
        "message": message,
        "message_en": f"en: {message}",
        "hint": "thử lại",
        "hint_en": "try again",
        "where": f"{SOURCE} scores",
    }
    reasons = [reason] if status in {"failed", "held"} else []
    journal.record(
        deployment.journal, "pull", source=SOURCE, year=YEAR, status=status, pull_id="", counts={}, reasons=reasons
    )
    journal.record(deployment.journal, "nothing-new", release=2)
    journal.record(deployment.journal, "refresh-end")


def age(deployment: Deployment, days: int) -> None:
    """Everything in the journal was so many days ago."""
    lines = []
    for entry in journal.read(deployment.journal):
        lines.append(json.dumps({**entry, "at": (now() - timedelta(days=days)).isoformat()}, ensure_ascii=False))
    deployment.journal.write_text("\n".join(lines) + "\n", encoding="utf-8")
