"""The tables of a release as files to download, and the page that lists them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipelines.publication.appendix import workbook
from pipelines.publication.site import places
from pipelines.publication.site.pages import Site
from pipelines.publication.site.reading import Board
from pipelines.publication.tables import Table, arrow_table, csv_bytes, json_bytes, stream_table
from pipelines.warehouse import ranking

FOLDER = "downloads"
ANNEX_ROWS = 20_000

TABLES = (
    *("rankings", "main_index_scores", "pillar_scores", "indicator_scores", "indicator_values", "indicator_figures"),
    *(
        "metric_values",
        "corrections",
        "figure_differences",
        "exceptions",
        "agencies",
        "rulesets",
        "main_indices",
        "pillars",
        "indicators",
        "grades",
    ),
    *("indicator_inputs", "metrics", "pulls", "check_results", "frozen_years", "frozen_differences"),
)
_TYPES = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
}
_MEANINGS = {
    "rankings": "Tổng điểm, thứ hạng, xếp loại của mỗi cơ quan, năm và kỳ.",
    "main_index_scores": "Điểm theo chỉ số chính.",
    "pillar_scores": "Điểm theo trụ cột.",
    "indicator_scores": "Điểm theo chỉ số thành phần, kèm dấu vết tính lại được.",
    "indicator_values": "Giá trị của chỉ số thành phần trước khi áp quy tắc.",
    "indicator_figures": "Số liệu tự khai, hệ thống, thẩm định cạnh nhau; scored là số được tính.",
    "metric_values": "Từng số liệu, với lần lấy, mã băm SHA-256 và vị trí trong nội dung nguồn gửi.",
    "corrections": "Đính chính số liệu mà nguồn cho sai.",
    "figure_differences": "Số tự khai khác số của hệ thống quá mức cho phép.",
}


def write(site: Site) -> None:
    """CSV and Parquet of every table that the release has, JSON of those that are not long, and the page."""
    facts = {"release": site.release.number, "as_of": site.release.as_of, "sha256": site.release.sha256}
    listed: list[dict[str, Any]] = []
    resources: list[dict[str, Any]] = []
    for name in TABLES:
        with suppress(LookupError):
            head, rows = _write_table(site, name, facts)
            files = [f"{name}.{suffix}" for suffix in ("csv", "parquet", "json")]
            sizes = [
                (file, _size(site.write.folder / FOLDER / file))
                for file in files
                if f"{FOLDER}/{file}" in site.write.hashes
            ]
            listed.append({"name": name, "meaning": _MEANINGS.get(name, head.meaning), "rows": rows, "files": sizes})
            resources.append(_resource(head))
    package = {"name": "dti", "profile": "tabular-data-package", **facts, "resources": resources}
    text = json.dumps(package, ensure_ascii=False, indent=1) + "\n"
    site.write.file(f"{FOLDER}/datapackage.json", text.encode())
    site.write.page(places.DOWNLOADS, "downloads.html", tables=listed, annexes=list(_annexes(site)))


def _write_table(site: Site, name: str, facts: dict[str, Any]) -> tuple[Table, int]:
    """The files of one table, a batch of rows at a time; returns its first batch and how many rows there are."""
    import pyarrow.parquet as pq

    batches = stream_table(site.con.cursor(), name)
    head = next(batches)
    rows = len(head.rows)
    first = arrow_table(head, facts)
    path = f"{FOLDER}/{name}"
    with (
        site.write.stream(f"{path}.csv") as text,
        site.write.stream(f"{path}.parquet") as binary,
        pq.ParquetWriter(binary, first.schema) as parquet,
    ):
        text.write(csv_bytes(head))
        parquet.write_table(first)
        for batch in batches:
            text.write(csv_bytes(batch, bom=False, head=False))
            parquet.write_table(arrow_table(batch, facts))
            rows += len(batch.rows)
    if rows == len(head.rows):
        site.write.file(f"{path}.json", json_bytes(head, facts))
    return head, rows


def _annexes(site: Site) -> Iterator[tuple[Board, str, str]]:
    """Each ranking as a workbook in the layout of the decision's annex: its file and size.

    A group too large for one has none, nor has a release that is older than what the annex shows.
    """
    there = {row[0] for row in site.con.cursor().execute("select table_name from duckdb_tables()").fetchall()}
    for board in site.boards:
        if board.assessed > ANNEX_ROWS or not {"claimed_points", "entered_scores"} <= there:
            continue
        found = ranking(site.release, board.year, board.group, board.period)
        if found.ruleset_id == board.ruleset_id:
            name = f"{board.folder.replace('/', '-')}.xlsx"
            site.write.file(f"{FOLDER}/{name}", workbook(found))
            yield board, name, _size(site.write.folder / FOLDER / name)


def _resource(table: Table) -> dict[str, Any]:
    fields = [{"name": one.name, "type": _TYPES[one.kind], "description": one.meaning} for one in table.columns]
    return {
        "name": table.name, "path": f"{table.name}.csv", "format": "csv", "encoding": "utf-8",
        "profile": "tabular-data-resource", "description": table.meaning,
        "schema": {"fields": fields, "missingValues": [""]},
    }  # fmt: skip


def _size(file: Path) -> str:
    return f"{max(1, round(file.stat().st_size / 1024))} kB"
