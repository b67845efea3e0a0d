"""Releases whose names attack the pages that show them."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import duckdb

from pipelines import releases
from pipelines.releases import Release
from pipelines.settings import Deployment

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "{% raw %}",
    '=HYPERLINK("http://attacker.test","bấm")',
    "\u202eoãrt ỞS\u202c",
    "&lt;b&gt; & </bdi></a></table><h1>",
    "javascript:alert(1)//",
    "W" * 300,
]

TERMINAL = ["\x1b]0;x\x07\x1b[2J\x1b[31mđỏ", "\u202egnôc ỞS", "\u2067phải\u200f", "a\x9b2Jb", "dòng\u2028khác"]
"""Names that a terminal would obey: a title, a cleared screen, colours, the direction of writing, another line."""


def hostile_release(deployment: Deployment, folder: Path, *, harmless: bool = False) -> Release:
    """A copy of the current release in which the first provinces have such names, and a row of a person was set aside.

    With `harmless` the names are plain, of the same sort order.
    """
    release = releases.current(deployment)
    assert release is not None
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(release.folder, folder / "release")
    _spoil(folder / "release" / releases.FILE, HOSTILE, harmless)
    return dataclasses.replace(release, folder=folder / "release")


def hostile_deployment(deployment: Deployment, *names: str) -> Deployment:
    """The deployment, with such names in its current release: `HOSTILE` ones and `names`, first come first ranked."""
    release = releases.current(deployment)
    assert release is not None
    release.file.chmod(0o644)
    _spoil(release.file, [*names, *HOSTILE], harmless=False)
    return deployment


def _spoil(file: Path, names: list[str], harmless: bool) -> None:
    with duckdb.connect(str(file)) as con:
        ids = con.execute(
            "select agency_id from rankings where agency_group = 'province' and period = '2025' "
            "order by total desc, agency_id"
        ).fetchall()
        for number, ((agency_id,), name) in enumerate(zip(ids, names, strict=False)):
            shown = f"Tên {number}" if harmless else name
            con.execute("update agencies set name_vi = ? where agency_id = ?", [shown, agency_id])
        for column in ("name_vi", "why", "reference"):
            con.execute(f"update indicators set {column} = ?", ["tên" if harmless else HOSTILE[1]])
        con.execute("update metrics set meaning_vi = ?", ["tên" if harmless else HOSTILE[0]])
        con.execute("update metric_values set pointer = ?", ["/1" if harmless else HOSTILE[1]])
        con.execute(
            "insert into quarantine by name select 'portal_766' as source, 2025 as assessment_year, 'p' as pull_id, "
            "'/1' as pointer, 'Nguyễn Thị Bí Mật' as agency_name, 'points' as field, 'not_a_number' as reason"
        )
