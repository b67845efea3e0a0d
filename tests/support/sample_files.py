"""The files of the sample province as tests use them, and what a pull made of their rows."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from connectors import AgencyCode, PullOutcome
from connectors.sheets.self_assessment import Form
from connectors.simulator.inbox import write_inbox
from connectors.simulator.truth import SampleAgency, sample_agencies
from connectors.tables import read_table
from pipelines.forms import form_of
from rulesets.load import SHIPPED, load_ruleset
from rulesets.metrics import load_metrics
from tests.support.sample import ROOT, VIETNAM, register

AS_OF = datetime(2024, 11, 25, 7, tzinfo=VIETNAM)
INBOX = ROOT / "data" / "inbox"


def of_code(code: str) -> SampleAgency:
    """The sample agency with a code of scheme `mau`."""
    return next(one for one in sample_agencies() if one.codes["mau"] == code)


def only(*codes: str) -> list[AgencyCode]:
    """The register with no other agencies than those of these codes."""
    ids = {of_code(code).agency_id for code in codes}
    return [one for one in register() if one.agency_id in ids]


def copy_inbox(root: Path, folder: str, *names: str) -> Path:
    """A folder of the shipped inbox below `root`, or some of its files."""
    into = root / "inbox" / folder
    into.mkdir(parents=True)
    for path in sorted((INBOX / folder).iterdir()):
        if not names or path.name in names:
            shutil.copy(path, into)
    return into


def landed(outcome: PullOutcome) -> list[dict[str, Any]]:
    """The accepted rows."""
    assert outcome.pull, [one.message.en for one in outcome.findings]
    rows: list[dict[str, Any]] = read_table(outcome.pull.table).to_pylist()
    return rows


def aside(outcome: PullOutcome) -> list[dict[str, Any]]:
    """The rows of the quarantine, one per reason."""
    assert outcome.pull
    rows: list[dict[str, Any]] = read_table(outcome.pull.quarantine).to_pylist()
    return rows


@cache
def forms() -> dict[str, Form]:
    """The self-assessment forms of the decision that assesses 2024, by group."""
    catalogue = load_metrics()
    return {
        group: form_of(load_ruleset(SHIPPED / "an_giang" / "1407-2024" / f"{group}.yaml"), catalogue)
        for group in ("department", "district")
    }


def parts(path: Path) -> dict[str, bytes]:
    """What holds the cells: of a workbook its sheets, texts and styles, of any other file the file."""
    if path.suffix != ".xlsx":
        return {"": path.read_bytes()}
    with zipfile.ZipFile(path) as book:
        return {name: book.read(name) for name in book.namelist() if not name.startswith("docProps/")}


def write_anew() -> None:
    """Ship what the simulator writes now; files with the same parts stay as they are."""
    with tempfile.TemporaryDirectory() as folder:
        for path in write_inbox(Path(folder), 2024, forms()):
            there = INBOX / path.relative_to(folder)
            if not there.exists() or parts(there) != parts(path):
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, there)
                print(there.relative_to(ROOT))


if __name__ == "__main__":
    write_anew()
