"""A ruleset against the text of its decision: a made-up text in the layout of a published one."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from common.errors import ConfigurationError
from rulesets.against import Comparison, compare
from rulesets.lint import lint
from rulesets.load import load_ruleset

HERE = Path(__file__).parent
TEXT = (HERE / "decision.md").read_text(encoding="utf-8")
RULESET = HERE / "department.yaml"


def compared(tmp_path: Path, text: str, ruleset: Path = RULESET) -> Comparison:
    path = tmp_path / "decision.md"
    path.write_text(text, encoding="utf-8")
    return compare(load_ruleset(ruleset), path)


def test_everything_is_compared_and_equal(tmp_path: Path) -> None:
    found = compared(tmp_path, TEXT)
    assert found.findings == []
    assert (found.equal_indicators, found.indicators) == (3, 3)
    assert (found.equal_main_indices, found.main_indices) == (2, 2)
    assert (found.equal_general_items, found.general_items) == (3, 3)
    assert found.annex == "Phụ lục I"
    assert "3/3" in found.outcome.vi
    assert "2/2" in found.outcome.en


@pytest.mark.parametrize(
    "change",
    [
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("1.2\tTỷ lệ   công chức\nđược", "\f1.2\tTỷ lệ công\n\nchức\n7\nđược"),
        lambda text: text.replace("Phụ lục I\n", "## PHỤ LỤC I\n"),
        lambda text: text.replace("\t17,5", "\t 17.5 "),
    ],
    ids=["nfd", "crlf", "page-break", "heading", "decimal-point"],
)
def test_the_layout_does_not_matter(tmp_path: Path, change: object) -> None:
    assert callable(change)
    found = compared(tmp_path, change(TEXT))
    assert found.findings == []
    assert found.indicators == 3


@pytest.mark.parametrize(
    ("change", "code", "lines", "shown"),
    [
        (("Kế hoạch hằng năm", "Kế hoạch hàng năm"), "name-differs", (16, 20), "hàng năm"),
        (("được tập huấn", "đã tập huấn"), "name-differs", (23, 23), "đã tập huấn"),
        (("hằng năm\t10", "hằng năm\t20"), "points-differ", (17, 20), "20"),
        (("Hoạt động số\t17,5", "Hoạt động số\t18"), "points-differ", (8, 25), "18"),
        (("Hoạt động số", "Hoạt động sở"), "name-differs", (8, 25), "sở"),
        (("Tên cơ quan", "Tên đơn vị"), "name-differs", (10, 14), "đơn vị"),
        (("hằng năm\t10", "hằng năm\tmười"), "points-differ", (17, 20), "–"),
    ],
)
def test_one_changed_word_or_point_is_found_in_both_files(
    tmp_path: Path, change: tuple[str, str], code: str, lines: tuple[int, int], shown: str
) -> None:
    found = compared(tmp_path, TEXT.replace(*change))
    matching = [finding for finding in found.findings if finding.code == code]
    assert len(matching) == 1, found.findings
    assert matching[0].where.split(":")[-2] == str(lines[0])
    assert matching[0].hint.vi.endswith(f"decision.md:{lines[1]}")
    assert shown in matching[0].message.vi
    equal = (found.equal_indicators, found.equal_main_indices, found.equal_general_items)
    assert sum(equal) == 7


def test_an_entry_that_one_side_lacks_is_found(tmp_path: Path) -> None:
    less = compared(tmp_path, TEXT.replace("1.1\tKế hoạch hằng năm\t10\n", ""))
    assert [finding.code for finding in less.findings] == ["not-in-text"]
    assert (less.equal_indicators, less.indicators) == (2, 2)
    more = compared(tmp_path, TEXT.replace("2.1\t", "2.2\tTỷ lệ mới\t3\n2.1\t"))
    assert [finding.code for finding in more.findings] == ["not-in-ruleset"]
    assert (more.equal_indicators, more.indicators) == (3, 4)
    twice = compared(tmp_path, TEXT.replace("2.1\t", "1.1\tKế hoạch hằng năm\t10\n2.1\t"))
    assert [finding.code for finding in twice.findings] == ["text-code-twice"]


def test_lint_counts_differences_as_errors(tmp_path: Path) -> None:
    path = tmp_path / "decision.md"
    path.write_text(TEXT, encoding="utf-8")
    report = lint([RULESET], [], path)
    assert report.errors == 0
    assert [one.indicators for one in report.compared] == [3]
    path.write_text(TEXT.replace("\t10\n", "\t11\n"), encoding="utf-8")
    assert lint([RULESET], [], path).errors == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [("Không có bảng nào", "no-annex"), (None, "text-unreadable"), (b"\xff\xfe\x00", "text-unreadable")],
)
def test_a_text_without_the_annex_is_an_error(tmp_path: Path, text: str | bytes | None, code: str) -> None:
    path = tmp_path / "decision.md"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigurationError) as caught:
        compare(load_ruleset(RULESET), path)
    assert caught.value.code == code


def test_a_text_with_one_annex_needs_no_heading_in_the_ruleset(tmp_path: Path) -> None:
    ruleset = tmp_path / "r.yaml"
    ruleset.write_text(RULESET.read_text(encoding="utf-8").replace(", annex: Phụ lục I", ""), encoding="utf-8")
    one = TEXT[: TEXT.index("Phụ lục II\n")]
    assert compared(tmp_path, one, ruleset).findings == []
    with pytest.raises(ConfigurationError, match="no-annex"):
        compared(tmp_path, TEXT, ruleset)
