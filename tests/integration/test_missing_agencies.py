"""An agency without figures is no reason to hold the others, and no secret either."""

from __future__ import annotations

from pathlib import Path

from tests.support.deployments import dti, dti_json, sample_deployment


def test_an_agency_that_did_not_report_is_named_by_the_pull_and_on_the_morning_screen(tmp_path: Path) -> None:
    sample = sample_deployment(tmp_path / "data")
    (sample.root / "dti.yaml").write_text(
        (sample.root / "dti.yaml").read_text(encoding="utf-8").replace("2024, 2025]", "2024]"), encoding="utf-8"
    )
    done = dti(sample, "source", "pull", "lris_reports", "--year", "2024")
    assert done.returncode == 0, done.stderr
    assert "MAU.38" in done.stdout
    _, status = dti_json(sample, "status")
    by_name = {one["source"]: one for one in status["data"]["sources"]}
    assert by_name["lris_reports"]["missing"] == ["MAU.38"]
    assert "chưa có số liệu của MAU.38" in dti(sample, "status").stdout
