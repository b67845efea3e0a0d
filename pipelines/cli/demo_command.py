"""`dti demo`: the sample deployment's years end to end, from the source systems to the warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from common.errors import Text
from pipelines.cli.answers import Answer, Screen, answers
from pipelines.cli.read import print_changes, print_ranking, ranking_data
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from pipelines.releases import Release
    from pipelines.warehouse import Ranking

_CYCLE_END = "2024-11-25"
_SNAPSHOTS = ("2025-10-11", "2025-10-16")
_RANKINGS = ((2024, "department"), (2024, "district"), (2025, "province"), (2025, "department"), (2025, "commune"))
_EXPLAINED = ("an-giang-cu-so-y-te", "6.7", 2024)
_CHECKS = """
select engine, count(*) as checks, count(*) filter (passed) as passed from check_results group by all order by all
"""


@answers
def demo(deployment: Deployment) -> Answer:
    """Chạy trọn quy trình trên triển khai mẫu. The whole way on the sample deployment."""
    from pipelines import releases, warehouse
    from pipelines.changes import between
    from pipelines.explanation import explain

    _run(deployment)
    before, after = (warehouse.find(deployment, day) for day in _SNAPSHOTS)
    found = [warehouse.ranking(after, year, group) for year, group in _RANKINGS]
    explained = explain(after, *_EXPLAINED)
    moved = [change for change in between(before, after) if change.agency_group == "province"]
    checks = warehouse.query(after, _CHECKS)
    data = {"rankings": [ranking_data(one) for one in found], "checks": checks, "release": after.number}

    def text(screen: Screen) -> None:
        _print_rankings(screen, found)
        _print_explanation(screen, explained)
        screen.title("Từ 11/10 đến 16/10/2025, vì sao thứ hạng tỉnh đổi", "Why provinces moved, 11 to 16 October 2025")
        print_changes(screen, moved)
        _print_checks(screen, checks)
        _print_status(screen, deployment)
        _print_next(screen, deployment, after)

    standing = releases.current(deployment)
    if standing and standing.number != after.number:
        note = Text(f"bản đang công bố là {standing.number}", f"the current release is {standing.number}")
        return Answer(data, text, warnings=[note])
    return Answer(data, text)


def _run(deployment: Deployment) -> None:
    """The years of the province's own systems as known at the end of their cycle, then the national portal's figures
    on two days."""
    from pipelines import refresh as run
    from pipelines.progress import say

    newest, *earlier = reversed(deployment.settings.years)
    if earlier:
        say(f"— các năm đến 2024, biết đến {_CYCLE_END} —", f"— the years until 2024, as known at {_CYCLE_END} —")
        run.refresh(deployment, sorted(earlier), as_of=_CYCLE_END, reason="dti demo")
    for day in _SNAPSHOTS:
        say(f"— những gì cổng công bố ngày {day} —", f"— what the portal published on {day} —")
        run.refresh(deployment, [newest], as_of=day, reason="dti demo")


def _print_rankings(screen: Screen, found: list[Ranking]) -> None:
    for one in found:
        print_ranking(screen, one, most=10)
        if one.year == _EXPLAINED[2]:
            screen.line("Số liệu mẫu, không của cơ quan nào có thật.", "Made-up figures, of no real agency.")


def _print_explanation(screen: Screen, explained: dict[str, Any]) -> None:
    from rulesets.scoring.explain import lines

    screen.title("Vì sao được điểm này", "Why this score")
    for line in lines(explained, screen.lang):
        screen.line(line)


def _print_checks(screen: Screen, checks: list[dict[str, Any]]) -> None:
    screen.title("Đã kiểm tra", "What was checked")
    heads = [("Công cụ", "Engine"), ("Kiểm tra", "Checks"), ("Đạt", "Passed")]
    screen.table(heads, [[row["engine"], row["checks"], row["passed"]] for row in checks], numeric=(1, 2))


def _print_status(screen: Screen, deployment: Deployment) -> None:
    from pipelines.status import gather_status
    from pipelines.status_screen import print_status

    print_status(screen, gather_status(deployment))


def _print_next(screen: Screen, deployment: Deployment, after: Release) -> None:
    screen.title("Kết quả ở đâu", "Where the results are")
    screen.line(f"{deployment.warehouse}  (bản {after.number})", f"{deployment.warehouse}  (release {after.number})")
    screen.line(
        f"{deployment.site}/index.html  (mở bằng trình duyệt)", f"{deployment.site}/index.html  (open it in a browser)"
    )
    screen.line(f"{deployment.releases}/<n>/release.json, {deployment.journal}")
    agency, indicator, year = _EXPLAINED
    screen.line(
        f"Tiếp theo: dti rank --year 2018 --group district; dti explain {agency} {indicator} --year {year}; make ui",
        f"Next: dti rank --year 2018 --group district; dti explain {agency} {indicator} --year {year}; make ui",
    )
