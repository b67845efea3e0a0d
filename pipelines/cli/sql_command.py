"""`dti sql`: one query over a release, locked down, as a table, CSV or JSON."""

from __future__ import annotations

import csv
import sys
from typing import Annotated, Any

import typer

from pipelines.cli.answers import Answer, Screen, answers
from pipelines.cli.read import AsOf
from pipelines.settings import Deployment

_MOST = 1_000


@answers
def sql(
    deployment: Deployment,
    query: Annotated[str, typer.Argument(help="Một câu SELECT. One SELECT query.")],
    as_of: AsOf = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV thay vì bảng. CSV instead of a table.")] = False,
) -> Answer:
    """Hỏi kho số liệu bằng SQL, chỉ đọc. Ask the warehouse in SQL, read only."""
    from pipelines import warehouse
    from pipelines.analyst import run_query
    from pipelines.freshness import stale_warnings

    release = warehouse.find(deployment, as_of)
    columns, rows = run_query(release, query)
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    data = {"release": release.number, "columns": columns, "rows": found}

    def text(screen: Screen) -> None:
        if as_csv:
            _print_csv(columns, rows)
            return
        screen.table([(name, name) for name in columns], [list(row) for row in rows[:_MOST]])
        rest = len(rows) - _MOST
        if rest > 0:
            screen.line(f"… và {rest} dòng nữa: --csv hoặc --json", f"… and {rest} more rows: --csv or --json")

    return Answer(data, text, warnings=stale_warnings(deployment, release, None))


def _print_csv(columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    """Text cells that a spreadsheet would take for a formula are marked as text."""
    from connectors.sheets.outgoing import safe_text

    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe_text(cell) if isinstance(cell, str) else "" if cell is None else cell for cell in row])
