"""`check_results`: every check of a build, whichever engine ran it, in one table that is published with the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass

import duckdb

from connectors import Pull
from pipelines.build import comment

COLUMNS = {
    "stage": "Bước của quy trình. Stage: landing, dbt, corrections, indicators, scores.",
    "subject": "Bảng hoặc nguồn được kiểm tra. The table or source that is watched.",
    "check_name": "Tên kiểm tra. Name of the check.",
    "engine": "Công cụ. contract, dbt, great_expectations or sql.",
    "passed": "Đạt hay không. Whether it passed.",
    "blocking": "Có chặn công bố không. Whether a failure stops publication.",
    "unexpected": "Số dòng không đạt. Rows that broke it.",
    "detail": "Chi tiết. The first of them, or what was observed.",
}


@dataclass(frozen=True)
class CheckResult:
    """One row of `check_results`."""

    stage: str
    subject: str
    check_name: str
    engine: str
    passed: bool
    blocking: bool = True
    unexpected: int = 0
    detail: str = ""


def pull_checks(pulls: Iterable[Pull]) -> Iterator[CheckResult]:
    """What the border found of the pulls in use: the accounting of rows, and the coverage of each group asked for.

    How much of a group may be missing is for the gates of the source; here it is told, and does not block.
    """
    for pull in pulls:
        counts, subject = pull.counts, f"{pull.source} {pull.assessment_year}"
        lost = counts["received"] - counts["accepted"] - counts["quarantined"] - counts["exact_duplicates"]
        told = ", ".join(f"{name} {count}" for name, count in counts.items())
        name = "received = accepted + quarantined + duplicates"
        yield CheckResult("landing", subject, name, "contract", lost == 0, unexpected=abs(lost), detail=told)
        for part in pull.coverage:
            name = f"coverage {part['request']} {part['period']} {part['group']}"
            missing, told = part["expected"] - part["found"], f"{part['found']} / {part['expected']}"
            yield CheckResult("landing", subject, name, "contract", missing == 0, False, missing, told)


def write_check_results(con: duckdb.DuckDBPyConnection, stage: str, results: Iterable[CheckResult]) -> None:
    """Replace the results of a stage: running a step again does not double them."""
    con.execute(
        "create table if not exists check_results (stage varchar, subject varchar, check_name varchar, "
        "engine varchar, passed boolean, blocking boolean, unexpected integer, detail varchar)"
    )
    comment(con, "check_results", "Mọi kiểm tra của bản này. One row per check of this build.", COLUMNS)
    con.execute("delete from check_results where stage = ?", [stage])
    rows = [list(astuple(result)) for result in results]
    if rows:
        con.executemany("insert into check_results values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
