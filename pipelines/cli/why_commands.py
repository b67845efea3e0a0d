"""Commands about what would be: they read, score in memory, and write nothing."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.answers import Answer, Screen, answers, number
from pipelines.cli.read import AsOf, Period, Year, newest_year, print_changes
from pipelines.settings import Deployment

if TYPE_CHECKING:
    from pipelines.changes import Change
    from pipelines.whatif.answer import WhatIf

_SHOWN = Decimal("0.0001")

Revision = Annotated[
    int | None, typer.Option("--revision", help="Lần chốt của năm đã chốt. A revision of a frozen year.")
]


@answers
def whatif(  # noqa: PLR0917  typer passes options by name
    deployment: Deployment,
    set_: Annotated[
        list[str], typer.Option("--set", help="Giá trị giả định, ví dụ so-y-te:6.7=11000/12928. An assumed figure.")
    ] = [],  # noqa: B006  typer copies it
    points: Annotated[
        list[str], typer.Option("--points", help="Điểm nhập giả định, AGENCY:CODE=POINTS. Assumed points.")
    ] = [],  # noqa: B006
    exempt: Annotated[
        list[str],
        typer.Option("--exempt", help="Miễn áp dụng, AGENCY:INDICATOR=ARTICLE (để trống: bỏ miễn). An exemption."),
    ] = [],  # noqa: B006
    file: Annotated[str, typer.Option("--file", help="Tệp CSV các thay đổi. CSV file of changes.")] = "",
    ruleset: Annotated[str, typer.Option("--ruleset", help="Bộ chỉ số giả định. A ruleset to judge by.")] = "",
    group: Annotated[str, typer.Option("--group", help="Nhóm cơ quan, cùng --ruleset. Agency group.")] = "",
    year: Year = None,
    period: Period = "",
    as_of: AsOf = "",
    revision: Revision = None,
    every: Annotated[bool, typer.Option("--all", help="Cả cơ quan không đổi hạng. Also unmoved ranks.")] = False,
) -> Answer:
    """Nếu khác đi thì sao: tính lại bằng chính quy tắc, không ghi gì. What if: scored again, nothing is written."""
    from pipelines import warehouse
    from pipelines.whatif.answer import what_if
    from pipelines.whatif.words import from_file, from_options

    wishes = [*from_options(set_, points, exempt), *(from_file(Path(file)) if file else [])]
    found = what_if(
        deployment,
        warehouse.find(deployment, as_of),
        year or newest_year(deployment),
        wishes,
        group=group,
        period=period,
        revision=revision,
        ruleset=ruleset,
    )
    return Answer(whatif_data(found), lambda screen: _print_whatif(screen, found, every))


def whatif_data(found: WhatIf) -> dict[str, Any]:
    """A what-if as JSON: `hypothetical` says that it is none of the published results."""
    return {
        "hypothetical": True,
        "release": found.release.number,
        "as_of": found.release.as_of,
        "year": found.year,
        "periods": found.periods,
        "revision": found.revision,
        "ruleset": found.ruleset,
        "wishes": [{**asdict(wish), "agency_id": found.agencies[wish.agency]} for wish in found.wishes],
        "changes": [asdict(change) for change in found.changes],
    }


def _print_whatif(screen: Screen, found: WhatIf, every: bool) -> None:
    from pipelines.whatif.answer import WORDS

    base = f"bản {found.release.number}" if found.revision is None else f"{found.year} r{found.revision}"
    base_en = f"release {found.release.number}" if found.revision is None else f"{found.year} r{found.revision}"
    screen.title(
        f"Giả định trên {base}, năm {found.year} – không phải kết quả công bố",
        f"What if, on {base_en}, {found.year} – not a published result",
    )
    print_changes(screen, found.changes, every, WORDS)
    named = set(found.agencies.values())
    for change in found.changes:
        if change.agency_id in named:
            _print_parts(screen, change)


def _print_parts(screen: Screen, change: Change) -> None:
    """Every part of one agency's change, with the sum that they make."""
    from pipelines.whatif.answer import WORDS

    screen.line(f"{change.name_vi}:")
    for part in change.parts:
        code = part.code or screen.t("làm tròn", "rounding")
        before, after = (number(value, 4, screen.lang) for value in (part.points_before, part.points_after))
        gain = number(part.gain, 4 if abs(part.gain) >= _SHOWN else 10, screen.lang)
        why = WORDS[part.reason].in_(screen.lang)
        screen.line(f"  {code}: {before} → {after} ({gain}; {why})")
    if change.total_before is not None and change.total_after is not None:
        total = number(change.total_after - change.total_before, 4, screen.lang)
        screen.line(f"  Cộng: {total} điểm.", f"  In all: {total} points.")
