"""An analyst's loop: open the warehouse, read two tables that must fit together, close; until stopped."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import duckdb

QUERY = """
select max(r.release), bool_and(t.points = k.total), count(*)
from rankings as k
inner join (
    select ruleset_id, agency_id, period, sum(points) as points from indicator_scores group by all
) as t using (ruleset_id, agency_id, period)
cross join (select max(release) as release from releases) as r
"""


def main(warehouse: str, report: str) -> None:
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    reads, errors = 0, 0
    seen: list[int] = []
    while not stopped:
        try:
            with duckdb.connect(warehouse, read_only=True) as con:
                release, fits, rows = con.execute(QUERY).fetchall()[0]
            if not fits or rows != 185:
                errors += 1
            if release not in seen:
                seen.append(release)
            reads += 1
            time.sleep(0.02)  # leaves the processor to the refreshes that it watches
        except duckdb.Error as error:
            errors += 1
            print(error, file=sys.stderr)
    Path(report).write_text(f"{reads};{errors};{','.join(map(str, seen))}")


if __name__ == "__main__":
    main(*sys.argv[1:])
