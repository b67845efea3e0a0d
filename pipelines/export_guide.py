"""What an export says about itself: `README.md` for people, `datapackage.json` (Frictionless) for programs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.publication.tables import Table

PACKAGE = "datapackage.json"

# What names a row, where one combination of columns does.
KEYS = {
    "rankings": ["ruleset_id", "agency_id", "assessment_year", "period"],
    "main_index_scores": ["ruleset_id", "agency_id", "assessment_year", "period", "main_index_code"],
    "pillar_scores": ["ruleset_id", "agency_id", "assessment_year", "period", "pillar_code"],
    "indicator_scores": ["ruleset_id", "agency_id", "assessment_year", "period", "indicator_code"],
    "indicator_values": ["ruleset_id", "agency_id", "assessment_year", "period", "indicator_code"],
    "metric_values": ["agency_id", "assessment_year", "period", "metric", "stage"],
    "pulls": ["source", "assessment_year"],
    "rulesets": ["ruleset_id"],
    "main_indices": ["ruleset_id", "main_index_code"],
    "pillars": ["ruleset_id", "pillar_code"],
    "indicators": ["ruleset_id", "indicator_code"],
    "metrics": ["metric"],
}
_MEDIA = {
    "csv": "text/csv",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_NOTES = {
    "csv": "CSV (RFC 4180), UTF-8. Một ô chữ mà bảng tính sẽ coi là công thức có dấu ' ở trước: bỏ dấu đó khi đọc bằng "
    "chương trình. A text that a spreadsheet would take for a formula begins with an apostrophe.",
    "json": "Số thập phân là chữ số trong ngoặc kép để không bị làm tròn. Decimals are text, so that none is rounded.",
    "parquet": "Kiểu của cột như trong kho. Types as in the warehouse.",
    "xlsx": "Mỗi bảng một trang tính. One sheet per table.",
}


def about(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The facts about an export, as lines of a name and a text."""
    stale = "; ".join(text["vi"] for text in facts["stale_sources"])
    return [
        ("Năm đánh giá / year", str(facts["assessment_year"])),
        ("Nhóm / group", str(facts["agency_group"] or "tất cả / all")),
        ("Bản phát hành / release", f"{facts['release']} ({facts['status']})"),
        ("Số liệu biết đến / as known at", str(facts["known_at"])),
        ("Nguồn cũ / stale sources", stale or "không / none"),
    ]


def readme(tables: Sequence[Table], facts: Mapping[str, Any], form: str) -> str:
    """The export in words: where it is from, how to read it, and every table and column."""
    lines = [f"# DTI {facts['assessment_year']}", ""]
    lines += [f"- {name}: {text}" for name, text in about(facts)]
    lines += [
        "",
        _NOTES[form],
        "",
        "Một số liệu không bao giờ đi tách khỏi kỳ (`period`) của nó. Join by `ruleset_id`,",
    ]
    lines += ["`agency_id`, `assessment_year` and `period`; codes are text: 6.10 is not 6.1.", ""]
    for table in tables:
        lines += [
            f"## {table.name}",
            "",
            f"{table.meaning} ({len(table.rows)})",
            "",
            "| cột / column | | |",
            "|---|---|---|",
        ]
        lines += [f"| `{one.name}` | {one.kind} | {_cell(one.meaning)} |" for one in table.columns]
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def package(
    tables: Sequence[Table], facts: Mapping[str, Any], files: Mapping[str, bytes], *, bom: bool
) -> dict[str, Any]:
    """The Frictionless Data Package of an export."""
    group = f"-{facts['agency_group']}" if facts["agency_group"] else ""
    return {
        "profile": "data-package",
        "name": f"dti-{facts['assessment_year']}{group}-release-{facts['release']}",
        "title": f"DTI {facts['assessment_year']}",
        "version": str(facts["release"]),
        "resources": [_resource(table, files, bom) for table in tables],
        **{name: fact for name, fact in facts.items() if fact is not None},
    }


def _resource(table: Table, files: Mapping[str, bytes], bom: bool) -> dict[str, Any]:
    path = next((name for name in files if name.partition(".")[0] == table.name), next(iter(files)))
    form, body = path.rpartition(".")[2], files[path]
    fields = [{"name": one.name, "type": one.kind, "description": one.meaning} for one in table.columns]
    for one in fields:
        if one["type"] == "datetime":
            one["format"] = "any"
    return {
        "name": table.name,
        "description": table.meaning,
        "path": path,
        "format": form,
        "mediatype": _MEDIA[form],
        "bytes": len(body),
        "hash": f"sha256:{hashlib.sha256(body).hexdigest()}",
        "schema": {"fields": fields, **({"primaryKey": KEYS[table.name]} if table.name in KEYS else {})},
        **({"encoding": "utf-8-sig" if bom else "utf-8"} if form == "csv" else {}),
        **({"dialect": {"excel": {"sheet": table.name[:31]}}} if form == "xlsx" else {}),
        **({"dialect": {"json": {"property": "rows", "keyed": True}}} if form == "json" else {}),
    }
