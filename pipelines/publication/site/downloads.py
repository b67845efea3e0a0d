"""The tables of a release as files to download, and the page that lists them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from typing import Any

from pipelines.publication.site import moves, places
from pipelines.publication.site.pages import Site
from pipelines.publication.tables import (
    Table,
    arrow_schema,
    arrow_table,
    count_rows,
    csv_bytes,
    json_frame,
    json_lines,
    stream_table,
)

FOLDER = places.FILES
MOST_JSON = 20_000
"""Rows; nobody opens a longer file of objects, and CSV and Parquet hold all."""

TABLES = (
    *("rankings", "main_index_scores", "pillar_scores", "indicator_scores", "indicator_values", "indicator_figures"),
    *("claimed_points", "entered_scores"),
    *("figure_differences", "exceptions", "agencies", "rulesets", "main_indices", "pillars", "indicators", "grades"),
    *(
        "metric_values",
        "corrections",
        "indicator_inputs",
        "metrics",
        "pulls",
        "check_results",
        "frozen_years",
        "frozen_differences",
    ),
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
    "claimed_points": "Điểm tự chấm và địa chỉ tài liệu kiểm chứng; không tính vào kết quả.",
    "entered_scores": "Điểm do hội đồng quyết định, kèm văn bản và lý do.",
    "metric_values": "Số liệu nguồn của từng cơ quan, kèm lần lấy, sha256 của nguyên văn và vị trí trong đó.",
    "corrections": "Đính chính số liệu mà nguồn cho sai.",
    "figure_differences": "Số tự khai khác số của hệ thống quá mức cho phép.",
}


def write(site: Site) -> None:
    """CSV and Parquet of every table that the release has, JSON of those that are not long, and the page."""
    facts = {"release": site.release.number, "as_of": site.release.as_of, "sha256": site.release.sha256}
    listed: list[dict[str, Any]] = []
    resources: list[dict[str, Any]] = []
    for rows, batches in _tables(site):
        head = _write_table(site, batches, facts, with_json=rows <= MOST_JSON)
        files = [f"{FOLDER}/{head.name}.{suffix}" for suffix in ("csv", "parquet", "json")]
        sizes = [(file, (site.write.folder / file).stat().st_size) for file in files if file in site.write.hashes]
        meaning = _MEANINGS.get(head.name, head.meaning)
        listed.append({"name": head.name, "meaning": meaning, "rows": rows, "files": sizes})
        resources.append(_resource(head))
    papers = [(board, made) for board in site.boards if (made := site.papers.get(board.folder))]
    package = {"name": "dti", "profile": "tabular-data-package", **facts, "resources": resources}
    text = json.dumps(package, ensure_ascii=False, indent=1) + "\n"
    site.write.file(f"{FOLDER}/datapackage.json", text.encode())
    site.write.page(places.DOWNLOADS, "downloads.html", tables=listed, papers=papers)


def _tables(site: Site) -> Iterator[tuple[int, Iterator[Table]]]:
    """How many rows each table of the release has, and these in batches."""
    if site.overnight.before:
        yield site.overnight.parts, moves.tables(site.overnight)
    there = {row[0] for row in site.con.execute("select table_name from duckdb_tables()").fetchall()}
    for name in TABLES:
        if name in there:
            yield count_rows(site.con, name), stream_table(site.con, name)


def _write_table(site: Site, batches: Iterator[Table], facts: dict[str, Any], *, with_json: bool) -> Table:
    """The files of one table, a batch of rows at a time; returns its first batch."""
    import pyarrow.parquet as pq

    head = next(batches)
    path = f"{FOLDER}/{head.name}"
    with ExitStack() as open_files:
        text, binary = (open_files.enter_context(site.write.stream(f"{path}.{kind}")) for kind in ("csv", "parquet"))
        parquet = open_files.enter_context(pq.ParquetWriter(binary, arrow_schema(head, facts)))
        objects = open_files.enter_context(site.write.stream(f"{path}.json")) if with_json else None
        before, after = json_frame(head, facts)
        if objects:
            objects.write(before)
        for number, batch in enumerate(chain([head], batches)):
            text.write(csv_bytes(batch, bom=not number, head=not number))
            parquet.write_table(arrow_table(batch, facts))
            if objects:
                objects.write(json_lines(batch, first=not number))
        if objects:
            objects.write(after)
    return head


def _resource(table: Table) -> dict[str, Any]:
    fields = [{"name": one.name, "type": _TYPES[one.kind], "description": one.meaning} for one in table.columns]
    return {
        "name": table.name, "path": f"{table.name}.csv", "format": "csv", "encoding": "utf-8",
        "profile": "tabular-data-resource", "description": table.meaning,
        "schema": {"fields": fields, "missingValues": [""]},
    }  # fmt: skip
