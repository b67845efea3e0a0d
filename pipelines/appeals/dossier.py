"""The dossier of an appeal: all that the council needs to decide, assembled in one folder that is there whole or not.

`explanation.md` and `.json`, `pulls.json` (every pull behind the figures with its hashes), `evidence.csv` (what the
agency claimed and where its evidence is), `effect.json` (what granting would move), `letter.md` and `letter.docx` (a
draft of the answer), and `dossier.json` last, with the sha256 of every other file.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from common.durable import fsync_file, fsync_folder, sha256_file, write_json
from common.one_line import visible
from connectors import Landing
from connectors.sheets.outgoing import safe_text
from pipelines.appeals.ledger import Appeal, folder_of
from pipelines.publication.card import card_data, markdown
from pipelines.publication.wording import BLANK, dated, day, figure
from pipelines.releases import Release
from pipelines.settings import Deployment
from pipelines.sql import fill
from pipelines.warehouse import query

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.whatif.answer import WhatIf

MANIFEST = "dossier.json"
_CLAIMS = """
select points_claimed, evidence, source, pull_id, body_sha256, pointer from claimed_points
where ruleset_id = {ruleset} and agency_id = {agency} and assessment_year = {year} and period = {period}
    and indicator_code = {indicator}
order by all
"""


def write_dossier(
    deployment: Deployment, release: Release, appeal: Appeal, found: dict[str, Any], effect: WhatIf | None
) -> str:
    """Assemble the folder under a hidden name, flush it, rename it; returns the sha256 of its manifest."""
    final = folder_of(deployment, appeal.appeal_id)
    work = final.with_name(f".{appeal.appeal_id}.building")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for name, content in _contents(deployment, release, appeal, found, effect).items():
        (work / name).write_bytes(content)
    files = {path.name: sha256_file(path) for path in sorted(work.iterdir())}
    facts = {"appeal": asdict(appeal), "release": release.number, "as_of": release.as_of, "files": files}
    for path in work.iterdir():
        fsync_file(path)
    write_json(work / MANIFEST, facts)
    digest = sha256_file(work / MANIFEST)
    fsync_folder(work)
    work.rename(final)
    fsync_folder(final.parent)
    fsync_folder(deployment.root)
    return digest


def altered(deployment: Deployment, appeal: Appeal) -> str:
    """The first file of a dossier that is not as it was assembled, or nothing."""
    folder = folder_of(deployment, appeal.appeal_id)
    manifest = folder / MANIFEST
    if not manifest.is_file() or sha256_file(manifest) != appeal.dossier:
        return MANIFEST
    files: Mapping[str, str] = json.loads(manifest.read_text(encoding="utf-8"))["files"]
    return next((name for name, digest in files.items() if not _is(folder / name, digest)), "")


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and sha256_file(path) == digest


def _contents(
    deployment: Deployment, release: Release, appeal: Appeal, found: dict[str, Any], effect: WhatIf | None
) -> dict[str, bytes]:
    from pipelines.publication.docx import docx

    claims = _claims(release, appeal)
    letter = letter_data(deployment, appeal, found, effect)
    moment = datetime.fromisoformat(release.as_of)
    return {
        "explanation.md": markdown(card_data(found)).encode(),
        "explanation.json": _json({**found, "trace": json.loads(found["trace"])}),
        "pulls.json": _json(_pulls(deployment, found, claims)),
        "evidence.csv": _csv(claims),
        "effect.json": _json(_effect(effect)),
        "letter.md": _letter_markdown(letter).encode(),
        "letter.docx": docx(deployment, "appeal_letter.docx", letter, moment),
    }


def _json(value: Any) -> bytes:
    from pipelines.cli.answers import plain

    return (visible(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=plain)) + "\n").encode()


def _claims(release: Release, appeal: Appeal) -> list[dict[str, Any]]:
    if "claimed_points" not in release.rows:
        return []
    key: dict[str, str | int | None] = {
        "ruleset": appeal.ruleset_id,
        "agency": appeal.agency_id,
        "year": appeal.year,
        "period": appeal.period,
    }
    return query(release, fill(_CLAIMS, indicator=appeal.indicator, **key))


def _pulls(deployment: Deployment, found: dict[str, Any], claims: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every pull behind the figures and claims, with the hash of its rows and of the very answers that were read."""
    rows = [*found["figures"], *claims]
    bodies: dict[str, set[str]] = {}
    for row in rows:
        if row["pull_id"]:
            bodies.setdefault(row["pull_id"], set()).update([row["body_sha256"]] if row["body_sha256"] else [])
    known = {pull.pull_id: pull for pull in Landing(deployment.landing).pulls()}
    return [
        {
            "pull_id": name,
            "source": known[name].source,
            "pulled_at": known[name].pulled_at.isoformat(),
            "content_sha256": known[name].content_hash,
            "body_sha256": sorted(bodies[name]),
        }
        for name in sorted(bodies)
        if name in known
    ]


def _csv(claims: list[dict[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["points_claimed", "evidence", "source", "pull_id", "body_sha256", "pointer"])
    writer.writerows([[safe_text(cell) if isinstance(cell, str) else cell for cell in row.values()] for row in claims])
    return out.getvalue().encode("utf-8-sig")


def _effect(effect: WhatIf | None) -> dict[str, Any]:
    if effect is None:
        return {"asked": False, "changes": []}
    return {"asked": True, "hypothetical": True, "changes": [asdict(change) for change in effect.changes]}


def letter_data(deployment: Deployment, appeal: Appeal, found: dict[str, Any], effect: WhatIf | None) -> dict[str, Any]:
    """What the draft of the answer says: text alone, so that a template needs to know nothing."""
    received = date.fromisoformat(appeal.received)
    deadline = day(date.fromisoformat(appeal.deadline))
    moved = [
        f"{change.name_vi}: {figure(change.total_before)} → {figure(change.total_after)} điểm, "
        f"hạng {change.rank_before or '–'} → {change.rank_after or '–'}"
        for change in (effect.changes if effect else [])
    ]
    return {
        "body": deployment.settings.title.vi,
        "number": f"Số: {BLANK}",
        "dated": dated(None, received.year),
        "appeal_id": appeal.appeal_id,
        "agency": appeal.agency_name,
        "author": appeal.author,
        "document": appeal.document,
        "received": day(received),
        "late": f"Văn bản đến sau hạn kiến nghị ({deadline})." if appeal.late else f"Hạn kiến nghị: {deadline}.",
        "indicator": f"{appeal.indicator}. {found['indicator_name']}",
        "decision": f"{found['decision']} ({found['reference']})",
        "points": f"{figure(found['points'])} / {figure(found['max_points'])}",
        "text": appeal.text,
        "asked": appeal.asked.words.vi,
        "effect": moved or ["Không cơ quan nào đổi điểm hoặc thứ hạng." if effect else "Chưa nêu giá trị đề nghị."],
    }


def _letter_markdown(letter: Mapping[str, Any]) -> str:
    """The letter as plain Markdown, for who has no word processor at hand."""
    from jinja2 import Environment, StrictUndefined

    from pipelines.publication.card import escaped
    from pipelines.publication.pdf import TEMPLATES

    source = (TEMPLATES / "appeal_letter.md").read_text(encoding="utf-8")
    clean = {k: [escaped(one) for one in v] if isinstance(v, list) else escaped(v) for k, v in letter.items()}
    environment = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701  Markdown, escaped above
    return environment.from_string(source).render(clean)
