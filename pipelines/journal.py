"""The journal: one line for every attempt, also a failed one. With the manifests it is the record; Dagster is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common.durable import append_line
from pipelines.settings import now


def record(journal: Path, event: str, **facts: Any) -> None:
    """Append one event with the present time."""
    append_line(journal, {"at": now().isoformat(), "event": event, **facts})


def own(entry: dict[str, Any]) -> bool:
    """Whether an entry is of this very folder, and not brought in from another worker (`pipelines.sharing`)."""
    return "worker" not in entry


def read(journal: Path, event: str | None = None) -> Iterator[dict[str, Any]]:
    """All events, oldest first. A line torn by a crash is passed over: its attempt left no other trace."""
    if not journal.exists():
        return
    with journal.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if event is None or entry.get("event") == event:
                yield entry
