"""What the README shows is run: its query, and every command that it names."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from pipelines.cli.main import app
from pipelines.settings import CODE

README = (CODE / "README.md").read_text(encoding="utf-8")


def test_the_first_query_runs(published: Path, tmp_path: Path) -> None:
    query = re.search(r"<<'SQL'\n(.*?)\nSQL\n", README, re.DOTALL)
    assert query is not None
    (tmp_path / "data").mkdir()
    shutil.copyfile(published / "warehouse.duckdb", tmp_path / "data" / "warehouse.duckdb")
    done = subprocess.run(
        [sys.executable, "-c", query.group(1)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "UBND xã Đông Thái" in done.stdout
    assert "93.21" in done.stdout


COMMANDS = sorted(set(re.findall(r"`dti ([a-z]+)(?: ([a-z|]+))?", README + (CODE / "docs/operations.md").read_text())))


@pytest.mark.parametrize(("name", "more"), COMMANDS)
def test_every_command_that_the_documents_name_exists(name: str, more: str) -> None:
    known = get_command(app).commands  # type: ignore[attr-defined]  # a group
    assert name in known
    for one in filter(None, more.split("|")):
        below = getattr(known[name], "commands", None)  # without any, the word is an argument
        assert below is None or one in below, f"dti {name} {one}"
