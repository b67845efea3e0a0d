"""Group D, data: well formed and wrong all the same, seen against the register, other lists and earlier pulls."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from common.durable import sha256_file
from connectors import Landing, PullOutcome, likeness
from connectors.tables import read_table
from pipelines import frozen
from pipelines.freezing import Freeze
from pipelines.refresh import refresh
from pipelines.settings import Deployment
from rulesets.models import Ruleset
from tests.support.deployments import dti, dti_json, faults
from tests.support.engine import YEAR as ENGINE_YEAR
from tests.support.engine import Engine, cell, indicator, loaded, ruleset_of, score_one
from tests.support.judging import codes
from tests.support.portal import answer, faulty
from tests.support.probe import CODES, YEAR, Rows, Trial, assert_invariants, body, probe, rows

RECEIVED = (1200, 340, 90, 2500, 610, 45)
FINISHED = (800, 310, 20, 2400, 250, 40)
LIST = {"contract__rules": []}
SETTLED = {"coverage": {"of_register": Decimal("0.8"), "of_last_accepted": Decimal("0.8")}}


def figures(by: float = 1, **changed: tuple[int, int]) -> Rows:
    """Six agencies of different size; `by` is how all have grown."""
    pairs = dict(zip(CODES, zip(RECEIVED, FINISHED, strict=True), strict=True))
    grown = {code: (int(a * by), int(b * by)) for code, (a, b) in pairs.items()} | changed
    return [row | {"received": grown[row["code"]][0], "finished": grown[row["code"]][1]} for row in rows()]


def pulled(trial: Trial, content: Rows, year: int = YEAR, **changes: Any) -> PullOutcome:
    """A pull of a year, with the invariants checked."""
    with faulty(answer(body(content))) as server:
        outcome = trial.pull(probe(server.address, **{**LIST, **changes}), year=year)
        if year == YEAR:
            assert_invariants(trial, outcome, server)
    return outcome


@pytest.fixture
def grown(empty: Trial) -> Trial:
    """Last year, and this one: each agency a little more than then."""
    assert pulled(empty, figures(), YEAR - 1).status == "accepted"
    empty.keep(pulled(empty, figures(1.1)))
    return empty


@pytest.fixture
def last_year(empty: Trial) -> Trial:
    """Last year only."""
    assert pulled(empty, figures(), YEAR - 1).status == "accepted"
    return empty


def places(outcome: PullOutcome, code: str) -> set[str]:
    return {one.where for one in [*outcome.findings, *outcome.notes] if one.code == code}


def test_D01_no_rows(grown: Trial) -> None:
    """No rows and status 200: held, the values in use stay as they are."""
    outcome = pulled(grown, [])
    assert (outcome.status, codes(outcome)) == ("held", {"Empty", "CoverageDrop"})


def test_D02_half_of_the_agencies(grown: Trial) -> None:
    """Half of the agencies: held against the register and against the last accepted pull, the missing ones named."""
    outcome = pulled(grown, figures(1.1)[:3], gates=SETTLED)
    drops = [one.message.en for one in outcome.findings if one.code == "CoverageDrop"]
    assert outcome.status == "held"
    assert len(drops) == 2
    assert all("3 of 6" in text and "A4, A5, A6" in text for text in drops)


def test_D03_one_agency(grown: Trial) -> None:
    """One agency, where the source allows it: accepted, the agency is named and has no row, which is not zero."""
    outcome = pulled(grown, figures(1.1)[:5], gates=SETTLED)
    assert outcome.status == "accepted"
    assert any("A6" in one.message.en for one in outcome.notes if one.code == "AgenciesMissing")
    assert outcome.pull
    assert outcome.pull.coverage[0]["missing"] == ["A6"]
    assert {row["agency_code"] for row in read_table(outcome.pull.table).to_pylist()} == set(CODES[:5])


def test_D03_the_others_do_not_move_up_unseen() -> None:
    """Its place in the ranking is kept: it is listed as missing, and its coverage says that it lacks a value."""
    rules = ruleset_of(indicator("1.1", "proportional"), indicator("1.2", "yes_no"))
    cells = [cell(one, "1.1", n=n, d=10) for one, n in (("a", 9), ("b", 8))] + [cell("c", "1.2", "yes")]
    engine = score_one(rules, cells, agencies=["a", "b", "c"])
    missing = {
        (r["agency_id"], r["indicator_code"]) for r in engine.rows("indicator_scores") if r["status"] == "missing"
    }
    assert ("c", "1.1") in missing
    assert {row["agency_id"]: row["coverage"] for row in engine.rows("rankings")}["c"] == Decimal("0.5")


def test_D04_a_past_year_is_restated(grown: Trial) -> None:
    """A past year changed: held with how many, by how much, and how many change their order; last year's pull stays in
    use until somebody decides, and then the new one is used."""
    before = grown.landing.newest_accepted("probe", YEAR - 1)
    outcome = pulled(grown, figures(A3=(95, 300), A5=(610, 251)), YEAR - 1)
    (found,) = [one for one in outcome.findings if one.code == "HistoryRestated"]
    assert "2 agencies" in found.message.en
    assert "by up to 280 (finished), 3 of them change their order" in found.message.en
    assert grown.landing.newest_accepted("probe", YEAR - 1) == before
    assert outcome.pull
    grown.landing.decide(outcome.pull.pull_id, "accept", "biên bản 3", "tester")
    used = grown.landing.newest_accepted("probe", YEAR - 1)
    assert used
    assert used.pull_id == outcome.pull.pull_id


def test_D04_rows_of_a_past_year(empty: Trial) -> None:
    """Where agencies have several rows: a change of a past year is held too, also one that no count shows."""
    keyed = {"contract__key": ["id"], "contract__fields": {"id": {"name": "row_id", "type": "text"}}}
    content = [{**row, "id": f"{row['code']}-{n}"} for row in figures() for n in range(3)]
    assert pulled(empty, content, YEAR - 1, **keyed).status == "accepted"
    renamed = [{**row, "id": f"{row['id']}-x"} for row in content]
    assert codes(pulled(empty, renamed, YEAR - 1, **keyed)) == {"RowsRestated"}
    more = [*content, {**content[0], "id": "A1-9"}]
    assert "HistoryRestated" in codes(pulled(empty, more, YEAR - 1, **keyed))


@pytest.mark.parametrize(
    "same",
    [
        lambda content: content[::-1],
        lambda content: [dict(reversed(row.items())) for row in content],
        lambda content: [{**row, "name": f" {row['name'].replace(' ', '  ')} "} for row in content],
    ],
    ids=["rows", "fields", "spaces"],
)
def test_D05_the_same_in_another_form(grown: Trial, same: Callable[[Rows], Rows]) -> None:
    """Other order of rows, other order of fields, other white space in names: no new version, nothing restated."""
    outcome = pulled(grown, same(figures(1.1)))
    assert outcome.status in {"unchanged", "accepted"}
    assert codes(outcome) == set()
    assert not places(outcome, "Restated")


def test_D05_the_same_number(empty: Trial) -> None:
    """`98.5` and `98.50` are one number. A billionth more is not rounded away: it has more decimals than promised."""
    field = {"contract__fields": {"finished": {"name": "finished", "type": "decimal", "places": 2}}}
    texts = {"contract__values": "strings"}
    written = [{k: str(v) for k, v in row.items() if k != "applicant"} for row in figures()]
    empty.keep(pulled(empty, [{**row, "finished": f"{row['finished']}.5"} for row in written], **field, **texts))
    again = [{**row, "finished": f"{row['finished']}.50"} for row in written]
    assert pulled(empty, again, **field, **texts).status == "unchanged"
    finer = [{**row, "finished": f"{row['finished']}.500000001"} for row in written]
    assert pulled(empty, finer, **field, **texts).status == "held"


def _shifted(content: Rows) -> Rows:
    moved = [content[-1], *content[:-1]]
    return [
        {**row, "received": one["received"], "finished": one["finished"]}
        for row, one in zip(content, moved, strict=True)
    ]


@pytest.mark.parametrize("known", ["grown", "last_year"])
@pytest.mark.parametrize(
    ("wrong", "gate"),
    [
        (lambda: figures(110), "DistributionShift"),
        (lambda: figures(11), "DistributionShift"),
        (lambda: figures(2.2), "DistributionShift"),
        (lambda: _shifted(figures(1.1)), "WrongAgency"),
        (lambda: _shifted(figures(1.1)), "OrderShift"),
        (lambda: figures(1.1, A1=(2750, 2640), A4=(1320, 880)), "WrongAgency"),
        (lambda: figures(1.1, A2=(3740, 3410), A3=(990, 220), A6=(495, 440)), "ManyOutliers, DistributionShift"),
    ],
    ids=["×100", "×10", "counted twice", "shifted", "shifted order", "two exchanged", "half in another unit"],
)
def test_D06_another_distribution(
    request: pytest.FixtureRequest, known: str, wrong: Callable[[], Rows], gate: str
) -> None:
    """Every figure in another unit or counted twice, figures against the next agency, two agencies exchanged, a part of
    them in another unit: held, against the last pull as in the first pull of a year."""
    trial: Trial = request.getfixturevalue(known)
    outcome = pulled(trial, wrong())
    assert outcome.status == "held"
    assert codes(outcome) & set(gate.split(", "))
    assert all("dti pull accept" in one.hint.en for one in outcome.findings)


@pytest.mark.parametrize("known", ["grown", "last_year"])
def test_D06_natural_growth_passes(request: pytest.FixtureRequest, known: str) -> None:
    """The control: a year in which each agency moved by its own share is accepted."""
    trial: Trial = request.getfixturevalue(known)
    content = figures(1.1, A1=(1500, 1000), A3=(80, 25), A6=(50, 44))
    assert pulled(trial, content).status == "accepted"


@pytest.mark.parametrize("known", ["grown", "last_year"])
def test_D07_one_agency_jumps(request: pytest.FixtureRequest, known: str) -> None:
    """One agency jumps from 20 to 100: accepted and flagged; the flag stays until somebody accepts with a reason."""
    trial: Trial = request.getfixturevalue(known)
    content = figures(1.1, A5=(671, 1100))
    outcome = pulled(trial, content)
    assert outcome.status == "accepted"
    assert places(outcome, "Outlier") == {f"probe/list/{YEAR}/A5/finished"}
    again = pulled(trial, [*content[:-1], {**content[-1], "received": 51}])
    assert places(again, "Outlier") == {f"probe/list/{YEAR}/A5/finished"}, "nobody has looked yet"
    assert again.pull
    looked = trial.landing.decide(again.pull.pull_id, "accept", "đã đối chiếu", "tester")
    assert (looked.status, looked.flags) == ("accepted", [])
    after = pulled(trial, [*content[:-1], {**content[-1], "received": 52}])
    assert places(after, "Outlier") == set()


def test_D07_a_column_that_stands_still(last_year: Trial) -> None:
    """One column with last year's figures: accepted and flagged."""
    large = dict(zip(CODES, ((n * 101 + 900, n * 77 + 100) for n in range(6)), strict=True))
    assert pulled(last_year, figures(**large), YEAR - 1).status == "held", "a past year"
    moved = figures(1.1)
    still = [{**row, "received": old["received"]} for row, old in zip(moved, figures(), strict=True)]
    outcome = pulled(last_year, still)
    assert outcome.status == "accepted"
    assert places(outcome, "ColumnStill") == {f"probe/list/{YEAR}/received"}


@pytest.mark.slow
def test_D07_no_year_is_made_official_before_somebody_looked(own_copy: Deployment) -> None:
    """A flagged figure is shown on the morning screen and blocks `dti release build` until it is accepted."""
    values = {"TDGQ": "1.05", "TONG_SCORE": "73.70"}
    given = [
        {"fault": "set_field", "province": "0", "month": 0, "code": "H05", "field": name, "value": value}
        for name, value in values.items()
    ]
    refreshed = dti(own_copy, "refresh", "--year", "2025", "--as-of", "2025-10-18", env=faults(*given))
    assert refreshed.returncode == 0, refreshed.stderr
    _, status = dti_json(own_copy, "status")
    (source,) = status["data"]["sources"]
    assert "H05" in str(source["flags"])
    wish = ("release", "build", "2025", "--reason", "công bố", "--as-of", "2025-10-18")
    code, refused = dti_json(own_copy, *wish)
    assert (code, refused["error"]["code"]) == (5, "figures-flagged")
    pull_id = Landing(own_copy.landing).pulls("portal_766", 2025)[-1].pull_id
    assert pull_id in refused["error"]["hint"]
    assert dti_json(own_copy, "pull", "accept", pull_id, "--reason", "đã đối chiếu")[0] == 0
    assert dti_json(own_copy, *wish)[0] == 0


def test_D08_a_frozen_feed(last_year: Trial) -> None:
    """The very figures of last year: held. The same figures of this year once more are no news and no fault."""
    outcome = pulled(last_year, figures())
    assert (outcome.status, codes(outcome)) == ("held", {"Frozen"})
    assert f"of period {YEAR - 1}" in outcome.findings[0].message.en
    assert outcome.pull
    last_year.landing.decide(outcome.pull.pull_id, "reject", "nguồn chưa cập nhật", "tester")
    last_year.keep(pulled(last_year, figures(1.1)))
    assert pulled(last_year, figures(1.1)).status == "unchanged"
    assert codes(pulled(last_year, figures())) >= {"Frozen"}, "a good pull before does not hide it"


@pytest.mark.parametrize(("years", "status"), [(1, "accepted"), (2, "held")])
def test_D08_frozen_for_so_many_periods(empty: Trial, years: int, status: str) -> None:
    """A source that may stand still for one period holds only in the second."""
    twice = {"frozen": {"periods": 2}}
    for back in range(years, 0, -1):
        assert pulled(empty, figures(), YEAR - back, gates=twice).status == "accepted"
    assert pulled(empty, figures(), gates=twice).status == status


def test_D08_the_list_of_another_time(empty: Trial) -> None:
    """A month with the figures of the year: the source does not listen to the period that it is asked for."""
    periods = [{"period": "{year}", "groups": ["department"]}, {"period": "{year}-03", "groups": ["department"]}]
    asked = {"requests": [{"name": "list", "periods": periods}]}
    outcome = pulled(empty, figures(), YEAR - 1, **asked)
    assert (outcome.status, codes(outcome)) == ("held", {"ListsAlike"})


TOTALS = {
    "contract__exclude": [{"field": "code", "blank": True}],
    "contract__totals": [{"field": "name", "value": "Tổng cộng", "of": ["received", "finished"]}],
}


def _with_total(content: Rows, received: int) -> Rows:
    total = {**content[0], "code": "", "name": "Tổng cộng", "received": received}
    return [*content, {**total, "finished": sum(row["finished"] for row in content)}]


def test_D09_totals(empty: Trial) -> None:
    """The source's own roll-up differs from the sum of its agencies: held with both; without the roll-up, held too."""
    content = figures()
    outcome = pulled(empty, _with_total(content, sum(RECEIVED) + 1), **TOTALS)
    assert (outcome.status, places(outcome, "TotalsDiffer")) == ("held", {f"probe/list/{YEAR}/received"})
    assert f"a total of {sum(RECEIVED) + 1}, its agencies add up to {sum(RECEIVED)}" in outcome.findings[0].message.en
    assert codes(pulled(empty, content, **TOTALS)) == {"TotalMissing"}
    assert pulled(empty, _with_total(content, sum(RECEIVED)), **TOTALS).status == "accepted"


def test_D10_a_source_that_flaps(grown: Trial) -> None:
    """A, B, A: three versions, each with its id, the newest in use; that the third equals the first is noted."""
    first = grown.good
    second = pulled(grown, figures(1.1, A1=(1330, 890), A2=(370, 338)))
    third = pulled(grown, figures(1.1))
    assert first
    assert second.pull
    assert third.pull
    assert [second.status, third.status] == ["accepted", "accepted"]
    assert third.pull.content_hash == first.content_hash
    assert len({first.pull_id, second.pull.pull_id, third.pull.pull_id}) == 3
    used = grown.landing.newest_accepted("probe", YEAR)
    assert used
    assert used.pull_id == third.pull.pull_id
    assert any(first.pull_id in one.message.en for one in third.notes if one.code == "SeenBefore")


def test_D10_back_in_time(grown: Trial) -> None:
    """Nearly all counts of a running year fell: the source shows an older state of itself."""
    outcome = pulled(grown, figures(0.85))
    assert "WentBack" in codes(outcome)


@pytest.mark.slow
def test_D11_late_data(own_copy: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures that arrive after a year is official change nothing of it: the difference is told with its cause, and
    only a revision with a reason takes it in, beside the first."""

    def official(reason: str, day: str) -> None:
        wish = Freeze(2025, reason, "tester")
        refresh(own_copy, [], as_of=day, reason="tests", freeze=wish)

    def total() -> Any:
        with duckdb.connect(str(own_copy.warehouse), read_only=True) as con:
            sql = "select total from rankings where agency_id = 'bac-ninh' and period = '2025'"
            told = "select distinct cause from frozen_differences where agency_id = 'bac-ninh'"
            return con.execute(sql).fetchall()[0][0], con.execute(told).fetchall()

    official("công bố", "2025-10-17")
    (first,) = frozen.all_frozen(own_copy)
    digests = {path: sha256_file(path) for path in first.folder.rglob("*") if path.is_file()}
    late = [
        {"fault": "set_field", "province": "0", "month": 0, "code": "H05", "field": name, "value": value}
        for name, value in (("TDGQ", "17.05"), ("TONG_SCORE", "89.7"))
    ]
    before, _ = total()
    monkeypatch.setenv("DTI_SIMULATOR_FAULTS", json.dumps(late))
    refresh(own_copy, [2025], as_of="2025-10-20", reason="tests")
    assert total() == (before, [("source",)])
    official("số liệu bổ sung", "2025-10-20")
    assert total() == (Decimal("89.7"), [])
    assert [one.revision for one in frozen.all_frozen(own_copy)] == [1, 2]
    assert {path: sha256_file(path) for path in digests} == digests


def test_D12_two_sources_exchanged(grown: Trial) -> None:
    """The answer of another source of the same shape: held, naming whose figures these are."""
    with faulty(answer(body(figures(3)))) as server:
        other = probe(server.address, name="second", **LIST)
        assert grown.pull(other).status == "accepted"
    grown.records -= 1
    outcome = pulled(grown, figures(3))
    assert outcome.status == "held"
    assert any("second" in one.message.en for one in outcome.findings if one.code == "SourcesAlike")


def test_D12_the_answer_says_whose_it_is(grown: Trial) -> None:
    """A contract may name what an answer must say of itself (`envelope`): another one is refused."""
    changes = {
        "endpoint": {"path": "/rows", "data_selector": "rows", "envelope": [{"path": "report", "allowed": ["a"]}]}
    }
    with faulty(answer(body({"report": "b", "rows": figures(1.1)}))) as server:
        outcome = grown.pull(probe(server.address, **LIST, **changes))
        assert_invariants(grown, outcome, server)
    assert outcome.status == "failed"


@pytest.mark.parametrize("known", ["grown", "last_year"])
def test_D12_columns_exchanged(request: pytest.FixtureRequest, known: str) -> None:
    """Two columns exchanged: named, against the last pull and against the year before."""
    trial: Trial = request.getfixturevalue(known)
    content = figures(1.1)
    for row, count in zip(content, (300, 100, 30, 900, 200, 12), strict=True):
        row["finished"] = count
    crossed = [{**row, "received": row["finished"], "finished": row["received"]} for row in content]
    if known == "grown":
        trial.keep(pulled(trial, content, gates={"compared_from_agencies": 100}))
    else:
        thirds = [{**row, "finished": row["received"] // 4} for row in figures()]
        restated = pulled(trial, thirds, YEAR - 1)
        assert restated.pull
        trial.landing.decide(restated.pull.pull_id, "accept", "số liệu thử", "tester")
    assert "ColumnsSwapped" in codes(pulled(trial, crossed))


GROUPS = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.one_of(st.none(), st.tuples(st.integers(0, 6), st.integers(1, 6))),
    max_size=8,
)


def ranked(groups: list[dict[str, Any]], unit: int = 1, shuffled: Any = None) -> dict[tuple[str, str], tuple[Any, ...]]:
    """(group, agency) → total, rank, ranked; every group is one of its own, all in one scoring."""
    rules = ruleset_of(indicator("1.1", "proportional"))
    engine = Engine([loaded(f"x/{n:03d}", rules) for n in range(len(groups))])
    key = {"assessment_year": ENGINE_YEAR, "period": str(ENGINE_YEAR), "agency_group": "department"}
    places = [(f"x/{n:03d}", agency, pair) for n, group in enumerate(groups) for agency, pair in group.items()]
    if shuffled:
        shuffled.shuffle(places)
    roster = [{**key, "ruleset_id": name, "agency_id": agency} for name, agency, _ in places]
    cells = [
        {**cell(agency, "1.1", n=min(pair) * unit, d=pair[1] * unit), "ruleset_id": name}
        for name, agency, pair in places
        if pair
    ]
    engine.score(roster, cells)
    return {
        (row["ruleset_id"], row["agency_id"]): (row["total"], row["rank"], row["ranked"])
        for row in engine.rows("rankings")
    }


@settings(
    max_examples=2, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(st.lists(GROUPS, min_size=40, max_size=60), st.integers(2, 1000), st.randoms(use_true_random=False))
def test_D13_ranks(groups: list[dict[str, Any]], unit: int, random: Any) -> None:
    """Ties, all equal, all missing, one agency, none: ranks by standard competition (1, 2, 2, 4), whatever the order of
    rows and the unit of counts; who has no figure has no place."""
    groups = [{}, {"a": None}, {"a": (1, 2)}, {"a": (0, 3), "b": None}, dict.fromkeys("abc", (2, 4)), *groups]
    found = ranked(groups)
    assert {key: found[key][2] for key in found} == {
        (f"x/{n:03d}", one): pair is not None for n, group in enumerate(groups) for one, pair in group.items()
    }
    for n, group in enumerate(groups):
        shares = {one: Fraction(min(pair), pair[1]) for one, pair in group.items() if pair}
        for one, share in shares.items():
            assert found[f"x/{n:03d}", one][1] == 1 + sum(other > share for other in shares.values())
        assert all(found[f"x/{n:03d}", one][1] is None for one in group if one not in shares)
    assert ranked(groups, unit) == found
    assert ranked(groups, shuffled=random) == found


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, 10**6), min_size=5, max_size=30), st.integers(2, 1000), st.randoms(use_true_random=False)
)
def test_D13_the_gates_measures(values: list[int], unit: int, random: Any) -> None:
    """The measures of the gates are exact: no unit and no order of agencies changes what they say."""
    now = {f"a{n}": Fraction(value) for n, value in enumerate(values)}
    then = {f"a{n}": Fraction(value) for n, value in enumerate(random.sample(values, len(values)))}
    larger = [{code: value * unit for code, value in side.items()} for side in (now, then)]
    turned = [dict(random.sample(list(side.items()), len(side))) for side in (now, then)]
    least = Fraction(1, 2)
    for one, other in (larger, turned):
        assert likeness.ratio(one, other) == likeness.ratio(now, then)
        assert likeness.correlated(one, other, least) == likeness.correlated(now, then, least)
        assert likeness.order_moves(one, other) == likeness.order_moves(now, then)
    assert likeness.correlated(now, now, Fraction(1))
    assert likeness.order_moves(now, now) == 0


@pytest.mark.parametrize(("weights", "fits"), [(("3/5", "1/2"), False), (("3/5", "2/5"), True)])
def test_D14_weights(weights: tuple[str, str], fits: bool) -> None:
    """Weights that do not add up to 1 refuse the ruleset."""
    rules = ruleset_of(indicator("1.1", "yes_no"), indicator("2.1", "yes_no", main="2"))
    mean = {"kind": "weighted_arithmetic", "weights": dict(zip("12", weights, strict=True))}
    with nullcontext() if fits else pytest.raises(ValidationError, match="do not add up to 1"):
        Ruleset.model_validate({**rules, "aggregation": mean})


def test_D14_all_of_a_pillar_missing() -> None:
    """A pillar of which no figure came: 0 points and not ranked, never a place by accident."""
    pillars = [
        {"code": "P1", "name_vi": "Trụ cột 1", "main_indices": ["1"]},
        {"code": "P2", "name_vi": "Trụ cột 2", "main_indices": ["2"]},
    ]
    rules = ruleset_of(indicator("1.1", "yes_no"), indicator("2.1", "yes_no", main="2"), pillars=pillars)
    engine = score_one(rules, [cell("a", "1.1", "yes"), cell("b", "1.1", "no")])
    found = {(row["agency_id"], row["pillar_code"]): row for row in engine.rows("pillar_scores")}
    assert {found[one, "P2"]["rank"] for one in "ab"} == {None}
    assert {found[one, "P1"]["rank"] for one in "ab"} == {1, 2}
