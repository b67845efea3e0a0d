"""Reading a workbook from the outside: refused at once by its directory, then read in a bounded process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from common.errors import SourceError
from connectors.findings import Place, source_error
from connectors.sheets.container import open_container
from connectors.sheets.grid import Grid, Refusal, SheetLimits
from connectors.texts import personal

_LONGEST_TITLE = 31
_CODE = Path(__file__).resolve().parents[2]
_KILLED = {-signal.SIGXCPU: "cpu_seconds", -signal.SIGKILL: "cpu_seconds", -signal.SIGSEGV: "memory_bytes"}


def read_workbook(content: bytes, sheet: str | None, place: Place, limits: SheetLimits | None = None) -> Grid:
    """The cells of one sheet (the first visible one without a name).

    Raises `SourceError`: `UnsafeFile`, `DtdRefused`, `LimitExceeded`, `SheetMissing`. The file is never changed.
    """
    bounds = limits or SheetLimits()
    try:
        open_container(content, bounds)
        answer = _ask_child(content, sheet, bounds)
        if "refused" in answer:
            raise Refusal(answer["refused"], **answer["facts"])
    except Refusal as refusal:
        raise refused(refusal, place) from None
    grid = Grid.from_json(answer["grid"])
    grid.title = grid.title if grid.title == sheet else title_for_people(grid.title)
    grid.hidden_sheets = [title_for_people(title) for title in grid.hidden_sheets]
    return grid


def title_for_people(title: str) -> str:
    """A sheet's title stands in every address: not one that is a person's name, or holds control characters."""
    plain = title.isprintable() and len(title) <= _LONGEST_TITLE and not personal(title)
    return title if plain else f"({len(title)} characters)"


def refused(refusal: Refusal, place: Place) -> SourceError:
    """The error for people."""
    return source_error(refusal.code, place, **refusal.facts)


def _ask_child(content: bytes, sheet: str | None, limits: SheetLimits) -> dict[str, Any]:
    request = json.dumps({"sheet": sheet, "limits": asdict(limits)})
    try:
        done = subprocess.run(  # noqa: S603 - our own module, the file comes on standard input
            [sys.executable, "-m", "connectors.sheets.child", request],
            input=content,
            capture_output=True,
            timeout=limits.seconds,
            env={"PYTHONPATH": str(_CODE), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Refusal("LimitExceeded", limit="seconds", value=limits.seconds) from None
    if done.returncode in _KILLED:
        limit = _KILLED[done.returncode]
        raise Refusal("LimitExceeded", limit=limit, value=getattr(limits, limit))
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise Refusal("UnsafeFile", detail=f"the reading process ended with {done.returncode}") from None
    return answer
