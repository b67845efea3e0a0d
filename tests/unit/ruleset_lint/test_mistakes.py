"""Mistakes that authors make: each a small file whose first line says what lint must find, where, with which hint."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rulesets.lint import lint

HERE = Path(__file__).parent
CATALOGUE = HERE / "catalogue"
MISTAKES = sorted((HERE / "mistakes").glob("*.yaml"))
EXPECTATION = re.compile(r"# expect: (error|warning|note) ([a-z-]+) at line ([0-9]+)(?:, hint: (.+))?")


def test_there_are_many_mistakes() -> None:
    assert len(MISTAKES) >= 40
    codes = {EXPECTATION.match(path.read_text(encoding="utf-8"))[2] for path in MISTAKES}
    assert len(codes) >= 40


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_a_mistake_is_found_at_its_line_with_a_hint(path: Path) -> None:
    expected = EXPECTATION.match(path.read_text(encoding="utf-8"))
    assert expected, "the first line says what is expected"
    severity, code, line, hint = expected.groups()
    report = lint([path], [CATALOGUE])
    found = {(s, f.code, f.where.rsplit(":", 2)[1]): f for s, f in report.found}
    assert (severity, code, line) in found, [f"{s} {f.line('vi')}" for s, f in report.found]
    finding = found[severity, code, line]
    assert (hint or "") in finding.hint.vi
    assert finding.message.vi
    assert finding.message.en
    assert bool(finding.hint.vi) == bool(finding.hint.en)
    assert all(one.hint.vi and one.hint.en for severity, one in report.found if severity == "error")
    assert (report.errors > 0) == (severity == "error"), [f"{s} {f.line('vi')}" for s, f in report.found]


def test_all_findings_come_in_one_pass(tmp_path: Path) -> None:
    base = (HERE / "mistakes" / "threshold_jumps.yaml").read_text(encoding="utf-8")
    text = base.replace("portal.services}", "portal.servces}").replace("from: 2024", "from: 2020")
    (tmp_path / "two.yaml").write_text(text.replace("name_vi: Số dịch vụ", 'name_vi: " Số dịch vụ"'), encoding="utf-8")
    codes = {finding.code for _, finding in lint([tmp_path / "two.yaml"], [CATALOGUE]).found}
    assert codes >= {"rule-jumps", "unknown-metric", "valid-before-decision", "name-spaces"}


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "invalid-value"), (b"- a\n- b\n", "invalid-value"), (b"\xff\xfe", "file-encoding"), (None, "file-missing")],
)
def test_a_file_that_is_no_ruleset_is_a_finding(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "x.yaml"
    if content is not None:
        path.write_bytes(content)
    ((severity, finding),) = lint([path], [CATALOGUE]).found
    assert (severity, finding.code) == ("error", code)
    assert "x.yaml" in finding.where


def test_a_broken_catalogue_is_a_finding(tmp_path: Path) -> None:
    line = "  - {id: a.b, unit: count, meaning_vi: A, meaning_en: A, source: a}\n"
    (tmp_path / "metrics.yaml").write_text(f"metrics:\n{line}{line}", encoding="utf-8")
    found = lint([], [tmp_path]).found
    assert [finding.code for _, finding in found] == ["metric-twice"]
    assert found[0].finding.where.endswith("metrics.yaml:3:6")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of rulesets with a catalogue and one valid decision for 2024 on."""
    text = (HERE / "mistakes" / "threshold_jumps.yaml").read_text(encoding="utf-8")
    write(tmp_path / "shipped", "mau/1-2024", text)
    (tmp_path / "shipped" / "metrics.yaml").write_bytes((CATALOGUE / "metrics.yaml").read_bytes())
    return tmp_path / "shipped"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def codes(folder: Path, path: Path) -> set[str]:
    return {finding.code for _, finding in lint([path], [folder]).found}


def test_two_decisions_may_not_judge_the_same_group_in_one_year(folder: Path) -> None:
    text = (folder / "mau/1-2024.yaml").read_text(encoding="utf-8")
    newer = text.replace("number: 9/", "number: 10/").replace("date: 2024-01-02", "date: 2025-03-04")
    path = write(folder, "mau/2-2025", newer.replace("from: 2024", "from: 2025"))
    (found,) = [f for _, f in lint([path], [folder]).found if f.code == "validity-overlaps"]
    assert "mau/1-2024" in found.message.vi
    assert "2025" in found.message.vi
    replacing = newer.replace("authority_vi:", "replaces: [9/QĐ-UBND ngày 02/01/2024], authority_vi:")
    assert "validity-overlaps" not in codes(folder, write(folder, "mau/2-2025", replacing))
    assert "validity-overlaps" not in codes(folder, write(folder, "khac/2-2025", newer))  # another authority


def test_two_years_apart_do_not_overlap(folder: Path) -> None:
    text = (folder / "mau/1-2024.yaml").read_text(encoding="utf-8")
    path = write(folder, "mau/0-2020", text.replace("2024", "2020").replace("from: 2020", "from: 2020, to: 2023"))
    assert "validity-overlaps" not in codes(folder, path)


def test_a_main_index_spelt_differently_elsewhere_is_a_warning(folder: Path) -> None:
    text = (folder / "mau/1-2024.yaml").read_text(encoding="utf-8").replace("from: 2024", "from: 2024, to: 2024")
    path = write(folder, "mau/2-2020", text.replace("2024", "2020").replace("Nhận thức số", "Nhận thực số"))
    assert "name-differs" in codes(folder, path)
    recorded = path.read_text(encoding="utf-8").replace("points: 10,", "name_variants: [Nhận thức số], points: 10,")
    assert "name-differs" not in codes(folder, write(folder, "mau/2-2020", recorded))


def test_unused_metrics_are_notes_when_everything_is_linted(folder: Path) -> None:
    notes = [finding for severity, finding in lint(None, [folder]).found if severity == "note"]
    assert {finding.code for finding in notes} == {"metric-unused"}
    assert {"portal.share", "form.spending", "form.reports"} == {f.message.en.split("'")[1] for f in notes}


def test_the_deployments_own_file_stands_before_the_shipped_one(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    text = (folder / "mau/1-2024.yaml").read_text(encoding="utf-8").replace("kind: threshold", "kind: thresold")
    write(own, "mau/1-2024", text)
    found = [finding for severity, finding in lint(None, [own, folder]).found if severity == "error"]
    assert [finding.code for finding in found] == ["unknown-rule"]
