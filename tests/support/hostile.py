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


def hostile_release(deployment: Deployment, folder: Path, *, harmless: bool = False) -> Release:
    """A copy of the current release in which the first provinces have such names, and a row of a person was set aside.

    With `harmless` the names are plain, of the same sort order.
    """
    release = releases.current(deployment)
    assert release is not None
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(release.folder, folder / "release")
    with duckdb.connect(str(folder / "release" / releases.FILE)) as con:
        ids = con.execute(
            "select agency_id from rankings where agency_group = 'province' and period = '2025' "
            "order by total desc, agency_id"
        ).fetchall()
        for number, ((agency_id,), name) in enumerate(zip(ids, HOSTILE, strict=False)):
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
    return dataclasses.replace(release, folder=folder / "release")
