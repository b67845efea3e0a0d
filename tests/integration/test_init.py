"""A deployment for another province: made by one command, filled with YAML and CSV only, and ranked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.settings import CODE, Deployment
from pipelines.starting import name_of
from tests.support.deployments import SAMPLE, dti_here


def rows_of(register: str, chosen: str) -> str:
    """Lines of the sample's register that a pattern matches, as a province would write its own."""
    lines = (SAMPLE / "registers" / f"{register}.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if re.search(chosen, line))


def add(folder: Path, register: str, lines: str) -> None:
    with (folder / "registers" / f"{register}.csv").open("a", encoding="utf-8") as handle:
        handle.write(lines)


def test_from_an_empty_folder_to_a_ranking(tmp_path: Path) -> None:
    folder = tmp_path / "nghe_an"
    code, answer = dti_here(tmp_path, "init", str(folder), "--title", "Tỉnh Nghệ An", "--years", "2025")
    assert (code, answer["data"]["name"]) == (0, "nghe_an")
    assert {"dti.yaml", "README.md", ".gitignore", "sources/portal_766.yaml"} <= set(answer["data"]["written"])
    code, answer = dti_here(folder, "doctor")
    assert (code, [one["name"][1] for one in answer["data"] if not one["ok"]]) == (3, ["Registers"])
    assert "agencies.csv" in str(answer)
    provinces = re.sub(r",[^,]*$", ",", rows_of("agencies", ",province,,(2025-07-01)?,,"), flags=re.MULTILINE)
    ids = [line.split(",")[0] for line in provinces.splitlines()]
    add(folder, "agencies", provinces)
    add(folder, "agency_codes", rows_of("agency_codes", f"^({'|'.join(ids)}),dvcqg,"))
    code, answer = dti_here(folder, "doctor")
    assert code == 0, answer
    assert dti_here(folder, "source", "check", "portal_766", "--year", "2025")[0] == 0
    code, answer = dti_here(folder, "refresh", "--year", "2025", "--as-of", "2025-10-16")
    assert (code, answer["data"]["published"]) == (0, True)
    code, answer = dti_here(folder, "rank", "--year", "2025", "--group", "province")
    assert code == 0
    assert [row["rank"] for row in answer["data"]["agencies"]][:1] == [1]
    assert len(answer["data"]["agencies"]) == 34


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "co_san").mkdir()
    (tmp_path / "co_san" / "ghi_chu.txt").write_text("giữ lại")
    code, answer = dti_here(tmp_path, "init", str(tmp_path / "co_san"))
    assert (code, answer["error"]["code"]) == (2, "folder-not-empty")
    assert [path.name for path in (tmp_path / "co_san").iterdir()] == ["ghi_chu.txt"]
    (tmp_path / "trong").mkdir()
    assert dti_here(tmp_path, "init", str(tmp_path / "trong"))[0] == 0
    assert dti_here(tmp_path, "init", str(tmp_path / "trong"))[0] == 2


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--years", "2019"), 3, "an_giang/1040-2018/district"),
        (("--years", "2025..2024"), 2, "2024..2026"),
        (("--ruleset", "nghe_an/1082"), 2, "nghe_an/1082-2023/district"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_left(
    tmp_path: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    exit_code, answer = dti_here(tmp_path, "init", str(tmp_path / "moi"), *words)
    assert exit_code == code
    assert told in str(answer)
    assert list(tmp_path.iterdir()) == []


def test_names_and_comments(tmp_path: Path) -> None:
    """The name comes from the folder's; a title with quotes stays a title; every key of the settings is explained."""
    assert name_of(Path("/x/Thừa Thiên – Huế")) == "thua_thien_hue"
    folder = tmp_path / "Đắk Lắk"
    title = 'Tỉnh "Đắk Lắk": #1'
    assert dti_here(tmp_path, "init", str(folder), "--title", title, "--ruleset", "nghe_an/1082-2023/commune")[0] == 0
    settings = Deployment(folder).settings
    assert (settings.name, settings.title.vi, settings.environment) == ("dak_lak", title, "test")
    assert settings.rulesets == ["nghe_an/1082-2023/commune"]
    text = (folder / "dti.yaml").read_text(encoding="utf-8")
    blocks = [block for block in text.split("\n\n") if not block.startswith("#")]
    assert blocks == [], "every block begins with a comment"
    assert (CODE / "pipelines" / "starter" / "gitignore").exists()
