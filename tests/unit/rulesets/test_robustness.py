"""Ranks under uncertainty, against a plain computation: loops and fractions over the same draws."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from pipelines.robustness.answer import robustness
from pipelines.robustness.reading import read_group
from pipelines.whatif.board import Board
from rulesets.robustness.assumptions import Assumptions, Stages
from rulesets.robustness.drawing import ANSWER, FIGURE, MILLION, WEIGHT, evenly
from rulesets.robustness.sample import ranks, totals
from tests.support.boards import RULESET, board_of
from tests.support.engine import Row, cell, indicator, ruleset_of

M0, M1 = 0xD2E7470EE14C6C93, 0xCA5A826395121157
W0, W1 = 0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B
LOW = 2**64 - 1
ONE = 10**9


def philox(key: int, counter: list[int]) -> list[int]:
    """Philox 4x64 with ten rounds, as its authors describe it."""
    k0, k1 = key & LOW, key >> 64
    c0, c1, c2, c3 = counter
    for _ in range(10):
        p0, p1 = M0 * c0, M1 * c2
        c0, c1, c2, c3 = (p1 >> 64) ^ c1 ^ k0, p1 & LOW, (p0 >> 64) ^ c3 ^ k1, p0 & LOW
        k0, k1 = (k0 + W0) & LOW, (k1 + W1) & LOW
    return [c0, c1, c2, c3]


@pytest.mark.parametrize("seed", [0, 1, 1407, 2**62 + 5])
def test_the_generator_is_the_published_one_read_as_bits(seed: int) -> None:
    expected = [bits for step in (1, 2, 3) for bits in philox(seed, [step, 0, 7, WEIGHT])]
    numbers = [((bits >> 32) * (2 * MILLION + 1) >> 32) - MILLION for bits in expected]
    assert evenly(seed, (WEIGHT, 7), (3, 4), -MILLION, MILLION).tolist() == [numbers[0:4], numbers[4:8], numbers[8:12]]


def test_streams_do_not_depend_on_each_other() -> None:
    alone = evenly(5, (FIGURE, 3), (50,), 0, 99)
    evenly(5, (FIGURE, 2), (1000,), 0, 99)
    assert (alone == evenly(5, (FIGURE, 3), (50,), 0, 99)).all()
    assert (alone != evenly(5, (ANSWER, 3), (50,), 0, 99)).any()
    assert set(alone.tolist()) <= set(range(100))


AGENCIES = ("a", "b", "c", "d", "e")
BANDS = {"kind": "bands", "of": "count", "bands": [{"from": 3, "share": "1/2"}, {"from": 6, "share": 1}]}
ARTICLES = {"7.2": "group_highest_score", "7.3": "group_highest_figure", "7.4": "full_points"}
RULES = ruleset_of(
    indicator("1.1", "proportional", most=7),
    indicator("1.2", {"kind": "target", "target": "4/5"}, most=9),
    indicator("1.3", "yes_no", most=4),
    indicator("2.1", BANDS, most=5, main="2"),
    indicator("2.2", "relative_to_best", most=6, main="2"),
    indicator("2.3", "yes_no", most=3, main="2", missing="leave_out"),
    exceptions=[{"article": a, "policy": p, "who_vi": "đơn vị đặc thù"} for a, p in ARTICLES.items()],
)
ASSUMED = Assumptions(
    weights=Fraction(1, 5),
    figures=Stages(declared=Fraction(1, 4), collected=Fraction(1, 100)),
    answers=Stages(declared=Fraction(3, 10), collected=Fraction(0)),
    indicators={"1.2": Fraction(2, 5)},
    draws=60,
    seed=11,
)


def figures(random_: random.Random, agency: str) -> list[Row]:
    wholes = [random_.randint(2, 30) for _ in range(2)]
    rows = [
        cell(agency, "1.1", n=random_.randint(0, wholes[0]), d=wholes[0]),
        cell(agency, "1.2", n=random_.randint(0, wholes[1]), d=wholes[1]),
        cell(agency, "1.3", random_.choice(["yes", "no"])),
        cell(agency, "2.1", str(random_.randint(1, 7))),
        cell(agency, "2.2", str(random_.randint(0, 50))),
        *([cell(agency, "2.3", random_.choice(["yes", "no"]))] if random_.random() < 0.6 else []),
    ]
    return [
        cell(agency, row["indicator_code"], status="exempt", article=random_.choice([*ARTICLES]))
        if random_.random() < 0.12
        else row
        for row in rows
    ]


def half_up(value: Fraction) -> int:
    return int((value + Fraction(1, 2)).__floor__())


def plain_share(code: str, f: Fraction) -> Fraction:
    if code in {"1.1", "2.2"}:
        return min(f, Fraction(1))
    if code == "1.2":
        return min(f / Fraction(4, 5), Fraction(1))
    return Fraction(1) if f >= 6 else Fraction(1, 2) if f >= 3 else Fraction(0)


def brought(gained: int, counted: int, everything: int) -> int:
    """What is left out is made up for by the rest."""
    full, rest = divmod(gained, counted)
    return full * everything + rest * everything // counted


def plain_draw(values: list[Row], draw: int) -> list[tuple[int, int]]:
    """Total and rank of every agency in one draw, worked out with fractions one number after the other."""
    most = {one["code"]: Fraction(one["max_points"]) for one in RULES["indicators"]}
    cells = {(row["agency_id"], row["indicator_code"]): row for row in values}
    mains = {a: {m: [0, 0, 0] for m in ("1", "2")} for a in AGENCIES}  # gained, of those that count, of all
    for place, code in enumerate(most):
        shape = (ASSUMED.draws, len(AGENCIES))
        off = evenly(ASSUMED.seed, (FIGURE, place), shape, -MILLION, MILLION)[draw].tolist()
        luck = evenly(ASSUMED.seed, (ANSWER, place), shape, 0, 2 * MILLION - 1)[draw].tolist()
        weighed = int(evenly(ASSUMED.seed, (WEIGHT, place), (ASSUMED.draws, 1), -MILLION, MILLION)[draw, 0])
        weight = int(most[code] * (MILLION + (weighed * 200_000) // MILLION))
        shares: dict[str, int] = {}
        drawn: dict[str, int] = {}
        for at, agency in enumerate(AGENCIES):
            row = cells.get((agency, code))
            if row is None or row["status"] == "exempt":
                continue
            if code in ("1.3", "2.3"):
                given = row["value"] == "yes"
                flipped = luck[at] < 300_000 or MILLION <= luck[at] < MILLION + 300_000
                shares[agency] = ONE if given != flipped else 0
                continue
            wide = 400_000 if code == "1.2" else 250_000
            n, d = (row["numerator"], row["denominator"]) if row["numerator"] is not None else (int(row["value"]), 1)
            figure = half_up(Fraction(n * (MILLION + off[at] * wide // MILLION) * 1000, d))
            drawn[agency] = min(figure, ONE) if code in ("1.1", "1.2") else figure
        best = max(drawn.values(), default=0)
        for agency, figure in drawn.items():
            seen = (half_up(Fraction(figure * ONE, best)) if best else 0) if code == "2.2" else figure
            shares[agency] = half_up(plain_share(code, Fraction(seen, ONE)) * ONE)
        highest = max(shares.values(), default=0)
        for agency in AGENCIES:
            row = cells.get((agency, code))
            main = mains[agency][code[0]]
            main[2] += weight
            if row is None and code == "2.3":
                continue
            share = shares.get(agency, 0)
            if row is not None and row["status"] == "exempt":
                share = ONE if row["article"] == "7.4" else highest
            main[1] += weight
            main[0] += weight * share
    total = {agency: sum(brought(*main) for main in own.values()) for agency, own in mains.items()}
    return [(total[a], 1 + sum(other > total[a] for other in total.values())) for a in AGENCIES]


def board(seed: int) -> tuple[Board, list[Row]]:
    random_ = random.Random(seed)
    values = [row for agency in AGENCIES for row in figures(random_, agency)]
    return board_of(RULES, values, agencies=AGENCIES), values


@pytest.mark.parametrize("seed", range(3))
def test_draws_are_what_loops_and_fractions_give(seed: int) -> None:
    own, values = board(seed)
    own.run([])
    read = read_group(own, own.rulesets[RULESET].ruleset, ASSUMED)
    drawn = totals(read.group, ASSUMED.weights, ASSUMED.draws, ASSUMED.seed)
    places = ranks(drawn, read.group.lists)
    order = [read.agencies.index(agency) for agency in AGENCIES]
    for draw in range(ASSUMED.draws):
        expected = plain_draw(values, draw)
        assert [int(drawn[draw, at]) for at in order] == [total for total, _ in expected], draw
        assert [int(places[draw, at]) for at in order] == [rank for _, rank in expected], draw


def test_without_uncertainty_every_draw_is_the_published_ranking() -> None:
    own, _ = board(7)
    none = Stages(declared=Fraction(0), collected=Fraction(0))
    found = robustness(own, "department", Assumptions(weights=Fraction(0), figures=none, answers=none, draws=20))
    assert [(row.low, row.high, row.best, row.worst, row.same) for row in found.rows] == [
        (row.rank, row.rank, row.rank, row.rank, 1000) for row in found.rows
    ]
    own.run([])
    read = read_group(own, own.rulesets[RULESET].ruleset, Assumptions(weights=Fraction(0), figures=none, answers=none))
    drawn = totals(read.group, Fraction(0), 1, 1)[0]
    exact = dict(own.con.execute("select agency_id, total from rankings").fetchall())
    for agency, total in zip(read.agencies, drawn.tolist(), strict=True):
        assert abs(Fraction(total, 10**15) - Fraction(exact[agency])) < Fraction(1, 10**6)


def test_the_same_seed_gives_the_same_bits_and_another_does_not() -> None:
    own, _ = board(3)
    found = [robustness(board(3)[0], "department", ASSUMED.model_copy(update={"seed": n})) for n in (11, 11, 12)]
    assert found[0] == found[1]
    assert found[0] != found[2]
    own.run([])
    read = read_group(own, own.rulesets[RULESET].ruleset, ASSUMED)
    backwards = type(read.group)(read.group.components[::-1], read.group.lists)
    assert np.array_equal(totals(read.group, ASSUMED.weights, 40, 11), totals(backwards, ASSUMED.weights, 40, 11))


def variants(board_: Board, **more: Any) -> dict[str, tuple[dict[str, int], dict[str, int]]]:
    found = robustness(board_, "department", Assumptions(draws=5, **more))
    return {row.agency_id: (row.left_out, row.policies) for row in found.rows}


def test_a_rank_that_hangs_on_one_indicator_or_on_an_exception_says_so() -> None:
    rules = ruleset_of(
        *(indicator(code, "yes_no", most=m) for code, m in (("1.1", 5), ("1.2", 4), ("1.3", 2))),
        indicator("2.1", "yes_no", main="2", most=1),
        exceptions=[{"article": "7.4", "policy": "full_points", "who_vi": "đơn vị đặc thù"}],
    )
    words = {"a": ("yes", "no", "no", "no"), "b": ("no", "yes", "no", "no"), "c": ("no", "no", "yes", "yes")}
    codes = ("1.1", "1.2", "1.3", "2.1")
    values = [cell(a, code, word) for a, own in words.items() for code, word in zip(codes, own, strict=True)]
    values = [row for row in values if (row["agency_id"], row["indicator_code"]) != ("a", "1.1")]
    found = variants(board_of(rules, [*values, cell("a", "1.1", status="exempt", article="7.4")]))
    assert found["a"][0] == {"indicator:1.1": 3, "main_index:1": 2}
    assert found["a"][1] == {"exceptions:group_highest_score": 3, "exceptions:group_highest_figure": 3} | {
        "exceptions:leave_out_and_rescale": 3,
        "exceptions:not-granted": 3,
    }


def test_a_tie_that_rounding_makes_says_so() -> None:
    rules = ruleset_of(indicator("1.1", "proportional"), rounding={"indicator": {"digits": 0}})
    values = [cell("a", "1.1", n=81, d=100), cell("b", "1.1", n=79, d=100), cell("c", "1.1", n=1, d=2)]
    found = variants(board_of(rules, values))
    assert found["b"][1] == {"rounding:none": 2, "rounding:indicator-2": 2, "rounding:total-2": 2}
    assert found["c"][1] == {"ties:dense": 2}
