"""Corrections of a source's figures: applied as data, beside what the source gave, loud once it was repaired."""

from __future__ import annotations

import duckdb
import pytest

from pipelines import releases
from pipelines.changes import between
from pipelines.refresh import refresh
from pipelines.settings import Deployment
from tests.support.deployments import dti_json

HEAD = "source,assessment_year,period,agency_id,metric,expect,value,decided_on,valid_to,document,author,reason"
RIGHT = "portal_766,2025,2025,bac-ninh,portal_766.TDGQ,{expect},19.5,2025-10-17,{valid_to},CV 12/2025,Sở,nhập nhầm"
DAY = "2025-10-17"


def correct(deployment: Deployment, expect: str, valid_to: str = "") -> None:
    text = f"{HEAD}\n{RIGHT.format(expect=expect, valid_to=valid_to)}\n"
    (deployment.registers / "corrections.csv").write_text(text, encoding="utf-8")


def figure(deployment: Deployment) -> tuple[str, ...]:
    with duckdb.connect(str(deployment.warehouse), read_only=True) as con:
        sql = (
            "select value, uncorrected, correction from metric_values where agency_id = 'bac-ninh' and period = '2025' "
            "and metric = 'portal_766.TDGQ'"
        )
        return con.execute(sql).fetchall()[0]


@pytest.mark.slow
def test_a_correction_applies_while_the_source_gives_what_it_expects(own_copy: Deployment) -> None:
    given, *_ = figure(own_copy)
    before = releases.current(own_copy)
    correct(own_copy, f"{given}0")
    assert refresh(own_copy, [], as_of=DAY, reason="tests").exit_code == 0
    assert figure(own_copy) == ("19.5", given, "CV 12/2025")
    after = releases.current(own_copy)
    assert before
    assert after
    (change,) = [one for one in between(before, after) if one.agency_id == "bac-ninh"]
    assert [(part.code, part.reason) for part in change.parts] == [("TDGQ", "correction")]
    code, answer = dti_json(own_copy, "explain", "bac-ninh", "TDGQ", "--year", "2025", "--period", "2025")
    (one,) = answer["data"]["corrections"]
    assert (code, one["uncorrected"], one["value"], one["document"]) == (0, given, "19.5", "CV 12/2025")

    for expect, valid_to, said in (
        ("1.11", "", f"the source gives {given}, not 1.11"),
        (given, "2025-10-16", "expired"),
    ):
        correct(own_copy, expect, valid_to)
        code, answer = dti_json(own_copy, "refresh", "--year", "2025", "--as-of", DAY, "--rebuild")
        assert code == 5, answer
        assert "corrections.csv:2" in str(answer)
        assert said in str(answer)
        assert releases.current(own_copy) == after, "nothing is published"
