"""`dti source check` for kind `files`: each step in order, the first that fails ends it and says what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from connectors import AgencyCode, Step, check_source
from connectors.checks import files as checks
from connectors.sheets.inbox import Patience
from tests.connectors.test_files_pull import NAME, NOW, TOTAL, book, hide, put, source
from tests.support.workbooks import ROWS

STEPS = ["folder", "files", "layout", "contract", "agencies"]


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Step]]:
    """The steps for an inbox with one file, or with none, or without a folder."""
    monkeypatch.setattr(checks, "Patience", lambda: Patience(quiet_seconds=0))
    agencies = [AgencyCode(f"id-{code}", "own", code, name, "department") for code, name, _, _ in ROWS]

    def run(content: bytes | None, folder: bool = True) -> list[Step]:
        inbox = tmp_path / "inbox"
        if folder:
            (inbox / "reports").mkdir(parents=True, exist_ok=True)
        if content is not None:
            (inbox / "reports" / NAME).write_bytes(content)
        return list(check_source(source(), 2025, agencies, NOW, inbox))

    return run


def test_a_sound_inbox_passes_every_step(checked: Callable[..., list[Step]], tmp_path: Path) -> None:
    content = book()
    found = checked(content)
    assert [(step.name, step.status) for step in found] == [(name, "ok") for name in STEPS]
    assert NAME in found[1].detail.en
    assert "3 rows" in found[2].detail.en
    assert "3 of 3" in found[-1].detail.en
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()] == [
        f"inbox/reports/{NAME}"
    ]


@pytest.mark.parametrize(
    ("content", "folder", "failing", "said"),
    [
        (None, False, "folder", "no folder inbox/reports"),
        (None, True, "files", "bao_cao_2025_*.xlsx"),
        (book(hide), True, "layout", "hidden"),
        (book(total=(*TOTAL[:2], 244, None)), True, "layout", "244"),
        (book(put("D3", 101)), True, "contract", "1 finding"),
        (book(put("A2", "A9")), True, "agencies", "2 of 3"),
    ],
)
def test_the_step_that_fails_says_what_to_do(
    content: bytes | None, folder: bool, failing: str, said: str, checked: Callable[..., list[Step]]
) -> None:
    found = checked(content, folder)
    failed = [step for step in found if step.status == "failed"]
    assert [step.name for step in failed] == [failing]
    assert said in failed[0].detail.en
    assert failed[0].hint.vi
    assert [step.name for step in found][: STEPS.index(failing) + 1] == STEPS[: STEPS.index(failing) + 1]
