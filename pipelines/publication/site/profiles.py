"""The profile of one agency in one ranking: where it stands, strengths and weaknesses, a card for every indicator."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipelines.changes import Change
from pipelines.publication.site.firmness import Firm
from pipelines.publication.site.reading import Board, Row
from rulesets.scoring.explain import card

MOST_SHOWN = 5
_TOLD_ELSEWHERE = {"Điểm", "Nguồn", "Tình trạng"}


@dataclass(frozen=True)
class Group:
    """What all profiles of a ranking share: names and ranks of its agencies by id, in order; median and best by code.
    Rows and points are read a batch of agencies at a time (`Some`), so that a large ranking needs no more room."""

    board: Board
    names: dict[str, str]
    ranks: dict[str, int | None]
    main_spread: dict[str, Row]
    pillar_spread: dict[str, Row]
    spread: dict[str, Row]
    indicators: list[Row]
    changes: dict[str, Change]
    """Since the release before, in short."""
    firm: Firm


@dataclass(frozen=True)
class Some:
    """Some agencies of a ranking: their rows in its order, and their points by agency and code."""

    rows: list[Row]
    mains: dict[str, dict[str, Row]]
    pillars: dict[str, dict[str, Row]]


def profile(
    group: Group, some: Some, row: Row, detail: Mapping[str, list[Row]], change: Change | None
) -> dict[str, Any]:
    """Everything that the page of one agency shows. `detail` holds its `cards`, `figures` and `history`; `change` all
    that changed since the release before."""
    agency_id = row["agency_id"]
    sources: dict[tuple[Any, ...], int] = {}
    figures = _figures(detail["figures"], sources)
    cards = [_card(one, figures.get(one["indicator_code"], []), group) for one in detail["cards"]]
    return {
        "row": row,
        "firm": group.firm,
        "mains": _parts(group.board.main_indices, "main_index_code", some.mains.get(agency_id, {}), group.main_spread),
        "pillars": _parts(group.board.pillars, "pillar_code", some.pillars.get(agency_id, {}), group.pillar_spread),
        "strong": strongest(cards),
        "weak": weakest(cards),
        "sections": _sections(group.board, cards),
        "history": detail["history"],
        "change": change,
        "passed": _passed(change, group.changes.values()) if change else ([], []),
        "sources": list(sources),
    }


def _parts(order: list[Row], code: str, own: Mapping[str, Row], spread: Mapping[str, Row]) -> list[Row]:
    """Main indices or pillars in the decision's order, each with the agency's points beside median and best."""
    return [{**one, "code": one[code], "own": own.get(one[code]), "spread": spread.get(one[code])} for one in order]


def _figures(rows: Iterable[Row], sources: dict[tuple[Any, ...], int]) -> dict[str, list[Row]]:
    """By indicator one line per figure, with what was declared, collected and appraised side by side.

    Every source record gets a number of the page's list, in the order in which cards name them.
    """
    found: dict[str, dict[tuple[Any, ...], Row]] = {}
    for row in rows:
        lines = found.setdefault(row["indicator_code"], {})
        place = (row["part"], row["item"], row["role"], row["metric"])
        if row["stage"] == "appraised":  # speaks of the indicator: stands in the line of the same role
            place = next((one for one in lines if one[:3] == place[:3]), place)
        line = lines.setdefault(place, {"name": row["meaning_vi"] or row["role"], "unit": row["unit"], "stages": {}})
        line["stages"][row["stage"]] = {**row, "number": _number(row, sources)}
    return {code: list(lines.values()) for code, lines in found.items()}


def _number(row: Row, sources: dict[tuple[Any, ...], int]) -> int | None:
    if not row["pull_id"]:
        return None
    return sources.setdefault((row["source"], row["pull_id"], row["body_sha256"]), len(sources) + 1)


def _card(row: Row, figures: list[Row], whole: Group) -> Row:
    """One indicator: the explanation that `dti explain` gives, and the figures behind it."""
    told = dict(card({"trace": row["trace"], "reference": row["reference"]}))
    measured_as = json.loads(row["trace"]).get("as", "")
    if measured_as in whole.names:  # an exempt agency is given another's figure: by its name, not its id
        told = {label: text.replace(measured_as, whole.names[measured_as]) for label, text in told.items()}
    elsewhere = _TOLD_ELSEWHERE | ({"Số liệu"} if figures else set())
    group = whole.spread.get(row["indicator_code"])
    known = row["points"] is not None and group is not None and group["middle"] is not None
    return {
        **row,
        "code": row["indicator_code"],
        "told": told["Tình trạng"],
        "lines": [(label, text) for label, text in told.items() if label not in elsewhere],
        "figures": figures,
        "own": row["status"] not in {"exempt", "entered"},
        "columns": [
            name for name in ("declared", "collected", "appraised") if any(name in f["stages"] for f in figures)
        ],
        "middle": group["middle"] if group else None,
        "gap": row["points"] - group["middle"] if known and group else Decimal(0),
    }


def strongest(cards: Iterable[Row], most: int = MOST_SHOWN) -> list[Row]:
    """The indicators with the most points above the group's median; ties in the order of the decision."""
    return sorted((one for one in cards if one["gap"] > 0), key=lambda one: (-one["gap"], one["position"]))[:most]


def weakest(cards: Iterable[Row], most: int = MOST_SHOWN) -> list[Row]:
    """The indicators with the most points below the group's median; ties in the order of the decision."""
    return sorted((one for one in cards if one["gap"] < 0), key=lambda one: (one["gap"], one["position"]))[:most]


def _sections(board: Board, cards: list[Row]) -> list[tuple[Row | None, list[Row]]]:
    """The cards under their main indices; what has none (bonus, penalty) comes last."""
    found = [
        (main, [one for one in cards if one["main_index_code"] == main["main_index_code"]])
        for main in board.main_indices
    ]
    codes = {main["main_index_code"] for main in board.main_indices}
    rest = [one for one in cards if one["main_index_code"] not in codes]
    return [(main, mine) for main, mine in found if mine] + ([(None, rest)] if rest else [])


def _passed(own: Change, others: Iterable[Change]) -> tuple[list[Change], list[Change]]:
    """Whom the agency has passed, and who has passed it, since the release before."""
    before, after = own.rank_before, own.rank_after
    if before is None or after is None or before == after:
        return [], []
    both = [(one, one.rank_before, one.rank_after) for one in others if one.rank_before and one.rank_after]
    won = [one for one, then, now in both if then < before and now > after]
    lost = [one for one, then, now in both if then > before and now < after]
    return won, lost
