"""Group O, what is signed: rulesets and registers in the season, the council's figures, environments, numbers, two
persons, an upgrade of the software."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from common.durable import sha256_file
from common.errors import DifferenceError, DtiError, GateError
from pipelines import approvals, frozen, guard, inputs, releases, scoring_steps
from pipelines.moments import parse_moment
from pipelines.refresh import Outcome, refresh
from pipelines.settings import CODE, Deployment
from tests.support.deployments import dti_here, fresh_deployment

LATER = "2025-10-18"
NAME = "national/766-2022"
BY = ("--reason", "đính chính theo văn bản", "--by", "Minh")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def own_ruleset(deployment: Deployment, name: str = "766-2022") -> Path:
    """The deployment's own copy of the national ruleset, which stands before the shipped one."""
    path = deployment.root / "rulesets" / "national" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(CODE / "rulesets" / "national" / "766-2022.yaml", path)
    return path


def rebuild(deployment: Deployment, as_of: str = LATER) -> Outcome:
    """A build from the pulls that are there; a new object, because settings are read once."""
    return refresh(Deployment(deployment.root), [], as_of=as_of, reason="tests")


def hashes(deployment: Deployment) -> dict[str, str]:
    """Every file of every release and official year."""
    return {str(path): sha256_file(path) for path in deployment.releases.rglob("*") if path.is_file()}


def refused(deployment: Deployment, code: str) -> GateError:
    """A build is refused with this code; what is published, and every release before, stays byte for byte."""
    before = hashes(deployment)
    shown = deployment.warehouse.resolve()
    with pytest.raises(DtiError) as caught:
        rebuild(deployment)
    assert (caught.value.code, caught.value.exit_code) == (code, 5)
    assert deployment.warehouse.resolve() == shown
    assert hashes(deployment) == before
    return caught.value  # type: ignore[return-value]  # it came through Dagster as its facts


def rows(deployment: Deployment, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(deployment.warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_O01_an_edited_ruleset_is_refused_until_it_is_signed(official: Deployment) -> None:
    """In the season, after publication: refused with the hash before and after. Signed, the night goes on, the ledger
    says what differs, and the official year keeps its hash; putting the old file back needs a signature too."""
    (year,) = frozen.all_frozen(official)
    edit(own_ruleset(official), "total: {digits: 2", "total: {digits: 1")
    error = refused(official, "RulesetChanged")
    old = year.rulesets[NAME]
    _, answer = dti_here(official, "approve")
    new = next(one["content_hash"] for one in answer["data"]["states"] if one["subject"] == NAME)
    assert f"{NAME}: {old[:12]} → {new[:12]}" in str([finding.message for finding in error.findings])
    assert f"dti approve {NAME}" in error.hint.vi
    code, answer = dti_here(official, "approve", NAME, *BY)
    assert (code, answer["data"]["before"], answer["data"]["content_hash"]) == (0, old, new)
    assert any("cách tính chung" in change for change in answer["data"]["changes"])
    assert rebuild(official).shown
    assert rows(official, "select subject, signed_by, reason from approvals order by number")[-1] == (
        NAME,
        BY[3],
        BY[1],
    )
    frozen.verify_files(year)
    assert frozen.all_frozen(official) == [year]
    (official.root / "rulesets" / "national" / "766-2022.yaml").unlink()
    refused(official, "RulesetChanged")


def test_O01_a_new_version_with_its_own_years_needs_no_signature(official: Deployment) -> None:
    """Rules for the next year are a new ruleset with `valid: {from: …}`; the year that was published keeps its own. The
    same ruleset for the published year is refused."""
    path = own_ruleset(official, "766-2026")
    edit(path, "date: 2022-06-23", "date: 2025-10-01")
    edit(path, "valid: {from: 2022}", "valid: {from: 2026}")
    edit(
        official.root / "dti.yaml", "rulesets: [national/766-2022]", "rulesets: [national/766-2022, national/766-2026]"
    )
    rebuild(official)
    edit(path, "valid: {from: 2026}", "valid: {from: 2025}")
    error = refused(official, "RulesetChanged")
    assert "national/766-2022 → national/766-2026" in error.findings[0].message.vi


def test_O01_before_anything_is_official_a_ruleset_may_be_edited(own_copy: Deployment) -> None:
    """Provisional work is free: nothing was signed, nothing is asked. (After a first signature it is.)"""
    path = own_ruleset(own_copy)
    edit(path, "total: {digits: 2", "total: {digits: 1")
    assert rebuild(own_copy).shown
    assert approvals.read(own_copy) == []
    assert dti_here(own_copy, "approve", NAME, *BY)[0] == 0
    edit(path, "total: {digits: 1", "total: {digits: 0")
    refused(own_copy, "RulesetChanged")


def test_O01_the_ledger_only_grows(official: Deployment) -> None:
    """A line that is altered, taken out or cut off is found, and nothing is signed on top of it; a line torn by a
    crash was never signed."""
    dti_here(official, "approve", "software", *BY)
    whole = official.approvals.read_text(encoding="utf-8")
    first, second = whole.splitlines(keepends=True)
    assert [one.subject for one in approvals.read(official)] == ["2025 r1", "software"]
    for spoiled in (whole.replace("Minh", "Lan"), second, first, ""):
        official.approvals.write_text(spoiled, encoding="utf-8")
        with pytest.raises(DifferenceError) as caught:
            approvals.read(official)
        assert (caught.value.code, caught.value.exit_code) == ("ledger-altered", 6)
        assert dti_here(official, "approve", "registers", *BY)[0] == 6
    official.approvals.write_text(whole + '{"number": 3, "subj', encoding="utf-8")
    edit(official.registers / "agencies.csv", "UBND Thành phố Huế", "UBND thành phố Huế")
    assert dti_here(official, "approve", "registers", *BY)[0] == 0
    assert [one.number for one in approvals.read(official)] == [1, 2, 3]
    assert dti_here(official, "approve", "registers", *BY)[0] == 2, "signed just as it stands"
    assert dti_here(official, "approve", NAME, "--reason", " ")[0] == 2


def drop(path: Path, agency: str) -> None:
    """Take an agency out of a register."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(f"{agency},")), encoding="utf-8")


def test_O07_a_register_without_its_last_agency_is_refused(official: Deployment) -> None:
    """The agency of the lowest rank is taken out of the register: refused, naming it and its rank. Signed, the release
    lists the difference; the official year keeps the agency, and its revision by another register was signed."""
    province = "agency_group = 'province' and period = '2025'"
    ((last, rank),) = rows(official, f"select agency_id, rank from rankings where {province} order by 2 desc limit 1")
    for name in ("agencies", "agency_codes"):
        drop(official.registers / f"{name}.csv", last)
    error = refused(official, "RegistersChanged")
    assert f"bỏ {last} " in error.findings[0].message.vi
    assert f"{rank}/34" in error.findings[0].message.vi
    gathered = inputs.gather(Deployment(official.root), parse_moment(LATER))
    with pytest.raises(GateError) as caught:
        guard.check_official(official, gathered, 2025, "Lan")
    assert (caught.value.code, "registers" in caught.value.message.vi) == ("Unsigned", True)
    assert dti_here(official, "approve", "registers", *BY)[0] == 0
    rebuild(official)
    (changes,) = rows(official, "select changes from approvals where subject = 'registers'")
    assert f"2025: bỏ {last} " in changes[0]
    assert rows(official, f"select count(*) from rankings where agency_id = '{last}' and period = '2025'") == [(1,)]


def test_O07_what_concerns_another_year_is_free(official: Deployment) -> None:
    """An agency that begins next year, and the end of one after the published year, change nothing that was seen."""
    path = official.registers / "agencies.csv"
    path.write_text(path.read_text(encoding="utf-8") + "xa-moi,UBND xã Mới,commune,,2027-01-01,,\n", encoding="utf-8")
    edit(path, "hue,UBND Thành phố Huế,province,,,,", "hue,UBND Thành phố Huế,province,,,2026-06-30,")
    guard.check_unchanged(official, inputs.gather(Deployment(official.root), parse_moment(LATER)))
    edit(path, "hue,UBND Thành phố Huế,province,,,2026-06-30,", "hue,UBND Thành phố Huế,commune,,,,")
    with pytest.raises(GateError) as caught:
        guard.check_unchanged(official, inputs.gather(Deployment(official.root), parse_moment(LATER)))
    assert "hue: nhóm 'province' → 'commune'" in caught.value.findings[0].message.vi


@pytest.mark.parametrize("left_out", ["decided_on", "document", "author", "reason"])
def test_O08_a_figure_by_hand_is_refused_unsigned(own_copy: Deployment, left_out: str) -> None:
    """Without its day, paper, author or reason a decision about a figure is not one: refused at its line."""
    decide(own_copy, left_out)
    code, answer = dti_here(own_copy, "doctor")
    assert code == 3
    assert "appraisals.csv:2" in str(answer)


def test_O08_a_figure_by_hand_is_shown_as_one(own_copy: Deployment) -> None:
    """A decision with day, paper, author and reason counts, stands in the release with all four, and the source's
    figure stays beside it."""
    given = decide(own_copy)
    rebuild(own_copy)
    at = "agency_id = 'bac-ninh' and indicator_code = 'TDGQ' and period = '2025'"
    assert rows(own_copy, f"select points from indicator_scores where {at}") == [(11,)]
    shown = rows(own_copy, "select cast(decided_on as varchar), document, author, reason from appraisals")
    assert shown == [tuple(given[name] for name in ("decided_on", "document", "author", "reason"))]
    collected = "agency_id = 'bac-ninh' and metric = 'portal_766.TDGQ' and stage = 'collected' and period = '2025'"
    assert rows(own_copy, f"select value <> '11' from metric_values where {collected}") == [(True,)]


def decide(deployment: Deployment, left_out: str = "") -> dict[str, str]:
    """A decision of the council in the register, with one cell left out."""
    cells = {
        "ruleset_id": NAME, "assessment_year": "2025", "period": "2025", "agency_id": "bac-ninh", "code": "TDGQ",
        "numerator": "", "denominator": "", "value": "11", "points": "", "decided_on": "2025-10-16",
        "document": "Biên bản 3/2025", "author": "Hội đồng thẩm định", "reason": "Kiểm tra hồ sơ giấy",
    }  # fmt: skip
    cells |= {left_out: ""} if left_out else {}
    with (deployment.registers / "appraisals.csv").open("a", encoding="utf-8", newline="") as handle:
        csv.DictWriter(handle, list(cells)).writerow(cells)
    return cells


SYSTEM = "simulator:portal_766"


@pytest.mark.parametrize(
    ("settings", "source", "code"),
    [
        ("production", "environment: test\n", "WrongEnvironment"),
        ("sample", "environment: production\n", "WrongEnvironment"),
        ("production", "", "SimulatedInProduction"),
        ("production", "environment: production\n", "SimulatedInProduction"),
    ],
)
def test_O10_a_source_of_another_environment_is_refused(tmp_path: Path, settings: str, source: str, code: str) -> None:
    """A test system in production, a production system in a test, the simulator in production: nothing is asked."""
    deployment = fresh_deployment(tmp_path / "data")
    edit(deployment.root / "dti.yaml", "environment: sample", f"environment: {settings}")
    edit(deployment.sources / "portal_766.yaml", f"base_url: {SYSTEM}", f"{source}base_url: {SYSTEM}")
    exit_code, answer = dti_here(deployment, "refresh", "--year", "2025", "--as-of", "2025-10-16")
    assert exit_code == 3
    assert code in str(answer)
    assert not deployment.landing.exists()


def test_O10_what_was_pulled_in_a_test_does_not_become_production(own_copy: Deployment) -> None:
    """The journal knows the environment of the pulls that are here: another name in `dti.yaml` is refused."""
    edit(own_copy.root / "dti.yaml", "environment: sample", "environment: thu-nghiem")
    code, answer = dti_here(own_copy, "refresh", "--year", "2025", "--as-of", "2025-10-16")
    assert code == 3
    assert "EnvironmentChanged" in str(answer)
    assert "'sample'" in str(answer)


def test_O11_a_number_is_used_once(own_copy: Deployment) -> None:
    """A release whose number is taken is refused and the standing one untouched; a removed release's number does not
    come back."""
    standing = releases.current(own_copy)
    assert standing is not None
    before = sha256_file(standing.file)
    workshop = own_copy.releases / ".2.building"
    shutil.copytree(standing.folder, workshop)
    with pytest.raises(DifferenceError) as caught:
        releases.commit(own_copy, workshop, standing)
    assert caught.value.code == "release-number-taken"
    assert sha256_file(standing.file) == before
    shutil.rmtree(standing.folder)
    assert releases.next_number(own_copy) == standing.number + 1


def test_O12_who_signed_the_rules_does_not_make_the_year_official(own_copy: Deployment) -> None:
    """With `two_persons`: nothing unsigned becomes official; who signed a ruleset or the registers is refused, however
    the name is written; somebody else is not."""
    (own_copy.root / "dti.yaml").open("a", encoding="utf-8").write("two_persons: true\n")
    words = ("release", "build", "2025", "--reason", "công bố", "--as-of", "2025-10-17")
    gathered = inputs.gather(Deployment(own_copy.root), parse_moment("2025-10-17"))
    with pytest.raises(GateError) as caught:
        guard.check_official(Deployment(own_copy.root), gathered, 2025, "Minh")
    assert caught.value.code == "Unsigned"
    for subject, by in ((NAME, "Lan Nguyễn"), ("registers", "Hoa")):
        assert dti_here(own_copy, "approve", subject, "--reason", "mở kỳ", "--by", by)[0] == 0
    for by in ("Hoa", " lan  NGUYỄN"):
        with pytest.raises(GateError) as caught:
            guard.check_official(Deployment(own_copy.root), gathered, 2025, by)
        assert caught.value.code == "SamePerson"
    code, answer = dti_here(own_copy, *words, "--by", "Hoa")
    assert (code, answer["error"]["code"]) == (5, "SamePerson")
    assert frozen.all_frozen(own_copy) == []
    code, answer = dti_here(own_copy, *words, "--by", "Minh")
    assert (code, answer["data"]["by"]) == (0, "Minh")


def test_O12_who_acts_is_said_or_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--by`, else the variable `DTI_BY`, else the account of the operating system."""
    monkeypatch.setenv("LOGNAME", "tai-khoan")
    monkeypatch.delenv(approvals.VARIABLE, raising=False)
    assert (approvals.person(), approvals.person(" Lan ")) == ("tai-khoan", "Lan")
    monkeypatch.setenv(approvals.VARIABLE, "Minh")
    assert (approvals.person(), approvals.person("Lan")) == ("Minh", "Lan")


def test_O13_an_upgrade_that_changes_an_official_year_is_refused(
    official: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version of an engine that reproduces the official year passes. One that does not is refused with the
    differences, until somebody signs them; the official result stays either way."""
    version = inputs.version
    monkeypatch.setattr(inputs, "version", lambda name: "9.9" if name == "duckdb" else version(name))
    rebuild(official)
    step = scoring_steps.STEPS["rankings"]

    def upgraded(con: duckdb.DuckDBPyConnection) -> None:
        """Another total that agrees with itself, so that no check of results sees it."""
        step(con)
        less = "- 0.0001 where agency_id = 'bac-ninh'"
        con.execute(f"update indicator_scores set points = points {less} and indicator_code = 'CKMB'")
        con.execute(f"update rankings set total = total {less}")

    monkeypatch.setitem(scoring_steps.STEPS, "rankings", upgraded)
    monkeypatch.setattr(inputs, "code_hash", lambda: "f" * 64)
    error = refused(official, "SoftwareChanged")
    assert any(finding.message.vi.startswith("bac-ninh 2025:") for finding in error.findings)
    code, answer = dti_here(official, "approve", "software", *BY)
    assert code == 0
    assert any("bac-ninh 2025 total" in change for change in answer["data"]["changes"])
    total = "select total from rankings where agency_id = 'bac-ninh' and period = '2025'"
    before = rows(official, total)
    rebuild(official)
    assert rows(official, total) == before
    assert {row[0] for row in rows(official, "select cause from frozen_differences")} == {"code"}
